"""How long a line takes to put bits on itself: at one rate for ever, or following a trace of rates.

Pure. Times are seconds, rates bits a second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Protocol

LEAST_RATE = 1_000.0
"""Bits a second that a step of a trace stands for at the least: a line that stands still is an outage, not a rate."""
GAP_STEPS = 4
"""Steps that stand for the straight line between two chunks of a recorded trace."""

Steps = Sequence[tuple[float, float]]
"""(seconds, bits a second): how long each rate lasts, one after the other, again from the first after the last."""


class Pace(Protocol):
    """When bits are through."""

    def finish(self, start: float, bits: float) -> float:
        """The time at which bits that begin at `start` have left."""

    def carried(self, start: float, end: float) -> float:
        """Bits that leave between the two."""

    @property
    def mean(self) -> float:
        """Bits a second over a long time."""


class Steady:
    """One rate; infinite where there is no limit."""

    def __init__(self, rate: float = math.inf) -> None:
        self._rate = rate

    def finish(self, start: float, bits: float) -> float:
        return start + bits / self._rate

    def carried(self, start: float, end: float) -> float:
        return (end - start) * self._rate if end > start else 0.0

    @property
    def mean(self) -> float:
        return self._rate


class Stepped:
    """Rates that follow each other, and begin again after the last."""

    def __init__(self, steps: Steps, began: float) -> None:
        """`began`: the time at which the first step starts."""
        useful = [(seconds, max(LEAST_RATE, rate)) for seconds, rate in steps if seconds > 0]
        if not useful:
            raise ValueError("a trace without any time in it")
        self._began = began
        self._rates = [rate for _, rate in useful]
        self._times = [0.0, *accumulate(seconds for seconds, _ in useful)]
        self._bits = [0.0, *accumulate(seconds * rate for seconds, rate in useful)]

    def finish(self, start: float, bits: float) -> float:
        return self._began + self._time(self._sum(start - self._began) + bits)

    def carried(self, start: float, end: float) -> float:
        return self._sum(end - self._began) - self._sum(start - self._began) if end > start else 0.0

    @property
    def mean(self) -> float:
        return self._bits[-1] / self._times[-1]

    def _sum(self, time: float) -> float:
        """Bits that have left `time` after the beginning."""
        rounds, rest = divmod(time, self._times[-1])
        place = min(bisect_right(self._times, rest), len(self._rates)) - 1
        return rounds * self._bits[-1] + self._bits[place] + (rest - self._times[place]) * self._rates[place]

    def _time(self, bits: float) -> float:
        """The inverse of `_sum`."""
        rounds, rest = divmod(bits, self._bits[-1])
        place = min(bisect_right(self._bits, rest), len(self._rates)) - 1
        return rounds * self._times[-1] + self._times[place] + (rest - self._bits[place]) / self._rates[place]


def read_oboe(file: Path, scale: float = 1.0) -> list[tuple[float, float]]:
    """A trace of the Oboe set: pairs of lines `start rate` and `end rate`, milliseconds and kbit/s, one pair for each
    chunk of a real video session; between two chunks the rate goes from the one to the other in a straight line.

    `scale` multiplies the rates. Raises ValueError where the file is none.
    """
    points = [(float(time) / 1e3, float(rate) * 1e3 * scale) for time, rate in map(str.split, file.open())]
    if len(points) < 2 or any(after[0] < before[0] for before, after in pairwise(points)):
        raise ValueError(f"{file.name} is no trace")
    steps = []
    for (start, before), (end, after) in pairwise(points):
        parts = 1 if before == after else GAP_STEPS
        steps += [((end - start) / parts, before + (after - before) * (part + 0.5) / parts) for part in range(parts)]
    return [(seconds, rate) for seconds, rate in steps if seconds > 0]
