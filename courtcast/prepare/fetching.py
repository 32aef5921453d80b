"""The bytes of one exhibit on their way into its spool, from a link or from whoever sends them.

What has arrived is written down now and then while it does, so that a process that is killed loses seconds of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec

from courtcast.evidence.links import Link
from courtcast.evidence.links.upload import upload_of
from courtcast.evidence.meter import Meter
from courtcast.evidence.spool import Spool
from courtcast.evidence.turns import Rank
from courtcast.evidence.version import Version
from courtcast.prepare.arrival import Arrival
from courtcast.prepare.house import House
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused

log = logging.getLogger(__name__)

KEEP_SECONDS = 2.0
"""Between two notes of what is held: what a power cut costs at most."""
SLOW = 32 << 10
"""Bytes a second. A line that carries no more is not filled by this one, so that the next may begin."""


class Keep(Protocol):
    """Writes down what is known of an exhibit."""

    async def __call__(self, *, always: bool = True) -> None: ...


class Fetching:
    """Of one exhibit, whatever its link is.

    keep: where `always` is false, it writes only if what is known is not as it was last written down; rank: its turn
    among others; on_version: the server has answered; on_waiting: nobody sends the rest of an upload, or somebody does
    again; on_progress: at every piece
    """

    def __init__(
        self,
        house: House,
        exhibit: str,
        *,
        keep: Keep,
        rank: Callable[[], Rank],
        on_version: Callable[[Version], None],
        on_waiting: Callable[[bool], None],
        on_progress: Callable[[], None],
    ) -> None:
        self.arrival = Arrival(house.web)
        self.may_read = asyncio.Event()
        """Not set while another exhibit needs the line for itself."""
        self.may_read.set()
        self._house = house
        self._exhibit = exhibit
        self._keep = keep
        self._rank = rank
        self._on_version = on_version
        self._on_waiting = on_waiting
        self._on_progress = on_progress
        self._meter = Meter()

    def rate(self) -> float:
        """Bytes a second lately."""
        return self._meter.rate(asyncio.get_running_loop().time())

    async def fetch(self, link: Link, kept: Kept, spool: Spool) -> None:
        """Until all of it is there, and `kept` says so. Raises Refused."""
        if (upload := upload_of(link)) is not None:
            self._meter = Meter()
            await self._house.uploads.receive(
                upload,
                spool,
                on_progress=self._came(spool.held.total),
                on_version=self._on_version,
                on_waiting=self._on_waiting,
            )
        else:
            await self._fetch_link(link, kept, spool)
        if kept.version is not None:
            kept.version = msgspec.structs.replace(kept.version, length=spool.length)
        kept.sha256, kept.fetched = spool.sha256, time.time()
        await self._keep()

    async def _fetch_link(self, link: Link, kept: Kept, spool: Spool) -> None:
        async with self._house.fetching.turn(self._rank) as lend:
            self._meter = Meter()
            async with self._noting(spool, lend):
                if kept.relinked and kept.version is not None and spool.held:
                    kept.version = await self.arrival.prove(link, kept, spool, kept.version)
                    kept.relinked = False
                    await self._keep()
                await self.arrival.fetch(
                    link,
                    kept,
                    spool,
                    on_progress=self._came(spool.held.total),
                    known=kept.version,
                    on_version=self._on_version,
                    may_read=self.may_read,
                    hosts=self._house.hosts,
                )

    def _came(self, before: int) -> Callable[[int], None]:
        clock = asyncio.get_running_loop().time

        def came(held: int) -> None:
            nonlocal before
            self._meter.add(clock(), held - before)
            before = held
            self._on_progress()

        return came

    @asynccontextmanager
    async def _noting(self, spool: Spool, lend: Callable[[], None]) -> AsyncIterator[None]:
        """Writes down now and then, and at the end, what has arrived. Where next to nothing does, lends its turn."""

        async def now_and_then() -> None:
            await asyncio.sleep(KEEP_SECONDS / 4)
            while True:
                try:
                    await spool.flush()
                    await self._keep(always=False)
                except Refused as refused:  # the fetch itself will meet it
                    log.warning("exhibit %s: %s", self._exhibit, refused)
                await asyncio.sleep(KEEP_SECONDS)
                if self.may_read.is_set() and self.rate() < SLOW:
                    lend()

        task = asyncio.create_task(now_and_then(), name=f"notes of {self._exhibit}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            try:
                await spool.flush()
                await self._keep()
            except Refused as refused:
                log.warning("exhibit %s: %s", self._exhibit, refused)
