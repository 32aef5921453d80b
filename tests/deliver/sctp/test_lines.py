"""What the sender makes of a line, in simulation: the rate, the queue, and its manners beside others.

The line is 40 Mb/s unless it says otherwise; a full packet carries 1160 bytes in 1267, so 36.6 Mb/s are all there is.
"""

from __future__ import annotations

import pytest

from tests.deliver.sctp.simulator import MEGABIT, Cubic, Flow, Line, Simulation, Way, alone

SECONDS = 4.0
FULL = 36.6


def carried(line: Line, *, since: float = 2.0, seconds: float = SECONDS, seed: int = 1) -> float:
    """Mb/s of user data between two times, and the mean queue in seconds."""
    flow, _ = alone(line, seconds=seconds, seed=seed)
    return flow.goodput(since, seconds) / 1e6


@pytest.mark.parametrize("loss", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("rtt", [0.010, 0.030, 0.060])
def test_random_loss_does_not_slow_it_down(rtt: float, loss: float) -> None:
    assert carried(Line(delay=rtt / 2, loss=loss)) >= 35 * (1 - loss / 2)


@pytest.mark.parametrize(("rtt", "loss"), [(0.030, 0.01), (0.060, 0.03)])
def test_nor_does_loss_in_bursts(rtt: float, loss: float) -> None:
    assert carried(Line(delay=rtt / 2, loss=loss, burst=8)) >= 33


@pytest.mark.parametrize("swaps", [False, True])
@pytest.mark.parametrize("rate", [10, 20])
def test_jitter_and_reordering(rate: int, swaps: bool) -> None:
    line = Line(rate=rate * MEGABIT, jitter=0.010, swaps=swaps, reorder=0.01)
    assert carried(line) >= 0.85 * FULL * rate / 40


def test_a_shallow_buffer_is_enough() -> None:
    assert carried(Line(buffer=0.020)) >= 34


def test_a_deep_buffer_stays_empty() -> None:
    flow, way = alone(Line(buffer=0.200), seconds=SECONDS)
    assert way.queueing / way.carried <= 0.015
    assert flow.goodput(2, SECONDS) / 1e6 >= 35


def test_an_outage_is_over_at_once() -> None:
    """Five seconds of nothing: within a second the line is full again, and little is sent twice."""
    flow, way = alone(Line(outage=(3.0, 8.0)), seconds=10)
    assert flow.goodput(9.0, 10.0) / 1e6 >= 0.9 * 36
    assert flow.goodput(8.0, 9.0) / 1e6 >= 0.5 * 36
    assert way.lost < 600
    assert flow.sender.resent < way.lost + 50


def test_a_line_that_becomes_thin_and_wide_again_is_followed() -> None:
    flow, way = alone(Line(rates=[(2.0, 10 * MEGABIT), (5.0, 40 * MEGABIT)]), seconds=8)
    assert flow.goodput(3.0, 5.0) / 1e6 >= 6.5
    assert flow.goodput(6.5, 8.0) / 1e6 >= 33
    assert way.dropped < 800


def test_a_wide_line_is_filled() -> None:
    assert carried(Line(rate=200 * MEGABIT, delay=0.005), since=1.0, seconds=1.5) >= 0.95 * FULL * 5


@pytest.mark.parametrize("buffer", [0.060, 0.200])
def test_beside_cubic_it_takes_about_half(buffer: float) -> None:
    simulation = Simulation(5)
    there, back = Way(simulation, Line(buffer=buffer)), Way(simulation, Line())
    ours, theirs = Flow(simulation, there, back, tick=0.002), Cubic(simulation, there, back)
    simulation.run(12)
    mine, its = ours.goodput(0, 12), theirs.goodput(0, 12)
    assert 0.40 <= mine / (mine + its) <= 0.60
    assert (mine + its) / 1e6 >= 36


def test_once_cubic_is_gone_the_line_is_ours() -> None:
    simulation = Simulation(5)
    there, back = Way(simulation, Line(buffer=0.1)), Way(simulation, Line())
    ours, theirs = Flow(simulation, there, back, tick=0.002), Cubic(simulation, there, back)
    simulation.run(5)
    theirs.window = 0.0
    theirs._grow = lambda *_: None  # type: ignore[method-assign]
    simulation.run(8)
    assert ours.goodput(6.5, 8) / 1e6 >= 33


@pytest.mark.parametrize("loss", [0.0, 0.01])
def test_a_control_message_does_not_wait_for_media(loss: float) -> None:
    """Under full load: one way is half a round trip, 30 ms above that are allowed to 99 of 100."""
    simulation = Simulation(3)
    line = Line(loss=loss)
    flow = Flow(simulation, Way(simulation, line), Way(simulation, Line(loss=loss)), tick=0.002)
    given: list[float] = []

    def say() -> None:
        given.append(simulation.now)
        flow.sender.send(0, 51, bytes(400), urgent=True)
        flow._go()

    for number in range(250):
        simulation.at(1.0 + 0.02 * number, say)
    simulation.run(6.5)
    arrived = [flow.receiver.arrivals[chunk.tsn] for chunk in flow.receiver.got if chunk.data[8:10] == b"\0\0"]
    late = sorted(at - told for told, at in zip(given, sorted(arrived), strict=True))
    assert late[len(late) * 99 // 100] <= 0.030 + 0.030
    assert late[len(late) // 2] <= 0.030
