"""A data folder of any earlier version is brought to the newest form with all that is in it, also by one who is killed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from courtcast.evidence.clips import Cut
from courtcast.evidence.database import MIGRATIONS, Database
from courtcast.evidence.library import Library
from courtcast.problems import Refused
from courtcast.wire.library import AddHearing

LINK = "https://evidence.example/share/8f2c?sig=a%2Fb&x=1"
EXHIBITS = (
    # id, position, ref, title, url, headers, sha256, added
    ("a1", 0, "JM/1", "Doorbell, 3 November", LINK, '{"Authorization": "Basic eA=="}', None, 1793900000.25),
    ("a2", 1, "JM/2", "Überwachung Süd", "https://h.example/2.mp4", "{}", "ab" * 32, 1793900001.5),
    ("a3", 2, "3", "", "upload:9c0f", "{}", None, 1793900002.0),
    ("a4", 3, "JM/2", "the same reference twice", "https://h.example/4.mp4", "{}", None, 1793900003.0),
)
JOINED = ("a5", 4, "JM/5", "Night", "", "{}", None, 1793900004.0)
NOTE = b'{"file": 2, "held": [[0, 1048576], [4000000000, 4000000007]], "sha256": null}'

HALF = """
import os, signal, sqlite3, sys
from courtcast.evidence.database import MIGRATIONS, _statements
path, done, some = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA foreign_keys = ON")
db.execute("BEGIN IMMEDIATE")
for n, statement in enumerate(_statements(MIGRATIONS[done])):
    if n == some:
        break
    db.execute(statement)
else:
    db.execute(f"PRAGMA user_version = {done + 1}")
os.kill(os.getpid(), signal.SIGKILL)
"""


def build(path: Path, done: int) -> None:
    """A database as a version with so many steps left it, with content."""
    db = sqlite3.connect(path, isolation_level=None)
    for script in MIGRATIONS[:done]:
        db.executescript(script)
    db.execute(f"PRAGMA user_version = {done}")
    if done >= 1:
        marks = ", ".join("?" * 8)
        names = "id, position, ref, title, url, headers, sha256, added"
        if done < 6:
            db.executemany(f"INSERT INTO exhibits ({names}) VALUES ({marks})", EXHIBITS)
        else:
            db.executemany(f"INSERT INTO exhibits ({names}, hearing) SELECT {marks}, id FROM hearings", EXHIBITS)
        db.execute("INSERT INTO small VALUES ('ways', 'a1', ?)", (NOTE,))
        db.execute("INSERT INTO small VALUES ('room', 'state', x'7b7d')")
    if done >= 2:
        db.execute("UPDATE exhibits SET restricted = 1 WHERE id = 'a2'")
    if done >= 3:
        hearing = ", hearing" if done >= 6 else ""
        value = ", (SELECT id FROM hearings)" if done >= 6 else ""
        db.execute(
            f"INSERT INTO exhibits ({names}, parts{hearing}) VALUES ({marks}, ?{value})", (*JOINED, '["a1", "a2"]')
        )
    if done >= 4:
        db.execute("INSERT OR REPLACE INTO pieces VALUES ('a1', 2, 0, 1048576, x'00')")
    if done >= 5:
        db.execute("INSERT INTO record VALUES (0, 1, 'started', x'7b7d')")
        db.execute("INSERT INTO record VALUES (1, 2, 'received', x'7b7d')")
    db.close()


async def check(path: Path, done: int) -> None:
    """All of it is there, in one hearing that is open."""
    async with Database(path) as db:
        library = Library(db)
        (hearing,) = await library.hearings.list()
        entries = await library.list()
        assert hearing.open
        assert (hearing.case, hearing.came) == ("", "")
        assert hearing.exhibits == len(entries)
        wanted = [*EXHIBITS, *([JOINED] if done >= 3 else [])] if done else []
        assert [(e.id, e.ref, e.title, e.link.url, e.sha256, e.added) for e in entries] == [
            (id_, ref, title, url, sha256, added) for id_, _, ref, title, url, _, sha256, added in wanted
        ]
        assert {e.hearing for e in entries} <= {hearing.id}
        assert all(e.evidential and not (e.source or e.remark or e.clips or e.received) for e in entries)
        if done:
            assert entries[0].link.headers == {"Authorization": "Basic eA=="}
            assert await db.get("ways", "a1") == NOTE
            assert await db.get("room", "state") == b"{}"
            assert [e.id for e in entries if e.restricted] == (["a2"] if done >= 2 else [])
        if done >= 3:
            assert entries[-1].parts == ("a1", "a2")
        if done >= 1:
            pieces = await db.run(lambda c: c.execute("SELECT start, past FROM pieces ORDER BY start").fetchall())
            both = [(0, 1 << 20), (4_000_000_000, 4_000_000_007)]
            assert pieces == (both if done < 4 else both[:1])
        if done >= 5:
            assert await db.run(lambda c: c.execute("SELECT count(*) FROM record").fetchone()) == (2,)
        # and it is of use
        other = await library.hearings.add(AddHearing(case="R v Martin"))
        assert (await library.hearings.open(other.id)).open
        assert [one.open for one in await library.hearings.list()] == [True, False]
        assert await db.run(lambda c: c.execute("PRAGMA foreign_key_check").fetchall()) == []


@pytest.mark.parametrize("done", range(len(MIGRATIONS) + 1))
async def test_every_earlier_form_keeps_its_content(tmp_path: Path, done: int) -> None:
    build(tmp_path / "db", done)
    await check(tmp_path / "db", done)


@pytest.mark.parametrize("done", range(len(MIGRATIONS)))
async def test_one_who_is_killed_in_a_step_or_after_it_is_followed_by_one_who_goes_on(
    tmp_path: Path, done: int
) -> None:
    for some in (1, 3, 99):  # 99: all statements of the step, and not committed
        path = tmp_path / f"db{some}"
        build(path, done)
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", HALF, path, str(done), str(some))
        assert await process.wait() == -signal.SIGKILL
        await check(path, done)
    path = tmp_path / "between"
    build(path, done)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(f"BEGIN; {MIGRATIONS[done]} PRAGMA user_version = {done + 1}; COMMIT;")
    db.close()
    await check(path, done)


async def test_what_a_newer_version_wrote_is_left_as_it_is(tmp_path: Path) -> None:
    build(tmp_path / "db", len(MIGRATIONS))
    db = sqlite3.connect(tmp_path / "db")
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.commit()
    before = list(db.iterdump())
    db.close()
    with pytest.raises(Refused, match="data-newer"):
        await Database(tmp_path / "db").open()
    db = sqlite3.connect(tmp_path / "db")
    assert list(db.iterdump()) == before
    db.close()


async def test_the_database_itself_keeps_to_the_rules(tmp_path: Path) -> None:
    """One hearing is open, an exhibit is of a hearing that exists, a clip goes with its exhibit."""
    build(tmp_path / "db", len(MIGRATIONS))
    async with Database(tmp_path / "db") as db:
        library = Library(db)
        for wrong in (
            "INSERT INTO hearings (id, open, added) VALUES ('x', 1, 0)",
            "UPDATE exhibits SET hearing = 'nowhere'",
            "DELETE FROM hearings",
            "INSERT INTO clips (id, exhibit, position, name) VALUES ('c', 'nowhere', 0, 'x')",
        ):

            def work(connection: sqlite3.Connection, wrong: str = wrong) -> None:
                connection.execute(wrong)

            with pytest.raises(sqlite3.IntegrityError):
                await db.run(work)
        await library.clips.add("a1", Cut(id="c", name="x", ranges=()))
        await library.delete("a1", remains=b"[]")
        assert await db.run(lambda c: c.execute("SELECT count(*) FROM clips").fetchone()) == (0,)
