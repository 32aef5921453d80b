"""`Spans` against a plain set of integers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.spans import Spans

numbers = st.integers(0, 40)
ranges_added = st.lists(st.tuples(numbers, numbers), max_size=30)


def build(ranges: list[tuple[int, int]]) -> tuple[Spans, set[int]]:
    plain = {number for start, end in ranges for number in range(start, end)}
    return Spans(ranges), plain


@given(ranges_added)
def test_it_is_the_set_that_was_built(ranges: list[tuple[int, int]]) -> None:
    spans, plain = build(ranges)
    assert {number for number in range(50) if number in spans} == plain
    assert len(spans) == len(plain)
    assert bool(spans) == bool(plain)
    assert all(start < end for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans)), "disjoint, and none touch"
    assert Spans(spans) == spans


@given(ranges_added, numbers, numbers)
def test_what_is_missing(ranges: list[tuple[int, int]], start: int, end: int) -> None:
    spans, plain = build(ranges)
    missing = list(spans.missing(start, end))
    assert [n for a, b in missing for n in range(a, b)] == [n for n in range(start, end) if n not in plain]
