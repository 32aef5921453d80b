"""Where decoded sound lies, and the units in which it is coded. Pure.

Samples are laid one after the other, as they are heard; where the file's times leave a hole, the next ones begin where
the file says. What lies between two holes is a run. It is coded in units of one length, but for its last, and by an
encoder that is made anew every so many of them: so what comes out does not depend on all that lies before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from courtcast.prepare.filling import HOLE

UNIT = Fraction(1, 20)
"""Seconds of sound in one coded unit."""
RENEWED = 200
"""Units after which the encoder is made anew, from the beginning of a run on: ten seconds."""


def unit(rate: int) -> int:
    """Samples of one unit."""
    return max(16, int(UNIT * rate))


class Laying:
    """Ticks are samples. at: where the next one lies, if some have come before."""

    def __init__(self, rate: int, at: int | None = None) -> None:
        self._hole = HOLE * rate
        self._at = at

    @property
    def at(self) -> int:
        """Where the next sample lies."""
        return self._at or 0

    def begins(self, said: int | None) -> bool:
        """Whether the next samples begin a run, when the file says that they lie there."""
        if self._at is not None and (said is None or said - self._at <= self._hole):
            return False
        self._at = said or 0
        return True

    def add(self, samples: int) -> None:
        """So many have come."""
        self._at = self.at + samples


def units(runs: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """Where each unit of these runs (first sample, samples) begins, and its samples."""
    for start, samples in runs:
        for at in range(0, samples, length):
            yield start + at, min(length, samples - at)
