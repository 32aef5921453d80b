"""A file of this machine's disk as preparing reads it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from courtcast.evidence.files import Part, at_hand, laid, poured


class OnDisk:
    """All of it is there. Closed by `close`."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self.length: int | None = path.stat().st_size
        self.read_bytes = 0

    async def read(self, offset: int, n: int) -> bytes:
        """As the presenter's spool reads: off the event loop."""
        data = await asyncio.to_thread(os.pread, self._file, n, offset)
        self.read_bytes += len(data)
        return data

    def pour_now(self, offset: int, n: int, pipe: int) -> int:
        """As the spool does."""
        done = poured(self._file, offset, n, pipe) if at_hand(self._file, offset, n) else 0
        self.read_bytes += done
        return done

    async def pour(self, offset: int, n: int, pipe: int) -> int:
        """As the spool does."""
        done = await asyncio.to_thread(poured, self._file, offset, n, pipe)
        self.read_bytes += done
        return done

    async def lay(self, parts: Sequence[Part], file: int) -> None:
        """As the spool does."""
        await asyncio.to_thread(laid, self._file, parts, file)

    def held_until(self, offset: int) -> int:
        """All of it is."""
        return max(offset, self.length or 0)

    def close(self) -> None:
        """No more reads."""
        os.close(self._file)
