"""How quick something comes. Pure: time is an argument."""

from __future__ import annotations

from collections import deque

WINDOW = 3.0
"""Seconds that are looked back: long enough to even out a Wi-Fi's bursts, short enough to show that a line died."""
GRAIN = 0.1
"""Seconds that are kept as one."""


class Meter:
    """Bytes a second over the last `WINDOW` seconds."""

    def __init__(self) -> None:
        self._grains: deque[list[float]] = deque()
        self._began: float | None = None

    def add(self, now: float, n: int) -> None:
        if self._began is None:
            self._began = now
        if self._grains and now - self._grains[-1][0] < GRAIN:
            self._grains[-1][1] += n
        else:
            self._grains.append([now, n])

    def rate(self, now: float) -> float:
        """0 before anything came and when nothing has come for the whole window."""
        while self._grains and self._grains[0][0] < now - WINDOW:
            self._grains.popleft()
        if not self._grains or self._began is None:
            return 0.0
        span = max(GRAIN, min(WINDOW, now - self._began))
        return sum(n for _, n in self._grains) / span
