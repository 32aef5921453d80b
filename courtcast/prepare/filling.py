"""Holes in a track of sound, filled with silence. Pure; what the silence consists of is a matter of `silence`.

Chromium plays sound samples one after the other and looks at no time but the first after a seek: over a hole of a
second all later sound comes a second early, and where sound begins late (beyond the first second of MSE time) nothing
plays at all. So holes are filled. Silence is never counted, is marked as added, and is put only where the file says
that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from courtcast.prepare.boxes import Sample

HOLE = Fraction(1, 20)
"""Seconds. Shorter ones are jitter of time stamps (Chromium, too, warns of sound out of step from 50 ms on)."""
MOST = 6 * 3600
"""Seconds. More than that between two samples is no hole but a time stamp that was damaged."""
_PIECE = 5
"""Seconds of silence that are put at a time, so that it is the same whether the other end of a hole is known by then or
not."""


class Blank:
    """Silence of which only is known where it lies. length: ticks of one unit, 0 to fill nothing"""

    def __init__(self, length: Fraction, timescale: int) -> None:
        self.length = length
        self.timescale = timescale

    def between(self, start: int, end: int) -> list[Sample]:
        """Samples from start on that reach to end, as nearly as whole units can; none for less than `HOLE`."""
        if not self.length or end - start < max(HOLE * self.timescale, self.length / 2):
            return []
        unit = self._coded()
        if unit is None:
            return []
        count = round((end - start) / self.length)
        starts = [start + int(n * (end - start) / Fraction(count)) for n in range(count)]
        return [Sample(at, at, int(self.length), True, False, unit, added=True) for at in starts]

    def _coded(self) -> bytes | None:
        return b""


class Filled:
    """A track of sound whose holes are filled. Ticks as the file has them.

    start: where sound is wanted from, if it begins later; None to leave its beginning as it is
    """

    def __init__(self, silence: Blank, start: int | None) -> None:
        self._silence = silence
        self._piece = _PIECE * silence.timescale
        self._until: int | None = start

    def push(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples, and before them what is missing. Raises ValueError where they come too late for that, or after
        more than `MOST`."""
        for sample in samples:
            if self._until is not None:
                yield from self.finish(sample.pts)
                if self._silence.length and sample.pts < self._until - self._silence.length:
                    raise ValueError("sound after its own silence")
            self._until = sample.pts + max(int(self._silence.length), 1)
            yield sample

    def reach(self, end: int) -> list[Sample]:
        """Nothing will come before `end`: of what is missing up to there, as much as is certain. Raises ValueError for
        more than `MOST`."""
        filled: list[Sample] = []
        if self._until is None or not self._silence.length:
            return filled
        if end - self._until > MOST * self._silence.timescale:
            raise ValueError("nobody leaves out so much")
        while end - self._until >= self._piece:
            filled += self._silence.between(self._until, self._until + self._piece)
            self._until += self._piece
        return filled

    def finish(self, end: int) -> list[Sample]:
        """All that is missing up to there, where something else comes, or nothing more. Raises as `reach` does."""
        filled = self.reach(end)
        if self._until is not None:
            filled += self._silence.between(self._until, end)
        return filled
