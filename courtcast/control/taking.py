"""Bundles that go out and come in. What comes is taken in one after the other, each checked and copied whole before
anything of it is a hearing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from courtcast.evidence.bundle import Contents
from courtcast.evidence.database import Database
from courtcast.evidence.uploads import Uploads
from courtcast.prepare import bundling
from courtcast.prepare.bundling import Admission, Taken
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.api import Exhibit
from courtcast.wire.library import BundleReport, Hearing, Taking

log = logging.getLogger(__name__)

MOST_TOLD: Final = 50
"""That are remembered; the oldest are forgotten first."""


class Docket(Protocol):
    """Where hearings are."""

    async def admit(self, made: Admission, folder: Path, *, by: str = "", who: str = "") -> Hearing: ...


class Intake(Protocol):
    """Where exhibits are."""

    def everything(self) -> list[Exhibit]: ...


Recorded = Callable[[str, str, str], Awaitable[None]]
"""Returns when the record says that an exhibit is there; with it, who asked: role, and which of them."""


class _Given(Exception):
    """It was called off."""


class Bundles:
    """An async context manager that owns what is being taken in.

    folder: that of the exhibits
    """

    def __init__(
        self, *, db: Database, uploads: Uploads, docket: Docket, intake: Intake, folder: Path, recorded: Recorded
    ) -> None:
        self._db, self._uploads, self._docket, self._intake = db, uploads, docket, intake
        self._folder, self._recorded = folder, recorded
        self._all: dict[str, Taking] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._called_off: set[str] = set()
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(bundling.clean, self._folder)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._called_off.update(self._tasks)  # threads look there
        await ended(*self._tasks.values())

    async def contents(self, hearing: str, *, remarks: bool, media: bool) -> Contents:
        """Of a hearing that goes out. Raises Refused: hearing-unknown, bundle-not-yet, exhibit-unreadable."""
        return await bundling.contents(self._db, self._folder, hearing, remarks=remarks, media=media)

    def all(self) -> list[Taking]:
        """In the order in which they began."""
        return list(self._all.values())

    def get(self, id_: str) -> Taking:
        """Raises Refused upload-unknown."""
        if id_ not in self._all:
            raise Refused("upload-unknown")
        return self._all[id_]

    def begin(self, id_: str, key: str | None, *, by: str, who: str) -> Taking:
        """Of an upload; what is being taken in already goes on. Raises Refused: upload-unknown, upload-expired,
        upload-no-bundle, bundle-coming."""
        if id_ in self._tasks:
            return self._all[id_]
        upload = self._uploads.get(id_)
        if not upload.bundle:
            raise Refused("upload-no-bundle")
        if not self._uploads.whole(id_):
            raise Refused("bundle-coming")
        self._all.pop(id_, None)
        while len(self._all) >= MOST_TOLD:
            self._all.pop(next(iter(self._all)))
        taking = self._all[id_] = Taking(id=id_, name=upload.name, state="checking")
        self._called_off.discard(id_)
        self._tasks[id_] = asyncio.create_task(self._take(id_, key, by, who), name=f"bundle {id_}")
        return taking

    async def call_off(self, id_: str) -> None:
        """Nothing of it is taken in, unless all of it just was; what was sent stays until it is given up by tus.

        Raises Refused upload-unknown."""
        self.get(id_)
        self._called_off.add(id_)
        if (task := self._tasks.get(id_)) is not None:
            await asyncio.wait([task])

    async def _take(self, id_: str, key: str | None, by: str, who: str) -> None:
        try:
            async with self._turn:
                report = await self._admitted(id_, key, by, who)
            self._say(id_, state="done", report=report)
            await self._uploads.forget(id_)
        except _Given:
            self._say(id_, state="cancelled")
        except Refused as refused:
            self._say(id_, state="failed", problem=refused.problem())
        except Exception:
            log.exception("bundle %s", id_)
            self._say(id_, state="failed", problem=Refused("internal").problem())
        finally:
            del self._tasks[id_]

    async def _admitted(self, id_: str, key: str | None, by: str, who: str) -> BundleReport:
        path = self._uploads.file(id_)
        loop = asyncio.get_running_loop()

        def told(done: int, of: int) -> None:
            if id_ in self._called_off:
                raise _Given
            loop.call_soon_threadsafe(lambda: self._say(id_, done=done, bytes=of))

        taken: Taken = await asyncio.to_thread(bundling.take, path, self._folder, key=key, on_progress=told)
        known = {one.sha256 for one in self._intake.everything()}
        made = bundling.admission(taken, self._folder, time.time())
        try:
            hearing = await self._docket.admit(made, self._folder, by=by, who=who)
        finally:
            await asyncio.to_thread(bundling.discard, taken)
        self._uploads.adopt(made.uploads)
        for entry in made.entries:
            await self._recorded(entry.id, by, who)
        return BundleReport(
            hearing=hearing.id,
            key=taken.key,
            exhibits=len(made.entries),
            bytes=taken.says.bytes,
            known=[one.ref for one in taken.says.exhibits if one.file is not None and one.file.sha256 in known],
        )

    def _say(self, id_: str, **new: object) -> None:
        if id_ in self._all:
            self._all[id_] = msgspec.structs.replace(self._all[id_], **new)
