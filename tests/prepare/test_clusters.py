"""VP8 as it is, in WebM: the same frames at the same times, whatever file they came in."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.prepare import clusters
from courtcast.prepare.boxes import Sample
from courtcast.prepare.clusters import Form
from courtcast.prepare.plan import CHROMIUM
from courtcast.prepare.tally import own_times
from tests.prepare.hidden import with_hidden
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import Prepared, prepared
from tests.prepare.units import difference, source_units, stored_units

VP8 = Recipe(codec="libvpx", b_frames=0, audio="libopus", timescale=1000)
KINDS = {
    "WebM": ("webm", VP8),
    "odd size": ("mkv", Recipe(codec="libvpx", b_frames=0, audio=None, timescale=1000, width=161, height=121)),
    "AVI": ("avi", Recipe(codec="libvpx", b_frames=0, audio=None, timescale=30)),
    "IVF": ("ivf", Recipe(codec="libvpx", b_frames=0, audio=None, timescale=30, fps=Fraction(30))),
    "NTSC": ("webm", Recipe(codec="libvpx", b_frames=0, audio=None, timescale=30_000, fps=Fraction(30_000, 1001))),
    "picture late": (
        "webm",
        Recipe(codec="libvpx", b_frames=0, timescale=1000, audio="libopus", video_start=Fraction(3, 2)),
    ),
    "variable rate": (
        "webm",
        Recipe(
            codec="libvpx", b_frames=0, audio=None, timescale=1000, pts=[n * 33 + (n // 10) * 250 for n in range(60)]
        ),
    ),
}


def stored(made: Prepared) -> list[tuple[int, int, bool, bytes]]:
    """What the library reads of the picture: time and duration in the track's ticks, keyframe, data."""
    with av.open(io.BytesIO(made.inits[0] + b"".join(made.fragments[0]))) as container:
        return [
            (int((p.pts or 0) * p.time_base * made.manifest.timescale), p.duration or 0, p.is_keyframe, bytes(p))
            for p in container.demux(video=0)
            if p.size
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_unchanged_at_its_own_time(tmp_path: Path, kind: str) -> None:
    extension, recipe = KINDS[kind]
    path = make(tmp_path / f"made.{extension}", recipe)
    made = prepared(path)
    assert made.looked.treatments[0].done == "unchanged"
    assert made.manifest.tracks[0].mime == clusters.MIME
    assert made.manifest.tracks[0].mime in CHROMIUM
    source, ours = source_units(path), stored_units(made)
    assert difference({"video": source["video"]}, {"video": ours["video"]}) is None
    if recipe.audio == "libopus":
        assert difference(source, ours) is None
    with av.open(str(path)) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
        container.seek(0)
        times = [frame.pts for frame in container.decode(video=0)]
    assert own_times(made.manifest) == times
    assert [key for _, _, key, _ in stored(made)] == keys
    assert len(keys) == recipe.frames


def test_what_is_not_shown_has_no_time_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "hidden.webm"
    hidden = with_hidden(
        make(tmp_path / "made.webm", Recipe(codec="libvpx", b_frames=0, audio=None, timescale=1000)), path
    )
    made = prepared(path)
    assert hidden == 2
    assert made.manifest.frames == 60
    assert difference(source_units(path), stored_units(made)) is None
    found = stored(made)
    assert [at for at, *_ in found][:4] == [0, 33, 33, 66]
    assert [row.duration for row in made.manifest.rows(0)]


def test_the_shape_of_its_pixels_is_kept() -> None:
    init = clusters.init_segment(Form(720, 576, Fraction(16, 15), matrix=5, range=1), 1000)
    file = init + clusters.fragment([Sample(0, 0, 40, True, True, b"\0")], 1000)
    with av.open(io.BytesIO(file), format="matroska") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (720, 576)
        assert stream.sample_aspect_ratio == Fraction(16, 15)
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (5, 1)


runs = st.lists(
    st.tuples(st.integers(1, 200_000), st.booleans(), st.binary(min_size=4, max_size=300)), min_size=1, max_size=12
)


@settings(max_examples=50)
@given(runs, st.integers(0, 2**40), st.sampled_from([1, 30, 600, 1000, 44_100, 90_000, 1_000_000]))
def test_the_library_reads_the_same(run: list[tuple[int, bool, bytes]], start: int, timescale: int) -> None:
    """To the microsecond, however long a frame is up, and however far from the start."""
    samples, at = [], start * timescale // 1_000_000
    for duration, sync, data in run:
        samples.append(Sample(at, at, duration, sync, True, bytes((not sync,)) + data))  # as VP8 itself says it
        at += duration
    file = clusters.init_segment(Form(16, 16), timescale) + clusters.fragment(samples, timescale)
    with av.open(io.BytesIO(file), format="matroska") as container:
        found = [
            (p.pts * p.time_base, p.is_keyframe, bytes(p)) for p in container.demux() if p.size and p.pts is not None
        ]
    assert [(key, data) for _, key, data in found] == [(s.sync, s.data) for s in samples]
    for (time, _, _), sample in zip(found, samples, strict=True):
        assert abs(time - Fraction(sample.pts, timescale)) <= Fraction(1, 1_000_000)
