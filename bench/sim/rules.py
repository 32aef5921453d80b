"""When play is pressed: ours, and what players do. Each rule knows of the line only what has come by then."""

from __future__ import annotations

from typing import NamedTuple

from bench.sim.plays import FRAGMENT, Play
from bench.sim.traces import STEP
from courtcast.core.estimate import Estimate
from courtcast.core.readiness import Ahead, Curve, Readiness, Said, Upstream, View, readiness

FIXED = (5.0, 15.0, 30.0)
LOOK = 2
"""Steps between two looks of ours, as at the desk when nothing else happens."""
EARLY = 5.0
"""Seconds in which it is looked at at every step."""


class Saying(NamedTuple):
    """A time that was said. Seconds from the beginning."""

    when: float
    safe_at: float


class Ours(NamedTuple):
    start: float
    sayings: list[Saying]


def others(play: Play) -> dict[str, float]:
    """Start delay in seconds of every rule but ours."""
    starts = {"at once": play.there[0]}
    for seconds in FIXED:
        wanted = min(len(play.there), round(seconds / FRAGMENT))
        starts[f"{seconds:.0f} s buffered"] = play.there[wanted - 1]
    starts["canplaythrough"] = canplaythrough(play)
    starts["everything first"] = play.there[-1]
    return starts


def canplaythrough(play: Play) -> float:
    """As browsers do: at the mean rate so far, the rest comes before it is needed."""
    size = play.sums[-1]
    for step in range(1, len(play.held[0])):
        now = step * STEP
        if now < play.there[0]:
            continue
        if all(held[step] / now * (now + play.duration) >= size for held in play.held):
            return now
    return play.there[-1]


def ours(play: Play) -> Ours:
    """The presenter's own code, fed as the pump and the screens would."""
    estimates = [Estimate() for _ in play.held]
    curve, said, sayings = Curve(play.manifest), Said(), list[Saying]()
    size = play.sums[-1]
    for step in range(len(play.held[0])):
        now = step * STEP
        for estimate, held in zip(estimates, play.held, strict=True):
            estimate.note(round(held[step]), 100_000 if held[step] < size else 0, now=now)
        if now > EARLY and step % LOOK:
            continue
        answer = look(play, curve, estimates, step)
        if answer.safe:
            return Ours(now, sayings)
        before = said.at
        at = said.hear(answer, now=now)
        if at is not None and at != before:
            sayings.append(Saying(now, at))
    raise AssertionError("with everything held it is safe")


def look(play: Play, curve: Curve, estimates: list[Estimate], step: int) -> Readiness:
    views = []
    for number, estimate in enumerate(estimates):
        edge = play.complete(number, step) * FRAGMENT
        gaps = [(edge, play.duration)] if edge < play.duration else []
        # What has come of the fragment that is on its way counts for nothing yet.
        views.append(View(str(number), Ahead(curve, 0.0, play.duration, gaps=gaps), estimate.rates))
    return readiness(upstream=Upstream(), screens=views)
