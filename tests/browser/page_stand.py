"""The screen's whole page in real Chromium, with the other ends of its two lines: a receiver's page server and a
presenter's data channels, both driven by the test."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import WSMsgType, web

from courtcast.deliver.paths import ChannelPath
from courtcast.deliver.peer import Peer
from courtcast.wire.assets import FOREVER, NEVER, SCREEN_POLICY, Assets
from courtcast.wire.link import Answer, FromPage, Idle, Offer, PageFault, PageHello
from courtcast.wire.media import (
    KIND_FRAGMENT,
    KIND_INIT,
    KIND_ROWS,
    PIECE,
    ManifestRows,
    MediaHeader,
    Row,
    Track,
    pack,
)
from courtcast.wire.screen import (
    PROTOCOL,
    Fault,
    FromScreen,
    Hello,
    Holdings,
    Picture,
    Ping,
    Pong,
    Report,
    Stage,
    Welcome,
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
KEY = "k3y"
IDLE = Idle(name="Jury left", zone="jury", code="12345678", address="10.0.0.7:8470")
ROOM_AHEAD = 5000.0
"""Seconds by which the room clock of these presenters is ahead of this process's monotonic clock."""


async def until(condition: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
    """Waits for something that the page brings about, and gives it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(0.01)
    return found


class Receiver:
    """Context manager. Serves the page on 127.0.0.1 as a receiver does, and takes what it says."""

    def __init__(self) -> None:
        self.assets = Assets.find()
        self.idle: Idle | None = IDLE
        self.disk: int | None = None
        """Bytes of its disk that the page may use; None: as it thinks fit."""
        self.broken: set[str] = set()
        """Files that cannot be had just now."""
        self.hellos: list[PageHello] = []
        self.faults: list[PageFault] = []
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.socket: web.WebSocketResponse | None = None
        self.url = ""
        self._page = 0
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/page", self._line)
        app.router.add_get("/static/{build}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/?key={KEY}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.socket is not None:
            await self.socket.close()
        await self._runner.cleanup()

    async def say(self, message: msgspec.Struct) -> None:
        assert self.socket is not None
        await self.socket.send_str(msgspec.json.encode(message).decode())

    async def answered(self, offer: str) -> str:
        """Passes an offer on and waits for the page's answer."""
        self._page += 1
        await self.say(Offer(page=self._page, sdp=offer))
        async with asyncio.timeout(10):
            answer = await self.answers.get()
        assert answer.page == self._page
        return answer.sdp

    async def _index(self, request: web.Request) -> web.Response:
        assert request.query["key"] == KEY
        headers = {"Cache-Control": NEVER, "Content-Security-Policy": SCREEN_POLICY, "Content-Type": "text/html"}
        disk = b"" if self.disk is None else str(self.disk).encode()
        body = self.assets.page("receiver/screen/index.html").replace(b"{{disk}}", disk)
        return web.Response(body=body, headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        if path in self.broken or request.match_info["build"] != self.assets.build:
            raise web.HTTPServiceUnavailable
        headers = {"Cache-Control": FOREVER, "Content-Type": self.assets.content_type(path)}
        return web.Response(body=self.assets.read(path), headers=headers)

    async def _line(self, request: web.Request) -> web.StreamResponse:
        assert request.query["key"] == KEY
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.idle is not None:
            await self.say(self.idle)
        async for raw in socket:
            if raw.type is not WSMsgType.TEXT:
                break
            match msgspec.json.decode(raw.data, type=FromPage):
                case PageHello() as hello:
                    self.hellos.append(hello)
                case PageFault() as fault:
                    self.faults.append(fault)
                case Answer() as answer:
                    self.answers.put_nowait(answer)
        return socket


class Presenter:
    """Context manager. A presenter's end of the two channels: real ones, over 127.0.0.1."""

    def __init__(self, receiver: Receiver, *, protocol: int = PROTOCOL, ahead: float = ROOM_AHEAD) -> None:
        self._receiver, self._protocol, self._ahead = receiver, protocol, ahead
        self.said: list[FromScreen] = []
        self.answers_pings = True
        self._peer = Peer(["127.0.0.1"])
        self._path: ChannelPath | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._peer.close)
            answer = await self._receiver.answered(await self._peer.offer())
            self._path = await self._peer.accept(answer)
            self._path.listen(self._heard)
            stack.pop_all()
        self.say(Welcome(protocol=self._protocol, presenter="Court 4"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._peer.close()

    @property
    def closed(self) -> bool:
        assert self._path is not None
        return self._path.closed

    def clock(self) -> float:
        return time.monotonic() + self._ahead

    def say(self, message: msgspec.Struct) -> None:
        assert self._path is not None
        self._path.send_control(msgspec.json.encode(message).decode())

    def say_raw(self, text: str) -> None:
        assert self._path is not None
        self._path.send_control(text)

    async def send(self, kind: int, rendition: str, track: int, index: int, data: bytes) -> None:
        """One object of the media stream, in pieces."""
        assert self._path is not None
        for offset in range(0, len(data), PIECE):
            header = MediaHeader(kind, track, rendition, index, offset, len(data))
            while self._path.buffered > 8 * PIECE:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            self._path.send_media(pack(header, data[offset : offset + PIECE]))

    async def send_rows(self, rows: ManifestRows) -> None:
        await self.send(KIND_ROWS, rows.rendition, 0, 0, msgspec.json.encode(rows))

    async def send_init(self, rendition: str, track: int, data: bytes) -> None:
        await self.send(KIND_INIT, rendition, track, 0, data)

    async def send_fragment(self, rendition: str, track: int, index: int, data: bytes) -> None:
        await self.send(KIND_FRAGMENT, rendition, track, index, data)

    async def show(self, stage: Stage) -> Report:
        """Sends a stage and waits until the page reports that it was applied."""
        before = len(self.said)
        self.say(stage)
        report: Report = await until(
            lambda: next(
                (m for m in self.said[before:] if isinstance(m, Report) and m.revision == stage.revision), None
            ),
            f"a report of revision {stage.revision}",
        )
        return report

    @property
    def reports(self) -> list[Report]:
        return [message for message in self.said if isinstance(message, Report)]

    @property
    def held(self) -> Holdings:
        """What the page holds, as it said last."""
        return next((message for message in reversed(self.said) if isinstance(message, Holdings)), Holdings())

    @property
    def pictures(self) -> list[Picture]:
        return [message for message in self.said if isinstance(message, Picture)]

    @property
    def faults(self) -> list[Fault]:
        return [message for message in self.said if isinstance(message, Fault)]

    def send_piece(self, piece: bytes) -> None:
        """One message of the media stream, as it is."""
        assert self._path is not None
        self._path.send_media(piece)

    @property
    def hellos(self) -> list[Hello]:
        return [message for message in self.said if isinstance(message, Hello)]

    @property
    def hello(self) -> Hello:
        first = self.said[0]
        assert isinstance(first, Hello)
        return first

    def _heard(self, text: str) -> None:
        received = self.clock()
        message: FromScreen = msgspec.json.decode(text, type=FromScreen)
        self.said.append(message)
        if isinstance(message, Ping) and self.answers_pings:
            self.say(Pong(message.id, received, self.clock()))


def noise_rendition(rendition: str, pieces: list[bytes], init: bytes) -> ManifestRows:
    """A manifest of one track whose pieces are any bytes: nothing that is held has to be played."""
    return ManifestRows(
        exhibit="noise",
        rendition=rendition,
        origin=(0, 1),
        tracks=[
            Track(
                index=0,
                kind="video",
                mime='video/mp4; codecs="avc1.640028"',
                timescale=1000,
                init_sha256=hashlib.sha256(init).hexdigest(),
                init_bytes=len(init),
                first=0,
            )
        ],
        rows=[
            Row(0, index, index * 500, 500, len(data), True, hashlib.sha256(data).hexdigest(), [index * 500])
            for index, data in enumerate(pieces)
        ],
        complete=True,
        counts=[len(pieces)],
        duration=len(pieces) * 0.5,
    )
