"""What a line carried, looked at through windows of several lengths, and what may be counted on from it.

A mean says nothing of a line that comes in bursts. Two things are kept beside it. *Spread*: how far one window differs
from the one before it, for windows of 1 to 16 s; a line that wavers more than lines usually do is trusted less, one
that never wavers more. *Gaps*: the longest time in which next to nothing came; a gap that was seen once comes again.

From them follows a `Path`: bytes that the line carries at least within so many seconds from now. For the next seconds
the last ones say most; further off, what was seen longer ago counts as much, and the doubt grows: over a minute the
rate of a real line is lower than half of what was seen before in one case out of a hundred (`DOUBT`).

Only busy time is noted (`core.estimate`). Seconds, bytes, bytes a second. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import exp, inf, log, sqrt

GRAIN = 0.5
"""Seconds of busy time that are kept as one: `_BLOCKS` counts in them."""
KEPT = 256
"""Grains: two minutes. What was before that tells of another time of the day."""
LEAST = 1.0
"""Seconds of busy time before a line is counted on at all: its first moment is a full token bucket or a slow start."""

SHORT, MIDDLE, LONG = 2.0, 8.0, KEPT * GRAIN
"""Windows, in seconds, whose means are weighed against each other."""

AHEAD = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds ahead for which a rate is foretold; beyond the last one it goes on."""
WEIGHTS = (1.0, 1.0, 0.8, 0.6, 0.4, 0.34, 0.34)
"""What `SHORT` weighs for each of them (geometrically); the rest is shared by `MIDDLE` and `LONG`."""
DOUBT = (0.50, 0.55, 0.60, 0.65, 0.72, 0.78, 0.78)
"""Natural logarithm of foretold over true rate that one case in some hundred exceeds, on a line of usual spread; from
the tuning half of the traces (docs/decisions/readiness.md)."""

_BLOCKS = (2, 4, 8, 16, 32)
"""Grains in the windows whose spread is looked at, …"""
_USUAL = (0.10, 0.14, 0.18, 0.23, 0.25)
"""… how far such windows usually differ from the one before (natural logarithm, root mean square), …"""
_SAYS = (0.25, 0.5, 1.0, 1.0, 1.0)
"""… and what each says: short ones come in crowds that hang together."""
PRIOR = 12.0
"""Windows' worth of belief that a line is a usual one."""
FRESH = 4.0
"""Seconds: a line known for so long is doubted twice as much as one known for ever."""
CALMEST = 0.35
"""A line that never wavered may still begin to."""
FORGET = 1 / KEPT
"""Share of what was seen that a grain makes forgotten."""

GAP_SHARE = 0.05
"""Of the mean: with less in a grain, the line stands still."""
FLOOR = 1 / 20
"""Of the mean: what a window counts as at least, since nothing has no logarithm."""


class Path:
    """Bytes carried by seconds from now: straight between its points, and on along `slope` after the last."""

    __slots__ = ("carried", "slope", "times")

    def __init__(self, times: Sequence[float], carried: Sequence[float], slope: float) -> None:
        """Times ascend from 0; bytes never fall. `slope` in bytes a second."""
        self.times, self.carried, self.slope = times, carried, slope

    def __call__(self, seconds: float) -> float:
        times, carried = self.times, self.carried
        if seconds <= 0:
            return carried[0]
        if seconds >= times[-1]:
            return carried[-1] + self.slope * (seconds - times[-1])
        at = bisect_right(times, seconds)
        begin, low = times[at - 1], carried[at - 1]
        return low + (carried[at] - low) * (seconds - begin) / (times[at] - begin)

    def reaches(self, size: float) -> float:
        """Seconds until so many bytes are carried; infinite where they never are."""
        if size <= self.carried[0]:
            return 0.0
        if size > self.carried[-1]:
            return self.times[-1] + (size - self.carried[-1]) / self.slope if self.slope > 0 else inf
        for (begin, low), (end, high) in pairwise(zip(self.times, self.carried, strict=True)):
            if low < size <= high:
                return begin + (size - low) / (high - low) * (end - begin)
        return self.times[-1]

    def after(self, seconds: float) -> Path:
        """The same, with nothing at all carried for so long first."""
        if seconds <= 0:
            return self
        return Path([0.0, *(at + seconds for at in self.times)], [0.0, *self.carried], self.slope)

    def beyond(self, size: float) -> Path:
        """The same, with so many bytes there from the start."""
        return Path(self.times, [size + carried for carried in self.carried], self.slope)


NOTHING = Path((0.0,), (0.0,), 0.0)


def in_a_row(available: float, first: Path, second: Path) -> Path:
    """Through two lines: the second carries what is `available` before it, and what the first brings meanwhile."""
    times = sorted({*first.times, *second.times})
    sent, before = [0.0], second(0.0)
    for at in times[1:]:
        could = second(at)
        sent.append(min(sent[-1] + could - before, available + first(at)))
        before = could
    return Path(times, sent, min(first.slope, second.slope))


class Rates:
    """One line's last minutes. `add` costs a few operations; `path` is kept until something is added."""

    def __init__(self) -> None:
        self._grains: deque[float] = deque(maxlen=KEPT)
        """Bytes in each."""
        self._open = 0.0
        """Seconds of the grain that is not full yet, …"""
        self._carried = 0.0
        """… and its bytes."""
        self._count = 0
        """Grains ever, …"""
        self._moved = 0
        """… and those in which something moved."""
        self._blocks = [[0.0, 0.0] for _ in _BLOCKS]
        """For each length: bytes of the block that is open, and of the one before."""
        self._wavered = 0.0
        self._looked = 0.0
        self._still = 0
        """Grains that the line has been standing still."""
        self._gaps: deque[tuple[int, int]] = deque(maxlen=32)
        """(when it ended, in grains ever; its length in grains)."""
        self._paths: dict[float, Path] = {}

    @classmethod
    def steady(cls, rate: float, seconds: float = LEAST) -> Rates:
        """A line of which one rate is all that is known."""
        rates = cls()
        rates.add(seconds, rate * seconds)
        return rates

    @property
    def seconds(self) -> float:
        """Busy time that it knows of."""
        return len(self._grains) * GRAIN + self._open

    @property
    def mean(self) -> float | None:
        """Bytes a second over all that is kept; None before anything."""
        return (sum(self._grains) + self._carried) / self.seconds if self.seconds else None

    @property
    def spread(self) -> float:
        """1: it wavers as lines usually do; 2: twice as much."""
        return max(CALMEST, sqrt((PRIOR + self._wavered) / (PRIOR + self._looked)))

    @property
    def gap(self) -> float:
        """Seconds of the longest gap in what is kept, the present one too."""
        longest = max((length for ended, length in self._gaps if self._count - ended <= KEPT), default=0)
        return max(longest, self._still) * GRAIN

    def add(self, seconds: float, carried: float) -> None:
        """So many bytes were carried in so much busy time."""
        if seconds <= 0:
            return
        rate = carried / seconds
        seconds = min(seconds, KEPT * GRAIN)
        self._paths.clear()
        while seconds > 0:
            part = min(seconds, GRAIN - self._open)
            self._open += part
            self._carried += rate * part
            seconds -= part
            if self._open >= GRAIN * (1 - 1e-9):
                self._grain(self._carried)
                self._open, self._carried = 0.0, 0.0

    def window(self, seconds: float) -> float:
        """Bytes a second over the last so many seconds, or all where there are fewer."""
        size, length = self._carried, self._open
        for grain in reversed(self._grains):
            if length >= seconds:
                break
            size += grain
            length += GRAIN
        return size / length if length else 0.0

    def path(self, doubt: float = 1.0) -> Path:
        """What it carries at least. `doubt` 1 is seldom wrong; less says what is likely, 0 what is to be expected."""
        path = self._paths.get(doubt)
        if path is None:
            path = self._paths[doubt] = self._foretell(doubt)
        return path

    def _foretell(self, doubt: float) -> Path:
        if self.seconds < LEAST * (1 - 1e-9):
            return NOTHING
        short, middle, long = self.window(SHORT), self.window(MIDDLE), self.window(LONG)
        if long <= 0:
            return NOTHING
        least = long * FLOOR
        # Where the line stands still right now, its next second does not count on it; its next minute does a little.
        near, far = log(max(short, least)), (log(max(middle, least)) + log(long)) / 2
        low, unsurely = 0.0, doubt * self.spread * (1 + FRESH / self.seconds)
        times, carried = [0.0], [0.0]
        rate = 0.0
        for ahead, weight, unsure in zip(AHEAD, WEIGHTS, DOUBT, strict=True):
            rate = exp(weight * near + (1 - weight) * far - unsurely * unsure)
            low = max(low, rate * ahead)
            times.append(ahead)
            carried.append(low)
        return Path(times, carried, rate)

    def _grain(self, size: float) -> None:
        mean = self.mean or 0.0
        self._grains.append(size)
        self._count += 1
        if size < GAP_SHARE * mean * GRAIN:
            # A gap is counted as one, and not as wavering besides.
            self._still += 1
            return
        if self._still:
            self._gaps.append((self._count, self._still))
            self._still = 0
        self._moved += 1
        self._wavered *= 1 - FORGET
        self._looked *= 1 - FORGET
        for block, grains, usual, says in zip(self._blocks, _BLOCKS, _USUAL, _SAYS, strict=True):
            block[0] += size
            if self._moved % grains:
                continue
            if block[1] > 0:
                differs = log(block[0] / block[1]) / usual
                self._wavered += says * differs * differs
                self._looked += says
            block[0], block[1] = 0.0, block[0]
