"""What need not be sent of a fragment, since it lies in the file: the fragments are the same, and are made from there."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from courtcast.core.manifest import Manifest
from courtcast.evidence.files import Part, Reserve
from courtcast.evidence.spool import Piece, Spool
from courtcast.prepare.assemble import Unexpected
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.draft import HERE, Draft
from courtcast.prepare.job import prepare
from courtcast.prepare.messages import MOST_DATA, Taken
from courtcast.prepare.source import Held
from courtcast.prepare.store import FolderStore, fragment_name
from courtcast.prepare.taken import apart, together
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared
from tests.prepare.sources import Local

RENDITION = "00000000000000a1"
LARGE = Recipe(width=640, height=480, frames=40, gop=10, noise=True, video_options={"crf": "4"})
"""Keyframes and pictures between them of more than 64 KiB each."""


async def nowhere() -> None:
    """No file can be begun."""


class Watched(Spool):
    """A spool that notes what was taken of it."""

    taken = 0

    async def lay(self, parts: Sequence[Part], file: int) -> None:
        self.taken += sum(part[1] for part in parts if isinstance(part, tuple))
        await super().lay(parts, file)


@pytest.fixture(scope="module", params=["mp4", "mkv"])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("taken") / f"clip.{request.param}", LARGE)


@pytest.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage(warm=False) as made:
        yield made


@pytest.fixture(params=["copied by the kernel", "to a file system that it cannot copy to"])
def copying(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not HERE:
        pytest.skip("needs copy_file_range")

    def cannot(*_: object, **__: object) -> int:
        raise OSError(errno.EXDEV, "cannot")

    if request.param != "copied by the kernel":
        monkeypatch.setattr(os, "copy_file_range", cannot)


async def made(path: Path, source: Spool | Local, folder: Path, cage: Cage) -> Manifest:
    return await prepare(
        source,
        exhibit="e1",
        rendition=RENDITION,
        store=FolderStore(folder),
        on_rows=lambda _: None,
        on_probe=lambda _: None,
        cage=cage,
        name=path.name,
    )


@pytest.mark.usefixtures("copying")
async def test_fragments_out_of_the_file_are_the_same(cage: Cage, recording: Path, tmp_path: Path) -> None:
    data, here = recording.read_bytes(), prepared(recording)
    async with await Watched.open(tmp_path / "spool", len(data)) as spool:
        await spool.write(Piece(0, data))
        manifest = await made(recording, spool, tmp_path / "store", cage)
    assert manifest.rows_message() == here.manifest.rows_message()
    for track in manifest.tracks:
        for row, fragment in zip(manifest.rows(track.index), here.fragments[track.index], strict=True):
            assert (tmp_path / "store" / fragment_name(RENDITION, row)).read_bytes() == fragment
    assert spool.taken > 0.9 * len(data)


async def test_a_source_that_only_reads_does_as_well(cage: Cage, recording: Path, tmp_path: Path) -> None:
    manifest = await made(recording, Local(recording), tmp_path / "store", cage)
    assert manifest.rows_message() == prepared(recording).manifest.rows_message()


@pytest.mark.parametrize("seed", range(20))
async def test_what_was_taken_apart_comes_together(seed: int) -> None:
    rng = random.Random(seed)
    file = rng.randbytes(5000)
    samples, parts = [], [b"moof", b"head"]
    at = rng.randrange(100)
    for _ in range(rng.randrange(1, 12)):
        n, lies = rng.randrange(1, 300), rng.random() < 0.7
        data = file[at : at + n] if lies else rng.randbytes(n)
        samples.append(Sample(0, 0, 1, True, True, data, at=at if lies else None))
        parts.append(data)
        at += n + rng.choice((0, 0, 7))
    sent, taken = apart(samples, parts)
    assert len(taken) <= sum(sample.at is not None for sample in samples)
    whole = await together(taken, b"".join(sent), Held(file), nowhere)
    assert not isinstance(whole, Draft)
    assert bytes(whole) == b"".join(parts)


@pytest.mark.parametrize(
    "taken",
    [
        [Taken(0, 0, 101)],
        [Taken(0, 100, 1)],
        [Taken(5, 0, 1)],
        [Taken(3, 0, 1), Taken(2, 0, 1)],
        [Taken(0, 0, 100)] * (MOST_DATA // 100 + 1),
    ],
)
async def test_what_there_is_not_is_not_taken(taken: list[Taken]) -> None:
    with pytest.raises(Unexpected):
        await together(taken, b"head", Held(bytes(100)), nowhere)


class Stuck(Watched):
    """One whose disk takes its time."""

    go: asyncio.Event
    over: asyncio.Event

    async def lay(self, parts: Sequence[Part], file: int) -> None:
        await self.go.wait()
        await super().lay(parts, file)
        self.over.set()


@pytest.mark.skipif(not HERE, reason="needs copy_file_range")
async def test_a_draft_that_is_dropped_meanwhile_writes_into_nobody_elses_file(tmp_path: Path) -> None:
    async with await Stuck.open(tmp_path / "spool", 4) as spool:
        spool.go, spool.over = asyncio.Event(), asyncio.Event()
        await spool.write(Piece(0, b"four"))
        draft = Draft(tmp_path / "store", Reserve(tmp_path))
        task = asyncio.create_task(draft.lay(spool, [(0, 4)]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        draft.drop()
        with (tmp_path / "other").open("wb", buffering=0) as other:
            spool.go.set()
            await spool.over.wait()
            other.write(b"mine")
    assert (tmp_path / "other").read_bytes() == b"mine"
    assert list((tmp_path / "store").iterdir()) == []
