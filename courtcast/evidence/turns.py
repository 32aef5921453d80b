"""A few at a time, in an order that may change while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple


class Rank(NamedTuple):
    """Smaller goes first. `pressing` (0 or less, the smaller the more) is somebody who cannot wait for the order."""

    pressing: int
    position: int


LENT_MOST = 8
"""Turns lent at a time: each is a connection that hardly moves."""


class Turns:
    """At most `at_once` have a turn; one more where somebody presses, so that nobody slow can hold them up."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._active = 0
        self._lent = 0
        self._waiting: list[tuple[Callable[[], Rank], asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, rank: Callable[[], Rank]) -> AsyncIterator[Callable[[], None]]:
        """Waits for a turn. `rank` is asked again each time that one is given away.

        Gives a call for those who have the turn and make no use of it: another may begin, and they go on as well.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rank, future))
        self.look()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._active -= 1
            self._waiting = [pair for pair in self._waiting if pair[1] is not future]
            self.look()
            raise
        lent = False

        def lend() -> None:
            nonlocal lent
            if not lent and self._lent < LENT_MOST:
                lent = True
                self._lent += 1
                self._active -= 1
                self.look()

        try:
            yield lend
        finally:
            if lent:
                self._lent -= 1
            else:
                self._active -= 1
            self.look()

    def look(self) -> None:
        """Gives turns away. To be called when a rank has changed."""
        while self._waiting:
            first = min(self._waiting, key=lambda pair: pair[0]())
            rank, future = first
            if self._active >= self._at_once + (1 if rank().pressing < 0 else 0):
                return
            self._waiting.remove(first)
            if not future.done():
                self._active += 1
                future.set_result(None)
