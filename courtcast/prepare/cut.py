"""Where a track is cut into fragments. Pure.

A fragment lasts at most half a second (or one sample, where that is longer). It begins at a keyframe wherever there is
one, but for files of keyframes only, which would give a fragment for each picture. Elsewhere the cut is put, if one
can be found, where everything before is shown before everything behind, so that a fragment is a piece of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from courtcast.prepare.boxes import Sample

LONGEST = Fraction(1, 2)
"""Seconds. A seek waits for at most this much more than the pictures it needs."""
FIRST = Fraction(3, 10)
"""Seconds: the very first fragment is shorter, so that the first picture is up sooner on a thin line."""
KEY_EVERY = Fraction(1)
"""Seconds between the keyframes of what is converted: 30 frames are decoded at most for a picture."""
STRETCH = 5
"""Seconds of a stretch of what is converted, at least: whoever seeks into it waits until all before is made, which goes
several times as fast as it plays, and so much work is lost at most where the process is killed."""
SHORTEST = Fraction(1, 4)
"""Seconds: a keyframe so soon after the last one does not begin a new fragment."""


class Piece(NamedTuple):
    """A fragment to be: its samples, and the time they are shown (ticks)."""

    samples: list[Sample]
    start: int
    duration: int

    @property
    def keyframe(self) -> bool:
        return self.samples[0].sync

    @property
    def pts(self) -> list[int]:
        """Of the counted pictures, ascending."""
        return sorted(sample.pts for sample in self.samples if sample.counted)

    @property
    def added(self) -> list[tuple[int, int]]:
        """From, to of the samples that are none of the recording's own; those in a row as one."""
        found: list[tuple[int, int]] = []
        for sample in self.samples:
            if sample.added:
                begun = found.pop()[0] if found and found[-1][1] == sample.pts else sample.pts
                found.append((begun, sample.pts + sample.duration))
        return found


class Cutter:
    """Takes one track's samples in the order of decoding, with final times, and gives fragments when they are full.

    A sample's duration reaches to what is shown next (see `timing`): so a run of samples is a piece of time without
    holes exactly if the durations add up to what it spans.
    """

    def __init__(self, timescale: int, *, first: bool = True, before: tuple[int, int] | None = None) -> None:
        """`first`: the track begins with it. `before`: where the two keyframes lie (dts) that began the last fragments
        before the first of these, the same twice where there was but one."""
        self.timescale = timescale
        self._longest = max(int(LONGEST * timescale), 1)  # there are files whose clock ticks once a second
        self._shortest = int(SHORTEST * timescale)
        self._first = int(FIRST * timescale) if first else 0
        self._waiting: list[Sample] = []
        self._key: int | None = None
        """dts of the last keyframe that began a fragment."""
        self._gop = 0
        """Ticks between the last two of them."""
        if before is not None:
            self._key, self._gop = before[1], before[1] - before[0]

    def push(self, samples: Iterable[Sample]) -> Iterator[Piece]:
        """Take samples in; give the fragments that are certain now."""
        for sample in samples:
            self._waiting.append(sample)
            while (count := self._decide(last=False)) is not None:
                yield self._take(count)

    def flush(self) -> Iterator[Piece]:
        """No more samples: give what is left."""
        while (count := self._decide(last=True)) is not None:
            yield self._take(count)

    def _decide(self, *, last: bool) -> int | None:
        """How many samples the next fragment has; None while that depends on samples to come (or there are none)."""
        if not self._waiting:
            return None
        reach = self._reach()
        if reach == len(self._waiting) and not last:
            return None
        return self._choose(reach)

    def _reach(self) -> int:
        """How many of the waiting samples a fragment can hold: by their durations, up to a keyframe, at least one."""
        first, limit = self._waiting[0], self._limit()
        taken = 0
        for n, sample in enumerate(self._waiting):
            if n and taken + sample.duration > limit:
                return n
            if n and sample.sync and (not first.sync or taken >= self._shortest):
                return n
            taken += sample.duration
        return len(self._waiting)

    def _choose(self, reach: int) -> int:
        """The last clean cut in the later half of what can be held, else the most that can be held."""
        limit = self._limit()
        most = best = 1
        low = end = taken = 0
        for count, sample in enumerate(self._waiting[:reach], start=1):
            low = min(low, sample.pts) if count > 1 else sample.pts
            end = max(end, sample.pts + sample.duration)
            taken += sample.duration
            if end - low > limit:
                continue
            most = count
            if taken == end - low:
                best = count
        return best if best > reach // 2 else most

    def _take(self, count: int) -> Piece:
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        start = min(sample.pts for sample in taken)
        end = max(sample.pts + sample.duration for sample in taken)
        if taken[0].sync:
            self._gop = self._distance(taken[0])
            self._key = taken[0].dts
        self._first = 0
        return Piece(taken, start, end - start)

    def _distance(self, sample: Sample) -> int:
        """Ticks from one keyframe to the next, as far as seen: 0 where there was but one."""
        return self._gop if self._key is None or not sample.sync else sample.dts - self._key

    def _limit(self) -> int:
        """Keyframes mostly come evenly: share the way to the next one out evenly, so that no crumbs are left."""
        if self._first:
            return self._first
        distance = self._distance(self._waiting[0])
        if not distance:
            return self._longest
        return -(-distance // -(-distance // self._longest))


class NotAsLaid(Exception):
    """The samples do not fill the fragments that were foreseen."""


class Laid:
    """Cuts where it was decided before: a fragment begins at each of `starts` (ticks on MSE time). Of use where a
    `Cutter` is, for tracks whose samples are not reordered."""

    def __init__(self, starts: Sequence[int]) -> None:
        self._starts = starts
        self._next = 1
        """Of the starts: with that one the fragment at hand ends."""
        self._waiting: list[Sample] = []

    def push(self, samples: Iterable[Sample]) -> Iterator[Piece]:
        """Take samples in; give the fragments that are certain now. Raises NotAsLaid where one has none."""
        for sample in samples:
            if self._next == 1 and not self._waiting and sample.pts != self._starts[0]:
                raise NotAsLaid
            while self._next < len(self._starts) and sample.pts >= self._starts[self._next]:
                yield self._take()
                self._next += 1
            self._waiting.append(sample)

    def flush(self) -> Iterator[Piece]:
        """No more samples. Raises NotAsLaid where there are fragments without one."""
        if self._waiting:
            yield self._take()
            self._next += 1
        if self._next <= len(self._starts):
            raise NotAsLaid

    def _take(self) -> Piece:
        if not self._waiting:
            raise NotAsLaid
        taken, self._waiting = self._waiting, []
        start = taken[0].pts
        return Piece(taken, start, taken[-1].pts + taken[-1].duration - start)
