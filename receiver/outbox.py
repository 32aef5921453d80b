"""What is to be sent over one WebSocket, in order: whoever speaks never waits, and never fills the memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import Final

import msgspec
from aiohttp import web

LIMIT: Final = 64
"""Messages. More than this unsent means that nobody reads on the other side."""
SEND: Final = 5.0
"""Seconds for one message to leave."""

_log = logging.getLogger(__name__)


class Outbox:
    """Context manager around a WebSocket; the socket is closed with it. `send` and `close` return at once."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self._socket = socket
        self._transport = transport
        self._queue: asyncio.Queue[msgspec.Struct | int] = asyncio.Queue(LIMIT)
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Outbox:
        self._writer = asyncio.create_task(self._write(), name="outbox")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(SEND):
                await self._socket.close()

    def send(self, message: msgspec.Struct) -> None:
        """After whatever was said before. Where the other side has stopped reading, the connection ends instead."""
        self._put(message)

    def close(self, code: int = 1000) -> None:
        """Once everything said before has left."""
        self._put(code)

    def _put(self, item: msgspec.Struct | int) -> None:
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self._abort()

    async def _write(self) -> None:
        try:
            while True:
                item = await self._queue.get()
                async with asyncio.timeout(SEND):
                    if isinstance(item, int):
                        await self._socket.close(code=item)
                        return
                    await self._socket.send_str(msgspec.json.encode(item).decode())
        except (TimeoutError, OSError, RuntimeError) as error:
            _log.info("a WebSocket cannot be written to any more: %r", error)
            self._abort()

    def _abort(self) -> None:
        """The reader wakes up, whatever state the connection is in, and leaves the context."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()
