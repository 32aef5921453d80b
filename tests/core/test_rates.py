"""What is counted on from what a line carried."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.rates import AHEAD, GRAIN, KEPT, LEAST, NOTHING, Path, Rates, in_a_row

MEGABIT = 125_000.0


def fed(*rates: float, seconds: float = 1.0) -> Rates:
    """Bytes a second, each for so long."""
    line = Rates()
    for rate in rates:
        line.add(seconds, rate * seconds)
    return line


paths = st.lists(st.floats(0, 1e6), min_size=1, max_size=6).map(
    lambda steps: Path(
        [0.0, *(float(2**n) for n in range(len(steps)))],
        [0.0, *(sum(steps[: n + 1]) for n in range(len(steps)))],
        steps[-1],
    )
)


class TestPath:
    @given(paths, st.floats(0, 100), st.floats(0, 100))
    def test_never_takes_back(self, path: Path, one: float, other: float) -> None:
        early, late = sorted((one, other))
        assert path(early) <= path(late) + 1e-6

    @given(paths, st.floats(0, 1e7))
    def test_reaches_when_it_carries(self, path: Path, size: float) -> None:
        when = path.reaches(size)
        if when < 1e6:
            assert path(when) == pytest.approx(size, rel=1e-6, abs=1e-3) or (when == 0 and size <= path(0))

    def test_after_an_outage_all_is_later(self) -> None:
        path = Path([0.0, 1.0], [0.0, 100.0], 100.0)
        assert [path.after(2.0)(at) for at in (0, 2, 3, 12)] == [0, 0, 100, 1000]
        assert path.after(0.0) is path

    @given(paths, paths, st.floats(0, 1e6), st.floats(0, 50))
    def test_two_in_a_row_carry_no_more_than_each(self, first: Path, second: Path, here: float, at: float) -> None:
        both = in_a_row(here, first, second)
        assert both(at) <= second(at) + 1e-3
        assert both(at) <= here + first(at) + 1e-3

    def test_the_second_waits_for_the_first(self) -> None:
        slow, quick = Path([0.0, 10.0], [0.0, 10.0], 1.0), Path([0.0, 10.0], [0.0, 1000.0], 100.0)
        both = in_a_row(50.0, slow, quick)
        assert both(10.0) == pytest.approx(60.0)
        assert both(20.0) == pytest.approx(70.0)


class TestRates:
    def test_of_a_line_that_is_hardly_known_nothing_is_counted_on(self) -> None:
        assert fed(1e6, seconds=LEAST / 2).path() is NOTHING
        assert Rates().mean is None

    @given(st.floats(0.1, 1000))
    def test_a_steady_line_is_trusted_more_the_longer_it_is_known(self, megabits: float) -> None:
        rate = megabits * MEGABIT
        shares = [fed(*[rate] * n).path()(60.0) / (60.0 * rate) for n in (1, 4, 16, 64)]
        assert shares == sorted(shares)
        assert 0.6 < shares[-1] < 1
        assert fed(*[rate] * 64).mean == pytest.approx(rate)

    def test_a_mean_alone_is_never_enough(self) -> None:
        """The same mean: one line steady, one in bursts of 4 s."""
        steady = fed(*[1e6] * 64)
        bursts = fed(*[1.9e6 if n // 4 % 2 else 0.1e6 for n in range(64)])
        assert steady.mean == pytest.approx(bursts.mean)
        assert bursts.spread > 3 * steady.spread
        for ahead in AHEAD:
            assert bursts.path()(ahead) < steady.path()(ahead) / 2

    def test_doubt_is_ordered(self) -> None:
        chance = random.Random(1)
        line = fed(*[chance.lognormvariate(0, 0.3) * 1e6 for _ in range(60)])
        for ahead in AHEAD:
            assert line.path(1.0)(ahead) < line.path(0.5)(ahead) < line.path(0.0)(ahead)

    def test_what_is_near_follows_the_last_seconds(self) -> None:
        fallen = fed(*[1e6] * 60, *[0.2e6] * 3)
        assert fallen.path(0.0)(1.0) < 0.3e6
        assert fallen.path(0.0)(64.0) / 64 > 0.3e6, "a minute ahead, the minute behind counts too"

    def test_an_outage_is_a_gap_and_comes_again(self) -> None:
        line = fed(*[1e6] * 30, *[0.0] * 3)
        assert line.gap == 3.0
        line = fed(*[1e6] * 30, *[0.0] * 3, *[1e6] * 30)
        assert line.gap == 3.0
        assert fed(*[1e6] * 30).gap == 0.0

    def test_what_was_long_ago_is_forgotten(self) -> None:
        line = fed(*[1e6] * 10, *[0.0] * 3, *[1e6] * round(KEPT * GRAIN + 10))
        assert line.gap == 0.0
        assert line.mean == pytest.approx(1e6)
        assert line.seconds == KEPT * GRAIN

    def test_a_line_that_stands_still_carries_little(self) -> None:
        line = fed(*[1e6] * 30, *[0.0] * 8)
        assert line.path()(4.0) < 0.2e6
        assert fed(*[0.0] * 10).path() is NOTHING

    @given(st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 1e8)), min_size=1, max_size=60))
    def test_any_history_gives_a_path(self, history: list[tuple[float, float]]) -> None:
        line = Rates()
        for seconds, size in history:
            line.add(seconds, size)
        path = line.path()
        values = [path(at) for at in (0.0, 0.5, *AHEAD, 1000.0)]
        assert values == sorted(values)
        assert values[0] == 0

    def test_how_samples_are_cut_changes_nothing(self) -> None:
        one, other = fed(*[1e6, 0.5e6] * 20), Rates()
        for rate in [1e6, 0.5e6] * 20:
            for _ in range(10):
                other.add(0.1, rate * 0.1)
        assert [one.path()(at) for at in AHEAD] == pytest.approx([other.path()(at) for at in AHEAD], rel=1e-6)
