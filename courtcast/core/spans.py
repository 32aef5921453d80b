"""Sets of whole numbers as disjoint, ascending half-open ranges: which fragments are held, sent, wanted.

A screen holds tens of thousands of fragments in a handful of ranges, so every question costs the logarithm of those.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Spans:
    """Mutable set of integers."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        """`ranges` are half-open."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._starts, self._ends, strict=True))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number)
        return at > 0 and number < self._ends[at - 1]

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __len__(self) -> int:
        return sum(self._ends) - sum(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Spans({list(self)})"

    def add(self, start: int, end: int) -> None:
        """All of `start` … `end` - 1; what touches becomes one range."""
        if start >= end:
            return
        low, high = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if low < high:
            start, end = min(start, self._starts[low]), max(end, self._ends[high - 1])
        self._starts[low:high], self._ends[low:high] = [start], [end]

    def discard(self, start: int, end: int) -> None:
        """Takes out all of `start` … `end` - 1."""
        low, high = bisect_right(self._ends, start), bisect_left(self._starts, end)
        if start >= end or low >= high:
            return
        first, last = self._starts[low], self._ends[high - 1]
        kept = [(first, start)] * (first < start) + [(end, last)] * (end < last)
        self._starts[low:high] = [begin for begin, _ in kept]
        self._ends[low:high] = [finish for _, finish in kept]

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges of `start` … `end` - 1 that are in it, ascending."""
        at = bisect_right(self._ends, start)
        while at < len(self._starts) and self._starts[at] < end:
            yield max(start, self._starts[at]), min(end, self._ends[at])
            at += 1

    def missing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges of `start` … `end` - 1 that are not in it, ascending."""
        at = bisect_right(self._ends, start)
        while start < end:
            if at == len(self._starts) or self._starts[at] >= end:
                yield start, end
                return
            if start < self._starts[at]:
                yield start, self._starts[at]
            start = self._ends[at]
            at += 1
