"""What is still to be played, in floats, against the exact answers."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import clip as clips
from courtcast.core.clip import Range, Ranges
from courtcast.core.legs import LAST, Leg, along, legs, played, up_to
from tests.core.test_clip import inside, some_ranges


def floats(clip: Ranges) -> list[tuple[float, float]]:
    return [(float(one.start), float(one.stop)) for one in clip]


def test_without_parts_it_is_one_leg_to_the_end() -> None:
    assert legs((), 3.0) == [Leg(0.0, 3.0, inf)]
    assert legs((), 3.0, 8.0) == [Leg(0.0, 3.0, 8.0)]
    assert (along((), 3.0, 4.0), along((), 3.0, 4.0, 5.0)) == (7.0, 5.0)
    assert up_to(legs((), 3.0), 2.0) == [Leg(0.0, 3.0, 5.0)]


@given(some_ranges(), st.data())
def test_as_the_clip_has_it(clip: Ranges, data: st.DataObject) -> None:
    parts = floats(clip)
    clip = tuple(Range(Fraction(start), Fraction(stop)) for start, stop in parts)
    t, seconds = Fraction(float(inside(data, clip))), Fraction(data.draw(st.integers(0, 70_000)), 1000)
    if t != clip[-1].stop:
        line = legs(parts, float(t))
        assert [leg.start for leg in line] == pytest.approx([float(one.start) for one in clips.ahead(clip, t)])
        assert [leg.stop for leg in line] == [float(one.stop) for one in clips.ahead(clip, t)]
        assert [leg.after for leg in line[1:]] == pytest.approx([float(after) for after, _ in clips.seams(clip, t)])
        behind = sum(stop - start for start, stop in played(parts, float(t)))
        assert behind == pytest.approx(float(clips.clip_time(clip, t) or 0))
        first = up_to(line, float(seconds))
        total = sum(leg.stop - leg.start for leg in first)
        left = clips.duration(clip) - (clips.clip_time(clip, t) or 0)
        assert seconds == 0 or total == pytest.approx(float(min(seconds, left)))
    there = Fraction(along(parts, float(t), float(seconds)))
    exact = clips.after(clip, t, seconds)
    on = clips.clip_time(clip, clips.nearest(clip, there))
    assert on is not None
    assert abs(on - (clips.clip_time(clip, exact) or 0)) <= clips.SHORTEST


def test_at_the_end_the_last_frame_is_what_there_is() -> None:
    parts = [(5.0, 8.0), (1.0, 2.0)]
    assert legs(parts, 2.0) == [Leg(0.0, 2.0 - LAST, 2.0)]
    assert along(parts, 2.0, 5.0) == 2.0
    assert list(played(parts, 2.0)) == [(1.0, 2.0 - LAST), (5.0, 8.0)]


def test_outside_it_is_the_nearest_place() -> None:
    parts = [(5.0, 8.0), (1.0, 2.0)]
    assert legs(parts, 0.0) == [Leg(0.0, 1.0, 2.0)]
    assert legs(parts, 9.0)[0] == Leg(0.0, 8.0 - LAST, 8.0)
