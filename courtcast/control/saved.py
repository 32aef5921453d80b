"""What is kept of the room on disk, and the note that outlives a disk that does not write."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from courtcast.core import room as rooms
from courtcast.core import stage
from courtcast.core.clock import Mark
from courtcast.core.entries import Fact
from courtcast.core.room import Room
from courtcast.evidence.database import Database, put
from courtcast.evidence.record import Record
from courtcast.problems import Refused

log = logging.getLogger(__name__)

SPACE, KEY = "room", "state"
SAVE_SECONDS = 3.0
"""A command that cannot be written within this is refused: nobody at a lectern waits longer."""
NOTE_BYTES = 20
"""Digits of the note, always as many: writing over them needs no free space."""


class _Record(msgspec.Struct, frozen=True):
    mark: Mark
    room: msgspec.Raw


class Saved(msgspec.Struct, frozen=True):
    """The last room and the room clock when it was written."""

    room: Room
    mark: Mark | None
    noted: bool = False
    """It is blank by the note alone."""


async def load(db: Database, note: BlankNote) -> Saved:
    """The room as it was left. A blank that never got into the database (full, locked) is in the note, and holds."""
    data = await db.get(SPACE, KEY)
    room, mark = Room(), None
    if data is not None:
        try:
            record = msgspec.json.decode(data, type=_Record)
            room, mark = stage.decode(bytes(record.room)), record.mark
        except msgspec.MsgspecError:
            log.exception("the room that was kept cannot be read; it begins blank")
    noted = note.read()
    if noted > room.revision:
        room = rooms.overtake(rooms.blank(room, None, by=room.by or ""), noted + 1)
        return Saved(room, mark, noted=True)
    return Saved(room, mark)


class GivenUp(Exception):
    """Nobody waits for this write any more, so it was not done."""


class Writing:
    """One write of the room, and of what the record says of it. `give_up` keeps one that has not happened yet from
    happening later."""

    def __init__(self, db: Database, record: Record) -> None:
        self._db = db
        self._record = record
        self._given_up = threading.Event()
        self._begun = threading.Event()

    @property
    def begun(self) -> bool:
        """It may be on the disk, whether or not somebody waited for it."""
        return self._begun.is_set()

    def give_up(self) -> None:
        self._given_up.set()

    async def save(self, room: Room, mark: Mark, facts: Sequence[Fact] = ()) -> None:
        """Both or neither. Raises Refused where the database cannot write, or not within `SAVE_SECONDS`; GivenUp."""
        data = msgspec.json.encode(_Record(mark=mark, room=msgspec.Raw(stage.encode(room))))

        def work(db: sqlite3.Connection) -> None:
            if self._given_up.is_set():
                raise GivenUp
            self._begun.set()
            put(db, SPACE, KEY, data)
            self._record.entering(db, facts)

        try:
            async with asyncio.timeout(SAVE_SECONDS):
                await self._db.run(work)
        except TimeoutError:
            raise Refused("not-recorded") from None
        except sqlite3.Error:
            self._begun.clear()
            log.exception("the room cannot be kept")
            raise Refused("not-recorded") from None
        except Refused:
            self._begun.clear()
            raise
        finally:
            self.give_up()


class BlankNote:
    """The revision of the last blank, in a small file that is written over in place.

    Blank goes out before any disk. If the database cannot take it (locked, no space left) and the presenter is killed,
    its successor would put the evidence up again: this note is what keeps it down.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if not path.exists():
                path.write_bytes(b"0".rjust(NOTE_BYTES, b"0"))
        except OSError:
            log.warning("no note of blanks can be kept in %s", path)

    def read(self) -> int:
        """0 where there is none."""
        try:
            return int(self._path.read_bytes()[:NOTE_BYTES])
        except (OSError, ValueError):
            return 0

    def write(self, revision: int) -> None:
        """Outlives a kill of this process. Blocks for as long as the disk does: to be called in a thread."""
        try:
            with self._path.open("r+b", buffering=0) as file:
                file.write(str(revision).rjust(NOTE_BYTES, "0").encode("ascii"))
        except OSError:
            log.warning("the blank at revision %d could not be noted", revision)

    def flush(self) -> None:
        """Returns when what was written outlives a power cut as well; blocks likewise."""
        with suppress(OSError), self._path.open("r+b", buffering=0) as file:
            os.fsync(file.fileno())
