"""What is done to a picture and to a sound, and why."""

from __future__ import annotations

import pytest

from courtcast.prepare.plan import CHROMIUM, DRAWN, Look, Need, Stream, choose, make
from courtcast.problems import Refused


def picture(codec: str, pix_fmt: str = "yuv420p", **more: object) -> Stream:
    return Stream(0, "video", codec, pix_fmt=pix_fmt, **more)  # type: ignore[arg-type]


def sound(codec: str, **more: object) -> Stream:
    return Stream(1, "audio", codec, **more)  # type: ignore[arg-type]


def test_chooses_the_default_of_each_kind() -> None:
    streams = [
        Stream(0, "video", "mjpeg", cover_art=True),
        Stream(1, "video", "h264", default=False),
        Stream(2, "video", "vp9"),
        Stream(3, "audio", "ac3"),
        Stream(4, "audio", "aac", default=False),
    ]
    assert [stream and stream.number for stream in choose(streams)] == [2, 3]


def test_of_two_that_are_both_default_the_sound_that_stays_as_it_is() -> None:
    _, found = choose([Stream(0, "audio", "ac3"), Stream(1, "audio", "aac")])
    assert found is not None
    assert found.number == 1


def test_a_stream_that_nothing_decodes_is_passed_over_for_one_that_something_does() -> None:
    found, _ = choose([Stream(0, "video", "unknown", decodable=False), Stream(1, "video", "mpeg4", default=False)])
    assert found is not None
    assert found.number == 1


@pytest.mark.parametrize(
    ("streams", "problem", "words"),
    [
        ([], "file-not-media", ""),
        ([picture("h264", encrypted=True)], "format-not-yet", "encrypted"),
        ([picture("vvc", decodable=False)], "format-not-yet", "VVC video"),
        ([picture("png", cover_art=True)], "file-not-media", ""),
    ],
)
def test_says_what_cannot_be_shown(streams: list[Stream], problem: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        choose(streams)
    assert refused.value.type == problem
    assert words in refused.value.detail


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "done"),
    [
        ("h264", "yuv420p", "unchanged"),
        ("h264", "yuvj420p", "unchanged"),
        ("h264", "yuv444p", "unchanged"),
        ("h264", "yuv422p", "converted"),
        ("h264", "yuv420p10le", "converted"),
        ("h264", "yuv422p10le", "converted"),
        ("vp9", "yuv420p", "unchanged"),
        ("vp9", "yuv420p10le", "unchanged"),
        ("vp9", "yuv444p", "converted"),
        ("av1", "yuv420p10le", "unchanged"),
        ("av1", "gbrp", "converted"),
        ("hevc", "yuv420p", "converted"),
        ("vp8", "yuv420p", "unchanged"),
        ("mpeg2video", "yuv420p", "converted"),
        ("mjpeg", "yuvj422p", "converted"),
    ],
)
def test_what_the_screens_decode_is_left_as_it_is(codec: str, pix_fmt: str, done: str) -> None:
    found = make([picture(codec, pix_fmt)], Look()).picture
    assert found is not None
    assert found.treatment.done == done
    assert bool(found.treatment.reasons) == (done != "unchanged")


def test_screens_that_decode_more_are_given_more() -> None:
    able = CHROMIUM | {'video/mp4; codecs="hvc1.1.6.L153.B0"'}
    plans = [make([picture("hevc")], Look(), plays) for plays in (CHROMIUM, able)]
    assert [plan.picture and plan.picture.treatment.done for plan in plans] == ["converted", "unchanged"]


@pytest.mark.parametrize(
    ("look", "need", "words"),
    [(Look(interlaced=True), None, "combs"), (Look(), "seek", "sought")],
)
def test_two_exceptions_are_said(look: Look, need: Need | None, words: str) -> None:
    found = make([picture("h264")], look, need=need).picture
    assert found is not None
    assert found.treatment.done == "converted"
    assert found.deinterlace == look.interlaced
    assert any(words in reason for reason in found.treatment.reasons)


@pytest.mark.parametrize(
    ("stream", "done"),
    [
        (sound("aac"), "unchanged"),
        (sound("opus"), "unchanged"),
        (sound("flac"), "unchanged"),
        (sound("pcm_s16le", exact=True), "lossless"),
        (sound("pcm_alaw", exact=True), "lossless"),
        (sound("mp3"), "converted"),
        (sound("ac3"), "converted"),
    ],
)
def test_a_sound_that_is_converted_says_whether_something_was_lost(stream: Stream, done: str) -> None:
    plan = make([picture("h264"), stream], Look())
    assert plan.sound is not None
    assert plan.sound.treatment.done == done
    assert [treatment.part for treatment in plan.treatments] == ["picture", "sound"]


def test_where_there_is_no_picture_one_is_drawn() -> None:
    plan = make([Stream(0, "video", "png", cover_art=True), sound("aac")], Look())
    assert plan.picture is None
    assert plan.treatments[0] == DRAWN
