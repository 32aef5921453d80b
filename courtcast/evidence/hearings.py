"""Hearings: each has exhibits of its own, and one of them is open."""

from __future__ import annotations

import secrets
import sqlite3
import time

from courtcast.evidence.database import Also, Database, alone
from courtcast.evidence.texts import day, lines, one_line
from courtcast.problems import Refused
from courtcast.wire.library import AddHearing, ChangeHearing, Hearing

ORDER = "hearings.open DESC, hearings.day = '', hearings.day, hearings.added, hearings.id"
"""The open one first, then by their days; those without one last. So are their exhibits fetched, too."""

_ROWS = (
    "SELECT hearings.id, matter, court, day, note, came, open, COUNT(exhibits.id) FROM hearings"
    " LEFT JOIN exhibits ON exhibits.hearing = hearings.id"
)


class Hearings:
    """Every call is one transaction, and so is what is done `also`. How many bytes they have is left open here."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self) -> list[Hearing]:
        """The open one first, then by their days."""
        return await self._db.run(_all)

    async def add(self, asked: AddHearing, *, came: str = "", also: Also = alone, id_: str = "") -> Hearing:
        """It is not opened by that. came: see `Hearing`; id_: given beforehand. Raises Refused (`malformed`)."""
        made = Hearing(
            id=id_ or secrets.token_hex(8), case=_case(asked.case), court=_court(asked.court), day=day(asked.day),
            note=_note(asked.note), came=came,
        )  # fmt: skip

        def work(db: sqlite3.Connection) -> Hearing:
            insert(db, made)
            also(db)
            return one(db, made.id)

        return await self._db.run(work)

    async def change(self, id_: str, asked: ChangeHearing, *, also: Also = alone) -> Hearing:
        """What is None stays. Raises Refused (`hearing-unknown`, `malformed`)."""
        new = {
            "matter": None if asked.case is None else _case(asked.case),
            "court": None if asked.court is None else _court(asked.court),
            "day": None if asked.day is None else day(asked.day),
            "note": None if asked.note is None else _note(asked.note),
        }

        def work(db: sqlite3.Connection) -> Hearing:
            one(db, id_)
            for column, value in new.items():
                if value is not None:
                    db.execute(f"UPDATE hearings SET {column} = ? WHERE id = ?", (value, id_))  # noqa: S608
            also(db)
            return one(db, id_)

        return await self._db.run(work)

    async def remove(self, id_: str, *, also: Also = alone) -> None:
        """Raises Refused (`hearing-unknown`, `hearing-open`, `hearing-not-empty`)."""

        def work(db: sqlite3.Connection) -> None:
            known = one(db, id_)
            if known.open:
                raise Refused("hearing-open")
            if known.exhibits:
                raise Refused("hearing-not-empty", count=known.exhibits)
            db.execute("DELETE FROM hearings WHERE id = ?", (id_,))
            also(db)

        await self._db.run(work)

    async def open(self, id_: str, *, also: Also = alone) -> Hearing:
        """Closes the one that was open. Raises Refused (`hearing-unknown`)."""

        def work(db: sqlite3.Connection) -> Hearing:
            one(db, id_)
            db.execute("UPDATE hearings SET open = 0 WHERE open = 1")
            db.execute("UPDATE hearings SET open = 1 WHERE id = ?", (id_,))
            also(db)
            return one(db, id_)

        return await self._db.run(work)


def insert(db: sqlite3.Connection, made: Hearing) -> None:
    """For use within a `run` of several steps."""
    db.execute(
        "INSERT INTO hearings (id, matter, court, day, note, came, added) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (made.id, made.case, made.court, made.day, made.note, made.came, time.time()),
    )


def one(db: sqlite3.Connection, id_: str) -> Hearing:
    """Raises Refused (`hearing-unknown`)."""
    row = db.execute(f"{_ROWS} WHERE hearings.id = ? GROUP BY hearings.id", (id_,)).fetchone()
    if row is None:
        raise Refused("hearing-unknown")
    return _hearing(row)


def opened(db: sqlite3.Connection) -> str:
    """Id of the open one. There is always one."""
    return str(db.execute("SELECT id FROM hearings WHERE open = 1").fetchone()[0])


def _all(db: sqlite3.Connection) -> list[Hearing]:
    return [_hearing(row) for row in db.execute(f"{_ROWS} GROUP BY hearings.id ORDER BY {ORDER}")]


def _hearing(row: tuple[str, str, str, str, str, str, int, int]) -> Hearing:
    id_, case, court, on, note, came, is_open, exhibits = row
    return Hearing(id=id_, case=case, court=court, day=on, note=note, came=came, open=bool(is_open), exhibits=exhibits)


def _case(text: str) -> str:
    return one_line("case", text)


def _court(text: str) -> str:
    return one_line("court", text)


def _note(text: str) -> str:
    return lines("note", text)
