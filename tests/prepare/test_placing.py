"""Where media time begins, and where each track lies on MSE time."""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.placing import Head, place


def head(timescale: int, first: F, presented: F | None = None) -> Head:
    return Head(timescale, first, first if presented is None else presented)


def test_nothing_to_move() -> None:
    origin, places = place([head(24, F(0)), head(48_000, F(0))])
    assert origin == 0
    assert [p.shift for p in places] == [0, 0]


def test_a_decoder_needs_what_lies_before() -> None:
    origin, places = place([head(90_000, F(-1, 2), F(0)), head(48_000, F(-1024, 48_000), F(0))])
    assert origin == F(1, 2)
    assert [p.first for p in places] == [45_000, 24_000]
    assert all(p.lead is None for p in places)


def test_a_start_far_in_the_file_is_no_start_far_on_mse_time() -> None:
    origin, places = place([head(1000, F(36_000)), head(1000, F(36_000))])
    assert origin == 0
    assert places[0].shift == -36_000_000


def test_late_picture_is_led() -> None:
    origin, (video, audio) = place([head(1000, F(3, 2)), head(1000, F(0))])
    assert (origin, video.lead, video.first, audio.lead) == (0, 0, 1500, None)


def test_a_track_that_has_not_begun() -> None:
    origin, (_, audio) = place([head(1000, F(1)), Head(1000, None, None)])
    assert origin == 0
    assert audio == (-1000, 0, None)


scales = st.sampled_from(
    [24, 25, 600, 1000, 11_988, 12_800, 15_360, 22_050, 24_000, 30_000, 44_100, 48_000, 60_000, 90_000]
)


@given(st.lists(st.tuples(scales, st.integers(-(10**6), 10**6), st.integers(0, 10**6)), min_size=1, max_size=2))
def test_whole_ticks_from_nought_on(tracks: list[tuple[int, int, int]]) -> None:
    heads = [head(scale, F(first, scale), F(first + later, scale)) for scale, first, later in tracks]
    origin, places = place(heads)
    firsts = [first + p.shift for (_, first, _), p in zip(tracks, places, strict=True)]
    assert min(firsts) >= 0
    # Not later than it has to be: within what whole ticks on all tracks allow, never a second.
    assert min(F(first, scale) for first, (scale, _, _) in zip(firsts, tracks, strict=True)) < 1
    # All tracks are moved by the same time.
    assert len({F(p.shift, scale) for p, (scale, _, _) in zip(places, tracks, strict=True)}) == 1
    assert origin == min(h.presented for h in heads if h.presented is not None) + F(places[0].shift, tracks[0][0])
