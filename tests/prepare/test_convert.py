"""What is converted: each picture once, at its own time, looking as it does; each sample of sound, where that can be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
import pytest

from courtcast.prepare.tally import own_times
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import Prepared, prepared
from tests.prepare.units import CONVERTED, with_the_large

LATE = Fraction(1, 1000)
"""Seconds by which a time may be off."""
LIKE = 0.99
"""SSIM of luma, at least."""


def kept(made: Prepared, track: int) -> io.BytesIO:
    """A track as a file."""
    return io.BytesIO(made.inits[track] + b"".join(made.fragments[track]))


def pictures(source: Any) -> Iterator[av.VideoFrame]:
    with av.open(source) as container:
        yield from container.decode(video=0)


def ssim(one: av.VideoFrame, other: av.VideoFrame, chain: str = "null") -> float:
    """Of luma, by the library's own filter; `chain` is what was done to the first on purpose."""
    graph = av.filter.Graph()
    inputs = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
        for frame in (one, other)
    ]
    name, _, arguments = chain.partition("=")
    step, same, as_grey = graph.add(name, arguments or None), graph.add("ssim"), graph.add("format", "pix_fmts=yuv420p")
    also_grey, sink = graph.add("format", "pix_fmts=yuv420p"), graph.add("buffersink")
    inputs[0].link_to(step)
    step.link_to(as_grey)
    as_grey.link_to(same, 0, 0)
    inputs[1].link_to(also_grey)
    also_grey.link_to(same, 0, 1)
    same.link_to(sink)
    graph.configure()
    for source, frame in zip(inputs, (one, other), strict=True):
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        source.push(frame)
        source.push(None)
    return float(graph.pull().metadata["lavfi.ssim.Y"])  # type: ignore[union-attr]


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
        [name for name in CONVERTED if name not in ("ass_subtitles.mkv", "sowt_pcm.mov")],
        but=["iphone_hevc10_editlist.mp4"],
    ),
)
def test_a_converted_picture_looks_as_it_does_in_the_file(shared_media: Path, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    treatment = made.looked.treatments[0]
    assert treatment.done == "converted"
    assert treatment.into == ("AV1 with 10 bits" if "hevc10" in name else "H.264")
    chain = "bwdif=mode=send_frame:deint=interlaced" if "interlaced" in name else "null"
    if chain != "null":
        pytest.skip("compared with what the filter gives elsewhere: a single picture has no neighbours")
    both = list(zip(pictures(str(path)), pictures(kept(made, 0)), strict=True))
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
    [("mpeg4", "avi", 30), ("mpeg2video", "mpg", 30), ("libvpx", "webm", 1000), ("ffv1", "mkv", 1000)],
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
