"""`courtcast list`: what there is. A presenter that runs is asked; else it is read from the folder, and nothing is
begun."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from courtcast.app import RUNNING, database
from courtcast.beside import beside
from courtcast.evidence.database import Database
from courtcast.evidence.files import in_words
from courtcast.evidence.ledger import totals
from courtcast.evidence.library import Library
from courtcast.prepare.kept import SPACE, Kept
from courtcast.prepare.told import told
from courtcast.problems import Refused
from courtcast.settings import ready_folder
from courtcast.tool import ALL, meant_hearing
from courtcast.wire.api import Exhibit, ExhibitState
from courtcast.wire.library import Hearing

WIDE = 240
"""Columns of a table that goes into a file or another program."""
EVERY = "all"


async def listed(data: Path, *, hearing: str | None, as_json: bool) -> int:
    """Prints a table, or the exhibits as the API has them. hearing: id or case, or `all`; else the open one."""
    hearings, exhibits = await _ask(ready_folder(data))

    async def known() -> list[Hearing]:
        return hearings

    if hearing != EVERY:
        meant = await meant_hearing(known, hearing)
        exhibits = [one for one in exhibits if one.hearing == meant.id]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(exhibits)).decode())
        return 0
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(_table(hearings, exhibits))
    return 0


async def _ask(data: Path) -> tuple[list[Hearing], list[Exhibit]]:
    nobody = Refused("no-presenter", path=data)
    if (data / RUNNING).exists():
        try:
            async with beside(data, "viewer", nobody) as presenter:
                return (
                    await presenter.call("GET", "/hearings", list[Hearing]),
                    await presenter.call("GET", ALL, list[Exhibit]),
                )
        except Refused as refused:
            if refused is not nobody:  # else it was killed, and its note is what is left of it
                raise
    return await _read(data)


async def _read(data: Path) -> tuple[list[Hearing], list[Exhibit]]:
    async with Database(database(data), presenter=False) as db:
        library = Library(db)
        hearings, entries = await library.hearings.list(), await library.list()
        notes, held = dict(await db.items(SPACE)), await totals(db)
    exhibits = []
    for entry in entries:
        kept = Kept.read(notes.get(entry.id))
        state: ExhibitState = "failed" if kept.problem is not None else "ready" if kept.rendition else "waiting"
        if entry.link.url and not kept.sha256 and state == "ready":
            state = "waiting"
        here = held.get((entry.id, kept.file), 0)
        if kept.sha256 and kept.version is not None:
            here = kept.version.length or 0
        cleared = entry.sha256 is None or entry.sha256 == kept.sha256
        exhibits.append(told(entry, kept, None, state, kept.problem, held=here, cleared=cleared, sheet=False))
    return hearings, exhibits


def _table(hearings: Sequence[Hearing], exhibits: Sequence[Exhibit]) -> Table:
    named = {one.id: " ".join(filter(None, (one.case, one.day))) or one.id for one in hearings}
    table = Table("Hearing", "Ref", "Title", "State", "Size", "SHA-256", "Problem")
    for one in exhibits:
        size = in_words(one.bytes_total or one.bytes_fetched) if one.bytes_total or one.bytes_fetched else ""
        row = (
            named.get(one.hearing, one.hearing), one.ref, one.title, one.state, size, one.sha256 or "",
            "" if one.problem is None else one.problem.detail,
        )  # fmt: skip
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    return table
