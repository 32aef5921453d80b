"""Where the bytes of one upload go while its spool is open: from one sender at a time, and acknowledged once they are
on the disk for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from courtcast.evidence.mark import Mark
from courtcast.evidence.spool import Piece, Spool
from courtcast.problems import Refused

BLOCK = 256 << 10
"""Bytes that are written at a time: a step onto another thread for each small read would cost more than the write."""
NOTED = 384 << 10
"""Bytes after which what came is put on the disk for good, also within one body. While that is done as many more may
come, and a block: a kill costs a MiB at most."""
QUIET_SECONDS = 5.0
"""Without a byte: whoever sends is taken for gone. Another may go on from here, and people are told."""


class Reception:
    """Made with an open spool. `length`: bytes of the whole."""

    def __init__(self, length: int, spool: Spool, mark: Mark) -> None:
        self.spool, self.length = spool, length
        noted = mark.read()
        self.safe = min(noted, spool.held.held_until(0))
        """Bytes from the beginning that are on the disk for good, and known to be: what is acknowledged."""
        self.trouble: Refused | None = None
        """Of the disk; to be told to whoever receives."""
        self.bell = asyncio.Event()
        self._mark, self._stale = mark, noted != self.safe
        self._heard = asyncio.get_running_loop().time()
        self._sender: object | None = None
        self._writing = asyncio.Lock()
        self._syncing = asyncio.Lock()

    @property
    def complete(self) -> bool:
        return self.safe >= self.length

    @property
    def lost(self) -> bool:
        """The disk does not give back all that was acknowledged: from there on it has to be sent again."""
        return self.spool.held.held_until(0) < self.safe

    @property
    def quiet(self) -> bool:
        """No byte has come for a while."""
        return asyncio.get_running_loop().time() - self._heard > QUIET_SECONDS

    @property
    def sending(self) -> bool:
        """Somebody sends it now."""
        return self._sender is not None and not self.quiet

    def hear(self) -> None:
        """Something came."""
        was_quiet = self.quiet
        self._heard = asyncio.get_running_loop().time()
        if was_quiet:
            self.bell.set()

    @contextmanager
    def turn(self) -> Iterator[object]:
        """For one sender. Raises Refused upload-busy while there is another, but one that has gone quiet.

        What is given is to be shown at each `write`: a sender whose turn was taken over is refused there.
        """
        if self.sending:
            raise Refused("upload-busy")
        ticket = self._sender = object()
        self.hear()
        try:
            yield ticket
        finally:
            if self._sender is ticket:
                self._sender = None

    def end(self) -> None:
        """Whoever sends now may write no more."""
        self._sender = None
        self.bell.set()

    async def here(self) -> int:
        """How far it has come, for a sender who begins: also what one whose turn was taken over still had in hand.

        Raises Refused: what the disk says."""
        async with self._writing:
            return await self.sync()

    async def write(self, ticket: object, offset: int, data: bytes) -> None:
        """Raises Refused: upload-busy, and what the disk says, which is told to the receiver too."""
        async with self._writing:
            if self._sender is not ticket:
                raise Refused("upload-busy")
            try:
                await self.spool.write(Piece(offset, data))
            except Refused as refused:
                self._fail(refused)
                raise
            self.hear()

    async def pour(self, ticket: object, at: int, body: AsyncIterator[bytes]) -> None:
        """From a body into the spool; what came is made sure of however it ends.

        Raises Refused: as `write`, upload-too-large; and whatever reading the body raises."""
        since, syncing = 0, None
        try:
            async for data in blocks(body):
                fits = data[: self.length - at]
                await self.write(ticket, at, fits)
                at, since = at + len(fits), since + len(fits)
                if len(fits) < len(data):
                    raise Refused("upload-too-large", most=self.length)
                if since >= NOTED:
                    if syncing is not None:
                        await syncing
                    syncing, since = asyncio.create_task(self.sync()), 0
        finally:
            if syncing is not None:
                await asyncio.wait([syncing])
            with suppress(Refused):  # whoever sends is told by the next `sync`, or is gone
                await asyncio.shield(self.sync())

    async def sync(self) -> int:
        """Puts what came on the disk for good, and gives how far that is. Raises Refused: what the disk says."""
        async with self._syncing:
            end = self.spool.held.held_until(0)
            if end != self.safe or self._stale:
                try:
                    await self.spool.flush()
                    await asyncio.to_thread(self._mark.write, end)
                except Refused as refused:
                    self._fail(refused)
                    raise
                self.safe, self._stale = end, False
                self.bell.set()
        return self.safe

    def _fail(self, trouble: Refused) -> None:
        self.trouble = trouble
        self.bell.set()


async def blocks(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in blocks of some size; what was read before reading failed is given first."""
    gathered: list[bytes] = []
    size = 0
    try:
        async for data in body:
            gathered.append(data)
            size += len(data)
            if size >= BLOCK:
                yield b"".join(gathered)
                gathered, size = [], 0
    except Exception:
        if gathered:
            yield b"".join(gathered)
        raise
    if gathered:
        yield b"".join(gathered)
