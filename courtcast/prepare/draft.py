"""A file of a store's folder that has no name yet, into which the kernel moves what lies in a pipe (splice).

So a large fragment goes past this process: it is written once, and hashed where it then lies, out of the system's own
cache. A child cannot reach it there. Linux only.
"""

from __future__ import annotations

import asyncio
import errno
import mmap
import os
import secrets
import select
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from courtcast.evidence.files import Part, Reserve, drawn
from courtcast.prepare.source import Laying
from courtcast.problems import Refused

HERE: Final = sys.platform == "linux"
"""Whether this machine has such a thing."""
_MORE: Final = 20
"""Milliseconds that a thread waits for more in the pipe: giving it back for each piece takes longer than the piece."""
_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class Draft:
    """Made, looked at and named off the loop. All of it raises Refused (disk-full, data-not-writable)."""

    def __init__(self, folder: Path, reserve: Reserve) -> None:
        self._reserve = reserve
        self._part = folder / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("xb+", buffering=0)
        except OSError as error:
            raise refusal(error, folder.parent) from error

    def __del__(self) -> None:
        self.drop()

    async def fill(self, pipe: int, n: int) -> int:
        """As `Filling.fill`."""
        return await asyncio.to_thread(self._fill, pipe, n)

    def _fill(self, pipe: int, n: int) -> int:
        assert sys.platform == "linux"
        assert self._file is not None
        more = select.poll()
        more.register(pipe, select.POLLIN)
        done = 0
        while done < n:
            try:
                got = drawn(pipe, n - done, self._file.fileno())
            except BlockingIOError:
                if more.poll(_MORE):
                    continue
                if not done:
                    raise
                break
            except OSError as error:
                raise refusal(error, self._part.parent.parent) from error
            if not got:
                break
            self._reserve.take(got)
            done += got
        return done

    async def lay(self, source: Laying, parts: Sequence[Part]) -> None:
        """Put all of them into it, one after the other."""
        assert self._file is not None
        self._reserve.take(sum(part[1] if isinstance(part, tuple) else len(part) for part in parts))
        # A descriptor of its own, that stays until nobody writes any more, also where this is dropped meanwhile.
        file = os.dup(self._file.fileno())
        work = asyncio.get_running_loop().create_task(source.lay(parts, file))
        work.add_done_callback(partial(_over, file))
        await asyncio.shield(work)

    def look(self) -> memoryview:
        """All that it holds. Not of an empty one."""
        assert sys.platform == "linux"
        assert self._file is not None
        # All pages at once: they are here, as they have just been written.
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        try:
            return memoryview(mmap.mmap(self._file.fileno(), 0, flags=flags, prot=mmap.PROT_READ))
        except OSError as error:
            raise refusal(error, self._part.parent.parent) from error

    def become(self, path: Path) -> None:
        """It has a name from here on, and is complete."""
        try:
            self._part.replace(path)
        except OSError as error:
            raise refusal(error, path.parent.parent) from error
        finally:
            self.drop()

    def drop(self) -> None:
        """It goes, unless it has become something."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
            with suppress(OSError):
                self._part.unlink(missing_ok=True)


def _over(file: int, work: asyncio.Task[None]) -> None:
    os.close(file)
    if not work.cancelled():
        work.exception()  # whoever was cancelled does not fetch it


def refusal(error: OSError, folder: Path) -> Refused:
    """The words for what the disk said of a store's folder."""
    return Refused("disk-full") if error.errno in _FULL else Refused("data-not-writable", path=folder)
