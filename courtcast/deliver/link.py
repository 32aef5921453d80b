"""One mutual-TLS WebSocket to a paired receiver, kept alive: it says whether there is a page, and carries offers to it.

Where no data channel opens it carries a path as well (`courtcast.deliver.relayed`). Losing it takes nothing off a
screen: data channels that are open stay open.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket as sockets
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final

import aiohttp
import msgspec

from courtcast.core.identity import Identity
from courtcast.deliver.address import parse_address
from courtcast.deliver.pairing import card
from courtcast.deliver.paths import PathClosed as PathIsClosed
from courtcast.deliver.relayed import RelayedPath
from courtcast.deliver.trust import Pinned, client_context, is_pinned
from courtcast.deliver.writer import Writer
from courtcast.problems import Refused
from courtcast.wire.link import (
    LINK_PROTOCOL,
    Answer,
    Attached,
    Bye,
    FromReceiver,
    LinkHello,
    Offer,
    PageChanged,
    PathClosed,
    PathControl,
    PathOpen,
    PathOpened,
    PathTaken,
    ToReceiver,
)

CONNECT: Final = 5.0
"""Seconds for a TCP and TLS connection inside a building."""
HELLO: Final = 5.0
"""Seconds until the receiver's first message."""
HEARTBEAT: Final = 5.0
"""Seconds between pings; the answer has half of that. A cable that was pulled is noticed within 7.5 s."""
ANSWER: Final = 15.0
"""Seconds for a page to answer an offer: where multicast is dropped, Chromium takes its time over masking addresses."""
PATH_WITHIN: Final = 5.0
"""Seconds for a page to say that it listens on a path: one round trip, and what the line has before it."""
SAY: Final = 5.0
"""Seconds for a message to leave."""
GOODBYE: Final = 1.0
"""Seconds for the last one: whoever switches a presenter off does not wait for a screen that hangs."""
FIRST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 5.0
"""Seconds between attempts: doubled each time, and cut by up to half at random so that screens do not come in step."""
REFUSED_WAIT: Final = 20.0
"""Seconds between attempts where the receiver said no, or is another one: only somebody's hand changes that."""
STEADY: Final = 10.0
"""Seconds after which a link that breaks counts as one that had worked: the next attempt is quick again."""
MAX_ADDRESSES: Final = 16
"""Tried in a row. A receiver announces what its machine has; more than this is somebody's joke."""
MAX_MESSAGE: Final = 256 * 1024
"""Bytes; an SDP with many addresses has some ten thousand."""

_log = logging.getLogger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_connect=CONNECT)
_CLOSE = aiohttp.ClientWSTimeout(ws_close=1.0)
_HANDS_NEEDED: Final = {"screen-revoked", "screen-certificate", "screen-protocol"}


class LinkDown(Exception):
    """The link, or the page that the offer was for, went away, or gave no answer in time."""


class NoAnswer(LinkDown):
    """The link is there, and the page gave no answer in time."""


class Link:
    """Runs until cancelled. `where` gives the addresses to try (`host:port`), best first, each time anew.

    `on_page` is called with the number of the page's session, 0 when there is none or the link is down; `on_state`
    after `connected`, `address`, `problem`, `hello` or `taken` have changed. Neither may block or raise.
    """

    def __init__(
        self,
        pinned: Pinned,
        identity: Identity,
        *,
        where: Callable[[], Sequence[str]],
        on_page: Callable[[int], None] = lambda _: None,
        on_state: Callable[[], None] = lambda: None,
    ) -> None:
        self._pinned = pinned
        self._identity = identity
        self._where = where
        self._on_page = on_page
        self._on_state = on_state
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._writer: Writer | None = None
        self._path: RelayedPath | None = None
        """Open, or about to be."""
        self._path_opened: asyncio.Future[None] | None = None
        self._paths = 0
        """How many there were; their numbers."""
        self._pending: tuple[int, int, asyncio.Future[str]] | None = None
        """Page and number of the offer under way."""
        self._offers = 0
        self._woken = asyncio.Event()
        self._steady = False
        self._attached = 0
        """Number of the page's session that channels are open to."""
        self._leaving = False
        """The receiver was told goodbye: no more attempts, no more offers."""
        self.page = 0
        """Number of the page's session now; 0 where nothing can be offered."""
        self.connected = False
        self.address: str | None = None
        """Where it is connected, or was last."""
        self.hello: LinkHello | None = None
        """What the receiver last said of itself."""
        self.taken: str | None = None
        """Name of another presenter that has the page now."""
        self.problem: Refused | None = None
        """Why it is not connected, once that is known."""

    async def run(self) -> None:
        """Connects, listens, and connects again, until cancelled or until goodbye was said."""
        context = await asyncio.to_thread(client_context, trust=self._pinned.certificate, identity=self._identity)
        wait = FIRST_WAIT
        while not self._leaving:
            self._woken.clear()
            self._steady = False
            problem = self.problem = await self._attempt(context)
            self._on_state()
            if self._steady:
                wait = FIRST_WAIT
            pause = REFUSED_WAIT if problem.type in _HANDS_NEEDED else wait
            wait = min(LONGEST_WAIT, wait * 2)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311 (no secret)
                    await self._woken.wait()
                    wait = FIRST_WAIT

    @property
    def source(self) -> str | None:
        """This machine's address that it is connected from."""
        raw = None if self._socket is None else self._socket.get_extra_info("socket")
        if raw is None:
            return None
        try:
            return str(raw.getsockname()[0])
        except OSError:
            return None

    def renew(self) -> None:
        """What is open leads nowhere any more: it ends now, without a word that nobody would hear, and begins anew."""
        raw = None if self._socket is None else self._socket.get_extra_info("socket")
        if raw is not None:
            self._set_page(0, None)  # from now on nothing is offered over it, until it is open again
            with contextlib.suppress(OSError):
                raw.shutdown(sockets.SHUT_RDWR)
        self.wake()

    def wake(self) -> None:
        """There is reason to try now: the receiver was found again, perhaps elsewhere, or was paired anew."""
        self._woken.set()

    async def offer(self, page: int, sdp: str) -> str:
        """The page's answer. A newer offer takes the place of one under way. Raises LinkDown, NoAnswer."""
        socket = self._socket
        if socket is None or page != self.page or page == 0 or self._leaving:
            raise LinkDown
        self._drop_pending()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._offers += 1
        self._pending = page, self._offers, answer
        said = False
        try:
            async with asyncio.timeout(ANSWER):
                await _say(socket, Offer(page, sdp, self._offers))
                said = True
                return await answer
        except TimeoutError as error:
            raise (NoAnswer if said else LinkDown) from error
        except (OSError, aiohttp.ClientError) as error:
            raise LinkDown from error
        finally:
            if self._pending is not None and self._pending[2] is answer:
                self._pending = None

    @property
    def relays(self) -> bool:
        """The receiver passes on paths."""
        return self.connected and self.hello is not None and self.hello.relays

    async def open_path(self, page: int) -> RelayedPath:
        """A path over this link, in the place of one before it. Raises LinkDown, NoAnswer."""
        writer = self._writer
        if writer is None or page != self.page or page == 0 or self._leaving or not self.relays:
            raise LinkDown
        self._end_path()
        self._paths += 1
        path = self._path = RelayedPath(self._paths, writer)
        opened = self._path_opened = asyncio.get_running_loop().create_future()
        try:
            writer.say(PathOpen(page, path.number))
            async with asyncio.timeout(PATH_WITHIN):
                await opened
        except (TimeoutError, PathIsClosed) as error:
            path.end()
            raise (NoAnswer if isinstance(error, TimeoutError) else LinkDown) from error
        except BaseException:
            path.end()
            raise
        finally:
            opened.cancel()
        return path

    def _end_path(self) -> None:
        """Also where it is only about to be one."""
        if self._path is not None:
            self._path.closed_now()
            self._path = None
        if self._path_opened is not None and not self._path_opened.done():
            self._path_opened.set_exception(LinkDown())
        self._path_opened = None

    async def attached(self, page: int) -> None:
        """Channels to that page are open (0: to none): the receiver is told, on later links too. Never raises."""
        self._attached = page
        await self._tell_attached()

    async def _tell_attached(self) -> None:
        if self._socket is not None and self._attached != 0 and self._attached == self.page:
            with contextlib.suppress(TimeoutError, OSError, aiohttp.ClientError):
                await _say(self._socket, Attached(self._attached))

    async def revoke(self) -> None:
        """Tells the receiver, where it can be told, to forget this presenter. Bounded; never raises."""
        await self._leave("revoked", SAY)

    async def goodbye(self) -> None:
        """This presenter stops: tells the receiver, where it can be told, to let others have the page at once.

        Nothing is offered any more and no other connection is made. Bounded; never raises.
        """
        self._leaving = True
        await self._leave("stopping", GOODBYE)

    async def _leave(self, reason: str, seconds: float) -> None:
        if self._socket is not None:
            with contextlib.suppress(TimeoutError, OSError, aiohttp.ClientError):
                await _say(self._socket, Bye(reason), seconds)

    async def _attempt(self, context: ssl.SSLContext) -> Refused:
        """One address after the other until one works, and that connection to its end; why there is none now."""
        problem = Refused("screen-unreachable")
        for address in list(self._where())[:MAX_ADDRESSES]:
            connector = aiohttp.TCPConnector(ssl=context, force_close=True, limit=1)
            try:
                async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session:
                    return await self._one_connection(session, address)
            except Refused as refused:
                # One answer in words outlives the silence of the other addresses.
                if problem.type not in _HANDS_NEEDED:
                    problem = refused
        return problem

    async def _one_connection(self, session: aiohttp.ClientSession, address: str) -> Refused:
        """Until it ends: why it did. Raises Refused where it did not come about."""
        url = f"https://{parse_address(address)}/link"
        try:
            async with asyncio.timeout(CONNECT + HELLO):
                socket = await session.ws_connect(url, heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, timeout=_CLOSE)
            try:
                return await self._converse(socket, address)
            finally:
                await socket.close()
        except aiohttp.ClientConnectorCertificateError as error:
            raise Refused("screen-certificate") from error
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            raise Refused("screen-unreachable") from error
        except (aiohttp.ClientError, OSError) as error:
            # Who is not pinned is shut out without a word (TLS 1.3 tells the client only after its handshake).
            raise await self._why(address) from error

    async def _why(self, address: str) -> Refused:
        """The pinned receiver cut the connection: where it still gives its card, it does not accept us any more."""
        try:
            await card(address, trust=self._pinned.certificate)
        except Refused as refused:
            return refused
        return Refused("screen-revoked")

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse, address: str) -> Refused:
        if not is_pinned(socket.get_extra_info("ssl_object"), self._pinned.certificate):
            raise Refused("screen-certificate")
        async with asyncio.timeout(HELLO):
            first = _read(await socket.receive())
        if isinstance(first, Bye) and first.reason == "revoked":
            raise Refused("screen-revoked")
        if not isinstance(first, LinkHello):
            raise Refused("screen-unreachable")
        if first.protocol != LINK_PROTOCOL or first.id != self._pinned.card.id:
            raise Refused("screen-protocol")
        self._socket, self.connected, self.address, self.hello = socket, True, address, first
        self._writer = Writer(socket)
        writing = asyncio.create_task(self._writer.run(), name="link writer")
        self.problem = None
        self._set_page(first.page, first.taken)
        self._on_state()
        began = time.monotonic()
        try:
            await self._tell_attached()
            return await self._listen(socket)
        finally:
            self._steady = time.monotonic() - began > STEADY
            self._socket, self._writer, self.connected = None, None, False
            writing.cancel()
            self._drop_pending()
            self._end_path()
            self._set_page(0, None)
            self._on_state()
            await asyncio.gather(writing, return_exceptions=True)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> Refused:
        async for raw in socket:
            match message := _read(raw):
                case PageChanged(page=page, taken=taken):
                    self._set_page(page, taken)
                    self._on_state()
                case Answer():
                    self._on_answer(message)
                case PathOpened() | PathControl() | PathTaken() | PathClosed():
                    self._of_path(message)
                case Bye(reason=reason):
                    return Refused("screen-revoked" if reason == "revoked" else "screen-unreachable")
                case None:
                    _log.warning("the receiver at %s said something that is no message", self.address)
                    return Refused("screen-protocol")
        return Refused("screen-unreachable")

    def _on_answer(self, answer: Answer) -> None:
        """One to an offer over the link before this one, or to an older one, is late."""
        if self._pending is None:
            return
        page, number, future = self._pending
        if answer.page == page and answer.number in (0, number) and not future.done():
            future.set_result(answer.sdp)

    def _of_path(self, message: PathOpened | PathControl | PathTaken | PathClosed) -> None:
        if self._path is None or message.path != self._path.number:
            return  # the last words of a path that has ended
        match message:
            case PathOpened():
                if self._path_opened is not None and not self._path_opened.done():
                    self._path_opened.set_result(None)
            case PathClosed():
                self._end_path()
            case PathControl() | PathTaken():
                self._path.hear(message)

    def _set_page(self, page: int, taken: str | None) -> None:
        self.taken = taken
        if page != self.page:
            self.page = page
            self._drop_pending()
            self._end_path()
            self._on_page(page)

    def _drop_pending(self) -> None:
        if self._pending is not None and not self._pending[2].done():
            self._pending[2].set_exception(LinkDown())
        self._pending = None


def _read(raw: aiohttp.WSMessage) -> FromReceiver | None:
    if raw.type is not aiohttp.WSMsgType.TEXT:
        return None
    try:
        message: FromReceiver = msgspec.json.decode(raw.data, type=FromReceiver)
    except msgspec.MsgspecError:
        return None
    return message


async def _say(socket: aiohttp.ClientWebSocketResponse, message: ToReceiver, seconds: float = SAY) -> None:
    async with asyncio.timeout(seconds):
        await socket.send_str(msgspec.json.encode(message).decode())
