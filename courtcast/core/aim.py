"""From where to send to a screen that cannot be in time with what is under the playhead.

A screen that has fallen behind, or whose line carries less than the recording needs, would be sent the GOP under the
playhead for ever, and each would be there only when the room is past it. So what cannot be in time is left out, and
sending begins at the keyframe with which the picture is back soonest: the screen comes in there, at the right frame.
Of a clip that may also be the start of one of its later ranges.

Seconds of media time, bytes, bytes a second. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from math import inf

from courtcast.core.legs import Leg
from courtcast.core.manifest import Manifest
from courtcast.core.need import Need, at_or_before, tracks_for
from courtcast.core.policy import Known
from courtcast.core.spans import Spans
from courtcast.core.timeline import exact
from courtcast.wire.media import Track

RUN = 1.0
"""Seconds that the picture has to go on once it is back: less is a flicker."""
BETTER = 0.25
"""Seconds that leaving something out has to win: rates waver, and what was begun should be ended."""
AHEAD = 60.0
"""Seconds beyond the playhead in which a place to come in is looked for."""


def since(need: Need, known: Known, rate: float, *, speed: float, sound: bool, queued: int = 0) -> float | None:
    """Media time of the keyframe to begin with; None: the one at or before the playhead, as ever.

    rate: what the line is believed to carry; a guess too high costs less than one too low, since what is left out is
        not shown whatever the line does
    speed: of the playhead; 0 while it stands
    queued: bytes that are on their way before anything that is sent now
    """
    if speed <= 0 or rate <= 0:
        return None

    def back(line: Sequence[Leg]) -> float:
        """Seconds from now until the picture goes on, where what comes before these legs is left out."""
        at, size = max(0.0, line[0].after / speed), float(queued)
        for distance, count in _lacking(need, known, line, sound=sound):
            due = distance / speed
            if due >= at + RUN:
                break
            size += count
            arrives = size / rate
            if arrives > max(0.0, due):
                at = max(at, arrives)
        return at

    best, chosen = back(need.legs) - BETTER, None
    for line in _beginnings(need):
        if line[0].after / speed >= best:
            break
        if (found := back(line)) < best:
            best, chosen = found, line[0].start
    return chosen


def _distance(leg: Leg, media: float) -> float:
    """Seconds of media from the playhead to a place in a leg; negative before the first one."""
    return leg.after + media - leg.start


def _beginnings(need: Need) -> Iterator[list[Leg]]:
    """What is left of it from each place where one can begin beyond the playhead, ascending."""
    manifest, legs = need.manifest, need.legs
    track = (tracks_for(manifest, sound=False) or manifest.tracks)[0]
    rows, made = manifest.rows(track.index), manifest.made(track.index)
    for number, leg in enumerate(legs):
        if leg.after >= AHEAD:
            return
        if number:
            yield legs[number:]
        until = min(leg.start + AHEAD - leg.after, leg.stop)
        for index in range(_index(manifest, track, leg.start) + 1, len(rows)):
            start = _seconds(manifest, track, rows[index].start)
            if start >= until:
                break
            if rows[index].keyframe and index in made:
                yield [Leg(_distance(leg, start), start, leg.stop), *legs[number + 1 :]]


def _lacking(need: Need, known: Known, line: Sequence[Leg], *, sound: bool) -> Iterator[tuple[float, int]]:
    """(distance, bytes) of what is not held of each track, by the time at which it is played; each leg from the
    keyframe at or before its start."""
    manifest = need.manifest
    return merge(*(_of_one(manifest, track, known, line) for track in tracks_for(manifest, sound=sound)))


def _of_one(manifest: Manifest, track: Track, known: Known, line: Sequence[Leg]) -> Iterator[tuple[float, int]]:
    rows = manifest.rows(track.index)
    held = known.fragments.get((manifest.rendition, track.index), ())
    given = Spans()
    latest = -inf
    for number, leg in enumerate(line):
        first = _index(manifest, track, leg.start)
        while first > 0 and not rows[first].keyframe:
            first -= 1
        end = first
        while end < len(rows) and (end == first or _seconds(manifest, track, rows[end].start) < leg.stop):
            end += 1
            if (index := end - 1) not in held and index not in given:
                # What a later leg needs to begin with has to be there when it begins, not before.
                least = leg.after if number else -inf
                latest = max(latest, least, _distance(leg, _seconds(manifest, track, rows[index].start)))
                yield latest, rows[index].bytes
        given.add(first, end)


def _index(manifest: Manifest, track: Track, at: float) -> int:
    """Of the fragment at or before a media time; the first where none is."""
    return at_or_before(manifest.rows(track.index), float((exact(at) + manifest.origin) * track.timescale))


def _seconds(manifest: Manifest, track: Track, start: int) -> float:
    return float(start / track.timescale - manifest.origin)
