"""In a real Chromium: fragments append, `buffered` is what the manifest says, and the picture is the source's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prepare.media import make, with_edits
from tests.prepare.mse import Player, player
from tests.prepare.pixels import check_numbers, check_pictures
from tests.prepare.prepared import prepared
from tests.prepare.test_recording import KINDS
from tests.prepare.units import SCOPE, with_the_large

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Player]:
    with player() as opened:
        yield opened


@pytest.mark.parametrize("name", with_the_large(SCOPE))
def test_real_recordings(shared_media: Path, chromium: Player, name: str) -> None:
    path = shared_media / "video" / name
    made = prepared(path)
    check_pictures(chromium, made, path)


MADE = [kind for kind in KINDS if kind not in ("one every five seconds", "MOV", "index first", "VP9 in MP4")]


@pytest.mark.parametrize("kind", MADE)
def test_made_recordings(tmp_path: Path, chromium: Player, kind: str) -> None:
    """The number in each picture is read off the page's own pixels."""
    extension, recipe = KINDS[kind]
    check_numbers(chromium, prepared(make(tmp_path / f"made.{extension}", recipe)), first=0)


def test_trimmed_in_the_middle_of_a_gop(tmp_path: Path, chromium: Player) -> None:
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(with_edits(make(tmp_path / "whole.mp4", KINDS["b-frames"][1]).read_bytes(), 0, [(1200, 51_000)]))
    check_numbers(chromium, prepared(path), first=15)


@pytest.mark.parametrize(("kind", "beeps"), [("sound late", [1.5]), ("picture late", [0.0, 1.0])])
def test_sound_is_heard_when_it_is_due(tmp_path: Path, chromium: Player, kind: str, beeps: list[float]) -> None:
    """Chromium plays sound samples one after the other: without silence in the hole this one came 1.5 s early."""
    made = prepared(make(tmp_path / "made.mp4", KINDS[kind][1]))
    chromium.load(made)
    chromium.call("listen")
    chromium.call("seek", float(made.manifest.origin) + 0.001)
    chromium.call("heard")
    chromium.call("play", float(made.manifest.origin) + 1.9, 8000)
    heard = chromium.call("heard")
    onsets: list[float] = []
    last = -1.0
    for at, loud in heard:
        if loud > 0.1:
            if at - last > 0.1:  # what is heard of one beep may dip below what counts as loud
                onsets.append(at - float(made.manifest.origin))
            last = at
    assert len(onsets) == len(beeps)
    assert onsets == pytest.approx(beeps, abs=0.15)
