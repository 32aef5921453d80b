"""The bytes of an exhibit, as preparing sees them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from courtcast.prepare.boxes import Bytes
from courtcast.prepare.messages import BLOCK, Read

POURED = 15 * BLOCK
"""Bytes that are put into a pipe by the kernel at a time: one of 1 MiB takes them beside the head of their message."""


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


@runtime_checkable
class Pouring(Stock, Protocol):
    """One whose bytes the kernel can put into a pipe without a copy, and without memory of this process (splice)."""

    async def pour(self, offset: int, n: int, pipe: int) -> int:
        """Up to n bytes that are here, as many as the pipe has room for; how many.

        Raises BlockingIOError where it has no room, ConnectionError where nobody reads it, Refused.
        """


class Filling(Protocol):
    """A file in the making, into which the kernel can put what lies in a pipe (splice)."""

    async def fill(self, pipe: int, n: int) -> int:
        """Up to n bytes, as many as lie in the pipe; how many, 0 at its end.

        Raises BlockingIOError where none do, Refused.
        """

    def drop(self) -> None:
        """It is not made after all."""


@dataclass(frozen=True)
class Lying:
    """Bytes where they lie, for a pipe."""

    source: Pouring
    offset: int
    n: int

    def __len__(self) -> int:
        return self.n


async def answer(source: Source, wanted: Read) -> Bytes | Lying:
    """What a child is given: a block at least, once it is there, and as many of the others as are. Raises Refused (see
    `Source.read`)."""
    held = source.held_until(wanted.offset) - wanted.offset if isinstance(source, Stock) else 0
    whole = held if held >= wanted.n else held // BLOCK * BLOCK
    n = min(wanted.n, max(whole, BLOCK))
    if sys.platform == "linux" and isinstance(source, Pouring) and n <= held:
        return Lying(source, wanted.offset, min(n, POURED))
    return await source.read(wanted.offset, n)
