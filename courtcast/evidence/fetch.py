"""From a link into a spool: the whole file, what somebody waits for first.

The first request asks for all of the file as a range, so that one round trip tells whether the server has ranges, how
long the file is and which version of it this is, and brings its first bytes. Pieces go into the spool as they come.
What is held is never fetched twice, and never changes: where a server sends bytes again they are compared. Bytes of two
versions are never mixed: each answer proves by a strong tag, or date and length, that it is of the same version, or
begins with some bytes that are held, and they have to be the same.

Several connections run side by side where that was found to be quicker (`company`), as far as the server's share of
them allows (`hosts`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import aiohttp

from courtcast.evidence.ask import Answer, Asker, NoRanges, Trouble
from courtcast.evidence.company import Company
from courtcast.evidence.files import in_words
from courtcast.evidence.guard import Guard
from courtcast.evidence.hosts import Hosts
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links import Link
from courtcast.evidence.links.direct import looks_like_page, name_of
from courtcast.evidence.meter import Meter
from courtcast.evidence.order import (
    LINGER,
    MAX_SPAN,
    MAX_STRETCH,
    NEAR,
    NEAR_SECONDS,
    SPAN,
    STRETCH,
    STRETCH_SECONDS,
    Lane,
    next_step,
)
from courtcast.evidence.running import Running
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.version import Version
from courtcast.problems import Refused

__all__ = ["Version", "fetch"]

OVERLAP = 64 << 10
"""Bytes that are fetched again and compared where nothing else says that the file is still the same."""
HEAD = 32
"""Bytes that a page is told by."""
LOOK = 0.25
"""Seconds between two looks at whether more connections would be quicker."""
SHY = frozenset(("link-refused", "link-not-found", "link-server", "link-unreachable", "link-cut-short", "link-empty"))
"""What a server may say that will not have another connection beside those that run."""

SHY_SECONDS = 5.0
"""For so long after that it may refuse the only one."""


class _Again(Exception):
    """To be asked again, in the other way that is now noted."""


async def fetch(
    link: Link,
    spool: Spool,
    guard: Guard,
    *,
    on_progress: Callable[[int], None],
    known: Version | None = None,
    on_version: Callable[[Version], None] | None = None,
    may_read: asyncio.Event | None = None,
    hosts: Hosts | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Returns when the spool is complete, hashed and on the disk.

    on_progress: gets the bytes held, at every piece
    known: the version that the spool's bytes are of, where it holds some
    on_version: gets the version as soon as the server has answered, as far as what is held is proved to be of it, and
        once more when all is here
    may_read: while it is not set, nothing is read and the line is left to others; for seconds, not for minutes
    hosts: what other fetches have of the same servers

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
            hosts=hosts or Hosts(),
            limits=limits,
        )
        spool.on_want = fetcher.ring
        overall = asyncio.timeout(limits.overall)
        try:
            async with overall:
                await fetcher.run()
        except TimeoutError:
            if not overall.expired():
                raise
            raise Refused("link-too-slow", hours=round(limits.overall / 3600)) from None
        finally:
            spool.on_want = None
            await fetcher.stop()
    if spool.length == 0:
        raise Refused("link-empty")
    await spool.settle()


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
        hosts: Hosts,
        limits: Limits,
    ) -> None:
        self._asker = asker
        self._spool = spool
        self._on_progress = on_progress
        self._known = known if spool.held else None
        self._on_version = on_version
        self._hosts = hosts
        self._limits = limits
        self._may_read = may_read or asyncio.Event()
        if may_read is None:
            self._may_read.set()
        self._bell = asyncio.Event()
        self._lanes: list[Running] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time
        self._meter = Meter()
        self._company = Company(self._clock())
        self._ranged: bool | None = None
        """The server gives parts of the file; None before it has answered."""
        self._version: Version | None = None
        self._trusted = False
        """What is held is certainly of the version that the server has, and its answers prove it each time."""
        self._if_range = True
        """The server understands `If-Range`."""
        self._most_undeclared = limits.undeclared
        self._shy_at = -SHY_SECONDS
        """When the server last refused a connection beside others."""
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
        if self._version is not None and self._on_version is not None:
            self._on_version(self._version)

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
            all_held = self._spool.length is not None and self._spool.held.covers(0, self._spool.length)
            if not self._lanes and not all_held:  # else some of it is still being checked
                self._open(None)
            return None
        wants = [want.start for want in self._spool.wanted()]
        lanes = [Lane(lane.position, lane.end or self._spool.length) for lane in self._lanes]
        now = self._clock()
        if not wants and lanes and any(lane.go.is_set() for lane in self._lanes) and now - self._served < LINGER:
            return self._served + LINGER - now
        rate = self._meter.rate(now)
        span = self._span
        if wants and wants[0] == self._span_end:
            span = min(2 * span, MAX_SPAN)
        many = self._side_by_side(now)
        step = next_step(
            self._spool.held,
            self._spool.length,
            wants,
            lanes,
            near=max(NEAR, int(rate * NEAR_SECONDS)),
            span=span,
            side_by_side=many,
            stretch=int(min(max(STRETCH, rate / many * STRETCH_SECONDS), MAX_STRETCH)),
        )
        if len(step.run) < len(lanes):
            self._company.begin(now)
        for n, lane in enumerate(self._lanes):
            (lane.go.set if n in step.run else lane.go.clear)()
        if wants and many == 1:
            self._served = now
        if step.cut is not None and step.start is not None:
            self._lanes[step.cut].end = step.start.position
        extra = step.start is not None and bool(step.run)
        if step.stop is not None:
            self._end(self._lanes[step.stop])
        if step.start is not None:
            if wants and not extra:
                self._span, self._span_end = (span if wants[0] == self._span_end else SPAN), step.start.end
            self._open(step.start, extra=extra)
            if extra:
                return 0.0
        return LOOK if self._trusted else None

    def _side_by_side(self, now: float) -> int:
        if not self._trusted or self._spool.length is None:
            return 1
        if not self._may_read.is_set():
            self._company.begin(now)
        left = self._spool.length - self._spool.held.total
        return self._company.look(now, left, room=self._hosts.has_room(self._host))

    @property
    def _host(self) -> str:
        return self._asker.url.host or ""

    def _open(self, lane: Lane | None, *, extra: bool = False) -> None:
        """Without a lane: as far as there is something to fetch, from the first missing byte on."""
        running = Running(lane, extra=extra)
        if lane is None and self._ranged is None:
            running.position = self._spool.held.held_until(0)
            running.end = self._spool.held.next_held(running.position)
        if not self._trusted:  # a little more on both sides, to be compared
            held = self._spool.held
            before = running.position - OVERLAP
            begun = max((start for start, end in held if start < running.position <= end), default=running.position)
            running.position = max(0, before, begun)
            if running.end is not None:
                running.end = min(running.end + OVERLAP, max(running.end, held.held_until(running.end)))
        running.task = asyncio.create_task(self._run_lane(running), name="fetch lane")
        self._lanes.append(running)

    def _end(self, lane: Running) -> None:
        """Gives a lane up."""
        self._lanes.remove(lane)
        lane.task.cancel()
        self._ending.add(lane.task)
        lane.task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # it failed in the moment it was given up

    async def _look_at(self, lane: Running) -> None:
        """A lane is over. Waits a little and lets the next one begin, or raises."""
        if lane.task.cancelled():
            return
        error = lane.task.exception()
        if error is None or isinstance(error, _Again):
            return
        if isinstance(error, Trouble) and error.after:
            self._hosts.leave_alone(self._host, error.after)
        shy = isinstance(error, Trouble | NoRanges) or (isinstance(error, Refused) and error.type in SHY)
        if lane.extra and self._lanes and shy:
            if lane.came:
                self._company.begin(self._clock())
            else:
                self._refused(lane)
            return
        if isinstance(error, Refused) and shy and self._clock() - self._shy_at < SHY_SECONDS:
            error = Trouble(error)  # it still counts a connection that has just been closed
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
        if not self._lanes or self._tries > 1:
            pause = min(self._limits.backoff * 2 ** (self._tries - 1), self._limits.backoff_most)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    def _refused(self, lane: Running) -> None:
        """The server will not have so many. The lane that was cut for this one goes on as before."""
        self._shy_at = self._clock()
        self._company.refused(self._shy_at)
        for other in self._lanes:
            if other.end == lane.begun and other.reach is not None:
                ahead = [one.begun for one in self._lanes if one.begun > other.position]
                other.end = min([other.reach, self._spool.held.next_held(lane.begun) or other.reach, *ahead])

    # one lane

    async def _run_lane(self, lane: Running) -> None:
        async with self._hosts.connection(self._host):
            rest = self._hosts.rest(self._host)
            if rest > self._limits.retry_after_most:
                raise Trouble(Refused("link-busy", minutes=-(-int(rest) // 60)), rest)
            await asyncio.sleep(rest)
            asked = lane.position, lane.end
            answer = await self._ask(lane)
            try:
                first = self._version is None
                self._recognise(answer)
                if first:
                    await self._make_room(answer)
                if answer.start != lane.position:  # the server sends all of it
                    lane.position, lane.end = answer.start, None
                lane.reach, lane.end = answer.end, self._end_of(lane, answer)
                await self._pour(lane, answer)
            finally:
                if answer.response.content.at_eof():
                    answer.response.release()
                else:
                    answer.response.close()
        given = answer.end if answer.end != answer.length else None
        if given is not None and (asked[1] is None or given < asked[1]) and lane.came < self._limits.floor_bytes:
            raise Trouble(Refused("link-cut-short"))

    async def _ask(self, lane: Running) -> Answer:
        if self._ranged is False:
            return await self._asker.ask_whole()
        trusted = self._version is not None and self._trusted and self._if_range
        validator = self._version.validator if trusted and self._version is not None else None
        answer = await self._asker.ask(lane.position, lane.end, if_range=validator)
        if validator is not None and answer.response.status == 200 and self._version is not None:
            found = self._found(answer)
            if found.proves(self._version):  # it is the same: the server does not know what was meant
                answer.response.close()
                self._if_range = False
                raise _Again
        return answer

    async def _make_room(self, answer: Answer) -> None:
        if answer.length is None:
            self._most_undeclared = min(self._most_undeclared, await self._spool.room() // 2)
        else:
            await self._spool.fits()

    def _end_of(self, lane: Running, answer: Answer) -> int | None:
        """Where the server, the lane, or what is held already ends this request; None where the end will show."""
        ends = [end for end in (lane.end, answer.end) if end is not None]
        if answer.ranged:
            there = self._spool.held.next_held(self._spool.held.held_until(lane.position))
            if there is not None:
                ends.append(there if self._trusted else there + OVERLAP)
        return min(ends, default=None)

    def _found(self, answer: Answer) -> Version:
        name = name_of(self._asker.url, answer.response.headers.get("Content-Disposition", ""))
        return Version(length=answer.length, etag=answer.etag, last_modified=answer.last_modified, name=name)

    def _recognise(self, answer: Answer) -> None:
        """Which version this is. Raises Refused (`link-changed`, `link-empty`), NoRanges for a 200 in the middle."""
        new = self._found(answer)
        if any(other is not None and new.differs(other) for other in (self._version, self._known)):
            raise Refused("link-changed")
        if self._version is None:
            self._version = new
            basis = self._known if self._spool.held else new
            self._trusted = answer.ranged and basis is not None and new.proves(basis)
            self._ranged = answer.ranged
            self._company.begin(self._clock())
            self.ring()  # now it can be said what else to do
            self._spool.answered(answer.length)
            proved = self._trusted or not self._spool.held
            if self._on_version is not None:
                self._on_version(new if proved else Version(length=new.length, name=new.name))
        elif answer.response.status == 200 and self._ranged and len(self._lanes) > 1:
            raise NoRanges
        elif answer.response.status == 200:
            self._ranged = self._trusted = False
        elif self._trusted and not new.proves(self._version):
            self._trusted = False
            raise _Again
        if answer.length == 0:
            raise Refused("link-empty")

    async def _pour(self, lane: Running, answer: Answer) -> None:
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
                data = await content.readany()
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
                if not content.at_eof():  # the border of a chunk
                    continue
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

    async def _take(self, lane: Running, data: bytes, now: float) -> None:
        piece = Piece(lane.position, data)
        end = piece.offset + len(data)
        if lane.end is None and end > self._most_undeclared:
            raise Refused("link-endless", came=in_words(lane.position))
        held = self._spool.held
        fresh = sum(stop - start for start, stop in held.missing(piece.offset, end))
        if fresh < len(data) and not await self._spool.matches(piece):
            raise Refused("link-changed")
        await self._spool.write(piece)
        lane.position = end
        lane.came += len(data)
        if fresh:
            self._since_trouble += fresh
            if self._since_trouble >= self._limits.floor_bytes:
                self._tries = 0
                self._last_byte = now
            self._meter.add(now, fresh)
            self._company.add(now, fresh)
            self._on_progress(held.total)
