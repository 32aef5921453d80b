"""What is still to be played from a place on, in order: one leg to the end, or the ranges of a clip one after another.

For what is sent and foreseen, in floats; where exactly the room is, `core.clip` says. A *part* is a range of a clip as
(start, stop); no parts mean the whole. Seconds of media time. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from courtcast.wire.screen import Scene

Parts = Sequence[tuple[float, float]]
LAST = 1e-3
"""Seconds. At the end of a clip its last frame stays up: so much before the end is what is shown."""


class Leg(NamedTuple):
    """A stretch that is played without a break."""

    after: float
    """Seconds of media that are played before it."""
    start: float
    stop: float
    """Infinite where the end is not known."""


def parts_of(scene: Scene) -> Parts:
    return tuple((one.start, one.stop) for one in scene.ranges)


def legs(parts: Parts, at: float, end: float | None = None) -> list[Leg]:
    """From `at` on; never none. end: where there are no parts, that of the exhibit, None while it is not known.

    A place outside of all parts counts as the nearest one.
    """
    if not parts:
        return [Leg(0.0, at, inf if end is None else end)]
    number, at = _inside(parts, at)
    found, after = [], 0.0
    for index in range(number, len(parts)):
        start, stop = parts[index]
        start = at if index == number else start
        found.append(Leg(after, start, stop))
        after += stop - start
    return found


def along(parts: Parts, at: float, seconds: float, end: float | None = None) -> float:
    """Where playback from `at` is, so many seconds of media later; held at the end."""
    line = legs(parts, at, end)
    if parts and at == parts[-1][1]:
        return at
    for leg in line:
        if seconds < leg.after + leg.stop - leg.start:
            return leg.start + seconds - leg.after
    return line[-1].stop


def up_to(line: Sequence[Leg], seconds: float) -> list[Leg]:
    """The first so many seconds of media of it."""
    return [
        Leg(after, start, min(stop, start + seconds - after)) for after, start, stop in line if after < seconds
    ] or list(line[:1])


def played(parts: Parts, at: float) -> Iterator[tuple[float, float]]:
    """Of a clip, what lies before `at`, nearest first: what was played of its part, then the parts before that."""
    number, at = _inside(parts, at)
    yield parts[number][0], at
    yield from reversed(parts[:number])


def _inside(parts: Parts, at: float) -> tuple[int, float]:
    """Index of the part that `at` lies in, and `at`; the nearest place where it lies in none."""
    for number, (start, stop) in enumerate(parts):
        if start <= at < stop:
            return number, at
    places = [(abs(place - at), -number, place) for number, part in enumerate(parts) for place in _edges(*part)]
    _, number, place = min(places)
    return -number, place


def _edges(start: float, stop: float) -> tuple[float, float]:
    return start, max(start, stop - LAST)
