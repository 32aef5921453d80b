"""What a log of numbers on a display says: when the first came, how long it stood still, what was never shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

STILL = 0.25
"""Seconds without a new number that a person sees as standing still; half of it is lost on busy machines without a line
at all."""
PASSED = 8
"""Frames: who leaves out more at once has jumped."""
LAST = 3
"""Frames before the last one that count as the end."""

Log = Sequence[tuple[float, int]]
"""(ms of the wall clock, number), whenever another number came onto the display."""


class Seen(msgspec.Struct, frozen=True):
    """One screen in one run. Seconds."""

    first: float | None
    """From the asking to the first number; None: never."""
    still: list[tuple[float, float]]
    """(how long after the asking, for how long): what was watched for and did not move."""
    unseen: float
    """Of the clip, jumped over."""
    back: int
    """Times that the number went back."""
    last: int | None


def seen(log: Log, *, asked: float, playing: float, until: float, rate: float, frames: int) -> Seen:
    """`asked`, `playing` (from then on it has to move) and `until` (watched to then): ms of the wall clock."""
    log = [entry for entry in log if asked <= entry[0] <= until]
    if not log:
        return Seen(None, [], 0.0, 0, None)
    # a picture that was up before it had to move moves from then on
    moving = [(max(at, playing), number) for at, number in log]
    ended = log[-1][1] >= frames - LAST
    moments = [at for at, _ in moving] + ([] if ended else [until])
    rests = [(one, (other - one) / 1e3) for one, other in pairwise(moments)]
    steps = [-1, *(number for _, number in log)]
    jumps = [after - before - 1 for before, after in pairwise(steps)]
    return Seen(
        first=(log[0][0] - asked) / 1e3,
        still=[((at - asked) / 1e3, took) for at, took in rests if took > STILL],
        unseen=sum(jump for jump in jumps if jump >= PASSED) / rate,
        back=sum(jump < -1 for jump in jumps),
        last=log[-1][1],
    )


def arrived(log: Log, *, asked: float, to: float, rate: float, near: float = 1.0) -> float | None:
    """Seconds from a seek to a number at its target, or at most `near` seconds behind it; None: it never came."""
    low, high = to * rate - 1, (to + near) * rate
    return next(((at - asked) / 1e3 for at, number in log if at >= asked and low <= number <= high), None)
