"""Which bytes to ask for next. Pure.

At most two lanes (ranged requests under way) share the line: one goes through the file from the front, the other is
opened where somebody waits for bytes that are far from it: an MP4 whose index is at the end, a still of a late moment.
While somebody waits, only the lane that serves them is read, so that on a thin line the other takes nothing from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from courtcast.evidence.ranges import Ranges

LANES = 2
"""Requests at a time to one server. More share the same line and serve nobody sooner."""
NEAR = 256 << 10
"""Bytes. What lies less than this ahead of a lane comes sooner by waiting than by another connection."""
NEAR_SECONDS = 0.25
"""The same on a quick line: about what opening a connection costs."""
SPAN = 1 << 20
"""Bytes asked for at a far place at first; doubled each time that the next ones are asked for in order."""
MAX_SPAN = 16 << 20
LINGER = 0.1
"""Seconds after serving someone in which other lanes still wait: who reads on takes a moment between two reads."""


class Lane(NamedTuple):
    """A request under way: where the next byte goes, and where it ends."""

    position: int
    end: int


class Step(NamedTuple):
    """What to do: lanes by their index in what was given."""

    run: frozenset[int]
    """These are read; the others pause."""
    start: Lane | None = None
    """A new lane; it runs."""
    stop: int | None = None
    """This lane is given up for it."""
    cut: int | None = None
    """This lane ends where the new one begins."""


def next_step(
    held: Ranges, length: int, wants: Sequence[int], lanes: Sequence[Lane], *, near: int = NEAR, span: int = SPAN
) -> Step:
    """The next step of a fetch from a server that has ranges.

    wants: where somebody waits for bytes, most urgent first
    """
    everyone = frozenset(range(len(lanes)))
    want = next((missing for offset in wants if (missing := held.held_until(offset)) < length), None)
    if want is None:
        gap = None if lanes else next(_gaps(held, length, lanes), None)
        return Step(everyone, gap)
    serving = [n for n, lane in enumerate(lanes) if lane.position <= want < lane.end]
    if serving and want - lanes[serving[0]].position <= near:
        return Step(frozenset(serving))
    stop = None
    if len(lanes) >= LANES:  # the one that is nearly through was opened for someone who waits no more
        stop = min(everyone, key=lambda n: lanes[n].end - lanes[n].position)
    cut = serving[0] if serving and serving[0] != stop else None
    ahead = [lane.position for n, lane in enumerate(lanes) if n != stop and lane.position > want]
    end = min([length, held.next_held(want) or length, *ahead])
    # Leaving less than another span for later would only cost another round trip.
    end = end if end - want <= 2 * span else want + span
    return Step(frozenset(), Lane(want, end), stop, cut)


def _gaps(held: Ranges, length: int, lanes: Sequence[Lane]) -> Iterator[Lane]:
    covered = held.copy()
    for lane in lanes:
        covered.add(lane.position, max(lane.position, lane.end))
    return (Lane(*gap) for gap in covered.gaps(length))
