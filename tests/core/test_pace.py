"""Whether pictures come evenly."""

from __future__ import annotations

from itertools import accumulate, cycle, islice

from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.pace import KINDS_MOST, pace


def test_a_clock_of_milliseconds_rounds() -> None:
    pts = list(accumulate(islice(cycle((33, 33, 34)), 300), initial=0))
    found = pace(pts, 1000)
    assert found is not None
    assert found.constant
    assert (found.usual, found.shortest, found.longest) == (0.033, 0.033, 0.034)
    assert found.durations == [(0.033, 200), (0.034, 100)]


def test_a_telephone_in_the_dark() -> None:
    pts = list(accumulate([3000] * 50 + [3750] * 20 + [90_000], initial=500))
    found = pace(pts, 90_000)
    assert found is not None
    assert not found.constant
    assert (found.usual, found.longest, found.frames) == (3000 / 90_000, 1.0, 72)


def test_too_few() -> None:
    assert pace([], 1000) is None
    assert pace([5], 1000) is None


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=300))
def test_every_picture_but_the_last_is_counted_once(durations: list[int]) -> None:
    found = pace(list(accumulate(durations, initial=0)), 1000)
    assert found is not None
    assert len(found.durations) <= KINDS_MOST
    assert sum(count for _, count in found.durations) + found.others == len(durations)
    assert found.durations == sorted(found.durations)
    assert found.shortest <= found.usual <= found.longest
