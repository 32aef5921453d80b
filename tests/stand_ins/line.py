"""A line between two peers on loopback: a rate, a delay, a queue that drops its end, and a cable that can be pulled.

A relay of UDP datagrams with a socket for each side. The SDP that passes is made to name the relay's sockets, so that
neither peer can reach the other in another way.
"""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Self, cast

CANDIDATE = re.compile(r"^a=candidate:(\S+) 1 (udp|UDP) (\d+) 127\.0\.0\.1 (\d+) typ host.*$", re.MULTILINE)


class _End(asyncio.DatagramProtocol):
    """One side's socket."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.other: _End | None = None
        self.peer: tuple[str, int] | None = None
        """Where this side's peer is."""
        self.free_at = 0.0
        """When the last datagram towards this peer will have passed."""
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    @property
    def port(self) -> int:
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.peer = str(addr[0]), int(addr[1])
        if self.other is not None and not self.line.cut:
            self.other.carry(data)

    def carry(self, data: bytes) -> None:
        """Towards this side's peer."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        start = max(now, self.free_at)
        if (start - now) * self.line.rate > self.line.queue:
            self.line.dropped += 1
            return
        self.free_at = start + len(data) / self.line.rate
        loop.call_at(self.free_at + self.line.delay, self._deliver, data)

    def _deliver(self, data: bytes) -> None:
        if self.peer is not None and self.transport is not None and not self.line.cut:
            self.transport.sendto(data, self.peer)


class Line:
    """Context manager. `rate` bytes a second each way, `delay` seconds one way, `queue` bytes before it drops."""

    def __init__(self, *, rate: float, delay: float, queue: float) -> None:
        self.rate, self.delay, self.queue = rate, delay, queue
        self.cut = False
        self.dropped = 0
        self._near, self._far = _End(self), _End(self)
        self._near.other, self._far.other = self._far, self._near

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for end in (self._near, self._far):
            await loop.create_datagram_endpoint(lambda end=end: end, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut = True
        for end in (self._near, self._far):
            if end.transport is not None:
                end.transport.close()

    def offer(self, sdp: str) -> str:
        """What the far peer is told of the near one."""
        return self._through(sdp, self._near, self._far)

    def answer(self, sdp: str) -> str:
        """The reverse."""
        return self._through(sdp, self._far, self._near)

    @staticmethod
    def _through(sdp: str, real: _End, told: _End) -> str:
        found = CANDIDATE.search(sdp)
        assert found is not None, "a candidate on loopback"
        real.peer = "127.0.0.1", int(found[4])
        one = f"a=candidate:{found[1]} 1 udp {found[3]} 127.0.0.1 {told.port} typ host"
        lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate:")]
        place = next(at for at, line in enumerate(lines) if line.startswith("a=ice-ufrag"))
        return "\r\n".join([*lines[:place], one, *lines[place:]]) + "\r\n"
