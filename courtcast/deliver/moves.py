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
    """Told at each look what there is, it says what has happened since the one before."""

    def __init__(self) -> None:
        self._addresses: frozenset[str] | None = None

    def look(self, took: float, addresses: Collection[str]) -> Move | None:
        """`took`: what waiting for `LOOK` has taken, by a clock that goes on while the machine sleeps. None where
        nothing happened."""
        now = frozenset(addresses)
        before = now if self._addresses is None else self._addresses
        self._addresses = now
        late = took - LOOK
        move = Move(late if late > LATE else 0.0, before - now, now - before)
        return move if any(move) else None
