"""The sender of one association: messages and SACKs in, packets out. Pure: no clock, no socket, no asyncio.

Call `send` with what is to go, `sack` with what came in, `tick` when `deadline` has passed; after each of them
`packets` gives what may go out now. Time is of one monotonic clock, in seconds; sizes are bytes of user data.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from courtcast.core.estimate import Line
from courtcast.deliver.sctp.bbr import Bbr
from courtcast.deliver.sctp.model import Model
from courtcast.deliver.sctp.outbox import Chunk, Message, Outbox
from courtcast.deliver.sctp.pacer import Pacer
from courtcast.deliver.sctp.rack import Rack
from courtcast.deliver.sctp.scoreboard import Scoreboard
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.sctp.trace import Trace
from courtcast.deliver.sctp.wire import CHUNK_MOST, COMMON_HEADER, OVERHEAD, PACKET_MOST, Sack

ROOM: Final = PACKET_MOST - COMMON_HEADER
"""Bytes of chunks in a packet."""
BATCH: Final = 64
"""Packets in one go, so that whoever sends them gets back to its other duties."""
SILENT_MOST: Final = 30.0
"""Seconds without any SACK while something is out, until the association is dead: as long as ICE waits for a sign of
life (RFC 7675)."""
BLIND: Final = 2
"""Windows that may be out while the SACKs are partial: most of it has arrived, it is only not reported."""
TWICE_MOST: Final = 600
"""Bytes of an urgent message that is sent twice, where the line loses packets …"""
TWICE_LOSS: Final = 0.002
"""… at least at this share: one in a hundred must not wait a round trip longer than the others."""
TWICE_AFTER: Final = 0.006
"""Seconds between the two: a burst of losses is over by then, mostly."""
TWICE_WAITING: Final = 64
URGENT: Final = 32 * 1024
"""Bytes by which urgent messages may pass the window, and do not wait for the pacer."""
ODD_MOST: Final = 1000
"""SACKs that cannot be, until the association is dead."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sender knows of its line. Rates bytes a second, times seconds."""

    rate: float
    """What the line is believed to carry for us."""
    delivered: float
    """What it carried in the last round."""
    rtt: float
    least_rtt: float
    queueing: float
    """Least queue of the last round, ours or another's."""
    loss: float
    """Share of packets that the line itself loses."""
    sent: int
    resent: int
    """Packets, ever."""
    in_flight: int
    waiting: int
    state: str


class Sender:
    """`dead` says why it has ended, once it has."""

    def __init__(
        self,
        *,
        first_tsn: int,
        window: int,
        rtt: float | None,
        now: float,
        trace: Trace | None = None,
        seed: int = 0,
        siblings: Siblings | None = None,
    ) -> None:
        """`window`: what the other side takes (a_rwnd of its INIT); `rtt`: of the handshake, where it was measured;
        `siblings`: those of the same presenter, which may share a line with this one."""
        self.outbox = Outbox(first_tsn)
        self.board = Scoreboard(first_tsn)
        self.trace = trace or Trace()
        self.dead: str | None = None
        self.sent_bytes = self.sent_packets = self.resent = self.lost_bytes = self.lost = self.odd = 0
        self._rack = Rack(rtt)
        self._model = Model(rtt, now)
        self._bbr = Bbr(self._model, self.trace, now, seed=seed, siblings=siblings)
        self._pacer = Pacer(now)
        self._pacer.set_rate(self._bbr.limits.rate, now)
        self._rwnd = window
        self._heard = now
        """Last SACK, or the first packet into silence."""
        self._progress = now
        """Last news, or the last time-out."""
        self._judge_at: float | None = None
        self._probe: int | None = None
        """Of what is given up, the one to be sent before all else, whatever the window says."""
        self._closed_until_news = False
        """A time-out: one packet at a time until something comes back."""
        self._twice: deque[tuple[float, Chunk]] = deque(maxlen=TWICE_WAITING)
        """Urgent chunks that will be sent a second time, and when."""
        self._doubled = 0
        """Second copies that the other side has not told of."""
        self._can_send_at: float | None = None
        self._announced = False
        self._line = Line(0.0, rtt or 0.0, rtt or 0.0, 0.0, 0.0)
        self._line_of = 0

    @property
    def waiting(self) -> int:
        """Bytes not sent yet."""
        return self.outbox.waiting

    @property
    def rate(self) -> float:
        """Bytes a second at which it sends now."""
        return self._bbr.limits.rate

    @property
    def resumes(self) -> float | None:
        """When there is more to send, if it is only the pacer that has it wait."""
        return self._can_send_at

    @property
    def line(self) -> Line:
        """As the pump and the policy see it. The same object until a round has ended: it is asked for often."""
        if self._line_of != self._model.rounds:
            model = self._model
            self._line = Line(model.bandwidth, self._rack.srtt or 0.0, model.least or 0.0, model.queueing, model.loss)
            self._line_of = model.rounds
        return self._line

    @property
    def unacknowledged(self) -> int:
        """Bytes sent that have not arrived, for all we know."""
        return self.board.outstanding

    @property
    def idle(self) -> bool:
        return not (self.outbox.waiting or self.board.out or self.board.lost)

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, if nothing comes before."""
        due = self._can_send_at
        if self._judge_at is not None and (due is None or self._judge_at < due):
            due = self._judge_at
        if self._twice and (due is None or self._twice[0][0] < due):
            due = self._twice[0][0]
        if self.board.out or self.board.lost:
            silence = self._timer()[0]
            if due is None or silence < due:
                due = silence
        return due

    def facts(self) -> Facts:
        model, board = self._model, self.board
        return Facts(
            rate=model.bandwidth,
            delivered=model.rate,
            rtt=self._rack.srtt or 0.0,
            least_rtt=model.least or 0.0,
            queueing=model.queueing,
            loss=model.loss,
            sent=self.sent_packets,
            resent=self.resent,
            in_flight=board.outstanding,
            waiting=self.outbox.waiting,
            state=self._bbr.state,
        )

    def send(self, stream: int, protocol: int, data: bytes, *, urgent: bool = False, ordered: bool = True) -> None:
        """One message, not empty. Urgent ones pass those that nobody has begun to send."""
        self.outbox.add(Message(stream, protocol, data, ordered=ordered, urgent=urgent))

    def sack(self, sack: Sack, now: float) -> None:
        """What the other side says it has. Old ones, and such as cannot be, change nothing."""
        board, rack = self.board, self._rack
        if not board.take(sack, self.outbox.next_tsn):
            if sack.cumulative >= self.outbox.next_tsn or sack.gaps:
                self._look_odd(sack)
            return
        self._heard = now
        if self._rwnd < CHUNK_MOST <= sack.window:
            self._closed_until_news = False
        self._rwnd = sack.window
        if not board.news and not board.partial and not board.reneged:
            return
        if board.news:
            self._progress, self._closed_until_news = now, False
            expected = min(self._doubled, sack.duplicates)
            self._doubled -= expected
            rtt = rack.arrived(board, sack.duplicates - expected, now)
            if rtt is not None:
                assert board.newest is not None
                self._bbr.sample(rtt, board.newest.sent, now)
                rack.least = self._model.least or rtt
        self._judge(now)
        if board.partial:
            self._bbr.partial(now)
        ended = self._model.acknowledged(
            rack.newest_sent,
            delivered=board.delivered,
            sent=self.sent_bytes,
            lost=self.lost_bytes,
            partial=board.partial,
            srtt=rack.srtt or 0.0,
            now=now,
        )
        if ended is not None:
            self._bbr.round_ended(ended, now=now)
            rack.calm_down(now)
        self._bbr.acknowledged(board.in_flight, now)
        self._pacer.set_rate(self._bbr.limits.rate, now)
        if self.trace.due(now):
            self._tell(now)

    def tick(self, now: float) -> None:
        """A deadline has passed."""
        if self._judge_at is not None and now >= self._judge_at:
            self._judge(now)
        if not (self.board.out or self.board.lost):
            return
        if now - self._heard > SILENT_MOST:
            self.end("nothing heard", now)
            return
        due, probe = self._timer()
        if now >= due:
            self._time_out(now, probe=probe)
        if self.trace.due(now):
            self._tell(now)

    def end(self, why: str, now: float) -> None:
        """It is over."""
        if self.dead is None:
            self.dead = why
            self.trace.event("dead", now, why=why)

    def packets(self, now: float) -> list[list[Chunk]]:
        """What may go out now: for each packet its chunks. They count as sent."""
        batch: list[list[Chunk]] = []
        self._can_send_at = None
        if self.dead is not None or self.idle:
            return batch
        if not self._announced:
            self._announce(now)
        board, outbox, pacer = self.board, self.outbox, self._pacer
        if not board.out and not board.lost:
            self._heard = self._progress = now
        again = self._second_copies(now) if self._twice and now >= self._twice[0][0] else None
        if again:
            batch.append(again)
        probing = self._probe is not None
        ready = pacer.refill(now)
        limit = min(self._bbr.limits.window, self._rwnd)
        if board.partial:
            limit = min(self._bbr.limits.window * BLIND, self._rwnd)
        urgent_limit = min(limit + URGENT, self._rwnd)
        while len(batch) < BATCH:
            # With nothing out there is always one packet: it asks a closed window whether it is open again.
            open_ = (board.in_flight < limit and not self._closed_until_news) or not board.out
            if not probing and not (ready and open_) and not (outbox.urgent and board.in_flight < urgent_limit):
                if ready and board.lost and board.partial and not self._closed_until_news:
                    pass  # else the window never opens: what is missing is what holds back the report
                else:
                    break
            packet = self._fill(now)
            if not packet:
                if open_:
                    self._model.starved()
                break
            probing = False
            batch.append(packet)
            self.sent_packets += 1
            ready = pacer.spend(sum([chunk.size for chunk in packet]))
        if (outbox.waiting or board.lost) and not self._closed_until_news:
            if len(batch) == BATCH:
                self._can_send_at = now
            elif not ready:
                self._can_send_at = pacer.next
        return batch

    def _second_copies(self, now: float) -> list[Chunk]:
        """Of urgent chunks that have not arrived meanwhile. They count neither as sent nor as in flight: what is known
        of them comes from the first."""
        packet: list[Chunk] = []
        room = ROOM
        while self._twice and now >= self._twice[0][0]:
            chunk = self._twice[0][1]
            if chunk.tsn in self.board.out and chunk.times == 1:
                if len(chunk.data) > room:
                    break
                room -= len(chunk.data)
                packet.append(chunk)
                self._doubled += 1
            self._twice.popleft()
        return packet

    def _fill(self, now: float) -> list[Chunk]:
        """One packet."""
        board, outbox = self.board, self.outbox
        packet: list[Chunk] = []
        room, size = ROOM, 0
        if self._probe is not None:
            probe, self._probe = board.take_lost(self._probe), None
            if probe is not None:
                packet.append(probe)
                room -= len(probe.data)
                self.resent += 1
        while room > OVERHEAD:
            chunk_or_none = board.next_lost(room) if board.lost and not outbox.urgent else None
            if chunk_or_none is None:
                chunk_or_none = outbox.cut(room) if not board.lost or outbox.urgent else None
            else:
                self.resent += 1
            if chunk_or_none is None:
                break
            packet.append(chunk_or_none)
            room -= len(chunk_or_none.data)
        for chunk in packet:
            if chunk.urgent and chunk.times == 0 and self._model.loss >= TWICE_LOSS and chunk.size <= TWICE_MOST:
                self._twice.append((now + TWICE_AFTER, chunk))
            board.sent(chunk, now)
            size += chunk.size
        self.sent_bytes += size
        return packet

    def _judge(self, now: float) -> None:
        lost, self._judge_at = self._rack.judge(self.board, now)
        self._give_up(lost, now, "rack")

    def _give_up(self, lost: list[Chunk], now: float, why: str) -> None:
        for chunk in lost:
            self.board.give_up(chunk)
            self.lost_bytes += chunk.size
            self.lost += 1
            if self.trace.on:
                self.trace.event(
                    "lost", now, tsn=chunk.tsn, size=chunk.size, age=now - chunk.sent, times=chunk.times, why=why
                )

    def _timer(self) -> tuple[float, bool]:
        """When the silence has lasted too long, and whether a probe is then due rather than a time-out."""
        rack = self._rack
        if not rack.probed and not rack.backoff and self.board.out and rack.probe_after < rack.timeout:
            return self._progress + rack.probe_after, True
        return self._progress + rack.timeout, False

    def _time_out(self, now: float, *, probe: bool) -> None:
        board, rack = self.board, self._rack
        if self.trace.on:
            self.trace.event("timeout", now, kind="probe" if probe else "rto", backoff=rack.backoff)
        if probe:
            rack.probed = True
            # The earliest where SACKs are partial, for its arrival tells most; else the last, as RFC 8985 §7.3 has it.
            chunk = next(iter(board.out.values() if board.partial else reversed(board.out.values())))
            board.give_up(chunk)
            self._probe = chunk.tsn
            return
        rack.backoff += 1
        self._progress = now
        patience = rack.latest + rack.reorder_window
        self._give_up([chunk for chunk in board.out.values() if chunk.sent + patience <= now], now, "rto")
        self._closed_until_news = True
        if not board.lost:
            board.give_up(next(iter(board.out.values())))
        self._probe = min(board.lost)

    def _look_odd(self, sack: Sack) -> None:
        highest = sack.gaps[-1][1] if sack.gaps else sack.cumulative
        if highest >= self.outbox.next_tsn:
            self.odd += 1
            if self.odd >= ODD_MOST:
                self.dead = "acknowledges what was never sent"

    def _announce(self, now: float) -> None:
        self._announced = True
        self.trace.event("start", now, version=1, chunk=CHUNK_MOST, overhead=OVERHEAD, rtt=self._model.least, clock=now)

    def _tell(self, now: float) -> None:
        model, board, rack = self._model, self.board, self._rack
        self.trace.event(
            "metrics",
            now,
            state=self._bbr.state,
            pacing=self._bbr.limits.rate,
            bandwidth=model.bandwidth,
            window=self._bbr.limits.window,
            in_flight=board.in_flight,
            waiting=self.outbox.waiting,
            rtt=rack.latest,
            min_rtt=model.least,
            queueing=model.queueing,
            sent=self.sent_bytes,
            delivered=board.delivered,
            lost=self.lost,
            resent=self.resent,
            spurious=rack.spurious,
            holes=board.holes,
            rwnd=self._rwnd,
        )
