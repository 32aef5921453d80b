"""What stands out, found in made-up pictures, loudness and times."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare import outline
from courtcast.prepare.outline import HIGH, WIDE, Loudness, black, frozen, gaps, is_black, longest, scenes, spread

FIELDS = WIDE * HIGH
TIMES = [float(n) for n in range(40)]


def flat(level: int) -> bytes:
    return bytes([level]) * FIELDS


def street(seed: int, shift: int = 0) -> bytes:
    """A view of some place; shift: something small that moves through it."""
    rng = random.Random(seed)
    view = bytearray(rng.randrange(40, 220) for _ in range(FIELDS))
    for n in range(4):
        view[(200 + shift + n) % FIELDS] = 250
    return bytes(view)


class TestSpread:
    @given(st.lists(st.floats(0, 3600), min_size=1, unique=True).map(sorted), st.integers(1, 50))
    def test_at_most_so_many_ascending_and_all_of_few(self, times: list[float], most: int) -> None:
        chosen = spread(times, 3600, most)
        assert len(chosen) <= most
        assert all(one < other for one, other in pairwise(chosen))
        assert chosen == list(range(len(times))) or len(times) > most

    def test_evenly_over_the_time_and_not_over_the_keyframes(self) -> None:
        """A scene cut every tenth of a second in the first minute takes no more than its share."""
        times = [n / 10 for n in range(600)] + [60 + n * 2.0 for n in range(1770)]
        chosen = [times[n] for n in spread(times, 3600)]
        assert len(chosen) == 200
        assert max(later - earlier for earlier, later in pairwise(chosen)) < 21
        assert chosen[0] == 0.0


class TestPictures:
    def test_scenes_are_other_places(self) -> None:
        pictures = [street(1, shift=n) for n in range(10)] + [street(2, shift=n) for n in range(10)]
        assert scenes(pictures, TIMES) == [10.0]

    def test_a_camera_that_is_carried_about_has_none_everywhere(self) -> None:
        pictures = [street(seed) for seed in range(40)]
        assert scenes(pictures, TIMES) == []

    def test_never_more_than_a_bar_can_show(self) -> None:
        pictures = [street(n // 4) for n in range(800)]
        assert len(scenes(pictures, [float(n) for n in range(800)])) == outline.SCENES_MOST

    def test_black_is_dark_all_over(self) -> None:
        night = bytearray(flat(10))
        night[100:130] = bytes([200] * 30)
        assert is_black(flat(16))
        assert not is_black(bytes(night)), "a street at night with a lamp"
        assert not is_black(b"")
        assert black([flat(16), flat(20), street(1), flat(16)], TIMES) == [(0.0, 1.0), (3.0, 3.0)]

    def test_two_black_pictures_far_apart_say_nothing_of_what_is_between(self) -> None:
        times = [0.0, 9.3, 20.0, 30.0, 40.0]
        assert black([flat(16), flat(16), street(1)], times) == [(0.0, 0.0), (9.3, 9.3)]
        assert black([flat(16)] * 4, times) == [(0.0, 30.0)]

    def test_what_stands_still_is_not_what_hardly_moves(self) -> None:
        coded_again = bytes(level + n % 2 for n, level in enumerate(street(1)))
        pictures = [street(3), street(1), coded_again, street(1), street(1, shift=9), street(1, shift=18)]
        assert frozen(pictures, TIMES) == [(1.0, 3.0)]
        assert frozen([flat(16)] * 5, TIMES) == [], "that is black"
        assert frozen([street(1), street(1)], TIMES) == [], "two prove nothing"

    def test_nothing_at_all(self) -> None:
        assert scenes([], []) == frozen([], []) == black([], []) == []


class TestLoudness:
    def test_silence_is_below_fifty_decibels_for_two_seconds(self) -> None:
        loud = Loudness(20.0)
        loud.put(0.0, [3000] * 250, 0.02)
        loud.put(5.0, [90] * 150, 0.02)
        loud.put(8.0, [200] * 200, 0.02)
        loud.put(12.0, [0] * 90, 0.02)
        loud.put(13.8, [9000] * 310, 0.02)
        assert loud.silent() == [(5.0, 8.0)]
        assert len(loud.peaks(20)) == 20
        assert loud.peaks(20)[0] == 3000 * 255 // 32767

    def test_what_was_not_heard_is_not_called_silent(self) -> None:
        loud = Loudness(10.0)
        loud.put(0.0, [3000] * 100, 0.02)
        assert loud.heard
        assert loud.silent() == []
        assert not Loudness(10.0).heard
        assert set(loud.peaks(10)) == {3000 * 255 // 32767}

    def test_days_take_no_more_memory_than_hours(self) -> None:
        loud = Loudness(30 * 86400.0)
        loud.put(86400.0, [32767], 0.02)
        loud.put(-5.0, [1] * 10, 0.02)
        loud.put(1e12, [1], 0.02)
        assert len(loud.peaks()) == outline.PEAKS
        assert max(loud.peaks()) == 255


class TestGaps:
    def test_much_longer_than_usual(self) -> None:
        even = [n / 30 for n in range(300)]
        assert gaps(even) == []
        broken = [at + (2.0 if at >= 5 else 0.0) for at in even]
        assert gaps(broken) == [(pytest.approx(149 / 30, abs=1e-3), 7.0)]

    def test_a_slow_camera_has_none(self) -> None:
        assert gaps([float(n) for n in range(60)]) == []
        assert gaps([]) == gaps([1.0]) == []

    @given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), max_size=600))
    def test_the_longest_ones_in_order(self, stretches: list[tuple[float, float]]) -> None:
        found = longest((min(one), max(one)) for one in stretches)
        assert len(found) <= outline.STRETCHES_MOST
        assert found == sorted(found)
