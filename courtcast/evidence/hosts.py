"""What is asked of one server by all exhibits together: how many connections at a time, and not before when."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from courtcast.evidence.links import Link, parse
from courtcast.problems import Refused

MOST = 6
"""Connections to one server at a time, as browsers have them; more wait."""
MORE = 4
"""Up to so many, an exhibit that has one may open another to be quicker."""
LONGEST = 3600.0
"""Seconds that a server may ask to be left alone; then it is asked again whatever it said."""


class Hosts:
    """Made once for all fetches. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def connection(self, host: str) -> AsyncIterator[None]:
        """Waits until one more may be there, first come first served."""
        while self._open[host] >= MOST:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue = self._waiting.setdefault(host, [])
            queue.append(future)
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self._call(host)
                raise
            finally:
                if future in queue:
                    queue.remove(future)
        self._open[host] += 1
        try:
            yield
        finally:
            self._open[host] -= 1
            self._call(host)

    def has_room(self, host: str) -> bool:
        """An exhibit that has a connection may open another."""
        return self._open[host] < MORE and not self._waiting.get(host)

    def leave_alone(self, host: str, seconds: float) -> None:
        """The server asked for that (RFC 9110 §10.2.3)."""
        now = self._clock()
        self._not_before = {other: at for other, at in self._not_before.items() if at > now}
        self._not_before[host] = max(self._not_before.get(host, 0.0), now + min(seconds, LONGEST))

    def rest(self, where: Link | str) -> float:
        """Seconds for which a server is still to be left alone; of a link, the one that it names."""
        if isinstance(where, Link):
            try:
                where = parse(where.url).host or ""
            except Refused:
                return 0.0
        return max(0.0, self._not_before.get(where, 0.0) - self._clock())

    def _call(self, host: str) -> None:
        for future in self._waiting.get(host, []):
            if not future.done():
                future.set_result(None)
                return
