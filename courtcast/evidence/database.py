"""What must survive: one SQLite file, used from one thread.

Every `run` is one transaction. Write-ahead log, so that others may read; synchronous=FULL, so that what was
acknowledged is there after a power cut as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

from courtcast.evidence.files import refusal
from courtcast.problems import Refused

T = TypeVar("T")
Also = Callable[[sqlite3.Connection], None]
"""Something that is done in the same transaction, or not at all."""

BUSY_SECONDS = 10.0
"""How long a command beside the presenter (`courtcast token`) may hold the file."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE small (space TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (space, key))
        WITHOUT ROWID;
    CREATE TABLE exhibits (
        id TEXT PRIMARY KEY,
        position INTEGER NOT NULL,
        ref TEXT NOT NULL,
        title TEXT NOT NULL,
        url TEXT NOT NULL,
        headers TEXT NOT NULL,
        sha256 TEXT,
        added REAL NOT NULL
    );
    """,
    "ALTER TABLE exhibits ADD COLUMN restricted INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE exhibits ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';",
    # What is held of files that are still coming; before, each exhibit's note had the ranges, without hashes.
    """
    CREATE TABLE pieces (
        exhibit TEXT NOT NULL,
        version INTEGER NOT NULL,
        start INTEGER NOT NULL,
        past INTEGER NOT NULL,
        sha256 BLOB,
        PRIMARY KEY (exhibit, version, start)
    ) WITHOUT ROWID;
    INSERT INTO pieces (exhibit, version, start, past)
        SELECT note.key, COALESCE(json_extract(note.text, '$.file'), 1),
            json_extract(held.value, '$[0]'), json_extract(held.value, '$[1]')
        FROM (
            SELECT key, CASE WHEN json_valid(CAST(value AS TEXT)) THEN CAST(value AS TEXT) ELSE '{}' END AS text
            FROM small WHERE space = 'ways'
        ) AS note, json_each(note.text, '$.held') AS held
        WHERE json_extract(note.text, '$.sha256') IS NULL;
    """,
    """
    CREATE TABLE record (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, line BLOB NOT NULL);
    CREATE INDEX record_kinds ON record (kind, n);
    CREATE INDEX record_times ON record (at);
    CREATE TRIGGER record_goes_on BEFORE INSERT ON record
        WHEN NEW.n <> (SELECT COALESCE(MAX(n) + 1, 0) FROM record)
        BEGIN SELECT RAISE(ABORT, 'the record is added to at its end only'); END;
    CREATE TRIGGER record_stays BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'the record is not changed'); END;
    CREATE TRIGGER record_keeps BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'nothing is taken out of the record'); END;
    """,
    # Hearings, and what people say of an exhibit. What is there already is in one hearing, and that one is open. The
    # table of exhibits is made anew, since no column that is added to one can be both required and a foreign key.
    """
    CREATE TABLE hearings (
        id TEXT PRIMARY KEY,
        matter TEXT NOT NULL DEFAULT '',
        court TEXT NOT NULL DEFAULT '',
        day TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        came TEXT NOT NULL DEFAULT '',
        open INTEGER NOT NULL DEFAULT 0 CHECK (open IN (0, 1)),
        added REAL NOT NULL
    );
    CREATE UNIQUE INDEX one_hearing_is_open ON hearings (open) WHERE open = 1;
    INSERT INTO hearings (id, open, added)
        SELECT lower(hex(randomblob(8))), 1, COALESCE(MIN(added), CAST(strftime('%s', 'now') AS REAL)) FROM exhibits;
    CREATE TABLE exhibits_of_hearings (
        id TEXT PRIMARY KEY,
        hearing TEXT NOT NULL REFERENCES hearings (id),
        position INTEGER NOT NULL,
        ref TEXT NOT NULL,
        title TEXT NOT NULL,
        url TEXT NOT NULL,
        headers TEXT NOT NULL,
        sha256 TEXT,
        added REAL NOT NULL,
        restricted INTEGER NOT NULL DEFAULT 0,
        parts TEXT NOT NULL DEFAULT '[]',
        evidential INTEGER NOT NULL DEFAULT 1,
        source TEXT NOT NULL DEFAULT '',
        received REAL,
        remark TEXT NOT NULL DEFAULT '',
        camera_clock TEXT
    );
    INSERT INTO exhibits_of_hearings
        (id, hearing, position, ref, title, url, headers, sha256, added, restricted, parts)
        SELECT id, (SELECT hearings.id FROM hearings), position, ref, title, url, headers, sha256, added, restricted,
            parts
        FROM exhibits;
    DROP TABLE exhibits;
    ALTER TABLE exhibits_of_hearings RENAME TO exhibits;
    CREATE INDEX running_order ON exhibits (hearing, position);
    """,
    # Clips. Times are exact: fractions as text.
    """
    CREATE TABLE clips (
        id TEXT PRIMARY KEY,
        exhibit TEXT NOT NULL REFERENCES exhibits (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        agreed TEXT NOT NULL DEFAULT '',
        UNIQUE (exhibit, name)
    );
    CREATE TABLE clip_ranges (
        clip TEXT NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        start TEXT NOT NULL,
        stop TEXT NOT NULL,
        silent INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (clip, position)
    ) WITHOUT ROWID;
    """,
)
"""In order; never changed once released, only added to. `user_version` counts those that are done."""


class Database:
    """An async context manager.

    path: the file; its folder is made where it is missing
    presenter: only one presenter may use a data folder; a command that only reads or adds small things is none
    """

    def __init__(self, path: Path, *, presenter: bool = True) -> None:
        self.path = path
        self._presenter = presenter
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._connection: sqlite3.Connection | None = None
        self._lock: IO[bytes] | None = None

    async def open(self) -> Self:
        """Raises Refused (`data-in-use`, `data-not-writable`, `disk-full`, `data-newer`)."""
        try:
            await self._on_thread(self._open)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Waits for what is in hand."""
        with contextlib.suppress(RuntimeError):  # closed before
            await self._on_thread(self._close)
        self._thread.shutdown(wait=False)

    async def run(self, work: Callable[[sqlite3.Connection], T], *, lasting: bool = True) -> T:
        """Runs `work` in one transaction on the database's thread; undone where it raises.

        lasting: also over a power cut, with all that was done before. Without it what was done survives the end of the
        process alone, until something lasting follows; it costs no writing to the disk and no waiting for it.

        Raises Refused (`disk-full`, `disk-failing`), or what `work` raised. Once begun it is carried to its end even
        if the caller is cancelled.
        """
        return await self._on_thread(self._transaction, work, lasting)

    async def get(self, space: str, key: str) -> bytes | None:
        def work(db: sqlite3.Connection) -> bytes | None:
            row = db.execute("SELECT value FROM small WHERE space = ? AND key = ?", (space, key)).fetchone()
            return None if row is None else bytes(row[0])

        return await self.run(work)

    async def put(self, space: str, key: str, value: bytes) -> None:
        await self.run(lambda db: put(db, space, key, value))

    async def delete(self, space: str, key: str) -> None:
        await self.run(lambda db: delete(db, space, key))

    async def items(self, space: str) -> list[tuple[str, bytes]]:
        """All of a space, by key."""

        def work(db: sqlite3.Connection) -> list[tuple[str, bytes]]:
            rows = db.execute("SELECT key, value FROM small WHERE space = ? ORDER BY key", (space,))
            return [(str(key), bytes(value)) for key, value in rows]

        return await self.run(work)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _on_thread(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _open(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._presenter:
                self._lock = _locked(folder / "presenter.lock")
            self.path.touch(mode=0o600)  # links and tokens are secrets
        except BlockingIOError:
            raise Refused("data-in-use", path=folder) from None
        except OSError as error:
            raise refusal(error, self.path) from error
        try:
            self._connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection)
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _transaction(self, work: Callable[[sqlite3.Connection], T], lasting: bool) -> T:
        if self._connection is None:
            raise RuntimeError("the database is not open")
        try:
            if not lasting:
                self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with within(self._connection):
                    return work(self._connection)
            finally:
                if not lasting:
                    self._connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.OperationalError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.Error) -> Refused:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            return Refused("disk-full")
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            return Refused("data-not-writable", path=self.path.parent)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Refused("data-in-use", path=self.path.parent)
        if name.startswith(("SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return Refused("disk-failing")
        raise error


def put(db: sqlite3.Connection, space: str, key: str, value: bytes) -> None:
    """For use within a `run` of several steps."""
    db.execute("INSERT OR REPLACE INTO small (space, key, value) VALUES (?, ?, ?)", (space, key, value))


def delete(db: sqlite3.Connection, space: str, key: str) -> None:
    """For use within a `run` of several steps."""
    db.execute("DELETE FROM small WHERE space = ? AND key = ?", (space, key))


def alone(_: sqlite3.Connection) -> None:
    """`Also` where there is nothing else."""


class within:  # noqa: N801 - reads as a statement
    """One transaction that begins with the right to write, so that two writers wait instead of failing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")


def migrate(db: sqlite3.Connection) -> None:
    """Brings the file to the newest form, one transaction for each step. Raises Refused (`data-newer`)."""
    while True:
        with within(db):
            done = int(db.execute("PRAGMA user_version").fetchone()[0])
            if done > len(MIGRATIONS):
                raise Refused("data-newer")
            if done == len(MIGRATIONS):
                return
            for statement in _statements(MIGRATIONS[done]):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {done + 1}")


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would end the transaction that they have to be in. A trigger has several in one."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _locked(path: Path) -> IO[bytes]:
    """The open file holds the lock; the system lets go of it when the process ends, however it ends."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError as error:
                raise BlockingIOError from error
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(path)
    except BaseException:
        file.close()
        raise
    return file
