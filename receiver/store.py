"""What a screen keeps in its data folder: its identity, its pairing code with the tries, and whom it has pinned.

SQLite from the standard library, because two programs use the folder at once (`run`, and `code` or `forget` beside it)
and because a try has to be on the disk before it is answered, whatever happens next. Every method is one transaction
and returns with it on the disk; all may be called from any thread.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from courtcast.core.identity import Identity, fingerprint
from courtcast.core.pairing import Tries
from courtcast.problems import Refused

FILE: Final = "receiver.sqlite"
LOCK: Final = "running.lock"
BUSY: Final = 5.0
"""Seconds to wait for the other program; its transactions take milliseconds."""

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS pins (fingerprint TEXT PRIMARY KEY, certificate BLOB NOT NULL, name TEXT NOT NULL,"
    " since REAL NOT NULL) STRICT",
)


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A presenter that was paired."""

    fingerprint: str
    certificate: bytes
    """DER."""
    name: str
    since: float
    """Unix time, by this machine's clock."""


class Store:
    """The data folder of one screen."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = threading.Lock()
        self._held: sqlite3.Connection | None = None

    @classmethod
    def open(cls, folder: Path, *, create: bool) -> Store:
        """Raises Refused data-not-writable, data-damaged; receiver-none where there is none and none is to be made."""
        file = folder / FILE
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            elif not file.exists():
                raise Refused("receiver-none", path=folder)
            connection = sqlite3.connect(file, timeout=BUSY, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.OperationalError) as error:
            raise Refused("data-not-writable", path=folder) from error
        store = cls(folder, connection)
        try:
            with store._use() as use:
                # EXTRA: the folder's entry of the journal is on the disk too before a transaction counts as done.
                use.execute("PRAGMA synchronous = EXTRA")
            with store._write() as write:
                for table in _TABLES:
                    write.execute(table)
        except Refused:
            connection.close()
            raise
        return store

    def close(self) -> None:
        self._connection.close()
        if self._held is not None:
            self._held.close()

    def hold(self) -> None:
        """Keeps a second `run` out of the folder until this process ends, however it ends. Raises Refused."""
        try:
            self._held = sqlite3.connect(self.folder / LOCK, timeout=0, isolation_level=None, check_same_thread=False)
            self._held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Refused("receiver-in-use", path=self.folder) from error

    def version(self) -> int:
        """Another number after another program has changed something; changes of one's own do not count."""
        with self._use() as use:
            return int(use.execute("PRAGMA data_version").fetchone()[0])

    def identity(self, name: str) -> Identity:
        """This screen's own, made on first use. Raises Refused data-damaged."""
        with self._write() as write:
            kept = _get(write, "identity")
            if kept is None:
                made = Identity.make(name)
                _put(write, "identity", made.to_pem())
                return made
        try:
            return Identity.from_pem(kept)
        except ValueError as error:
            raise Refused("data-damaged", path=self.folder) from error

    def kept(self, name: str) -> str | None:
        """A small thing that should survive a restart."""
        with self._use() as use:
            value = _get(use, name)
        return None if value is None else value.decode()

    def keep(self, name: str, value: str) -> None:
        with self._write() as write:
            _put(write, name, value.encode())

    def tries(self) -> Tries:
        """The code now on the screen."""
        with self._use() as use:
            kept = _get(use, "tries")
        return self.new_code() if kept is None else msgspec.json.decode(kept, type=Tries)

    def count_try(self, now: float) -> str | None:
        """Counts one, and gives the code that it is to be held against; None where the screen is locked."""
        with self._write() as write:
            before = _tries(write)
            if before.locked:
                return None
            _put(write, "tries", msgspec.json.encode(before.count(now)))
            return before.code

    def new_code(self) -> Tries:
        """For somebody at the screen: another code, unlocked."""
        with self._write() as write:
            return _fresh(write)

    def pin(self, certificate: bytes, name: str, now: float) -> None:
        """A presenter has proven the code: it is pinned, and the code is used up."""
        with self._write() as write:
            write.execute(
                "INSERT OR REPLACE INTO pins (fingerprint, certificate, name, since) VALUES (?, ?, ?, ?)",
                (fingerprint(certificate), certificate, name, now),
            )
            _fresh(write)

    def unpin(self, pinned: str) -> None:
        """By fingerprint; one that is not there is no matter."""
        with self._write() as write:
            write.execute("DELETE FROM pins WHERE fingerprint = ?", (pinned,))

    def pins(self) -> list[Pin]:
        """Oldest first."""
        with self._use() as use:
            rows = use.execute(
                "SELECT fingerprint, certificate, name, since FROM pins ORDER BY since, fingerprint"
            ).fetchall()
        return [Pin(fingerprint=row[0], certificate=row[1], name=row[2], since=row[3]) for row in rows]

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; what SQLite says of it becomes a problem in words."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.OperationalError as error:
                raise Refused("data-not-writable", path=self.folder) from error
            except sqlite3.DatabaseError as error:
                raise Refused("data-damaged", path=self.folder) from error

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with self._use() as use:
            use.execute("BEGIN IMMEDIATE")
            try:
                yield use
                use.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    use.execute("ROLLBACK")
                raise


def _get(connection: sqlite3.Connection, name: str) -> bytes | None:
    row = connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def _put(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    connection.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", (name, value))


def _tries(connection: sqlite3.Connection) -> Tries:
    kept = _get(connection, "tries")
    return _fresh(connection) if kept is None else msgspec.json.decode(kept, type=Tries)


def _fresh(connection: sqlite3.Connection) -> Tries:
    fresh = Tries.fresh()
    _put(connection, "tries", msgspec.json.encode(fresh))
    return fresh
