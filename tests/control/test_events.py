"""The event stream, over both ways: the whole state first, then what changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec
import pytest

from courtcast.control import events
from courtcast.control.services import HUB
from courtcast.wire.api import Change, Event, Snapshot
from tests.control.conftest import API, Caller, Eventually, problem
from tests.stand_ins.house import House, grow

WAYS = ("websocket", "sent")


class Listener:
    """One open stream, read as a remote would."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> Event:
        async with asyncio.timeout(10):
            return msgspec.json.decode(await anext(self._lines), type=Event)

    async def snapshot(self) -> Snapshot:
        event = await self.next()
        assert isinstance(event, Snapshot)
        return event

    async def until(self, good: Any) -> Change:
        while True:
            event = await self.next()
            assert isinstance(event, Change)
            if good(event):
                return event


async def _of_socket(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    async for message in socket:
        assert message.type is aiohttp.WSMsgType.TEXT
        yield message.data


async def _of_stream(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    async for line in response.content:
        if line.startswith(b"data: "):
            yield line[6:].decode()


@asynccontextmanager
async def listening(call: Caller, way: str, *, role: Any = "clerk") -> AsyncIterator[Listener]:
    url = API + "/events"
    if way == "websocket":
        async with call.client.ws_connect(url, headers=call.headers(role)) as socket:
            yield Listener(_of_socket(socket))
    else:
        async with call.client.get(url, headers=call.headers(role)) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert response.headers["Cache-Control"] == "no-store"
            yield Listener(_of_stream(response))


@pytest.mark.parametrize("way", WAYS)
async def test_the_whole_state_first_then_changes(place: House, call: Caller, ids: dict[str, str], way: str) -> None:
    async with listening(call, way, role="viewer") as stream:
        first = await stream.snapshot()
        assert first.role == "viewer"
        assert first.revision == first.room.revision
        assert [exhibit.ref for exhibit in first.exhibits] == ["JM/1", "JM/2", "JM/3"]
        assert {screen.id for screen in first.screens} == {"jury", "judge"}
        assert first.build
        await call.post("/room/cue", exhibit=ids["JM/1"], at=2)
        change = await stream.until(lambda event: event.room is not None and event.room.cued is not None)
        assert change.revision == first.revision + 1
        assert change.room is not None
        await call.post("/room/show", play=True)
        change = await stream.until(lambda event: event.room is not None and event.room.playing)
        assert change.revision == first.revision + 2
        place.desk.blank(None, by="clerk")
        change = await stream.until(lambda event: event.room is not None and event.room.blank)
        assert change.revision == first.revision + 3


@pytest.mark.parametrize("way", WAYS)
async def test_exhibits_and_screens(place: House, call: Caller, ids: dict[str, str], way: str) -> None:
    async with listening(call, way) as stream:
        await stream.snapshot()
        added = await call.post("/exhibits", url="https://example.org/a.mp4", ref="JM/9")
        change = await stream.until(lambda event: event.order is not None)
        assert change.order is not None
        assert change.order[-1] == added["id"]
        assert [exhibit.ref for exhibit in change.exhibits] == ["JM/9"]
        grow(place.shelf.manifests[ids["JM/3"]], 6)
        place.shelf.kept[ids["JM/3"]] = msgspec.structs.replace(place.shelf.kept[ids["JM/3"]], prepared=6.0)
        place.desk.exhibit_changed(ids["JM/3"])
        change = await stream.until(lambda event: any(e.prepared == 6.0 for e in event.exhibits))
        await call.send("DELETE", f"/exhibits/{added['id']}")
        change = await stream.until(lambda event: event.order is not None)
        assert change.order is not None
        assert added["id"] not in change.order
        place.desk.screen_changed("jury")
        change = await stream.until(lambda event: bool(event.screens))
        assert [screen.id for screen in change.screens] == ["jury"]
        await call.send("DELETE", "/screens/judge")
        change = await stream.until(lambda event: bool(event.gone_screens))
        assert change.gone_screens == ["judge"]


@pytest.mark.parametrize("way", WAYS)
async def test_many_changes_become_few_events(place: House, call: Caller, ids: dict[str, str], way: str) -> None:
    async with listening(call, way) as stream:
        await stream.snapshot()
        for _ in range(2000):
            place.desk.screen_changed("jury")
            place.desk.exhibit_changed(ids["JM/1"])
        await call.post("/room/volume", level=0.5)
        seen = 0
        while True:
            event = await stream.next()
            seen += 1
            assert isinstance(event, Change)
            if event.room is not None and event.room.volume == 0.5:
                break
        assert seen < 20


@pytest.mark.parametrize("way", WAYS)
async def test_one_that_reads_nothing_holds_up_nobody(
    place: House, call: Caller, eventually: Eventually, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A remote whose tablet sleeps: memory stays bounded, everybody else goes on, and it is let go."""
    monkeypatch.setattr(events, "SEND_SECONDS", 0.3)
    for n in range(300):
        place.shelf.put(f"S/{n}")
    reader, writer = await asyncio.open_connection("127.0.0.1", call.client.port, limit=1024)
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n"
    more = upgrade.format("dGhlIHNhbXBsZSBub25jZQ==") if way == "websocket" else ""
    writer.write(
        f"GET {API}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {call.tokens['clerk']}\r\n{more}\r\n".encode()
    )
    await eventually(lambda: len(call.client.app[HUB]) == 1)
    async with asyncio.timeout(20):
        while len(call.client.app[HUB]):
            for exhibit in list(place.shelf.kept):
                before = place.shelf.kept[exhibit]
                place.shelf.kept[exhibit] = msgspec.structs.replace(
                    before, title="x" * 10_000, frames=(before.frames or 0) + 1
                )
                place.desk.exhibit_changed(exhibit)
            await call.get("/room")
            await asyncio.sleep(0.05)
    writer.close()
    assert reader is not None


async def test_there_is_a_sign_of_life(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.05)
    async with call.client.get(API + "/events", headers=call.headers()) as response:
        async with asyncio.timeout(5):
            while await response.content.readline() != b":\n":
                pass


async def test_what_a_remote_says_there_is_not_obeyed(call: Caller) -> None:
    async with call.client.ws_connect(API + "/events", headers=call.headers()) as socket:
        before = json.loads((await socket.receive()).data)
        await socket.send_str('{"type": "show"}')
        await socket.send_bytes(b"\0" * 100)
        assert (await call.get("/room"))["revision"] == before["revision"]
        await socket.send_bytes(b"\0" * 10_000)
        async with asyncio.timeout(5):
            while not socket.closed:
                await socket.receive()
    assert socket.close_code == 1009


async def test_not_more_than_there_is_room_for(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    async with listening(call, "sent") as stream:
        await stream.snapshot()
        response = await call.send("GET", "/events")
        await problem(response, 503, "too-many")


async def test_pictures_are_asked_for_while_somebody_looks(place: House, call: Caller, eventually: Eventually) -> None:
    assert place.wall.watched == set()
    async with listening(call, "websocket") as stream:
        await stream.snapshot()
        assert place.wall.watched == {"jury", "judge"}
    await eventually(lambda: place.wall.watched == set())
    await call.refused("GET", "/screens/jury/picture", 404, "no-picture-yet")
    assert place.wall.watched == {"jury"}
    place.wall.pictures["jury"] = b"\xff\xd8\xff"
    response = await call.send("GET", "/screens/jury/picture?n=3")
    assert (response.status, response.content_type, await response.read()) == (200, "image/jpeg", b"\xff\xd8\xff")


@pytest.mark.parametrize("way", WAYS)
async def test_the_end_of_the_presenter_ends_them(place: House, call: Caller, way: str) -> None:
    async with listening(call, way) as stream:
        await stream.snapshot()
        asyncio.get_running_loop().call_later(0.05, call.client.app[HUB].close)
        with suppress(StopAsyncIteration, aiohttp.ClientError):
            while True:
                await stream.next()
