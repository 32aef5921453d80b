"""How many connections carry the most, found out while they run. Pure: time is an argument.

One connection is enough for most servers, and more take from others what they bring. So another is tried for a moment
now and then, and stays only where the sum of all rises by a good part of what it could bring: then it is the server,
or the way to it, that holds each connection back, and not the line.
"""

from __future__ import annotations

MOST = 4
SETTLE = 0.7
"""Seconds after a change in which nothing is measured: opening a connection, and TCP's slow start."""
MEASURE = 1.5
"""Seconds that are measured. Longer than a Wi-Fi's bursts, short enough to have four within ten seconds."""
RISE = 1 / 3
"""Of what one more could bring (twice as much of two, half as much again of three …) so much has to come."""
AGAIN = 30.0
"""Seconds until another is tried after one that brought nothing; doubled each time."""
LONGEST = 600.0
WORTH = 4.0
"""Seconds. What will be here sooner is not worth a try."""


class Company:
    """Told of all bytes by `add`, and of every break in their coming by `begin`; `size` says how many are to run."""

    def __init__(self, now: float) -> None:
        self.size = 1
        self._most = MOST
        self._kept = 1
        """Those that have proved themselves; one more than these is being tried."""
        self._rate = 0.0
        """Bytes a second that these carried."""
        self._pause = AGAIN
        self._not_before = now
        self._since = now
        self._bytes = 0

    def add(self, now: float, n: int) -> None:
        """So many bytes came."""
        if now >= self._since + SETTLE:
            self._bytes += n

    def begin(self, now: float) -> None:
        """What is measured begins now: somebody else had the line, a connection ended, another began."""
        self._since = now
        self._bytes = 0

    def look(self, now: float, left: int, *, room: bool) -> int:
        """How many are to run. left: bytes still to come; room: the server may be asked for another connection."""
        if now < self._since + SETTLE + MEASURE:
            return self.size
        rate = self._bytes / (now - self._since - SETTLE)
        if self.size > self._kept:
            if rate >= self._rate * (1 + RISE / self._kept):
                self._kept = self.size
            else:
                self._give_up(now)
        self._rate = rate
        if room and self.size == self._kept < self._most and now >= self._not_before and left > rate * WORTH:
            self.size += 1
        self.begin(now)
        return self.size

    def refused(self, now: float) -> None:
        """The server will not have so many: no more are tried."""
        self._most = self.size = max(1, self.size - 1)
        self._kept = min(self._kept, self.size)
        self.begin(now)

    def _give_up(self, now: float) -> None:
        self.size = self._kept
        self._not_before = now + self._pause
        self._pause = min(2 * self._pause, LONGEST)
