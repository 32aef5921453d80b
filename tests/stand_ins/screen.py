"""A real receiver in this process, on loopback, with everything but a browser; and a page made of a WebSocket."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec

from courtcast.core.identity import Identity
from courtcast.deliver.pairing import pair
from courtcast.deliver.trust import Pinned, client_context
from courtcast.wire.link import Answer, Idle, Offer, PageHello, ToPage
from receiver.agent import Agent, Settings
from receiver.store import Store
from tests.stand_ins.page import PageProgram

HERE = "127.0.0.1"
QUICK = 0.05
"""Seconds between a pairing message and its answer; ten times that outside of tests."""


class Screen:
    """One running receiver."""

    def __init__(self, store: Store, agent: Agent, url: str, told: asyncio.Event, running: asyncio.Task[None]) -> None:
        self.store = store
        self.agent = agent
        self.url = url
        self._told = told
        self._running = running

    @property
    def address(self) -> str:
        return f"{HERE}:{self.agent.port}"

    @property
    def origin(self) -> str:
        where = urlsplit(self.url)
        return f"{where.scheme}://{where.netloc}"

    @property
    def code(self) -> str:
        return self.store.tries().code

    async def stop(self) -> None:
        """As a SIGTERM would; its folder is free afterwards."""
        self._told.set()
        await asyncio.gather(self._running, return_exceptions=True)
        self.store.close()

    async def pair(self, identity: Identity, name: str = "Presenter") -> Pinned:
        return await pair(self.address, self.code, identity, name)


@asynccontextmanager
async def screen(
    folder: Path,
    *,
    port: int = 0,
    name: str = "Jury left",
    pace: float = QUICK,
    interface: str = HERE,
    disk: int | None = None,
) -> AsyncIterator[Screen]:
    """Runs one until the context ends; a folder used before gives the same screen again."""
    store = Store.open(folder, create=True)
    store.hold()
    said: asyncio.Queue[str] = asyncio.Queue()
    settings = Settings(data=folder, name=name, zone="jury", port=port, interfaces=[interface], kiosk=False, disk=disk)
    agent = Agent(settings, store, said.put_nowait, pace=pace)
    stopped = asyncio.Event()
    running = asyncio.create_task(agent.run(stopped))
    try:
        getter = asyncio.create_task(said.get())
        await asyncio.wait({getter, running}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        if running.done():
            await running
        yield Screen(store, agent, (await getter).removeprefix("screen: "), stopped, running)
    finally:
        stopped.set()
        await asyncio.gather(running, return_exceptions=True)
        store.close()


class StandInPage:
    """The page's side of its WebSocket: says hello, keeps what it is told, answers offers with `answer`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.idle: Idle | None = None
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()
        self.program: PageProgram | None = None
        """Takes what comes over the receiver's line of a path."""
        self.to_say: asyncio.Queue[msgspec.Struct] = asyncio.Queue()
        """What others than `say` say over the line."""
        self.idles: asyncio.Queue[Idle] = asyncio.Queue()

    async def say(self, message: msgspec.Struct) -> None:
        await self.socket.send_str(msgspec.json.encode(message).decode())

    async def answer(self, sdp: str) -> Offer:
        """Waits for an offer and answers it."""
        offer = await asyncio.wait_for(self.offers.get(), 10)
        await self.say(Answer(offer.page, sdp, offer.number))
        return offer

    async def until_idle(self, true: object) -> Idle:
        """The first card told from now on for which `true(card)` holds; the last one told counts as well."""
        assert callable(true)
        async with asyncio.timeout(10):
            while self.idle is None or not true(self.idle):
                await self.idles.get()
            return self.idle

    async def listen(self) -> None:
        async for raw in self.socket:
            if raw.type is aiohttp.WSMsgType.BINARY:
                if self.program is not None:
                    self.program.relayed_media(raw.data)
                continue
            message: ToPage = msgspec.json.decode(raw.data, type=ToPage)
            if isinstance(message, Idle):
                self.idle = message
                self.idles.put_nowait(message)
            elif isinstance(message, Offer):
                self.offers.put_nowait(message)
            elif self.program is not None:
                self.program.relayed(message, self.to_say.put_nowait)

    async def speak(self) -> None:
        while True:
            await self.say(await self.to_say.get())


@asynccontextmanager
async def page(on: Screen) -> AsyncIterator[StandInPage]:
    """Opens the page's WebSocket as a page would."""
    where = urlsplit(on.url)
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.ws_connect(f"ws://{where.netloc}/page?{where.query}", origin=on.origin) as socket,
    ):
        stand_in = StandInPage(socket)
        await stand_in.say(PageHello(""))
        tasks = [asyncio.create_task(stand_in.listen()), asyncio.create_task(stand_in.speak())]
        try:
            yield stand_in
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def stranger(
    on: Screen, *, identity: Identity | None = None, trust: bytes | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client of anyone's, with a certificate or without."""
    context: ssl.SSLContext = client_context(trust=trust, identity=identity)
    async with aiohttp.ClientSession(
        f"https://{on.address}", connector=aiohttp.TCPConnector(ssl=context, force_close=True), trust_env=False
    ) as session:
        yield session
