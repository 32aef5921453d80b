"""How much a child may read, send and work, by the length of its file. Pure: time comes in as an argument."""

from __future__ import annotations

from courtcast.prepare.messages import Limits
from courtcast.problems import Refused

_LEAST_SENT = 2048
"""Bytes that a message counts for at least: each is work for the parent, however short."""


class Allowance:
    """Guards against going in circles, and against ones that only look busy.

    Where the length is not known, a file is as long as what was given of it so far.
    """

    def __init__(self, limits: Limits, length: int | None) -> None:
        self._limits = limits
        self._known = length is not None
        self._length = length or 0
        self._read = self._sent = 0
        self._worked = 0.0

    def read(self, n: int) -> None:
        """The child asks for so much. Raises Refused (parser-out-of-time)."""
        self._read += n
        if self._read > self._length * self._limits.reading + self._limits.spare:
            raise self._out_of_time()

    def gave(self, end: int, less: int = 0) -> None:
        """It got bytes up to there, so many fewer than it asked for: what was not there it did not read."""
        self._read -= max(less, 0)
        if not self._known:
            self._length = max(self._length, end)

    def sent(self, n: int) -> None:
        """Raises Refused (file-damaged): a file does not become much more than it is."""
        self._sent += max(n, _LEAST_SENT)
        if self._sent > self._length * self._limits.sending + self._limits.spare:
            raise Refused("file-damaged")

    @property
    def used(self) -> float:
        """Seconds of its own work so far."""
        return self._worked

    @property
    def left(self) -> float:
        """Seconds of its own work, by what it read so far."""
        limits = self._limits
        # What it reads once more earns it nothing.
        return min(limits.seconds + min(self._read, self._length) / limits.pace, limits.longest) - self._worked

    def worked(self, seconds: float) -> None:
        """It was the child's turn for so long. Raises Refused (parser-out-of-time)."""
        self._worked += seconds
        if self.left <= 0:
            raise self._out_of_time()

    def _out_of_time(self) -> Refused:
        return Refused("parser-out-of-time", seconds=max(int(self._worked), int(self._limits.silence)))
