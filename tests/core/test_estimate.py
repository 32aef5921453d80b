"""The estimate of a line, driven by a line that is simulated: bytes arrive at a rate, in acknowledgements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.estimate import (
    QUEUE_LEAST,
    QUEUE_TIME,
    WINDOW_LEAST,
    WINDOW_MOST,
    Estimate,
    Line,
)

MEGABIT = 125_000
QUEUE_MOST, QUEUE_TIME_MOST = 256 * 1024, 0.1


def drive(estimate: Estimate, rate: float, seconds: float, *, start: float, base: int, every: float = 0.01) -> int:
    """A busy line that carries `rate` bytes a second; gives the bytes acknowledged at the end."""
    steps = round(seconds / every)
    for step in range(steps + 1):
        estimate.note(base + round(rate * step * every), 100_000, now=start + step * every)
    return base + round(rate * steps * every)


@given(st.floats(0.2, 200))
def test_a_steady_line_is_measured(megabits: float) -> None:
    estimate = Estimate()
    drive(estimate, megabits * MEGABIT, 5, start=10, base=0)
    assert estimate.mean == pytest.approx(megabits * MEGABIT, rel=0.02)
    assert estimate.low is not None
    assert 0.5 < estimate.low / (megabits * MEGABIT) <= 1.01, "a line that never wavered is trusted"


def test_nothing_is_known_before_anything_was_sent() -> None:
    estimate = Estimate()
    assert estimate.mean is None
    assert estimate.low is None
    assert estimate.window == WINDOW_LEAST


def test_an_idle_line_is_not_a_slow_one() -> None:
    estimate = Estimate()
    end = drive(estimate, 20 * MEGABIT, 3, start=0, base=0)
    before = estimate.mean
    for second in range(60):
        estimate.note(end, 0, now=3 + second)
    assert estimate.mean == before


def test_an_outage_is_a_slow_line() -> None:
    estimate = Estimate()
    end = drive(estimate, 20 * MEGABIT, 3, start=0, base=0)
    drive(estimate, 0, 5, start=3, base=end, every=0.25)
    assert estimate.mean is not None
    assert estimate.mean < 4 * MEGABIT
    assert estimate.low is not None
    assert estimate.low > 0, "still a number to divide by"


def test_a_first_fragment_that_is_over_in_a_moment_counts() -> None:
    estimate = Estimate()
    estimate.note(0, 64 * 1024, now=1.0)
    estimate.note(64 * 1024, 0, now=1.05)
    assert estimate.mean == pytest.approx(64 * 1024 / 0.05)


def test_a_wavering_line_is_trusted_less() -> None:
    steady, wavering = Estimate(), Estimate()
    base = drive(steady, 10 * MEGABIT, 10, start=0, base=0)
    base = 0
    for second in range(10):
        base = drive(wavering, (18 if second % 2 else 2) * MEGABIT, 1, start=second, base=base)
    assert steady.low is not None
    assert wavering.low is not None
    assert wavering.low < steady.low / 2


@given(st.floats(0.1, 1000), st.floats(0, 2))
def test_the_window_stays_within_its_bounds(megabits: float, trip: float) -> None:
    estimate = Estimate()
    estimate.round_trip(trip)
    drive(estimate, megabits * MEGABIT, 2, start=0, base=0)
    assert WINDOW_LEAST <= estimate.window <= WINDOW_MOST


def test_what_is_on_its_way_is_worth_less_than_a_tenth_of_a_second() -> None:
    """A blank behind it arrives in time: 20 Mb/s and 6 ms, the line of the figures to reach."""
    estimate = Estimate()
    estimate.round_trip(0.006)
    drive(estimate, 20 * MEGABIT, 5, start=0, base=0)
    assert estimate.window / (20 * MEGABIT) < 0.1


def test_a_window_does_not_strangle_the_line_that_it_is_made_from() -> None:
    """The line gives what the window lets through in a round trip; it has to open up to what the line can carry."""
    estimate, trip, capacity = Estimate(), 0.03, 20 * MEGABIT
    estimate.round_trip(trip)
    now, base = 0.0, 0
    for _ in range(40):
        base = drive(estimate, min(capacity, estimate.window / trip), 0.25, start=now, base=base)
        now += 0.25
    assert estimate.mean == pytest.approx(capacity, rel=0.1)


@given(st.floats(0, 1000 * MEGABIT))
def test_what_waits_before_a_sender_that_paces_itself_is_short(rate: float) -> None:
    """Enough that it never starves, and never more than 256 KiB or 100 ms, whichever is more."""
    estimate = Estimate()
    assert estimate.queue == QUEUE_LEAST
    estimate.line = Line(rate, 0.03, 0.03, 0.0, 0.0)
    assert QUEUE_LEAST <= estimate.queue <= max(QUEUE_MOST, rate * QUEUE_TIME_MOST)
    assert estimate.queue >= int(rate * QUEUE_TIME)
