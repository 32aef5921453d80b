"""Where it is written down which bytes of files that are still coming are held: the table `pieces` of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from courtcast.evidence.database import Database
from courtcast.evidence.pieces import Row


class Ledger:
    """The rows of one version of one exhibit's file."""

    def __init__(self, db: Database, exhibit: str, version: int) -> None:
        self._db = db
        self._key = exhibit, version

    async def load(self) -> list[Row]:
        """Ascending."""
        return await self._db.run(lambda db: _rows(db, *self._key))

    async def write(self, rows: Sequence[Row], gone: Sequence[int] = (), *, lasting: bool) -> None:
        """Takes out the rows that begin at `gone`, and puts these in; a row replaces one that begins where it does.

        lasting: also over a power cut, with all that was written before. Raises Refused (`disk-full`, `disk-failing`).
        """

        def work(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM pieces WHERE exhibit = ? AND version = ? AND start = ?", self._keyed(gone))
            db.executemany(
                "INSERT OR REPLACE INTO pieces (exhibit, version, start, past, sha256) VALUES (?, ?, ?, ?, ?)",
                [(*self._key, *row) for row in rows],
            )

        await self._db.run(work, lasting=lasting)

    async def clear(self) -> None:
        """None are left, nor of earlier versions: the hash of the whole says it all. Raises Refused."""
        await self._db.run(lambda db: forget(db, self._key[0]))

    def _keyed(self, starts: Iterable[int]) -> list[tuple[Any, ...]]:
        return [(*self._key, start) for start in starts]


async def totals(db: Database) -> dict[tuple[str, int], int]:
    """Bytes written down, by exhibit and version."""

    def work(connection: sqlite3.Connection) -> dict[tuple[str, int], int]:
        rows = connection.execute("SELECT exhibit, version, SUM(past - start) FROM pieces GROUP BY exhibit, version")
        return {(exhibit, version): total for exhibit, version, total in rows}

    return await db.run(work)


def forget(db: sqlite3.Connection, exhibit: str) -> None:
    """All rows of an exhibit. For use within a `run` of several steps."""
    db.execute("DELETE FROM pieces WHERE exhibit = ?", (exhibit,))


def _rows(db: sqlite3.Connection, exhibit: str, version: int) -> list[Row]:
    rows = db.execute(
        "SELECT start, past, sha256 FROM pieces WHERE exhibit = ? AND version = ? ORDER BY start", (exhibit, version)
    )
    return [Row(*row) for row in rows]
