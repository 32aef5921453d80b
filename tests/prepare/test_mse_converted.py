"""What becomes of converted recordings in real Chromium: the right picture at every time, sound to the end."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.prepare.plan import Needed
from tests.prepare.media import OPEN_GOPS, Recipe, make
from tests.prepare.mse import Player, player
from tests.prepare.pixels import assert_plays, check_buffered, check_numbers, check_pictures
from tests.prepare.prepared import Prepared, prepared
from tests.prepare.units import CONVERTED, with_the_large

pytestmark = pytest.mark.browser

NEAR = 8.0
"""Mean difference of luma: converted, scaled, and converted to RGB by two programs."""
HDR = 14.0
"""The same where one of the two maps a wide range of brightness to the display's, and the other does not."""
AUDIO = (
    "audiotest_ulaw.au",
    "bear.opus",
    "bear_with_picture.flac",
    pytest.param("call_8k_pcm.wav", marks=pytest.mark.long),
    "debian.mp3",
    pytest.param("demo-congrats.gsm", marks=pytest.mark.long),
    "pluck-alaw.aifc",
    "testAMR.amr",
    "testWMA.wma",
    "two_alternate_tracks.mp4",
)
INTERLACED = {"x264-params": "tff=1:scenecut=0:keyint=30"}
UNEVEN = [n * 33 + (n // 10) * 250 for n in range(60)]
KINDS = {
    "MPEG-4 in AVI": ("avi", Recipe(codec="mpeg4", b_frames=0, audio="mp2", timescale=30)),
    "MPEG-2": ("mpg", Recipe(codec="mpeg2video", audio="mp2", timescale=30)),
    "MPEG-2 in a transport stream": ("ts", Recipe(codec="mpeg2video", audio="mp2", timescale=30)),
    "odd size": ("mkv", Recipe(codec="ffv1", width=321, height=241, b_frames=0, audio="pcm_s16le", timescale=1000)),
    "HEVC": ("mp4", Recipe(codec="libx265", b_frames=0, audio="ac3")),
    "HEVC with 10 bits": ("mp4", Recipe(codec="libx265", pix_fmt="yuv420p10le", b_frames=0, audio=None)),
    "ProRes": ("mov", Recipe(codec="prores_ks", pix_fmt="yuv422p10le", b_frames=0, audio="pcm_s16le")),
    "interlaced": ("mp4", Recipe(video_options=INTERLACED, b_frames=0)),
    "variable rate": ("mkv", Recipe(codec="mpeg4", b_frames=0, audio=None, timescale=1000, pts=UNEVEN)),
    "picture late": ("mkv", Recipe(codec="mpeg4", b_frames=0, timescale=1000, video_start=Fraction(3, 2), audio="ac3")),
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Player]:
    with player() as opened:
        yield opened


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_in_each_picture(tmp_path: Path, chromium: Player, kind: str) -> None:
    extension, recipe = KINDS[kind]
    made = prepared(make(tmp_path / f"made.{extension}", recipe))
    assert "converted" in {treatment.done for treatment in made.looked.treatments}
    assert made.manifest.frames == recipe.frames
    check_numbers(chromium, made, first=0)


def test_open_gops(tmp_path: Path, chromium: Player) -> None:
    path = make(tmp_path / "open.mp4", Recipe(frames=90, video_options=OPEN_GOPS))
    with pytest.raises(Needed) as needed:
        prepared(path)
    check_numbers(chromium, prepared(path, need=needed.value.need), first=0)


@pytest.mark.parametrize("name", with_the_large(CONVERTED))
def test_real_recordings(shared_media: Path, chromium: Player, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    check_pictures(chromium, made, path, near=HDR if "hevc10" in name else NEAR, differs=NEAR)


@pytest.mark.parametrize("name", AUDIO)
def test_sound_alone(shared_media: Path, chromium: Player, name: str) -> None:
    made: Prepared = prepared(shared_media / "audio" / name)
    check_buffered(made, chromium.load(made))
    assert_plays(chromium, made, Fraction(3, 2))
