"""Files that were broken off or have no index: what is there is shown, and it is said what is missing."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from courtcast.wire.api import Exhibit
from tests.prepare.media import Recipe, make
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving

CLIP = Recipe(frames=150, noise=True, width=160, height=120)


async def prepared(folder: Path, name: str, data: bytes) -> Exhibit:
    async with serving({name: data}) as server, watching(folder) as watch:
        ready = await watch.over((await watch.add(server.url(name))).id)
        assert ready.state == "ready", ready.problem
        if ready.video is not None:
            assert ready.frames
            last = await watch.intake.still(ready.id, frame=ready.frames - 1, width=64)
            assert last.startswith(b"\x89PNG")
        return ready


def told(exhibit: Exhibit) -> list[str]:
    return [note.type for note in exhibit.notes if note.type != "silence-added"]


def without_index(avi: bytes) -> bytes:
    """An AVI as a recorder leaves it that was switched off: no index, and the length of nothing was filled in."""
    at = avi.rindex(b"idx1")
    return avi[:4] + struct.pack("<I", 0) + avi[8:at]


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("front.mp4", {"movflags": "faststart"}),
        ("pieces.mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
        ("film.mkv", {}),
        ("film.avi", {}),
    ],
)
async def test_broken_off(tmp_path: Path, name: str, container: dict[str, str]) -> None:
    recipe = replace(CLIP, container=container, b_frames=0 if name.endswith("avi") else 2)
    data = make(tmp_path / name, recipe).read_bytes()
    ready = await prepared(tmp_path / "data", name, data[: int(len(data) * 0.6)])
    assert ready.frames is not None
    assert 40 < ready.frames < 120
    assert told(ready)[0] == "cut-short"
    assert ready.duration is not None
    words = ready.notes[0].detail
    assert f"0:0{int(ready.duration)}" in words
    assert ("of 0:05" in words) == (name in ("front.mp4", "film.mkv"))


async def test_all_of_it_says_nothing(tmp_path: Path) -> None:
    for name, container in (("a.mp4", {}), ("b.mkv", {}), ("c.avi", {}), ("d.mp4", {"movflags": "frag_keyframe"})):
        data = make(tmp_path / name, replace(CLIP, frames=60, b_frames=0, container=container)).read_bytes()
        assert told(await prepared(tmp_path / name[0], name, data)) == []
        assert told(await prepared(tmp_path / f"{name[0]}{name[0]}", name, data + b"appended " * 9)) == []


async def test_an_index_is_rebuilt(tmp_path: Path) -> None:
    avi = make(tmp_path / "a.avi", replace(CLIP, frames=60, b_frames=0)).read_bytes()
    ready = await prepared(tmp_path / "avi", "a.avi", without_index(avi))
    assert (ready.frames, told(ready)) == (60, ["index-rebuilt"])
    mkv = make(tmp_path / "a.mkv", replace(CLIP, frames=60, container={"live": "1"})).read_bytes()
    ready = await prepared(tmp_path / "mkv", "a.mkv", mkv)
    assert (ready.frames, told(ready)) == (60, ["index-rebuilt"])


async def test_more_is_announced_than_there_is(tmp_path: Path, shared_media: Path) -> None:
    name = "sample_mdat_too_long.mp4"
    ready = await prepared(tmp_path, name, (shared_media / "corrupt" / name).read_bytes())
    assert "cut-short" in told(ready)
