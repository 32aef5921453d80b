"""Boxes: what is written is read back, by ourselves and by the library; nonsense is refused."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare import boxes
from courtcast.prepare.boxes import Malformed, Sample
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared

runs = st.lists(
    st.tuples(
        st.integers(1, 100_000), st.integers(-100_000, 100_000), st.booleans(), st.binary(min_size=1, max_size=50)
    ),
    min_size=1,
    max_size=20,
)


@given(runs, st.integers(0, 2**62), st.integers(1, 2**32 - 1))
def test_fragments_there_and_back(run: list[tuple[int, int, bool, bytes]], start: int, sequence: int) -> None:
    samples, dts = [], start
    for duration, offset, sync, data in run:
        samples.append(Sample(dts, dts + offset, duration, sync, True, data))
        dts += duration
    data = b"".join(boxes.fragment(sequence, samples))
    assert boxes.samples_of(data) == samples
    assert [box.type for box in boxes.boxes(data)] == [b"moof", b"mdat"]


def test_the_library_reads_the_same_samples(tmp_path: Path) -> None:
    made = prepared(make(tmp_path / "made.mp4", Recipe(b_frames=0, audio=None)))
    file = io.BytesIO(made.inits[0] + b"".join(made.fragments[0]))
    with av.open(file, "r") as container:
        packets = [(p.dts, p.pts, p.is_keyframe, bytes(p)) for p in container.demux() if p.size]
    assert packets == [(s.dts, s.pts, s.sync, s.data) for s in made.samples(0)]


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0",
        b"\0\0\0\7free",
        b"\0\0\0\x20free",
        b"\0\0\0\1free\0\0\0\0\0\0\0\7",
        b"\0\0\0\1free\0\0",
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        list(boxes.boxes(data))


def test_sizes() -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + b"four"
    assert boxes.header(large, 0) == (b"mdat", 0, 16, 20)
    assert boxes.header(b"\0\0\0\0mdatrest", 0) == (b"mdat", 0, 8, 12)
    assert boxes.header(b"\0\0\0\0mdat", 0, 1000) == (b"mdat", 0, 8, 1000)


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    try:
        found = list(boxes.walk(data))
    except Malformed:
        return
    assert all(0 <= box.start < box.body <= box.end <= len(data) for box in found)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x08moof", boxes.pack(b"moof") + boxes.pack(b"mdat")])
def test_not_a_fragment(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        boxes.samples_of(data)
