"""What goes out over the link to a receiver once a path runs over it: control first, then media, piece by piece.

Offers and the like do not come through here; they are given to the socket at once and so pass everything that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as sockets
from typing import Final

import aiohttp
import msgspec

from courtcast.deliver.paths import PathClosed
from courtcast.wire.lanes import LaneFull, Lanes
from courtcast.wire.link import PATH_MOST, ToReceiver, pack_piece

LEAVE: Final = 10.0
"""Seconds for one message to leave. A line that takes longer over 16 KiB carries no picture either."""
UNSENT: Final = 16 * 1024
"""Bytes that the system may hold unsent, where it lets us say so: one piece. What waits here can still be passed."""

_log = logging.getLogger(__name__)


class Writer:
    """Of one connection. `run` it; its other calls return at once."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._lanes = Lanes(PATH_MOST)
        self._news = asyncio.Event()
        option = getattr(sockets, "TCP_NOTSENT_LOWAT", None)
        raw = socket.get_extra_info("socket")
        if option is not None and raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(sockets.IPPROTO_TCP, option, UNSENT)

    @property
    def media_waiting(self) -> int:
        """Bytes of media that were not sent yet."""
        return self._lanes.media_waiting

    def say(self, message: ToReceiver) -> None:
        """Raises PathClosed where nothing goes out any more."""
        try:
            self._lanes.put_text(msgspec.json.encode(message).decode())
        except LaneFull as error:
            raise PathClosed("the link takes nothing any more") from error
        self._news.set()

    def send(self, path: int, message: bytes) -> None:
        """One message of the media stream. Raises BufferError where its path has more on its way than it may."""
        try:
            self._lanes.put_piece(path, pack_piece(path, message))
        except LaneFull as error:
            raise BufferError("more media than a path takes") from error
        self._news.set()

    def drop(self, path: int) -> None:
        """Its media that waits goes nowhere."""
        self._lanes.drop(path)

    async def run(self) -> None:
        """Until cancelled, or until the connection takes nothing any more: then it is closed."""
        try:
            while True:
                while (item := self._lanes.take()) is not None:
                    async with asyncio.timeout(LEAVE):
                        if isinstance(item, str):
                            await self._socket.send_str(item)
                        else:
                            await self._socket.send_bytes(item)
                await self._news.wait()
                self._news.clear()
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            _log.info("the link takes nothing any more: %r", error)
            await self._socket.close()
