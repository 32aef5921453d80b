"""Ranges played as one: exactly, in any order, over any frames."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from courtcast.core import clip as clips
from courtcast.core.clip import MOST, SHORTEST, Range, Ranges
from courtcast.core.timeline import TOLERANCE, Timeline
from courtcast.problems import Refused
from courtcast.wire.library import ClipRange

HOUR = Fraction(3600)
NTSC = Timeline([n * 1001 for n in range(2000)], 30_000, Fraction(0), Fraction(2000 * 1001, 30_000))


@st.composite
def some_ranges(draw: st.DrawFn, most: int = 6) -> Ranges:
    """Within 60 seconds, in any order, some of them touching."""
    cuts = sorted(draw(st.sets(st.integers(0, 60_000), min_size=2, max_size=2 * most)))
    apart = draw(st.booleans())
    pairs = list(pairwise(cuts))[:: 2 if apart else 1]
    made = [Range(Fraction(a, 1000), Fraction(b, 1000), draw(st.booleans())) for a, b in pairs]
    return clips.placed(tuple(draw(st.permutations(made))), None, None)


def inside(draw: st.DataObject, clip: Ranges) -> Fraction:
    """A time of the clip, its end among them."""
    total = clips.duration(clip)
    return clips.media_time(clip, total * draw.draw(st.integers(0, 1000)) / 1000)


def asked(*pairs: tuple[float, float]) -> list[ClipRange]:
    return [ClipRange(start=start, stop=stop) for start, stop in pairs]


def test_decimals_are_taken_as_written() -> None:
    made = clips.ranges([ClipRange(start=1.2, stop=3.7, silent=True)], HOUR)
    assert made == (Range(Fraction(6, 5), Fraction(37, 10), True),)
    assert clips.written(made) == [ClipRange(start=1.2, stop=3.7, silent=True)]


@pytest.mark.parametrize(
    ("pairs", "end", "problem"),
    [
        ([], HOUR, "clip-empty"),
        ([(n, n + 1) for n in range(MOST + 1)], None, "clip-too-many"),
        ([(2.0, 2.0)], HOUR, "clip-backwards"),
        ([(2.0, 1.0)], HOUR, "clip-backwards"),
        ([(2.0, 2.0005)], HOUR, "clip-backwards"),
        ([(-1.0, 1.0)], HOUR, "malformed"),
        ([(math.nan, 1.0)], HOUR, "malformed"),
        ([(0.0, math.inf)], None, "malformed"),
        ([(0.0, 3601.0)], HOUR, "clip-outside"),
        ([(3600.0, 3601.0)], HOUR, "clip-outside"),
        ([(5.0, 8.0), (0.0, 5.001)], HOUR, "clip-overlap"),
        ([(0.0, 9.0), (20.0, 21.0), (3.0, 4.0)], HOUR, "clip-overlap"),
    ],
)
def test_what_is_no_clip_is_refused(pairs: list[tuple[float, float]], end: Fraction | None, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        clips.ranges(asked(*pairs), end)
    assert refused.value.type == problem


def test_overlapping_ranges_are_named() -> None:
    with pytest.raises(Refused, match="Parts 1 and 3 of the clip overlap"):
        clips.ranges(asked((0.0, 9.0), (20.0, 21.0), (3.0, 4.0)), None)


def test_most_and_touching_ranges_are_a_clip() -> None:
    assert len(clips.ranges(asked(*((n, n + 1) for n in reversed(range(MOST)))), Fraction(MOST))) == MOST


def test_a_stop_that_was_rounded_up_is_the_end() -> None:
    end = Fraction(79_166_667 * 3 + 1, 3_000_000)
    assert clips.ranges(asked((1.0, round(float(end), 6))), end)[0].stop == min(end, Fraction("79.166667"))


@given(some_ranges(), st.data())
def test_clip_time_and_media_time_are_each_others_reverse(clip: Ranges, data: st.DataObject) -> None:
    t = inside(data, clip)
    number, at = clips.number_at(clip, t), clips.clip_time(clip, t)
    assert number is not None
    assert at is not None
    assert clips.media_time(clip, at) == t
    assert 0 <= at <= clips.duration(clip)
    assert clips.nearest(clip, t) == t


@given(some_ranges(), st.integers(-5_000, 65_000))
def test_every_other_time_is_outside(clip: Ranges, milliseconds: int) -> None:
    t = Fraction(milliseconds, 1000)
    held = any(one.start <= t < one.stop for one in clip) or t == clip[-1].stop
    assert (clips.number_at(clip, t) is not None) == held == (clips.clip_time(clip, t) is not None)
    near = clips.nearest(clip, t)
    assert clips.number_at(clip, near) is not None
    if not held:
        closest = min(max(one.start - t, t - one.stop, Fraction(0)) for one in clip)
        assert abs(near - t) <= closest + SHORTEST


@given(some_ranges(), st.data())
def test_playback_is_as_far_in_the_clip_as_time_has_passed(clip: Ranges, data: st.DataObject) -> None:
    t = inside(data, clip)
    one, two = (Fraction(data.draw(st.integers(0, 70_000)), 1000) for _ in range(2))
    before = clips.clip_time(clip, t)
    assert before is not None
    then = clips.after(clip, t, one)
    assert clips.clip_time(clip, then) == min(before + one, clips.duration(clip))
    assert clips.after(clip, then, two) == clips.after(clip, t, one + two)
    assert clips.after(clip, t, Fraction(0)) == t
    assert clips.after(clip, clip[-1].stop, one) == clip[-1].stop


@given(some_ranges(), st.data())
def test_what_is_ahead_is_what_will_be_played(clip: Ranges, data: st.DataObject) -> None:
    t = inside(data, clip)
    rest, total = list(clips.ahead(clip, t)), clips.duration(clip)
    at = clips.clip_time(clip, t)
    assert at is not None
    assert sum((one.length for one in rest), Fraction(0)) == total - at
    assert not rest or rest[0].start == t
    passed = Fraction(0)
    for one in rest:
        assert clips.after(clip, t, passed) == one.start
        assert clips.after(clip, t, passed + one.length / 2) == one.start + one.length / 2
        passed += one.length
    assert [clips.after(clip, t, seconds) for seconds, _ in clips.seams(clip, t)] == [one.start for one in rest[1:]]
    assert [clip[number].start for _, number in clips.seams(clip, t)] == [one.start for one in rest[1:]]


@given(some_ranges(), st.integers(0, 61_000), st.data())
def test_what_is_playable_is_prepared_all_the_way(clip: Ranges, milliseconds: int, data: st.DataObject) -> None:
    t, prepared = inside(data, clip), Fraction(milliseconds, 1000)
    found = clips.playable(clip, t, lambda _: prepared)
    rest = list(clips.ahead(clip, t))
    if found is None:
        assert all(one.stop <= prepared for one in rest)
        return
    passed = Fraction(0)
    for one in rest:
        if passed + one.length > found:
            assert one.start + found - passed == max(prepared, one.start)
            return
        assert one.stop <= prepared
        passed += one.length
    pytest.fail("it was to the end")


@given(some_ranges(), st.integers(0, 1900), st.integers(-300, 300))
def test_steps_go_through_the_frames_of_the_clip(clip: Ranges, n: int, frames: int) -> None:
    shots = []
    for one in clip:
        first = NTSC.frame_at(one.start)
        assert first is not None
        shots += [(one, frame) for frame in range(first, len(NTSC)) if NTSC.time_of(frame) < one.stop]
    n %= len(shots)
    here = max(shots[n][0].start, NTSC.time_of(shots[n][1]))
    one, frame = shots[min(max(n + frames, 0), len(shots) - 1)]
    there = clips.step(clip, NTSC, here, frames)
    assert there == max(one.start, NTSC.time_of(frame))
    assert clips.frame_at(clip, NTSC, there) == frame
    assert clips.number_at(clip, there) == clip.index(one)


@given(some_ranges())
def test_at_the_end_the_last_frame_stays(clip: Ranges) -> None:
    end = clip[-1].stop
    last = clips.frame_at(clip, NTSC, end)
    assert last is not None
    assert NTSC.time_of(last) < end <= (NTSC.end_of(last) or end)
    before = clips.step(clip, NTSC, end, -1)
    assert before == clips.step(clip, NTSC, clips.step(clip, NTSC, end, 0), -1)
    assert clips.number_at(clip, clips.step(clip, NTSC, end, 1)) == len(clip) - 1


def test_over_a_seam_a_step_leads_to_the_next_range() -> None:
    timeline = Timeline([n * 40 for n in range(500)], 1000, Fraction(0), Fraction(20))
    clip = clips.ranges(asked((10.0, 10.08), (2.0, 2.1)), Fraction(20))
    steps = [Fraction(10), Fraction("10.04"), Fraction(2), Fraction("2.04"), Fraction("2.08")]
    for n, here in enumerate(steps):
        assert clips.step(clip, timeline, here, 1) == steps[min(n + 1, 4)]
        assert clips.step(clip, timeline, here, -1) == steps[max(n - 1, 0)]


def test_before_the_first_frame_a_step_leads_to_it() -> None:
    late = Timeline([n * 1000 for n in range(5, 9)], 1000, Fraction(0), Fraction(9))
    clip = clips.ranges(asked((0.0, 2.0), (3.0, 6.5)), Fraction(9))
    assert clips.step(clip, late, Fraction(1), 1) == 5
    assert clips.step(clip, late, Fraction(4), 1) == 5
    assert clips.step(clip, late, Fraction(5), 1) == 6
    assert clips.step(clips.ranges(asked((0.0, 2.0)), None), late, Fraction(1), 1) == 1


def test_a_boundary_that_was_rounded_means_the_frame() -> None:
    third = NTSC.time_of(40)
    stop = NTSC.time_of(70)
    for off in (-TOLERANCE, 0, TOLERANCE):
        clip = clips.placed((Range(third + off, stop + off),), NTSC, None)
        assert clip == (Range(third, stop),)
        assert clips.frame_at(clip, NTSC, clip[0].stop) == 69
    within = third + 2 * TOLERANCE
    assert clips.placed((Range(within, stop),), NTSC, None)[0].start == within, "what was agreed begins no earlier"


def test_leaves_are_whole() -> None:
    pages = Timeline(range(10), 1, Fraction(0), Fraction(10))
    clip = clips.placed(clips.ranges(asked((3.5, 5.0), (0.0, 1.2)), Fraction(10)), pages, Fraction(10), leaves=True)
    assert clip == (Range(Fraction(3), Fraction(5)), Range(Fraction(0), Fraction(2)))
    assert [clips.step(clip, pages, Fraction(3), n) for n in range(-1, 5)] == [3, 3, 4, 0, 1, 1]
    with pytest.raises(Refused, match="overlap"):
        clips.placed(clips.ranges(asked((0.0, 1.2), (1.5, 2.0)), Fraction(10)), pages, Fraction(10), leaves=True)


@given(some_ranges(), st.integers(0, 60_000))
def test_the_end_is_no_other_ranges_start(clip: Ranges, milliseconds: int) -> None:
    cut = clips.within(clip, Fraction(milliseconds, 1000))
    for made in (clip, cut):
        assert all(one.start != made[-1].stop for one in made)
        assert all(one.length > 0 for one in made)
        clips._check_apart(made)
    assume(cut != clip)
    assert cut[-1].stop <= Fraction(milliseconds, 1000)


def test_ranges_that_end_where_the_first_begins() -> None:
    clip = clips.placed(clips.ranges(asked((5.0, 8.0), (0.0, 5.0)), None), None, None)
    end = clips.after(clip, Fraction(5), Fraction(100))
    assert end == clip[-1].stop == 5 - TOLERANCE
    assert clips.number_at(clip, end) == 1
    assert clips.number_at(clip, Fraction(5)) == 0


def test_what_lies_beyond_an_end_is_not_there() -> None:
    clip = clips.ranges(asked((50.0, 60.0), (0.0, 5.0), (70.0, 80.0)), None)
    assert clips.within(clip, Fraction(55)) == clips.ranges(asked((50.0, 55.0), (0.0, 5.0)), None)
    assert clips.within(clip, Fraction(100)) is clip
    assert clips.within(clip[:1], Fraction(20)) == clip[:1]
