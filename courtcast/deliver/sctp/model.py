"""How wide and how long the line is, and how much stands in its queue: measured once a round.

A *round* begins with a packet sent and ends when one sent later than that is acknowledged (draft-ietf-ccwg-bbr, "round
trips"), but lasts `ROUND_LEAST` at the shortest: over a round of ten packets, SACKs for every second one and a little
jitter make the rate a lottery. Its delivery rate is what arrived in it over the longer of the time in which that
arrived and the time in which it was sent (the same draft, "delivery rate samples"). The bandwidth is the best of the
last `ROUNDS` rounds. Rounds end at SACKs that tell everything, so that what they count is exact at both ends; only
where none of these comes for long, at another.

The line's own round trip is the least that was seen in `MEMORY`. What the least round trip of a round is above it
stands in a queue, ours or somebody else's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

ROUND_LEAST: Final = 0.025
"""Seconds: twenty SACKs at 20 Mb/s."""
ROUNDS: Final = 10
"""Rounds of which the best one counts: a cycle of probing and a little more."""
MEMORY: Final = 60.0
"""Seconds after which the line's own round trip is believed no more. Long, since beside a flow that fills the queue it
cannot be seen, and cables do not grow."""
PARTIAL_ROUND: Final = 2.5
"""Round trips, until a round ends at whatever SACK there is."""
JITTER_GAIN: Final = 1 / 64
JITTER_MOST: Final = 0.05
"""Seconds: a line that stood still for a while does not jitter."""
WOBBLE_GAIN: Final = 1 / 16
RECENT: Final = 3
LOSS_GAIN: Final = 1 / 8
LOSS_MOST: Final = 0.08
"""Share of packets, at most, for which we send more than we want to arrive."""


@dataclass(slots=True)
class Round:
    """What one round has shown. Rates bytes a second, times seconds."""

    number: int
    rate: float
    queueing: float
    """Least round trip of the round above the line's own."""
    loss: float
    """Given up in it, as a share of what was sent in it."""
    limited: bool
    """We had nothing to send in between: the rate says nothing about the line unless it is a high one."""
    ended: float
    lasted: float
    partial: bool
    """It ended at a SACK that does not tell everything, since none that does has come for long: its rate is right only
    in the mean, its queue is not known."""


class Model:
    """`acknowledged` at each SACK; a Round comes back where one has ended."""

    def __init__(self, rtt: float | None, now: float) -> None:
        self.least = rtt
        """The line's own round trip."""
        self.least_at = now
        self.bandwidth = 0.0
        self.jitter = 0.0
        """Mean difference of two round trips that follow each other (RFC 3550 §6.4.1 has it for one way)."""
        self.wobble = 0.0
        """Mean difference of the queues of two rounds that follow each other, while we send evenly: what delays packets
        for longer than a moment, and is no queue of ours."""
        self.recent: deque[float] = deque(maxlen=RECENT)
        """Rates of the last rounds."""
        self.loss = 0.0
        """Share of packets lost while no queue stood: what the line itself loses."""
        self.rounds = 0
        self.last: Round | None = None
        self._rates: deque[tuple[int, float]] = deque()
        """(round, rate), falling rates."""
        self._begun: float | None = None
        self._sent_mark = 0.0
        """A packet sent at this time or later ends the round."""
        self._first_sent = 0.0
        """When the newest packet was sent that had arrived at its beginning."""
        self._delivered = self._sent = self._lost = 0
        self._least_rtt = float("inf")
        self._limited = False
        self._hidden = False
        """The round began at a SACK that did not tell everything."""
        self._last_rtt = 0.0
        self._most, self._most_until = 0.0, 0

    @property
    def queueing(self) -> float:
        return 0.0 if self.last is None else self.last.queueing

    @property
    def rate(self) -> float:
        """Of the last round."""
        return 0.0 if self.last is None else self.last.rate

    def round_trip(self, rtt: float, now: float) -> None:
        """One sample."""
        if self._last_rtt:
            self.jitter += (min(abs(rtt - self._last_rtt), JITTER_MOST) - self.jitter) * JITTER_GAIN
        self._last_rtt = rtt
        self._least_rtt = min(self._least_rtt, rtt)
        if self.least is None or rtt <= self.least:
            self.least, self.least_at = rtt, now

    def starved(self) -> None:
        """There was nothing to send although there was room."""
        self._limited = True

    def acknowledged(
        self, newest_sent: float, *, delivered: int, sent: int, lost: int, partial: bool, srtt: float, now: float
    ) -> Round | None:
        """`delivered`, `sent` and `lost` are totals in bytes; `newest_sent`: when the packet that was sent last, of all
        that have arrived, was sent."""
        if self._begun is None or (self._hidden and not partial):
            # What arrived unreported would count as if it had arrived now.
            self._begin(newest_sent, delivered, sent, lost, now)
            self._hidden = partial
            return None
        lasted = now - self._begun
        if lasted < ROUND_LEAST or delivered <= self._delivered:
            return None
        if partial:
            if lasted < PARTIAL_ROUND * max(srtt, ROUND_LEAST):
                return None
        elif newest_sent < self._sent_mark:
            return None
        took = lasted if partial else max(lasted, newest_sent - self._first_sent)
        rate = (delivered - self._delivered) / took
        queueing = 0.0 if self.least is None or self._least_rtt > 1e6 else max(0.0, self._least_rtt - self.least)
        loss = min(1.0, (lost - self._lost) / max(1, sent - self._sent))
        self.rounds += 1
        self.recent.append(rate)
        self.last = Round(self.rounds, rate, queueing, loss, self._limited, now, lasted, partial)
        self._keep(rate)
        self._begin(newest_sent, delivered, sent, lost, now)
        self._hidden = partial
        return self.last

    def forget(self, bandwidth: float, *, most_for: int = 0) -> None:
        """What was measured before counts no more; this does. `most_for`: rounds that may not show more: what was sent
        before is still arriving."""
        self._most, self._most_until = bandwidth, self.rounds + most_for
        self._rates.clear()
        self._rates.append((self.rounds, bandwidth))
        self.bandwidth = bandwidth

    def forget_least(self, rtt: float, now: float) -> None:
        """The line is as long as this."""
        self.least, self.least_at = rtt, now

    def even(self, before: Round, after: Round) -> None:
        """Two rounds in which we sent evenly."""
        self.wobble += (min(abs(after.queueing - before.queueing), JITTER_MOST) - self.wobble) * WOBBLE_GAIN

    def lose(self, share: float) -> None:
        """What one round lost in which no queue stood."""
        self.loss += (min(share, 2 * LOSS_MOST) - self.loss) * LOSS_GAIN

    def _begin(self, newest_sent: float, delivered: int, sent: int, lost: int, now: float) -> None:
        self._begun, self._sent_mark, self._first_sent = now, now, newest_sent
        self._delivered, self._sent, self._lost = delivered, sent, lost
        self._least_rtt, self._limited = float("inf"), False

    def _keep(self, rate: float) -> None:
        last = self.last
        assert last is not None
        rates = self._rates
        if last.number <= self._most_until:
            rate = min(rate, self._most)
        if last.limited and rate < self.bandwidth:
            # An idle round says nothing: what was known before ages no further.
            self._rates = deque((number + 1, known) for number, known in rates)
            return
        while rates and rates[-1][1] <= rate:
            rates.pop()
        rates.append((last.number, rate))
        while rates[0][0] <= last.number - ROUNDS:
            rates.popleft()
        self.bandwidth = rates[0][1]
