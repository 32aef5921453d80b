"""Which frame is up when: exactly, for any times that a file can have."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.timeline import TOLERANCE, Timeline

STEADY = Timeline([n * 1001 for n in range(100)], 30_000, Fraction(0), Fraction(100 * 1001, 30_000))


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    timescale = draw(st.sampled_from([1, 24, 600, 1000, 15_360, 30_000, 48_000, 90_000]))
    steps = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=60))
    first = draw(st.integers(0, 100_000))
    pts = [first]
    for step in steps:
        pts.append(pts[-1] + step)
    origin = Fraction(draw(st.integers(0, first)), timescale)
    return Timeline(pts, timescale, origin, Fraction(pts[-1] + 1, timescale) - origin)


@given(timelines())
def test_a_frame_is_up_from_its_time_until_the_next(timeline: Timeline) -> None:
    for n in range(len(timeline)):
        start = timeline.time_of(n)
        assert timeline.frame_at(start) == n
        assert timeline.frame_at(timeline.middle_of(n)) == n
        before = timeline.frame_at(start - Fraction(1, 1_000_000_000))
        assert before == (n - 1 if n else None)


@given(timelines())
def test_its_own_time_as_a_float_means_the_frame(timeline: Timeline) -> None:
    if any(b - a < 2 * TOLERANCE * timeline.timescale for a, b in zip(timeline.pts, timeline.pts[1:], strict=False)):
        return
    for n in range(len(timeline)):
        assert timeline.frame_at(float(timeline.time_of(n))) == n
        assert timeline.frame_at(round(float(timeline.time_of(n)), 6)) == n


@given(timelines(), st.integers(-200, 200), st.data())
def test_steps_move_by_whole_frames_and_stay_inside(timeline: Timeline, frames: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(timeline) - 1))
    expected = min(max(n + frames, 0), len(timeline) - 1)
    assert timeline.step(timeline.middle_of(n), frames) == timeline.time_of(expected)


@given(timelines())
def test_a_step_forward_and_back_is_no_step(timeline: Timeline) -> None:
    for n in range(len(timeline) - 1):
        assert timeline.step(timeline.step(timeline.time_of(n), 1), -1) == timeline.time_of(n)


def test_before_the_first_picture_nothing_is_up() -> None:
    late = Timeline([3000, 6000], 1000, Fraction(1), Fraction(6))
    assert late.frame_at(1) is None
    assert late.frame_at(2) == 0
    assert late.step(0, 1) == 2
    assert late.step(0, -1) == 2


@pytest.mark.parametrize(("first", "begins"), [(0, 0), (9, 9), (500, 500), (501, 0), (2000, 0)])
def test_it_begins_on_its_first_picture_where_that_comes_soon(first: int, begins: int) -> None:
    late = Timeline([1000 + first, 1000 + first + 40], 1000, Fraction(1), Fraction(6))
    assert late.beginning() == Fraction(begins, 1000)
    assert Timeline([], 1000).beginning() == 0


def test_after_the_last_picture_it_stays() -> None:
    assert STEADY.frame_at(1_000_000) == 99
    assert STEADY.end_of(99) == STEADY.duration


def test_no_frames() -> None:
    empty = Timeline([], 1000)
    assert empty.frame_at(0) is None
    assert empty.step(0.5, 3) == Fraction(1, 2)
    with pytest.raises(IndexError):
        empty.time_of(0)


def test_clamp() -> None:
    assert STEADY.clamp(-1) == 0
    assert STEADY.clamp(1) == 1
    assert STEADY.clamp(1e9) == STEADY.duration


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_no_time(bad: float) -> None:
    with pytest.raises(ValueError, match="not a time"):
        STEADY.frame_at(bad)


def test_grows_with_its_list() -> None:
    pts = [0]
    timeline = Timeline(pts, 10)
    assert timeline.frame_at(5) == 0
    pts.append(10)
    assert timeline.frame_at(5) == 1


def test_negative_numbers_are_no_frames() -> None:
    with pytest.raises(IndexError):
        STEADY.time_of(-1)
