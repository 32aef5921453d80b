"""Rate traces, in the form of the Oboe set: lines of `milliseconds kilobits-a-second`, two for each chunk that was
loaded (its start and its end, with the same rate), straight between them.
"""

from __future__ import annotations

import hashlib
import os
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

STEP = 0.25
"""Seconds: everything is simulated in these."""
SHORTEST = 30.0
"""Seconds: a trace that is shorter is left out."""
HERE = Path(__file__).resolve().parents[2]
FOLDERS = (HERE / "traces", HERE.parent / "shared" / "traces" / "oboe")
"""Where traces are looked for when `COURTCAST_TRACES` names no folder."""


class Trace(NamedTuple):
    """A line's rate. After its end it begins again."""

    name: str
    carried: list[float]
    """Bytes carried by the end of each step, from 0 on; one more entry than there are steps."""

    @property
    def seconds(self) -> float:
        return (len(self.carried) - 1) * STEP

    @property
    def mean(self) -> float:
        """Bytes a second."""
        return self.carried[-1] / self.seconds

    @property
    def tuning(self) -> bool:
        """One of the half that the constants were chosen on; the other half only judges them."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 2 == 0

    def by(self, step: int) -> float:
        """Bytes by the end of so many steps."""
        rounds, rest = divmod(step, len(self.carried) - 1)
        return rounds * self.carried[-1] + self.carried[rest]


def folder() -> Path | None:
    """Where the traces are; None where there are none."""
    named = os.environ.get("COURTCAST_TRACES")
    places = [Path(named)] if named else list(FOLDERS)
    return next((place for place in places if any(place.rglob("*.txt"))), None)


def load(place: Path) -> list[Trace]:
    """All traces in a folder and below, by name. What is not of the form is left out."""
    traces = [read(path) for path in sorted(place.rglob("*.txt"))]
    return [trace for trace in traces if trace is not None and trace.seconds >= SHORTEST and trace.mean > 0]


def read(path: Path) -> Trace | None:
    """None where the file is no trace."""
    points: list[tuple[float, float]] = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        try:
            milliseconds, kilobits = map(float, words)
        except ValueError:
            return None
        if points and milliseconds < points[-1][0]:
            return None
        points.append((milliseconds, kilobits))
    return None if len(points) < 2 else Trace(path.name, _carried(points))


def _carried(points: list[tuple[float, float]]) -> list[float]:
    """Milliseconds times kilobits a second are bits; a step takes the rate in its middle."""
    begin, end = points[0][0], points[-1][0]
    sizes, at = [], 0
    for step in range(int((end - begin) / 1000 / STEP)):
        now = begin + (step + 0.5) * STEP * 1000
        while points[at + 1][0] < now:
            at += 1
        (left, low), (right, high) = points[at], points[at + 1]
        rate = low + (high - low) * (now - left) / (right - left) if right > left else high
        sizes.append(max(0.0, rate) * 125 * STEP)
    return [0.0, *accumulate(sizes)]
