"""How fast to send beside a flow that fills the queue until it overflows, as TCP's CUBIC does (RFC 9438).

Whoever keeps the queue short beside such a flow starves; whoever fills it too starves the other where the buffer is
shallow. So the line is shared by what it carries: we send half of it, whatever the queue does. What it carries cannot
be seen from our own rate any more, but from how the queue answers when we send less: while we send half of what we
did, for a time T, the queue shortens by `share × T / 2` seconds, where `share` is our part of what passes. Such a *dip*
is made about once a second; in place of T/2 stands what was really held back.

Where the queue goes altogether, or all that passes is ours, there is no rival. Where losses go on in spite of it there
are more of our kind: then less is sent, and more again bit by bit, up to the half.
"""

from __future__ import annotations

from collections import deque
from statistics import mean, median
from typing import Final

from courtcast.deliver.sctp.model import Round
from courtcast.deliver.sctp.trace import Trace
from courtcast.deliver.sctp.wire import CHUNK_MOST

HALF: Final = 0.5
DIP: Final = 0.5
"""Of our rate, that is sent in a dip."""
DIP_LASTS: Final = 0.08
"""Seconds: the answer is 20 ms of queue when half of the line is ours, ten times the noise of a round trip."""
LOOK: Final = 0.02
"""Seconds of round trips that are averaged on either side …"""
LOOK_PACKETS: Final = 16
"""… or the time that so many packets take, half of which bring a SACK."""
LOOK_LEAST: Final = 3
EVERY: Final = 1.0
"""Seconds from one dip to the next, …"""
EVERY_FIRST: Final = 0.25
"""… and for as long as there are fewer than `KEPT` answers."""
KEPT: Final = 3
"""Answers, of which the median counts."""
ALONE: Final = 0.85
"""Share from which on nobody else is there."""
FASTER: Final = 2.0
SLOWER: Final = 0.7
"""What one answer may make of our rate: at a share of a tenth, an answer is mostly noise."""
BLIND: Final = 1.2
"""What a dip without an answer makes of it."""
TOO_MUCH: Final = 0.04
"""Share of packets lost in a round, above what the line itself loses, above which there is too much of everybody."""
LESS: Final = 0.85
MORE: Final = 0.01
"""Of the line, each round without that: so that several of our kind come to have the same (Chiu and Jain 1989)."""
CROWDED: Final = 3.0
"""Seconds for which a line is taken to be shared by many."""
RATE_LEAST: Final = 20 * CHUNK_MOST
"""Bytes a second."""


class Rival:
    """Rates in bytes a second, times in seconds."""

    def __init__(self, trace: Trace) -> None:
        self.goal = 0.0
        """What to send."""
        self.capacity = 0.0
        """What the whole line carries, we and the others."""
        self.alone = False
        """The last dips found nobody else."""
        self._trace = trace
        self._eased = -CROWDED
        """When there was too much of everybody."""
        self._answers: deque[float] = deque(maxlen=KEPT)
        self._rate = 0.0
        """What passed of ours before the dip."""
        self._look = LOOK
        self._from = self._to = self._next = 0.0
        self._before: deque[tuple[float, float]] = deque(maxlen=1024)
        self._after: list[float] = []
        self._lossy = 0
        """Rounds in a row."""
        self._spoilt = False
        """Something was lost around the dip: the queue was full, and could not show what it would."""

    def meet(self, wide: float, rate: float, now: float) -> None:
        """A rival has come. `wide`: what the line carried lately, for us alone; `rate`: what passes of ours now."""
        self.capacity = max(wide, rate)
        self.goal = max(self.capacity * HALF, rate, RATE_LEAST)
        self.alone = False
        self._answers.clear()
        self._before.clear()
        self._to, self._lossy = 0.0, 0
        self._next = now + EVERY_FIRST

    def rate(self, *, dip: bool) -> float:
        """What to send."""
        return self.goal * DIP if dip else self.goal

    def sample(self, rtt: float, sent: float) -> None:
        """A round trip of a packet that was sent at `sent`."""
        if not self._to or sent <= self._from:
            self._before.append((sent, rtt))
        elif self._to <= sent <= self._to + self._look:
            self._after.append(rtt)

    def turn(self, round_: Round, loss: float, now: float) -> bool:
        """A round has ended; `loss` is the line's own. Whether it is time for a dip."""
        if round_.loss > loss + TOO_MUCH:
            self._spoilt = True
            self._lossy += 1
            if self._lossy > 1:
                self.goal = max(RATE_LEAST, self.goal * LESS)
                self._eased = now
        else:
            self._lossy = 0
            if self.goal < self.capacity * HALF:
                self.goal = min(self.capacity * HALF, self.goal + self.capacity * MORE)
        if self._to:
            if now > self._to + self._look + round_.lasted + 0.05:
                self._answer(now)
            return False
        if now < self._next:
            return False
        self._rate = round_.rate
        self._look = max(LOOK, LOOK_PACKETS * CHUNK_MOST / max(self.goal, RATE_LEAST))
        self._from, self._to = now, now + max(DIP_LASTS, 2 * self._look)
        self._after, self._spoilt = [], round_.loss > loss + TOO_MUCH
        return True

    def dipped(self, now: float) -> bool:
        """The dip is over."""
        return now >= self._to

    def _answer(self, now: float) -> None:
        length = self._to - self._from
        before = [rtt for sent, rtt in self._before if sent > self._from - self._look]
        earlier = [rtt for sent, rtt in self._before if self._from - length - self._look < sent <= self._from - length]
        self._to, self._next = 0.0, now + (EVERY if len(self._answers) == KEPT else EVERY_FIRST)
        self._before.clear()
        if self._spoilt or min(len(before), len(self._after)) < LOOK_LEAST:
            if not self._spoilt:
                self.goal *= BLIND
            return
        at = mean(before)
        slope = at - mean(earlier) if len(earlier) >= LOOK_LEAST else 0.0
        share = (at + max(-0.02, min(0.02, slope)) - mean(self._after)) / (length * (1 - DIP))
        capacity = self._rate / max(share, 0.05)
        if self._trace.on:
            self._trace.event("dip", now, share=share, capacity=capacity)
        self._answers.append(capacity)
        self.capacity = median(self._answers)
        self.alone = share >= ALONE and self._rate >= ALONE * self.capacity
        goal = self.capacity * HALF
        if goal < self.goal:
            self.goal = max(RATE_LEAST, goal, self.goal * SLOWER)
        elif now - self._eased > CROWDED:
            self.goal = min(goal, self.goal * FASTER)
