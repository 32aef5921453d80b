"""What happens to the presenter's machine in the middle of a hearing: it sleeps, or changes its network. Pure.

Connections notice neither by themselves for seconds: what is sent from an address that is gone is lost without a word,
and a laptop that wakes believes that no time has passed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

LOOK: Final = 1.0
"""Seconds between two looks."""
LATE: Final = 4.0
"""Seconds that a look may be late on a machine that has much to do; more is sleep, or as good as that."""


class Move(NamedTuple):
    """Since the last look."""

    slept: float
    """Seconds that the machine stood still; 0 where it did not."""
    lost: frozenset[str]
    gained: frozenset[str]
    """Addresses."""


class Moves:
    """`now` is a clock that goes on while the machine sleeps."""

    def __init__(self, now: float, addresses: Collection[str]) -> None:
        self._looked, self._addresses = now, frozenset(addresses)

    def look(self, now: float, addresses: Collection[str]) -> Move | None:
        """To be called every `LOOK`; None where nothing happened."""
        late, before = now - self._looked - LOOK, self._addresses
        self._looked, self._addresses = now, frozenset(addresses)
        move = Move(late if late > LATE else 0.0, before - self._addresses, self._addresses - before)
        return move if any(move) else None
