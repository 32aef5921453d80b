"""Whether it will play to its end, and from when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.readiness import MARGIN, NOT_KNOWN, SAFE, Line, readiness

NOTHING = Line(0, None)


def test_everything_held_is_safe_whatever_the_lines_do() -> None:
    assert readiness(upstream=NOTHING, screens=[NOTHING, Line(0, 1.0)], play_time=None) == SAFE


def test_without_a_screen_there_is_nobody_to_play_to() -> None:
    assert readiness(upstream=NOTHING, screens=[], play_time=10.0) == NOT_KNOWN


def test_what_is_not_measured_is_not_promised() -> None:
    assert readiness(upstream=NOTHING, screens=[Line(1, None)], play_time=10.0) == NOT_KNOWN
    assert readiness(upstream=NOTHING, screens=[Line(1, 0.0)], play_time=10.0) == NOT_KNOWN
    assert readiness(upstream=Line(1, None), screens=[Line(0, 1e9)], play_time=10.0) == NOT_KNOWN
    assert readiness(upstream=NOTHING, screens=[Line(1, 1e9)], play_time=None) == NOT_KNOWN


def test_the_slowest_line_decides() -> None:
    answer = readiness(upstream=NOTHING, screens=[Line(1000, 100.0), Line(1000, 1000.0)], play_time=2.5)
    assert not answer.safe
    assert answer.wait == 1000 / (MARGIN * 100.0) - 2.5


def test_what_is_still_to_be_fetched_passes_over_the_screens_line_too() -> None:
    answer = readiness(upstream=Line(1000, 1e9), screens=[Line(0, 100.0)], play_time=0.0)
    assert answer.wait == 1000 / (MARGIN * 100.0)


@given(
    missing=st.integers(1, 10**9),
    rate=st.floats(1e3, 1e8),
    play=st.floats(0, 1e4),
    faster=st.floats(1.0, 10.0),
    less=st.integers(0, 10**9),
)
def test_more_line_or_less_to_carry_is_never_later(
    missing: int, rate: float, play: float, faster: float, less: int
) -> None:
    def wait(missing: int, rate: float) -> float:
        answer = readiness(upstream=NOTHING, screens=[Line(missing, rate)], play_time=play)
        return 0.0 if answer.safe else answer.wait or 0.0

    assert wait(missing, rate * faster) <= wait(missing, rate)
    assert wait(min(missing, less), rate) <= wait(missing, rate)
