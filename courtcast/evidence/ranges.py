"""Sets of byte ranges of a file. Pure; all ranges are half-open: `start ≤ byte < end`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from courtcast.core.spans import Spans


class Ranges(Spans):
    """Bytes that are held, and what a reader or a fetcher asks of them."""

    __slots__ = ()

    def add(self, start: int, end: int) -> None:
        """Empty ranges add nothing. Raises ValueError for a range that ends before it starts or starts below 0."""
        if start < 0 or end < start:
            raise ValueError(f"no range: {start}…{end}")
        super().add(start, end)

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
        return self.missing(0, length)

    @property
    def total(self) -> int:
        """Bytes in the set."""
        return len(self)

    def copy(self) -> Ranges:
        return Ranges(self)
