"""The database: transactions, one presenter at a time, and nothing lost to kill -9."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from courtcast.evidence.database import MIGRATIONS, Database
from courtcast.evidence.ledger import Ledger, totals
from courtcast.evidence.pieces import Row
from courtcast.problems import Refused

WRITER = """
import asyncio, sys
from pathlib import Path
from courtcast.evidence.database import Database

async def main():
    async with Database(Path(sys.argv[1])) as db:
        n = 0
        while True:
            await db.put("numbers", f"{n:06}", str(n).encode())
            print(n, flush=True)
            n += 1

asyncio.run(main())
"""


async def test_small_things_by_space_and_key(tmp_path: Path) -> None:
    async with Database(tmp_path / "deep" / "db") as db:
        assert await db.get("room", "state") is None
        await db.put("room", "state", b"1")
        await db.put("room", "state", b"2")
        await db.put("room", "more", b"\0\xff")
        await db.put("tokens", "state", b"3")
        assert await db.get("room", "state") == b"2"
        assert await db.items("room") == [("more", b"\0\xff"), ("state", b"2")]
        await db.delete("room", "state")
        await db.delete("room", "never there")
    async with Database(tmp_path / "deep" / "db") as db:
        assert await db.items("room") == [("more", b"\0\xff")]
        assert await db.items("tokens") == [("state", b"3")]
    assert (tmp_path / "deep" / "db").stat().st_mode & 0o077 == 0, "links and tokens are secrets"


async def test_what_raises_is_undone_as_a_whole(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO small VALUES ('a', 'b', x'00')")
            raise LookupError("half way")

        with pytest.raises(LookupError, match="half way"):
            await db.run(work)
        assert await db.items("a") == []


async def test_calls_that_are_cancelled_are_carried_out_whole_or_not_at_all(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as db:
        tasks = [asyncio.create_task(db.put("n", f"{n:03}", b"x")) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        keys = {key for key, _ in await db.items("n")}
        assert {f"{n:03}" for n in range(1, 50, 2)} <= keys


async def test_a_second_presenter_is_told_and_a_command_beside_it_is_not(tmp_path: Path) -> None:
    async with Database(tmp_path / "db") as first:
        with pytest.raises(Refused) as refused:
            await Database(tmp_path / "db").open()
        assert refused.value.type == "data-in-use"
        assert str(tmp_path) in refused.value.detail
        async with Database(tmp_path / "db", presenter=False) as beside:
            await beside.put("tokens", "a", b"1")
        assert await first.get("tokens", "a") == b"1"
    async with Database(tmp_path / "db"):
        pass


async def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="data-not-writable"):
        await Database(tmp_path / "file" / "db").open()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"not a database at all, but long enough to be looked at " * 100)
    with pytest.raises(Refused, match="disk-failing"):
        await Database(tmp_path / "db").open()


async def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Refused, match="data-newer"):
        await Database(tmp_path / "db").open()


@pytest.mark.parametrize("done", range(len(MIGRATIONS)))
async def test_every_earlier_form_is_brought_to_the_newest(tmp_path: Path, done: int) -> None:
    with sqlite3.connect(tmp_path / "old") as db:
        for statements in MIGRATIONS[:done]:
            db.executescript(statements)
        db.execute(f"PRAGMA user_version = {done}")
    db.close()
    async with Database(tmp_path / "old") as old, Database(tmp_path / "sub" / "new") as new:

        def schema(connection: sqlite3.Connection) -> list[object]:
            return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()

        assert await old.run(schema) == await new.run(schema)


async def test_what_was_noted_as_held_becomes_pieces(tmp_path: Path) -> None:
    """Up to 0.1.0 each exhibit's note had the ranges that its file held."""
    with sqlite3.connect(tmp_path / "old") as db:
        for statements in MIGRATIONS[:2]:
            db.executescript(statements)
        db.execute("PRAGMA user_version = 2")
        for key, note in {
            "coming": '{"file": 3, "held": [[0, 100], [4000000000, 5000000000]], "sha256": null}',
            "whole": '{"file": 1, "held": [[0, 100]], "sha256": "ab"}',
            "new": '{"file": 1, "held": [], "sha256": null}',
            "strange": "no note at all",
        }.items():
            db.execute("INSERT INTO small VALUES ('ways', ?, ?)", (key, note.encode()))
    db.close()
    async with Database(tmp_path / "old") as old:
        assert await Ledger(old, "coming", 3).load() == [Row(0, 100, None), Row(4_000_000_000, 5_000_000_000, None)]
        assert await totals(old) == {("coming", 3): 1_000_000_100}


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    for _ in range(3):
        path = tmp_path / "db"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, path, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        acknowledged = b"".join([await process.stdout.readline() for _ in range(20)])
        process.kill()
        acknowledged += await process.stdout.read()
        await process.wait()
        async with Database(path) as db:
            numbers = [int(key) for key, _ in await db.items("numbers")]
        last = max(int(line) for line in acknowledged.split(b"\n")[:-1])
        assert numbers[: last + 1] == list(range(last + 1))
