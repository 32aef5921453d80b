"""A line in software, packet by packet: what it loses, delays, doubles and queues, with one seed for all of it.

    Simulation ── Flow (our sender and a receiver like Chromium's) ─┐
               └─ Cubic (a TCP flow beside it) ─────────────────────┴─ one Bottleneck ─ delay, loss, order

Times are seconds, sizes bytes on the wire, rates bytes a second.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from courtcast.deliver.sctp.outbox import Chunk
from courtcast.deliver.sctp.sender import Sender
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.sctp.trace import Trace
from courtcast.deliver.sctp.wire import Sack

MEGABIT = 125_000
AROUND = 107
"""Bytes around the user data of a full packet: Ethernet, IP, UDP, DTLS, SCTP."""
ACK_SIZE = 110
GAPS_REPORTED = 20
WINDOW = 4_700_000
DELAYED_SACK = 0.2


@dataclass
class Bursty:
    """Gilbert–Elliott: good and bad spells; in a bad one everything is lost."""

    rate: float
    length: float
    """Mean of a bad spell, in packets."""
    bad: bool = False

    def loses(self, chance: random.Random) -> bool:
        leave = 1 / self.length
        enter = self.rate * leave / (1 - self.rate)
        self.bad = chance.random() >= leave if self.bad else chance.random() < enter
        return self.bad


@dataclass
class Line:
    """What one way of the line does. `delay` is of this way alone."""

    rate: float = 40 * MEGABIT
    delay: float = 0.015
    buffer: float = 0.2
    """Seconds of queue until it drops."""
    loss: float = 0.0
    burst: float = 0.0
    """Mean length of a burst of losses; 0: each packet for itself."""
    jitter: float = 0.0
    """Up to so much later than `delay`, evenly; the order stays unless `swaps` …"""
    jitter_every: float = 0.0
    """… drawn anew after so many seconds; 0: for every packet."""
    swaps: bool = False
    reorder: float = 0.0
    """Share of packets that are `late` seconds late."""
    late: float = 0.005
    duplicate: float = 0.0
    outage: tuple[float, float] = (-1.0, -1.0)
    """From, to: everything is lost."""
    rates: list[tuple[float, float]] = field(default_factory=list)
    """(from, rate): changes of the rate."""


class Simulation:
    """Events in order of time."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, time: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), what))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = until


class Way:
    """One way: a queue that drops its end, then the delay and what happens in it."""

    def __init__(self, simulation: Simulation, line: Line) -> None:
        self.simulation, self.line = simulation, line
        self.free_at = 0.0
        self.dropped = self.lost = self.carried = 0
        self.queueing = 0.0
        """Sum over all packets carried, in seconds."""
        self._bursty = Bursty(line.loss, line.burst) if line.burst else None
        self._last = 0.0
        self._drawn = self._extra = 0.0

    def send(self, size: int, arrive: Callable[[], None]) -> None:
        simulation, line = self.simulation, self.line
        now, chance = simulation.now, simulation.random
        rate = line.rate
        for since, other in line.rates:
            if now >= since:
                rate = other
        if line.outage[0] <= now < line.outage[1]:
            self.lost += 1
            return
        wait = max(0.0, self.free_at - now)
        if wait > line.buffer:
            self.dropped += 1
            return
        self.carried += 1
        self.queueing += wait
        self.free_at = now + wait + size / rate
        if self._bursty.loses(chance) if self._bursty else line.loss and chance.random() < line.loss:
            self.lost += 1
            return
        at = self.free_at + line.delay
        if line.jitter:
            if now >= self._drawn + line.jitter_every:
                self._drawn, self._extra = now, chance.random() * line.jitter
            at += self._extra
        if not line.swaps:
            at = self._last = max(at, self._last)
        if line.reorder and chance.random() < line.reorder:
            at += line.late
        simulation.at(at, arrive)
        if line.duplicate and chance.random() < line.duplicate:
            simulation.at(at + 0.001, arrive)


class Receiver:
    """As dcSCTP acknowledges: every second packet, at once while there are gaps, 20 gap blocks at most."""

    def __init__(self, simulation: Simulation, first_tsn: int, answer: Callable[[Sack], None]) -> None:
        self.simulation, self.answer = simulation, answer
        self.cumulative = first_tsn - 1
        self.blocks: list[list[int]] = []
        self.duplicates = 0
        self.got: list[Chunk] = []
        self.arrivals: dict[int, float] = {}
        self.window = WINDOW
        self._pending = 0
        self._timer = 0

    def packet(self, chunks: list[Chunk]) -> None:
        at_once = False
        for chunk in chunks:
            at_once = self._take(chunk) or at_once
        self._pending += 1
        if at_once or self.blocks or self._pending >= 2:
            self._acknowledge()
        else:
            self._timer += 1
            number = self._timer
            self.simulation.at(self.simulation.now + DELAYED_SACK, lambda: self._late(number))

    def _take(self, chunk: Chunk) -> bool:
        tsn = chunk.tsn
        if tsn <= self.cumulative or any(first <= tsn <= last for first, last in self.blocks):
            self.duplicates += 1
            return True
        self.got.append(chunk)
        self.arrivals[tsn] = self.simulation.now
        if tsn == self.cumulative + 1:
            self.cumulative = tsn
            if self.blocks and self.blocks[0][0] == tsn + 1:
                self.cumulative = self.blocks.pop(0)[1]
        else:
            self._insert(tsn)
        return bool(chunk.data[1] & 0x08)

    def _insert(self, tsn: int) -> None:
        blocks = self.blocks
        at = len(blocks)
        while at and blocks[at - 1][0] > tsn:
            at -= 1
        before = at and blocks[at - 1][1] == tsn - 1
        after = at < len(blocks) and blocks[at][0] == tsn + 1
        if before and after:
            blocks[at - 1][1] = blocks.pop(at)[1]
        elif before:
            blocks[at - 1][1] = tsn
        elif after:
            blocks[at][0] = tsn
        else:
            blocks.insert(at, [tsn, tsn])

    def _late(self, number: int) -> None:
        if number == self._timer and self._pending:
            self._acknowledge()

    def _acknowledge(self) -> None:
        self._pending = 0
        self._timer += 1
        gaps = tuple((first, last) for first, last in self.blocks[:GAPS_REPORTED])
        duplicates, self.duplicates = self.duplicates, 0
        self.answer(Sack(self.cumulative, self.window, gaps, duplicates))


class Flow:
    """Our sender, always with something to send until `stop`, and its receiver at the other end of two ways."""

    def __init__(
        self,
        simulation: Simulation,
        there: Way,
        back: Way,
        *,
        rtt: float | None = None,
        trace: Trace | None = None,
        seed: int = 1,
        start: float = 0.0,
        tick: float = 0.0,
        message: int = 16_408,
        most: int | None = None,
        siblings: Siblings | None = None,
    ) -> None:
        """`tick`: how late a timer of ours may fire; `most`: bytes to send in all."""
        self.simulation, self.there, self.back = simulation, there, back
        first = 1000
        least = there.line.delay + back.line.delay + 0.0005
        self.sender = Sender(
            first_tsn=first,
            window=WINDOW,
            rtt=least if rtt is None else rtt,
            now=start,
            trace=trace,
            seed=seed,
            siblings=siblings,
        )
        self.receiver = Receiver(simulation, first, self._sacked)
        self.message, self.most, self.given = message, most, 0
        self.tick_late = tick
        self.stop = float("inf")
        self._timer = 0
        simulation.at(start, self._go)

    def goodput(self, since: float, until: float) -> float:
        """Bits of user data a second that arrived between two times."""
        arrivals = self.receiver.arrivals
        sizes = {chunk.tsn: chunk.size for chunk in self.receiver.got}
        return 8 * sum(sizes[tsn] for tsn, at in arrivals.items() if since <= at < until) / (until - since)

    def _sacked(self, sack: Sack) -> None:
        self.back.send(ACK_SIZE + 4 * len(sack.gaps), lambda: self._on_sack(sack))

    def _on_sack(self, sack: Sack) -> None:
        self.sender.sack(sack, self.simulation.now)
        self._go()

    def _go(self) -> None:
        now, sender = self.simulation.now, self.sender
        while sender.waiting < 4 * self.message and now < self.stop and (self.most is None or self.given < self.most):
            size = self.message if self.most is None else min(self.message, self.most - self.given)
            self.given += size
            sender.send(1, 53, bytes(size))
        for packet in sender.packets(now):
            size = sum(len(chunk.data) for chunk in packet) + AROUND - 16
            self.there.send(size, partial(self.receiver.packet, packet))
        deadline = sender.deadline
        if deadline is not None:
            self._timer += 1
            number = self._timer
            late = self.simulation.random.random() * self.tick_late
            self.simulation.at(max(now, deadline) + late, lambda: self._tick(number))

    def _tick(self, number: int) -> None:
        if number == self._timer:
            self.sender.tick(self.simulation.now)
            self._go()


class Cubic:
    """A TCP flow with CUBIC (RFC 9438), HyStart++ in start-up, loss found by three later ones; its own 1448 bytes."""

    SIZE = 1514
    DATA = 1448
    C, BETA = 0.4, 0.7

    def __init__(self, simulation: Simulation, there: Way, back: Way, *, start: float = 0.0) -> None:
        self.simulation, self.there, self.back = simulation, there, back
        self.window = 10.0
        self.threshold = float("inf")
        self.next = 0
        self.out: dict[int, float] = {}
        self.arrived: list[tuple[float, int]] = []
        self._most = 0.0
        self._epoch: float | None = None
        self._origin = self._k = self._reno = 0.0
        self._recover = -1
        self._least = self._srtt = 0.0
        self._round_end = 0
        self._round_least = self._last_least = float("inf")
        self._heard = 0.0
        simulation.at(start, self._send)
        simulation.at(start + 0.3, self._watch)

    def goodput(self, since: float, until: float) -> float:
        return 8 * sum(size for at, size in self.arrived if since <= at < until) / (until - since)

    def _send(self) -> None:
        while len(self.out) < self.window:
            number, self.next = self.next, self.next + 1
            self.out[number] = self.simulation.now
            self.there.send(self.SIZE, partial(self._arrive, number))

    def _arrive(self, number: int) -> None:
        self.arrived.append((self.simulation.now, self.DATA))
        self.back.send(66, lambda: self._acknowledged(number))

    def _acknowledged(self, number: int) -> None:
        sent = self.out.pop(number, None)
        if sent is None:
            return
        now = self.simulation.now
        rtt = now - sent
        self._heard = now
        self._least = min(self._least or rtt, rtt)
        self._srtt = self._srtt * 0.875 + rtt * 0.125 if self._srtt else rtt
        lost = list(itertools.takewhile(lambda n: n < number - 3, self.out))
        for other in lost:
            del self.out[other]
        if lost and lost[-1] > self._recover:
            self._recover = self.next
            self._most = self.window * (1 + self.BETA) / 2 if self.window < self._most else self.window
            self.window = max(2.0, self.window * self.BETA)
            self.threshold = self.window
            self._epoch = None
        elif number > self._recover:
            self._grow(rtt, number, now)
        self._send()

    def _grow(self, rtt: float, number: int, now: float) -> None:
        if self.window < self.threshold:
            self.window += 1
            self._round_least = min(self._round_least, rtt)
            if number >= self._round_end:
                if self._round_least > self._last_least + min(0.016, max(0.004, self._last_least / 8)):
                    self.threshold = self.window
                self._last_least, self._round_least = self._round_least, float("inf")
                self._round_end = self.next
            return
        if self._epoch is None:
            self._epoch, self._reno = now, self.window
            self._origin = max(self._most, self.window)
            self._k = ((self._origin - self.window) / self.C) ** (1 / 3)
        elapsed = now - self._epoch + self._srtt
        target = self._origin + self.C * (elapsed - self._k) ** 3
        self._reno += 3 * (1 - self.BETA) / (1 + self.BETA) / self.window
        target = min(max(target, self._reno), 1.5 * self.window)
        if target > self.window:
            self.window += (target - self.window) / self.window

    def _watch(self) -> None:
        now = self.simulation.now
        if self.out and now - self._heard > max(0.3, 2 * self._srtt):
            self.out.clear()
            self.threshold, self.window = max(2.0, self.window / 2), 2.0
            self._epoch, self._heard = None, now
            self._send()
        self.simulation.at(now + 0.1, self._watch)


def alone(
    line: Line,
    *,
    seconds: float,
    back: Line | None = None,
    seed: int = 1,
    trace: Trace | None = None,
    tick: float = 0.002,
) -> tuple[Flow, Way]:
    """Our sender alone on a line; `back` is like it, with a rate that is never short, where it is not given."""
    simulation = Simulation(seed)
    there = Way(simulation, line)
    other = back or Line(
        rate=line.rate,
        delay=line.delay,
        buffer=1.0,
        loss=line.loss,
        burst=line.burst,
        jitter=line.jitter,
        jitter_every=line.jitter_every,
        swaps=line.swaps,
        outage=line.outage,
    )
    flow = Flow(simulation, there, Way(simulation, other), trace=trace, seed=seed, tick=tick)
    simulation.run(seconds)
    return flow, there
