"""The one place where a WebRTC connection to a page is made: no STUN, no TURN, no track, two data channels.

aiortc makes its transports itself, in methods that are private by name; they are overridden here and nowhere else, so
that another sender takes the place of its SCTP's (`courtcast.deliver.sctp`). Pinned to aiortc 1.16 for that reason.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

from aioice import Candidate
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError, OperationError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import USERDATA_MAX_LENGTH, WEBRTC_DCEP, RTCSctpTransport, SackChunk

from courtcast.deliver.paths import ChannelPath
from courtcast.deliver.sctp.association import Association
from courtcast.deliver.sctp.siblings import Siblings

log = logging.getLogger(__name__)

CONTROL = "control"
MEDIA = "media"

OPEN_WITHIN = 12.0
"""Seconds from the answer to open channels. On a poor line the handshakes are eight round trips and a lost one of SCTP
is repeated after three seconds."""
CLOSE_WITHIN = 3.0
FIRST_FLIGHT = 10 * USERDATA_MAX_LENGTH
"""Bytes on their way before the first acknowledgement (RFC 6928): the first picture waits for nothing else."""


_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, InvalidStateError, OperationError)
"""What aiortc raises over an SDP that is none, depending on where it goes wrong."""


SenderName = Literal["ours", "stock"]
SENDER_VARIABLE = "COURTCAST_SENDER"
"""Of the environment: `stock` for aiortc's own sender, `ours` for that in `courtcast.deliver.sctp`."""
SENDER_DEFAULT: SenderName = "ours"


def chosen_sender() -> SenderName:
    """As the environment says."""
    name = os.environ.get(SENDER_VARIABLE, "")
    return "stock" if name == "stock" else "ours" if name == "ours" else SENDER_DEFAULT


class PeerFailed(ConnectionError):
    """Raised where no connection came about."""


class StockAssociation(RTCSctpTransport):
    """aiortc's SCTP with its own sender, and three things added: it tells of progress, counts what is on its way, and
    lets control messages pass media that waits."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        super().__init__(transport)
        self.on_progress: Callable[[], None] = lambda: None
        self.acknowledgements = 0
        self._cwnd = FIRST_FLIGHT

    @property
    def hungry(self) -> bool:
        """No message waits to be cut up: of media there is at most the one being sent, so control waits for no more."""
        return not self._data_channel_queue

    @property
    def line(self) -> None:
        """It sends what it is given, as its window lets it."""
        return

    @property
    def on_their_way(self) -> int:
        """Bytes cut up and not acknowledged, counted as if every chunk were full. Constant time."""
        return ((self._local_tsn - 1 - self._last_sacked_tsn) & 0xFFFFFFFF) * USERDATA_MAX_LENGTH

    def _data_channel_send(self, channel: RTCDataChannel, data: bytes | str) -> None:
        super()._data_channel_send(channel, data)
        if channel.label == MEDIA:
            return
        queue = self._data_channel_queue
        for place, (other, protocol, _) in enumerate(queue):
            if other.label == MEDIA and protocol != WEBRTC_DCEP:
                queue.insert(place, queue.pop())
                return

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        await super()._receive_sack_chunk(chunk)
        self.acknowledgements += 1
        self.on_progress()


class Connection(RTCPeerConnection):
    """aiortc's connection, on our transports."""

    def __init__(
        self, interfaces: Sequence[str], sender: SenderName | None = None, siblings: Siblings | None = None
    ) -> None:
        super().__init__(RTCConfiguration(iceServers=[]))
        self._sender = chosen_sender() if sender is None else sender
        self._interfaces, self._siblings = tuple(interfaces), siblings

    def _RTCPeerConnection__createDtlsTransport(self) -> RTCDtlsTransport:  # noqa: N802
        transport: RTCDtlsTransport = super()._RTCPeerConnection__createDtlsTransport()  # type: ignore[misc]
        if self._interfaces:
            connection = transport.transport._connection
            gather = connection.get_component_candidates

            async def gather_ours(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ASYNC109
                return await gather(component, list(self._interfaces), timeout)

            connection.get_component_candidates = gather_ours  # type: ignore[method-assign]
        return transport

    def _RTCPeerConnection__createSctpTransport(self) -> None:  # noqa: N802
        transport = self._RTCPeerConnection__createDtlsTransport()
        association: Association | StockAssociation = (
            StockAssociation(transport)
            if self._sender == "stock"
            else Association(transport, bulk=MEDIA, siblings=self._siblings)
        )
        association._bundled = False
        association.mid = None
        association.on("datachannel", lambda channel: self.emit("datachannel", channel))
        self._RTCPeerConnection__sctp = association

    @property
    def association(self) -> Association | StockAssociation:
        sctp = self.sctp
        assert isinstance(sctp, Association | StockAssociation)
        return sctp


class Peer:
    """One attempt to reach a page. `offer`, `accept`, then `path` until it closes; always `close`."""

    def __init__(
        self, interfaces: Sequence[str] = (), sender: SenderName | None = None, siblings: Siblings | None = None
    ) -> None:
        """`interfaces`: addresses of this machine to use; empty: all but loopback. `sender`: whose; by default as the
        environment says. `siblings`: the flows of this presenter, which may share a line with this one."""
        self._connection = Connection(interfaces, sender, siblings)
        control = self._connection.createDataChannel(CONTROL)
        media = self._connection.createDataChannel(MEDIA)
        self._channels = control, media
        self._settled = asyncio.Event()
        """Both channels are open, or there is no hope."""
        self._lost = False
        self._closing: asyncio.Task[None] | None = None
        self.path = ChannelPath(self._connection.association, control, media, self._begin_close)
        for channel in self._channels:
            channel.on("open", self._on_open)
            channel.on("close", self._on_lost)
        control.on("message", self._on_control)
        self._connection.on("connectionstatechange", self._on_state)

    async def offer(self) -> str:
        """SDP with all candidates. Raises PeerFailed where this machine has no address to offer."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        sdp: str = self._connection.localDescription.sdp
        if "a=candidate:" not in sdp:
            raise PeerFailed("no address to offer")
        return sdp

    async def accept(self, sdp: str, host: str = "127.0.0.1") -> ChannelPath:
        """Takes the answer and waits until both channels are open; `host`: where the page's machine is reached.

        Raises PeerFailed.
        """
        try:
            async with asyncio.timeout(OPEN_WITHIN):
                await self._connection.setRemoteDescription(RTCSessionDescription(_reachable(sdp, host), "answer"))
                await self._settled.wait()
        except TimeoutError:
            raise PeerFailed("the channels did not open in time") from None
        except _NONSENSE as error:
            raise PeerFailed("the answer makes no sense") from error
        if self._lost:
            raise PeerFailed("no way to the page")
        return self.path

    async def close(self) -> None:
        """Bounded; safe to call more than once."""
        self._begin_close()
        assert self._closing is not None
        await self._closing

    def _begin_close(self) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._shut())

    async def _shut(self) -> None:
        try:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self._connection.close()
        finally:
            self._on_lost()

    def _on_open(self) -> None:
        if all(channel.readyState == "open" for channel in self._channels):
            self._settled.set()

    def _on_control(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self.path.hear(message)

    def _on_state(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._on_lost()

    def _on_lost(self) -> None:
        self._lost = True
        self._settled.set()
        self.path.closed_now()


def _reachable(sdp: str, host: str) -> str:
    """The answer without candidates that only multicast could resolve: the receiver put addresses in their place, and a
    line that drops multicast would have us wait for each.

    A page on a line without a default route names no address at all, but finds the way to ours. aioice gives up at
    once when it has nobody to ask, so it is given the machine's discard port (RFC 863) to ask until the page calls.
    """
    lines = sdp.splitlines()
    named = [line for line in lines if line.startswith("a=candidate:")]
    useful = [line for line in named if ".local " not in line]
    lines = [line for line in lines if line not in named or line in useful]
    place = next((at for at, line in enumerate(lines) if line.startswith("a=ice-ufrag:")), None)
    if not useful and place is not None and _is_address(host):
        lines.insert(place, f"a=candidate:discard 1 udp 1 {host} 9 typ host")
    return "\r\n".join(lines) + "\r\n"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
