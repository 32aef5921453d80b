"""One rendition while it is made: what a child sends goes into the store, and into a manifest that grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.assemble import Assembly
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.draft import Draft
from courtcast.prepare.parts import Left, Parts, Stale
from courtcast.prepare.source import Source
from courtcast.prepare.store import Store, save_manifest
from courtcast.prepare.taken import together
from courtcast.wire.api import Treatment
from courtcast.wire.media import ManifestRows, Row

_LARGE = 64 * 1024
"""Bytes from which hashing is worth a thread of its own."""


class Making:
    """Goes on from what an earlier run has `left`.

    plays: what the screens decode (see `plan.make`); on_rows, on_manifest: see `job.prepare`
    """

    def __init__(
        self,
        store: Store,
        exhibit: str,
        rendition: str,
        left: Left | None,
        *,
        plays: list[str] | None,
        on_rows: Callable[[ManifestRows], None],
        on_manifest: Callable[[Manifest], None] | None,
    ) -> None:
        self._store = store
        self._rendition = rendition
        self._left = left
        self._assembly = Assembly(exhibit, rendition, None if left is None else left.manifest)
        self._parts = Parts(store, rendition, left, plays)
        self._treatments: list[Treatment] = []
        self._on_rows = on_rows
        self._on_manifest = on_manifest
        if left is not None:
            self._tell(left.manifest)
            on_rows(left.manifest.rows_message())

    @property
    def made(self) -> messages.Made | None:
        """For the child."""
        return None if self._left is None else self._left.made

    def looked(self, treatments: list[Treatment]) -> None:
        """Raises Stale where something else was done to what is there."""
        self._treatments = treatments
        if self._left is not None and self._left.treatments != treatments:
            raise Stale

    async def begin(self, message: messages.Begin, data: Bytes) -> None:
        """Raises Unexpected, Stale, and what the store raises."""
        for file in self._assembly.begin(message, data):
            await self._store.put(f"{self._rendition}/{file.sha256}", file.data)
        if self._assembly.manifest is not None:
            self._tell(self._assembly.manifest)

    async def whole(self, piece: messages.Piece, sent: Bytes | Draft, source: Source) -> Bytes | Draft:
        """What was sent, and what was not since it is in the source. Raises Unexpected, and what store and source
        raise."""
        if not piece.taken:
            return sent
        return await together(piece.taken, sent, source, lambda: self._store.begin(self._rendition))

    async def keep(self, piece: messages.Piece, data: Bytes | Draft) -> None:
        """It is told of once it is in the store. Raises Unexpected, and what the store raises."""
        assembly = self._assembly
        if isinstance(data, Draft) or len(data) >= _LARGE:
            row = await asyncio.to_thread(_row, assembly, piece, data)
        else:
            row = _row(assembly, piece, data)
        await self._store.put(f"{self._rendition}/{row.sha256}", data)
        if piece.entry is not None and assembly.manifest is not None:
            await self._parts.add(assembly.manifest, piece.entry, self._treatments)
        self._on_rows(assembly.add(row))

    async def done(self, message: messages.Done) -> Manifest:
        """The finished manifest is in the store. Raises Unexpected, and what the store raises."""
        manifest = self._assembly.done(message)
        await save_manifest(self._store, manifest)
        await self._parts.clear()
        self._on_rows(manifest.rows_message({}))
        return manifest

    def _tell(self, manifest: Manifest) -> None:
        if self._on_manifest is not None:
            self._on_manifest(manifest)


def _row(assembly: Assembly, piece: messages.Piece, data: Bytes | Draft) -> Row:
    """Hashes it, which takes a while where it is large. Raises Unexpected, and what a draft raises."""
    return assembly.piece(piece, data.look() if isinstance(data, Draft) else data)[0]
