"""The process in the middle: reads what the hosts send, hands on what is due, and sleeps in between.

    python -m bench.net.relay FD        # FD: its end of a socket pair, one JSON message each way; closed: it ends

It runs with a real-time priority, or what it does to packets would depend on what else the machine does. It never
spins: it sleeps until a packet comes or is due, and after each turn for `TURN`, which bounds what it costs (packets
that come meanwhile are read in one go) and by how much an arrival may be off.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bench.net.line import Conditions, Counts, Line

TURN = 200e-6
"""Seconds between two looks at a busy line."""
PRIORITY = 10
"""Of the round-robin class: above every ordinary process."""
BATCH = 256
"""Packets read from one host before the others' turn."""
PACKET = 65536
TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
"""linux/if_tun.h: IP packets without a header of the driver's own. No offload is asked for, so a host's kernel cuts
everything into packets of the MTU before they come here."""
CLONE_NEWNET = 0x40000000
NAMESPACES = Path("/var/run/netns")
MESSAGE = 1 << 20


class Host(msgspec.Struct, frozen=True):
    namespace: str
    address: str


class Start(msgspec.Struct, frozen=True, tag="start"):
    """The first message: opens the interfaces. Answered with `Told`."""

    near: list[Host]
    far: list[Host]
    device: str


class Change(msgspec.Struct, frozen=True, tag="change"):
    """From now on; None: as before."""

    out: Conditions | None = None
    back: Conditions | None = None
    seed: int | None = None


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Asks for nothing but the answer."""


class Told(msgspec.Struct):
    """The answer to each message."""

    out: Counts
    """From the near side to the far side."""
    back: Counts
    cpu: float
    """Seconds of processor time that the relay has used."""
    now: float
    """Its monotonic clock, which is the machine's."""


Message = Start | Change | Ask


class Relay:
    """Two lines, one for each direction, between the hosts of two sides."""

    def __init__(self, start: Start) -> None:
        now = time.monotonic()
        self.out, self.back = Line(Conditions(), now=now, seed=1), Line(Conditions(), now=now, seed=2)
        near, far = _opened(start.near, start.device), _opened(start.far, start.device)
        self._ends = [(fd, self.out, far) for fd in near.values()] + [(fd, self.back, near) for fd in far.values()]
        self._lines = [(self.out, far), (self.back, near)]

    def run(self, control: socket.socket) -> None:
        """Until the other end of `control` is closed."""
        ends = {fd: line for fd, line, _ in self._ends}
        watched = [*ends, control.fileno()]
        while True:
            next_due = min(self.out.next_due, self.back.next_due)
            wait = None if next_due == float("inf") else max(0.0, next_due - time.monotonic())
            ready, _, _ = select.select(watched, [], [], wait)
            now = time.monotonic()
            for fd in ready:
                if fd in ends:
                    _drain(fd, ends[fd], now)
                elif not self._obey(control):
                    return
            now = time.monotonic()
            for line, hosts in self._lines:
                if line.next_due <= now:
                    _deliver(line.take(now=now), hosts)
            time.sleep(TURN)

    def told(self) -> Told:
        return Told(self.out.counts, self.back.counts, time.process_time(), time.monotonic())

    def _obey(self, control: socket.socket) -> bool:
        text = control.recv(MESSAGE)
        if not text:
            return False
        message = msgspec.json.decode(text, type=Message)
        if isinstance(message, Change):
            now = time.monotonic()
            seeds = (None, None) if message.seed is None else (message.seed, message.seed + 1)
            if message.out is not None:
                self.out.change(message.out, now=now, seed=seeds[0])
            if message.back is not None:
                self.back.change(message.back, now=now, seed=seeds[1])
        control.send(msgspec.json.encode(self.told()))
        return True


def _drain(fd: int, line: Line, now: float) -> None:
    with suppress(BlockingIOError):
        for _ in range(BATCH):
            packet = os.read(fd, PACKET)
            if packet[0] >> 4 == 4:  # the hosts speak IPv4 only
                line.put(packet, now=now)


def _deliver(packets: Sequence[bytes], hosts: Mapping[bytes, int]) -> None:
    for packet in packets:
        fd = hosts.get(packet[16:20])
        if fd is not None:
            with suppress(BlockingIOError):  # that host's kernel takes no more: its own loss, as with a real card
                os.write(fd, packet)


def _opened(hosts: Sequence[Host], device: str) -> dict[bytes, int]:
    """The hosts' interfaces, by address."""
    return {socket.inet_aton(host.address): _tun(host.namespace, device) for host in hosts}


def _tun(namespace: str, device: str) -> int:
    """A TUN interface in that namespace: it belongs to the one in which its file is opened."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(NAMESPACES / namespace, os.O_RDONLY)
    try:
        _enter(there)
        fd = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
        return fd
    finally:
        _enter(home)
        os.close(home)
        os.close(there)


def _enter(namespace: int) -> None:
    """`os.setns` of Python 3.12, also before it."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "may not enter a network namespace")


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    start = msgspec.json.decode(control.recv(MESSAGE), type=Start)
    relay = Relay(start)
    control.send(msgspec.json.encode(relay.told()))
    gc.freeze()
    gc.disable()  # nothing here makes cycles
    relay.run(control)


if __name__ == "__main__":
    main()
