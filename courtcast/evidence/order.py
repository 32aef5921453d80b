"""Which bytes to ask for next. Pure.

Lanes (ranged requests under way) go through the file from the front: one, or a few side by side where these carry more
(`company`); each of those takes the next stretch, so that what is held from the front on grows all the time. Another is
opened where somebody waits for bytes that are far from all of them: an MP4 whose index is at the end, a still of a late
moment. While somebody waits for such, only the lane that serves them is read, so that on a thin line the others take
nothing from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from courtcast.evidence.pieces import PIECE
from courtcast.evidence.ranges import Ranges

LANES = 2
"""Requests at a time to one server, where more side by side are not asked for."""
NEAR = 256 << 10
"""Bytes. What lies less than this ahead of a lane comes sooner by waiting than by another connection."""
NEAR_SECONDS = 0.25
"""The same on a quick line: about what opening a connection costs."""
SPAN = 1 << 20
"""Bytes asked for at a far place at first; doubled each time that the next ones are asked for in order."""
MAX_SPAN = 16 << 20
LINGER = 0.1
"""Seconds after serving someone in which other lanes still wait: who reads on takes a moment between two reads."""
STRETCH = 4 << 20
"""Bytes that one of several lanes takes at least …"""
STRETCH_SECONDS = 3.0
"""… and for how long it is busy with them: asking again costs the way there and back …"""
MAX_STRETCH = 64 << 20
"""… and at most: what lies behind has to be read back for the hash of the whole."""


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
    held: Ranges,
    length: int,
    wants: Sequence[int],
    lanes: Sequence[Lane],
    *,
    near: int = NEAR,
    span: int = SPAN,
    side_by_side: int = 1,
    stretch: int = STRETCH,
) -> Step:
    """The next step of a fetch from a server that has ranges.

    wants: where somebody waits for bytes, most urgent first; side_by_side: lanes that carry more together than fewer;
    stretch: bytes that each of them takes at a time
    """
    everyone = frozenset(range(len(lanes)))
    want = next((missing for offset in wants if (missing := held.held_until(offset)) < length), None)
    serving = [] if want is None else [n for n, lane in enumerate(lanes) if lane.position <= want < lane.end]
    coming = want is not None and bool(serving) and want - lanes[serving[0]].position <= near
    if want is None or (coming and side_by_side > 1):
        return _side_by_side(held, length, lanes, side_by_side, stretch)
    if coming:
        return Step(frozenset(serving))
    stop = None
    if len(lanes) >= max(
        LANES, side_by_side
    ):  # the one that is nearly through was opened for someone who waits no more
        stop = min(everyone, key=lambda n: lanes[n].end - lanes[n].position)
    cut = serving[0] if serving and serving[0] != stop else None
    ahead = [lane.position for n, lane in enumerate(lanes) if n != stop and lane.position > want]
    end = min([length, held.next_held(want) or length, *ahead])
    # Leaving less than another span for later would only cost another round trip.
    end = end if end - want <= 2 * span else want + span
    return Step(frozenset(), Lane(want, end), stop, cut)


def _side_by_side(held: Ranges, length: int, lanes: Sequence[Lane], most: int, stretch: int) -> Step:
    """All run; one more where there is something for it: what nobody fetches, else a part of what one lane has."""
    everyone = frozenset(range(len(lanes)))
    if len(lanes) >= most:
        return Step(everyone)
    if (gap := next(_gaps(held, length, lanes), None)) is not None:
        return Step(everyone, gap if most == 1 else _first_of(gap, stretch))
    if not lanes:
        return Step(everyone)
    long = max(everyone, key=lambda n: lanes[n].end - lanes[n].position)
    left = lanes[long].end - lanes[long].position
    at = _up(lanes[long].position + min(stretch, left // 2))
    if left < STRETCH // 2 or at >= lanes[long].end or held.held_until(at) > at:
        return Step(everyone)
    return Step(everyone, _first_of(Lane(at, lanes[long].end), stretch), None, long)


def _first_of(lane: Lane, stretch: int) -> Lane:
    end = _up(lane.position + stretch)
    return lane if lane.end - end < stretch // 2 else Lane(lane.position, end)


def _up(offset: int) -> int:
    return -(-offset // PIECE) * PIECE


def _gaps(held: Ranges, length: int, lanes: Sequence[Lane]) -> Iterator[Lane]:
    covered = held.copy()
    for lane in lanes:
        covered.add(lane.position, max(lane.position, lane.end))
    return (Lane(*gap) for gap in covered.gaps(length))
