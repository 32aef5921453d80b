"""The event stream: the whole state first, then what changed. WebSocket, or server-sent events where none opens.

Nothing is queued: a stream remembers *which* things changed and says what they are now when it can. A slow remote
therefore gets fewer, newer events and never holds up anybody; one that takes nothing for `SEND_SECONDS` is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec
from aiohttp import WSMsgType, web

from courtcast.control.auth import Principal
from courtcast.control.desk import Desk, What
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.api import Change, Event, Exhibit, Screen, Snapshot

CALM_SECONDS = 0.1
"""Progress and reports are gathered for so long; what concerns the room goes out at once."""
SEND_SECONDS = 10.0
HEARTBEAT_SECONDS = 10.0
MAX_STREAMS = 64
MAX_SAID = 4096
"""Bytes of a message from a remote over its WebSocket; nothing is asked of it there, and nothing is done."""

Send = Callable[[str], Awaitable[None]]


class Stream:
    """One remote that listens."""

    def __init__(self, desk: Desk, principal: Principal, build: str) -> None:
        self.principal = principal
        self._desk = desk
        self._build = build
        self._urgent = asyncio.Event()
        self._any = asyncio.Event()
        self._room = False
        self._checks = False
        self._exhibits: set[str] = set()
        self._screens: set[str] = set()
        self._said: dict[str, Exhibit] = {}
        self._order: list[str] = []
        self._hearing = ""
        self._there: set[str] = set()
        self.over = False

    def touch(self, what: What, id_: str | None) -> None:
        """A desk's listener."""
        if what == "room":
            self._room = True
            self._urgent.set()
        elif what == "exhibit" and id_ is not None:
            self._exhibits.add(id_)
        elif what == "screen" and id_ is not None:
            self._screens.add(id_)
        elif what == "checks":
            self._checks = True
        self._any.set()

    def end(self) -> None:
        self.over = True
        self._urgent.set()
        self._any.set()

    def snapshot(self) -> Snapshot:
        exhibits, screens = self._desk.exhibits(), self._desk.screens()
        self._said = {exhibit.id: exhibit for exhibit in exhibits}
        self._order = [exhibit.id for exhibit in exhibits]
        self._there = {screen.id for screen in screens}
        self._hearing = self._desk.opened
        room = self._desk.state()
        return Snapshot(
            revision=room.revision,
            room=room,
            exhibits=exhibits,
            screens=screens,
            role=self.principal.role,
            build=self._build,
            checks=self._desk.checks,
            hearing=self._hearing,
        )

    async def events(self) -> AsyncIterator[Event | None]:
        """Without end; None is a sign of life where nothing happens."""
        yield self.snapshot()
        while not self.over:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._any.wait()
            except TimeoutError:
                yield None
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(CALM_SECONDS):
                    await self._urgent.wait()
            self._any.clear()
            self._urgent.clear()
            if not self.over and (change := self._change()) is not None:
                yield change

    def _change(self) -> Change | None:
        room = self._desk.state()
        with_room, self._room = self._room, False
        with_checks, self._checks = self._checks, False
        exhibits, self._exhibits = self._exhibits, set()
        screens, self._screens = self._screens, set()
        order = [exhibit.id for exhibit in self._desk.exhibits()]
        moved, opened = order != self._order, self._desk.opened
        gone = self._there - {screen.id for screen in self._desk.screens()}
        change = Change(
            revision=room.revision,
            room=room if with_room else None,
            exhibits=self._news((exhibits & set(order)) | (set(order) - set(self._order))),
            screens=self._heard(screens),
            order=order if moved else None,
            gone_screens=sorted(gone),
            checks=self._desk.checks if with_checks else None,
            hearing=opened if opened != self._hearing else None,
        )
        self._order, self._hearing = order, opened
        self._there -= gone
        for id_ in self._said.keys() - set(order):
            del self._said[id_]
        if not (with_room or with_checks or change.exhibits or change.screens or moved or gone or change.hearing):
            return None
        return change

    def _news(self, ids: set[str]) -> list[Exhibit]:
        news = []
        for id_ in sorted(ids):
            with suppress(Refused):
                exhibit = self._desk.exhibit(id_)
                if self._said.get(id_) != exhibit:
                    self._said[id_] = exhibit
                    news.append(exhibit)
        return news

    def _heard(self, ids: set[str]) -> list[Screen]:
        heard = []
        for id_ in sorted(ids):
            with suppress(Refused):
                heard.append(self._desk.screen(id_))
                self._there.add(id_)
        return heard


class Hub:
    """All open streams."""

    def __init__(self, desk: Desk, build: str) -> None:
        self._desk = desk
        self._build = build
        self._streams: set[Stream] = set()

    def __len__(self) -> int:
        return len(self._streams)

    def close(self, principal: Principal | None = None) -> None:
        """Ends the streams of somebody who signed out; of everybody at the end."""
        for stream in self._streams:
            if principal is None or stream.principal.id == principal.id:
                stream.end()

    async def serve(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """`GET /events`. Raises Refused too-many."""
        if len(self._streams) >= MAX_STREAMS:
            raise Refused("too-many")
        stream = Stream(self._desk, principal, self._build)
        unlisten = self._desk.listen(stream.touch)
        self._streams.add(stream)
        self._desk.lookers(len(self._streams))
        try:
            if web.WebSocketResponse().can_prepare(request).ok:
                return await _over_websocket(request, stream)
            return await _as_sent_events(request, stream)
        finally:
            unlisten()
            self._streams.discard(stream)
            self._desk.lookers(len(self._streams))


async def _over_websocket(request: web.Request, stream: Stream) -> web.StreamResponse:
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=MAX_SAID, compress=False, timeout=2.0)
    await socket.prepare(request)

    async def listen() -> None:
        async for message in socket:
            if message.type in (WSMsgType.ERROR, WSMsgType.CLOSE):
                break
        stream.end()

    listening = asyncio.create_task(listen())
    try:
        await _forward(stream, socket.send_str, alive=None)
    finally:
        await ended(listening)
        with suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(SEND_SECONDS):
                await socket.close()
    return socket


async def _as_sent_events(request: web.Request, stream: Stream) -> web.StreamResponse:
    """WHATWG HTML § 9.2: one unnamed event for each message."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)

    async def send(text: str) -> None:
        await response.write(f"data: {text}\n\n".encode())

    async def alive() -> None:
        await response.write(b":\n\n")

    await response.write(b"retry: 1000\n\n")
    await _forward(stream, send, alive=alive)
    return response


async def _forward(stream: Stream, send: Send, *, alive: Callable[[], Awaitable[None]] | None) -> None:
    """Until the stream is over, or the remote is gone or takes nothing."""
    with suppress(TimeoutError, ConnectionError):
        async for event in stream.events():
            async with asyncio.timeout(SEND_SECONDS):
                if event is not None:
                    await send(msgspec.json.encode(event).decode())
                elif alive is not None:
                    await alive()
