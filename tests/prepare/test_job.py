"""Preparing through a real child: what comes when, what is in the store, and each way in which it can end badly."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.cage.keeper import Allowance, Cage
from courtcast.prepare.job import Probe, prepare
from courtcast.prepare.messages import Limits
from courtcast.prepare.store import FolderStore, fragment_name, init_name, load_manifest
from courtcast.problems import Refused
from courtcast.wire.media import ManifestRows
from tests.prepare.media import Recipe, make
from tests.prepare.prepared import prepared
from tests.prepare.sources import Local

RENDITION = "00000000000000a1"


@pytest.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage() as made:
        yield made


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    return make(folder / "clip.mp4", Recipe(frames=300, width=640, height=360, noise=True))


class Run:
    """One call of prepare, and all it said meanwhile."""

    def __init__(self, cage: Cage, source: Local, folder: Path) -> None:
        self.store = FolderStore(folder)
        self.rows: list[ManifestRows] = []
        self.probes: list[Probe] = []
        self.live: list[Manifest] = []
        self.said = asyncio.Event()
        self._cage, self._source = cage, source

    def _on_rows(self, rows: ManifestRows) -> None:
        self.rows.append(rows)
        self.said.set()

    async def run(self) -> Manifest:
        return await prepare(
            self._source,
            exhibit="e1",
            rendition=RENDITION,
            store=self.store,
            on_rows=self._on_rows,
            on_probe=self.probes.append,
            on_manifest=self.live.append,
            cage=self._cage,
        )


async def test_same_as_without_a_child(cage: Cage, recording: Path, tmp_path: Path) -> None:
    run = Run(cage, Local(recording), tmp_path)
    manifest = await run.run()
    here = prepared(recording)
    assert manifest.rows_message() == here.manifest.rows_message()
    assert run.live == [manifest]
    video = run.probes[0].video
    assert video is not None
    assert (video.codec, video.width, video.height) == ("h264", 640, 360)
    # News in pieces add up to the whole, and what they name is in the store under its hash.
    merged = Manifest.of(run.rows[0])
    for rows in run.rows[1:]:
        merged.merge(rows)
    assert merged.rows_message() == manifest.rows_message()
    for track in manifest.tracks:
        init = await run.store.get(init_name(RENDITION, track))
        assert hashlib.sha256(init).hexdigest() == track.init_sha256
        for row, data in zip(manifest.rows(track.index), here.fragments[track.index], strict=True):
            assert await run.store.get(fragment_name(RENDITION, row)) == data
    again = await load_manifest(run.store, RENDITION)
    assert again is not None
    assert again.rows_message() == manifest.rows_message()


@pytest.mark.parametrize("length_known", [True, False])
async def test_fragments_appear_while_the_file_arrives(
    cage: Cage, recording: Path, tmp_path: Path, length_known: bool
) -> None:
    """The index is at the end, where the fetcher looks first; of the samples only a third has come."""
    size = recording.stat().st_size
    source = Local(recording, there=size // 3, tail=32_768 if length_known else 0, length_known=length_known)
    if not length_known:
        # Without a length there is no going to the end: the index has to stand first, as in a stream.
        fast = make(tmp_path / "fast.mp4", Recipe(frames=300, noise=True, container={"movflags": "faststart"}))
        source = Local(fast, there=fast.stat().st_size // 2, length_known=False)
    run = Run(cage, source, tmp_path / "store")
    task = asyncio.create_task(run.run())
    async with asyncio.timeout(20):
        while len(run.rows) < 2:
            run.said.clear()
            await run.said.wait()
    assert not task.done()
    live = run.live[0]
    assert live.showable
    assert not live.complete
    assert 0 < live.prepared < 9
    while not task.done() and source.there < size * 2:
        await source.arrive(40_000)
        await asyncio.sleep(0.01)
    assert (await task).complete
    assert live.complete


async def test_what_the_source_says_is_passed_on(cage: Cage, recording: Path, tmp_path: Path) -> None:
    source = Local(recording)
    source.fails_at = 70_000
    with pytest.raises(Refused) as refused:
        await Run(cage, source, tmp_path).run()
    assert refused.value.type == "link-cut-short"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "link-empty"),
        (b"<!doctype html><title>Log in</title>", "file-not-media"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088), "file-no-index"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(100), "file-no-index"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x10moov" + bytes(8), "file-not-media"),
        (b"\x1a\x45\xdf\xa3" + bytes(5000), "file-damaged"),
        (bytes(100_000), "file-not-media"),
        (b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:1/x.ts\n", "file-not-media"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "file-not-media"),
    ],
)
async def test_bad_files_end_in_words(cage: Cage, tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        await Run(cage, Local(path), tmp_path / "store").run()
    assert refused.value.type == problem


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
async def test_short_memory_is_not_taken_for_damage(shared_media: Path, tmp_path: Path) -> None:
    source = Local(shared_media / "video" / "portrait_4k60.mp4")
    seen = set()
    for megabytes in (180, 240, 250, 255, 260, 265, 270):
        async with Cage(Limits(memory=megabytes << 20), warm=False) as cage:
            try:
                await Run(cage, source, tmp_path / str(megabytes)).run()
            except Refused as refused:
                seen.add(refused.type)
    assert seen == {"parser-out-of-memory"}


async def test_no_progress_is_stopped(recording: Path, tmp_path: Path) -> None:
    """The child is stopped by a signal: it does not crash, it only does nothing any more."""
    async with Cage(Limits(silence=1.0), warm=False) as cage:
        source = Local(recording, there=70_000)
        task = asyncio.create_task(Run(cage, source, tmp_path).run())
        child = await one_child()
        await source.asked.wait()
        child.suspend()
        await source.arrive(1 << 30)
        with pytest.raises(Refused) as refused:
            await task
    assert refused.value.type == "parser-out-of-time"
    assert not child.is_running()


async def test_waiting_for_the_network_is_no_fault_of_the_file(recording: Path, tmp_path: Path) -> None:
    async with Cage(Limits(silence=1.0), warm=False) as cage:
        source = Local(recording, there=0)
        task = asyncio.create_task(Run(cage, source, tmp_path).run())
        await asyncio.sleep(2.5)
        assert not task.done()
        await source.arrive(1 << 30)
        assert (await task).complete


async def test_a_crash_is_that_exhibits_problem_alone(cage: Cage, recording: Path, tmp_path: Path) -> None:
    waiting = Local(recording, there=70_000)
    lost = asyncio.create_task(Run(cage, waiting, tmp_path / "lost").run())
    await waiting.asked.wait()
    busy = [c for c in psutil.Process().children() if "courtcast.prepare.child" in " ".join(c.cmdline())]
    other = Local(recording, there=70_000)
    kept = asyncio.create_task(Run(cage, other, tmp_path / "kept").run())
    await other.asked.wait()
    # Of those that were there before the second began, one works on the first and one was the spare that it took.
    first = min(busy, key=lambda c: c.create_time())
    os.kill(first.pid, signal.SIGSEGV)
    await waiting.arrive(1 << 30)
    with pytest.raises(Refused) as refused:
        await lost
    assert refused.value.type == "parser-crashed"
    await other.arrive(1 << 30)
    assert (await kept).complete


def test_a_file_read_in_circles_is_stopped() -> None:
    allowance = Allowance(Limits(reading=2.0), 1_000_000)
    for _ in range(1000):
        allowance.read(64 * 1024)
    with pytest.raises(Refused, match="no progress"):
        allowance.read(8_000_000)
    for _ in range(60):
        allowance.sent(1 << 20)
    with pytest.raises(Refused) as refused:
        allowance.sent(8 << 20)
    assert refused.value.type == "file-damaged"


def test_a_file_of_unknown_length_is_as_long_as_what_was_given_of_it() -> None:
    allowance = Allowance(Limits(reading=2.0), None)
    for n in range(4000):
        allowance.read(64 * 1024)
        allowance.gave((n + 1) * 64 * 1024)
        allowance.sent(64 * 1024)
    for _ in range(5000):
        allowance.read(64 * 1024)
    with pytest.raises(Refused, match="no progress"):
        allowance.read(64 << 20)
    with pytest.raises(Refused) as refused:
        allowance.sent(400 << 20)
    assert refused.value.type == "file-damaged"


async def test_cancelling_ends_the_child(cage: Cage, recording: Path, tmp_path: Path) -> None:
    source = Local(recording, there=70_000)
    task = asyncio.create_task(Run(cage, source, tmp_path).run())
    async with asyncio.timeout(20):
        while len(before := psutil.Process().children()) < 2:  # noqa: ASYNC110 (nobody tells of processes)
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # One was at work, the other is the spare.
    gone, kept = await asyncio.to_thread(psutil.wait_procs, before, 2)
    assert len(gone) == 1
    assert len(kept) == len(before) - 1


async def test_a_lost_spare_is_nobodys_problem(cage: Cage, recording: Path, tmp_path: Path) -> None:
    spare = await one_child()
    await asyncio.sleep(0.3)
    spare.kill()
    await asyncio.sleep(0.3)
    assert (await Run(cage, Local(recording), tmp_path).run()).complete


async def one_child() -> psutil.Process:
    async with asyncio.timeout(10):
        while True:
            for child in psutil.Process().children():
                try:
                    if "courtcast.prepare.child" in " ".join(child.cmdline()):
                        return child
                except psutil.Error:
                    pass
            await asyncio.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_child_can_open_nothing(cage: Cage) -> None:
    """Once at work it has its pipes and no room for another descriptor, so no file and no socket."""
    work = messages.Work(do="prepare", length=100, memory=3 << 30)
    async with cage.child(work) as child:
        message, _ = await child.receive(10)
        assert isinstance(message, messages.Read)
        limits = Path(f"/proc/{child.process.pid}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
        assert line.split()[3:5] == ["3", "3"]
        assert len(list(Path(f"/proc/{child.process.pid}/fd").iterdir())) == 3


def test_messages_that_no_child_sends() -> None:
    with pytest.raises(ValueError, match="longer"):
        messages.lengths(b"\xff" * 8)
