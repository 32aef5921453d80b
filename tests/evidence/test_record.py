"""The record on disk: what is acknowledged is in it, in one step with the act; nobody changes it; a full disk delays it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from courtcast.core import chain
from courtcast.core.chain import Entry, Sound, verify
from courtcast.core.entries import Fact, fact
from courtcast.core.signing import Signer
from courtcast.evidence import record as records
from courtcast.evidence.database import Database, put
from courtcast.evidence.record import Record, append, load_signer, stamp
from courtcast.problems import Refused
from tests.core.tampering import lines_of
from tests.small_disk import small_disk

SIGNER = Signer.make()


@asynccontextmanager
async def recording(folder: Path, signer: Signer = SIGNER) -> AsyncIterator[tuple[Database, Record]]:
    async with Database(folder / "db") as db, Record(db, signer, started={"version": "1"}) as record:
        yield db, record


async def exported(record: Record) -> bytes:
    return b"".join([piece async for piece in record.export(fact(stamp(), "exported", form="JSON Lines"))])


async def entries(record: Record) -> list[Entry]:
    return [entry async for entry in record.entries()]


def cued(n: int = 0) -> Fact:
    return fact(stamp(), "cued", exhibit="a", frame=n)


def fill(file: Path) -> None:
    """To the last byte."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(descriptor, bytes(1024))
    os.close(descriptor)


async def many(record: Record) -> None:
    """The database has some room of its own still."""
    while True:
        await record.write(*(cued(n) for n in range(20)))


async def until(record: Record, kind: str) -> None:
    """Waits until the last entry is one of these."""
    async with asyncio.timeout(10):
        while (await entries(record))[-1].kind != kind:  # noqa: ASYNC110 (nothing tells when)
            await asyncio.sleep(0.01)


def sound(data: bytes) -> Sound:
    found = verify(lines_of(data), key=SIGNER.key)
    assert isinstance(found, Sound), found
    return found


async def test_it_goes_on_over_restarts_and_verifies(tmp_path: Path) -> None:
    for _ in range(3):
        async with recording(tmp_path) as (_, record):
            for n in range(40):
                await record.write(cued(n))
            data = await exported(record)
            assert (await record.head()).link.entries == sound(data).entries
    async with recording(tmp_path) as (_, record):
        kinds = [entry.kind for entry in await entries(record)]
        assert (kinds.count("started"), kinds.count("stopped"), kinds.count("cued")) == (4, 3, 120)
        assert kinds.count("checkpoint") == 3
        assert len((await exported(record)).splitlines()) == len(kinds) + 2


async def test_an_act_and_its_entry_are_there_both_or_neither(tmp_path: Path) -> None:
    async with recording(tmp_path) as (db, record):

        def act(connection: sqlite3.Connection) -> None:
            put(connection, "room", "state", b"1")
            record.entering(connection, (cued(),))
            raise LookupError

        with pytest.raises(LookupError):
            await db.run(act)
        assert await db.get("room", "state") is None
        assert [entry.kind for entry in await entries(record)] == ["started"]
        await record.write(cued(5))
        assert (await entries(record))[-1].what["frame"] == 5
        sound(await exported(record))


async def test_what_waits_is_taken_along_once_by_whatever_comes_next(tmp_path: Path) -> None:
    async with recording(tmp_path) as (db, record):
        record.later(cued(1), cued(2))

        def fails(connection: sqlite3.Connection) -> None:
            record.entering(connection, ())
            raise LookupError

        with pytest.raises(LookupError):
            await db.run(fails)
        # somebody who gives up waiting does not make it be written twice
        task = asyncio.create_task(record.write(cued(3)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        record.later(cued(4))
        await record.flush()
        await record.flush()
        frames = [entry.what["frame"] for entry in await entries(record) if entry.kind == "cued"]
        assert frames in ([1, 2, 3, 4], [1, 2, 4])
        sound(await exported(record))


async def test_what_waits_is_written_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "GATHER", 0.01)
    async with recording(tmp_path) as (_, record):
        record.later(cued())
        await until(record, "cued")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET line = x'00'",
        "UPDATE record SET n = n + 100",
        "DELETE FROM record WHERE n = 1",
        "INSERT OR REPLACE INTO record (n, at, kind, line) SELECT n, at, kind, x'00' FROM record WHERE n = 1",
        "INSERT INTO record (n, at, kind, line) VALUES (77, 0, 'cued', x'00')",
    ],
)
async def test_the_table_refuses_every_change(tmp_path: Path, statement: str) -> None:
    async with recording(tmp_path) as (db, record):
        await record.write(cued(1), cued(2))
        with pytest.raises(sqlite3.IntegrityError, match="record"):
            await db.run(lambda connection: connection.execute(statement))
        sound(await exported(record))


async def test_who_takes_the_triggers_away_is_found(tmp_path: Path) -> None:
    async with recording(tmp_path) as (db, record):
        await record.write(*(cued(n) for n in range(100)))

        def forge(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TRIGGER record_stays")
            line = bytes(connection.execute("SELECT line FROM record WHERE n = 10").fetchone()[0])
            forged = line.replace(b'"frame":9', b'"frame":8')
            assert forged != line
            connection.execute("UPDATE record SET line = ? WHERE n = 10", (forged,))

        await db.run(forge)
        found = verify(lines_of(await exported(record)), key=SIGNER.key)
        assert not isinstance(found, Sound)
        assert (found.line, found.fault) == (11, "hash")


async def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOMENT", 0)
    monkeypatch.setattr(records, "RETRY", 0.02)
    monkeypatch.setattr(records, "GATHER", 0.01)
    with small_disk(tmp_path / "small", "1m") as folder:
        async with recording(folder) as (_, record):
            filler = folder / "filler"
            fill(filler)
            before = stamp()
            with pytest.raises(Refused, match="disk-full"):
                await many(record)
            record.later(fact(stamp(), "blanked", by="clerk"))
            after = stamp()
            await asyncio.sleep(0.1)
            filler.unlink()
            await until(record, "blanked")
            last = (await entries(record))[-1]
            late = last.what["late"]
            assert before <= last.at <= after
            assert isinstance(late, int)
            assert late >= 100_000
            sound(await exported(record))


async def test_of_too_much_that_waits_it_is_said_how_much_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST_WAITING", 10)
    async with recording(tmp_path) as (_, record):
        record.later(*(cued(n) for n in range(25)))
        await record.flush()
        told = [entry for entry in await entries(record) if entry.kind in ("cued", "gap")]
        assert [entry.kind for entry in told] == ["cued"] * 10 + ["gap"]
        assert told[-1].what["count"] == 15
        sound(await exported(record))


async def test_commands_beside_the_presenter_append(tmp_path: Path) -> None:
    async with recording(tmp_path) as (_, record):
        async with Database(tmp_path / "db", presenter=False) as beside:
            for n in range(5):
                token = fact(stamp(), "token", role="viewer", who=str(n))
                await asyncio.gather(
                    beside.run(lambda connection, token=token: append(connection, token)),  # type: ignore[misc]
                    record.write(cued(n)),
                )
        assert len([entry for entry in await entries(record) if entry.kind == "token"]) == 5
        sound(await exported(record))


async def test_only_a_time(tmp_path: Path) -> None:
    async with recording(tmp_path) as (_, record):
        for n in range(1200):
            record.later(Fact(1_000_000 + n, "cued", {"frame": n}))
        await record.flush()
        found = [entry.what["frame"] async for entry in record.entries(since=1_000_100, until=1_001_000)]
        assert found == list(range(100, 1000))


async def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = load_signer(tmp_path)
    assert load_signer(tmp_path).key == first.key
    assert (tmp_path / records.KEY_FILE).stat().st_mode & 0o077 == 0
    (tmp_path / records.KEY_FILE).write_bytes(b"damaged")
    with pytest.raises(Refused, match="data-damaged"):
        load_signer(tmp_path)


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.evidence.test_record import recording, cued

async def main():
    async with recording(Path(sys.argv[1])) as (_, record):
        n = 0
        while True:
            record.later(cued(n * 2))
            await record.write(cued(n * 2 + 1))
            print(n, flush=True)
            n += 1

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    for round_ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, tmp_path, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert process.stdout is not None
        said = b"".join([await process.stdout.readline() for _ in range(15)])
        process.kill()
        said += await process.stdout.read()
        await process.wait()
        last = max(int(line) for line in said.split(b"\n")[:-1])
        async with Database(tmp_path / "db") as db:
            lines = await db.run(lambda connection: connection.execute("SELECT line FROM record ORDER BY n").fetchall())
        read = [chain.read(bytes(line[0])) for line in lines]
        starts = [at for at, entry in enumerate(read) if entry.kind == "started"]
        assert len(starts) == round_ + 1
        frames = [entry.what["frame"] for entry in read[starts[-1] :] if entry.kind == "cued"]
        assert frames[: 2 * last + 2] == list(range(2 * last + 2))
        reader = chain.Verifier()
        assert [fault for line in lines if (fault := reader.take(bytes(line[0])))] == []
