"""The screen's page, served to the browser on this machine and to nobody else.

`GET /?key=KEY` is the page; it opens the WebSocket `/page?key=KEY` (messages `FromPage` and `ToPage` of
`courtcast.wire.link`). A page that is closed with code 4001 was replaced by a newer one and stays away. The key is in
the address that the kiosk is started with: other programs and pages on this machine do not know it. A page elsewhere
that makes a name lead here (DNS rebinding) has the wrong Host, one that reaches over has the wrong Origin.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from courtcast.wire.assets import FOREVER, NEVER, PREFIX, SCREEN_POLICY, Assets
from courtcast.wire.link import FromPage
from receiver.outbox import Outbox
from receiver.relay import Relay

LOOPBACK: Final = "127.0.0.1"
PAGE: Final = "receiver/screen/index.html"
TRAVELS: Final = ("receiver/screen/", "web/shared/")
"""What the page is made of; the remote's files are not served here."""
HEARTBEAT: Final = 5.0
"""Seconds between pings. A browser that is gone without a word is noticed within 7.5 s; pings say nothing of its page
(`receiver.pulse` does)."""
MAX_MESSAGE: Final = 256 * 1024
"""Bytes; an answer with many addresses has some ten thousand."""

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """Serves on 127.0.0.1. `start` first, then `url` is known."""

    def __init__(self, relay: Relay, assets: Assets, key: str, *, disk: Callable[[], int] = lambda: 0) -> None:
        """`disk`: bytes of it that the page may use."""
        self._relay = relay
        self._assets = assets
        self._key = key
        self._disk = disk
        self._origin = ""
        app = web.Application(middlewares=[self._only_this_page], client_max_size=1024)
        app.router.add_get("/", self._page)
        app.router.add_get("/page", self._socket)
        app.router.add_get(PREFIX + "/{build}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, listening: socket.socket) -> None:
        """Takes over a bound socket (see `receiver.listener.bind`)."""
        self._origin = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What a browser on this machine has to open."""
        return f"{self._origin}/?key={self._key}"

    @web.middleware
    async def _only_this_page(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if f"http://{host}" != self._origin or origin not in {None, self._origin}:
            raise web.HTTPForbidden(text="Not for you.")
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        self._check_key(request)
        disk = await asyncio.to_thread(self._disk)
        return web.Response(
            body=self._assets.page(PAGE).replace(b"{{disk}}", str(disk).encode()),
            content_type="text/html",
            charset="utf-8",
            headers={
                "Cache-Control": NEVER,
                "Content-Security-Policy": SCREEN_POLICY,
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
        )

    async def _file(self, request: web.Request) -> web.Response:
        """The program of the page, which is public: only its address needs a key."""
        path = request.match_info["path"]
        if request.match_info["build"] != self._assets.build or not path.startswith(TRAVELS):
            raise web.HTTPNotFound(text="Not here.")
        try:
            body, kind = self._assets.read(path), self._assets.content_type(path)
        except KeyError:
            raise web.HTTPNotFound(text="Not here.") from None
        headers = {
            "Content-Type": kind,
            "Cache-Control": FOREVER,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return web.Response(body=body, headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._check_key(request)
        if request.headers.get("Origin") != self._origin:
            raise web.HTTPForbidden(text="Not for you.")
        # A browser offers to compress; nothing is gained on one machine, and media cannot be made smaller.
        page = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, timeout=1.0, compress=False)
        await page.prepare(request)
        async with Outbox(page, request.transport) as outbox:
            self._relay.page_arrived(outbox)
            try:
                async for raw in page:
                    if raw.type is not WSMsgType.TEXT:
                        break
                    try:
                        message = msgspec.json.decode(raw.data, type=FromPage)
                    except msgspec.MsgspecError:
                        _log.warning("the page said something that is no message")
                        continue
                    self._relay.page_said(outbox, message)
            finally:
                self._relay.page_gone(outbox)
        return page

    def _check_key(self, request: web.Request) -> None:
        if not hmac.compare_digest(request.query.get("key", "").encode(), self._key.encode()):
            raise web.HTTPForbidden(text="Not for you.")
