"""The datagrams of one connection, read and written in bunches, under aiortc's DTLS and aioice's sockets.

asyncio reads one datagram for each turn of its loop, and aiortc wakes a task for it. At 40 Mb/s that is half of all the
work. Here the datagram that asyncio brings is the sign to read the socket dry; DTLS records are opened on the spot, and
everything else (STUN, handshakes, alerts) takes its usual way. Under load there is no need for a sign: the sender wakes
every millisecond or four anyway, so the socket *rests* and is read then.

Needs what is private in asyncio (a loop's `_add_reader` and `_remove_reader`, a transport's `_read_ready`; without
them nothing rests), aioice (`Connection._nominated`, `Connection._protocols`) and aiortc (`RTCDtlsTransport._ssl`);
`tests/deliver/sctp/test_inside.py` says when that changes. Where the loop gives no socket that can be duplicated
(Windows' proactor), datagrams come and go by asyncio's own way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, Final

from aioice.ice import CandidatePair, StunProtocol
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from OpenSSL import SSL

MOST: Final = 64
"""Datagrams read in one go, so that a flood leaves the loop to others now and then."""
DATAGRAM: Final = 2048
RECORD: Final = 1500

_PLAIN: Final = 23
"""DTLS 1.2 application data (RFC 6347 §4.1)."""
_UNIFIED: Final = range(32, 64)
"""DTLS 1.3: anything encrypted (RFC 9147 §4)."""
_HEADER: Final = 13


class Drain:
    """`write` packets; what arrives is given to `take`, as many packets at once as there were."""

    def __init__(self, dtls: RTCDtlsTransport, take: Callable[[list[bytes]], None]) -> None:
        self._dtls, self._take = dtls, take
        self._ssl: Any = dtls._ssl
        self._ice = dtls.transport._connection
        self._pair: CandidatePair | None = None
        self._socket: socket.socket | None = None
        self._address: tuple[str, int] = ("", 0)
        self._loop: Any = asyncio.get_running_loop()
        self._transport: Any = None
        self._resting = False
        self._usual: dict[StunProtocol, Callable[[bytes, tuple[Any, ...]], None]] = {}
        self._hooked: list[StunProtocol] = []
        for protocol in self._ice._protocols:
            self._hook(protocol)
        self._choose()

    def close(self) -> None:
        """Leaves everything as it was."""
        self.listen()
        for protocol in self._hooked:
            protocol.__dict__.pop("datagram_received", None)
        self._hooked.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def rest(self) -> bool:
        """From now on `read` is called every few milliseconds, and nobody else need look. Whether that is so."""
        if self._resting:
            return True
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        self._resting = bool(self._loop._remove_reader(transport._sock_fd))
        return self._resting

    def listen(self) -> None:
        """`read` is not called any more."""
        if self._resting:
            self._resting = False
            if not self._transport.is_closing():
                self._loop._add_reader(self._transport._sock_fd, self._transport._read_ready)

    def read(self) -> None:
        """Takes what has come while the socket rested."""
        if self._resting and self._pair is not None:
            packets: list[bytes] = []
            self._dry(packets, self._usual[self._pair.protocol])
            if packets:
                self._take(packets)

    def write(self, packets: list[bytes]) -> None:
        """Raises ConnectionError where the line is closed."""
        if self._dtls._state != State.CONNECTED:
            raise ConnectionError("DTLS is closed")
        if self._ice._nominated.get(1) is not self._pair:
            self._choose()
        ssl, pair, address = self._ssl, self._pair, self._address
        if pair is None:
            raise ConnectionError("ICE is closed")
        sendto = pair.protocol.transport.sendto if self._socket is None else self._socket.sendto
        try:
            for packet in packets:
                ssl.send(packet)
                datagram = ssl.bio_read(RECORD)
                try:
                    sendto(datagram, address)
                except BlockingIOError:
                    pair.protocol.transport.sendto(datagram, address)  # waits there until there is room
                except OSError:
                    pass  # a cable that is pulled: the packet is lost like others
        except SSL.Error as error:
            raise ConnectionError("DTLS takes nothing") from error

    def _choose(self) -> None:
        """The pair that ICE has settled on."""
        self.listen()
        self._transport = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._pair = pair = self._ice._nominated.get(1)
        if pair is None:
            return
        self._address = pair.remote_addr
        if not isinstance(self._loop, asyncio.SelectorEventLoop):
            return
        with contextlib.suppress(AttributeError, OSError):
            self._socket = pair.protocol.transport.get_extra_info("socket").dup()
            self._socket.setblocking(False)
        transport = pair.protocol.transport
        if self._socket is not None and pair.protocol in self._usual and hasattr(transport, "_read_ready"):
            self._transport = transport

    def _hook(self, protocol: StunProtocol) -> None:
        usual = self._usual[protocol] = protocol.datagram_received

        def datagram_received(data: bytes | str, addr: tuple[Any, ...]) -> None:
            packets: list[bytes] = []
            self._open(bytes(data) if isinstance(data, bytes) else b"", addr, packets, usual)
            if self._pair is not None and self._pair.protocol is protocol:
                self._dry(packets, usual)
            if packets:
                self._take(packets)

        protocol.datagram_received = datagram_received  # type: ignore[method-assign]
        self._hooked.append(protocol)

    def _dry(self, packets: list[bytes], usual: Callable[[bytes, tuple[Any, ...]], None]) -> None:
        if self._socket is None:
            return
        try:
            for _ in range(MOST):
                data, whence = self._socket.recvfrom(DATAGRAM)
                self._open(data, whence, packets, usual)
        except OSError:
            pass  # there is no more

    def _open(
        self,
        data: bytes,
        addr: tuple[Any, ...],
        packets: list[bytes],
        usual: Callable[[bytes, tuple[Any, ...]], None],
    ) -> None:
        """One datagram: its records are opened where they are ours."""
        if not data:
            return  # aiortc would end the connection over it
        if not (data[0] == _PLAIN or data[0] in _UNIFIED) or self._dtls._state != State.CONNECTED:
            usual(data, addr)
            return
        ssl = self._ssl
        alone = data[0] == _PLAIN and len(data) == _HEADER + (data[11] << 8 | data[12])
        try:
            ssl.bio_write(data)
            packets.append(ssl.recv(RECORD))
            while not alone:
                packets.append(ssl.recv(RECORD))
        except SSL.WantReadError:
            self._flush(addr)
        except SSL.ZeroReturnError:
            usual(data, addr)  # the other side has closed: aiortc learns of it as it is used to
        except SSL.Error:
            pass  # forged or damaged: as if it had never come

    def _flush(self, addr: tuple[Any, ...]) -> None:
        """What DTLS has to say of its own accord."""
        pair = self._pair
        if pair is None:
            return
        with contextlib.suppress(SSL.Error):
            while answer := self._ssl.bio_read(RECORD):
                pair.protocol.transport.sendto(answer, self._address)
