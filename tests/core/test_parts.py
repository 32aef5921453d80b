"""Which names say that several files are one recording."""

from __future__ import annotations

import pytest

from courtcast.core.parts import File, runs

FORM = ("h264", 1920, 1080)


def files(*names: str, seconds: float = 900.0) -> list[File]:
    return [File(name, name, seconds, FORM) for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ("GX010012.MP4", "GX020012.MP4", "GX030012.MP4"),
        ("GH019999.mp4", "GH029999.mp4"),
        ("GOPR0012.MP4", "GP010012.MP4", "GP020012.MP4"),
        ("VTS_01_1.VOB", "VTS_01_2.VOB"),
        ("ch01_20260101_100000.mp4", "ch01_20260101_101500.mp4", "ch01_20260101_103000.mp4"),
        ("2026-01-01 10-00-00.mkv", "2026-01-01 10-15-01.mkv"),
        ("D01_20260101100000_20260101101500.dav", "D01_20260101101500_20260101103000.dav"),
        ("cam_20261231_235500.mp4", "cam_20270101_001000.mp4"),
        ("evidence/AXON_Body_2026-01-01T10.00.00.mp4", "evidence/AXON_Body_2026-01-01T10.15.03.mp4"),
    ],
)
def test_parts_are_found_in_any_order(names: tuple[str, ...]) -> None:
    assert runs(files(*names)) == [list(names)]
    assert runs(files(*reversed(names))) == [list(names)]


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_0001.MP4", "IMG_0002.MP4"),
        ("GX010012.MP4", "GX010013.MP4"),
        ("GX010012.MP4", "GX030012.MP4"),
        ("VTS_01_1.VOB", "VTS_02_2.VOB"),
        ("ch01_20260101_100000.mp4", "ch02_20260101_101500.mp4"),
        ("ch01_20260101_100000.mp4", "ch01_20260101_110000.mp4"),
        ("ch01_20260101_100000.mp4", "ch01_20260101_100000.mp4"),
        ("ch01_20261301_100000.mp4", "ch01_20261301_101500.mp4"),
        ("call.wav", "call (1).wav"),
        ("", ""),
    ],
)
def test_others_are_not(names: tuple[str, ...]) -> None:
    assert runs(files(*names)) == []


def test_a_run_that_is_broken_is_two() -> None:
    names = ["GX010012.MP4", "GX020012.MP4", "GX040012.MP4", "GX050012.MP4"]
    assert runs(files(*names)) == [names[:2], names[2:]]


def test_what_has_another_form_is_another_recording() -> None:
    one, other = files("GX010012.MP4", "GX020012.MP4")
    assert runs([one, other._replace(form=("hevc", 1920, 1080))]) == []
