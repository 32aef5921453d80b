"""Final times and cuts, for any order of pictures a codec can have."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import Cutter, Piece
from courtcast.prepare.timing import Timing

SCALE = 1000


@st.composite
def streams(draw: st.DrawFn) -> list[Sample]:
    """Closed GOPs; inside each, groups of pictures of which the last is decoded first; any distances in time."""
    shown = draw(st.integers(0, 5000))
    samples: list[tuple[int, bool]] = []
    times: list[int] = []
    for _ in range(draw(st.integers(1, 6))):
        first = True
        for _ in range(draw(st.integers(1, 8))):
            size = 1 if first else draw(st.integers(1, 5))
            group = []
            for _ in range(size):
                group.append(shown)
                shown += draw(st.integers(1, 700))
            order = [group[-1], *draw(st.permutations(group[:-1]))]
            samples.extend((pts, first) for pts in order)
            times.extend(group)
            first = False
    # Decoding times as a file gives them: the n-th time, put back by as many places as pictures are reordered.
    back = max((times.index(pts) < n) * (n - times.index(pts)) for n, (pts, _) in enumerate(samples))
    dts = [times[0] - 40 * (back - n) for n in range(back)] + times
    return [Sample(min(dts[n], pts), pts, 40, key, True, b"%d" % n) for n, (pts, key) in enumerate(samples)]


def settled(samples: list[Sample], **options: int) -> list[Sample]:
    timing = Timing(shift=0, **options)
    return [*timing.push(samples), *timing.flush()]


@given(streams())
def test_each_lasts_until_the_next_is_shown(samples: list[Sample]) -> None:
    out = settled(samples)
    assert [s.data for s in out] == [s.data for s in samples]
    assert [s.pts for s in out] == [s.pts for s in samples]
    for (pts, end), (following, _) in pairwise(sorted((s.pts, s.pts + s.duration) for s in out)):
        assert end == following > pts


@given(streams())
def test_decoding_times_have_no_gap_and_meet_at_keyframes(samples: list[Sample]) -> None:
    out = settled(samples)
    for earlier, later in pairwise(out):
        assert later.dts == earlier.dts + earlier.duration
    assert all(s.dts == s.pts for s in out if s.sync)


@given(streams(), st.integers(1, 7))
def test_it_matters_not_in_how_many_parts_they_come(samples: list[Sample], size: int) -> None:
    timing = Timing(shift=3)
    out = []
    for at in range(0, len(samples), size):
        out.extend(timing.push(samples[at : at + size]))
    out.extend(timing.flush())
    assert out == [*(whole := Timing(shift=3)).push(samples), *whole.flush()]


@given(streams())
def test_moved_first_sample(samples: list[Sample]) -> None:
    out = settled(samples, lead=0)
    assert out[0].pts == 0
    assert sorted(s.pts for s in out)[1:] == sorted(s.pts for s in samples)[1:]
    assert sum(s.duration for s in out) == max(s.pts + s.duration for s in out)


def cut(samples: list[Sample]) -> list[Piece]:
    cutter = Cutter(SCALE)
    pieces = []
    for sample in settled(samples):
        pieces.extend(cutter.push([sample]))
    return [*pieces, *cutter.flush()]


@given(streams())
def test_pieces_hold_all_in_order_and_no_more_than_half_a_second(samples: list[Sample]) -> None:
    pieces = cut(samples)
    assert [s for p in pieces for s in p.samples] == settled(samples)
    for piece in pieces:
        assert piece.duration <= SCALE // 2 or len(piece.samples) == 1
        assert piece.start == min(s.pts for s in piece.samples)
        assert piece.start + piece.duration == max(s.pts + s.duration for s in piece.samples)


@given(streams())
def test_keyframes_begin_pieces_unless_they_come_thick(samples: list[Sample]) -> None:
    for piece in cut(samples):
        keys = [n for n, s in enumerate(piece.samples) if s.sync and n]
        for n in keys:
            assert piece.keyframe
            assert piece.samples[n].dts - piece.samples[0].dts < SCALE // 4


def steady(count: int, step: int, gop: int) -> list[Sample]:
    return [Sample(n * step, n * step, step, n % gop == 0, True, b"") for n in range(count)]


def test_no_crumbs() -> None:
    """A keyframe every 0.512 s: two halves each, not 31 pictures and then one."""
    pieces = cut([s._replace() for s in steady(320, 16, 32)])
    sizes = [len(p.samples) for p in pieces[2:-2]]
    assert set(sizes) == {16}


def test_keyframes_only() -> None:
    pieces = cut(steady(100, 33, 1))
    assert all(p.keyframe for p in pieces)
    assert {len(p.samples) for p in pieces[:-1]} == {8}


def test_uncounted_pictures_are_sent_and_not_counted() -> None:
    samples = [s._replace(counted=n >= 5) for n, s in enumerate(steady(10, 40, 10))]
    pieces = cut(samples)
    assert sum(len(p.samples) for p in pieces) == 10
    assert [t for p in pieces for t in p.pts] == [200, 240, 280, 320, 360]


def test_a_clock_that_ticks_once_a_second() -> None:
    """Each picture is a piece."""
    cutter = Cutter(1)
    pieces = [*cutter.push(steady(10, 1, 4)), *cutter.flush()]
    assert [(piece.start, piece.duration) for piece in pieces] == [(n, 1) for n in range(10)]
