"""Bytes of a clip by how much of it is played, and what becomes of readiness with them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.cut import Cut, coming
from courtcast.core.legs import along, legs, up_to
from courtcast.core.need import Need
from courtcast.core.policy import Known, lacking
from courtcast.core.rates import Rates
from courtcast.core.readiness import Ahead, Curve, Readiness, Upstream, View, readiness
from tests.core.test_policy import SHOWN, manifest
from tests.core.test_policy_clips import FAR, LONG, parts

SIZE = 100_000
"""Bytes of each half second of the picture."""


def test_by_how_much_of_it_is_played() -> None:
    cut = Cut(Curve(LONG), legs(FAR, 200.0))
    assert cut.before(0.0) == 0
    assert cut.before(0.1) == SIZE
    assert cut.before(12.0) == 24 * SIZE
    assert cut.before(12.1) == 25 * SIZE, "the first of the next range, which is a keyframe"
    assert cut.before(18.0) == 36 * SIZE
    assert cut.before(18.1) == 37 * SIZE, "100.3 s lies within the keyframe's half second"
    assert cut.before(99.0) == 38 * SIZE


def test_the_run_up_to_a_range_is_needed_when_it_begins() -> None:
    cut = Cut(Curve(LONG), legs(((10.0, 12.0), (31.5, 33.0)), 10.0))
    assert cut.before(2.0) == 4 * SIZE
    assert cut.before(2.1) == (4 + 4) * SIZE, "its keyframe is at 30 s"


@settings(max_examples=40, deadline=None)
@given(parts, st.floats(0, 1), st.floats(0, 1))
def test_never_less_than_what_is_lacking_to_play_so_far(
    clip: tuple[tuple[float, float], ...], share: float, far: float
) -> None:
    made = manifest(SHOWN, seconds=61, origin=Fraction(1, 3))
    total = sum(stop - start for start, stop in clip)
    at = along(clip, clip[0][0], share * total)
    line = legs(clip, at)
    seconds = far * (line[-1].after + line[-1].stop - line[-1].start)
    cut = Cut(Curve(made), line)
    near = [(leg.start, leg.stop) for leg in up_to(line, max(seconds, 1e-6))]
    lead = lacking(
        Need(made, line[0].start, line[0].start, parts=((line[0].start, line[0].start + 1e-3),)), Known(), sound=True
    )
    assert lacking(Need(made, at, parts=near), Known(), sound=True) <= cut.before(seconds + 1e-6) + lead + 1
    assert cut.before(seconds) <= cut.before(seconds + 1.0)


class TestReadiness:
    """A line that carries half of what the recording has."""

    RATES = Rates.steady(SIZE, 60.0)

    def of(self, clip: tuple[tuple[float, float], ...], *, held: float = 0.0) -> Readiness:
        """Where the first so many seconds of the clip are held."""
        line = legs(clip, clip[0][0])
        end = line[-1].after + line[-1].stop - line[-1].start
        ahead = Ahead(Cut(Curve(LONG), line), 0.0, end, gaps=[(held, end)])
        return readiness(upstream=Upstream(), screens=[View("s", ahead, self.RATES)])

    def test_a_clip_is_safe_long_before_its_exhibit(self) -> None:
        whole = self.of(((0.0, 240.0),))
        clip = self.of(FAR)
        assert whole.wait is not None
        assert clip.wait is not None
        assert clip.wait < whole.wait / 4

    def test_it_is_safe_where_what_is_held_is_played_as_long_as_the_rest_comes(self) -> None:
        assert not self.of(FAR, held=4.0).safe
        assert self.of(FAR, held=16.0).safe

    def test_it_stops_where_the_line_is_behind_in_the_clip(self) -> None:
        held = self.of(FAR, held=4.0).holds
        assert held is not None
        assert held == pytest.approx(8.0, rel=0.35), "4 s are there, and half of every second comes"


class TestStillFetched:
    def growing(self) -> Curve:
        made = manifest(SHOWN, seconds=60, sound=False, complete=False)
        curve = Curve(made)
        curve.follow(end=120.0, left=120 * SIZE)
        return curve

    def test_what_has_come_needs_no_link(self) -> None:
        assert coming(self.growing(), legs(((50.0, 60.0), (0.0, 10.0)), 50.0)) == 0

    def test_the_link_brings_the_recording_in_order(self) -> None:
        curve = self.growing()
        line = legs(((50.0, 60.0), (90.0, 100.0), (70.0, 80.0), (0.0, 5.0)), 50.0)
        assert coming(curve, line) == 80 * SIZE
        cut = Cut(curve, line)
        assert cut.before(10.0) == 20 * SIZE
        assert cut.before(20.0) == (20 + 80) * SIZE, "what lies between has to come before"
        assert cut.before(30.0) == (20 + 80 + 20) * SIZE
