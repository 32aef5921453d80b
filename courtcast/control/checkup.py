"""Carries the two checks out: gathers the facts that `core.checks` and `core.casecheck` judge. One at a time.

The last result of each kind is kept on disk: what was found the evening before is there in the morning. A check is not
worth a fault in a hearing, so one of the room ends by itself as soon as something is put on the screens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from courtcast.control.desk import Desk, What
from courtcast.control.ports import Intake, Screens
from courtcast.core import casecheck, checks
from courtcast.core.casecheck import CaseFacts, CaseFile, LinkFacts
from courtcast.core.checks import Facts, FileFacts, Line, ScreenFacts
from courtcast.core.manifest import Manifest
from courtcast.evidence.database import Database
from courtcast.evidence.files import room as room_on_disk
from courtcast.prepare.examine import Copy, Seen
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.api import Check, CheckKind, Checks, Exhibit, Screen
from courtcast.wire.media import LEAVES
from courtcast.wire.screen import Able

log = logging.getLogger(__name__)

SPACE = "checks"
DAY = 24 * 3600.0
LEAST_SECONDS, MOST_SECONDS = 0.5, 60.0
"""For which lines are measured."""
LINKS_AT_ONCE = 4
CLOCKS_ASKED = 3
"""Servers whose clock is compared with this machine's in a room check."""
TELL_SECONDS = 0.5
"""Between two words of how far a measurement is."""
SHOWN = "Something was put on the screens, so the check of the room ended. Repeat it when they are free."
BROKEN = "The check met a fault of its own and ended. Repeat it; what it met is in the log."
CANCELLED = "The check was cancelled before its end."


class _Judged(NamedTuple):
    """What a check came to."""

    says: str
    findings: Sequence[Any]
    looked: Sequence[Any]


class Checkup:
    """An async context manager; inside it checks can be asked for.

    data: the folder whose disk counts
    """

    def __init__(self, *, db: Database, intake: Intake, screens: Screens, desk: Desk, data: Path) -> None:
        self._db, self._intake, self._screens, self._desk, self._data = db, intake, screens, desk, data
        self._last: dict[CheckKind, Check] = {}
        self._running: Check | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = ""
        """Why it was cancelled, in words."""
        self._said = ""
        self._unlisten: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        for kind, data in await self._db.items(SPACE):
            with suppress(msgspec.MsgspecError):
                kept = msgspec.json.decode(data, type=Check)
                if kind == kept.kind:
                    self._last[kept.kind] = kept
        self._unlisten = self._desk.listen(self._heard)
        self._tell()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unlisten()
        if self._task is not None:
            await ended(self._task)

    @property
    def state(self) -> Checks:
        last = self._last
        return Checks(running=self._running, case=last.get("case"), room=last.get("room"), said=self._said)

    def case(self, until: float | None, *, by: str) -> Check:
        """Begins the case check, for a hearing that ends then (Unix time). Raises Refused check-running, malformed."""
        now = time.time()
        if until is not None and not now < until < now + 400 * DAY:
            raise Refused("malformed", why="until is no moment of the year to come")
        ends = now + DAY if until is None else until
        begun = Check(kind="case", state="running", begun=now, by=by, until=ends, doing="The links are asked.")
        return self._begin(begun, self._check_case(ends))

    def room(self, seconds: float | None, *, by: str) -> Check:
        """Begins the room check. Raises Refused check-running, check-not-now, outside-range."""
        lasting = checks.MEASURED if seconds is None else seconds
        if not LEAST_SECONDS <= lasting <= MOST_SECONDS:
            raise Refused("outside-range", what="The seconds", low=LEAST_SECONDS, high=MOST_SECONDS)
        if self._desk.state().shown is not None:
            raise Refused("check-not-now")
        begun = Check(kind="room", state="running", begun=time.time(), by=by, doing="The screens are asked.")
        return self._begin(begun, self._check_room(lasting))

    def cancel(self) -> None:
        """Ends the one that runs, if one does."""
        self._stop(CANCELLED)

    # its course

    def _begin(self, begun: Check, work: Coroutine[Any, Any, _Judged]) -> Check:
        if self._running is not None:
            work.close()
            raise Refused("check-running")
        self._running, self._ended, self._said = begun, "", ""
        self._task = asyncio.create_task(self._carry(begun, work), name=f"{begun.kind} check")
        self._task.add_done_callback(lambda _: self._never_begun(begun, work))
        self._tell()
        return begun

    def _never_begun(self, begun: Check, work: Coroutine[Any, Any, _Judged]) -> None:
        """A task that is cancelled at once does not even begin."""
        work.close()
        if self._running is begun and self._ended:
            self._over(msgspec.structs.replace(begun, state="cancelled", says=self._ended))

    async def _carry(self, begun: Check, work: Coroutine[Any, Any, _Judged]) -> None:
        try:
            judged = await work
            over = msgspec.structs.replace(
                begun, state="done", progress=1.0, says=judged.says, findings=list(judged.findings),
                looked=list(judged.looked),
            )  # fmt: skip
        except asyncio.CancelledError:
            if not self._ended:
                raise
            over = msgspec.structs.replace(begun, state="cancelled", says=self._ended)
        except Exception:
            log.exception("the %s check", begun.kind)
            over = msgspec.structs.replace(begun, state="broken", says=BROKEN)
        over = self._over(over)
        if over.state == "done":
            with suppress(Refused):  # it stands in memory; a full disk is one of the things that it says
                await self._db.put(SPACE, over.kind, msgspec.json.encode(over))

    def _over(self, over: Check) -> Check:
        over = msgspec.structs.replace(over, ended=time.time(), doing="")
        if over.state == "done":  # one that was not is no reason to forget the one before
            self._last[over.kind] = over
        else:
            self._said = over.says
        self._running = self._task = None
        self._tell()
        return over

    def _heard(self, what: What, _: str | None) -> None:
        if what != "room" or self._running is None or self._running.kind != "room":
            return
        if self._desk.state().shown is not None:
            self._stop(SHOWN)

    def _stop(self, why: str) -> None:
        if self._task is not None and not self._ended:
            self._ended = why
            self._task.cancel()

    def _tell(self) -> None:
        self._desk.checked(self.state)

    def _moved(self, progress: float, doing: str) -> None:
        if self._running is not None:
            self._running = msgspec.structs.replace(self._running, progress=min(1.0, progress), doing=doing)
            self._tell()

    # the case

    async def _check_case(self, until: float) -> _Judged:
        order = self._intake.exhibits()
        links = await self._ask_links(order)
        files = []
        for n, exhibit in enumerate(order):
            self._moved(0.3 + 0.7 * n / len(order), f"{exhibit.ref} is read again from the disk.")
            seen = links.get(exhibit.id)
            heal = seen is not None and seen.answer.problem is None
            copy = await self._read(exhibit, heal=heal)
            if copy is not None:
                files.append(_case_file(self._now(exhibit), seen, copy, self._intake.manifest(exhibit.id)))
        facts = CaseFacts(
            files=tuple(files), now=time.time(), until=until, free=await self._free(),
            wall_off=_wall_off(list(links.values())),
        )  # fmt: skip
        found = casecheck.check_case(facts, spoken)
        return _Judged(checks.sum_up(found, casecheck.READY), found, casecheck.looked_at(facts, spoken))

    async def _ask_links(self, order: Sequence[Exhibit]) -> dict[str, Seen]:
        seen: dict[str, Seen] = {}
        turn, done = asyncio.Semaphore(LINKS_AT_ONCE), 0

        async def ask(exhibit: Exhibit) -> None:
            nonlocal done
            async with turn:
                with suppress(Refused):  # removed meanwhile
                    seen[exhibit.id] = await self._intake.ask_link(exhibit.id)
            done += 1
            self._moved(0.3 * done / len(order), f"The links are asked: {done} of {len(order)}.")

        async with asyncio.TaskGroup() as group:
            for exhibit in order:
                group.create_task(ask(exhibit))
        return seen

    async def _read(self, exhibit: Exhibit, *, heal: bool) -> Copy | None:
        try:
            return await self._intake.read_again(exhibit.id, heal=heal)
        except Refused as refused:
            return None if refused.type == "exhibit-unknown" else Copy()

    def _now(self, exhibit: Exhibit) -> Exhibit:
        with suppress(Refused):
            return self._intake.get(exhibit.id)
        return exhibit

    # the room

    async def _check_room(self, seconds: float) -> _Judged:
        order = self._intake.exhibits()
        manifests = {exhibit.id: self._intake.manifest(exhibit.id) for exhibit in order}
        tracks = [track for manifest in manifests.values() if manifest for track in manifest.tracks]
        types = sorted({track.mime for track in tracks if not track.leaves})  # every browser shows pictures
        there = [screen for screen in self._screens.screens() if screen.paired and screen.online]
        able = dict(
            zip([s.id for s in there], await asyncio.gather(*(self._able(s, types) for s in there)), strict=True)
        )
        clocks = asyncio.create_task(self._clocks(order))
        progress = asyncio.create_task(self._count(seconds, there))
        try:
            lines = await asyncio.gather(*(self._screens.measure(screen.id, seconds) for screen in there))
            measured = dict(zip([screen.id for screen in there], lines, strict=True))
            progress.cancel()
            self._moved(0.85, "The running order is played through in thought.")
            wall_off = await clocks
        finally:
            await ended(clocks, progress)
        # What was learned of the lines is what it is judged by.
        foreseen = [self._foreseen(exhibit) for exhibit in order]
        screens = self._screens.screens()
        sound = self._desk.state().sound_screen
        facts = Facts(
            screens=tuple(_screen(screen, able.get(screen.id), measured.get(screen.id)) for screen in screens),
            files=tuple(_file(exhibit, manifests[exhibit.id], bool(there)) for exhibit in foreseen),
            free=await self._free(),
            wall_off=wall_off,
            sound=next((screen.name for screen in screens if screen.id == sound), None),
        )
        found = checks.check(facts)
        return _Judged(checks.sum_up(found), found, checks.looked_at(facts))

    async def _able(self, screen: Screen, types: Sequence[str]) -> Able | None:
        return await self._screens.ask(screen.id, types)

    async def _clocks(self, order: Sequence[Exhibit]) -> float | None:
        """This machine's time against that of some servers that its links lead to."""
        hosts = {exhibit.url.split("/")[2]: exhibit for exhibit in order if exhibit.url and exhibit.url.count("/") > 1}
        asked = [self._intake.ask_link(exhibit.id) for exhibit in list(hosts.values())[:CLOCKS_ASKED]]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return _wall_off([answer for answer in answers if isinstance(answer, Seen)])

    async def _count(self, seconds: float, there: Sequence[Screen]) -> None:
        begun = time.monotonic()
        names = checks.listed([screen.name for screen in there]) if there else ""
        what = f"The line to {names} is measured" if len(there) == 1 else f"The lines to {names} are measured"
        while there:
            gone = min(seconds, time.monotonic() - begun)
            self._moved(0.1 + 0.7 * gone / seconds, f"{what}: {gone:.0f} of {seconds:.0f} s.")
            await asyncio.sleep(TELL_SECONDS)

    def _foreseen(self, exhibit: Exhibit) -> Exhibit:
        with suppress(Refused):
            return self._desk.foreseen(exhibit.id)
        return exhibit

    async def _free(self) -> int | None:
        try:
            return await asyncio.to_thread(room_on_disk, self._data)
        except Refused:
            return None


def spoken(moment: float) -> str:
    """On Sat 28 Nov at 17:00, by this machine's own wall clock."""
    return f"{datetime.fromtimestamp(moment):on %a %d %b at %H:%M}"


def _wall_off(seen: Sequence[Seen]) -> float | None:
    """The median of what servers' clocks say; one that is wrong itself says nothing about this machine."""
    offs = sorted(one.answer.clock_off for one in seen if one.answer.clock_off is not None)
    return offs[len(offs) // 2] if offs else None


def _case_file(exhibit: Exhibit, seen: Seen | None, copy: Copy, manifest: Manifest | None) -> CaseFile:
    link = None
    if seen is not None:
        problem = seen.answer.problem
        link = LinkFacts(
            problem=None if problem is None else _first(problem.detail),
            passing=seen.answer.passing,
            changed=seen.answer.changed,
            ends=seen.ends,
            sent=seen.sent,
        )
    return CaseFile(
        ref=exhibit.ref,
        link=link,
        held=exhibit.bytes_fetched,
        total=exhibit.bytes_total,
        complete=copy.complete,
        intact=copy.intact,
        sha256=exhibit.sha256,
        prepared=copy.prepared,
        seconds=None if manifest is None else manifest.prepared,
        problem=_first(exhibit.problem.detail) if exhibit.state == "failed" and exhibit.problem is not None else None,
        notes=tuple(note.detail for note in exhibit.notes),
    )


def _screen(screen: Screen, able: Able | None, line: Line | None) -> ScreenFacts:
    report = screen.report
    return ScreenFacts(
        name=screen.name,
        paired=screen.paired,
        age=report.age if report is not None and screen.online else None,
        plays=None if able is None else frozenset((*able.plays, LEAVES)),
        line=line,
        clock=None if able is None else able.doubt,
        problem=_first(screen.problem.detail) if screen.problem is not None else None,
        answers_in=None if report is None else report.rtt,
        display=(0, 0) if able is None else (able.width, able.height),
        room=_disk(screen, able),
        day=None if screen.day is None else (screen.day.held, screen.day.total),
    )


def _first(detail: str) -> str:
    """The sentence that says what is; what to do about it, a finding says in its own words."""
    return detail if ". " not in detail else detail[: detail.index(". ") + 1]


def _disk(screen: Screen, able: Able | None) -> int | None:
    """What the page means to use, else what its browser would let it."""
    if screen.day is not None and screen.day.disk:
        return screen.day.disk
    return None if able is None else able.quota


def _file(exhibit: Exhibit, manifest: Manifest | None, seen: bool) -> FileFacts:
    """`seen`: a screen is there, so that readiness means something."""
    size = 0 if manifest is None else manifest.bytes
    lasting = 0.0 if manifest is None else manifest.prepared
    failed = exhibit.state == "failed" and exhibit.problem is not None
    known = seen and (exhibit.safe or exhibit.safe_never or exhibit.safe_at is not None)
    wait = 0.0 if exhibit.safe else None if exhibit.safe_at is None else max(0.0, exhibit.safe_at - time.time())
    return FileFacts(
        ref=exhibit.ref,
        tracks=() if manifest is None or not manifest.showable else tuple(track.mime for track in manifest.tracks),
        rate_kbit=None if manifest is None or manifest.leaves or lasting <= 0 else size * 8e-3 / lasting,
        problem=_first(exhibit.problem.detail) if failed and exhibit.problem is not None else None,
        safe_in=wait,
        foreseen=known,
        missing=2 * max(0, (exhibit.bytes_total or 0) - exhibit.bytes_fetched),
        size=size,
    )
