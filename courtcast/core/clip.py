"""Clips: ranges of one exhibit that are played as one, in their order, and nothing else of it.

The ranges do not overlap, so a media time says where in the clip it is. It lies in one of them (`start <= t < stop`) or
is the end of the last; where one ends, playback passes to the start of the next. *Clip time* counts the seconds of all
of them in a row, from 0 to `duration`.

A range is what was agreed, to the microsecond: neither its picture nor its sound begins earlier or ends later, whatever
the frames are. It begins with the frame that is up at `start`, and the one that is up just before `stop` is its last.

Exact: media times are Fractions, in seconds. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from courtcast.core.timeline import TOLERANCE, Timeline, in_words
from courtcast.problems import Refused
from courtcast.wire.library import ClipRange

MOST = 200
"""Ranges of one clip. Agreed edits have a few dozen; every screen is told all of them at every change."""
SHORTEST = Fraction(1, 1000)
"""Seconds of one range. Less is no picture on any display, and no sample of sound to speak of."""


class Range(msgspec.Struct, frozen=True):
    """A part of the exhibit, in seconds of media time: `start <= t < stop`."""

    start: Fraction
    stop: Fraction
    silent: bool = False

    @property
    def length(self) -> Fraction:
        return self.stop - self.start


Ranges = tuple[Range, ...]


def ranges(asked: Sequence[ClipRange], end: Fraction | None) -> Ranges:
    """The ranges that were written down, exact: decimals are taken as written.

    end: duration of the exhibit, None while it is not known; a stop that rounding put beyond it is moved back
    Raises Refused clip-empty, clip-too-many, malformed, clip-backwards, clip-outside, clip-overlap.
    """
    if not asked:
        raise Refused("clip-empty")
    if len(asked) > MOST:
        raise Refused("clip-too-many", most=MOST)
    made = tuple(_range(number, one, end) for number, one in enumerate(asked, 1))
    _check_apart(made)
    return made


def written(clip: Ranges) -> list[ClipRange]:
    """For a message."""
    return [ClipRange(start=float(one.start), stop=float(one.stop), silent=one.silent) for one in clip]


def placed(clip: Ranges, timeline: Timeline | None, end: Fraction | None, *, leaves: bool = False) -> Ranges:
    """The ranges as they are played, on an exhibit with these frames.

    A boundary within `TOLERANCE` of a frame's time means that time: no frame is up for an instant that rounding made.
    Leaves are whole. The end of the last range is never the start of another, or nobody could tell which is meant.
    Raises Refused clip-outside, clip-overlap.
    """
    made: list[Range] = []
    for number, one in enumerate(clip, 1):
        start, stop = _snap(timeline, one.start), _snap(timeline, one.stop)
        if leaves:
            start, stop = Fraction(math.floor(start)), Fraction(math.ceil(stop))
        if end is not None:
            if start >= end or stop > end + TOLERANCE:
                raise Refused("clip-outside", number=number, duration=in_words(end))
            stop = min(stop, end)
        made.append(Range(start, stop, one.silent))
    _check_apart(made)
    return tuple(made) if leaves else _plain_end(made)


def within(clip: Ranges, end: Fraction) -> Ranges:
    """The ranges without what lies beyond an end that is known since; all of them where nothing would remain."""
    if all(one.stop <= end for one in clip) or all(one.start >= end - SHORTEST for one in clip):
        return clip
    kept = [Range(one.start, min(one.stop, end), one.silent) for one in clip if one.start < end - SHORTEST]
    return _plain_end(kept)


def duration(clip: Ranges) -> Fraction:
    """Seconds of all ranges."""
    return sum((one.length for one in clip), Fraction(0))


def number_at(clip: Ranges, t: Fraction) -> int | None:
    """Index of the range that t lies in; None outside of the clip."""
    for number, one in enumerate(clip):
        if one.start <= t < one.stop:
            return number
    return len(clip) - 1 if clip and t == clip[-1].stop else None


def clip_time(clip: Ranges, t: Fraction) -> Fraction | None:
    """Seconds of the clip at media time t; None outside of the clip."""
    number = number_at(clip, t)
    return None if number is None else duration(clip[:number]) + t - clip[number].start


def media_time(clip: Ranges, seconds: Fraction) -> Fraction:
    """Media time at a clip time, which is held within 0 and `duration`. On a seam it is the start of the next range."""
    left = max(Fraction(0), seconds)
    for one in clip:
        if left < one.length:
            return one.start + left
        left -= one.length
    return clip[-1].stop


def after(clip: Ranges, t: Fraction, seconds: Fraction) -> Fraction:
    """Where playback from t is, so many seconds of media later; held at the end. A t outside begins at `nearest`."""
    at = clip_time(clip, t)
    if at is None:
        at = clip_time(clip, nearest(clip, t)) or Fraction(0)
    return media_time(clip, at + seconds)


def nearest(clip: Ranges, t: Fraction) -> Fraction:
    """The time of the clip that is nearest to t: itself, the start of a range, a moment before its stop, or the end."""
    if number_at(clip, t) is not None:
        return t
    edges = [edge for one in clip for edge in (one.start, max(one.start, one.stop - SHORTEST))] + [clip[-1].stop]
    return min(edges, key=lambda edge: (abs(edge - t), edge))


def ahead(clip: Ranges, t: Fraction) -> Iterator[Range]:
    """What is still to be played from t, in order: the rest of its range, then those that follow. Nothing at the end;
    all of it from a t outside."""
    number = number_at(clip, t)
    for index in range(number or 0, len(clip)):
        one = clip[index]
        start = t if index == number else one.start
        if start < one.stop:
            yield Range(start, one.stop, one.silent)


def seams(clip: Ranges, t: Fraction) -> Iterator[tuple[Fraction, int]]:
    """Where playback from t passes from one range to the next: in how many seconds of media, and to which (its index).
    At room clock `clock + seconds / rate`, where it is at t at `clock`."""
    number, passed = number_at(clip, t) or 0, Fraction(0)
    for index, one in enumerate(ahead(clip, t), number + 1):
        passed += one.length
        if index < len(clip):
            yield passed, index


def playable(clip: Ranges, t: Fraction, until: Callable[[Fraction], Fraction]) -> Fraction | None:
    """Seconds that can be played from t where it is there from a time on `until` another; None: to the end."""
    passed = Fraction(0)
    for one in ahead(clip, t):
        if (there := until(one.start)) < one.stop:
            return passed + max(Fraction(0), there - one.start)
        passed += one.length
    return None


def frame_at(clip: Ranges, timeline: Timeline, t: Fraction) -> int | None:
    """The frame that is up at t. At the end of the clip the last one stays."""
    if clip and t == clip[-1].stop:
        return _last_before(timeline, t)
    return timeline.frame_at(t)


def step(clip: Ranges, timeline: Timeline, t: Fraction, frames: int) -> Fraction:
    """The time of the frame that is `frames` away from the one at t, over the seams, held within the clip's frames.

    Before the first frame a step forward leads to it. Where the clip has no frame, t stays. A frame that a range begins
    within is stepped to at that range's start.
    """
    t = nearest(clip, t)
    number = number_at(clip, t)
    at, all_ = None, 0
    shots: list[tuple[Range, int, int]] = []
    for index, one in enumerate(clip):
        first = timeline.frame_at(one.start)
        first = 0 if first is None else first
        last = _last_before(timeline, one.stop)
        if last is None or last < first:
            continue
        if index == number:
            now = frame_at(clip, timeline, t)
            at = all_ + (-1 if now is None else min(now, last) - first)
        elif number is not None and index > number and at is None:
            at = all_ - 1  # in a range without frames, before this one
        shots.append((one, first, last))
        all_ += last - first + 1
    if not shots:
        return t
    to = min(max((all_ if at is None else at) + frames, 0), all_ - 1)
    for one, first, last in shots:
        if to <= last - first:
            return max(one.start, timeline.time_of(first + to))
        to -= last - first + 1
    raise AssertionError("beyond the frames of the clip")


def _range(number: int, asked: ClipRange, end: Fraction | None) -> Range:
    """number: from 1"""
    if not (math.isfinite(asked.start) and math.isfinite(asked.stop)):
        raise Refused("malformed", why="a time is not a number of seconds")
    start, stop = Fraction(repr(float(asked.start))), Fraction(repr(float(asked.stop)))
    if start < 0:
        raise Refused("malformed", why="a part of the clip begins before the recording does")
    if stop - start < SHORTEST:
        raise Refused("clip-backwards", number=number)
    if end is not None:
        if stop > end + TOLERANCE or end - start < SHORTEST:
            raise Refused("clip-outside", number=number, duration=in_words(end))
        stop = min(stop, end)
    return Range(start, stop, asked.silent)


def _check_apart(made: Sequence[Range]) -> None:
    """Raises Refused clip-overlap."""
    in_time = sorted(enumerate(made, 1), key=lambda one: one[1].start)
    for (one, before), (two, behind) in pairwise(in_time):
        if behind.start < before.stop:
            raise Refused("clip-overlap", one=min(one, two), two=max(one, two))


def _plain_end(made: Sequence[Range]) -> Ranges:
    """The end of the last one is no other's start: so short a time before it the same frame is up."""
    *others, last = made
    if any(one.start == last.stop for one in others):
        last = Range(last.start, last.stop - TOLERANCE, last.silent)
    return (*others, last)


def _snap(timeline: Timeline | None, t: Fraction) -> Fraction:
    """The time of a frame that comes up within `TOLERANCE` of t; t where none does."""
    if timeline is None:
        return t
    number = timeline.frame_at(t + TOLERANCE)
    if number is None:
        return t
    begins = timeline.time_of(number)
    return begins if abs(begins - t) <= TOLERANCE else t


def _last_before(timeline: Timeline, t: Fraction) -> int | None:
    """The last frame that comes up before t."""
    number = timeline.frame_at(t)
    if number is not None and timeline.time_of(number) == t:
        number -= 1
    return None if number is None or number < 0 else number
