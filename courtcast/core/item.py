"""What the room has to know of an exhibit, and which moment of it, and which part of its picture, is meant. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import msgspec

from courtcast.core.timeline import TOLERANCE, Timeline, in_words
from courtcast.problems import Refused
from courtcast.wire.library import ClipRange

SMALLEST_VIEW = 1 / 64
"""Of the picture's width and height. Of a page in A4 that is three millimetres: less shows nothing more."""
EDGE = 1e-6
"""Fractions that were added up elsewhere may reach so far beyond the picture, and are moved back."""
Part = tuple[float, float, float, float]
"""Left, top, width, height, as fractions of the upright picture."""


class Clipped(msgspec.Struct, frozen=True, kw_only=True):
    """A clip of an exhibit, as it was written down."""

    id: str
    name: str
    ranges: tuple[ClipRange, ...]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What the room needs to know of an exhibit."""

    ref: str
    rendition: str | None = None
    """None until there is something to show."""
    showable: bool = False
    failed: str | None = None
    """The sentence that says why it cannot be shown."""
    end: Fraction | None = None
    """Duration, once it is known for good."""
    prepared: Fraction = Fraction(0)
    """Seconds of media time that are prepared."""
    foreseen: Fraction | None = None
    """Its duration, as far as is known while it is prepared, where any part of it can be prepared next."""
    reach: Callable[[Fraction], Fraction] | None = None
    """Media time up to which it is prepared from a time on; up to `prepared`, from 0 on, where None."""
    timeline: Timeline | None = None
    restricted: bool = False
    """Nothing of it stays on a screen that neither shows it nor holds it ready."""
    leaves: bool = False
    """Its pictures stand, and media time counts them."""
    subtitles: str | None = None
    """Of those that are shown over it, the id."""
    clips: tuple[Clipped, ...] = ()

    def until(self, t: Fraction) -> Fraction:
        """Media time up to which it is prepared from t on."""
        return self.prepared if self.reach is None else self.reach(t)


Catalog = Callable[[str], Item]
"""Gives an exhibit by its id. Raises Refused exhibit-unknown."""


def clipped(item: Item, named: str) -> Clipped:
    """The clip with this id, or else with this name. Raises Refused clip-unknown."""
    for one in (*(each for each in item.clips if each.id == named), *item.clips):
        if named in (one.id, one.name):
            return one
    raise Refused("clip-unknown", ref=item.ref)


def moment(item: Item, seconds: float) -> Fraction:
    """The exact media time that a written number of seconds means. Raises Refused outside-exhibit,
    still-not-yet; of leaves outside-leaves, leaf-not-yet."""
    if not math.isfinite(seconds):
        raise Refused("malformed", why="a time is not a number of seconds")
    exact = Fraction(repr(float(seconds)))
    if exact < 0 or (item.end is not None and exact > item.end + TOLERANCE):
        if item.leaves:
            raise Refused("outside-leaves", ref=item.ref, count=int(item.end or item.prepared))
        raise Refused("outside-exhibit", duration=in_words(item.end if item.end is not None else item.prepared))
    if item.end is None and exact > max(item.prepared, item.foreseen or 0) + TOLERANCE:
        raise Refused("leaf-not-yet" if item.leaves else "still-not-yet")
    if item.end is not None:
        exact = min(exact, item.end)
    return _snap(item.timeline, exact)


def at_rest(item: Item, t: Fraction) -> Fraction:
    """Leaves rest at their own time, and the last one is up at the end; a time in a recording stays as it is."""
    if not item.leaves or item.timeline is None:
        return t
    number = item.timeline.frame_at(t)
    return t if number is None else item.timeline.time_of(number)


def frame_at(item: Item, t: Fraction) -> int | None:
    """Number of the frame on the screen at t; None where there are no frames, or none there yet."""
    return None if item.timeline is None else item.timeline.frame_at(t)


def part(asked: Part) -> Part | None:
    """What was asked for, within the picture; None where it is all of it. Raises Refused malformed, outside-range."""
    if not all(math.isfinite(number) for number in asked):
        raise Refused("malformed", why="a part of the picture is four numbers")
    left, top, width, height = asked
    if min(width, height) < SMALLEST_VIEW - EDGE or max(width, height) > 1 + EDGE:
        raise Refused("outside-range", what="The width and height of a part of the picture", low="1/64", high=1)
    if min(left, top) < -EDGE or max(left + width, top + height) > 1 + EDGE:
        raise Refused("malformed", why="the part lies outside of the picture")
    width, height = min(width, 1.0), min(height, 1.0)
    left, top = min(max(left, 0.0), 1.0 - width), min(max(top, 0.0), 1.0 - height)
    return None if width >= 1 - EDGE and height >= 1 - EDGE else (left, top, width, height)


def _snap(timeline: Timeline | None, t: Fraction) -> Fraction:
    """A time that lies less than `TOLERANCE` before a frame means the frame."""
    if timeline is None:
        return t
    frame = timeline.frame_at(t + TOLERANCE)
    if frame is None:
        return t
    begins = timeline.time_of(frame)
    return begins if t < begins <= t + TOLERANCE else t
