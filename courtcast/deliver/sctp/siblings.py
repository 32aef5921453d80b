"""The flows of one presenter, so that those that meet on one line each have the same of it.

A flow can only guess which part of a line is its own, from what asking for more brings, and the guess is noisy. Those
of one presenter tell each other (coupled congestion control, RFC 8699). Whether two of them meet at the same narrow
place shows in their queues (in the line of RFC 8382): where one stands, the other's does too. What they are told only
decides who asks for more and who gives back more; none of them sends faster than the line lets it.

Rates are bytes of user data a second, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

MEET_GAIN: Final = 1 / 4
MEET: Final = 0.6
"""Share of our queues in which the other has one too, from which on it is the same queue."""
FRESH: Final = 1.0
"""Seconds: a round that ended longer ago says nothing about now."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Flow:
    """What one flow tells the others, as of its last round."""

    bandwidth: float = 0.0
    queued: bool = False
    """A queue stood."""
    busy: bool = False
    """It had something to send all the time."""
    ended: float = -FRESH
    met: WeakKeyDictionary[Flow, float] = field(default_factory=WeakKeyDictionary)
    """How often a queue of ours was one of theirs too, 0 … 1."""


class Siblings:
    """All flows of one presenter; one that nobody holds any more is gone by itself."""

    def __init__(self) -> None:
        self._flows: WeakSet[Flow] = WeakSet()

    def join(self) -> Flow:
        flow = Flow()
        self._flows.add(flow)
        return flow

    def queue(self, own: Flow, now: float) -> None:
        """A queue stands on the line of `own`."""
        for other in self._busy(own, now):
            met = own.met.get(other, 0.0)
            own.met[other] = met + (float(other.queued) - met) * MEET_GAIN

    def together(self, own: Flow, now: float) -> list[float]:
        """Bandwidths of the others on the same line that are sending now."""
        return [other.bandwidth for other in self._busy(own, now) if own.met.get(other, 0.0) >= MEET]

    def _busy(self, own: Flow, now: float) -> list[Flow]:
        return [one for one in self._flows if one is not own and one.busy and now - one.ended <= FRESH]
