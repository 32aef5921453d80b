"""The room clock goes on through restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.clock import Mark, RoomClock, restore

times = st.floats(0, 1e7)


def test_it_begins_with_the_monotonic_clock() -> None:
    assert restore(None, monotonic=5.0, wall=1e9, boot="b").at(7.0) == 7.0


@given(offset=st.floats(-1e6, 1e6), written=times, later=times, wall=st.floats(0, 4e9))
def test_within_one_boot_it_is_exactly_the_same_clock(offset: float, written: float, later: float, wall: float) -> None:
    clock = RoomClock(offset)
    mark = clock.mark(monotonic=written, wall=1e9, boot="b")
    assert restore(mark, monotonic=later, wall=wall, boot="b") == clock


@given(clock=times, wall=st.floats(0, 4e9), off=st.floats(0, 1e6), monotonic=st.floats(0, 1e4))
def test_another_boot_is_bridged_by_the_wall_clock(clock: float, wall: float, off: float, monotonic: float) -> None:
    mark = Mark(boot="before", offset=0.0, clock=clock, wall=wall)
    after = restore(mark, monotonic=monotonic, wall=wall + off, boot="after")
    assert abs(after.at(monotonic) - (clock + off)) < 1e-3
    assert abs(after.at(monotonic + 10) - after.at(monotonic) - 10) < 1e-3


@given(clock=times, back=st.floats(0, 1e9), monotonic=st.floats(0, 1e4), boots=st.sampled_from([("a", "b"), ("", "")]))
def test_a_wall_clock_set_back_does_not_take_it_back(
    clock: float, back: float, monotonic: float, boots: tuple[str, str]
) -> None:
    mark = Mark(boot=boots[0], offset=clock + 1e8, clock=clock, wall=2e9)
    after = restore(mark, monotonic=monotonic, wall=2e9 - back, boot=boots[1])
    assert after.at(monotonic) >= clock - 1e-6


def test_without_a_name_for_the_boot_the_clocks_themselves_tell() -> None:
    clock = RoomClock(50.0)
    mark = clock.mark(monotonic=100.0, wall=1000.0, boot="")
    assert restore(mark, monotonic=160.0, wall=1060.5, boot="") == clock
    rebooted = restore(mark, monotonic=3.0, wall=1060.0, boot="")
    assert rebooted.at(3.0) == 210.0
