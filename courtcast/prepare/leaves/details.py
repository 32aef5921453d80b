"""Parts of leaves, as sharp as their files have them: each a rendition of one leaf, made when it is looked at.

A part's rendition is named by what it is a part of, so that the same part is the same rendition after a restart too,
and what a screen holds of it stays good. Only the last part that was asked for of an exhibit is wanted: whoever moves
about leaves behind parts that nobody needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import NamedTuple

from courtcast.core.manifest import Manifest
from courtcast.evidence.database import Database
from courtcast.prepare import messages
from courtcast.prepare.leaves.frame import Part
from courtcast.prepare.store import Store, fragment_name, load_manifest, save_manifest
from courtcast.problems import Refused
from courtcast.wire.media import LEAVES, Row, Track

log = logging.getLogger(__name__)

SPACE = "details"
"""Where it stands in the database which ones lie in the store, by rendition."""
KEPT = 64
"""Parts of all exhibits that are kept in the store: some hundred kilobytes each."""

Make = Callable[[str, int, Part], Awaitable[tuple[messages.Image, bytes]]]
"""Draws a part of a leaf of an exhibit; no bytes where the leaf is as sharp. Raises Refused."""


class Wanted(NamedTuple):
    """One part of one leaf."""

    exhibit: str
    rendition: str
    """Of the leaves it is taken from."""
    leaf: int
    part: Part

    @property
    def name(self) -> str:
        """The rendition of this part."""
        return hashlib.sha256(repr(self[1:]).encode()).hexdigest()[:16]


class Details:
    """`open` it, `close` it. on_made: called with the exhibit's id when a part that was asked for is there."""

    def __init__(self, db: Database, store: Store, make: Make, on_made: Callable[[str], None]) -> None:
        self._db = db
        self._store = store
        self._make = make
        self._on_made = on_made
        self._there: OrderedDict[str, tuple[str, Manifest]] = OrderedDict()
        """By rendition: whose it is; those asked for lately are the last."""
        self._without: OrderedDict[str, None] = OrderedDict()
        """Parts that cannot be had any sharper, or not at all."""
        self._next: dict[str, Wanted] = {}
        """By exhibit."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """What a former process left. Raises Refused where the database does not work."""
        for rendition, exhibit in await self._db.items(SPACE):
            manifest = await load_manifest(self._store, rendition)
            if manifest is None:
                await self._remove(rendition)
            else:
                self._there[rendition] = exhibit.decode(), manifest

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def manifest(self, rendition: str) -> Manifest | None:
        """Of a part that is there."""
        found = self._there.get(rendition)
        return None if found is None else found[1]

    def get(self, wanted: Wanted) -> str | None:
        """Its rendition, if it is there. If not it is made, unless another is asked for before its turn comes."""
        name = wanted.name
        if name in self._there:
            self._there.move_to_end(name)
            self._next.pop(wanted.exhibit, None)
            return name
        if name in self._without:
            return None
        self._next[wanted.exhibit] = wanted
        if wanted.exhibit not in self._tasks:
            task = asyncio.create_task(self._work(wanted.exhibit), name=f"details of {wanted.exhibit}")
            self._tasks[wanted.exhibit] = task
        return None

    async def forget(self, exhibit: str) -> None:
        """All of an exhibit's, as when it is deleted."""
        self._next.pop(exhibit, None)
        if (task := self._tasks.get(exhibit)) is not None:
            task.cancel()
            await asyncio.wait([task])
        for rendition in [name for name, (owner, _) in self._there.items() if owner == exhibit]:
            del self._there[rendition]
            await self._remove(rendition)

    async def _work(self, exhibit: str) -> None:
        try:
            while (wanted := self._next.pop(exhibit, None)) is not None:
                if wanted.name not in self._there and wanted.name not in self._without:
                    await self._one(wanted)
        finally:
            del self._tasks[exhibit]

    async def _one(self, wanted: Wanted) -> None:
        try:
            image, data = await self._make(wanted.exhibit, wanted.leaf, wanted.part)
            if data:
                self._there[wanted.name] = wanted.exhibit, await self._keep(wanted, image, data)
                await self._make_room()
                self._on_made(wanted.exhibit)
                return
        except Refused as refused:
            log.warning("a part of leaf %d of exhibit %s: %s", wanted.leaf, wanted.exhibit, refused)
        except Exception:
            log.exception("a part of leaf %d of exhibit %s", wanted.leaf, wanted.exhibit)
        self._without[wanted.name] = None
        while len(self._without) > KEPT:
            self._without.popitem(last=False)

    async def _keep(self, wanted: Wanted, image: messages.Image, data: bytes) -> Manifest:
        """In the store, and written down before, so that it is found again whatever happens."""
        await self._db.put(SPACE, wanted.name, wanted.exhibit.encode())
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        track = Track(
            index=0,
            kind="video",
            mime=LEAVES,
            timescale=1,
            init_sha256="",
            init_bytes=0,
            first=0,
            width=image.width,
            height=image.height,
        )
        manifest = Manifest(wanted.exhibit, wanted.name, Fraction(0), [track])
        row = Row(0, 0, 0, 1, len(data), True, sha256, [0])
        await self._store.put(fragment_name(wanted.name, row), data)
        manifest.add([row])
        manifest.finish(Fraction(1))
        await save_manifest(self._store, manifest)
        return manifest

    async def _make_room(self) -> None:
        while len(self._there) > KEPT:
            rendition, _ = self._there.popitem(last=False)
            await self._remove(rendition)

    async def _remove(self, rendition: str) -> None:
        await self._store.delete(rendition)
        await self._db.delete(SPACE, rendition)
