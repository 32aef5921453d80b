"""What the fragments of a sound that is converted will be, before it is: so that any part of it can be made next. Pure.

It follows from where its samples lie, and from the rules by which a run from the beginning to the end fills its holes
and cuts it. The last fragments are left open: what comes behind the last sample depends on where the picture ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import laying, messages
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import Cutter
from courtcast.prepare.filling import MOST, Blank, Filled
from courtcast.prepare.timing import Timing
from courtcast.wire.media import Row, Track

_MOST = 700_000
"""Units that are laid out, ten hours: each costs some microseconds."""


class Outline(msgspec.Struct, frozen=True):
    """Its fragments from the first one on, and where it can be begun."""

    rows: list[Row]
    """Foreseen: see `core.manifest`."""
    entries: list[messages.Sounding]
    until: list[int | None]
    """For each of them, see `messages.Hearing`."""

    def fits(self, manifest: Manifest) -> bool:
        """What is made of it is what was foreseen, as far as it goes."""
        track = self.rows[0].track
        known = manifest.rows(track)[: manifest.made_first(track)]
        return bool(known) and all(_same(row, there) for row, there in zip(self.rows, known, strict=False))

    def lay(self, manifest: Manifest, duration: Fraction) -> None:
        """Behind what is made of it."""
        there = manifest.made_first(self.rows[0].track)
        manifest.foresee(self.rows[there:], duration)

    def lacks(self, manifest: Manifest, first: int, stop: int) -> bool:
        """Whether something of it is not there that is heard with these fragments of the picture."""
        assert manifest.video is not None
        if stop <= first:
            return False
        scale = manifest.tracks[manifest.video].timescale
        begin, last = manifest.rows(manifest.video)[first], manifest.rows(manifest.video)[stop - 1]
        ends = Fraction(last.start + last.duration, scale)
        return any(self._missing(manifest, Fraction(begin.start, scale), ends))

    def _missing(self, manifest: Manifest, start: Fraction, end: Fraction | None) -> list[tuple[int, int]]:
        track = manifest.tracks[self.rows[0].track]
        rows = manifest.rows(track.index)
        begin = floor(start * track.timescale)
        first = bisect_right(rows, begin, key=lambda row: row.start + row.duration)
        stop = len(rows)
        if end is not None:
            stop = bisect_left(rows, ceil(end * track.timescale), key=lambda row: row.start)
        return list(manifest.made(track.index).missing(first, stop))

    def hearing(self, manifest: Manifest, start: Fraction, end: Fraction | None) -> messages.Hearing | None:
        """What is to be made of it for those who see the picture from `start` to `end` (seconds on MSE time), or to the
        end of all; None where that is nothing."""
        track = manifest.tracks[self.rows[0].track]
        rows, made = manifest.rows(track.index), manifest.made(track.index)
        lacking = self._missing(manifest, start, end)
        if not lacking and end is not None:
            return None
        index = lacking[0][0] if lacking else len(rows)
        stop = None if end is None else lacking[-1][1]
        since = rows[index].start if index < len(rows) else rows[-1].start + rows[-1].duration
        at = bisect_right(self.entries, since - track.shift, key=lambda entry: entry.at) - 1
        at = max(at, 0)
        return messages.Hearing(
            entry=self.entries[at],
            until=self.until[at],
            index=index,
            since=since,
            before=(rows[max(index - 2, 0)].start, rows[index - 1].start),
            starts=[row.start for row in rows[index:stop]],
            end=stop,
            have=list(made.within(index, len(rows))),
        )


def foresee(sounds: messages.Sounds, track: Track, first: Row) -> Outline | None:
    """`first`: its first fragment, which is made already. None where the whole is too long, or is not as that. For long
    recordings it takes some seconds. Raises ValueError where what is said makes no sense."""
    if sounds.rate != track.timescale or not sounds.entries or sounds.entries[0].at != sounds.runs[0][0]:
        return None
    length = laying.unit(sounds.rate)
    _check(sounds, length)
    span = sounds.runs[-1][0] + sounds.runs[-1][1] - sounds.runs[0][0]
    if span // length + 2 * len(sounds.runs) > _MOST:
        return None
    silent = first.added[0][0] if first.added else None
    late = first.start - track.shift if silent == first.start else None
    rows = list(_rows(sounds.runs, length, track, late))
    if not rows or not _same(rows[0], first):
        return None
    return Outline(rows, sounds.entries, list(_until(sounds, length, late)))


def _check(sounds: messages.Sounds, length: int) -> None:
    for (start, samples), (following, _) in pairwise(sounds.runs):
        if not start + samples <= following <= start + samples + MOST * sounds.rate:
            raise ValueError("runs out of order")
    for one, other in pairwise(sounds.entries):
        if other.at < one.at + length:
            raise ValueError("entries out of order")


def _rows(runs: Sequence[tuple[int, int]], length: int, track: Track, late: int | None) -> Iterator[Row]:
    filled = Filled(Blank(Fraction(length), track.timescale), late)
    timing, cutter = Timing(shift=track.shift, reordered=False), Cutter(track.timescale)
    samples = (Sample(at, at, n, True, True, b"") for at, n in laying.units(runs, length))
    for index, piece in enumerate(cutter.push(timing.push(filled.push(samples)))):
        yield Row(track.index, index, piece.start, piece.duration, 0, piece.keyframe, "", [], piece.added)


def _until(sounds: messages.Sounds, length: int, late: int | None) -> Iterator[int | None]:
    """Inside a run an entry goes on from the unit before. At its beginning there may be silence before, which begins
    where the last unit of the run before would end if it were whole."""
    before = {sounds.runs[0][0]: late}
    for (start, samples), (following, _) in pairwise(sounds.runs):
        before[following] = start + -(-samples // length) * length
    for entry in sounds.entries:
        yield before.get(entry.at, entry.at)


def _same(row: Row, there: Row) -> bool:
    return (row.start, row.duration, row.added) == (there.start, there.duration, there.added)
