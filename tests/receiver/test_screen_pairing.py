"""Pairing over real connections: who is let in, who is not, and what each of them learns."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest

from courtcast.core.identity import Identity
from courtcast.core.pairing import MAX_WRONG, PresenterSide
from courtcast.deliver.pairing import card, pair
from courtcast.problems import Refused
from courtcast.wire.link import PairMessage, PairRefused, PairStart
from courtcast.wire.tls import peer_certificate
from receiver.pairing import PACE, clean_name
from receiver.store import Store
from tests.stand_ins.screen import HERE, QUICK, Screen, page, screen, stranger


def other(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**8:08d}"


async def refused(address: str, code: str, identity: Identity | None = None) -> str:
    with pytest.raises(Refused) as problem:
        await pair(address, code, identity or Identity.make("x"), "Eve")
    return problem.value.type


@pytest.fixture
async def jury(tmp_path: Path):
    async with screen(tmp_path / "jury") as running:
        yield running


async def test_the_code_on_the_screen_pins_both(jury: Screen) -> None:
    me = Identity.make("me")
    pinned = await jury.pair(me, "Court 4 laptop")
    assert pinned.card.name == "Jury left"
    assert pinned.card.zone == "jury"
    assert pinned.certificate == jury.store.identity("").certificate
    assert [(pin.fingerprint, pin.name) for pin in jury.store.pins()] == [(me.fingerprint, "Court 4 laptop")]


async def test_a_code_is_used_once(jury: Screen) -> None:
    code = jury.code
    await jury.pair(Identity.make("1"))
    assert jury.code != code
    assert await refused(jury.address, code) == "pairing-wrong-code"


async def test_wrong_codes_then_the_sixth_try(jury: Screen) -> None:
    right = jury.code
    async with page(jury) as its_page:
        for _ in range(MAX_WRONG):
            assert await refused(jury.address, other(right)) == "pairing-wrong-code"
        assert await refused(jury.address, right) == "pairing-locked", "the right one comes too late"
        card_ = await its_page.until_idle(lambda idle: idle.locked)
        assert card_.code is None
        jury.store.new_code()  # as `courtcast-receiver code --new` in another process does
        await jury.pair(Identity.make("x"))
    assert len(jury.store.pins()) == 1


async def test_what_cannot_be_a_code_costs_no_try(jury: Screen) -> None:
    for _ in range(MAX_WRONG + 1):
        assert await refused(jury.address, "1234") == "pairing-wrong-code"
    await jury.pair(Identity.make("x"))


async def test_the_right_receiver_is_asked_or_none(jury: Screen) -> None:
    with pytest.raises(Refused, match="screen-certificate"):
        await pair(jury.address, jury.code, Identity.make("x"), "x", expected="0" * 16)
    assert jury.store.tries().wrong == ()


async def test_only_one_at_a_time(jury: Screen) -> None:
    async with conversation(jury, Identity.make("slow")) as (socket, _):
        side = PresenterSide("00000000", presenter=b"", receiver=b"")
        await say(socket, PairStart(encode(side.start()), "slow"))
        await hear(socket)
        assert await refused(jury.address, jury.code) == "pairing-busy"
    await asyncio.sleep(0.2)
    await jury.pair(Identity.make("next"))


async def test_the_screen_shows_an_address_and_never_a_strangers_words(jury: Screen) -> None:
    async with page(jury) as its_page, conversation(jury, Identity.make("x")) as (socket, _):
        await say(socket, PairStart(encode(PresenterSide("00000000", presenter=b"", receiver=b"").start()), "GUILTY"))
        told = await its_page.until_idle(lambda idle: idle.pairing is not None)
        assert told.pairing == HERE


async def test_a_try_that_breaks_off_counts(jury: Screen) -> None:
    for n in range(1, 3):
        async with conversation(jury, Identity.make("x")) as (socket, _):
            await say(socket, PairStart(encode(PresenterSide("00000000", presenter=b"", receiver=b"").start()), "x"))
            await hear(socket)
        await asyncio.sleep(0.2)
        assert len(jury.store.tries().wrong) == n


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "nonsense",
        '{"type":"pair-proof","mac":""}',
        '{"type":"pair-start","message":"","presenter":5}',
        "x" * 5000,
    ],
)
async def test_messages_of_another_kind_end_the_conversation_without_a_word(jury: Screen, said: str) -> None:
    async with conversation(jury, Identity.make("x")) as (socket, _):
        await socket.send_str(said)
        raw = await asyncio.wait_for(socket.receive(), 5)
        assert raw.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}
    assert jury.store.tries().wrong == ()


@pytest.mark.parametrize("message", ["", "!!!", "é", encode_ := base64.b64encode(b"A" + bytes(32)).decode()])
async def test_a_start_that_is_no_point_of_the_curve_is_a_wrong_code(jury: Screen, message: str) -> None:
    async with conversation(jury, Identity.make("x")) as (socket, _):
        await say(socket, PairStart(message, "x"))
        assert await hear(socket) == PairRefused("wrong-code")
    assert len(jury.store.tries().wrong) == 1


async def test_answers_take_the_same_time_whatever_they_are(tmp_path: Path) -> None:
    """The library is not constant-time; the fixed pace hides it (and the disk, and the thread)."""
    async with screen(tmp_path, pace=PACE) as jury:
        took = []
        for code in (other(jury.code), other(other(jury.code))):
            began = time.monotonic()
            assert await refused(jury.address, code) == "pairing-wrong-code"
            took.append(time.monotonic() - began)
        assert min(took) >= 2 * PACE


# a man in the middle


async def test_one_who_relays_with_certificates_of_their_own_gets_nothing(jury: Screen) -> None:
    me, eve = Identity.make("me"), Identity.make("eve")
    async with relaying(jury, eve) as (address, passed):
        assert await refused(address, jury.code, me) == "pairing-wrong-code"
    kinds = [type(message).__name__ for message in passed]
    assert kinds == ["PairStart", "PairAnswer", "PairProof", "PairRefused"], "no proof came from the receiver"
    assert jury.store.pins() == []
    assert len(jury.store.tries().wrong) == 1


async def test_one_who_passes_bytes_on_learns_nothing_and_stays_outside(jury: Screen) -> None:
    me = Identity.make("me")
    async with wire_tap(jury) as (address, seen):
        pinned = await pair(address, jury.code, me, "me")
    assert pinned.certificate == jury.store.identity("").certificate
    assert [pin.fingerprint for pin in jury.store.pins()] == [me.fingerprint]
    assert len(seen) > 1000
    for certificate in (me.certificate, pinned.certificate):
        assert certificate not in seen, "TLS 1.3 hides certificates"


async def test_a_false_receiver_that_does_not_know_the_code_is_not_pinned(tmp_path: Path) -> None:
    async with screen(tmp_path / "real") as real, screen(tmp_path / "false") as false:
        assert false.code != real.code
        assert await refused(false.address, real.code) == "pairing-wrong-code"


# counting, whatever happens


VICTIM = """
import asyncio, sys, pathlib
sys.path.insert(0, {root!r})
from tests.stand_ins.screen import screen
async def main():
    async with screen(pathlib.Path({folder!r}), pace=30.0) as one:
        print(one.agent.port, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_kill_between_count_and_answer_gives_no_try_back(tmp_path: Path) -> None:
    """The pace is so slow that no answer comes; each try is killed once the count is on the disk."""
    root = str(Path(__file__).resolve().parents[2])
    folder = tmp_path / "jury"
    for n in range(1, 3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", VICTIM.format(root=root, folder=str(folder)), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            port = int(await asyncio.wait_for(process.stdout.readline(), 20))
            store = Store.open(folder, create=False)
            code = store.tries().code
            trying = asyncio.create_task(pair(f"{HERE}:{port}", other(code), Identity.make("x"), "x"))
            async with asyncio.timeout(10):
                while len(store.tries().wrong) < n:  # noqa: ASYNC110 (another process counts)
                    await asyncio.sleep(0.02)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        with pytest.raises(Refused, match="screen-unreachable"):
            await trying
        assert len(store.tries().wrong) == n
        assert store.tries().code == code
        store.close()


async def test_a_disk_that_cannot_be_written_answers_nothing(jury: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(now: float) -> str | None:
        raise Refused("data-not-writable", path=jury.store.folder)

    monkeypatch.setattr(jury.store, "count_try", full)
    assert await refused(jury.address, jury.code) == "screen-unreachable"


# strangers


async def test_a_stranger_gets_the_card_and_nothing_else(jury: Screen) -> None:
    said = await card(jury.address)
    assert (said.name, said.zone, said.id) == ("Jury left", "jury", jury.store.identity("").id)
    async with stranger(jury) as session:
        for method, path in [
            ("GET", "/link"),
            ("GET", "/pair"),
            ("GET", "/pins"),
            ("POST", "/"),
            ("GET", "/introduce"),
        ]:
            async with session.request(method, path) as response:
                assert (response.status, await response.read()) == (404, b""), path
                assert "Server" not in response.headers


async def test_an_introduced_stranger_gets_no_link(jury: Screen) -> None:
    eve = Identity.make("eve")
    async with stranger(jury) as session, session.post("/introduce", data=eve.certificate) as response:
        assert response.status == 204
    async with stranger(jury, identity=eve) as session, session.get("/link") as response:
        assert response.status == 404
        assert await response.read() == b""


async def test_a_certificate_that_was_not_introduced_ends_the_handshake(jury: Screen) -> None:
    async with stranger(jury, identity=Identity.make("eve")) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get("/")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x30" * 2000, b"x" * 100_000])
async def test_introducing_something_else_is_refused(jury: Screen, body: bytes) -> None:
    async with stranger(jury) as session, session.post("/introduce", data=body) as response:
        assert response.status in {400, 404}
        assert await response.read() == b""


async def test_introductions_do_not_push_out_what_is_pinned(jury: Screen) -> None:
    me = Identity.make("me")
    pinned = await jury.pair(me)
    async with stranger(jury) as session:
        for _ in range(40):
            async with session.post("/introduce", data=Identity.make("eve").certificate) as response:
                assert response.status == 204
    async with stranger(jury, identity=me, trust=pinned.certificate) as session, session.get("/") as response:
        assert response.status == 200


async def test_no_screen_there(unused_tcp_port: int) -> None:
    assert await refused(f"{HERE}:{unused_tcp_port}", "12345678") == "screen-unreachable"
    with pytest.raises(Refused, match="screen-unreachable"):
        await card(f"{HERE}:{unused_tcp_port}")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Court 4", "Court 4"), ("a\nb\x00c", "a b c"), ("\u202eevil", "evil"), ("", "presenter"), ("x" * 300, "x" * 64)],
)
def test_names_from_the_network_are_made_fit_for_a_line(name: str, shown: str) -> None:
    assert clean_name(name) == shown


# helpers: the conversation as a stranger writes it, and people in between


def encode(message: bytes) -> str:
    return base64.b64encode(message).decode()


async def say(socket: aiohttp.ClientWebSocketResponse, message: msgspec.Struct) -> None:
    await socket.send_str(msgspec.json.encode(message).decode())


async def hear(socket: aiohttp.ClientWebSocketResponse) -> PairMessage:
    raw = await asyncio.wait_for(socket.receive(), 10)
    assert raw.type is aiohttp.WSMsgType.TEXT, raw
    return msgspec.json.decode(raw.data, type=PairMessage)


class conversation:
    """An open pairing of somebody who follows no rules."""

    def __init__(self, on: Screen, identity: Identity) -> None:
        self._on, self._identity, self._stack = on, identity, AsyncExitStack()

    async def __aenter__(self) -> tuple[aiohttp.ClientWebSocketResponse, bytes]:
        async with (
            stranger(self._on) as session,
            session.post("/introduce", data=self._identity.certificate) as response,
        ):
            assert response.status == 204
        session = await self._stack.enter_async_context(stranger(self._on, identity=self._identity))
        socket = await self._stack.enter_async_context(session.ws_connect("/pair"))
        certificate = peer_certificate(socket.get_extra_info("ssl_object"))
        assert certificate is not None
        return socket, certificate

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


class relaying:
    """A man in the middle with certificates of his own on both sides, who passes every message on."""

    def __init__(self, on: Screen, eve: Identity) -> None:
        self._on, self._eve, self._stack = on, eve, AsyncExitStack()
        self.passed: list[PairMessage] = []

    async def __aenter__(self) -> tuple[str, list[PairMessage]]:
        from aiohttp import web

        from receiver.tls import Gate

        gate = Gate(self._eve)

        async def introduce(request: web.Request) -> web.Response:
            gate.introduce(await request.read(), request.remote or "")
            return web.Response(status=204)

        async def between(request: web.Request) -> web.WebSocketResponse:
            front = web.WebSocketResponse()
            await front.prepare(request)
            back, _ = await self._stack.enter_async_context(conversation(self._on, self._eve))

            async def forward() -> None:
                async for raw in front:
                    self.passed.append(msgspec.json.decode(raw.data, type=PairMessage))
                    await back.send_str(raw.data)

            forwarding = asyncio.create_task(forward())
            async for raw in back:
                self.passed.append(msgspec.json.decode(raw.data, type=PairMessage))
                await front.send_str(raw.data)
            forwarding.cancel()
            return front

        app = web.Application()
        app.router.add_post("/introduce", introduce)
        app.router.add_get("/pair", between)
        runner = web.AppRunner(app)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, HERE, 0, ssl_context=gate.context)
        await site.start()
        return f"{HERE}:{runner.addresses[0][1]}", self.passed

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


class wire_tap:
    """A man in the middle who passes bytes on and keeps a copy."""

    def __init__(self, on: Screen) -> None:
        self._on = on
        self.seen = bytearray()

    async def __aenter__(self) -> tuple[str, bytearray]:
        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                self.seen += data
                sink.write(data)
            sink.close()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(HERE, self._on.agent.port)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

        self._server = await asyncio.start_server(accept, HERE, 0)
        return f"{HERE}:{self._server.sockets[0].getsockname()[1]}", self.seen

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


assert QUICK < PACE
