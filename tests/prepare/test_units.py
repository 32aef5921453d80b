"""What was fetched is what is sent: unit for unit, for every real recording in scope; all others end in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtcast.problems import Refused
from tests.prepare.prepared import prepared
from tests.prepare.units import CONVERTED, SCOPE, difference, source_units, stored_units

COUNTED = {
    "BA_MW_D_P_LOST.264": 99,
    "CI1_FT_B.264": 291,
    "VID_20191220_170832.mp4": 41,
    "android_fragmented.mp4": 932,
    "bear-vp9-odd-dimensions.webm": 30,
    "chapters_444.mkv": 150,
    "gopro_karma_timecode.mp4": 362,
    "highway_5994.mp4": 1769,
    "movie-hello.avi": 208,
    "pixel7_rot180.mp4": 36,
    "portrait_4k60.mp4": 18,
    "roadtrip-vp92-10bit.webm": 72,
    "sintel_trailer-720p.mp4": 1253,
    "test_video_sync_av1.mp4": 1890,
}
"""Pictures that the pinned decoder gives inside the edit list (decoded once, by PyAV 18.1)."""


@pytest.mark.parametrize("name", SCOPE)
def test_same_units(shared_media: Path, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    assert difference(source_units(path), stored_units(made)) is None
    assert made.manifest.added == 0
    assert made.manifest.frames == COUNTED[name]


def test_a_changed_unit_is_found(shared_media: Path) -> None:
    path = shared_media / "video" / "bear-vp9-odd-dimensions.webm"
    made = prepared(path)
    changed = bytearray(made.fragments[0][1])
    changed[-5] ^= 1
    made.fragments[0][1] = bytes(changed)
    assert difference(source_units(path), stored_units(made)) is not None


@pytest.mark.parametrize(
    ("name", "problem", "words"),
    [
        ("corrupt/karma_truncated_no_moov.mp4", "file-no-index", "index"),
        ("corrupt/invalid-bitstream.webm", "file-damaged", "damaged"),
    ],
)
def test_the_others_say_why(shared_media: Path, name: str, problem: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        prepared(shared_media / name)
    assert refused.value.type == problem
    assert words in refused.value.detail


def test_every_file_is_in_one_of_the_two(shared_media: Path) -> None:
    """A file that is added to the folder has to be decided on."""
    there = {path.name for path in (shared_media / "video").iterdir()}
    assert there == set(SCOPE) | set(CONVERTED)
