"""What is sent, and where media time begins."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.plan import Head, Stream, choose, place
from courtcast.problems import Refused


def test_chooses_the_default_picture_and_a_sound_that_can_be_sent() -> None:
    streams = [
        Stream(0, "video", "mjpeg", cover_art=True),
        Stream(1, "video", "h264", default=False),
        Stream(2, "video", "vp9"),
        Stream(3, "audio", "ac3"),
        Stream(4, "audio", "aac", default=False),
    ]
    video, audio = choose(streams)
    assert video.number == 2
    assert audio is not None
    assert audio.number == 4


@pytest.mark.parametrize(
    ("streams", "problem", "words"),
    [
        ([], "file-not-media", ""),
        ([Stream(0, "audio", "aac")], "format-not-yet", "sound without a picture"),
        ([Stream(0, "video", "hevc")], "format-not-yet", "HEVC"),
        ([Stream(0, "video", "h264"), Stream(1, "audio", "pcm_s16le")], "format-not-yet", "PCM"),
        ([Stream(0, "video", "h264"), Stream(1, "audio", "dts")], "format-not-yet", "DTS"),
        ([Stream(0, "video", "h264", encrypted=True)], "format-not-yet", "encrypted"),
        ([Stream(0, "video", "cinepak")], "format-not-yet", "cinepak video"),
        ([Stream(0, "video", "png", cover_art=True)], "file-not-media", ""),
    ],
)
def test_says_what_cannot_be_shown(streams: list[Stream], problem: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        choose(streams)
    assert refused.value.type == problem
    assert words in refused.value.detail


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
