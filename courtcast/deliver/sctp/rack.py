"""Which chunks are lost, by the order of sending, and what to do when nothing comes back: RACK-TLP (RFC 8985).

A chunk is lost once one that was sent later has arrived and the *reorder window* has passed besides. The window begins
at a quarter of the smallest round trip (RFC 8985 §6.2) and widens to what a needless retransmission shows: SCTP reports
duplicates as DSACK does, and a chunk acknowledged sooner after its retransmission than any round trip was on its way
already. Nothing here changes the rate, so there is nothing to undo but the mark on the chunk.
"""

from __future__ import annotations

from typing import Final

from courtcast.deliver.sctp.outbox import Chunk
from courtcast.deliver.sctp.scoreboard import Scoreboard

REORDER_SHARE: Final = 0.25
REORDER_LEAST: Final = 0.001
"""Seconds: what a batch of packets read in one go may be out of order."""
REORDER_MOST: Final = 0.1
"""Seconds. Where packets are later than that, sending them twice is the smaller harm."""
CALM: Final = 16
"""Round trips without a needless retransmission until the window shrinks by half (RFC 8985 §6.2 step 4)."""

TIMEOUT_LEAST: Final = 0.2
"""Seconds (RFC 9260 §16 allows a sender to go below its 1 s where it knows the line; Linux's TCP uses this)."""
TIMEOUT_MOST: Final = 0.5
"""Seconds between two packets into a line that answers nothing: one small packet twice a second is no load, and it is
the longest time that is lost once the line is back."""
TIMEOUT_FIRST: Final = 1.0
DELAYED: Final = 0.05
"""Seconds by which the answer to a probe may be late for reasons of the other side's own. A probe asks for its SACK at
once, so the 200 ms of a delayed one do not count."""


class Rack:
    """Round trips, the reorder window, and the two timers."""

    def __init__(self, rtt: float | None) -> None:
        self.srtt = rtt
        self.rttvar = (rtt or 0.0) / 2
        self.latest = rtt or 0.0
        self.least = rtt or 0.0
        """The line's own round trip, as the model says."""
        self.newest_sent = 0.0
        """When the chunk was sent that was sent last of all that have arrived."""
        self.reorder = 0.0
        """Seconds beyond the least, as seen."""
        self.backoff = 0
        """Time-outs in a row."""
        self.probed = False
        """A probe is out for this silence (RFC 8985 §7.3: one)."""
        self.spurious = 0
        self._calm_until = 0.0

    @property
    def reorder_window(self) -> float:
        return max(REORDER_LEAST, self.least * REORDER_SHARE, self.reorder)

    @property
    def timeout(self) -> float:
        """RTO (RFC 9260 §6.3.1), backed off."""
        if self.srtt is None:
            return TIMEOUT_FIRST
        plain = max(TIMEOUT_LEAST, self.srtt + 4 * self.rttvar)
        return max(plain, min(plain * 2**self.backoff, TIMEOUT_MOST)) if self.backoff else plain

    @property
    def probe_after(self) -> float:
        """PTO (RFC 8985 §7.2)."""
        if self.srtt is None:
            return TIMEOUT_FIRST
        return 2 * self.srtt + DELAYED

    def arrived(self, board: Scoreboard, duplicates: int, now: float) -> float | None:
        """Takes in what the last SACK brought. The round trip that it shows, where it shows one."""
        self.backoff, self.probed = 0, False
        for chunk in board.again:
            self._look_needless(chunk, board, now)
        if not board.again and duplicates and self.srtt is not None:
            self._widen(max(self.reorder_window * 1.5, REORDER_LEAST), now)
        newest = board.newest
        if newest is None:
            return None
        rtt = now - newest.sent
        if newest.times > 1 and rtt < self.least:
            return None  # it was an earlier one that has arrived (RFC 8985 §6.2 step 2)
        if newest.sent > self.newest_sent:
            self.newest_sent = newest.sent
            if not board.partial:
                self.latest = rtt
        if newest.times > 1 or board.partial:
            return None
        if self.srtt is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:
            self.rttvar += (abs(self.srtt - rtt) - self.rttvar) / 16
            self.srtt += (rtt - self.srtt) / 16
        return rtt

    def judge(self, board: Scoreboard, now: float) -> tuple[list[Chunk], float | None]:
        """What is lost by now, and when to look again."""
        lost: list[Chunk] = []
        window = self.reorder_window
        if board.partial:
            # Later ones may have arrived without being reported: judged by time, and only below the last report.
            patience = (self.srtt or TIMEOUT_FIRST) + max(window, 2 * self.rttvar)
            top = board.top
            for chunk in board.out.values():
                if chunk.sent + patience > now:
                    return lost, chunk.sent + patience
                if chunk.tsn < top:
                    lost.append(chunk)
            return lost, None
        newest, patience = self.newest_sent, self.latest + window
        for chunk in board.out.values():
            if chunk.sent >= newest:
                break
            due = chunk.sent + patience
            if due > now:
                return lost, due
            lost.append(chunk)
        return lost, None

    def calm_down(self, now: float) -> None:
        """Once a round trip."""
        if self.reorder and now > self._calm_until:
            self.reorder = 0.0 if self.reorder < self.least * REORDER_SHARE else self.reorder / 2
            self._calm_until = now + CALM * (self.srtt or 0.1)

    def _look_needless(self, chunk: Chunk, board: Scoreboard, now: float) -> None:
        """It was given up, or sent again: was it only late?"""
        if board.partial or self.srtt is None:
            return
        waits = chunk.times == 1  # given up and not sent again yet
        if not waits and now - chunk.sent >= self.least * 0.9:
            return
        self.spurious += 1
        late = now - (chunk.sent if waits else chunk.before) - self.latest
        self._widen(late * 1.25, now)

    def _widen(self, window: float, now: float) -> None:
        self.reorder = max(self.reorder, min(window, REORDER_MOST, max(self.srtt or 0.0, 4 * REORDER_LEAST)))
        self._calm_until = now + CALM * (self.srtt or 0.1)
