"""What is there of a rendition that is not finished: written down at every stretch, so that a later process goes on.

    <rendition>/part-<number>.json   rows that have come since the part before, and where the next stretch begins; or,
                                     once they are made in another order, which fragments there will be

A part is written when all that it names is in the store, and is believed only where that is still so. It holds for its
rendition's number alone, which stands for one source, one plan and one version (see `kept`); the tracks that a later
run finds have to be the same ones all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import NamedTuple

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare.messages import Entry, Made
from courtcast.prepare.order import Outline
from courtcast.prepare.store import Store, fragment_name, init_name
from courtcast.wire.api import Treatment
from courtcast.wire.media import ManifestRows, Row, Track

_LARGE = 64 * 1024
"""Bytes from which hashing is worth a thread of its own."""


class Stale(Exception):
    """What an earlier run has left does not go with what this one found: it has to begin anew, as another rendition."""


class Straight(Stale):
    """And from the beginning to the end."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, and what was true when they were made."""

    entry: Entry | None = None
    """All of the picture before it is there."""
    outline: Outline | None = None
    """From here on they come in whatever order."""
    plays: list[str] | None
    """What the screens decoded (see `plan.make`)."""
    treatments: list[Treatment]
    rows: ManifestRows


class Left(NamedTuple):
    """All parts together."""

    manifest: Manifest
    entry: tuple[Entry, int] | None
    """The last one, and the index of the fragment that begins there."""
    outline: Outline | None
    plays: list[str] | None
    treatments: list[Treatment]
    parts: int
    """How many there are."""

    @property
    def made(self) -> Made | None:
        """For the child, where it goes on straight from there."""
        if self.outline is not None or self.entry is None:
            return None
        return Made(entry=self.entry[0], frames=self.manifest.frames, fragments=self.manifest.counts)


class Parts:
    """Writes them, one after the other."""

    def __init__(self, store: Store, rendition: str, left: Left | None, plays: list[str] | None) -> None:
        self._store = store
        self._rendition = rendition
        self._plays = plays
        self._count = 0 if left is None else left.parts
        self._rows: list[Row] = []
        """Since the last part."""

    def note(self, row: Row) -> None:
        """Its fragment is in the store."""
        self._rows.append(row)

    async def add(
        self,
        manifest: Manifest,
        treatments: list[Treatment],
        *,
        entry: Entry | None = None,
        outline: Outline | None = None,
    ) -> None:
        """All that was noted since the last one. Raises Refused (see `Store.put`)."""
        rows = msgspec.structs.replace(manifest.rows_message({}), rows=self._rows)
        part = Part(entry=entry, outline=outline, plays=self._plays, treatments=treatments, rows=rows)
        number, self._rows, self._count = self._count, [], self._count + 1
        # Whoever is cancelled here has it written all the same: files are written in a thread.
        await self._store.put(_name(self._rendition, number), msgspec.json.encode(part))

    async def clear(self) -> None:
        """It is finished: its manifest says all."""
        for number in range(self._count):
            await self._store.delete(_name(self._rendition, number))


async def left(store: Store, rendition: str) -> Left | None:
    """What an earlier run has left and is as it was; None where that is nothing."""
    found: Left | None = None
    try:
        while True:
            count = 0 if found is None else found.parts
            part = msgspec.json.decode(await store.get(_name(rendition, count)), type=Part)
            manifest = Manifest.of(part.rows) if found is None else found.manifest
            if found is None:
                for track in manifest.tracks:
                    await _check(store, init_name(rendition, track), track.init_sha256)
            await _check_rows(store, part.rows, manifest.tracks)
            manifest.merge(part.rows)
            outline, entry = None if found is None else found.outline, None if found is None else found.entry
            if part.outline is not None:
                outline = part.outline
                if not outline.lay(manifest):
                    return found
            if part.entry is not None and manifest.video is not None:
                entry = part.entry, len(manifest.rows(manifest.video))
            found = Left(manifest, entry, outline, part.plays, part.treatments, count + 1)
    except (KeyError, ValueError, msgspec.MsgspecError):
        return found


async def _check_rows(store: Store, rows: ManifestRows, tracks: list[Track]) -> None:
    """Raises KeyError, ValueError."""
    if rows.tracks != tracks:
        raise ValueError("other tracks")
    for row in rows.rows:
        await _check(store, fragment_name(rows.rendition, row), row.sha256)


async def _check(store: Store, name: str, sha256: str) -> None:
    data = await store.get(name)
    found = await asyncio.to_thread(hashlib.sha256, data) if len(data) >= _LARGE else hashlib.sha256(data)
    if found.hexdigest() != sha256:
        raise ValueError("not what it was")


def _name(rendition: str, number: int) -> str:
    return f"{rendition}/part-{number:06}.json"
