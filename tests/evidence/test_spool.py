"""The spool: pieces in any order, readers that wait, a hash that is right, and ends that are told."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtcast.evidence import spool as module
from courtcast.evidence.database import Database
from courtcast.evidence.ledger import Ledger, totals
from courtcast.evidence.pieces import PIECE
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.spool import Piece, Spool
from courtcast.problems import Refused
from tests.small_disk import small_disk

DATA = random.Random(1).randbytes(300_000)


def pieces(data: bytes, size: int) -> list[Piece]:
    return [Piece(offset, data[offset : offset + size]) for offset in range(0, len(data), size)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), size=st.integers(500, 90_000), overlap=st.integers(0, 400))
async def test_pieces_in_any_order_make_the_file_and_its_hash(
    tmp_path: Path, seed: int, size: int, overlap: int
) -> None:
    order = [Piece(p.offset, DATA[p.offset : p.offset + size + overlap]) for p in pieces(DATA, size)]
    random.Random(seed).shuffle(order)
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        for piece in order:
            assert not spool.complete
            assert spool.sha256 is None
            await spool.write(piece)
        assert spool.complete
        assert await spool.settle() == hashlib.sha256(DATA).hexdigest() == spool.sha256
    assert (tmp_path / "spool").read_bytes() == DATA


async def test_what_lies_behind_the_frontier_is_hashed_a_little_at_each_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CATCH_UP", 10_000)
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        await asyncio.gather(*(spool.write(piece) for piece in reversed(pieces(DATA, 50_000))))
        assert await spool.settle() == hashlib.sha256(DATA).hexdigest()


async def test_a_read_waits_for_its_bytes_and_says_what_it_wants(tmp_path: Path) -> None:
    bell: list[int] = []
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        spool.on_want = lambda: bell.append(len(spool.wanted()))
        await spool.write(Piece(1000, DATA[1000:1100]))
        assert await spool.read(1010, 50) == DATA[1010:1060]
        assert bell == []
        late = asyncio.create_task(spool.read(299_000, 5000))
        early = asyncio.create_task(spool.read(1050, 100))
        await asyncio.sleep(0)
        assert bell == [1, 2]
        assert spool.wanted() == [(299_000, 304_000), (1100, 1150)]
        await spool.write(Piece(1100, DATA[1100:1120]))
        assert spool.wanted() == [(299_000, 304_000), (1120, 1150)]
        await spool.write(Piece(1120, DATA[1120:1150]))
        assert await early == DATA[1050:1150]
        assert spool.wanted() == [(299_000, 304_000)]
        await spool.write(Piece(298_000, DATA[298_000:]))
        assert await late == DATA[299_000:], "short at the end of the file"
        assert await spool.read(len(DATA), 10) == b""
        assert await spool.read(len(DATA) + 99, 10) == b""


async def test_the_length_may_show_only_at_the_end(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool") as spool:
        knowing = asyncio.create_task(spool.size())
        beyond = asyncio.create_task(spool.read(250_000, 100_000))
        await asyncio.sleep(0)
        assert not knowing.done()
        spool.answered(None)
        assert await knowing is None
        whole = asyncio.create_task(spool.whole_size())
        for piece in pieces(DATA, 100_000):
            await spool.write(piece)
        assert not spool.complete
        assert not beyond.done()
        assert not whole.done()
        spool.answered(len(DATA))
        assert await whole == len(DATA)
        assert spool.complete
        assert await beyond == DATA[250_000:]
        assert await spool.size() == len(DATA)


async def test_a_failed_fetch_is_told_to_those_who_need_what_is_missing_only(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        await spool.write(Piece(0, DATA[:1000]))
        waiting = asyncio.create_task(spool.read(500, 1000))
        await asyncio.sleep(0)
        spool.fail(Refused("link-unknown-host", host="nowhere.example"))
        with pytest.raises(Refused, match=r"nowhere\.example"):
            await waiting
        assert await spool.read(0, 1000) == DATA[:1000]
        with pytest.raises(Refused, match="link-unknown-host"):
            await spool.read(1000, 1)
        spool.revive()
        waiting = asyncio.create_task(spool.read(500, 1000))
        await spool.write(Piece(1000, DATA[1000:2000]))
        assert await waiting == DATA[500:1500]


async def test_the_size_of_what_never_came_is_its_problem(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool") as spool:
        knowing = [asyncio.create_task(spool.size()), asyncio.create_task(spool.whole_size())]
        await asyncio.sleep(0)
        spool.fail(Refused("link-not-found"))
        for task in knowing:
            with pytest.raises(Refused, match="link-not-found"):
                await task
        spool.revive()
        spool.answered(5)
        assert await spool.size() == await spool.whole_size() == 5


async def test_bytes_that_are_held_never_change(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool", 3000) as spool:
        await spool.write(Piece(1000, DATA[1000:2000]))
        assert await spool.matches(Piece(500, DATA[500:2500]))
        assert not await spool.matches(Piece(1999, b"\0" if DATA[1999] else b"\1"))
        await spool.write(Piece(0, b"x" * 3000))
        assert await spool.read(0, 3000) == b"x" * 1000 + DATA[1000:2000] + b"x" * 1000
        assert await spool.settle() == hashlib.sha256(await spool.read(0, 3000)).hexdigest()


async def test_a_cancelled_write_leaves_file_and_hash_in_step(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        for piece in pieces(DATA, 10_000):
            task = asyncio.create_task(spool.write(piece))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        for piece in pieces(DATA, 10_000):
            await spool.write(piece)
        assert await spool.settle() == hashlib.sha256(DATA).hexdigest()


async def test_a_later_process_goes_on_with_what_was_flushed(tmp_path: Path) -> None:
    async with await Spool.open(tmp_path / "spool", len(DATA)) as spool:
        await spool.write(Piece(0, DATA[:100_000]))
        await spool.write(Piece(200_000, DATA[200_000:]))
        held = await spool.flush()
    async with await Spool.open(tmp_path / "spool", len(DATA), held) as spool:
        assert await spool.read(90_000, 10_000) == DATA[90_000:100_000]
        assert await spool.size() == len(DATA)
        await spool.write(Piece(100_000, DATA[100_000:200_000]))
        assert await spool.settle() == hashlib.sha256(DATA).hexdigest()


async def test_a_file_that_somebody_cut_holds_less(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(DATA[:1000])
    async with await Spool.open(path, 3000, Ranges([(0, 2000), (2500, 3000)])) as spool:
        assert list(spool.held) == [(0, 1000)]


async def test_closing_ends_the_waiting_and_later_calls(tmp_path: Path) -> None:
    spool = await Spool.open(tmp_path / "spool", 100)
    waiting = asyncio.create_task(spool.read(0, 10))
    await asyncio.sleep(0)
    await spool.close()
    await spool.close()
    with pytest.raises(Refused, match="internal"):
        await waiting
    with pytest.raises(Refused, match="internal"):
        await spool.write(Piece(0, b"x"))


@pytest.mark.parametrize("bad", [(-1, 5), (0, -1), (0, module.MAX_READ + 1)])
async def test_reads_have_bounds(tmp_path: Path, bad: tuple[int, int]) -> None:
    async with await Spool.open(tmp_path / "spool", 100) as spool:
        with pytest.raises(ValueError, match="no range"):
            await spool.read(*bad)


@pytest.fixture
def megabyte(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "1m") as folder:
        yield folder


async def test_what_is_still_to_come_has_to_fit_twice(megabyte: Path) -> None:
    async with await Spool.open(megabyte / "unknown") as spool:
        await spool.fits()
    async with await Spool.open(megabyte / "spool", len(DATA)) as spool:
        await spool.fits()
        await spool.write(Piece(0, DATA[:200_000]))
        (megabyte / "filler").write_bytes(bytes(600_000))
        await spool.fits()
        (megabyte / "filler").write_bytes(bytes(700_000))
        with pytest.raises(Refused, match="disk-too-small"):
            await spool.fits()


async def test_a_full_disk_is_said_and_fetching_goes_on_when_there_is_room(megabyte: Path) -> None:
    filler = megabyte / "filler"
    filler.write_bytes(bytes(900_000))
    async with await Spool.open(megabyte / "spool", len(DATA)) as spool:
        with pytest.raises(Refused, match="disk-full"):
            await asyncio.gather(*(spool.write(piece) for piece in pieces(DATA, 60_000)))
        held = spool.held.total
        filler.unlink()
        for piece in pieces(DATA, 60_000):
            await spool.write(piece)
        assert held < len(DATA) == spool.held.total
        assert await spool.settle() == hashlib.sha256(DATA).hexdigest()


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="data-not-writable"):
        await Spool.open(tmp_path / "file" / "spool", 100)


async def _left(folder: Path, ranges: list[tuple[int, int]], data: bytes) -> None:
    """By a former process: written, and written down."""
    async with (
        Database(folder / "db") as db,
        await Spool.open(folder / "spool", len(data), ledger=Ledger(db, "x", 1)) as spool,
    ):
        for start, end in ranges:
            for offset in range(start, end, 200_000):
                await spool.write(Piece(offset, data[offset : min(offset + 200_000, end)]))


BIG = random.Random(4).randbytes(5 * PIECE + 4321)
BIG_HASH = hashlib.sha256(BIG).hexdigest()


async def test_what_a_former_process_left_is_checked_while_the_rest_comes(tmp_path: Path) -> None:
    await _left(tmp_path, [(0, PIECE // 2), (PIECE, 3 * PIECE + 99), (5 * PIECE, len(BIG))], BIG)
    async with Database(tmp_path / "db") as db:
        async with await Spool.open(tmp_path / "spool", len(BIG), ledger=Ledger(db, "x", 1)) as spool:
            assert list(spool.held) == [(0, PIECE // 2), (PIECE, 3 * PIECE + 99), (5 * PIECE, len(BIG))]
            assert spool.wanted() == []
            assert await spool.read(5 * PIECE + 10, 100) == BIG[5 * PIECE + 10 : 5 * PIECE + 110], (
                "what is wanted first"
            )
            await spool.write(Piece(3 * PIECE + 99, BIG[3 * PIECE + 99 : 5 * PIECE]))
            await spool.write(Piece(PIECE // 2, BIG[PIECE // 2 : PIECE]))
            while not spool.complete:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await spool.settle() == BIG_HASH
        rows = await Ledger(db, "x", 1).load()
        assert [(row.start, row.end) for row in rows[:2]] == [(0, PIECE // 2), (PIECE // 2, PIECE)]
        assert all(hashlib.sha256(BIG[row.start : row.end]).digest() == row.sha256 for row in rows)
        assert sum(row.end - row.start for row in rows) == len(BIG)


async def test_bytes_that_are_not_what_they_were_are_given_to_nobody_and_fetched_again(tmp_path: Path) -> None:
    """As after a power cut: a row, and no bytes; or a disk that lies."""
    await _left(tmp_path, [(0, len(BIG))], BIG)
    with (tmp_path / "spool").open("r+b") as file:
        file.seek(2 * PIECE + 17)
        file.write(bytes(1000))
    rung: list[list[tuple[int, int]]] = []
    async with Database(tmp_path / "db") as db:
        async with await Spool.open(tmp_path / "spool", len(BIG), ledger=Ledger(db, "x", 1)) as spool:
            spool.on_want = lambda: rung.append([tuple(want) for want in spool.wanted()])
            reading = asyncio.create_task(spool.read(2 * PIECE, 100))
            matching = asyncio.create_task(spool.matches(Piece(2 * PIECE - 10, BIG[2 * PIECE - 10 : 2 * PIECE + 10])))
            assert await matching, "of what is held no more, anything is true"
            while not rung or not rung[-1]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert rung[-1] == [(2 * PIECE, 2 * PIECE + 100)], "it has to be fetched"
            assert not reading.done()
            await spool.write(Piece(0, BIG))
            assert await reading == BIG[2 * PIECE : 2 * PIECE + 100]
            while not spool.complete:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await spool.settle() == BIG_HASH
        assert len(await Ledger(db, "x", 1).load()) == 6
    assert (tmp_path / "spool").read_bytes() == BIG


async def test_ranges_of_an_earlier_version_get_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(BIG)
    async with Database(tmp_path / "db") as db:
        await db.run(lambda c: c.execute("INSERT INTO pieces VALUES ('x', 1, 5, ?, NULL)", (len(BIG) - 5,)))
        assert await totals(db) == {("x", 1): len(BIG) - 10}
        async with await Spool.open(tmp_path / "spool", len(BIG), ledger=Ledger(db, "x", 1)) as spool:
            await spool.write(Piece(0, BIG[:5]))
            await spool.write(Piece(len(BIG) - 5, BIG[-5:]))
            while not spool.complete:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await spool.settle() == BIG_HASH
        rows = await Ledger(db, "x", 1).load()
        assert all(hashlib.sha256(BIG[row.start : row.end]).digest() == row.sha256 for row in rows)
        await Ledger(db, "x", 1).clear()
        assert await totals(db) == {}


async def test_a_file_that_is_known_to_be_whole_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(BIG)
    async with await Spool.open(tmp_path / "spool", len(BIG), sha256=BIG_HASH) as spool:
        assert spool.complete
        assert spool.sha256 == BIG_HASH
    (tmp_path / "spool").write_bytes(BIG[:PIECE])
    async with await Spool.open(tmp_path / "spool", len(BIG), sha256=BIG_HASH) as spool:
        assert spool.sha256 is None
        await spool.write(Piece(PIECE, BIG[PIECE:]))
        while not spool.complete:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert await spool.settle() == BIG_HASH


@pytest.mark.parametrize("call", ["pwrite", "fdatasync", "pread"])
async def test_a_disk_that_fails_is_said_and_it_goes_on_when_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The system is what is outside: its calls say EIO, as a disk or cable that fails makes them."""
    real, broken = getattr(os, call), [True]

    def system(descriptor: int, *rest: object) -> object:
        if broken[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, *rest)

    async with Database(tmp_path / "db") as db:
        async with await Spool.open(tmp_path / "spool", len(BIG), ledger=Ledger(db, "x", 1)) as spool:
            await spool.write(Piece(0, BIG[:PIECE]))
            monkeypatch.setattr(os, call, system)
            failing = {
                "pwrite": lambda: spool.write(Piece(PIECE, BIG[PIECE : 2 * PIECE + 5])),
                "fdatasync": spool.flush,
                "pread": lambda: spool.read(0, 100),
            }
            with pytest.raises(Refused, match="disk-failing"):
                await failing[call]()
            broken[0] = False
            await spool.write(Piece(PIECE, BIG[PIECE:]))
            assert await spool.flush()
            assert await spool.settle() == BIG_HASH
        rows = await Ledger(db, "x", 1).load()
        assert sum(row.end - row.start for row in rows) == len(BIG)
