"""One exhibit at one place, and which of its fragments that means. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from math import inf

import msgspec

from courtcast.core.legs import Leg, Parts, legs
from courtcast.core.manifest import Manifest
from courtcast.core.timeline import exact
from courtcast.wire.media import Row, Track


class Need(msgspec.Struct, frozen=True):
    """One exhibit at one place."""

    manifest: Manifest
    at: float
    """Media time in seconds."""
    end: float | None = None
    """Media time at which it ends."""
    since: float | None = None
    """Media time of the keyframe to begin with, where what comes before it would be there too late (`core.aim`)."""
    parts: Parts = ()
    """The ranges of a clip, in order; none is the whole of it."""

    @property
    def legs(self) -> list[Leg]:
        """What is to be sent of it from the playhead (or `since`) on."""
        if self.since is None:
            return legs(self.parts, self.at, self.end)
        if not self.parts:
            return [Leg(self.since - self.at, self.since, legs((), self.at, self.end)[0].stop)]
        line = legs(self.parts, self.at)
        while len(line) > 1 and not line[0].start <= self.since < line[0].stop:
            del line[0]
        after, start, stop = line[0]
        begin = min(max(start, self.since), stop)
        return [Leg(after + begin - start, begin, stop), *line[1:]]

    @property
    def whole(self) -> Need:
        """From the beginning of the clip on."""
        return msgspec.structs.replace(self, at=self.parts[0][0] if self.parts else 0.0, since=None)


class Place(msgspec.Struct):
    """Where things are in one track of one leg of a need, as indices: 0 ≤ start ≤ first ≤ end ≤ count."""

    start: int
    """The fragment from which decoding has to begin."""
    first: int
    """Past what is needed first."""
    end: int
    """Past the leg."""
    count: int
    at: float
    """MSE ticks of the playhead."""


def tracks_for(manifest: Manifest, *, sound: bool) -> list[Track]:
    """Those that a screen needs."""
    return [track for track in manifest.tracks if sound or track.kind == "video"]


def places_of(need: Need, track: Track, first: float) -> list[Place]:
    """Of all legs; first: seconds of media from the playhead that are needed first."""
    here, *later = need.legs
    line = [place_of(need, track, here, max(0.0, first - here.after))]
    return line + [place_of(need, track, leg, first - leg.after if leg.after < first else None) for leg in later]


def place_of(need: Need, track: Track, leg: Leg, first: float | None) -> Place:
    """first: seconds of media from the leg's start that are needed first; None: nothing of it is"""
    rows, origin = need.manifest.rows(track.index), need.manifest.origin
    count = len(rows)
    begin = float((exact(leg.start) + origin) * track.timescale)
    start = at_or_before(rows, begin)
    while start > 0 and not rows[start].keyframe:
        start -= 1
    end = count
    if leg.stop < inf:
        end = first_from(rows, float((Fraction(leg.stop) + origin) * track.timescale))
    playhead = min(at_or_before(rows, begin) + 1, count)
    end = max(end, playhead)
    at = float((exact(need.at) + origin) * track.timescale)
    if first is None:
        return Place(start, start, end, count, at)
    return Place(start, min(max(first_from(rows, begin + first * track.timescale), playhead), end), end, count, at)


def at_or_before(rows: Sequence[Row], ticks: float) -> int:
    """Index of the last fragment that starts at or before `ticks`; the first where none does."""
    return max(bisect_right(rows, ticks, key=_start) - 1, 0)


def first_from(rows: Sequence[Row], ticks: float) -> int:
    """Index of the first fragment that starts at or after `ticks`; the count where none does."""
    return bisect_left(rows, ticks, key=_start)


def _start(row: Row) -> int:
    return row.start
