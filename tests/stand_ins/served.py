"""What the stand-ins of servers have in common."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    connection: Connection, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Address and port. Connections that are still open when the block ends are cut."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await connection(reader, writer)

    listener = await asyncio.start_server(accept, host, port, ssl=tls, limit=64 << 10)
    name, number = listener.sockets[0].getsockname()[:2]
    try:
        yield name, number
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def part(request: web.Request, data: bytes) -> web.Response:
    """What a request asks of a file, with a strong tag (RFC 9110 §14.4)."""
    asked = request.http_range
    start, end = asked.start or 0, min(asked.stop or len(data), len(data))
    return web.Response(
        status=206,
        body=data[start:end],
        headers={"Content-Range": f"bytes {start}-{end - 1}/{len(data)}", "ETag": '"1"'},
    )
