"""From a link into a spool: the whole file, what somebody waits for first.

The first request asks for all of the file as a range, so that one round trip tells whether the server has ranges, how
long the file is and which version of it this is, and brings its first bytes. Pieces go into the spool as they come.
What is held is never fetched twice, and never changes: where a server sends bytes again they are compared.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import aiohttp
import msgspec

from courtcast.evidence.ask import READ, Answer, Asker, NoRanges, Trouble
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links import Link
from courtcast.evidence.links.direct import looks_like_page, name_of
from courtcast.evidence.meter import Meter
from courtcast.evidence.order import LINGER, MAX_SPAN, NEAR, NEAR_SECONDS, SPAN, Lane, next_step
from courtcast.evidence.spool import Piece, Spool
from courtcast.problems import Refused

OVERLAP = 64 << 10
"""Bytes that are fetched again and compared where nothing else says that the file is still the same."""
HEAD = 32
"""Bytes that a page is told by."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which state of a file a server has: what it is recognised by when fetching goes on later."""

    length: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    name: str = ""
    """The file's name, for people; says nothing about the version."""

    def differs(self, other: Version) -> bool:
        """They are certainly not the same."""
        pairs = (
            (self.length, other.length),
            (self.etag, other.etag),
            (None if self.etag and other.etag else self.last_modified, other.last_modified),
        )
        return any(one is not None and two is not None and one != two for one, two in pairs)

    def proves(self, other: Version) -> bool:
        """They are certainly the same (RFC 9110 §13.1.5: a strong tag, or a date together with the length)."""
        if self.differs(other) or self.length is None or other.length is None:
            return False
        return None not in {self.etag, other.etag} or None not in {self.last_modified, other.last_modified}


async def fetch(
    link: Link,
    spool: Spool,
    guard: Guard,
    *,
    on_progress: Callable[[int], None],
    known: Version | None = None,
    on_version: Callable[[Version], None] | None = None,
    may_read: asyncio.Event | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Returns when the spool is complete, hashed and on the disk.

    on_progress: gets the bytes held, at every piece
    known: the version that the spool's bytes are of, where it holds some
    on_version: gets the version as soon as the server has answered
    may_read: while it is not set, nothing is read and the line is left to others; for seconds, not for minutes

    Raises Refused: link-…, disk-…; `link-changed` where the spool holds bytes of a file that is no longer there. What
    came stays in the spool. The spool's readers are not told: the caller knows whether there will be another try.
    """
    async with Asker(link, guard, limits) as asker:
        fetcher = _Fetcher(
            asker,
            spool,
            on_progress=on_progress,
            known=known,
            on_version=on_version,
            may_read=may_read,
            limits=limits,
        )
        spool.on_want = fetcher.ring
        try:
            await fetcher.run()
        finally:
            spool.on_want = None
            await fetcher.stop()
    if spool.length == 0:
        raise Refused("link-empty")
    await spool.settle()


class _Running:
    """A lane with its task."""

    def __init__(self, lane: Lane | None) -> None:
        self.position: int = 0 if lane is None else lane.position
        self.end: int | None = None if lane is None else lane.end
        self.go = asyncio.Event()
        self.go.set()
        self.task: asyncio.Task[None]


class _Fetcher:
    def __init__(
        self,
        asker: Asker,
        spool: Spool,
        *,
        on_progress: Callable[[int], None],
        known: Version | None,
        on_version: Callable[[Version], None] | None,
        may_read: asyncio.Event | None,
        limits: Limits,
    ) -> None:
        self._asker = asker
        self._spool = spool
        self._on_progress = on_progress
        self._known = known if spool.held else None
        self._on_version = on_version
        self._limits = limits
        self._may_read = may_read or asyncio.Event()
        if may_read is None:
            self._may_read.set()
        self._bell = asyncio.Event()
        self._lanes: list[_Running] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time
        self._meter = Meter()
        self._ranged: bool | None = None
        """The server gives parts of the file; None before it has answered."""
        self._version: Version | None = None
        self._trusted = not spool.held
        """What is held is certainly of the version that the server has."""
        self._tries = 0
        self._since_trouble = 0
        """Bytes that came since: a few of them are no progress."""
        self._last_byte = self._clock()
        self._served = -1.0
        """When a lane last ran for somebody who waited."""
        self._span = SPAN
        self._span_end = -1

    def ring(self) -> None:
        """Somebody waits for bytes."""
        self._bell.set()

    async def run(self) -> None:
        while not self._spool.complete:
            self._bell.clear()
            wait = self._decide()
            tasks = [lane.task for lane in self._lanes]
            bell = asyncio.ensure_future(self._bell.wait())
            try:
                await asyncio.wait([*tasks, bell], timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            finally:
                bell.cancel()
            over = [lane for lane in self._lanes if lane.task.done()]
            self._lanes = [lane for lane in self._lanes if not lane.task.done()]
            for lane in over:
                await self._look_at(lane)

    async def stop(self) -> None:
        """Ends all requests."""
        while self._lanes:
            self._end(self._lanes[0])
        if self._ending:
            await asyncio.wait(self._ending)

    # deciding

    def _decide(self) -> float | None:
        """Sees to it that the right lanes run. Gives the seconds after which to look again, None for no limit."""
        if self._ranged is not True or self._spool.length is None:
            if not self._lanes:
                self._open(None)
            return None
        wants = [want.start for want in self._spool.wanted()]
        lanes = [Lane(lane.position, lane.end or self._spool.length) for lane in self._lanes]
        now = self._clock()
        if not wants and lanes and any(lane.go.is_set() for lane in self._lanes) and now - self._served < LINGER:
            return self._served + LINGER - now
        near = max(NEAR, int(self._meter.rate(now) * NEAR_SECONDS))
        span = self._span
        if wants and wants[0] == self._span_end:
            span = min(2 * span, MAX_SPAN)
        step = next_step(self._spool.held, self._spool.length, wants, lanes, near=near, span=span)
        for n, lane in enumerate(self._lanes):
            (lane.go.set if n in step.run else lane.go.clear)()
        if wants:
            self._served = now
        if step.cut is not None and step.start is not None:
            self._lanes[step.cut].end = step.start.position
        if step.stop is not None:
            self._end(self._lanes[step.stop])
        if step.start is not None:
            if wants:
                self._span, self._span_end = (span if wants[0] == self._span_end else SPAN), step.start.end
            self._open(step.start)
        return None

    def _open(self, lane: Lane | None) -> None:
        """Without a lane: as far as there is something to fetch, from the first missing byte on."""
        running = _Running(lane)
        if lane is None and self._ranged is None:
            running.position = self._spool.held.held_until(0)
            running.end = self._spool.held.next_held(running.position)
        if not self._trusted:  # a little more on both sides, to be compared
            running.position = max(0, running.position - OVERLAP)
            running.end = None if running.end is None else min(running.end + OVERLAP, self._spool.length or running.end)
        running.task = asyncio.create_task(self._run_lane(running), name="fetch lane")
        self._lanes.append(running)

    def _end(self, lane: _Running) -> None:
        """Gives a lane up."""
        self._lanes.remove(lane)
        lane.task.cancel()
        self._ending.add(lane.task)
        lane.task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # it failed in the moment it was given up

    async def _look_at(self, lane: _Running) -> None:
        """A lane is over. Waits a little and lets the next one begin, or raises."""
        if lane.task.cancelled():
            return
        error = lane.task.exception()
        if error is None:
            return
        if isinstance(error, NoRanges):
            await self.stop()
            self._ranged = False
            return
        if not isinstance(error, Trouble):
            raise error
        self._tries += 1
        self._since_trouble = 0
        answered = self._version is not None
        most, patience = (
            (self._limits.tries, self._limits.patience)
            if answered
            else (self._limits.first_tries, self._limits.first_patience)
        )
        if (
            self._tries >= most
            or self._clock() - self._last_byte >= patience
            or error.after > self._limits.retry_after_most
        ):
            raise error.problem
        if not self._lanes:
            pause = min(self._limits.backoff * 2 ** (self._tries - 1), self._limits.backoff_most)
            await asyncio.sleep(max(error.after, pause * random.uniform(0.5, 1.0)))  # noqa: S311

    # one lane

    async def _run_lane(self, lane: _Running) -> None:
        if self._ranged is False:
            answer = await self._asker.ask_whole()
        else:
            trusted = self._version.etag if self._version is not None else None
            answer = await self._asker.ask(lane.position, lane.end, if_range=trusted)
        try:
            first = self._version is None
            self._recognise(answer)
            if first:
                await self._spool.fits()
            if answer.start != lane.position:  # the server sends all of it
                lane.position, lane.end = answer.start, None
            lane.end = self._end_of(lane, answer)
            await self._pour(lane, answer)
        finally:
            if answer.response.content.at_eof():
                answer.response.release()
            else:
                answer.response.close()

    def _end_of(self, lane: _Running, answer: Answer) -> int | None:
        """Where the server, the lane, or what is held already ends this request; None where the end will show."""
        ends = [end for end in (lane.end, answer.end) if end is not None]
        if answer.ranged:
            there = self._spool.held.next_held(self._spool.held.held_until(lane.position))
            if there is not None:
                ends.append(there if self._trusted else there + OVERLAP)
        return min(ends, default=None)

    def _recognise(self, answer: Answer) -> None:
        """Which version this is. Raises Refused (`link-changed`, `link-empty`), NoRanges for a 200 in the middle."""
        name = name_of(self._asker.url, answer.response.headers.get("Content-Disposition", ""))
        new = Version(length=answer.length, etag=answer.etag, last_modified=answer.last_modified, name=name)
        first = self._version is None
        if (self._version is not None and new.differs(self._version)) or (
            self._known is not None and new.differs(self._known)
        ):
            raise Refused("link-changed")
        if first:
            self._version = new
            self._trusted = self._trusted or (self._known is not None and new.proves(self._known))
            self._ranged = answer.ranged
            self._spool.answered(answer.length)
            if self._on_version is not None:
                self._on_version(new)
        elif answer.response.status == 200 and self._ranged and len(self._lanes) > 1:
            raise NoRanges
        elif answer.response.status == 200:
            self._ranged = False
        if answer.length == 0:
            raise Refused("link-empty")

    async def _pour(self, lane: _Running, answer: Answer) -> None:
        """From the answer into the spool."""
        content = answer.response.content
        since, poured = self._clock(), 0
        beginning = b""
        judged = lane.position != 0
        while lane.end is None or lane.position < lane.end:
            while not (lane.go.is_set() and self._may_read.is_set()):
                await self._may_read.wait()
                await lane.go.wait()
                since, poured = self._clock(), 0
                self._last_byte = since
            try:
                data = await content.read(READ)
            except (aiohttp.ClientError, OSError) as error:
                silent = isinstance(error, TimeoutError)
                raise Trouble(Refused("link-unreachable" if silent else "link-cut-short")) from error
            now = self._clock()
            poured += len(data)
            if now - since >= self._limits.floor_seconds:
                if poured < self._limits.floor_bytes:
                    raise Trouble(Refused("link-unreachable"))
                since, poured = now, 0
            if not judged:
                beginning += data
                if data and len(beginning) < HEAD:
                    continue
                if looks_like_page(answer.response.headers.get("Content-Type", ""), beginning):
                    raise Refused("link-is-page")
                judged, data = True, beginning
            if not data:
                break
            if lane.end is not None:
                data = data[: lane.end - lane.position]
            await self._take(lane, data, now)
        if lane.end is None:
            if lane.position == 0:
                raise Refused("link-empty")
            self._spool.answered(lane.position)
        elif lane.position < lane.end:
            raise Trouble(Refused("link-cut-short"))

    async def _take(self, lane: _Running, data: bytes, now: float) -> None:
        piece = Piece(lane.position, data)
        there = self._spool.held.next_held(piece.offset)
        if there is not None and there < piece.offset + len(data) and not await self._spool.matches(piece):
            raise Refused("link-changed")
        before = self._spool.held.total
        await self._spool.write(piece)
        lane.position += len(data)
        held = self._spool.held.total
        if held > before:
            self._since_trouble += held - before
            if self._since_trouble >= self._limits.floor_bytes:
                self._tries = 0
                self._last_byte = now
            self._meter.add(now, held - before)
            self._on_progress(held)
