"""Intake and the disk: too small, full in the middle, and what is replaced does not stay on it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from courtcast.prepare import way as way_module
from courtcast.prepare.kept import SPACE
from courtcast.wire.api import NewLink
from tests.prepare.watch import kept, spools, watching
from tests.small_disk import small_disk
from tests.stand_ins.evidence_server import serving

SIZE = 16 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "16m") as folder:
        yield folder


def fill(disk: Path, leave: int) -> Path:
    """Something else takes the room, but for so many bytes."""
    filler = disk / "filler"
    taken = SIZE - leave - sum(f.stat().st_blocks * 512 for f in disk.rglob("*") if f.is_file())
    with suppress(OSError), filler.open("wb", buffering=0) as file:  # others write at the same time
        while taken > 0:
            taken -= file.write(bytes(min(taken, 4096)))
    return filler


async def test_a_file_for_which_there_is_no_room_is_not_begun_and_comes_by_itself_when_there_is(
    disk: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_module, "AGAIN", (0.2,))
    async with serving(clips) as server, watching(disk) as watch:
        filler = fill(disk, leave=int(len(clips["one.mp4"]) * 1.8))
        added = await watch.add(server.url("one.mp4"))
        said = await watch.until(added.id, lambda exhibit: exhibit.problem is not None)
        assert said.problem is not None
        assert said.problem.type == "disk-too-small"
        assert f"needs {2 * len(clips['one.mp4']) / 1e6:.1f} MB" in said.problem.detail
        assert said.bytes_fetched == 0
        filler.unlink()
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        assert (ready.problem, ready.frames) == (None, 240)


async def test_a_disk_that_is_full_in_the_middle_pauses_it_and_nothing_is_lost(
    disk: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_module, "AGAIN", (0.2,))
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 2.0) as server, watching(disk) as watch:
        added = await watch.add(server.url("one.mp4"))
        await watch.until(added.id, lambda exhibit: exhibit.showable and exhibit.bytes_fetched > size / 3)
        filler = fill(disk, leave=0)
        said = await watch.until(added.id, lambda exhibit: exhibit.problem is not None)
        assert said.problem is not None
        assert said.problem.type in {"disk-full", "disk-too-small"}
        assert said.bytes_fetched > size / 3
        assert said.showable, "what is there can be shown meanwhile"
        before = watch.intake.manifest(added.id)
        assert before is not None
        assert await watch.intake.still(added.id, frame=0)
        sent = server.sent
        server.rate = None
        filler.unlink()
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        assert (ready.problem, ready.frames) == (None, 240)
        assert ready.sha256 == hashlib.sha256(clips["one.mp4"]).hexdigest()
        after = watch.intake.manifest(added.id)
        assert after is not None
        assert after.rendition == before.rendition, "it went on where it was"
        assert server.sent - sent < size - said.bytes_fetched + 700_000, "nothing was fetched twice"


async def test_what_another_version_replaced_goes_when_that_one_is_there(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    files = {"clip.mp4": clips["one.mp4"]}
    renditions = tmp_path / "renditions"
    async with serving(files, rate=len(files["clip.mp4"]) / 4.0) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("clip.mp4", cut=len(files["clip.mp4"]) // 2))
            await watch.until(added.id, lambda exhibit: exhibit.showable)
            first = watch.intake.manifest(added.id)
            assert first is not None
            server.files["clip.mp4"] = clips["two.mp4"]
            server.rate = None
            await watch.over(added.id)
            second = watch.intake.manifest(added.id)
            assert second is not None
            await gone(lambda: spools(tmp_path, added.id) == ["2.spool"])
            assert (renditions / first.rendition).is_dir(), "a screen may still be showing it"
        async with watching(tmp_path) as watch:
            await watch.over(added.id)
            await gone(lambda: [path.name for path in renditions.iterdir()] == [second.rendition])
            async with asyncio.timeout(10):
                while (await kept(watch, added.id)).former:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def test_nothing_that_came_goes_before_another_version_is_there(tmp_path: Path, clips: dict[str, bytes]) -> None:
    """The file was not the one whose hash was given, and the fresh link does not work either."""
    right = hashlib.sha256(clips["two.mp4"]).hexdigest()
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"), sha256=right)
        await watch.over(added.id)
        await watch.intake.relink(added.id, NewLink(server.url("nothing.mp4")))
        failed = await watch.until(added.id, lambda exhibit: exhibit.state == "failed")
        assert failed.problem is not None
        assert failed.problem.type == "link-not-found"
        assert (tmp_path / "evidence" / added.id / "1.spool").read_bytes() == clips["one.mp4"]
        await watch.intake.relink(added.id, NewLink(server.url("two.mp4")))
        await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        await gone(lambda: spools(tmp_path, added.id) == ["2.spool"])


async def test_a_rendition_of_an_earlier_courtcast_goes_when_the_new_one_is_there(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    async with serving(clips) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("one.mp4"))
            await watch.over(added.id)
            before = await kept(watch, added.id)
            before.made_by = "courtcast 0"
            await watch.db.put(SPACE, added.id, msgspec.json.encode(before))
        async with watching(tmp_path) as watch:
            await watch.over(added.id)
            manifest = watch.intake.manifest(added.id)
            assert manifest is not None
            assert manifest.rendition != before.rendition
            await gone(lambda: [path.name for path in (tmp_path / "renditions").iterdir()] == [manifest.rendition])


async def gone(true: Callable[[], bool]) -> None:
    """Clearing away is done behind everything else."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
