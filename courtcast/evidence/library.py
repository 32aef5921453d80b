"""Which exhibits there are, of which hearing, and in what order: the part of the evidence that people decide."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from courtcast.evidence import clips, hearings
from courtcast.evidence.clips import Cut
from courtcast.evidence.database import Also, Database, alone, put
from courtcast.evidence.links import Link
from courtcast.problems import Refused
from courtcast.wire.library import CameraClock

_COLUMNS = (
    "exhibits.id, ref, title, url, headers, sha256, exhibits.added, restricted, parts, hearing, evidential, source,"
    " received, remark, camera_clock"
)
_FROM = f"SELECT {_COLUMNS} FROM exhibits JOIN hearings ON hearings.id = hearing"  # noqa: S608
_ORDER = "position, exhibits.added, exhibits.id"


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
    hearing: str = ""
    """Id of the hearing that it belongs to; of one that is added without: the open one."""
    evidential: bool = True
    source: str = ""
    """As somebody wrote it down; empty where nobody did."""
    received: float | None = None
    """Unix time (seconds), likewise."""
    remark: str = ""
    camera_clock: CameraClock | None = None
    clips: tuple[Cut, ...] = ()
    """Those that were cut out of it, in the order in which they were made."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Another form of an exhibit; what is left out stays."""

    ref: str | None = None
    title: str | None = None
    position: int | None = None
    """Place in its hearing's running order, from 0; beyond the last is the last."""
    restricted: bool | None = None
    hearing: str | None = None
    """It goes to the end of that one."""
    evidential: bool | None = None
    source: str | None = None
    received: float | msgspec.UnsetType | None = msgspec.UNSET
    remark: str | None = None
    camera_clock: CameraClock | msgspec.UnsetType | None = msgspec.UNSET
    link: Link | None = None
    sha256: str | None = None


class Library:
    """Every call is one transaction. Positions count from 0 without gaps, within each hearing."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.hearings = hearings.Hearings(db)
        self.clips = clips.Clips(db)

    async def list(self, hearing: str | None = None) -> list[Entry]:
        """In running order; of all hearings (as these are listed) where none is named."""
        return await self.db.run(lambda db: _all(db) if hearing is None else of(db, hearing))

    async def get(self, id_: str) -> Entry:
        """Raises Refused (`exhibit-unknown`)."""
        return await self.db.run(lambda db: one(db, id_))

    async def add(self, entry: Entry, *, also: Also = alone) -> Entry:
        """At the end of its hearing. An empty `ref` becomes the next number that is free there.

        Raises Refused (`hearing-unknown`)."""

        def work(db: sqlite3.Connection) -> Entry:
            new = insert(db, entry)
            also(db)
            return new

        return await self.db.run(work)

    async def change(self, id_: str, change: Change, *, with_it: Sequence[str] = (), also: Also = alone) -> Entry:
        """with_it: others that go to its hearing as well. Raises Refused (`exhibit-unknown`, `hearing-unknown`)."""

        def work(db: sqlite3.Connection) -> Entry:
            new = update(db, id_, change)
            for other in with_it:
                update(db, other, Change(hearing=new.hearing))
            also(db)
            return new

        return await self.db.run(work)

    async def relink(self, id_: str, link: Link) -> Entry:
        """Raises Refused (`exhibit-unknown`)."""
        return await self.change(id_, Change(link=link))

    async def delete(self, id_: str, *, remains: bytes) -> None:
        """Takes the exhibit out with its clips; in the same step notes what has still to be cleared away (space
        `remains`).

        Raises Refused (`exhibit-unknown`).
        """

        def work(db: sqlite3.Connection) -> None:
            hearing = one(db, id_).hearing
            db.execute("DELETE FROM exhibits WHERE id = ?", (id_,))
            arrange(db, [entry.id for entry in of(db, hearing)])
            put(db, "remains", id_, remains)

        await self.db.run(work)


def of(db: sqlite3.Connection, hearing: str) -> list[Entry]:
    """A hearing's exhibits in running order. For use within a `run` of several steps, as all that follow."""
    rows = db.execute(f"{_FROM} WHERE hearing = ? ORDER BY {_ORDER}", (hearing,))
    cut = clips.load(db)
    return [_entry(row, cut) for row in rows]


def one(db: sqlite3.Connection, id_: str) -> Entry:
    """Raises Refused (`exhibit-unknown`)."""
    row = db.execute(f"{_FROM} WHERE exhibits.id = ?", (id_,)).fetchone()
    if row is None:
        raise Refused("exhibit-unknown")
    return _entry(row, clips.load(db, id_))


def insert(db: sqlite3.Connection, entry: Entry) -> Entry:
    """As `Library.add`; its clips as well."""
    hearing = entry.hearing or hearings.opened(db)
    hearings.one(db, hearing)
    taken = {str(row[0]) for row in db.execute("SELECT ref FROM exhibits WHERE hearing = ?", (hearing,))}
    count = int(db.execute("SELECT COUNT(*) FROM exhibits WHERE hearing = ?", (hearing,)).fetchone()[0])
    new = msgspec.structs.replace(entry, hearing=hearing, ref=entry.ref or _next(taken, count + 1))
    names = ("position", *(column.strip().removeprefix("exhibits.") for column in _COLUMNS.split(",")))
    db.execute(
        f"INSERT INTO exhibits ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
        (
            count,
            new.id,
            new.ref,
            new.title,
            new.link.url,
            msgspec.json.encode(new.link.headers).decode(),
            new.sha256,
            new.added,
            new.restricted,
            msgspec.json.encode(new.parts).decode(),
            new.hearing,
            new.evidential,
            new.source,
            new.received,
            new.remark,
            _clock(new.camera_clock),
        ),
    )
    for cut in new.clips:
        clips.insert(db, new.id, cut)
    return new


def update(db: sqlite3.Connection, id_: str, change: Change) -> Entry:
    """As `Library.change`."""
    old = one(db, id_)
    values: dict[str, str | float | bool | None] = {
        name: value
        for name in ("ref", "title", "restricted", "evidential", "source", "remark", "sha256")
        if (value := getattr(change, name)) is not None
    }
    if change.received is not msgspec.UNSET:
        values["received"] = change.received
    if change.camera_clock is not msgspec.UNSET:
        values["camera_clock"] = _clock(change.camera_clock)
    if change.link is not None:
        values["url"] = change.link.url
        values["headers"] = msgspec.json.encode(change.link.headers).decode()
    for column, value in values.items():
        db.execute(f"UPDATE exhibits SET {column} = ? WHERE id = ?", (value, id_))  # noqa: S608
    hearing = old.hearing
    if change.hearing is not None and change.hearing != old.hearing:
        hearing = hearings.one(db, change.hearing).id
        last = len(of(db, hearing))
        db.execute("UPDATE exhibits SET hearing = ?, position = ? WHERE id = ?", (hearing, last, id_))
        arrange(db, [entry.id for entry in of(db, old.hearing)])
    if change.position is not None:
        order = [entry.id for entry in of(db, hearing) if entry.id != id_]
        order.insert(max(0, change.position), id_)
        arrange(db, order)
    return one(db, id_)


def arrange(db: sqlite3.Connection, order: Sequence[str]) -> None:
    """All exhibits of one hearing, in that order."""
    db.executemany("UPDATE exhibits SET position = ? WHERE id = ?", list(enumerate(order)))


def _all(db: sqlite3.Connection) -> list[Entry]:
    rows = db.execute(f"{_FROM} ORDER BY {hearings.ORDER}, {_ORDER}")
    cut = clips.load(db)
    return [_entry(row, cut) for row in rows]


def _next(taken: set[str], number: int) -> str:
    while str(number) in taken:
        number += 1
    return str(number)


def _clock(clock: CameraClock | None) -> str | None:
    return None if clock is None else msgspec.json.encode(clock).decode()


def _entry(
    row: tuple[str, str, str, str, str, str | None, float, int, str, str, int, str, float | None, str, str | None],
    cut: dict[str, tuple[Cut, ...]],
) -> Entry:
    id_, ref, title, url, headers, sha256, added, restricted, parts, hearing, evidential, source, received, *rest = row
    remark, clock = rest
    return Entry(
        id=id_,
        ref=ref,
        title=title,
        link=Link(url, msgspec.json.decode(headers, type=dict[str, str])),
        sha256=sha256,
        added=added,
        restricted=bool(restricted),
        parts=msgspec.json.decode(parts, type=tuple[str, ...]),
        hearing=hearing,
        evidential=bool(evidential),
        source=source,
        received=received,
        remark=str(remark or ""),
        camera_clock=None if not clock else msgspec.json.decode(clock, type=CameraClock),
        clips=cut.get(id_, ()),
    )
