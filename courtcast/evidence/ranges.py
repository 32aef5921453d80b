"""Sets of byte ranges. Pure; all ranges are half-open: `start ≤ byte < end`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """Disjoint ranges in ascending order; those that touch are one."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Empty ranges add nothing. Raises ValueError for a range that ends before it starts or starts below 0."""
        if start < 0 or end < start:
            raise ValueError(f"no range: {start}…{end}")
        if start == end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, end: int) -> bool:
        """Every byte of start…end is in the set; an empty range always is."""
        return start >= end or self.held_until(start) >= end

    def held_until(self, offset: int) -> int:
        """The first byte at or after `offset` that is not in the set."""
        at = bisect_right(self._starts, offset) - 1
        return max(offset, self._ends[at]) if at >= 0 else offset

    def next_held(self, offset: int) -> int | None:
        """The first byte at or after `offset` that is in the set."""
        at = bisect_right(self._ends, offset)
        return max(offset, self._starts[at]) if at < len(self._starts) else None

    def gaps(self, length: int) -> Iterator[tuple[int, int]]:
        """What is missing of a whole of `length` bytes."""
        offset = 0
        for start, end in self:
            if start >= length:
                break
            if offset < start:
                yield offset, start
            offset = end
        if offset < length:
            yield offset, length

    @property
    def total(self) -> int:
        """Bytes in the set."""
        return sum(self._ends) - sum(self._starts)

    def copy(self) -> Ranges:
        other = Ranges()
        other._starts, other._ends = self._starts.copy(), self._ends.copy()
        return other

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._starts == other._starts and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Ranges({list(self)})"
