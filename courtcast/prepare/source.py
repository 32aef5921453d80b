"""The bytes of an exhibit, as preparing sees them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from courtcast.prepare.messages import BLOCK, Read


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

    def held_until(self, offset: int) -> int:
        """All of them are."""
        return max(offset, len(self._data))


class Source(Protocol):
    """A file that may still be on its way."""

    @property
    def length(self) -> int | None:
        """Bytes, None while it is not known."""

    async def read(self, offset: int, n: int) -> bytes:
        """Waits until they are there, asking for them; short only at the end. Raises Refused if they will not come."""


@runtime_checkable
class Stock(Protocol):
    """A source that says what of it is here."""

    def held_until(self, offset: int) -> int:
        """Where the bytes that are here from there on end; `offset` itself where none are."""


async def answer(source: Source, wanted: Read) -> bytes:
    """What a child is given: a block at least, once it is there, and as many of the others as are. Raises Refused (see
    `Source.read`)."""
    held = source.held_until(wanted.offset) - wanted.offset if isinstance(source, Stock) else 0
    whole = held if held >= wanted.n else held // BLOCK * BLOCK
    return await source.read(wanted.offset, min(wanted.n, max(whole, BLOCK)))
