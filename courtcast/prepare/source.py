"""The bytes of an exhibit, as preparing sees them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from courtcast.evidence.files import Part
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.messages import AT_ONCE, BLOCK, Read


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

    def pour_now(self, offset: int, n: int, pipe: int) -> int:
        """As `pour`, at once and without a thread; none where the disk would have to be waited for."""

    async def pour(self, offset: int, n: int, pipe: int) -> int:
        """Up to n bytes that are here, as many as the pipe has room for; how many.

        Raises BlockingIOError where it has no room, ConnectionError where nobody reads it, Refused.
        """


@runtime_checkable
class Laying(Stock, Protocol):
    """One whose bytes the kernel can put into a file without a copy through this process (copy_file_range)."""

    async def lay(self, parts: Sequence[Part], file: int) -> None:
        """All of them, one after the other, to where a file stands. Raises Refused."""


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


async def answer(source: Source, wanted: Read, *, roomy: bool = False) -> Bytes | Lying:
    """What a child is given: a block at least, once it is there, and as many of the others as are. Raises Refused (see
    `Source.read`).

    roomy: its pipe takes `AT_ONCE` bytes, whether it reads them or not. Else it gets nothing of what it asks for ahead:
    it may be at work on words that nobody hears while somebody writes.
    """
    held = source.held_until(wanted.offset) - wanted.offset if isinstance(source, Stock) else 0
    there = held if held >= wanted.n else held // BLOCK * BLOCK
    n = min(wanted.n, max(there, BLOCK))
    if wanted.ahead:
        ends = source.length is not None and wanted.offset + held >= source.length
        n = min(wanted.n, held if ends else there, AT_ONCE) if roomy else 0
        if not n:
            return b""
    if sys.platform == "linux" and isinstance(source, Pouring) and n <= held:
        return Lying(source, wanted.offset, min(n, AT_ONCE))
    return await source.read(wanted.offset, n)
