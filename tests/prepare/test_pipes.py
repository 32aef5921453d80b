"""The parent's ends of a child's pipes, with a real child behind them."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from courtcast.evidence.files import Reserve
from courtcast.evidence.spool import Piece, Spool
from courtcast.prepare import messages
from courtcast.prepare.cage.pipes import Pipes, start
from courtcast.prepare.draft import HERE, Draft
from courtcast.prepare.source import Lying, answer

ECHO = """
import os
while data := os.read(0, 1 << 16):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]
"""


@asynccontextmanager
async def running(program: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Pipes]]:
    process, pipes = await start(sys.executable, "-S", "-c", program, env=dict(os.environ))
    try:
        async with asyncio.timeout(30):
            yield process, pipes
    finally:
        if process.returncode is None:
            process.kill()
        pipes.close()
        await process.wait()


@pytest.mark.parametrize("size", [0, 1, 8, 65_537, (1 << 20) - 1, 1 << 20, 5_000_003])
async def test_what_goes_there_comes_back(size: int) -> None:
    """Also what no pipe holds at once, in parts that end anywhere."""
    data = random.Random(size).randbytes(size)
    async with running(ECHO) as (_, pipes), asyncio.TaskGroup() as group:
        group.create_task(pipes.write(data[:3], b"", memoryview(data)[3:]))
        assert bytes(await pipes.read(size)) == data


async def test_what_is_read_stays() -> None:
    """What came before is not written over by what comes after it."""
    one, other = (random.Random(seed).randbytes(2 << 20) for seed in (1, 2))
    async with running(ECHO) as (_, pipes), asyncio.TaskGroup() as group:
        group.create_task(pipes.write(one, other))
        first = await pipes.read(len(one))
        second = await pipes.read(len(other))
        assert bytes(first) == one
        assert bytes(second) == other


@pytest.mark.parametrize("n", [8, 3 << 20])
async def test_a_child_that_ends_comes_to_the_end(n: int) -> None:
    async with running("import os; os.write(1, b'four')") as (_, pipes):
        with pytest.raises((EOFError, ConnectionError)):
            await pipes.read(n)


async def test_one_that_takes_nothing_more() -> None:
    async with running("import os; os.close(0); os.read(1, 1)") as (process, pipes):
        await process.wait()
        with pytest.raises((EOFError, ConnectionError)):
            await pipes.write(bytes(8 << 20))


async def test_whoever_still_waits_when_it_is_closed_comes_to_the_end() -> None:
    """Two that read, and one that writes: none hangs."""
    async with running("import time; time.sleep(60)") as (_, pipes):
        work = (pipes.read(4), pipes.drain(), pipes.write(bytes(8 << 20)))
        waiting = [asyncio.create_task(one) for one in work]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        pipes.close()
        read, drained, written = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(read, EOFError)
        assert drained is None
        assert isinstance(written, EOFError)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors")
async def test_no_descriptor_is_left() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        async with running(ECHO):
            pass
    with pytest.raises(FileNotFoundError):
        await start("/there/is/no/such/program", env={})
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.fixture(params=["moved by the kernel", "by a file system that cannot"])
def moving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not HERE:
        pytest.skip("needs splice")

    def cannot(*_: object, **__: object) -> int:
        raise OSError(errno.EINVAL, "cannot")

    if request.param != "moved by the kernel":
        monkeypatch.setattr(os, "splice", cannot)


@pytest.mark.usefixtures("moving")
async def test_a_draft_gets_its_name_when_all_of_it_is_there(tmp_path: Path) -> None:
    data, folder = random.Random(3).randbytes(3_000_001), tmp_path / "store" / "rendition"
    async with running(ECHO) as (_, pipes), asyncio.TaskGroup() as group:
        group.create_task(pipes.write(data, b"behind"))
        draft = Draft(folder, Reserve(tmp_path))
        await pipes.into(draft, len(data))
        assert bytes(draft.look()) == data
        draft.become(folder / "name")
        assert await pipes.read(6) == b"behind", "and not a byte more"
    assert [path.name for path in folder.iterdir()] == ["name"]
    assert (folder / "name").read_bytes() == data


@pytest.mark.usefixtures("moving")
async def test_nothing_is_left_of_a_draft_that_does_not_come_to_be(tmp_path: Path) -> None:
    draft = Draft(tmp_path, Reserve(tmp_path))
    async with running("import os; os.write(1, bytes(70_000))") as (_, pipes):
        with pytest.raises(EOFError):
            await pipes.into(draft, 100_000)
    draft.drop()
    forgotten: Draft | None = Draft(tmp_path, Reserve(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1
    forgotten = None
    assert forgotten is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("moving")
async def test_a_spool_goes_into_the_pipe_from_where_it_lies(tmp_path: Path) -> None:
    data = random.Random(4).randbytes(3 << 20)
    async with await Spool.open(tmp_path / "spool", 4 << 20) as spool, running(ECHO) as (_, pipes):
        await spool.write(Piece(0, data))
        at = 0
        while at < len(data):
            given = await answer(spool, messages.Read(at, 1 << 20))
            assert isinstance(given, Lying)
            async with asyncio.TaskGroup() as group:
                group.create_task(pipes.write(b"head", given))
                assert bytes(await pipes.read(4 + len(given))) == b"head" + data[at : at + len(given)]
            at += len(given)
        with pytest.raises(ValueError, match="not held"):
            await spool.pour(len(data) - 1, 2, 1)
