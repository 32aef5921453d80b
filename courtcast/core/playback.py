"""Where playback of what is shown is, and where it stops, along the whole exhibit or along the ranges of a clip.

- Playback follows from its anchor: media + (now - clock) * rate, held at the end. With ranges it passes from the end of
  each to the start of the next, and its end is the end of the last.
- A recording that is still coming may be played. Where it has not come yet the room waits, and goes on by itself
  (`hold`): the person's pause and ours are two facts.

Media times are exact, in seconds; `now` is the room clock. Pure.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from courtcast.core import clip as clips
from courtcast.core.clip import SHORTEST, Ranges
from courtcast.core.item import Item, Part
from courtcast.core.timeline import in_words
from courtcast.problems import Refused

WAIT_BELOW = Fraction(1, 2)
GO_ON_ABOVE = Fraction(3)
"""Seconds that are prepared beyond the playhead of a recording that is still coming: with less the room waits, so that
no screen has to leave pictures out later; with so many it goes on by itself. Two thresholds, or it would stutter."""
END = Fraction(1)
"""Seconds: the end itself may come only when all else of a recording is prepared."""
NANO = 1_000_000_000
"""Where playback is counts in whole nanoseconds, so that exact times stay short numbers."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """On the screens. `media` is where it rests, or where it is at `clock` when it plays."""

    exhibit: str
    rendition: str
    media: Fraction
    clock: float = 0.0
    playing: bool = False
    waiting: bool = False
    """Playing, but held where the recording has not come yet: our pause, not a person's."""
    end: Fraction | None = None
    """Of the exhibit, once it is known for good; of a clip the end of its last range."""
    zones: tuple[str, ...] | None = None
    clip: str | None = None
    """Name of the clip."""
    ranges: Ranges = ()
    """Of the clip, as they were when it was cued; none is the whole exhibit."""
    first: Fraction = Fraction(0)
    """Where it was put up: tells a repeated show from a new one."""
    restricted: bool = False
    subtitles: str | None = None
    leaves: bool = False
    view: Part | None = None
    """The part of the picture that fills the displays; None is the whole."""
    detail: str | None = None
    """Rendition of exactly this part, where there is a sharper one than the leaf itself."""


def position(shown: Shown, rate: float, now: float) -> Fraction:
    """Media time at `now`."""
    passed = Fraction(0)
    if shown.playing and not shown.waiting:
        passed = Fraction(round(max(0.0, now - shown.clock) * rate * NANO), NANO)
    if shown.ranges:
        return clips.after(shown.ranges, shown.media, passed)
    media = shown.media + passed
    return media if shown.end is None else min(media, shown.end)


def at_end(shown: Shown, media: Fraction) -> bool:
    """Nothing comes after this media time."""
    if shown.end is None:
        return False
    return media == shown.end if shown.ranges else media >= shown.end


def frame_at(ranges: Ranges, item: Item, t: Fraction) -> int | None:
    """Number of the frame that is up; None where there are no frames, or none there yet."""
    if item.timeline is None:
        return None
    return clips.frame_at(ranges, item.timeline, t) if ranges else item.timeline.frame_at(t)


def ends_at(shown: Shown, rate: float) -> float | None:
    """Room clock at which it reaches its end; None where it does not play, or the end is not known."""
    if not shown.playing or shown.waiting or shown.end is None:
        return None
    left = shown.end - shown.media
    if shown.ranges:
        left = clips.duration(tuple(clips.ahead(shown.ranges, shown.media)))
    return shown.clock + float(left) / rate


def begun(shown: Shown, clock: float) -> Shown:
    """Plays from where it rests at that room clock; from the start again where that is the end."""
    start = shown.media
    if at_end(shown, start):
        start = shown.ranges[0].start if shown.ranges else Fraction(0)
    return msgspec.structs.replace(shown, media=start, clock=clock, playing=True)


def moved(shown: Shown, to: Fraction, clock: float) -> Shown:
    """At another place: goes on from there at that room clock if it plays."""
    if not shown.playing:
        return rest(shown, to)
    return msgspec.structs.replace(shown, media=to, clock=clock, waiting=False)


def rest(shown: Shown, media: Fraction) -> Shown:
    return msgspec.structs.replace(shown, media=media, clock=0.0, playing=False, waiting=False)


def settled(shown: Shown, rate: float, now: float) -> Shown:
    """At rest where it has run to its end."""
    if not shown.playing or shown.end is None or position(shown, rate, now) != shown.end:
        return shown
    return rest(shown, shown.end)


def held(shown: Shown, item: Item, rate: float, now: float, clock: float) -> Shown:
    """Waiting or going on as far as the exhibit (`item`) is prepared; clock: of a start that is asked for now."""
    if not shown.playing:
        return shown
    here = position(shown, rate, now)
    left = _playable(shown, item, here)
    if shown.waiting:
        if left is not None and left < _enough(shown, item, here):
            return shown
        return msgspec.structs.replace(shown, clock=clock, waiting=False)
    if left is None or item.rendition != shown.rendition or left >= WAIT_BELOW:
        return shown
    begins = Fraction(0)
    if (number := clips.number_at(shown.ranges, here)) is not None:
        begins = shown.ranges[number].start
    return msgspec.structs.replace(shown, media=max(begins, min(here, item.until(here))), clock=0.0, waiting=True)


def waits_at(shown: Shown, item: Item, rate: float, now: float) -> float | None:
    """Seconds until `held` would have to be asked again if nothing more came; None where it need not be."""
    if not shown.playing or shown.waiting:
        return None
    left = _playable(shown, item, position(shown, rate, now))
    return None if left is None else max(0.0, shown.clock - now) + max(0.0, float(left - WAIT_BELOW)) / rate


def inside(ranges: Ranges, name: str | None, t: Fraction, *, leaves: bool = False) -> Fraction:
    """A time that was asked for, within the clip. What is written down of a time is rounded: so little beside a range
    means its edge. Raises Refused outside-clip."""
    near = clips.nearest(ranges, t) if ranges else t
    if abs(near - t) > SHORTEST:
        raise Refused("outside-clip", name=name, nearest=f"page {int(near) + 1}" if leaves else in_words(near))
    return near


def refreshed(ranges: Ranges, media: Fraction, end: Fraction | None) -> tuple[Ranges, Fraction]:
    """The ranges and a place in them, now that the exhibit's end is known (None: it is not)."""
    cut = ranges if end is None else clips.within(ranges, end)
    return cut, media if cut == ranges else clips.nearest(cut, media)


def _playable(shown: Shown, item: Item, here: Fraction) -> Fraction | None:
    """Seconds that can be played from here with what is prepared; None: all that there will be."""
    if shown.ranges:
        return None if item.end is not None else clips.playable(shown.ranges, here, item.until)
    return None if shown.end is not None else item.until(here) - here


def _enough(shown: Shown, item: Item, here: Fraction) -> Fraction:
    """Seconds that have to be there for a room that waits to go on."""
    if item.foreseen is None or (shown.ranges and shown.ranges[-1].stop < item.foreseen - END):
        return GO_ON_ABOVE
    left = clips.duration(tuple(clips.ahead(shown.ranges, here))) if shown.ranges else item.foreseen - here
    return min(GO_ON_ABOVE, max(left - END, WAIT_BELOW))
