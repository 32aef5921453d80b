"""All plays of all traces under every rule, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median
from typing import NamedTuple

from bench.sim.plays import LOADS, SCREENS, cases, play
from bench.sim.rules import Saying, others, ours
from bench.sim.traces import Trace

OURS, ORACLE = "ours", "oracle"
OFF = 0.1
"""Share of the wait that was said, beyond which a time counts as missed …"""
OFF_LEAST = 2.0
"""… and seconds: what the remote says anew (`core.readiness.SLACK`)."""
MOMENT = 0.5
"""Seconds: the simulator looks that often, so a time that is missed by less was kept."""
EVEN = 1e-6


class Result(NamedTuple):
    """One play. Seconds."""

    trace: str
    tuning: bool
    kind: str
    load: float
    screens: int
    duration: float
    starts: dict[str, float]
    """Start delay by rule."""
    sayings: list[Saying]

    def stalls(self, rule: str) -> bool:
        """It was begun before the earliest moment that would have done."""
        return self.starts[rule] < self.starts[ORACLE] - EVEN


class Told(NamedTuple):
    """What became of the times that were said."""

    count: int
    held: float
    """Share that came no later than said."""
    late: float
    """Share that came later by more than `OFF` of the wait and `OFF_LEAST` seconds."""
    worst: float
    """The most that one came later, as a share of the wait that was said (those by more than `OFF_LEAST` only)."""
    share: float
    """Median of the true wait over the one that was said."""


def simulate(traces: Sequence[Trace], *, processes: int | None = None) -> list[Result]:
    """In the order of the traces, whatever the number of processes."""
    workers = processes or os.cpu_count() or 1
    if workers == 1:
        return [result for trace in traces for result in of(trace)]
    with ProcessPoolExecutor(workers) as pool:
        return [result for results in pool.map(of, traces, chunksize=4) for result in results]


def of(trace: Trace) -> list[Result]:
    results = []
    for case in cases(trace):
        happened = play(case)
        own = ours(happened)
        starts = {OURS: own.start, **others(happened), ORACLE: happened.oracle}
        results.append(
            Result(trace.name, trace.tuning, case.kind, case.load, case.screens, happened.duration, starts, own.sayings)
        )
    return results


def share(results: Iterable[Result], so: Callable[[Result], bool]) -> float:
    answers = [so(result) for result in results]
    return sum(answers) / len(answers) if answers else 0.0


def stalling(results: Iterable[Result], rule: str) -> float:
    return share(results, lambda result: result.stalls(rule))


def delay(results: Iterable[Result], rule: str) -> float:
    """Median start delay."""
    return median(result.starts[rule] for result in results)


def classes(results: Sequence[Result]) -> list[tuple[int, float, list[Result]]]:
    """By screens and load."""
    return [
        (screens, load, [result for result in results if (result.screens, result.load) == (screens, load)])
        for screens in SCREENS
        for load in LOADS
    ]


def hindsight(results: Sequence[Result], allowed: float) -> float:
    """Seconds, median: the shortest delay that is the same share of the clip in all of these plays, chosen after all of
    them were seen, so that no more than the `allowed` share stalls. What can be had by knowing the lines and not the
    line."""
    shares = sorted((result.starts[ORACLE] / result.duration for result in results), reverse=True)
    least = shares[min(len(shares) - 1, int(allowed * len(shares) + EVEN))]
    return median(least * result.duration for result in results)


def told(results: Iterable[Result]) -> Told:
    waits = [
        (saying.safe_at - saying.when, result.starts[OURS] - saying.when)
        for result in results
        for saying in result.sayings
    ]
    if not waits:
        return Told(0, 1.0, 0.0, 0.0, 1.0)
    late = [(true - said) / said for said, true in waits if true - said > max(OFF_LEAST, OFF * said)]
    return Told(
        len(waits),
        sum(true <= said + MOMENT for said, true in waits) / len(waits),
        len(late) / len(waits),
        max(late, default=0.0),
        median(true / said for said, true in waits if said > 0),
    )


def beaten(results: Sequence[Result]) -> list[str]:
    """Rules that are better than ours in both: fewer stalls and a shorter median delay."""
    own = stalling(results, OURS), delay(results, OURS)
    rules = [rule for rule in results[0].starts if rule not in (OURS, ORACLE)]
    return [rule for rule in rules if stalling(results, rule) <= own[0] and delay(results, rule) <= own[1]]
