"""Whether it will play to its end, and from when."""

from __future__ import annotations

import random
import time
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.manifest import Manifest
from courtcast.core.rates import NOTHING, Path, Rates
from courtcast.core.readiness import (
    NOT_KNOWN,
    SAFE,
    SLACK,
    Ahead,
    Curve,
    Readiness,
    Said,
    Upstream,
    View,
    deficit,
    holds,
    readiness,
)
from courtcast.wire.media import Row, Track

HERE = Upstream()
STEP = 0.5


def curve(sizes: list[int]) -> Curve:
    """Fragments of half a second."""
    track = Track(index=0, kind="video", mime="video/mp4", timescale=1000, init_sha256="", init_bytes=0, first=0)
    manifest = Manifest("e", "r", Fraction(0), [track])
    manifest.add(Row(0, n, n * 500, 500, size, True, "", []) for n, size in enumerate(sizes))
    manifest.finish(Fraction(len(sizes), 2))
    return Curve(manifest)


def even(seconds: float, rate: float = 1e6) -> Curve:
    return curve([round(rate * STEP)] * round(seconds / STEP))


def ahead(of: Curve, *, start: float = 0.0, held: float = 0.0) -> Ahead:
    """From `start` on, with so many seconds held."""
    end = float(of.manifest.duration or 0)
    edge = start + held
    return Ahead(of, start, end, gaps=[(edge, end)] if edge < end else [])


def line(rate: float, seconds: float = 128.0) -> Rates:
    return Rates.steady(rate, seconds)


def judge(*views: View, upstream: Upstream = HERE, **more: float) -> Readiness:
    return readiness(upstream=upstream, screens=views, **more)  # type: ignore[arg-type]


class TestDeficit:
    def test_what_starts_has_to_be_there(self) -> None:
        assert deficit(ahead(even(10)), NOTHING) == pytest.approx(10e6)
        assert deficit(ahead(even(10)), Path([0.0], [0.0], 1e12)) == pytest.approx(0.5e6)
        assert deficit(ahead(even(10), held=10), NOTHING) == 0

    def test_half_the_rate_needs_half_of_it_first(self) -> None:
        assert deficit(ahead(even(60)), Path([0.0], [0.0], 0.5e6)) == pytest.approx(30e6, rel=0.03)

    def test_slow_motion_needs_less(self) -> None:
        assert deficit(ahead(even(60)), Path([0.0], [0.0], 0.5e6), speed=0.5) < 1e6

    @settings(deadline=None)
    @given(
        sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=200),
        rate=st.floats(1e3, 4e6),
        held=st.integers(0, 200),
        outage=st.floats(0, 5),
    )
    def test_errs_to_the_late_side_and_little(self, sizes: list[int], rate: float, held: int, outage: float) -> None:
        """Against the plain way of looking at every fragment."""
        sent = Path([0.0], [0.0], rate).after(outage)
        got = deficit(ahead(curve(sizes), held=held * STEP), sent)
        true, sums = 0.0, 0
        for index, size in enumerate(sizes):
            if index >= held:
                sums += size
                true = max(true, sums - sent(index * STEP))
        assert got >= true - 1e-6
        assert got <= true + rate * 0.3 + sums / 100 + 1e-6

    @settings(deadline=None)
    @given(sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=120), rate=st.floats(1e3, 4e6))
    def test_holds_until_it_would_stop(self, sizes: list[int], rate: float) -> None:
        sent = Path([0.0], [0.0], rate)
        sums, stop = 0, len(sizes) * STEP
        for index, size in enumerate(sizes):
            sums += size
            if sums > sent(index * STEP):
                stop = index * STEP
                break
        got = holds(ahead(curve(sizes)), sent)
        assert got <= stop + 1e-6
        assert got >= stop - 0.5

    def test_a_peak_at_the_end_is_not_missed(self) -> None:
        peak = curve([1000] * 1000 + [10**8] + [1000] * 20)
        assert deficit(ahead(peak), Path([0.0], [0.0], 1e5)) == pytest.approx(1e8 - 500 * 1e5 + 1e6, rel=0.05)

    def test_two_hours_cost_a_millisecond(self) -> None:
        """Upper bound with room for a busy machine; what it takes alone stands in docs/decisions/readiness.md."""
        chance = random.Random(1)
        whole = curve([round(5e5 * chance.lognormvariate(0, 0.6)) for _ in range(14_400)])
        rest = ahead(whole, start=3.3, held=20.0)
        mean = rest.lacking / 7200
        for share in (0.5, 0.97, 1.0, 1.03, 2.0):
            sent = Path([0.0], [0.0], mean * share)
            begun = time.process_time()
            for _ in range(10):
                deficit(rest, sent)
                holds(rest, sent)
            assert (time.process_time() - begun) / 10 < 0.05


class TestReadiness:
    def test_everything_held_is_safe_whatever_the_lines_do(self) -> None:
        whole = ahead(even(60), held=60)
        assert judge(View("a", whole, None), View("b", whole, line(1.0))) == SAFE

    def test_without_a_screen_there_is_nobody_to_play_to(self) -> None:
        assert judge() == NOT_KNOWN

    def test_what_is_not_measured_is_not_promised(self) -> None:
        answer = judge(View("a", ahead(even(60), held=12), None))
        assert (answer.safe, answer.wait, answer.never, answer.reason) == (False, None, False, None)
        assert answer.holds == pytest.approx(12.0, abs=0.5), "what is held plays all the same"
        answer = judge(View("a", ahead(even(60)), line(1e7)), upstream=Upstream(30e6, None))
        assert (answer.safe, answer.wait) == (False, None)

    def test_a_quick_line_is_safe_with_little_and_survives_the_outage(self) -> None:
        assert judge(View("a", ahead(even(60), held=3), line(5e6))).safe
        assert not judge(View("a", ahead(even(60), held=3), line(5e6)), outage=10.0).safe
        assert judge(View("a", ahead(even(60), held=12), line(5e6)), outage=10.0).safe

    def test_a_gap_that_was_seen_is_survived(self) -> None:
        gappy = Rates()
        for rate in (*[5e6] * 20, *[0.0] * 6, *[5e6] * 20):
            gappy.add(1.0, rate)
        assert not judge(View("a", ahead(even(60), held=4), gappy)).safe
        assert judge(View("a", ahead(even(60), held=30), gappy)).safe

    def test_the_slowest_screen_decides_and_is_named(self) -> None:
        quick, slow = View("a", ahead(even(60), held=60), line(5e6)), View("b", ahead(even(60)), line(0.5e6))
        answer = judge(quick, slow)
        assert (answer.safe, answer.reason, answer.screen) == (False, "screen", "b")
        assert answer.wait is not None
        assert 60 < answer.wait < 110

    def test_screens_that_are_all_slow_share_a_slow_line(self) -> None:
        answer = judge(*(View(name, ahead(even(60)), line(0.4e6)) for name in "abc"))
        assert answer.reason == "line"
        answer = judge(View("a", ahead(even(60)), line(0.9e6)), View("b", ahead(even(60)), line(0.1e6)))
        assert (answer.reason, answer.screen) == ("screen", "b")

    def test_the_link_binds_where_it_is_slower(self) -> None:
        of = even(60)
        answer = judge(View("a", ahead(of), line(5e6)), upstream=Upstream(50e6, line(0.5e6)))
        assert answer.reason == "link"
        assert answer.wait is not None
        assert answer.wait > 50

    def test_a_line_that_will_never_do_says_so(self) -> None:
        answer = judge(View("a", ahead(even(3600)), line(1e3)))
        assert (answer.safe, answer.never, answer.wait, answer.reason) == (False, True, None, "screen")

    def test_longer_than_memory_is_fed_as_it_plays(self) -> None:
        long = ahead(even(600), held=60)
        assert judge(View("a", long, line(2e6), memory=100e6)).safe
        answer = judge(View("a", ahead(even(600), held=60), line(0.7e6), memory=100e6))
        assert (answer.safe, answer.never) == (False, True)
        assert not judge(View("a", ahead(even(600), held=60), line(0.7e6))).never, "with memory enough it is a wait"

    def test_once_safe_it_stays_so_through_a_little(self) -> None:
        for held in range(60):
            view = View("a", ahead(even(60), held=held), line(0.9e6, 20.0))
            if judge(view, was_safe=True).safe and not judge(view).safe:
                return
        pytest.fail("there are no two thresholds")

    @settings(deadline=None, max_examples=60)
    @given(
        rate=st.floats(1e4, 1e7),
        faster=st.floats(1.0, 10.0),
        held=st.floats(0, 60),
        more=st.floats(0, 60),
    )
    def test_more_line_or_more_held_is_never_later(self, rate: float, faster: float, held: float, more: float) -> None:
        def wait(rate: float, held: float) -> float:
            answer = judge(View("a", ahead(even(60), held=round(held) * 1.0), line(rate)))
            return 0.0 if answer.safe else inf if answer.wait is None else answer.wait

        assert wait(rate * faster, held) <= wait(rate, held) * 1.02 + 0.5
        assert wait(rate, held + more) <= wait(rate, held) * 1.02 + 0.5


class TestCurve:
    def test_follows_a_growing_manifest_and_guesses_the_rest(self) -> None:
        of = even(10)
        of.follow(end=20.0, left=5_000_000)
        assert of.before(10.0) == 10e6
        assert of.before(15.0) == 12.5e6
        assert of.before(99.0) == 15e6

    def test_reordered_starts_bring_earlier_fragments_forward(self) -> None:
        track = Track(index=0, kind="video", mime="video/mp4", timescale=1000, init_sha256="", init_bytes=0, first=0)
        manifest = Manifest("e", "r", Fraction(0), [track])
        manifest.add([Row(0, 0, 0, 500, 10, True, "", []), Row(0, 1, 600, 500, 10, False, "", [])])
        manifest.add([Row(0, 2, 550, 50, 10, False, "", [])])
        assert Curve(manifest).before(0.56) == 30

    def test_a_run_up_is_needed_at_once(self) -> None:
        rest = Ahead(even(10), 3.2, 10.0, gaps=[(3.2, 10.0)], most=7_300_000)
        assert rest.lacking == 7_300_000
        assert rest.before(3.2) == 7_300_000 - 6_500_000

    def test_several_gaps(self) -> None:
        rest = Ahead(even(10), 0.0, 10.0, gaps=[(1.0, 2.0), (5.0, 10.0)])
        assert [rest.before(t) for t in (0.5, 1.5, 2.0, 4.0, 5.5, 10.0)] == [0, 0.5e6, 1e6, 1e6, 1.5e6, 6e6]


class TestSaid:
    def test_does_not_wander(self) -> None:
        said = Said()
        assert said.hear(Readiness(safe=False, wait=30.0), now=100.0) == 130.0
        assert said.hear(Readiness(safe=False, wait=29.0 + SLACK / 2), now=101.0) == 130.0
        assert said.hear(Readiness(safe=False, wait=40.0), now=102.0) == 142.0
        assert said.hear(Readiness(safe=False, wait=35.0), now=103.0) == 142.0, "a little better is not worth a word"
        assert said.hear(Readiness(safe=False, wait=20.0), now=104.0) == 124.0
        assert said.hear(SAFE, now=103.0) is None
        assert said.at is None
