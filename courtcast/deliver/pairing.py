"""Asking a receiver who it is, and pairing with it by the code on its screen (the presenter's side)."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import aiohttp
import msgspec

from courtcast.core.identity import Identity, id_of
from courtcast.core.pairing import PairingFailed, PresenterSide, read_code
from courtcast.deliver.address import Address, parse_address
from courtcast.deliver.trust import Pinned, client_context
from courtcast.problems import Refused
from courtcast.wire.link import (
    LINK_PROTOCOL,
    Card,
    PairAnswer,
    PairMessage,
    PairProof,
    PairRefused,
    PairStart,
)
from courtcast.wire.tls import peer_certificate

CONNECT: Final = 5.0
"""Seconds for a TCP and TLS connection inside a building; more is a screen that does not answer."""
ANSWER: Final = 10.0
"""Seconds for each answer: the receiver takes its time on purpose (see `receiver.pairing`)."""
MAX_MESSAGE: Final = 64 * 1024
"""Bytes; cards and pairing messages have some hundred."""

_TIMEOUT = aiohttp.ClientTimeout(total=CONNECT + ANSWER, connect=CONNECT, sock_connect=CONNECT)
_CLOSE = aiohttp.ClientWSTimeout(ws_close=1.0)
_PROBLEMS: Final = {"wrong-code": "pairing-wrong-code", "locked": "pairing-locked", "busy": "pairing-busy"}


_T = TypeVar("_T")
_Message = TypeVar("_Message", PairAnswer, PairProof)


async def card(address: str, *, trust: bytes | None = None) -> Card:
    """Who answers at an address (`host`, `host:port`, `[v6]:port`); with `trust`, only the holder of that certificate.

    Without `trust` it is a claim. Raises Refused address-malformed, screen-unreachable, screen-certificate,
    screen-protocol.
    """
    where = parse_address(address)
    async with _reach(where, trust=trust) as session, session.get("/", allow_redirects=False) as response:
        if response.status != 200:
            raise Refused("screen-unreachable")
        try:
            said = msgspec.json.decode(await response.content.read(MAX_MESSAGE), type=Card)
        except msgspec.MsgspecError as error:
            raise Refused("screen-unreachable") from error
    if said.protocol != LINK_PROTOCOL:
        raise Refused("screen-protocol")
    return said


async def pair(address: str, code: str, identity: Identity, name: str, *, expected: str | None = None) -> Pinned:
    """Pins the receiver at an address, and is pinned by it, where `code` is the one on its screen.

    `name` is shown on the screen afterwards. With `expected`, only the receiver with that id is asked at all.
    Raises Refused address-malformed, screen-unreachable, screen-certificate, screen-protocol, pairing-wrong-code,
    pairing-locked, pairing-busy.
    """
    where = parse_address(address)
    digits = read_code(code)
    if digits is None:
        raise Refused("pairing-wrong-code")  # not worth one of the five tries
    async with _reach(where) as session, session.post("/introduce", data=identity.certificate) as response:
        if response.status != 204:
            raise Refused("screen-unreachable" if response.status != 503 else "pairing-busy")
    async with (
        _reach(where, identity=identity) as session,
        session.ws_connect("/pair", max_msg_size=MAX_MESSAGE, timeout=_CLOSE) as socket,
    ):
        certificate = peer_certificate(socket.get_extra_info("ssl_object"))
        if certificate is None:
            raise Refused("screen-unreachable")
        if expected is not None and id_of(certificate) != expected:
            raise Refused("screen-certificate")
        side = await asyncio.to_thread(PresenterSide, digits, presenter=identity.certificate, receiver=certificate)
        await _say(socket, PairStart(_encode(side.start()), name))
        answer = await _hear(socket, PairAnswer)
        try:
            proof = await asyncio.to_thread(side.prove, _decode(answer.message))
            await _say(socket, PairProof(_encode(proof)))
            side.confirm(_decode((await _hear(socket, PairProof)).mac))
        except PairingFailed as error:
            raise Refused("pairing-wrong-code") from error
    said = await card(address, trust=certificate)
    if said.id != id_of(certificate):
        raise Refused("screen-protocol")
    return Pinned(card=said, certificate=certificate)


@asynccontextmanager
async def _reach(
    where: Address, *, trust: bytes | None = None, identity: Identity | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """One session with one receiver; whatever goes wrong on the way becomes a problem in words."""
    context = await asyncio.to_thread(client_context, trust=trust, identity=identity)
    connector = aiohttp.TCPConnector(ssl=context, force_close=True, limit=2)
    try:
        async with aiohttp.ClientSession(
            f"https://{where}", connector=connector, timeout=_TIMEOUT, trust_env=False
        ) as session:
            yield session
    except aiohttp.ClientConnectorCertificateError as error:
        raise Refused("screen-certificate") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Refused("screen-unreachable") from error


async def _say(socket: aiohttp.ClientWebSocketResponse, message: PairMessage) -> None:
    await _bounded(socket.send_str(msgspec.json.encode(message).decode()))


async def _hear(socket: aiohttp.ClientWebSocketResponse, kind: type[_Message]) -> _Message:
    raw = await _bounded(socket.receive())
    if raw.type is not aiohttp.WSMsgType.TEXT:
        raise Refused("screen-unreachable")
    try:
        message = msgspec.json.decode(raw.data, type=PairMessage)
    except msgspec.MsgspecError as error:
        raise Refused("screen-protocol") from error
    if isinstance(message, PairRefused):
        raise Refused(_PROBLEMS.get(message.reason, "pairing-wrong-code"))
    if not isinstance(message, kind):
        raise Refused("screen-protocol")
    return message


async def _bounded(work: Awaitable[_T]) -> _T:
    async with asyncio.timeout(ANSWER):
        return await work


def _encode(message: bytes) -> str:
    return base64.b64encode(message).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise PairingFailed from error
