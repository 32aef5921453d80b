"""Connections of strangers: they end by themselves, and those of pinned presenters do not."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from courtcast.core.identity import Identity
from courtcast.deliver.trust import client_context
from receiver import listener
from receiver.tls import INTRODUCED_FOR, MAX_INTRODUCED, Gate
from tests.deliver.test_link import linked
from tests.stand_ins.screen import HERE, Screen, screen
from tests.stand_ins.thin import ThinLine


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REAP", 0.1)
    monkeypatch.setattr(listener, "STRANGER", 0.5)
    monkeypatch.setattr(listener, "HANDSHAKE", 0.5)
    monkeypatch.setattr(listener, "PER_ADDRESS", 4)


async def connect(jury: Screen) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HERE, jury.agent.port, ssl=client_context(trust=None))


async def ended(reader: asyncio.StreamReader) -> None:
    """Read to its end, which has to come."""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""


async def test_one_that_asks_for_nothing_is_ended_and_a_link_is_not(tmp_path: Path) -> None:
    me = Identity.make("me")
    async with screen(tmp_path) as jury:
        pinned = await jury.pair(me)
        async with linked(pinned, me, jury.address) as watched:
            await watched.until(lambda link: link.connected)
            reader, writer = await connect(jury)
            await ended(reader)
            writer.close()
            assert watched.link.connected


async def test_a_link_on_a_dead_line_ends_and_the_screen_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer comes, so that its closing takes time: what is being closed is looked at too."""
    monkeypatch.setattr(listener, "HEARTBEAT", 0.3)
    me = Identity.make("me")
    async with screen(tmp_path) as jury:
        pinned = await jury.pair(me)
        async with ThinLine((HERE, jury.agent.port), rate=1e6) as line, linked(pinned, me, line.address) as watched:
            await watched.until(lambda link: link.connected)
            line.whole.clear()
            await asyncio.sleep(1.5)
            reader, writer = await connect(jury)
            await ended(reader)
            writer.close()


async def test_half_a_request_and_half_a_handshake_are_ended(tmp_path: Path) -> None:
    async with screen(tmp_path) as jury:
        reader, writer = await connect(jury)
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        raw_reader, raw_writer = await asyncio.open_connection(HERE, jury.agent.port)
        raw_writer.write(b"\x16\x03\x01")
        await ended(reader)
        await ended(raw_reader)
        writer.close()
        raw_writer.close()


async def test_many_from_one_address_are_ended_the_oldest_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "STRANGER", 60.0)
    async with screen(tmp_path) as jury:
        first = [await connect(jury) for _ in range(4)]
        await asyncio.sleep(0.3)
        more = [await connect(jury) for _ in range(8)]
        for reader, _ in more:
            await ended(reader)
        assert not any(reader.at_eof() for reader, _ in first)
        for _, writer in (*first, *more):
            writer.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def handshake(gate: Gate, identity: Identity) -> bool:
    """Whether somebody with this certificate gets in."""
    inside = asyncio.Event()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside.set()
        writer.close()

    server = await asyncio.start_server(accept, HERE, 0, ssl=gate.context)
    try:
        reader, writer = await asyncio.open_connection(
            HERE, server.sockets[0].getsockname()[1], ssl=client_context(trust=None, identity=identity)
        )
        await ended(reader)
        writer.close()
    except OSError:
        pass
    server.close()
    return inside.is_set()


async def test_an_introduction_lasts_a_moment() -> None:
    clock, stranger = Clock(), Identity.make("stranger")
    gate = Gate(Identity.make("screen"), clock)
    assert not await handshake(gate, stranger)
    gate.introduce(stranger.certificate, "10.0.0.9")
    assert await handshake(gate, stranger)
    clock.now += INTRODUCED_FOR + 1
    assert not await handshake(gate, stranger)


async def test_one_address_has_one_introduction_and_all_together_a_few() -> None:
    gate, early, late = Gate(Identity.make("screen")), Identity.make("early"), Identity.make("late")
    gate.introduce(early.certificate, "10.0.0.9")
    gate.introduce(late.certificate, "10.0.0.9")
    assert not await handshake(gate, early)
    for n in range(MAX_INTRODUCED - 1):
        gate.introduce(Identity.make("other").certificate, f"10.0.1.{n}")
    assert await handshake(gate, late)
    gate.introduce(Identity.make("other").certificate, "10.0.2.1")
    assert not await handshake(gate, late)


async def test_what_is_pinned_gets_in_until_it_is_not() -> None:
    gate, me = Gate(Identity.make("screen")), Identity.make("me")
    gate.trust([me.certificate])
    assert await handshake(gate, me)
    gate.trust([])
    assert not await handshake(gate, me)
