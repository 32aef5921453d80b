"""Sources for tests: a local file that arrives whole, bit by bit, or not at all from some point on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from courtcast.problems import Refused


class Local:
    """A file of which `there` bytes from its beginning, and `tail` bytes at its end, have arrived so far."""

    def __init__(self, path: Path, *, there: int | None = None, tail: int = 0, length_known: bool = True) -> None:
        self._data = path.read_bytes()
        self._there = len(self._data) if there is None else there
        self._tail = tail
        self._change = asyncio.Condition()
        self.length = len(self._data) if length_known else None
        self.asked = asyncio.Event()
        self.reads: list[tuple[int, int]] = []
        self.fails_at: int | None = None

    async def read(self, offset: int, n: int) -> bytes:
        self.reads.append((offset, n))
        self.asked.set()
        end = min(offset + n, len(self._data))
        if self.fails_at is not None and end > self.fails_at:
            raise Refused("link-cut-short")
        async with self._change:
            await self._change.wait_for(lambda: end <= self._there or offset >= len(self._data) - self._tail)
        return self._data[offset:end]

    def held_until(self, offset: int) -> int:
        """As a spool has it."""
        if offset >= len(self._data) - self._tail:
            return max(offset, len(self._data))
        return max(offset, self._there)

    async def arrive(self, n: int) -> None:
        """So many more bytes are there."""
        async with self._change:
            self._there += n
            self._change.notify_all()

    @property
    def there(self) -> int:
        return self._there
