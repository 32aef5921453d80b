"""Conversions inside the cage: what the codecs do there (threads, memory, priorities) is allowed, and gives the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import Probe, prepare, still
from courtcast.prepare.store import FolderStore
from courtcast.prepare.viewer import Original, drawn
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared
from tests.prepare.sources import Local

KINDS = {
    "H.264": ("mpg", Recipe(codec="mpeg2video", audio="mp2", timescale=30)),
    "AV1": ("mp4", Recipe(codec="libx265", pix_fmt="yuv420p10le", b_frames=0, audio="ac3")),
    "odd size": ("mkv", Recipe(codec="ffv1", width=321, height=241, b_frames=0, audio=None, timescale=1000)),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_recording(tmp_path: Path, kind: str) -> None:
    extension, recipe = KINDS[kind]
    path = make(tmp_path / f"made.{extension}", recipe)
    found: list[Probe] = []
    async with Cage() as cage:
        manifest = await prepare(
            Local(path), exhibit="e", rendition="00000000000000a1", store=FolderStore(tmp_path / "store"),
            on_rows=lambda rows: None, on_probe=found.append, cage=cage, name=path.name,
        )  # fmt: skip
        assert manifest.timeline.pts == prepared(path).manifest.timeline.pts
        assert found[0].treatments[0].done == "converted"
        for frame in (0, 31, 59):
            assert await still(Original(Local(path), manifest, path.name, converted=True), frame, 160, cage=cage)


async def test_sound_alone(tmp_path: Path, shared_media: Path) -> None:
    store = FolderStore(tmp_path / "store")
    path = shared_media / "audio" / "demo-congrats.gsm"
    async with Cage() as cage:
        manifest = await prepare(
            Local(path), exhibit="e", rendition="00000000000000a1", store=store,
            on_rows=lambda rows: None, on_probe=lambda probe: None, cage=cage, name=path.name,
        )  # fmt: skip
        pictures = [await still(await drawn(store, manifest, frame), frame, 320, cage=cage) for frame in (0, 150, 302)]
    assert len(set(pictures)) == 3
