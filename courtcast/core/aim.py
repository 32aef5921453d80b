"""From where to send to a screen that cannot be in time with what is under the playhead.

A screen that has fallen behind, or whose line carries less than the recording needs, would be sent the GOP under the
playhead for ever, and each would be there only when the room is past it. So what cannot be in time is left out, and
sending begins at the keyframe with which the picture is back soonest: the screen comes in there, at the right frame.

Seconds of media time, bytes, bytes a second. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from heapq import merge
from math import inf

from courtcast.core.manifest import Manifest
from courtcast.core.policy import Known, Need, tracks_for
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

    def back(begin: float) -> float:
        """Seconds from now until the picture goes on, where what starts before `begin` is left out."""
        at, size = max(0.0, (begin - need.at) / speed), float(queued)
        for start, count in _lacking(need, known, begin, sound=sound):
            due = (start - need.at) / speed
            if due >= at + RUN:
                break
            size += count
            arrives = size / rate
            if arrives > max(0.0, due):
                at = max(at, arrives)
        return at

    best, chosen = back(need.at) - BETTER, None
    for begin in _keyframes(need):
        if (begin - need.at) / speed >= best:
            break
        if (found := back(begin)) < best:
            best, chosen = found, begin
    return chosen


def _keyframes(need: Need) -> Iterator[float]:
    """Where decoding can begin beyond the playhead, ascending."""
    manifest = need.manifest
    track = (tracks_for(manifest, sound=False) or manifest.tracks)[0]
    until = min(need.at + AHEAD, inf if need.end is None else need.end)
    made = manifest.made(track.index)
    for row in manifest.rows(track.index)[_at_or_before(manifest, track, need.at) + 1 :]:
        start = _seconds(manifest, track, row.start)
        if start >= until:
            return
        if row.keyframe and row.index in made:
            yield start


def _lacking(need: Need, known: Known, begin: float, *, sound: bool) -> Iterator[tuple[float, int]]:
    """(start, bytes) of what is not held of each track, by time, from the keyframe at or before `begin`."""
    manifest = need.manifest
    return merge(*(_of_one(manifest, track, known, begin) for track in tracks_for(manifest, sound=sound)))


def _of_one(manifest: Manifest, track: Track, known: Known, begin: float) -> Iterator[tuple[float, int]]:
    rows = manifest.rows(track.index)
    first = _at_or_before(manifest, track, begin)
    while first > 0 and not rows[first].keyframe:
        first -= 1
    held = known.fragments.get((manifest.rendition, track.index), ())
    latest = -inf
    for index in range(first, len(rows)):
        row = rows[index]
        latest = max(latest, _seconds(manifest, track, row.start))
        if index not in held:
            yield latest, row.bytes


def _at_or_before(manifest: Manifest, track: Track, at: float) -> int:
    rows = manifest.rows(track.index)
    return max(bisect_right(rows, at, key=lambda row: _seconds(manifest, track, row.start)) - 1, 0)


def _seconds(manifest: Manifest, track: Track, start: int) -> float:
    return float(start / track.timescale - manifest.origin)
