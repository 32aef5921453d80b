"""Whether a recording will play to its end without a pause, and if not yet, from when on.

Two buffers in a row: what the link has still to bring, and what each screen has still to be sent. A line that carries
`rate` bytes a second brings `missing` bytes in missing / rate seconds; playing gives it the time until the end. Rates
are taken with a margin, since lines are bursty and an average promises too much.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MARGIN = 0.8
"""Share of a measured rate that is counted on."""


class Line(NamedTuple):
    """What one line has still to carry."""

    missing: int
    """Bytes."""
    rate: float | None
    """Bytes a second; None while nothing was measured."""


class Readiness(NamedTuple):
    safe: bool
    wait: float | None
    """Seconds until it is safe; None where that cannot be said, or where it is safe now."""


NOT_KNOWN = Readiness(safe=False, wait=None)
SAFE = Readiness(safe=True, wait=None)


def readiness(*, upstream: Line, screens: Iterable[Line], play_time: float | None) -> Readiness:
    """For the screens that are there. `play_time`: seconds that the rest takes to play; None while not known.

    Wait w is enough where (missing / (MARGIN * rate)) <= w + play_time on each line, the link's bytes passing over
    a screen's line as well. Without a screen nothing is safe: there is nobody to play to.
    """
    lines = list(screens)
    if not lines:
        return NOT_KNOWN
    if upstream.missing == 0 and all(line.missing == 0 for line in lines):
        return SAFE
    if play_time is None:
        return NOT_KNOWN
    waits: list[float] = []
    for line in lines:
        for need in (upstream, Line(line.missing + upstream.missing, line.rate)):
            if need.missing == 0:
                continue
            if not need.rate:
                return NOT_KNOWN
            waits.append(need.missing / (MARGIN * need.rate) - play_time)
    wait = max(waits, default=0.0)
    return SAFE if wait <= 0 else Readiness(safe=False, wait=wait)
