"""Looks on, and tells the record: what each screen says that it shows, and what becomes of each exhibit.

Commands are recorded by the desk, in the step that carries them out. What is here follows from what the parts say of
themselves, so it misses nothing that happened while nobody asked: an exhibit that was added by a command beside the
presenter, a file that was complete at night. What was last written of each exhibit is kept with it, in the same step,
so nothing is written twice.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from types import TracebackType
from typing import Final, NamedTuple, Self

import msgspec

from courtcast.control.desk import Desk, What
from courtcast.control.ports import Intake
from courtcast.control.timekeeper import steady
from courtcast.core.chain import Value
from courtcast.core.entries import MICRO, SENT, Fact, fact, micro
from courtcast.core.timeline import TOLERANCE, Timeline
from courtcast.core.witness import Part, Sight, Stretch, Witness
from courtcast.evidence.database import Database, delete, put
from courtcast.evidence.record import Record, stamp
from courtcast.evidence.uploads import sent_for
from courtcast.prepare.kept import SPACE as WAYS
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.api import Exhibit, Screen
from courtcast.wire.library import ClipRange
from courtcast.wire.screen import Scene

log = logging.getLogger(__name__)

SPACE: Final = "recorded"
"""What was last written of each exhibit."""
GATHER: Final = 0.5
"""Seconds between two looks at exhibits that changed: whoever asked for the change says so first."""
RETRY: Final = 2.0
CLOCK_EVERY: Final = 10.0
CLOCK_MOVED: Final = 1.0
"""Seconds by which a time of day was set rather than corrected (NTP slews smaller errors)."""
NOT_DECODED: Final = "not-decoded"


class Described(NamedTuple):
    """What people said of it."""

    evidential: bool = True
    origin: str = ""
    received: float | None = None
    clock: float | None = None
    declared: str = ""
    remark: bool = False

    @classmethod
    def of(cls, exhibit: Exhibit, source: str) -> Self:
        """source: from where it was received, where somebody wrote it down"""
        clock = exhibit.camera_clock
        return cls(
            exhibit.evidential, source, exhibit.received, None if clock is None else clock.error,
            "" if clock is None else clock.declared, bool(exhibit.remark),
        )  # fmt: skip

    def fact(self, at: int, exhibit: Exhibit, *, by: str, who: str) -> Fact:
        """For the record."""
        return fact(
            at, "described", **_of(exhibit), evidential=self.evidential, origin=self.origin,
            received=None if self.received is None else micro(self.received),
            clock=None if self.clock is None else micro(self.clock), declared=self.declared, remark=self.remark or None,
            by=by, who=who,
        )  # fmt: skip


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What the record says of an exhibit so far."""

    ref: str
    title: str
    restricted: bool
    source: str
    sha256: str | None = None
    rendition: str | None = None
    problem: str | None = None
    hearing: str = ""
    """Empty where it was written down before there were hearings."""
    described: Described = Described()


class Onlooker:
    """An async context manager; inside it the record is told."""

    def __init__(self, *, db: Database, record: Record, desk: Desk, intake: Intake) -> None:
        self._db, self._record, self._desk, self._intake = db, record, desk, intake
        self._witnesses: dict[str, Witness] = {}
        self._screens: dict[str, dict[str, Value | None]] = {}
        """What is said of a screen that is gone."""
        self._faults: dict[str, set[tuple[str, ...]]] = {}
        self._clips: dict[str, tuple[tuple[str, list[ClipRange]], tuple[Part, ...]]] = {}
        """Of each exhibit, the ranges that were looked at last: reports come four times a second."""
        self._noted: dict[str, Noted] = {}
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._unlisten: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        for id_, data in await self._db.items(SPACE):
            with suppress(msgspec.MsgspecError):
                self._noted[id_] = msgspec.json.decode(data, type=Noted)
        self._changed.update(exhibit.id for exhibit in self._intake.everything())
        self._news.set()
        self._unlisten = self._desk.listen(self._heard)
        self._tasks = [asyncio.create_task(work, name="onlooker") for work in (self._follow(), self._mind_clock())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unlisten()
        await ended(*self._tasks)
        at = stamp()
        for screen, witness in self._witnesses.items():
            self._tell(screen, at, witness.stop(at))

    # exhibits

    async def look(self, id_: str, *, by: str = "", who: str = "", relinked: bool = False) -> None:
        """Returns when the record says how the exhibit is now; by, who: asked for what is new of it. Raises Refused,
        and then it is written later."""
        async with self._looking:
            try:
                exhibit = self._intake.get(id_)
            except Refused:
                self._noted.pop(id_, None)
                return
            before = self._noted.get(id_)
            after = self._as_noted(exhibit, before)
            if after == before and not relinked:
                return
            try:
                facts = await self._facts(exhibit, before, after, by=by, who=who, relinked=relinked)

                def work(db: sqlite3.Connection) -> None:
                    self._record.entering(db, facts)
                    put(db, SPACE, id_, msgspec.json.encode(after))

                await self._db.run(work)
            except BaseException:
                self._again(id_)
                raise
            self._noted[id_] = after

    async def goes(self, id_: str, *, by: str, who: str) -> None:
        """It is about to be removed. Raises Refused where that cannot be recorded."""
        async with self._looking:
            await depart(self._db, self._record, self._intake.get(id_), by=by, who=who)

    def _as_noted(self, exhibit: Exhibit, before: Noted | None) -> Noted:
        manifest = self._intake.manifest(exhibit.id) if exhibit.state == "ready" else None
        former = None if before is None else before.rendition
        failed = exhibit.problem.type if exhibit.state == "failed" and exhibit.problem is not None else None
        if failed is None and exhibit.state != "ready" and before is not None:
            failed = before.problem  # it is tried again and again: said once, until it comes to something
        return Noted(
            ref=exhibit.ref,
            title=exhibit.title,
            restricted=exhibit.restricted,
            source=exhibit.url or ("" if exhibit.parts else SENT),
            sha256=exhibit.sha256 or (None if before is None else before.sha256),
            rendition=former if manifest is None else manifest.rendition,
            problem=failed,
            hearing=exhibit.hearing,
            described=Described.of(exhibit, self._intake.origin(exhibit.id)),
        )

    async def _facts(
        self, exhibit: Exhibit, before: Noted | None, after: Noted, *, by: str, who: str, relinked: bool
    ) -> Sequence[Fact]:
        at, of = stamp(), _of(exhibit)
        told: list[Fact] = []
        restricted = exhibit.restricted or None
        file = await self._sent_as(exhibit.id) if after.source == SENT else None
        if before is None:
            added = at if by else await self._added(exhibit.id) or at
            told.append(fact(added, "received", **of, title=after.title, source=after.source, file=file,
                             restricted=restricted, hearing=exhibit.hearing, by=by, who=who))  # fmt: skip
        else:
            if relinked or after.source != before.source:
                told.append(fact(at, "relinked", **of, source=after.source, file=file, by=by, who=who))
            if (after.ref, after.title, after.restricted) != (before.ref, before.title, before.restricted):
                told.append(fact(at, "renamed", **of, title=after.title, restricted=exhibit.restricted, by=by, who=who))
            if before.hearing not in ("", after.hearing):
                told.append(fact(at, "moved", **of, **await self._hearing(after.hearing), by=by, who=who))
        found = before or Noted(ref="", title="", restricted=False, source="")
        if after.described != found.described:
            told.append(after.described.fact(at, exhibit, by=by, who=who))
        if after.sha256 != found.sha256 or after.rendition != found.rendition:
            kept = Kept.read(await self._db.get(WAYS, exhibit.id))
            if after.sha256 != found.sha256:
                when = at if kept.fetched is None or kept.sha256 != after.sha256 else micro(kept.fetched)
                named = kept.version.name if kept.version is not None else None
                told.append(fact(when, "complete", **of, sha256=after.sha256, bytes=exhibit.bytes_total, file=named))
            if after.rendition != found.rendition:
                told.append(_prepared(at, exhibit, after, kept))
        if after.problem is not None and after.problem != found.problem:
            told.append(fact(at, "failed", **of, problem=after.problem))
        return told

    async def _sent_as(self, id_: str) -> str | None:
        """The file's name where it came from, with the folders that it lay in."""
        sent = next(iter(await sent_for(self._db, id_)), None)
        return None if sent is None else "/".join(filter(None, (sent.path, sent.name))) or None

    async def _hearing(self, id_: str) -> dict[str, Value | None]:
        row = await self._db.run(
            lambda db: db.execute("SELECT matter FROM hearings WHERE id = ?", (id_,)).fetchone(), lasting=False
        )
        return {"hearing": id_, "case": None if row is None else str(row[0])}

    async def _added(self, id_: str) -> int | None:
        """When an exhibit was added, of which nobody said so."""

        def work(db: sqlite3.Connection) -> int | None:
            row = db.execute("SELECT added FROM exhibits WHERE id = ?", (id_,)).fetchone()
            return None if row is None else micro(float(row[0]))

        return await self._db.run(work)

    def _again(self, id_: str) -> None:
        self._changed.add(id_)
        self._news.set()

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER)
            self._news.clear()
            changed, self._changed = self._changed, set()
            try:
                for id_ in changed:
                    await self.look(id_)
            except Exception as error:
                if not isinstance(error, Refused):
                    log.exception("an exhibit could not be looked at; it is tried again")
                self._changed |= changed
                self._news.set()
                await asyncio.sleep(RETRY)

    # screens

    def _heard(self, what: What, id_: str | None) -> None:
        if what == "screen" and id_ is not None:
            self._look_at_screen(id_)
        elif what == "exhibit" and id_ is not None:
            self._again(id_)

    def _look_at_screen(self, id_: str) -> None:
        witness = self._witnesses.setdefault(id_, Witness())
        try:
            screen = self._desk.screen(id_)
        except Refused:
            self._tell(id_, stamp(), witness.silent())
            return
        self._screens[id_] = {"screen": id_, "name": screen.name, "zone": screen.zone}
        report = screen.report
        if not screen.online or report is None:
            self._tell(id_, stamp(), witness.silent())
            return
        at = stamp() - micro(report.age)
        before, sight = witness.shows, self._sight(screen)
        self._tell(id_, at, witness.sees(at, sight))
        if sight is not None and sight.exhibit != before:
            self._record.later(
                fact(at, "appeared", **self._screens[id_], **self._named(sight.exhibit), clip=sight.clip,
                     rendition=sight.rendition, frame=sight.frame, media=sight.media)
            )  # fmt: skip
        self._look_for_faults(at, screen)

    def _sight(self, screen: Screen) -> Sight | None:
        report, stage = screen.report, self._desk.told(screen.id)
        if report is None or report.blank or report.exhibit is None or report.media_time is None:
            return None
        scene = None if stage is None else stage.shown
        same = scene is not None and scene.exhibit == report.exhibit
        return Sight(
            exhibit=report.exhibit,
            rendition=scene.rendition if scene is not None and same else "",
            frame=report.frame,
            media=micro(report.media_time),
            playing=report.playing,
            rate=scene.anchor.rate if scene is not None and same else 1.0,
            sound=report.sound,
            stalls=report.stalls.count,
            stalled=micro(report.stalls.seconds),
            parts=self._parts(report.exhibit, scene) if scene is not None and same and scene.ranges else (),
            clip=self._clip(report.exhibit) if scene is not None and same and scene.ranges else None,
        )

    def _clip(self, exhibit: str) -> str | None:
        """Name of the clip that it is shown as."""
        on = self._desk.state().shown
        return None if on is None or on.exhibit != exhibit else on.clip

    def _parts(self, exhibit: str, scene: Scene) -> tuple[Part, ...]:
        """The ranges of the clip that a screen was told of, with their frames."""
        known = self._clips.get(exhibit)
        if known is None or known[0] != (scene.rendition, scene.ranges):
            manifest = self._intake.manifest(exhibit)
            same = manifest is not None and manifest.rendition == scene.rendition and manifest.complete
            timeline = manifest.timeline if manifest is not None and same and manifest.frames else None
            known = self._clips[exhibit] = (
                (scene.rendition, scene.ranges),
                tuple(Part(micro(one.start), micro(one.stop), *_frames(timeline, one)) for one in scene.ranges),
            )
        return known[1]

    def _look_for_faults(self, at: int, screen: Screen) -> None:
        """Each once, for as long as it is there."""
        report = screen.report
        if report is None:
            return
        there: dict[tuple[str, ...], Fact] = {}
        where = {**self._screens[screen.id], **(self._named(report.exhibit) if report.exhibit else {})}
        for start, end in report.skipped:
            key = NOT_DECODED, report.exhibit or "", str(start), str(end)
            there[key] = fact(at, "fault", **where, type=NOT_DECODED, media_from=micro(start), media_to=micro(end))
        if report.problem is not None:
            there[report.problem.type, report.exhibit or ""] = fact(at, "fault", **where, type=report.problem.type)
        known = self._faults.get(screen.id, set())
        self._record.later(*(told for key, told in there.items() if key not in known))
        self._faults[screen.id] = set(there)

    def _tell(self, screen: str, at: int, stretches: Sequence[Stretch]) -> None:
        """A screen that fell silent ended what it showed before now."""
        of = self._screens.get(screen, {"screen": screen})
        for one in stretches:
            self._record.later(
                fact(min(at, one.until), "shown", **{**of, **self._named(one.first.exhibit), **one.fields()})
            )

    def _named(self, exhibit: str) -> dict[str, Value | None]:
        with suppress(Refused):
            return _of(self._intake.get(exhibit))
        return {"exhibit": exhibit}

    # the time of day

    async def _mind_clock(self) -> None:
        ahead = time.time() - steady()
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            now = time.time() - steady()
            if abs(now - ahead) > CLOCK_MOVED:
                self._record.later(fact(stamp(), "clock", moved=round((now - ahead) * MICRO)))
                ahead = now


async def depart(db: Database, record: Record, exhibit: Exhibit, *, by: str, who: str) -> None:
    """Recorded before it is done: an exhibit is about to be removed. Raises Refused where that cannot be recorded."""
    told = fact(stamp(), "deleted", **_of(exhibit), sha256=exhibit.sha256, by=by, who=who)

    def work(connection: sqlite3.Connection) -> None:
        record.entering(connection, (told,))
        delete(connection, SPACE, exhibit.id)

    await db.run(work)


def _of(exhibit: Exhibit) -> dict[str, Value | None]:
    return {"exhibit": exhibit.id, "ref": exhibit.ref}


def _frames(timeline: Timeline | None, one: ClipRange) -> tuple[int | None, int | None]:
    """The first and the last of a range."""
    if timeline is None:
        return None, None
    stop = Fraction(one.stop) - TOLERANCE
    return timeline.frame_at(one.start), timeline.frame_at(stop)


def _prepared(at: int, exhibit: Exhibit, after: Noted, kept: Kept) -> Fact:
    treatments: list[Value] = [
        {
            name: value
            for name in ("part", "done", "codec", "into", "filters", "settings")
            if (value := getattr(one, name))
        }
        for one in exhibit.treatments
    ]
    return fact(
        at, "prepared", **_of(exhibit), sha256=after.sha256, rendition=after.rendition, frames=exhibit.frames,
        duration=None if exhibit.duration is None else micro(exhibit.duration),
        made_by=kept.made_by or None, treatments=treatments or None,
    )  # fmt: skip
