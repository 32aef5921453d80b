"""Damaged recordings through the real child, under the real limits: each ends prepared or in words, and nothing else
is touched. `make mutations` takes many more (COURTCAST_MUTATIONS)."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from courtcast.core.manifest import Manifest
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import prepare, still
from courtcast.prepare.plan import Need, Needed
from courtcast.prepare.store import FolderStore
from courtcast.prepare.tally import count
from courtcast.prepare.viewer import Original
from courtcast.problems import TABLE, Refused
from tests.prepare.cage_mutations import mutated
from tests.prepare.leaf_files import page, pdf, quarters, saved
from tests.prepare.media import Recipe, make
from tests.prepare.sources import Local

MANY = int(os.environ.get("COURTCAST_MUTATIONS", "200"))
"""Half of them of recordings made here, half of real ones where those are there."""
AT_ONCE = 2
LONGEST = 30.0
"""Seconds that preparing one of them, or a still of it, or counting its pictures may take."""
LATE = 1.0
"""Seconds that the presenter's loop may be held up: enough for a machine that has other things to do."""
SMALL = 600_000
"""Bytes of the files that are taken."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("made")
    short = Recipe(frames=45, gop=15)
    kinds = {
        "plain.mp4": short,
        "fast.mp4": replace(short, container={"movflags": "faststart"}),
        "fragmented.mp4": replace(short, container={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
        "phone.mov": replace(short, audio="pcm_s16le"),
        "av1.mp4": replace(short, codec="libsvtav1", audio="libopus"),
        "vp9.webm": replace(short, codec="libvpx-vp9", audio="libopus"),
        "vp8.webm": replace(short, codec="libvpx", b_frames=0, audio="libopus", timescale=1000),
        "h264.mkv": replace(short, audio="flac"),
    }
    leaves = {
        "photo.jpg": saved(quarters(), "JPEG", orientation=6),
        "photo.png": saved(quarters(), "PNG"),
        "photo.webp": saved(quarters(), "WebP"),
        "photo.bmp": saved(quarters(), "BMP"),
        "photo.avif": saved(quarters(), "AVIF"),
        "scan.tif": saved(quarters(), "TIFF", save_all=True, append_images=[quarters().rotate(180)]),
        "moves.gif": saved(quarters(), "GIF", save_all=True, append_images=[quarters().rotate(180)]),
        "pages.pdf": pdf([page(), page(more="/Rotate 90")]),
    }
    return leaves | {name: make(folder / name, recipe).read_bytes() for name, recipe in kinds.items()}


@pytest.fixture(scope="module")
def real(shared_media: Path) -> dict[str, bytes]:
    paths = [path for path in shared_media.rglob("*") if path.is_file() and 0 < path.stat().st_size < SMALL]
    return {path.name: path.read_bytes() for path in paths if path.suffix not in (".tsv", ".md")}


class Runs:
    """All of them, and what came of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ends: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self.late = 0.0

    async def all(self, files: dict[str, bytes], numbers: range) -> None:
        watching = asyncio.create_task(self._watch())
        waiting = list(reversed(numbers))

        async def take(cage: Cage) -> None:
            while waiting:
                name, data = mutated(files, waiting.pop())
                self.ends[await self._one(cage, name, data)] += 1

        async with Cage() as cage, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take(cage))
        watching.cancel()
        print(f"\n{dict(self.ends)}; slowest {self.slowest}; loop late by {self.late:.3f} s")

    async def _one(self, cage: Cage, name: str, data: bytes) -> str:
        try:
            await self._used(cage, name, data)
        except Refused as problem:
            refused = problem
        else:
            return "prepared"
        assert refused.type in TABLE, name
        assert refused.type != "internal", name
        if refused.type.startswith("parser-"):
            print(f"{name}: {refused}")
        return refused.type

    async def _used(self, cage: Cage, name: str, data: bytes) -> None:
        """All that is done with a recording. Raises Refused."""
        folder = self._folder / name.partition(" ")[0]
        folder.mkdir()
        path = folder / "file"
        path.write_bytes(data)
        done: list[str] = []

        async def made(need: Need | None = None) -> Manifest:
            with self._timed(name):
                return await prepare(
                    Local(path), exhibit="e", rendition="00000000000000a1", store=FolderStore(folder / "store"),
                    on_rows=lambda rows: None, on_probe=lambda probe: done.append(probe.treatments[0].done), cage=cage,
                    need=need,
                )  # fmt: skip

        try:
            manifest = await made()
        except Needed as needed:
            manifest = await made(needed.need)
        if manifest.video is None or done[-1] == "drawn":
            return
        with self._timed(name):
            original = Original(Local(path), manifest, converted=done[-1] != "unchanged")
            picture = await still(original, len(manifest.timeline) // 2, 160, cage=cage)
            assert picture.startswith(b"\x89PNG")
        if manifest.leaves:
            return
        with self._timed(name):
            await count(Local(path), manifest)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.slowest = max(self.slowest, (time.monotonic() - began, name))

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            self.late = max(self.late, time.monotonic() - began - 0.01)


async def through(files: dict[str, bytes], numbers: range, folder: Path) -> None:
    runs = Runs(folder)
    await runs.all(files, numbers)
    assert sum(runs.ends.values()) == len(numbers)
    assert runs.slowest[0] < LONGEST, runs.slowest
    assert runs.late < LATE
    assert not [child for child in psutil.Process().children() if "courtcast.prepare" in " ".join(child.cmdline())]


@pytest.mark.timeout(60 + 5 * MANY)
async def test_recordings_made_here(made: dict[str, bytes], tmp_path: Path) -> None:
    await through(made, range(MANY // 2), tmp_path)


@pytest.mark.timeout(60 + 5 * MANY)
async def test_real_recordings(real: dict[str, bytes], tmp_path: Path) -> None:
    await through(real, range(MANY // 2, MANY), tmp_path)
