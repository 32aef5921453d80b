"""When the next packet may go: a token bucket that is looked at about once a millisecond.

Bytes may be owed: a packet goes as soon as there is no debt, and the next look is when the debt is paid. What was not
sent because nobody looked in time is made up for, up to `BURST`.
"""

from __future__ import annotations

from typing import Final

QUANTUM: Final = 0.001
"""Seconds. epoll counts in milliseconds; finer, and the loop does nothing but look."""
QUANTUM_MOST: Final = 0.004
QUANTUM_BYTES: Final = 4 * 1160
"""On a thin line, packets go by fours, as long as that is no more than `QUANTUM_MOST` of queue."""
BURST: Final = 0.008
"""Seconds of sending that may be made up for: what a busy loop is late by now and then, and less than the shallowest
buffer that we want to fill (20 ms)."""
BURST_LEAST: Final = 10 * 1200
"""Bytes: RFC 6928's first flight, RFC 9002 §7.7."""


class Pacer:
    """Rates in bytes a second."""

    def __init__(self, now: float) -> None:
        self._tokens = float(BURST_LEAST)
        self._at = now
        self.rate = 0.0

    def set_rate(self, rate: float, now: float) -> None:
        """From now on."""
        self.refill(now)
        self.rate = rate

    def refill(self, now: float) -> bool:
        """Something may go."""
        if now > self._at:
            self._tokens = min(self._tokens + (now - self._at) * self.rate, max(BURST_LEAST, self.rate * BURST))
            self._at = now
        return self._tokens > 0

    def spend(self, size: int) -> bool:
        """A packet went. Whether another may."""
        self._tokens -= size
        return self._tokens > 0

    @property
    def next(self) -> float:
        """When to look again."""
        if self._tokens > 0 or self.rate <= 0:
            return self._at
        quantum = max(QUANTUM, min(QUANTUM_MOST, QUANTUM_BYTES / self.rate))
        return self._at + max(quantum, -self._tokens / self.rate)
