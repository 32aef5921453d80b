"""Which exhibits there are, and in what order: the part of the evidence that people decide."""

from __future__ import annotations

import sqlite3

import msgspec

from courtcast.evidence.database import Database, put
from courtcast.evidence.links import Link
from courtcast.problems import Refused

_COLUMNS = "id, ref, title, url, headers, sha256, added, restricted, parts"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exhibit as it was asked for."""

    id: str
    ref: str
    title: str
    link: Link
    sha256: str | None = None
    """As given beforehand, 64 lower-case hexadecimal digits."""
    added: float
    """Unix time, seconds."""
    restricted: bool = False
    """It goes to no screen before it is cued, and lies on no screen's disk."""
    parts: tuple[str, ...] = ()
    """Ids of the exhibits that it is joined from, in order: it has no link of its own then."""


class Library:
    """The exhibits in running order. Every call is one transaction; positions count from 0 without gaps."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def list(self) -> list[Entry]:
        return await self.db.run(_all)

    async def get(self, id_: str) -> Entry:
        """Raises Refused (`exhibit-unknown`)."""
        return await self.db.run(lambda db: _one(db, id_))

    async def add(self, entry: Entry) -> Entry:
        """At the end. An empty `ref` becomes the next number that is free."""

        def work(db: sqlite3.Connection) -> Entry:
            there = _all(db)
            taken = {other.ref for other in there}
            number = len(there) + 1
            while str(number) in taken:
                number += 1
            new = entry if entry.ref else msgspec.structs.replace(entry, ref=str(number))
            headers = msgspec.json.encode(new.link.headers).decode()
            db.execute(
                f"INSERT INTO exhibits (position, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    len(there),
                    new.id,
                    new.ref,
                    new.title,
                    new.link.url,
                    headers,
                    new.sha256,
                    new.added,
                    new.restricted,
                    msgspec.json.encode(new.parts).decode(),
                ),
            )
            return new

        return await self.db.run(work)

    async def change(
        self,
        id_: str,
        *,
        ref: str | None = None,
        title: str | None = None,
        position: int | None = None,
        restricted: bool | None = None,
    ) -> Entry:
        """What is None stays. A position beyond the last is the last. Raises Refused (`exhibit-unknown`)."""

        def work(db: sqlite3.Connection) -> Entry:
            old = _one(db, id_)
            db.execute(
                "UPDATE exhibits SET ref = ?, title = ?, restricted = ? WHERE id = ?",
                (
                    old.ref if ref is None else ref,
                    old.title if title is None else title,
                    old.restricted if restricted is None else restricted,
                    id_,
                ),
            )
            if position is not None:
                order = [entry.id for entry in _all(db) if entry.id != id_]
                order.insert(max(0, position), id_)
                _number(db, order)
            return _one(db, id_)

        return await self.db.run(work)

    async def relink(self, id_: str, link: Link) -> Entry:
        """Raises Refused (`exhibit-unknown`)."""

        def work(db: sqlite3.Connection) -> Entry:
            headers = msgspec.json.encode(link.headers).decode()
            db.execute("UPDATE exhibits SET url = ?, headers = ? WHERE id = ?", (link.url, headers, id_))
            return _one(db, id_)

        return await self.db.run(work)

    async def delete(self, id_: str, *, remains: bytes) -> None:
        """Takes the exhibit out; in the same step notes what has still to be cleared away (space `remains`).

        Raises Refused (`exhibit-unknown`).
        """

        def work(db: sqlite3.Connection) -> None:
            _one(db, id_)
            db.execute("DELETE FROM exhibits WHERE id = ?", (id_,))
            _number(db, [entry.id for entry in _all(db)])
            put(db, "remains", id_, remains)

        await self.db.run(work)


def _all(db: sqlite3.Connection) -> list[Entry]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM exhibits ORDER BY position, added, id")  # noqa: S608
    return [_entry(row) for row in rows]


def _one(db: sqlite3.Connection, id_: str) -> Entry:
    row = db.execute(f"SELECT {_COLUMNS} FROM exhibits WHERE id = ?", (id_,)).fetchone()  # noqa: S608
    if row is None:
        raise Refused("exhibit-unknown")
    return _entry(row)


def _number(db: sqlite3.Connection, order: list[str]) -> None:
    db.executemany("UPDATE exhibits SET position = ? WHERE id = ?", list(enumerate(order)))


def _entry(row: tuple[str, str, str, str, str, str | None, float, int, str]) -> Entry:
    id_, ref, title, url, headers, sha256, added, restricted, parts = row
    link = Link(url, msgspec.json.decode(headers, type=dict[str, str]))
    return Entry(
        id=id_,
        ref=ref,
        title=title,
        link=link,
        sha256=sha256,
        added=added,
        restricted=bool(restricted),
        parts=msgspec.json.decode(parts, type=tuple[str, ...]),
    )
