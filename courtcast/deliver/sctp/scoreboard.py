"""What is out, and what of it the other side has, as far as its SACKs say (RFC 9260 §6.2.1, RFC 6675 in spirit).

A chunk is in one of three places: `out` (sent, in the order of sending), `lost` (given up, to be sent again), `held`
(reported in a gap block; kept until the cumulative TSN has passed it, since a receiver may take that back). Only what
a SACK newly reports is visited.

Chromium reports 20 gap blocks at most (dcSCTP, `kMaxGapAckBlocksReported`). While so many are reported nothing is
known of what lies above the last: such a SACK is *partial*.
"""

from __future__ import annotations

from typing import Final

from courtcast.deliver.sctp.outbox import Chunk
from courtcast.deliver.sctp.wire import Sack

PARTIAL: Final = 20
"""Gap blocks in a SACK that may not say all that has arrived. Whoever sends more of them once tells everything."""


class Scoreboard:
    """`take` a SACK, then read what it brought from the attributes below."""

    def __init__(self, first_tsn: int) -> None:
        self.out: dict[int, Chunk] = {}
        self.lost: dict[int, Chunk] = {}
        self.held: dict[int, Chunk] = {}
        self.cumulative = first_tsn - 1
        """Everything up to here has arrived."""
        self.top = first_tsn - 1
        """The highest that the last SACK speaks of."""
        self.partial = False
        self._tells_all = False
        self.holes = 0
        self.in_flight = 0
        """Bytes in `out`."""
        self.behind = 0
        """Bytes in `lost`."""
        self.delivered = 0
        """Bytes that have arrived, ever."""
        self.news = 0
        """Bytes that the last SACK reported for the first time."""
        self.newest: Chunk | None = None
        """Of these the one that was sent last."""
        self.again: list[Chunk] = []
        """Of these the ones that had been given up, or sent more than once."""
        self.reneged = False
        """The other side has thrown away what it had reported."""
        self._blocks: tuple[tuple[int, int], ...] = ()

    @property
    def outstanding(self) -> int:
        """Bytes sent and not acknowledged."""
        return self.in_flight + self.behind

    def take(self, sack: Sack, next_tsn: int) -> bool:
        """False where it is older than another or speaks of what was never sent: it changes nothing then."""
        cumulative, blocks = sack.cumulative, sack.gaps
        if cumulative < self.cumulative or cumulative >= next_tsn or (blocks and blocks[-1][1] >= next_tsn):
            return False
        self.news, self.newest, self.reneged = 0, None, False
        if self.again:
            self.again = []
        if cumulative > self.cumulative:
            self._advance(cumulative)
        if blocks != self._blocks:
            self._report(blocks)
            self._blocks = blocks
        self.holes = len(blocks)
        self._tells_all = self._tells_all or self.holes > PARTIAL
        self.partial = self.holes == PARTIAL and not self._tells_all
        self.top = blocks[-1][1] if blocks else cumulative
        self.delivered += self.news
        if cumulative + 1 in self.held:
            self._take_back()
        return True

    def sent(self, chunk: Chunk, now: float) -> None:
        """It goes out, for the first time or again."""
        chunk.before, chunk.sent = chunk.sent, now
        chunk.times += 1
        self.out[chunk.tsn] = chunk
        self.in_flight += chunk.size

    def give_up(self, chunk: Chunk) -> None:
        """It is lost: out of the flight, to be sent again."""
        del self.out[chunk.tsn]
        self.in_flight -= chunk.size
        self.lost[chunk.tsn] = chunk
        self.behind += chunk.size

    def next_lost(self, room: int) -> Chunk | None:
        """Takes out the one given up first, if it fits `room` bytes."""
        for tsn, chunk in self.lost.items():
            if len(chunk.data) > room:
                return None
            del self.lost[tsn]
            self.behind -= chunk.size
            return chunk
        return None

    def take_lost(self, tsn: int) -> Chunk | None:
        """Takes out this one of those given up; None where it has arrived after all."""
        chunk = self.lost.pop(tsn, None)
        if chunk is not None:
            self.behind -= chunk.size
        return chunk

    def _advance(self, cumulative: int) -> None:
        out, lost, held = self.out, self.lost, self.held
        newest, news = self.newest, 0
        for tsn in range(self.cumulative + 1, cumulative + 1):
            chunk = out.pop(tsn, None)
            if chunk is not None:
                self.in_flight -= chunk.size
                if chunk.times > 1:
                    self.again.append(chunk)
            elif held.pop(tsn, None) is not None:
                continue
            elif (chunk := lost.pop(tsn, None)) is not None:
                self.behind -= chunk.size
                self.again.append(chunk)
            else:
                continue
            news += chunk.size
            if newest is None or chunk.sent >= newest.sent:
                newest = chunk
        self.cumulative, self.newest = cumulative, newest
        self.news += news

    def _report(self, blocks: tuple[tuple[int, int], ...]) -> None:
        """Visits what is in `blocks` and not in those of the last SACK."""
        known = self._blocks
        at_known, count = 0, len(known)
        for first, last in blocks:
            at = first
            while at <= last:
                while at_known < count and known[at_known][1] < at:
                    at_known += 1
                if at_known < count and known[at_known][0] <= at:
                    at = known[at_known][1] + 1
                    continue
                end = last if at_known == count else min(last, known[at_known][0] - 1)
                self._visit(at, end)
                at = end + 1

    def _visit(self, first: int, last: int) -> None:
        out, newest, news = self.out, self.newest, 0
        for tsn in range(first, last + 1):
            chunk = out.pop(tsn, None)
            if chunk is not None:
                self.in_flight -= chunk.size
                if chunk.times > 1:
                    self.again.append(chunk)
            elif (chunk := self.lost.pop(tsn, None)) is not None:
                self.behind -= chunk.size
                self.again.append(chunk)
            else:
                continue
            self.held[tsn] = chunk
            news += chunk.size
            if newest is None or chunk.sent >= newest.sent:
                newest = chunk
        self.newest = newest
        self.news += news

    def _take_back(self) -> None:
        """The chunk next to the cumulative TSN was reported once, and is not there: nothing reported is trusted."""
        self.reneged = True
        for chunk in self.held.values():
            self.lost[chunk.tsn] = chunk
            self.behind += chunk.size
        self.held.clear()
        self._blocks = ()
