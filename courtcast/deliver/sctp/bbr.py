"""How fast to send: the model of the line is what decides, not each loss (in the line of BBR, draft-ietf-ccwg-bbr).

    startup ─▶ drain ─▶ cruise ⇄ up/down        probe-rtt from anywhere
                          ⇅
                    share ⇄ dip                  beside a flow that fills the queue (`rival`)

*startup* doubles the rate each round until it brings no more, or until a queue stands (HyStart++, RFC 9406 §4.2). *up*
asks for a quarter more for one round and waits a round for the answer; where there was more, it asks again and bolder.
*down* gives back what stands in the queue since. *cruise* sends what the line carries, and goes down at once where the
queue has grown beyond `GUARD`: a deep buffer never fills. The draft's BBR goes by loss where this goes by the queue:
our lines lose packets at random, up to every thirtieth, and that must not slow us down.

Rates are bytes of user data a second, times seconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from courtcast.deliver.sctp.model import MEMORY, Model, Round
from courtcast.deliver.sctp.rival import Rival
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.sctp.trace import Trace
from courtcast.deliver.sctp.wire import CHUNK_MOST

State = Literal["startup", "drain", "cruise", "up", "measure", "down", "probe-rtt", "share", "dip"]

GAIN_STARTUP: Final = 2.77
"""The draft's: the least that doubles the rate each round."""
GAIN_DRAIN: Final = 0.5
GAIN_UP: Final = 1.25
GAIN_REGAIN: Final = 0.15
"""Of the whole line, that is asked for in an *up*: the same for everybody on it."""
SHARE_LEAST: Final = 0.1
SHARE_GAIN: Final = 1 / 8
GIVES_MORE: Final = 0.85
"""Of the rate, that is kept at least by who has more than its siblings on the same line."""
TOLD: Final = 2
"""Rounds, until what arrives was sent after that."""
GAIN_BOLD: Final = 2.0
GAIN_DOWN: Final = 0.75
GROWN: Final = 1.25
"""Of the rate, that a round of start-up has to bring, else it is full after `FLAT` such rounds."""
FLAT: Final = 3
LOSSY: Final = 0.15
"""Share lost in a round of start-up that says that it went too far."""
FOUND: Final = 1.08
"""Of the rate, that an *up* has to bring to be repeated."""
CRUISE: Final = (4, 7)
"""Rounds between two *ups*, drawn at random so that two flows do not probe in step."""
GUARD: Final = 0.008
"""Seconds of queue that may stand, …"""
GUARD_SHARE: Final = 0.125
"""… and of the line's own round trip (HyStart++'s measure)."""
GUARD_MOST: Final = 0.016
NOISE: Final = 4.0
"""Times the jitter that no round trip of a round may be without, on a line that keeps the order of packets: one that is
late makes those behind it late too."""
WOBBLE: Final = 3.0
DOWN_MOST: Final = 3
"""Rounds of *down*: a queue that does not go by then is not ours."""
GIVES: Final = 0.9
"""Of the rate, that is kept at least when a queue has grown: a receiver that was away for a moment looks like one.
Where the line has really become thinner, *down* will show."""
PASSES: Final = 0.9
"""Of what we send, that has to arrive in a round of *down* for the line to be as wide as we think."""
SHRINKS: Final = 0.7
"""Times what it was: a queue that has become so much shorter will go, it only takes longer."""
PROBE_RTT_AFTER: Final = 10.0
"""Seconds without having seen the line without a queue."""
PROBE_RTT: Final = 0.2
"""Seconds, and a round: the draft's. The flight is half of what the line holds."""
SLACK: Final = 0.04
"""Seconds of sending by which the window is larger than twice what the line holds: SACKs that come in bunches, and
jitter. The pacing is what keeps the queue short."""
WINDOW_LEAST: Final = 10 * CHUNK_MOST
"""RFC 6928."""


@dataclass(slots=True)
class Limits:
    """What comes out."""

    rate: float
    window: int


class Bbr:
    """`round_ended` and `acknowledged` in, `limits` out."""

    def __init__(self, model: Model, trace: Trace, now: float, *, seed: int, siblings: Siblings | None = None) -> None:
        self.state: State = "startup"
        self.model = model
        self.limits = Limits(0.0, WINDOW_LEAST)
        self._rival = Rival(trace)
        self._trace = trace
        self._siblings = siblings or Siblings()
        self._flow = self._siblings.join()
        self._random = random.Random(seed)  # noqa: S311 (no secret)
        self._since_round = 0
        self._until = 0
        self._even: Round | None = None
        """The last round, if we sent evenly in it."""
        self._best = 0.0
        self._flat = 0
        self._gain = GAIN_UP
        self._before = 0.0
        self._least_rtt = float("inf")
        """Since the last dip began."""
        self._stuck = 0
        """How often in a row a queue did not go although we went down."""
        self._stood = 0.0
        """The queue in the first round, which was there before us."""
        self._queue_was = 0.0
        """How much stood in the queue when we began to go down."""
        self._probe_rtt_done = 0.0
        self._clear_at = now
        """When the line was last seen without a queue, …"""
        self._wide = 0.0
        self._share_seen = 1.0
        """Our part of what passes, as far as asking for more has shown."""
        self._was = 0.0
        """What passed before we asked."""
        """… and what it carried then."""
        self._set(now)

    @property
    def holds(self) -> float:
        """Bytes that the line holds without a queue."""
        return self.model.bandwidth * (self.model.least or 0.0)

    @property
    def guard(self) -> float:
        """Seconds of queue above which it is given back."""
        return min(GUARD_MOST, max(GUARD, GUARD_SHARE * (self.model.least or 0.0))) + self._noise

    @property
    def clear(self) -> float:
        """Seconds of queue that count as none."""
        return min(GUARD_MOST, max(GUARD, GUARD_SHARE * (self.model.least or 0.0))) / 2 + self._noise

    @property
    def _noise(self) -> float:
        """What jitter alone may look like."""
        return max(NOISE * self.model.jitter, WOBBLE * self.model.wobble)

    def sample(self, rtt: float, sent: float, now: float) -> None:
        """One round trip, of a packet that was sent at `sent`."""
        self.model.round_trip(rtt, now)
        if self.state in ("share", "dip"):
            self._least_rtt = min(self._least_rtt, rtt)
            self._rival.sample(rtt, sent)

    def acknowledged(self, in_flight: int, now: float) -> None:
        """After each SACK: the states that end when enough has drained."""
        state = self.state
        if state in ("cruise", "startup"):
            return
        if state in ("drain", "down") and in_flight <= self.holds + self.model.bandwidth * self._noise:
            self._cruise(now, "drained")
        elif state == "probe-rtt" and now >= self._probe_rtt_done:
            self._clear_at = now
            self._cruise(now, "seen")
        elif state == "dip" and self._rival.dipped(now):
            self._enter("share", now, "dipped")
            self._set(now)

    def round_ended(self, round_: Round, *, now: float) -> None:
        """Where most is decided."""
        model, queueing = self.model, round_.queueing
        if round_.partial:
            self._too_many_holes(round_, now)
            return
        if queueing <= self.clear:
            self._clear_at = now
            self._wide = model.bandwidth
            model.lose(round_.loss)
            self._stuck = 0
        self._tell(round_, now)
        rounds = round_.number - self._since_round
        match self.state:
            case "startup":
                self._look_full(round_, now)
            case "drain":
                if rounds >= DOWN_MOST:
                    self._not_drained(round_, now)
            case "cruise":
                if self._even is not None:
                    model.even(self._even, round_)
                self._even = round_
                if queueing > self.guard and rounds >= 2:
                    self._give_back(now)
                    self._enter("down", now, "queue")
                elif now - self._clear_at > PROBE_RTT_AFTER or now - model.least_at > MEMORY:
                    self._probe_rtt(now)
                elif rounds >= self._until and not round_.limited:
                    self._before, self._was, self._gain = model.bandwidth, round_.rate, self._first_gain(now)
                    self._enter("up", now, "turn")
            case "up":
                self._enter("measure", now, "asked")
            case "measure":
                self._look_found(round_, now)
            case "down":
                if rounds >= DOWN_MOST:
                    self._not_drained(round_, now)
            case "share":
                self._share(round_, now)
            case _:
                pass
        self._set(now)

    def partial(self, now: float) -> None:
        """So many holes that the other side does not name them all: start-up went too far."""
        if self.state == "startup":
            self._enter("drain", now, "holes")
            self._set(now)

    def _too_many_holes(self, round_: Round, now: float) -> None:
        """For several round trips the other side could not name all that it lacks: much is lost, so we send too much.
        What passes is known from below, since more may have arrived than is reported: a quarter less each time."""
        self.model.forget(max(round_.rate, GAIN_DOWN * self.model.bandwidth))
        if self.state == "probe-rtt":
            return
        self._enter("down", now, "holes")
        self._set(now)

    def _look_full(self, round_: Round, now: float) -> None:
        if round_.number == 1:
            self._stood = round_.queueing
        if round_.limited or round_.number <= 2:
            return  # the first flight's packets go all at once, and say nothing about growth
        if round_.rate >= self._best * GROWN:
            self._best, self._flat = round_.rate, 0
        else:
            self._flat += 1
        if self._flat >= FLAT or (self._flat and round_.loss > LOSSY):
            self._enter("drain", now, "plateau")
        elif self._flat and round_.queueing > self.clear:
            self._enter("drain", now, "queue")

    def _tell(self, round_: Round, now: float) -> None:
        flow = self._flow
        flow.bandwidth, flow.ended = self.model.bandwidth, now
        flow.queued, flow.busy = round_.queueing > self.clear, not round_.limited

    def _first_gain(self, now: float) -> float:
        """Who has less than it had asks for more: so of two, the one with the smaller part gains on the other."""
        share, others = self._share_seen, self._siblings.together(self._flow, now)
        if others:
            share = max(SHARE_LEAST, self.model.bandwidth / (self.model.bandwidth + sum(others)))
        return min(GAIN_BOLD, 1 + GAIN_REGAIN / share)

    def _give_back(self, now: float) -> None:
        """A queue has grown: who has more than its siblings on the same line gives back more of it."""
        model = self.model
        self._siblings.queue(self._flow, now)
        others = self._siblings.together(self._flow, now)
        if not others:
            model.forget(min(model.bandwidth, max(GIVES * model.bandwidth, *model.recent)))
            return
        mean = (model.bandwidth + sum(others)) / (1 + len(others))
        if model.bandwidth > mean:
            model.forget(max(GIVES_MORE * model.bandwidth, mean), most_for=TOLD)

    def _look_found(self, round_: Round, now: float) -> None:
        if self._was:
            # On a full line, asking for d more brings d × (1 − share) at the expense of the others.
            got = (round_.rate - self._was) / (self._was * (self._gain - 1))
            self._share_seen += (min(1.0, max(SHARE_LEAST, 1 - got)) - self._share_seen) * SHARE_GAIN
            self._was = 0.0
        found = round_.rate >= self._before * FOUND and round_.queueing <= self.guard
        if found and not round_.limited:
            self._before = self.model.bandwidth
            self._gain = min(GAIN_BOLD, self._gain * 1.25)
            self._enter("up", now, "more")
        else:
            self._enter("down", now, "enough")

    def _not_drained(self, round_: Round, now: float) -> None:
        if round_.queueing <= self.guard:
            self._cruise(now, "time")
            return
        was, self._queue_was = self._queue_was, round_.queueing
        if round_.rate < PASSES * GAIN_DOWN * self.model.bandwidth:
            self.model.forget(round_.rate)  # else what we send passes, only the queue is not ours
        if round_.queueing < SHRINKS * was:
            self._enter("down", now, "shrinking")
            return
        self._stuck += 1
        if self._stuck >= 2:
            recent = now - self._clear_at < PROBE_RTT_AFTER
            self._rival.meet(self._wide if recent else 0.0, round_.rate, now)
            self._enter("share", now, "rival")
        else:
            self._enter("down", now, "stuck")

    def _share(self, round_: Round, now: float) -> None:
        model, rival = self.model, self._rival
        if rival.alone or round_.queueing <= self.clear:
            if rival.alone and self._least_rtt < 1e6:
                model.forget_least(self._least_rtt, now)  # what does not go when we do is no queue
            model.forget(max(round_.rate, min(rival.capacity, 2 * round_.rate)))
            self._cruise(now, "alone")
            return
        if rival.turn(round_, model.loss, now):
            self._least_rtt = float("inf")
            self._enter("dip", now, "turn")

    def _probe_rtt(self, now: float) -> None:
        least = self.model.least or 0.0
        self._probe_rtt_done = now + max(PROBE_RTT, least)
        if now - self.model.least_at > MEMORY:
            self.model.forget_least(float("inf"), now)
        self._enter("probe-rtt", now, "old")
        self._set(now)

    def _cruise(self, now: float, why: str) -> None:
        self._until = self._random.randint(*CRUISE)
        self._enter("cruise", now, why)
        self._set(now)

    def _enter(self, state: State, now: float, why: str) -> None:
        if state in ("drain", "down") and self.state not in ("drain", "down"):
            self._queue_was = self.model.queueing
        if self._trace.on:
            self._trace.event("state", now, old=self.state, new=state, why=why)
        self.state, self._since_round, self._even = state, self.model.rounds, None

    def _set(self, now: float) -> None:
        model, state, limits = self.model, self.state, self.limits
        bandwidth, least = model.bandwidth, model.least
        if not bandwidth or least is None:
            # Nothing is known yet: the first flight at once, and what it brings back as it comes.
            limits.rate = WINDOW_LEAST / max(least or 0.1, 0.001) * GAIN_STARTUP
            limits.window = WINDOW_LEAST * 3
            return
        gain = {
            "startup": GAIN_STARTUP,
            "drain": GAIN_DRAIN,
            "up": self._gain,
            "down": GAIN_DOWN,
            "probe-rtt": 1.0,
        }.get(state, 1.0)
        if state == "startup":
            bandwidth = max(bandwidth, WINDOW_LEAST / max(least + self._stood, 0.001))
        elif state in ("share", "dip"):
            bandwidth = self._rival.rate(dip=state == "dip")
        limits.rate = bandwidth * gain / (1 - model.loss)
        holds = bandwidth * least
        if state == "probe-rtt":
            limits.window = max(4 * CHUNK_MOST, int(holds / 2))
        elif state in ("share", "dip"):
            limits.window = max(WINDOW_LEAST, int(bandwidth * (2 * (least + model.queueing) + SLACK)))
        else:
            # In start-up a queue that is not ours may stand already: the window must not be what holds us back.
            trips = 3 * (least + self._stood) if state == "startup" else 2 * least
            limits.window = max(WINDOW_LEAST, int(bandwidth * (trips + SLACK)))
