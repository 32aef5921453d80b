"""A thin line for TCP: passes bytes on at a given rate, holding little, so that what does not fit waits at the sender."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType
from typing import Self

CHUNK = 2048
"""Bytes passed on at a time: two or three packets."""
HELD = 16 * 1024
"""Bytes that each socket of the line takes in beforehand (the system may double it)."""


class ThinLine:
    """Context manager. Connections to `address` lead to `target`; `rate` in bytes a second is for the way there."""

    def __init__(self, target: tuple[str, int], rate: float) -> None:
        self.rate = rate
        self.whole = asyncio.Event()
        """Cleared: nothing passes, and neither side is told."""
        self.whole.set()
        self._target = target
        self._server: asyncio.Server | None = None
        self._busy_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HELD)
        listening.bind(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._connected, sock=listening, limit=CHUNK)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        back, onwards = await asyncio.open_connection(*self._target, limit=CHUNK)
        try:
            await asyncio.gather(self._pass(reader, onwards, thin=True), self._pass(back, writer, thin=False))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for one in (writer, onwards):
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, thin: bool) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(CHUNK):
            if thin:
                self._busy_until = max(self._busy_until, loop.time()) + len(data) / self.rate
                await asyncio.sleep(self._busy_until - loop.time())
            await self.whole.wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof() if writer.can_write_eof() else writer.close()
