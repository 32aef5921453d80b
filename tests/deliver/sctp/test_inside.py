"""What is private in aiortc and aioice, and leant on by `courtcast.deliver.sctp`: it still is what it was.

If this fails after an update, nothing is broken yet. Read what has changed in the functions named, see whether
`association.py` and `drain.py` still do their part of it, run the rest of these tests and `make bench-channel`, and
write down the new fingerprint.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version

import pytest
from aioice.ice import Connection, StunProtocol
from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcsctptransport import USERDATA_MAX_LENGTH, RTCSctpTransport

from courtcast.deliver.sctp.association import Association
from courtcast.deliver.sctp.wire import CHUNK_MOST

KNOWN: dict[str, tuple[Callable[..., object], str]] = {
    # overridden, or called with its effect counted on
    "sctp init": (RTCSctpTransport.__init__, "519760c2ed15"),
    "sctp _init": (RTCSctpTransport._init, "5475ba8827f4"),
    "sctp _handle_data": (RTCSctpTransport._handle_data, "88c59ed40ba2"),
    "sctp _receive_chunk": (RTCSctpTransport._receive_chunk, "2614c29267e1"),
    "sctp _receive_data_chunk": (RTCSctpTransport._receive_data_chunk, "9967b60fc396"),
    "sctp _set_state": (RTCSctpTransport._set_state, "458b263406a4"),
    "sctp _transmit": (RTCSctpTransport._transmit, "2f4fdb688b5f"),
    "sctp _transmit_reconfig": (RTCSctpTransport._transmit_reconfig, "c9e1f6e0d69a"),
    "sctp _data_channel_send": (RTCSctpTransport._data_channel_send, "8fc80c896672"),
    "sctp _data_channel_flush": (RTCSctpTransport._data_channel_flush, "991d4aa3cd80"),
    "sctp _data_channel_open": (RTCSctpTransport._data_channel_open, "214193a2a7f8"),
    "sctp _data_channel_close": (RTCSctpTransport._data_channel_close, "82dd896ada97"),
    "sctp _data_channel_reset": (RTCSctpTransport._data_channel_reset, "7a08df862e1e"),
    "sctp stop": (RTCSctpTransport.stop, "6378915e792b"),
    "channel _addBufferedAmount": (RTCDataChannel._addBufferedAmount, "c19233efad0b"),
    "dtls _recv_next": (RTCDtlsTransport._recv_next, "cfb81677db4d"),
    "dtls _send_data": (RTCDtlsTransport._send_data, "a188960564b6"),
    "dtls _write_ssl": (RTCDtlsTransport._write_ssl, "064c7aa6e4eb"),
    "ice sendto": (Connection.sendto, "2f3a287c6ad3"),
    "ice recvfrom": (Connection.recvfrom, "1f5621a37c5f"),
    "stun datagram_received": (StunProtocol.datagram_received, "3600125aabd8"),
    "stun send_data": (StunProtocol.send_data, "89f3f5da04e7"),
    "peer createSctpTransport": (RTCPeerConnection._RTCPeerConnection__createSctpTransport, "9298662f9ffe"),  # type: ignore[attr-defined]
    "peer createDtlsTransport": (RTCPeerConnection._RTCPeerConnection__createDtlsTransport, "35df26412473"),  # type: ignore[attr-defined]
}


def fingerprint(function: Callable[..., object]) -> str:
    """Of its source; spaces and lines that are comments do not count."""
    lines = [line.strip() for line in inspect.getsource(function).splitlines()]
    code = "".join(line for line in lines if not line.startswith("#"))
    return hashlib.sha256("".join(code.split()).encode()).hexdigest()[:12]


@pytest.mark.parametrize("name", KNOWN)
def test_the_inside_is_as_it_was(name: str) -> None:
    function, known = KNOWN[name]
    found = fingerprint(function)
    assert found == known, (
        f"{name} ({function.__qualname__}) changed in aiortc {version('aiortc')} / aioice {version('aioice')}: "
        f"{known} → {found}. See the top of this file."
    )


def test_everything_that_is_overridden_is_watched() -> None:
    watched = {function.__name__ for function, _ in KNOWN.values()}
    ours = {name for name, member in vars(Association).items() if inspect.isfunction(member)}
    overridden = {name for name in ours if hasattr(RTCSctpTransport, name)}
    assert overridden <= watched | {"__init__"}


async def test_a_socket_can_rest() -> None:
    """What `drain` needs of asyncio's own loop. Where this fails, the sender still works, and costs half as much again."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.SelectorEventLoop):
        pytest.skip("a loop without readers")
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    try:
        assert callable(loop._add_reader)  # type: ignore[attr-defined]
        assert callable(transport._read_ready)  # type: ignore[attr-defined]
        assert loop._remove_reader(transport._sock_fd) is True  # type: ignore[attr-defined]
        assert loop._remove_reader(transport._sock_fd) is False  # type: ignore[attr-defined]
    finally:
        transport.close()


def test_chunks_are_as_large_as_theirs() -> None:
    assert CHUNK_MOST == USERDATA_MAX_LENGTH
