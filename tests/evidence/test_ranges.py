"""Byte ranges against the plainest model there is: a set of numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.ranges import Ranges

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], sum(pair))), max_size=12)


def bytes_of(ranges: list[tuple[int, int]]) -> set[int]:
    return {byte for start, end in ranges for byte in range(start, end)}


@given(RANGES, st.integers(0, 90), st.integers(0, 90), st.integers(1, 90))
def test_it_is_a_set_of_bytes(ranges: list[tuple[int, int]], offset: int, other: int, length: int) -> None:
    held, model = Ranges(ranges), bytes_of(ranges)
    assert bytes_of(list(held)) == model
    assert held.total == len(model)
    pairs = list(held)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(pairs)), "disjoint, and not touching"
    assert held.covers(offset, other) == (set(range(offset, other)) <= model)
    assert held.held_until(offset) == next(b for b in range(offset, 200) if b not in model)
    assert held.next_held(offset) == min((b for b in model if b >= offset), default=None)
    gaps = list(held.gaps(length))
    assert bytes_of(gaps) == set(range(length)) - model
    assert all(start < end for start, end in gaps)


@given(RANGES)
def test_order_does_not_matter_and_copies_are_apart(ranges: list[tuple[int, int]]) -> None:
    held = Ranges(ranges)
    assert held == Ranges(reversed(ranges))
    copy = held.copy()
    copy.add(500, 501)
    assert held == Ranges(ranges)
    assert copy != held


@pytest.mark.parametrize("bad", [(-1, 3), (5, 4)])
def test_what_is_no_range_is_not_taken(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no range"):
        Ranges([bad])
