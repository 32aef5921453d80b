"""One request of a fetch while it runs."""

from __future__ import annotations

import asyncio

from courtcast.evidence.order import Lane


class Running:
    """A lane with its task. Its end may move while it runs: it is cut where another begins."""

    def __init__(self, lane: Lane | None, *, extra: bool = False) -> None:
        """Without a lane: from the front, to where the end will show."""
        self.position: int = 0 if lane is None else lane.position
        self.end: int | None = None if lane is None else lane.end
        self.begun = self.position
        self.reach: int | None = None
        """Where the server's answer ends, which may be behind `end`."""
        self.extra = extra
        """It is there to be quicker, and others go on without it."""
        self.came = 0
        """Bytes, those included that were held."""
        self.go = asyncio.Event()
        self.go.set()
        self.task: asyncio.Task[None]
