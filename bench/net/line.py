"""One direction of a line: what becomes of each packet, and when it arrives. Pure: time comes in as an argument."""

from __future__ import annotations

import heapq
import math
from collections import deque
from random import Random
from typing import NamedTuple

import msgspec

from bench.net.pace import Pace, Steady, Stepped

ETHERNET = 14
"""Bytes that a frame has in front of its IP packet (IEEE 802.3 §3.1.1, without preamble and check sequence)."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one direction does, in the order in which it does it to a packet. Seconds, bits a second, shares of 1.

    Loss strikes before the queue, as in the kernel's netem: what is lost takes nothing of the rate.
    """

    outages: tuple[tuple[float, float], ...] = ()
    """From–to, seconds since these conditions were set: nothing that is sent in that time arrives."""
    down: bool = False
    """An outage until other conditions are set."""
    no_udp: bool = False
    """No datagram arrives, as where a firewall lets nothing but the web through."""
    loss: float = 0.0
    """Share of packets lost …"""
    burst: float = 1.0
    """… in runs of this many on average (Gilbert's model: all are lost in the bad state); 1: each for itself."""
    rate: float | None = None
    """None: no limit."""
    steps: tuple[tuple[float, float], ...] = ()
    """In place of `rate`: (seconds, bits a second) in turn."""
    overhead: int = ETHERNET
    """Bytes that each IP packet takes on the line beside its own."""
    buffer: float = 0.1
    """Seconds of the (mean) rate that may wait; what comes when it is full is dropped."""
    delay: float = 0.0
    """From the end of the packet on the line to its arrival."""
    jitter: float = 0.0
    """Up to this much more or less than `delay`, all values alike …"""
    jitter_every: float = 0.0
    """… drawn anew after so many seconds; 0: for every packet."""
    keeps_order: bool = True
    """A packet waits for those before it, as on Wi-Fi; otherwise jitter lets packets overtake each other."""
    reorder: float = 0.0
    """Share of packets held back …"""
    reorder_by: float = 0.005
    """… for this long, while those behind them pass."""
    duplicate: float = 0.0
    """Share of packets that arrive twice."""


class Counts(msgspec.Struct):
    """What happened since the line was made; all of them only grow."""

    packets: int = 0
    """Given to it."""
    bytes: int = 0
    """Of their frames."""
    lost: int = 0
    """At random or in bursts."""
    overflowed: int = 0
    """Found the buffer full."""
    cut: int = 0
    """Fell into an outage, or may not pass."""
    held_back: int = 0
    doubled: int = 0
    queued: int = 0
    """Went through the queue."""
    queueing: float = 0.0
    """Seconds that they waited for the line to become free, added up."""
    delivered: int = 0
    delivered_bytes: int = 0
    large: int = 0
    """Given to it with at least `LARGE` bytes: those carry data, the others acknowledge."""
    large_bytes: int = 0
    """Of their IP packets."""


LARGE = 300
UDP = 17
"""In the ninth byte of an IPv4 packet (RFC 791 §3.1, RFC 768)."""


class _Packet(NamedTuple):
    due: float
    number: int
    data: bytes
    finish: float
    """When its last bit is on the line."""
    extra: float
    """Jitter and holding back."""
    ordered: bool


class Line:
    """`put` what comes in, `take` what is due, look at `next_due` for when that will be."""

    def __init__(self, conditions: Conditions, *, now: float, seed: int = 0) -> None:
        self.counts = Counts()
        self._random = Random(seed)
        self._in_order: deque[_Packet] = deque()
        self._loose: list[_Packet] = []
        """Heap of packets that may pass or be passed."""
        self._number = 0
        self._free = now
        """When the last bit of all that was accepted is on the line."""
        self._last_due = -math.inf
        self._set(conditions, now)

    def change(self, conditions: Conditions, *, now: float, seed: int | None = None) -> None:
        """Other conditions from now on. What has not yet left goes on at the new rate and with the new delay; what is
        on its way arrives as it would have."""
        left = self._pace
        waiting = sorted(
            (packet for packet in [*self._in_order, *self._loose] if packet.finish > now), key=lambda p: p.number
        )
        gone = [packet for packet in [*self._in_order, *self._loose] if packet.finish <= now]
        self._in_order = deque(packet for packet in gone if packet.ordered)
        self._loose = [packet for packet in gone if not packet.ordered]
        heapq.heapify(self._loose)
        self._last_due = self._in_order[-1].due if self._in_order else -math.inf
        self._free = now
        if seed is not None:
            self._random = Random(seed)
        self._set(conditions, now)
        for place, packet in enumerate(waiting):
            bits = (len(packet.data) + conditions.overhead) * 8.0
            if place == 0:
                bits = min(bits, left.carried(now, packet.finish))
            self._free = self._pace.finish(self._free, bits)
            self._schedule(packet.data, packet.extra, packet.ordered)

    @property
    def next_due(self) -> float:
        """Infinite where nothing is on its way."""
        first = self._in_order[0].due if self._in_order else math.inf
        return min(first, self._loose[0].due) if self._loose else first

    @property
    def on_it(self) -> int:
        """Packets that have not arrived."""
        return len(self._in_order) + len(self._loose)

    def put(self, data: bytes, *, now: float) -> None:
        """One IP packet comes in."""
        at, counts, draw = self._conditions, self.counts, self._random.random
        size = len(data) + at.overhead
        counts.packets += 1
        counts.bytes += size
        if len(data) >= LARGE:
            counts.large += 1
            counts.large_bytes += len(data)
        if self._outage(now) or (at.no_udp and _is_udp(data)):
            counts.cut += 1
            return
        if self._loss and self._is_lost():
            counts.lost += 1
            return
        wait = self._free - now
        if wait <= 0:
            wait, self._free = 0.0, now
        elif self._pace.carried(now, self._free) > self._room:
            counts.overflowed += 1
            return
        counts.queued += 1
        counts.queueing += wait
        self._free = self._pace.finish(self._free, size * 8.0)
        extra, ordered = 0.0, at.keeps_order
        if at.jitter:
            extra = self._jitter(now)
        if at.reorder and draw() < at.reorder:
            counts.held_back += 1
            extra, ordered = extra + at.reorder_by, False
        self._schedule(data, extra, ordered)
        if at.duplicate and draw() < at.duplicate:
            counts.doubled += 1
            self._schedule(data, extra, ordered)

    def take(self, *, now: float) -> list[bytes]:
        """What has arrived by now, in the order of arrival."""
        due = []
        while self._in_order and self._in_order[0].due <= now:
            if self._loose and self._loose[0] < self._in_order[0]:
                due.append(heapq.heappop(self._loose).data)
            else:
                due.append(self._in_order.popleft().data)
        while self._loose and self._loose[0].due <= now:
            due.append(heapq.heappop(self._loose).data)
        self.counts.delivered += len(due)
        self.counts.delivered_bytes += sum(map(len, due)) + len(due) * self._conditions.overhead
        return due

    def _set(self, conditions: Conditions, now: float) -> None:
        self._conditions = conditions
        self._began = now
        self._pace: Pace = Stepped(conditions.steps, now) if conditions.steps else Steady(conditions.rate or math.inf)
        self._room = conditions.buffer * self._pace.mean
        """Bits that may wait."""
        self._loss = conditions.loss
        self._bad = False
        """Gilbert's state."""
        self._jitter_until = -math.inf
        self._jitter_now = 0.0

    def _outage(self, now: float) -> bool:
        at = self._conditions
        return at.down or any(start <= now - self._began < end for start, end in at.outages)

    def _is_lost(self) -> bool:
        """Gilbert's model: the bad state is left with 1/burst at each packet, and entered so that the shares are kept
        (E. N. Gilbert, Capacity of a burst-noise channel, 1960, with h = 0)."""
        burst, draw = self._conditions.burst, self._random.random()
        if burst <= 1.0:
            return draw < self._loss
        if self._bad:
            self._bad = draw >= 1.0 / burst
        else:
            self._bad = draw < self._loss / (1.0 - self._loss) / burst
        return self._bad

    def _jitter(self, now: float) -> float:
        at = self._conditions
        if now >= self._jitter_until:
            self._jitter_until = now + at.jitter_every
            self._jitter_now = self._random.uniform(-at.jitter, at.jitter)
        return self._jitter_now

    def _schedule(self, data: bytes, extra: float, ordered: bool) -> None:
        self._number += 1
        due = max(self._free, self._free + self._conditions.delay + extra)
        if ordered:
            due = self._last_due = max(due, self._last_due)
            self._in_order.append(_Packet(due, self._number, data, self._free, extra, True))
        else:
            heapq.heappush(self._loose, _Packet(due, self._number, data, self._free, extra, False))


def _is_udp(packet: bytes) -> bool:
    return len(packet) > 9 and packet[9] == UDP
