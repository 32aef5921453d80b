"""How evenly the pictures of a recording come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low
from typing import Final

from courtcast.wire.inspection import Pace

KINDS_MOST: Final = 12
"""Durations that are named one by one."""
_EVEN: Final = 0.02
"""Share of the usual duration by which those of an even recording may differ."""


def pace(pts: Sequence[int], timescale: int) -> Pace | None:
    """Of all frames' presentation times, ascending, in ticks. None where there are fewer than two.

    The last picture's duration is not known by times alone, and does not count. A clock that counts milliseconds gives
    33, 33, 34: differences of one tick say nothing.
    """
    apart = [later - earlier for earlier, later in pairwise(pts)]
    if not apart:
        return None
    usual, shortest, longest = median_low(apart), min(apart), max(apart)
    counted = Counter(apart)
    common = counted.most_common(KINDS_MOST)
    return Pace(
        frames=len(pts),
        usual=usual / timescale,
        shortest=shortest / timescale,
        longest=longest / timescale,
        constant=longest - shortest <= max(1.0, _EVEN * usual),
        durations=sorted((ticks / timescale, count) for ticks, count in common),
        others=len(apart) - sum(count for _, count in common),
    )
