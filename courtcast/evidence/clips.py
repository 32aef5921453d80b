"""The clips that were cut out of exhibits, as they are kept. What may be a clip says `core.clip`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final

import msgspec

from courtcast.core.clip import Range, Ranges
from courtcast.evidence.database import Also, Database, alone
from courtcast.evidence.texts import MOST_LINE, one_line
from courtcast.problems import Refused

MOST: Final = 200
"""Clips of one exhibit: more is no list that anybody finds something in."""

_COLUMNS: Final = "exhibit, clips.id, name, agreed, start, stop, silent"


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One clip of an exhibit."""

    id: str
    name: str
    ranges: Ranges
    agreed: str = ""


class Clips:
    """All exhibits' clips. Every call is one transaction, and so is what is done `also`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, exhibit: str, cut: Cut, *, also: Also = alone) -> None:
        """Behind the others. Raises Refused (`clip-name-taken`, `clips-too-many`)."""

        def work(db: sqlite3.Connection) -> None:
            insert(db, exhibit, cut)
            also(db)

        await self._db.run(work)

    async def change(self, exhibit: str, cut: Cut, *, also: Also = alone) -> None:
        """It is as given from now on. Raises Refused (`clip-unknown`, `clip-name-taken`)."""

        def work(db: sqlite3.Connection) -> None:
            update(db, exhibit, cut)
            also(db)

        await self._db.run(work)

    async def remove(self, exhibit: str, clip: str, *, also: Also = alone) -> None:
        """Raises Refused (`clip-unknown`)."""

        def work(db: sqlite3.Connection) -> None:
            _known(db, exhibit, clip)
            db.execute("DELETE FROM clips WHERE id = ?", (clip,))
            also(db)

        await self._db.run(work)


def named(text: str) -> str:
    """A clip's name. Raises Refused (`clip-name`)."""
    try:
        name = one_line("the name", text)
    except Refused:
        name = ""
    if not name:
        raise Refused("clip-name", most=MOST_LINE)
    return name


def insert(db: sqlite3.Connection, exhibit: str, cut: Cut) -> None:
    """For use within a `run` of several steps. Raises as `Clips.add`."""
    there = [one.name for one in load(db, exhibit).get(exhibit, ())]
    if cut.name in there:
        raise Refused("clip-name-taken", name=cut.name)
    if len(there) >= MOST:
        raise Refused("clips-too-many", most=MOST)
    place = db.execute("SELECT COALESCE(MAX(position) + 1, 0) FROM clips WHERE exhibit = ?", (exhibit,)).fetchone()[0]
    db.execute(
        "INSERT INTO clips (id, exhibit, position, name, agreed) VALUES (?, ?, ?, ?, ?)",
        (cut.id, exhibit, place, cut.name, cut.agreed),
    )
    _put(db, cut)


def update(db: sqlite3.Connection, exhibit: str, cut: Cut) -> None:
    """For use within a `run` of several steps. Raises as `Clips.change`."""
    _known(db, exhibit, cut.id)
    if any(one.name == cut.name and one.id != cut.id for one in load(db, exhibit).get(exhibit, ())):
        raise Refused("clip-name-taken", name=cut.name)
    db.execute("UPDATE clips SET name = ?, agreed = ? WHERE id = ?", (cut.name, cut.agreed, cut.id))
    db.execute("DELETE FROM clip_ranges WHERE clip = ?", (cut.id,))
    _put(db, cut)


def load(db: sqlite3.Connection, exhibit: str | None = None) -> dict[str, tuple[Cut, ...]]:
    """By exhibit; of all exhibits where none is named."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM clips JOIN clip_ranges ON clip = clips.id"  # noqa: S608
        " WHERE ? IS NULL OR exhibit = ? ORDER BY exhibit, clips.position, clips.id, clip_ranges.position",
        (exhibit, exhibit),
    )
    found: dict[str, tuple[Cut, ...]] = {}
    for (of, id_, name, agreed), parts in groupby(rows, key=lambda row: row[:4]):
        cut = Cut(id=id_, name=name, agreed=agreed, ranges=tuple(_range(part[4:]) for part in parts))
        found[of] = (*found.get(of, ()), cut)
    return found


def _known(db: sqlite3.Connection, exhibit: str, clip: str) -> None:
    if db.execute("SELECT 1 FROM clips WHERE id = ? AND exhibit = ?", (clip, exhibit)).fetchone() is None:
        row = db.execute("SELECT ref FROM exhibits WHERE id = ?", (exhibit,)).fetchone()
        raise Refused("clip-unknown", ref=row[0]) if row else Refused("exhibit-unknown")


def _put(db: sqlite3.Connection, cut: Cut) -> None:
    db.executemany(
        "INSERT INTO clip_ranges (clip, position, start, stop, silent) VALUES (?, ?, ?, ?, ?)",
        [(cut.id, n, str(one.start), str(one.stop), one.silent) for n, one in enumerate(cut.ranges)],
    )


def _range(row: Sequence[str | int]) -> Range:
    start, stop, silent = row
    return Range(Fraction(start), Fraction(stop), bool(silent))
