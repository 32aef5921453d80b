"""Coded bytes as the pump asks for them, out of the store."""

from __future__ import annotations

from typing import Protocol

from courtcast.prepare.store import fragment_name, init_name
from courtcast.wire.media import Row, Track


class _Kept(Protocol):
    """A store, as far as sending needs it."""

    async def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes: ...


class StoredFragments:
    """Coded bytes out of the store."""

    def __init__(self, store: _Kept) -> None:
        self._store = store

    async def init(self, rendition: str, track: Track) -> bytes:
        return await self._store.get(init_name(rendition, track))

    async def fragment(self, rendition: str, row: Row) -> bytes:
        return await self._store.get(fragment_name(rendition, row))
