"""Our sender behind aiortc, against aiortc's own at the other end, which says what it should not."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiortc import RTCDataChannel
from aiortc.rtcdatachannel import RTCDataChannelParameters
from aiortc.rtcsctptransport import (
    AbortChunk,
    Chunk,
    DataChunk,
    InitChunk,
    RTCSctpTransport,
    SackChunk,
    serialize_packet,
)

from courtcast.deliver.paths import ChannelPath
from courtcast.deliver.peer import SENDER_VARIABLE, Connection, Peer, chosen_sender
from courtcast.deliver.sctp import association as association_module
from courtcast.deliver.sctp.association import AHEAD_MOST, CHANNELS_MOST, Association
from courtcast.wire.media import KIND_FRAGMENT, PIECE, MediaHeader, pack
from tests.stand_ins.page import PageProgram, until


@pytest.fixture(autouse=True)
def others_are_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours is asked for by name."""
    monkeypatch.setenv(SENDER_VARIABLE, "stock")


@asynccontextmanager
async def connected(page: PageProgram) -> AsyncIterator[tuple[ChannelPath, Association, RTCSctpTransport]]:
    """The path, our end and the other's."""
    peer = Peer(["127.0.0.1"], sender="ours")
    try:
        path = await peer.accept(await page.answer(await peer.offer()))
        ours = peer._connection.association
        assert page.connection is not None
        assert isinstance(ours, Association)
        yield path, ours, page.connection.association
    finally:
        await peer.close()


def media(total: int) -> list[bytes]:
    data = os.urandom(total)
    return [
        pack(MediaHeader(KIND_FRAGMENT, 0, "00000000000000aa", 0, at, total), data[at : at + PIECE])
        for at in range(0, total, PIECE)
    ]


async def still_works(page: PageProgram, path: ChannelPath) -> None:
    """An object goes through, whole."""
    before = page.refused
    for piece in media(100_000):
        path.send_media(piece)
    await until(lambda: page.refused == before + 1)
    await until(lambda: path.buffered == 0)


async def test_whole_and_in_order_and_known_to_be() -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, _):
        await still_works(page, path)
        assert path.sent == page.media_bytes
        assert path.waiting == 0
        facts = ours.facts
        assert facts is not None
        assert 0 < facts.least_rtt < 1
        assert path.line is not None


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[Connection, Connection, list[RTCDataChannel]]]:
    """Two connections with one channel each way of making: ours, theirs, and what theirs was offered."""
    ours, theirs = Connection(["127.0.0.1"], "ours"), Connection(["127.0.0.1"], "stock")
    offered: list[RTCDataChannel] = []
    theirs.on("datachannel", offered.append)
    try:
        ours.createDataChannel("first")
        await ours.setLocalDescription(await ours.createOffer())
        await theirs.setRemoteDescription(ours.localDescription)
        await theirs.setLocalDescription(await theirs.createAnswer())
        await ours.setRemoteDescription(theirs.localDescription)
        await until(lambda: offered)
        yield ours, theirs, offered
    finally:
        await ours.close()
        await theirs.close()


async def test_a_channel_that_closes_sends_first_what_it_was_given() -> None:
    async with pair() as (ours, _, offered):
        got: list[bytes] = []
        channel = ours.createDataChannel("more")
        await until(lambda: channel.readyState == "open" and len(offered) == 2)
        offered[1].on("message", got.append)
        sent = [os.urandom(50_000) for _ in range(10)]
        for data in sent:
            channel.send(data)
        channel.close()
        await until(lambda: channel.readyState == "closed" and offered[1].readyState == "closed")
        assert got == sent
        again = ours.createDataChannel("again")
        await until(lambda: again.readyState == "open" and len(offered) == 3)
        assert again.id == channel.id, "the stream begins anew, with message 0"
        heard: list[str] = []
        offered[2].on("message", heard.append)
        again.send("one")
        again.send("")
        await until(lambda: heard == ["one", ""])


async def test_channels_of_either_side_and_either_order() -> None:
    async with pair() as (ours, theirs, offered):
        loose = ours.createDataChannel("loose", ordered=False)
        fixed = [end.createDataChannel("fixed", negotiated=True, id=100) for end in (ours, theirs)]
        back: list[RTCDataChannel] = []
        ours.on("datachannel", back.append)
        theirs.createDataChannel("back")
        await until(lambda: loose.readyState == "open" and back and len(offered) == 2)
        got: dict[str, list[bytes]] = {"loose": [], "fixed": [], "back": []}
        offered[1].on("message", got["loose"].append)
        fixed[1].on("message", got["fixed"].append)
        sent = [os.urandom(3000) for _ in range(50)]
        for data in sent:
            loose.send(data)
            fixed[0].send(data)
        await until(lambda: len(got["loose"]) == len(got["fixed"]) == 50)
        assert got["fixed"] == sent
        assert sorted(got["loose"]) == sorted(sent)
        await until(lambda: loose.bufferedAmount == 0)
        with pytest.raises(ValueError, match="more than the other side takes"):
            loose.send(bytes(ours.association._remote_max_message_size + 1))


def _channel(association: RTCSctpTransport, label: str) -> RTCDataChannel:
    return RTCDataChannel(association, RTCDataChannelParameters(label=label))


def sack(cumulative: int, gaps: list[tuple[int, int]], window: int = 10**6) -> SackChunk:
    chunk = SackChunk()
    chunk.cumulative_tsn, chunk.advertised_rwnd, chunk.gaps = cumulative & 0xFFFFFFFF, window, gaps
    return chunk


HARMLESS: dict[str, Callable[[Association], list[Chunk]]] = {
    "for data never sent": lambda ours: [sack(ours._local_tsn + 5000, [])] * 20,
    "gaps never sent": lambda ours: [sack(ours._local_tsn - 1, [(2, 60_000)])] * 20,
    "gaps backwards": lambda ours: [sack(ours._local_tsn - 1, [(9, 8), (4, 2), (2, 2)])] * 20,
    "gaps by the hundred": lambda ours: [sack(ours._local_tsn - 1, [(2 * n, 2 * n) for n in range(1, 280)])] * 20,
    "a stream that is none": lambda ours: [_data(ours, stream=65_535), _data(ours, stream=4711)],
    "a begin of a new association": lambda ours: [_init()],
    "parameters without length": lambda ours: [_raw(kind, b"\0\1\0\0\0\0\0\0") for kind in (4, 5, 9, 130)],
}


def _data(ours: Association, *, ahead: int = 0, stream: int = 0, flags: int = 3, size: int = 100) -> DataChunk:
    chunk = DataChunk(flags=flags)
    chunk.tsn = (ours._last_received_tsn + 1 + ahead) & 0xFFFFFFFF
    chunk.stream_id, chunk.protocol, chunk.user_data = stream, 53, bytes(size)
    return chunk


def _raw(kind: int, body: bytes) -> Chunk:
    chunk = Chunk(body=body)
    chunk.type = kind
    return chunk


def _init() -> InitChunk:
    chunk = InitChunk()
    chunk.initiate_tag, chunk.advertised_rwnd, chunk.outbound_streams = 1234, 10**6, 10
    chunk.inbound_streams, chunk.initial_tsn = 10, 77
    return chunk


@pytest.mark.parametrize("what", HARMLESS)
async def test_nonsense_is_ignored(what: str) -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, theirs):
        await still_works(page, path)
        last = ours._last_received_tsn
        chunks = HARMLESS[what](ours)
        for chunk in chunks:
            if isinstance(chunk, InitChunk):
                await theirs.transport._send_data(serialize_packet(5000, 5000, 0, chunk))
            else:
                if isinstance(chunk, DataChunk):
                    chunk.tsn = theirs._local_tsn
                    theirs._local_tsn = (theirs._local_tsn + 1) & 0xFFFFFFFF
                await theirs._send_chunk(chunk)
        await still_works(page, path)
        assert not path.closed
        assert last is not None


async def test_forged_and_replayed_packets_are_as_if_they_had_never_come() -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, theirs):
        await still_works(page, path)
        genuine = serialize_packet(5000, 5000, theirs._remote_verification_tag, sack(ours._local_tsn - 1, []))
        chance = random.Random(1)
        for _ in range(200):
            packet = bytearray(genuine)
            packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)
            await theirs.transport._send_data(bytes(packet))
        await theirs.transport._send_data(serialize_packet(5000, 5000, 99, sack(0, [])))
        await theirs.transport._send_data(b"\0" * 30)
        # whole datagrams, as somebody on the line could send them again or make them up
        [protocol] = ours.transport.transport._connection._protocols
        seen: list[bytes] = []
        usual = protocol.datagram_received
        protocol.datagram_received = lambda data, addr: (seen.append(data), usual(data, addr))[1]  # type: ignore[method-assign, func-returns-value, assignment, arg-type, misc]
        await still_works(page, path)
        for data in seen * 3:
            usual(data, ("127.0.0.1", 1))
            usual(data[:-1] + bytes([data[-1] ^ 1]), ("127.0.0.1", 1))
        usual(b"", ("127.0.0.1", 1))
        await still_works(page, path)
        assert not path.closed


async def test_an_abort_in_the_middle_closes_the_path() -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, _, theirs):
        for piece in media(400_000):
            path.send_media(piece)
        await theirs._send_chunk(AbortChunk())
        await until(lambda: path.closed)


async def test_data_far_ahead_is_not_kept() -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, theirs):
        for number in range(3000):
            await theirs._send_chunk(_data(ours, ahead=2 + 37 * number, size=20))
            if number % 50 == 0:
                await asyncio.sleep(0)
        await until(ours._slow.empty)
        assert len(ours._sack_misordered) <= AHEAD_MOST / 37 + 1, "the rest is not"
        await still_works(page, path)


async def test_a_message_without_end_ends_the_association(monkeypatch: pytest.MonkeyPatch) -> None:
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, theirs):
        ours._advertised_rwnd = 20_000
        for _ in range(40):
            chunk = _data(ours, flags=0, size=1100)
            chunk.tsn = theirs._local_tsn
            theirs._local_tsn = (theirs._local_tsn + 1) & 0xFFFFFFFF
            await theirs._send_chunk(chunk)
            await asyncio.sleep(0.002)
        await until(lambda: path.closed)


async def test_too_many_channels_end_the_association(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association_module, "CHANNELS_MOST", 8)
    assert CHANNELS_MOST > 8
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, ours, theirs):
        for number in range(20):
            _channel(theirs, f"channel {number}")
        await until(lambda: path.closed)
        assert len(ours._data_channels) <= 8


@pytest.mark.parametrize("seed", range(8))
async def test_any_chunk_breaks_no_more_than_its_own_association(seed: int) -> None:
    """Whatever comes: the path works, or it is closed. Never neither."""
    chance = random.Random(seed)
    async with PageProgram(refuse=lambda _: True) as page, connected(page) as (path, _, theirs):
        for _ in range(60):
            kind = chance.choice([0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 192, 64, 255][: 15 if seed % 2 else 2])
            body = chance.randbytes(chance.choice([0, 1, 4, 12, 16, 40, 400]))
            chunk = Chunk(flags=chance.randrange(256), body=body)
            chunk.type = kind
            await theirs.transport._send_data(serialize_packet(5000, 5000, theirs._remote_verification_tag, chunk))
        await asyncio.sleep(0.1)
        if not path.closed:
            await still_works(page, path)


def test_the_environment_names_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SENDER_VARIABLE, "stock")
    assert chosen_sender() == "stock"
    monkeypatch.setenv(SENDER_VARIABLE, "ours")
    assert chosen_sender() == "ours"


async def test_stock_is_still_to_be_had() -> None:
    async with PageProgram(refuse=lambda _: True) as page:
        peer = Peer(["127.0.0.1"], sender="stock")
        try:
            path = await peer.accept(await page.answer(await peer.offer()))
            assert path.line is None
            await still_works(page, path)
        finally:
            await peer.close()
