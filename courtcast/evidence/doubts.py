"""What of a file a former process wrote down and has still to be read and compared, and in which order. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from courtcast.evidence.pieces import Row
from courtcast.evidence.ranges import Ranges


class Doubts:
    """Rows, ascending and none reaching into the next."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = list(rows)
        self._starts = [row.start for row in rows]
        self._taken = bytearray(len(rows))
        self._first = 0
        """Those before it are taken."""
        self._open = Ranges((row.start, row.end) for row in rows)

    def __bool__(self) -> bool:
        """Some are not settled."""
        return bool(self._open)

    def within(self, start: int, end: int) -> tuple[int, int] | None:
        """The first range in doubt that has bytes of `start` … `end` - 1."""
        begin = self._open.next_held(start)
        return None if begin is None or begin >= end else (begin, min(end, self._open.held_until(begin)))

    def take(self, wants: Sequence[int]) -> Row:
        """The one with the first wanted byte, else the first that is left. To be `settled` before another is taken."""
        for want in wants:
            at = bisect_right(self._starts, want) - 1
            if at >= 0 and want < self._rows[at].end and not self._taken[at]:
                self._taken[at] = 1
                return self._rows[at]
        while self._taken[self._first]:
            self._first += 1
        self._taken[self._first] = 1
        return self._rows[self._first]

    def settled(self, row: Row) -> None:
        """It was read and compared."""
        self._open.discard(row.start, row.end)
