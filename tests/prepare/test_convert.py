"""What is converted: each picture once, at its own time, looking as it does; each sample of sound, where that can be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from courtcast.prepare.tally import own_times
from tests.prepare.likeness import LIKE, joined, kept, pictures, ssim
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared
from tests.prepare.units import CONVERTED, with_the_large

LATE = Fraction(1, 1000)
"""Seconds by which a time may be off."""


@pytest.mark.parametrize("name", with_the_large(CONVERTED, but=["iphone_hevc10_editlist.mp4"]))
def test_every_picture_at_its_own_time(shared_media: Path, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    shown = list(pictures(str(path)))
    times = [frame.pts * frame.time_base for frame in shown if frame.pts is not None and frame.time_base is not None]
    assert made.manifest.frames == len(times)
    scale = made.manifest.timescale
    assert (
        max(abs(Fraction(ours, scale) - theirs) for ours, theirs in zip(own_times(made.manifest), times, strict=True))
        <= LATE
    )


@pytest.mark.parametrize(
    "name",
    with_the_large(
        [name for name in CONVERTED if name not in ("ass_subtitles.mkv", "sowt_pcm.mov", "tears_of_steel.webm")],
        but=["iphone_hevc10_editlist.mp4"],
    ),
)
def test_a_converted_picture_looks_as_it_does_in_the_file(shared_media: Path, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    treatment = made.looked.treatments[0]
    assert treatment.done == "converted"
    assert treatment.into == ("AV1 with 10 bits" if "hevc10" in name else "H.264")
    source = pictures(str(path))
    both = list(zip(joined(source) if "interlaced" in name else source, pictures(kept(made, 0)), strict=True))
    for number in range(0, len(both), max(1, len(both) // 12)):
        assert ssim(*both[number]) >= LIKE, number


@pytest.mark.parametrize(
    "name", ["call_8k_pcm.wav", "audiotest_ulaw.au", "pluck-alaw.aifc", "demo-congrats.gsm", "video/sowt_pcm.mov"]
)
def test_sound_of_whole_numbers_keeps_every_sample(shared_media: Path, name: str) -> None:
    path = shared_media / (name if "/" in name else f"audio/{name}")
    made = prepared(path)
    assert made.looked.treatments[1].done == "lossless"
    assert samples(kept(made, 1)) == samples(str(path))


@pytest.mark.parametrize("codec", ["pcm_s16le", "mp2"])
def test_a_sound_that_begins_long_after_the_picture_is_waited_for_by_nobody(tmp_path: Path, codec: str) -> None:
    recipe = Recipe(frames=240, audio=codec, audio_start=Fraction(6), audio_seconds=Fraction(2))
    path = make(tmp_path / "late.mkv", recipe)
    made = prepared(path)
    assert [track.kind for track in made.manifest.tracks] == ["video", "audio"]
    heard, own = samples(kept(made, 1)), samples(str(path))
    silent = heard.index(own.lstrip(b"\0")[:4096]) if codec == "pcm_s16le" else 6 * 4 * recipe.rate
    assert abs(silent - 6 * 4 * recipe.rate) <= 4096
    assert len(heard) >= silent + 2 * 4 * recipe.rate - 4096
    if codec == "pcm_s16le":
        assert own.strip(b"\0") in heard, "each sample as it is in the file"


def samples(source: Any) -> bytes:
    with av.open(source) as container:
        return b"".join(
            bytes(frame.planes[0])[: frame.samples * 2 * len(frame.layout.channels)]
            for frame in container.decode(audio=0)
        )


@pytest.mark.parametrize(
    "name",
    ["bear.opus", "bear_with_picture.flac", "debian.mp3", "testAMR.amr", "testWMA.wma", "two_alternate_tracks.mp4"],
)
def test_sound_alone_has_a_drawn_picture_as_long_as_it_is(shared_media: Path, name: str) -> None:
    made = prepared(shared_media / "audio" / name)
    assert made.looked.video is None
    assert made.looked.treatments[0].done == "drawn"
    drawn = list(pictures(kept(made, 0)))
    assert len(drawn) == made.manifest.frames
    length = float(made.manifest.duration or 0)
    assert abs(len(drawn) / 10 - length) <= 0.1
    assert max(bytes(drawn[0].planes[0])) > 200, "the time stands on it"


@pytest.mark.parametrize("size", [(320, 240), (321, 241)])
@pytest.mark.parametrize(
    ("codec", "extension", "timescale"),
    [("mpeg4", "avi", 30), ("mpeg2video", "mpg", 30), ("ffv1", "mkv", 1000)],
)
def test_kinds_that_no_browser_plays(
    tmp_path: Path, codec: str, extension: str, timescale: int, size: tuple[int, int]
) -> None:
    recipe = Recipe(codec=codec, width=size[0], height=size[1], b_frames=0, audio=None, timescale=timescale)
    path = make(tmp_path / f"made.{extension}", recipe)
    made = prepared(path)
    assert made.looked.treatments[0].done == "converted"
    assert made.manifest.frames == recipe.frames
    track = made.manifest.tracks[0]
    assert (track.width, track.height) == size
    both = list(zip(pictures(str(path)), pictures(kept(made, 0)), strict=True))
    assert min(ssim(one, other) for one, other in both[::10]) >= LIKE


GREY_RED_BLUE = bytes((40, 200, 90, 0))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "said", "samples", "comes_out"),
    [
        ("mjpeg", "yuvj422p", {}, [30, 100, 200], [30, 100, 200]),
        ("ffv1", "yuv422p", {"color_range": 2}, [30, 100, 200], [30, 100, 200]),
        ("ffv1", "yuv422p", {"color_range": 2, "colorspace": 1}, [30, 100, 200], [30, 100, 200]),
        ("ffv1", "yuv422p", {"color_range": 1, "colorspace": 5}, [30, 100, 200], [30, 100, 200]),
        ("ffv1", "gray", {"color_range": 1}, [30], [30, 128, 128]),
        ("ffv1", "bgr0", {}, [GREY_RED_BLUE], [158, 69, 86]),
    ],
)
def test_brightness_and_colours_mean_what_they_meant(
    tmp_path: Path, codec: str, pix_fmt: str, said: dict[str, int], samples: list[Any], comes_out: list[int]
) -> None:
    """Of one colour all over. The last is BT.709 (ITU-R BT.709-6 §3) of blue 40, green 200, red 90, and says so."""
    path = tmp_path / "flat.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pix_fmt
        for name, value in said.items():
            setattr(stream.codec_context, name, value)
        for n in range(6):
            frame = av.VideoFrame(64, 64, pix_fmt)
            for plane, value in zip(frame.planes, samples, strict=False):
                unit = value if isinstance(value, bytes) else bytes((value,))
                plane.update(unit * (plane.buffer_size // len(unit)))
            frame.pts, frame.time_base = n, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    source = next(pictures(str(path)))
    made = prepared(path)
    assert made.looked.treatments[0].done == "converted"
    kept_one = next(pictures(kept(made, 0)))
    assert [bytes(plane)[0] for plane in kept_one.planes] == pytest.approx(comes_out, abs=1)
    if source.format.is_rgb:
        assert (kept_one.colorspace, kept_one.color_range) == (1, 1)
    else:
        assert kept_one.colorspace == source.colorspace
        assert (kept_one.color_range == 2) == (source.color_range == 2)
