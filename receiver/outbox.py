"""What is to be sent over one WebSocket, text before media: whoever speaks never waits, and never fills the memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Final

import msgspec
from aiohttp import web

from courtcast.wire.lanes import LaneFull, Lanes
from courtcast.wire.link import PATH_MOST

SEND: Final = 5.0
"""Seconds for one message to leave."""

_log = logging.getLogger(__name__)


class Outbox:
    """Context manager around a WebSocket; the socket is closed with it. Its calls return at once."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
        self._socket = socket
        self._transport = transport
        self._lanes = Lanes(PATH_MOST)
        self._code: int | None = None
        """To be closed with it, once all text has left."""
        self._news = asyncio.Event()
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
        self._put(lambda: self._lanes.put_text(msgspec.json.encode(message).decode()))

    def send_piece(self, path: int, piece: bytes) -> None:
        """After all text and the pieces before it."""
        self._put(lambda: self._lanes.put_piece(path, piece))

    def drop_pieces(self, path: int) -> None:
        """Those of a path that has ended."""
        self._lanes.drop(path)

    def close(self, code: int = 1000) -> None:
        """Once everything said before has left; media that waits does not."""
        self._code = code
        self._news.set()

    def _put(self, put: Callable[[], None]) -> None:
        if self._code is not None:
            return
        try:
            put()
        except LaneFull:
            self._abort()
        self._news.set()

    async def _write(self) -> None:
        try:
            while True:
                item = self._lanes.take()
                async with asyncio.timeout(SEND):
                    if isinstance(item, str):
                        await self._socket.send_str(item)
                    elif self._code is not None:
                        await self._socket.close(code=self._code)
                        return
                    elif item is not None:
                        await self._socket.send_bytes(item)
                if item is None:
                    await self._news.wait()
                    self._news.clear()
        except (TimeoutError, OSError, RuntimeError) as error:
            _log.info("a WebSocket cannot be written to any more: %r", error)
            self._abort()

    def _abort(self) -> None:
        """The reader wakes up, whatever state the connection is in, and leaves the context."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()
