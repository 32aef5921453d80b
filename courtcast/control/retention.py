"""When evidence is to go: on demand, or by itself at a time that was set. Gone means looked for and not found.

Removing an exhibit makes it unknown at once and clears its files away behind; here somebody waits for the clearing,
looks, and has the record say what was removed. The record itself stays, and still verifies: it holds no media.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from courtcast.control.onlooker import depart
from courtcast.control.ports import Intake
from courtcast.core.entries import fact, micro
from courtcast.evidence import uploads
from courtcast.evidence.database import Database, delete, put
from courtcast.evidence.record import Record, stamp
from courtcast.evidence.uploads import sent_for
from courtcast.prepare.kept import SPACE as WAYS
from courtcast.prepare.kept import Kept
from courtcast.prepare.leaves.details import SPACE as DETAILS
from courtcast.problems import Refused
from courtcast.tasks import ended

log = logging.getLogger(__name__)

SPACE: Final = "retention"
LOOK_EVERY: Final = 60.0
"""Seconds between two looks at what is due."""
GONE_SECONDS: Final = 30.0
"""That the clearing away may take; then what is left is removed here, and if it cannot be, that is said."""
EVIDENCE, RENDITIONS = "evidence", "renditions"
"""Folders of the data folder."""


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit that was removed for good, or will be."""

    exhibit: str
    ref: str
    gone: bool
    files: int = 0
    """That are gone, …"""
    bytes: int = 0
    """… and how much that was."""
    after: float | None = None
    """Unix time (seconds) from which on it goes by itself; null: it does not."""


class Room(Protocol):
    """Where it may be on show."""

    async def forget(self, exhibit: str) -> None:
        """Raises Refused exhibit-shown."""


class Retention:
    """An async context manager; inside it what is due goes by itself.

    data: the folder of everything that is kept; room: nothing is removed that is on its screens
    """

    def __init__(self, *, db: Database, record: Record, intake: Intake, data: Path, room: Room | None = None) -> None:
        self._db, self._record, self._intake, self._data, self._room = db, record, intake, data, room
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._mind(), name="retention")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await ended(self._task)

    async def due(self) -> dict[str, float]:
        """When which exhibit goes by itself (Unix time)."""
        return {id_: msgspec.json.decode(data, type=float) for id_, data in await self._db.items(SPACE)}

    async def set(self, exhibit: str, when: float | None, *, by: str, who: str) -> Purged:
        """It goes by itself then; None: it does not. Raises Refused exhibit-unknown, or of the disk."""
        known = self._intake.get(exhibit)
        told = fact(
            stamp(), "retention", exhibit=exhibit, ref=known.ref, due=0 if when is None else micro(when), by=by, who=who
        )

        def work(db: sqlite3.Connection) -> None:
            self._record.entering(db, (told,))
            if when is None:
                delete(db, SPACE, exhibit)
            else:
                put(db, SPACE, exhibit, msgspec.json.encode(when))

        await self._db.run(work)
        return Purged(exhibit=exhibit, ref=known.ref, gone=False, after=when)

    async def purge(self, exhibit: str, *, by: str, who: str) -> Purged:
        """Returns when nothing of its files is there. Raises Refused exhibit-unknown, exhibit-shown, purge-left."""
        known = self._intake.get(exhibit)
        kept = Kept.read(await self._db.get(WAYS, exhibit))
        renditions = [name for name in (kept.rendition, *kept.former) if name]
        details = await self._details(exhibit)
        places = [
            self._data / EVIDENCE / exhibit,
            *(self._data / RENDITIONS / name for name in (*renditions, *details)),
        ]
        sent = [one.id for one in await sent_for(self._db, exhibit)]
        places += [path for id_ in sent for path in uploads.places(self._data / EVIDENCE, id_)]
        files, size = await asyncio.to_thread(_measure, places)
        if self._room is not None:
            await self._room.forget(exhibit)
        await depart(self._db, self._record, known, by=by, who=who)
        await self._intake.delete(exhibit)
        await self._until_gone(places)
        await self._db.run(lambda db: self._strike(db, exhibit, sent))
        await self._record.tell(
            fact(stamp(), "purged", exhibit=exhibit, ref=known.ref, sha256=known.sha256, files=files, bytes=size)
        )
        return Purged(exhibit=exhibit, ref=known.ref, gone=True, files=files, bytes=size)

    @staticmethod
    def _strike(db: sqlite3.Connection, exhibit: str, sent: Sequence[str]) -> None:
        delete(db, SPACE, exhibit)
        for id_ in sent:
            delete(db, uploads.SPACE, id_)

    async def _details(self, exhibit: str) -> Sequence[str]:
        """Renditions of parts of its leaves."""
        return [rendition for rendition, owner in await self._db.items(DETAILS) if owner.decode() == exhibit]

    async def _until_gone(self, places: Sequence[Path]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                while await asyncio.to_thread(_any, places):  # noqa: ASYNC110 (nothing tells when)
                    await asyncio.sleep(0.05)
        for place in places:
            await asyncio.to_thread(_remove, place)
        if left := await asyncio.to_thread(_any, places):
            raise Refused("purge-left", path=left)

    async def _mind(self) -> None:
        while True:
            try:
                for exhibit, when in (await self.due()).items():
                    if when <= time.time():
                        await self._go(exhibit)
            except Exception:
                log.exception("what is due could not be looked at; it is tried again")
            await asyncio.sleep(LOOK_EVERY)

    async def _go(self, exhibit: str) -> None:
        try:
            await self.purge(exhibit, by="courtcast", who="")
        except Refused as refused:
            if refused.type == "exhibit-unknown":
                await self._db.run(lambda db: delete(db, SPACE, exhibit))
            else:  # on the screens now: when it is off them
                log.warning("an exhibit is due and still here: %s", refused.detail)


def _measure(places: Sequence[Path]) -> tuple[int, int]:
    found = [file for place in places for file in (place, *place.rglob("*")) if file.is_file()]
    return len(found), sum(file.stat().st_size for file in found)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
        return
    with suppress(OSError):
        place.unlink(missing_ok=True)


def _any(places: Sequence[Path]) -> Path | None:
    return next((place for place in places if place.exists()), None)
