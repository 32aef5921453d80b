"""The bytes of an exhibit, as preparing sees them."""

from __future__ import annotations

from typing import Protocol


class Held:
    """Bytes in memory, as a source."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def length(self) -> int:
        return len(self._data)

    async def read(self, offset: int, n: int) -> bytes:
        """At once; short only at the end."""
        return self._data[offset : offset + n]


class Source(Protocol):
    """A file that may still be on its way."""

    @property
    def length(self) -> int | None:
        """Bytes, None while it is not known."""

    async def read(self, offset: int, n: int) -> bytes:
        """Waits until they are there, asking for them; short only at the end. Raises Refused if they will not come."""
