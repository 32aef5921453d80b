"""Where the tracks of a recording lie in time. Pure: decided from what the demuxer gave first."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, gcd
from typing import NamedTuple

_REACHABLE = Fraction(9, 10)
"""Seconds. Chromium plays from a seek before the first buffered sample where that lies below 1 s on MSE time
(`kSeekToStartFudgeRoom`), and stalls without a word otherwise."""


class Head(NamedTuple):
    """Where one track begins. Times in seconds as the file has them; exact. None: it has not begun yet."""

    timescale: int
    first: Fraction | None
    """Of the first coded sample."""
    presented: Fraction | None
    """Of the first sample inside the edit list."""


class Place(NamedTuple):
    """Where a track lies on MSE time, in its own ticks."""

    shift: int
    """To add to the file's ticks."""
    first: int
    """The first presented sample."""
    lead: int | None
    """Where to move the first sample's time, so that the track is reachable from `origin` on; None: leave it."""


def place(heads: Sequence[Head], zero: Fraction | None = None) -> tuple[Fraction, list[Place]]:
    """The origin (MSE time of media time 0) and the place of each track.

    Media time begins with whatever is presented first. All coded samples lie at MSE time 0 or later, as close to it as
    whole ticks on every track allow; so decoding can begin at a keyframe that lies before the edit list's start.

    zero: media time 0 in the file's seconds, where it was decided before: times stay what they are when another sound
    is chosen, which may begin earlier or later
    """
    begun = [(head.first, head.presented) for head in heads if head.first is not None and head.presented is not None]
    zero = min(presented for _, presented in begun) if zero is None else zero
    grain = 0
    for head in heads:
        grain = gcd(grain, head.timescale)
    earliest = min(zero, *(first for first, _ in begun))
    shift = Fraction(ceil(-earliest * grain), grain)
    origin = zero + shift
    return origin, [_place(head, origin, shift) for head in heads]


def _place(head: Head, origin: Fraction, shift: Fraction) -> Place:
    ticks = int(shift * head.timescale)
    if head.first is None or head.presented is None:
        return Place(shift=ticks, first=ceil(origin * head.timescale), lead=None)
    first = head.first + shift
    late = first > origin and first > _REACHABLE
    return Place(
        shift=ticks,
        first=ceil((head.presented + shift) * head.timescale),
        lead=ceil(origin * head.timescale) if late else None,
    )
