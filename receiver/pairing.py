"""Pairing at the screen: one try at a time, counted on disk before it is answered, answered after a fixed time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from courtcast.core.pairing import PairingFailed, ReceiverSide
from courtcast.wire.link import PairAnswer, PairMessage, PairProof, PairRefused, PairStart
from receiver.store import Store

PACE: Final = 0.5
"""Seconds from each message to its answer. The library's arithmetic takes some 10 ms (a small appliance: 100), longer
or shorter by what the code is; whatever it took, the answer leaves on the next multiple."""
PATIENCE: Final = 10.0
"""Seconds for each message of the other side; while it is waited for, nobody else can pair."""
MAX_NAME: Final = 64

_log = logging.getLogger(__name__)


class PairingDesk:
    """Holds the conversations. `on_change` follows anything that the screen shows of it."""

    def __init__(
        self,
        store: Store,
        certificate: bytes,
        *,
        on_pinned: Callable[[], None],
        on_change: Callable[[], None] = lambda: None,
        pace: float = PACE,
    ) -> None:
        self._store = store
        self._certificate = certificate
        self._on_pinned = on_pinned
        self._on_change = on_change
        self._pace = pace
        self._busy = False
        self.with_: str | None = None
        """Who is pairing now: an address, never the name that a stranger gives itself; nobody writes on a screen in
        court before they have proven the code on it."""

    async def converse(self, socket: web.WebSocketResponse, presenter: bytes, address: str) -> None:
        """One pairing with the holder of a certificate (DER).

        Raises Refused data-not-writable where the try cannot be counted: then it is not answered.
        """
        start = await _hear(socket)
        began = time.monotonic()
        if not isinstance(start, PairStart):
            return
        if self._busy:
            await self._refuse(socket, "busy", began)
            return
        self._busy, self.with_ = True, address
        self._on_change()
        try:
            await self._try(socket, presenter, start, began)
        finally:
            self._busy, self.with_ = False, None
            self._on_change()

    async def _try(self, socket: web.WebSocketResponse, presenter: bytes, start: PairStart, began: float) -> None:
        code = await asyncio.to_thread(self._store.count_try, time.time())
        if code is None:
            await self._refuse(socket, "locked", began)
            return
        self._on_change()
        try:
            side = await asyncio.to_thread(ReceiverSide, code, presenter=presenter, receiver=self._certificate)
            answer = await asyncio.to_thread(side.answer, _decode(start.message))
            await self._say(socket, PairAnswer(_encode(answer)), began)
            proof = await _hear(socket)
            began = time.monotonic()
            if not isinstance(proof, PairProof):
                return
            mine = side.confirm(_decode(proof.mac))
        except PairingFailed:
            _log.warning("a wrong code was tried")
            await self._refuse(socket, "wrong-code", began)
            return
        name = clean_name(start.presenter)
        await asyncio.to_thread(self._store.pin, presenter, name, time.time())
        _log.info("paired with %s", name)
        self._on_pinned()
        await self._say(socket, PairProof(_encode(mine)), began)

    async def _refuse(self, socket: web.WebSocketResponse, reason: str, began: float) -> None:
        await self._say(socket, PairRefused(reason), began)

    async def _say(self, socket: web.WebSocketResponse, message: PairMessage, began: float) -> None:
        """On the next multiple of the pace since `began`."""
        taken = time.monotonic() - began
        await asyncio.sleep(self._pace - taken % self._pace)
        async with asyncio.timeout(PATIENCE):
            await socket.send_str(msgspec.json.encode(message).decode())


def clean_name(name: str) -> str:
    """A name for people, from the network: printable, on one line, not endless."""
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in name[: 4 * MAX_NAME])
    return " ".join(kept.split())[:MAX_NAME] or "presenter"


async def _hear(socket: web.WebSocketResponse) -> PairMessage | None:
    try:
        async with asyncio.timeout(PATIENCE):
            raw = await socket.receive()
        if raw.type is not WSMsgType.TEXT:
            return None
        message: PairMessage = msgspec.json.decode(raw.data, type=PairMessage)
    except (TimeoutError, msgspec.MsgspecError):
        return None
    return message


def _encode(message: bytes) -> str:
    return base64.b64encode(message).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PairingFailed from error
