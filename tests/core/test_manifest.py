"""A manifest grows row by row, from messages in any order, and finds what a time needs."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.manifest import Manifest
from courtcast.wire.media import ManifestRows, Row, Track

ORIGIN = Fraction(1, 10)


def track(index: int, kind: str, timescale: int) -> Track:
    return Track(
        index=index,
        kind="video" if kind == "video" else "audio",
        mime=f"{kind}/mp4",
        timescale=timescale,
        init_sha256="0" * 64,
        init_bytes=100,
        first=timescale // 10,
    )


def video_row(index: int, *, keyframe: bool | None = None) -> Row:
    """Half a second at 10 frames a second, a keyframe every second; the first coded picture lies at the origin."""
    start = 100 + index * 500
    key = index % 2 == 0 if keyframe is None else keyframe
    return Row(0, index, start, 500, 1000, key, f"{index:064x}", [start + n * 100 for n in range(5)])


def audio_row(index: int) -> Row:
    return Row(1, index, 4800 + index * 24_000, 24_000, 50, True, f"{index + 1000:064x}")


def whole(count: int = 8) -> Manifest:
    manifest = Manifest("e", "00000000000000a1", ORIGIN, [track(0, "video", 1000), track(1, "audio", 48_000)])
    manifest.add([*(video_row(n) for n in range(count)), *(audio_row(n) for n in range(count))])
    return manifest


def test_what_it_counts() -> None:
    manifest = whole()
    assert manifest.frames == 40
    assert manifest.counts == [8, 8]
    assert manifest.bytes == 200 + 8 * 1050
    assert manifest.prepared == 4.0
    assert manifest.showable
    assert not manifest.complete
    manifest.finish(Fraction(4))
    assert manifest.complete
    assert manifest.timeline.duration == 4


def test_empty() -> None:
    manifest = whole(0)
    assert not manifest.showable
    assert manifest.prepared == 0
    assert manifest.keyframe_before(0, 1) is None
    assert manifest.gop(0, 1) == range(0)
    assert manifest.fragments_between(0, 0, 9) == range(0, 0)


@given(st.permutations(range(8)))
def test_rows_in_any_order_and_twice(order: list[int]) -> None:
    manifest = whole(0)
    for n in order:
        manifest.add([video_row(n), video_row(n)])
    assert list(manifest.rows(0)) == [video_row(n) for n in range(8)]
    assert list(manifest.timeline.pts) == [pts for n in range(8) for pts in video_row(n).pts]


def test_a_gap_is_waited_for() -> None:
    manifest = whole(0)
    manifest.add([video_row(0), video_row(2)])
    assert manifest.counts[0] == 1
    manifest.add([video_row(1)])
    assert manifest.counts[0] == 3


@pytest.mark.parametrize(
    ("t", "index"), [(0, 0), (0.49, 0), (0.5, 0), (0.99, 0), (1, 2), (1.7, 2), (3.2, 6), (99, 6), (-1, 0)]
)
def test_keyframe_before(t: float, index: int) -> None:
    assert whole().keyframe_before(0, t) == index
    assert whole().gop(0, t) == range(index, index + 2)


@pytest.mark.parametrize(
    ("t0", "t1", "indexes"),
    [
        (0, 0.5, [0]),
        (0, Fraction(1, 2), [0]),
        (0.25, 0.75, [0, 1]),
        (Fraction(1, 2), 1, [1]),
        (3.9, 99, [7]),
        (4, 5, []),
        (0, 4, [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_fragments_between(t0: Fraction, t1: Fraction, indexes: list[int]) -> None:
    manifest = whole()
    video = list(manifest.fragments_between(0, t0, t1))
    # A float's tolerance may take in the fragment that begins where it ends.
    assert video[: len(indexes)] == indexes
    assert len(video) <= len(indexes) + isinstance(t1, float)
    if not isinstance(t1, float):
        assert list(manifest.fragments_between(1, t0, t1)) == indexes


def test_fragments_of_a_reordered_group() -> None:
    """A group so long that it is cut inside: what is shown in between lies in a later fragment."""
    manifest = whole(0)
    rows = [
        Row(0, 0, 100, 300, 9, True, "a" * 64, [100]),
        Row(0, 1, 900, 400, 9, False, "b" * 64, [900]),
        Row(0, 2, 400, 500, 9, False, "c" * 64, [400, 600]),
        Row(0, 3, 1300, 500, 9, True, "d" * 64, [1300]),
    ]
    manifest.add(rows)
    assert list(manifest.timeline.pts) == [100, 400, 600, 900, 1300]
    assert 2 in manifest.fragments_between(0, Fraction(35, 100), Fraction(4, 10))
    assert 0 in manifest.fragments_between(0, 0, Fraction(1, 10))
    assert manifest.gop(0, Fraction(6, 10)) == range(3)
    assert manifest.keyframe_before(0, Fraction(12, 10)) == 3


def test_messages_there_and_back() -> None:
    manifest = whole()
    manifest.finish(Fraction(4))
    text = msgspec.json.encode(manifest.rows_message())
    again = Manifest.of(msgspec.json.decode(text, type=ManifestRows))
    assert again.complete
    assert again.duration == 4
    assert again.origin == ORIGIN
    assert again.rows_message() == manifest.rows_message()


def test_complete_only_when_all_is_there() -> None:
    manifest = whole()
    manifest.finish(Fraction(4))
    part = manifest.rows_message({0: range(8)})
    rest = manifest.rows_message({1: range(0, 99)})
    again = Manifest.of(part)
    assert not again.complete
    again.merge(rest)
    assert again.complete


def test_prepared_is_what_is_there_on_every_track() -> None:
    manifest = whole(0)
    manifest.add([video_row(0), video_row(1), audio_row(0)])
    assert manifest.prepared == 0.5


def test_media_time_and_ticks() -> None:
    manifest = whole()
    assert manifest.media_time(0, 600) == Fraction(1, 2)
    assert manifest.ticks(0, Fraction(1, 2)) == 600
    assert manifest.ticks(1, Fraction(1, 2)) == 28_800
    assert manifest.fragment_at(0, Fraction(1, 2)) == 1
    assert manifest.fragment_at(0, 4) is None


def test_tracks_are_numbered() -> None:
    with pytest.raises(ValueError, match="numbered"):
        Manifest("e", "00000000000000a1", ORIGIN, [track(1, "video", 1000)])
