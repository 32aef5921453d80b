"""One clip sent to its screens over one line: when each fragment is there, and so when play could have been pressed.

Everything is sent in order, from the beginning, whether it plays or not; so one pass over the trace answers every rule.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, product
from typing import Literal, NamedTuple

from bench.sim.traces import STEP, Trace
from courtcast.core.manifest import Manifest
from courtcast.wire.media import Row, Track

LOADS = (0.3, 0.6, 0.9)
"""The clip's mean rate, as shares of the trace's."""
SCREENS = (1, 3)
PART = 1 / 3
"""Of the trace's length: how long the clip is. Three screens at 0.9 then take most of the trace."""
FRAGMENT = 0.5
"""Seconds of media."""
MOVES = 4.0
"""Seconds after which the screens share the line in another way."""
TIMESCALE = 1000

Kind = Literal["constant", "variable"]


class Case(NamedTuple):
    trace: Trace
    kind: Kind
    load: float
    screens: int


def cases(trace: Trace) -> list[Case]:
    return [Case(trace, kind, load, n) for kind, load, n in product(("constant", "variable"), LOADS, SCREENS)]


@dataclass
class Play:
    """What happened on the line."""

    case: Case
    manifest: Manifest
    sums: list[int]
    """Bytes of the first n fragments."""
    held: list[list[float]]
    """For each screen: bytes that it has at the end of each step."""
    there: list[float]
    """Seconds after which each fragment is on every screen."""

    @property
    def duration(self) -> float:
        return (len(self.sums) - 1) * FRAGMENT

    @property
    def oracle(self) -> float:
        """Seconds: the earliest start without a pause."""
        return max(at - index * FRAGMENT for index, at in enumerate(self.there))

    def complete(self, screen: int, step: int) -> int:
        """Fragments that a screen has whole at the end of a step."""
        return bisect_left(self.sums, self.held[screen][step] + 1e-6) - 1


def play(case: Case) -> Play:
    """Deterministic: chance comes from the case's name."""
    chance = random.Random(f"{case.trace.name} {case.kind} {case.load} {case.screens}")
    sizes = fragments(case, chance)
    sums = [0, *accumulate(sizes)]
    held = _share(case, float(sums[-1]), chance)
    there = [max(_when(screen, float(size)) for screen in held) for size in sums[1:]]
    return Play(case, _manifest(sizes), sums, held, there)


def fragments(case: Case, chance: random.Random) -> list[int]:
    """Bytes of each. Variable: scenes of 2 to 8 s that need half to twice the mean, and within them some more."""
    count = max(4, round(case.trace.seconds * PART / FRAGMENT))
    mean = case.trace.mean * case.load * FRAGMENT
    if case.kind == "constant":
        return [max(1, round(mean))] * count
    shapes: list[float] = []
    while len(shapes) < count:
        scene = chance.lognormvariate(0, 0.5)
        shapes += [scene * chance.uniform(0.8, 1.2) for _ in range(chance.randint(4, 16))]
    whole = sum(shapes[:count])
    return [max(1, round(mean * count * shape / whole)) for shape in shapes[:count]]


def _share(case: Case, size: float, chance: random.Random) -> list[list[float]]:
    """Who is done leaves its part to the others; nobody's part is exactly fair for long."""
    held = [[0.0] for _ in range(case.screens)]
    weights, step = [1.0] * case.screens, 0
    while any(line[-1] < size for line in held):
        if step % round(MOVES / STEP) == 0 and case.screens > 1:
            weights = [chance.uniform(0.8, 1.25) for _ in held]
        left = case.trace.by(step + 1) - case.trace.by(step)
        got = [line[-1] for line in held]
        while left > 1e-9 and any(have < size for have in got):
            among = [n for n, have in enumerate(got) if have < size]
            whole = sum(weights[n] for n in among)
            parts = {n: min(left * weights[n] / whole, size - got[n]) for n in among}
            for n, part in parts.items():
                got[n] = size if part >= size - got[n] else got[n] + part
            left -= sum(parts.values())
        for line, have in zip(held, got, strict=True):
            line.append(have)
        step += 1
    return held


def _when(held: list[float], size: float) -> float:
    """Seconds until so many bytes are there; straight within a step."""
    step = bisect_left(held, size - 1e-6)
    if step == 0:
        return 0.0
    low, high = held[step - 1], held[step]
    return (step - 1 + min(1.0, (size - low) / (high - low))) * STEP


def _manifest(sizes: list[int]) -> Manifest:
    track = Track(
        index=0, kind="video", mime="video/mp4", timescale=TIMESCALE, init_sha256="", init_bytes=0, first=0
    )  # fmt: skip
    manifest = Manifest("exhibit", "rendition", Fraction(0), [track])
    ticks = round(FRAGMENT * TIMESCALE)
    manifest.add(Row(0, n, n * ticks, ticks, size, n % 4 == 0, "", []) for n, size in enumerate(sizes))
    manifest.finish(Fraction(len(sizes)) * Fraction(FRAGMENT))
    return manifest
