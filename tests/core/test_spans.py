"""`Spans` against a plain set of integers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.spans import Spans

numbers = st.integers(0, 40)
changes = st.lists(st.tuples(st.booleans(), numbers, numbers), max_size=30)


def build(steps: list[tuple[bool, int, int]]) -> tuple[Spans, set[int]]:
    spans, plain = Spans(), set[int]()
    for adds, start, end in steps:
        if adds:
            spans.add(start, end)
            plain |= set(range(start, end))
        else:
            spans.discard(start, end)
            plain -= set(range(start, end))
    return spans, plain


@given(changes)
def test_it_is_the_set_that_was_built(steps: list[tuple[bool, int, int]]) -> None:
    spans, plain = build(steps)
    assert {number for number in range(50) if number in spans} == plain
    assert len(spans) == len(plain)
    assert bool(spans) == bool(plain)
    assert all(start < end for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans)), "disjoint, and none touch"
    assert Spans(spans) == spans


@given(changes, numbers, numbers)
def test_what_is_missing(steps: list[tuple[bool, int, int]], start: int, end: int) -> None:
    spans, plain = build(steps)
    missing = list(spans.missing(start, end))
    assert [n for a, b in missing for n in range(a, b)] == [n for n in range(start, end) if n not in plain]
