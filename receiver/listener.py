"""What other machines reach of a screen, in mutual TLS: its card, the pairing, and the links of pinned presenters.

Whoever has no pinned certificate gets the card and the pairing; everything else is answered as if it did not exist.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from courtcast.core.identity import fingerprint
from courtcast.problems import Refused
from courtcast.wire.link import Card, ToReceiver
from courtcast.wire.tls import peer_certificate
from receiver.outbox import Outbox
from receiver.pairing import PairingDesk
from receiver.relay import Presenter, Relay
from receiver.store import Pin
from receiver.tls import Gate

HEARTBEAT: Final = 5.0
"""Seconds between pings; the answer has half of that."""
HANDSHAKE: Final = 10.0
"""Seconds for a TLS handshake, the first one or the last."""
STRANGER: Final = 45.0
"""Seconds that a connection lives which is not a link: a pairing takes 30 at most."""
PER_ADDRESS: Final = 12
"""Connections of strangers from one address at a time."""
REAP: Final = 2.0
"""Seconds between looks for those."""
MAX_PAIRING: Final = 4 * 1024
MAX_LINK: Final = 256 * 1024
"""Bytes of one message."""

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Listener:
    """Serves on sockets that are bound already. `pins` gives those now pinned, by fingerprint."""

    def __init__(
        self, card: Card, gate: Gate, desk: PairingDesk, relay: Relay, pins: Callable[[], dict[str, Pin]]
    ) -> None:
        self._card = card
        self._gate = gate
        self._desk = desk
        self._relay = relay
        self._pins = pins
        self._links: set[asyncio.BaseTransport] = set()
        self._seen: dict[asyncio.BaseTransport, float] = {}
        app = web.Application(middlewares=[_say_nothing], client_max_size=MAX_PAIRING)
        app.router.add_get("/", self._give_card)
        app.router.add_post("/introduce", self._introduce)
        app.router.add_get("/pair", self._pair)
        app.router.add_get("/link", self._link)
        app.on_response_prepare.append(_nameless)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=5.0)
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        assert self._runner.server is not None
        for listening in sockets:
            self._servers.append(
                await loop.create_server(
                    self._runner.server,
                    sock=listening,
                    ssl=self._gate.context,
                    ssl_handshake_timeout=HANDSHAKE,
                    ssl_shutdown_timeout=HANDSHAKE,
                )
            )

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        await self._runner.cleanup()

    async def reap(self) -> None:
        """Ends strangers' connections that stay too long or are too many. Runs until cancelled."""
        while True:
            await asyncio.sleep(REAP)
            now = asyncio.get_running_loop().time()
            assert self._runner.server is not None
            transports = [c.transport for c in self._runner.server.connections if c.transport is not None]
            self._seen = {transport: self._seen.get(transport, now) for transport in transports}
            count: dict[str, int] = {}
            for transport, since in sorted(self._seen.items(), key=lambda item: item[1]):
                # what is being closed ends by itself, and a TLS transport that was closed twice answers no question
                if transport in self._links or transport.is_closing():
                    continue
                if not isinstance(transport, asyncio.WriteTransport):
                    continue
                address = _host(transport, "peername")
                count[address] = count.get(address, 0) + 1
                if now - since > STRANGER or count[address] > PER_ADDRESS:
                    transport.abort()

    async def _give_card(self, request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self._card), content_type="application/json")

    async def _introduce(self, request: web.Request) -> web.Response:
        try:
            self._gate.introduce(await request.read(), request.remote or "")
        except ValueError:
            raise web.HTTPBadRequest from None
        return web.Response(status=204)

    async def _pair(self, request: web.Request) -> web.StreamResponse:
        certificate = peer_certificate(request.get_extra_info("ssl_object"))
        if certificate is None:
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(max_msg_size=MAX_PAIRING, timeout=1.0)
        await socket.prepare(request)
        try:
            await self._desk.converse(socket, certificate, request.remote or "")
        except Refused as problem:
            _log.error("a pairing was not answered: %s", problem.detail)
        except (TimeoutError, OSError) as error:
            _log.info("a pairing broke off: %r", error)
        await socket.close()
        return socket

    async def _link(self, request: web.Request) -> web.StreamResponse:
        certificate = peer_certificate(request.get_extra_info("ssl_object"))
        pin = None if certificate is None else self._pins().get(fingerprint(certificate))
        transport = request.transport
        if pin is None or transport is None:
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_LINK, timeout=1.0)
        await socket.prepare(request)
        self._links.add(transport)
        try:
            async with Outbox(socket, transport) as outbox:
                presenter = Presenter(pin, outbox, _host(transport, "sockname"))
                self._relay.presenter_arrived(presenter)
                try:
                    await self._listen(socket, presenter)
                finally:
                    self._relay.presenter_gone(presenter)
        finally:
            self._links.discard(transport)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, presenter: Presenter) -> None:
        async for raw in socket:
            if raw.type is WSMsgType.BINARY:
                self._relay.presenter_sent(presenter, raw.data)
                continue
            if raw.type is not WSMsgType.TEXT:
                return
            try:
                message = msgspec.json.decode(raw.data, type=ToReceiver)
            except msgspec.MsgspecError:
                _log.warning("%s said something that is no message", presenter.pin.name)
                return
            self._relay.presenter_said(presenter, message)


def _host(transport: asyncio.BaseTransport, which: str) -> str:
    address: Any = transport.get_extra_info(which)
    return str(address[0]) if isinstance(address, tuple) else ""


@web.middleware
async def _say_nothing(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """No answer holds more than its status, and a call that does not exist looks like one that is not for you."""
    try:
        return await handler(request)
    except web.HTTPBadRequest:
        return web.Response(status=400)
    except web.HTTPException:
        return web.Response(status=404)


async def _nameless(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
