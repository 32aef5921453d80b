"""Flows of one presenter: on one line each has the same of it, on lines of their own they leave each other alone."""

from __future__ import annotations

import gc
from statistics import mean, median

from courtcast.deliver.sctp.siblings import FRESH, Flow, Siblings
from tests.deliver.sctp.simulator import MEGABIT, Line, Simulation, Way
from tests.deliver.sctp.simulator import Flow as Simulated

SETTLED = 5.0
"""Seconds, until both have found the line and each other."""
SECONDS = 20.0


def flows(lines: list[Way], simulation: Simulation, back: Line, *, seed: int) -> list[Simulated]:
    siblings = Siblings()
    return [
        Simulated(
            simulation, line, Way(simulation, back), seed=10 * seed + number, start=0.003 * number, tick=0.002,
            siblings=siblings,
        )
        for number, line in enumerate(lines)
    ]  # fmt: skip


def apart(seed: int, *, rtt: float, loss: float = 0.0) -> float:
    """By how much the rates of two on one line differ, as a share of their mean."""
    simulation = Simulation(seed)
    line = Line(rate=20 * MEGABIT, delay=rtt / 2, buffer=0.1, loss=loss)
    both = flows([Way(simulation, line)] * 2, simulation, line, seed=seed)
    simulation.run(SECONDS)
    rates = [flow.goodput(SETTLED, SECONDS) / 1e6 for flow in both]
    assert sum(rates) >= 17
    return abs(rates[0] - rates[1]) / mean(rates)


def test_two_on_one_line_come_to_the_same() -> None:
    assert median(apart(seed, rtt=0.030) for seed in (1, 2, 3)) <= 0.1


def test_so_they_do_where_it_is_long_and_loses() -> None:
    assert median(apart(seed, rtt=0.060, loss=0.01) for seed in (1, 2, 3)) <= 0.1


def test_on_lines_of_their_own_each_has_all_of_it() -> None:
    simulation = Simulation(1)
    lines = [Line(rate=rate * MEGABIT, delay=0.015, buffer=0.1) for rate in (20, 5)]
    both = flows([Way(simulation, line) for line in lines], simulation, Line(delay=0.015), seed=1)
    simulation.run(10)
    assert both[0].goodput(2, 10) / 1e6 >= 17.5
    assert both[1].goodput(2, 10) / 1e6 >= 4.4


def told(flow: Flow, *, bandwidth: float, queued: bool, ended: float, busy: bool = True) -> None:
    flow.bandwidth, flow.queued, flow.ended, flow.busy = bandwidth, queued, ended, busy


def test_they_meet_where_their_queues_stand_at_the_same_time() -> None:
    siblings = Siblings()
    own, near, far = siblings.join(), siblings.join(), siblings.join()
    for second in range(10):
        told(near, bandwidth=2e6, queued=True, ended=second)
        told(far, bandwidth=3e6, queued=second % 3 == 0, ended=second)
        siblings.queue(own, second)
    assert siblings.together(own, 9.0) == [2e6]


def test_who_does_not_send_now_does_not_count() -> None:
    siblings = Siblings()
    own, other = siblings.join(), siblings.join()
    for second in range(10):
        told(other, bandwidth=2e6, queued=True, ended=second)
        siblings.queue(own, second)
    assert siblings.together(own, 9.0) == [2e6]
    assert siblings.together(own, 9.1 + FRESH) == []
    told(other, bandwidth=2e6, queued=True, ended=9.0, busy=False)
    assert siblings.together(own, 9.0) == []


def test_who_has_ended_is_gone() -> None:
    siblings = Siblings()
    own, other = siblings.join(), siblings.join()
    for second in range(10):
        told(other, bandwidth=2e6, queued=True, ended=second)
        siblings.queue(own, second)
    del other
    gc.collect()
    assert siblings.together(own, 9.0) == []
    assert not own.met
