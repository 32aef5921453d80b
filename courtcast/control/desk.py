"""The desk: carries out commands on the one room there is, and tells the screens.

Order of things. A command is applied, written to the disk, then it is the room's state, goes out to the screens and is
acknowledged: what was acknowledged survives a kill -9, and so does what the record says of it, which is written in the
same step. *Blank* is the exception: it is in force and out before anything
else is looked at, waits for no lock and no disk, and a command that was being written when it came is refused. It is
written afterwards, for as long as it takes; the note (`saved.BlankNote`) covers the time until then.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

import msgspec

from courtcast.control.catalog import Catalog
from courtcast.control.outlook import Outlook
from courtcast.control.ports import Intake, Screens
from courtcast.control.saved import BlankNote, GivenUp, Writing, load
from courtcast.control.timekeeper import Timekeeper
from courtcast.core import deeds, stage
from courtcast.core import room as rooms
from courtcast.core.card import still_up
from courtcast.core.entries import Fact, fact
from courtcast.core.item import Item
from courtcast.core.room import Command, Forget, Room, Withdraw
from courtcast.deliver.day import Day
from courtcast.evidence.database import Database
from courtcast.evidence.record import Record, stamp
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.api import (
    BlankRequest,
    Checks,
    CueRequest,
    Exhibit,
    PlayRequest,
    RoomState,
    Screen,
    SeekRequest,
    ShowRequest,
)
from courtcast.wire.screen import Stage

log = logging.getLogger(__name__)

T = TypeVar("T")
What = Literal["room", "exhibit", "screen", "order", "checks"]
Listener = Callable[[What, str | None], None]
"""Called with what changed and its id; must return at once."""

HOUSE = "courtcast"
"""Who asked, where nobody did."""
TICK_SECONDS = 1.0
LOOK_SECONDS = 0.25
"""Between two looks at readiness: it takes a millisecond for each hour and screen."""
JUST_AFTER = 0.005
REST_SECONDS = 0.05
"""Between two rounds, however much there is to look at."""
RETRY_SECONDS = 1.0
"""Between two tries to write what the disk did not take."""
STARTS_LATE = 3
"""Times that a start is moved because writing it took longer than the time until it."""
STARTS = (ShowRequest, PlayRequest, SeekRequest)
"""Commands whose anchor lies a little ahead; one that had passed before it was written would skip pictures."""
NOTE_SECONDS = 0.25
"""How long the answer to a blank waits for its note; the blank itself is out before."""
WATCH_SECONDS = 5.0
"""How long a screen goes on sending small pictures after somebody asked for one."""


class Desk:
    """An async context manager; inside it the room is restored, kept, and the screens follow it.

    note: file for the revision of the last blank, beside the database; record: what it writes into, open
    """

    def __init__(
        self, *, db: Database, intake: Intake, screens: Screens, clock: Timekeeper, note: Path, record: Record
    ) -> None:
        self.clock = clock
        self.catalog = Catalog(intake)
        self._db = db
        self._record = record
        self._intake = intake
        self._screens = screens
        self._note = BlankNote(note)
        self._outlook = Outlook(intake, screens)
        self._room = Room()
        self._turn = asyncio.Lock()
        """Held by who writes the room. Blank does not take it."""
        self._writing: Writing | None = None
        self._blanks = 0
        """How often blank was asked for: a command that sees it grow while it is being written is refused."""
        self._unwritten = asyncio.Event()
        self._to_do_note = asyncio.Event()
        self._note_holds = asyncio.Event()
        self._to_note = 0
        """Revision of the last blank."""
        self._wake = asyncio.Event()
        self._touched: set[str] = set()
        self._looked = -math.inf
        self._stages: dict[str, Stage] = {}
        self._listeners: list[Listener] = []
        self._watched: dict[str, float] = {}
        self._lookers = 0
        self._was_ended = False
        self._day: tuple[Day, bool] | None = None
        self.checks = Checks()
        """What the checks found, for whoever listens."""
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        saved = await load(self._db, self._note)
        if saved.noted:  # the presenter was killed before it could be recorded
            self._record.later(fact(stamp(), "blanked", found=True))
        # A test card does not outlive the presenter that put it up.
        self._room = self._known(msgspec.structs.replace(saved.room, card=None))
        self._unwritten.set()
        self._send()
        self._send_day()
        for work in (self._keep(), self._keep_note(), self._tick()):
            self._tasks.append(asyncio.create_task(work))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await ended(*self._tasks)
        self._tasks.clear()
        if self._unwritten.is_set():
            with suppress(Refused, GivenUp):
                await Writing(self._db, self._record).save(self._room, self.clock.mark())

    # commands

    def blank(self, zones: list[str] | None, *, by: str, who: str = "") -> RoomState:
        """Black, now. Nothing may stand before `_send` here that can wait or fail."""
        before = self._room
        self._room = rooms.blank(before, zones, by=by)
        if self._writing is not None:
            # That command may be on disk already, one revision up: the blank comes after it.
            self._room = rooms.overtake(self._room, before.revision + 2)
        try:
            self._send(always=True)
        finally:
            self._blanks += 1
            if self._writing is not None:
                self._writing.give_up()
                self._writing = None
            self._to_note = self._room.revision
            self._note_holds.clear()
            for event in (self._unwritten, self._to_do_note, self._wake):
                event.set()
            if self._room != before:
                asked = BlankRequest(zones=zones)
                self._record.later(*self._deed(asked, before, self._room, by=by, who=who))
        self._tell("room")
        return self.state()

    async def blank_holds(self) -> None:
        """Returns when the last blank would outlive a kill of this process; after `NOTE_SECONDS` in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(NOTE_SECONDS):
                await self._note_holds.wait()

    async def command(self, command: Command, *, by: str, who: str = "") -> RoomState:
        """Everything but blank. Raises Refused, and then nothing has happened.

        by: role of who asked; who: which of them
        """
        if isinstance(command, CueRequest):
            # also where it is refused because nothing of it is there yet: that is when its turn matters most
            self._intake.prefer(command.exhibit)
        async with self._turn:
            await self._carry_out(command, by=by, who=who)
        return self.state()

    async def after(self, command: Command, work: Callable[[], Awaitable[T]], *, by: str, who: str = "") -> T:
        """Carries out a command, and does something before any other command but blank. Raises what either refuses."""
        async with self._turn:
            await self._carry_out(command, by=by, who=who)
            return await work()

    async def _carry_out(self, command: Command, *, by: str, who: str) -> None:
        if isinstance(command, CueRequest):
            meant = self._intake.get(command.exhibit)
            if meant.hearing != self._intake.opened:
                raise Refused("exhibit-elsewhere", ref=meant.ref)
        base, blanks = self._room, self._blanks
        deed: Sequence[Fact] | None = None
        for _ in range(STARTS_LATE):
            room = rooms.apply(base, command, now=self.clock(), by=by, catalog=self.catalog)
            if room.revision == base.revision:
                return
            self._gate(command, base, room)
            if deed is None:
                deed = facts = self._deed(command, base, room, by=by, who=who)
            else:  # it is written once, however often its start has to be moved
                facts = ()
            writing = self._writing = Writing(self._db, self._record)
            failed: Refused | None = None
            try:
                await writing.save(room, self.clock.mark(), facts)
            except GivenUp:
                failed = Refused("moved-on")
            except Refused as refused:
                failed = refused
            finally:
                self._writing = None
                if self._blanks != blanks:
                    self._unwritten.set()
            if failed is None and self._blanks != blanks:
                failed = Refused("moved-on")
            if failed is not None:
                if writing.begun or not facts:
                    self._record.later(*(fact(stamp(), "not-done", kind=one.kind) for one in deed))
                raise failed
            if not isinstance(command, STARTS) or room.shown is None or not room.shown.playing:
                break
            if room.shown.clock > self.clock():
                break
        self._room = self._known(room)
        self._send()
        self._wake.set()
        self._tell("room")

    def _gate(self, command: Command, base: Room, room: Room) -> None:
        """Who starts something that would stop before its end has to say so. Raises Refused not-safe.

        With no screen there nothing is held back: nobody would see it stop, and who comes later joins in.
        """
        if not isinstance(command, PlayRequest | ShowRequest) or command.anyway:
            return
        shown, before = room.shown, base.shown
        if shown is None or not shown.playing:
            return
        if before is not None and before.playing and before.exhibit == shown.exhibit:
            return
        exhibit = self._intake.get(shown.exhibit)
        if exhibit.kind not in ("video", "audio") or not self._outlook.present():
            return
        exhibit = self._outlook.now(exhibit, room, now=self.clock())
        if not exhibit.safe:
            raise Refused("not-safe", exhibit=exhibit)

    async def forget(self, exhibit: str) -> None:
        """Before an exhibit is deleted. Raises Refused exhibit-shown."""
        await self.command(Forget(exhibit=exhibit), by=HOUSE)

    # what is the case

    @property
    def revision(self) -> int:
        return self._room.revision

    def state(self) -> RoomState:
        return stage.state(self._room, now=self.clock(), items=self._items(self._room))

    @property
    def opened(self) -> str:
        """Id of the hearing whose exhibits are the room's."""
        return self._intake.opened

    def exhibits(self) -> list[Exhibit]:
        """Of the open hearing, in running order."""
        return [self._outlook.seen(exhibit) for exhibit in self._intake.exhibits()]

    def exhibit(self, exhibit: str) -> Exhibit:
        """Raises Refused exhibit-unknown."""
        return self._outlook.seen(self._intake.get(exhibit))

    def foreseen(self, exhibit: str) -> Exhibit:
        """As it would play now, looked at afresh. Raises Refused exhibit-unknown."""
        return self._outlook.now(self._intake.get(exhibit), self._room, now=self.clock())

    def told(self, screen: str) -> Stage | None:
        """What that screen should do, as it was last sent."""
        return self._stages.get(screen)

    def screens(self) -> list[Screen]:
        return [self._as_heard(screen) for screen in self._screens.screens()]

    def screen(self, screen: str) -> Screen:
        """Raises Refused screen-unknown."""
        return self._as_heard(self._screens.get(screen))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls it at every change from now on, until what is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # what others tell

    def exhibit_changed(self, exhibit: str) -> None:
        """For the intake's `on_change`; may come hundreds of times a second."""
        self._touched.add(exhibit)
        self._wake.set()
        if any(on is not None and on.exhibit == exhibit for on in (self._room.cued, self._room.shown)):
            self._refresh()
        self._screens.wake()
        self._tell("exhibit", exhibit)

    def screen_changed(self, screen: str) -> None:
        """For the screens' `on_change`."""
        self._refresh()
        self._send()
        self._tell("screen", screen)

    def order_changed(self) -> None:
        """Exhibits came, went, moved, or were marked as restricted."""
        self._send_day()
        self._tell("order")

    def checked(self, checks: Checks) -> None:
        """A check began, moved on or ended."""
        self.checks = checks
        self._tell("checks")

    def look(self, screen: str | None = None) -> None:
        """Somebody looks at the small picture of a screen now."""
        if screen is not None:
            self._watched[screen] = self.clock() + WATCH_SECONDS
        self._watch()

    def lookers(self, count: int) -> None:
        """So many remotes are open: while there is one, every screen's picture is looked at."""
        self._lookers = count
        self._watch()

    # inside

    def _send(self, *, always: bool = False) -> None:
        """The stage of every screen, where it is another one than before."""
        stages = {
            screen.id: stage.stage_for(self._room, screen=screen.id, zone=screen.zone, name=screen.name)
            for screen in self._screens.screens()
            if screen.paired
        }
        if always or stages != self._stages:
            self._stages = stages
            self._screens.set_stages(stages)

    def _send_day(self) -> None:
        """What is sent ahead to the screens: the open hearing's exhibits in running order but those that are
        restricted, or are not what they should be; and not while it is in doubt whether what is shown will play to its
        end."""
        day = Day(
            (exhibit.id, self._intake.manifest(exhibit.id))
            for exhibit in self._intake.exhibits()
            if not exhibit.restricted and (exhibit.problem is None or exhibit.problem.type != "hash-mismatch")
        )
        shown = self._room.shown
        says = day, shown is None or not self._outlook.doubtful(shown.exhibit)
        if says != self._day:
            self._day = says
            self._screens.set_day(day, go_ahead=says[1])

    def _tell(self, what: What, id_: str | None = None) -> None:
        for listener in list(self._listeners):
            try:
                listener(what, id_)
            except Exception:
                log.exception("a listener failed; the others go on")

    def _known(self, room: Room) -> Room:
        paired = [screen.id for screen in self._screens.screens() if screen.paired]
        items = self._items(room)
        room = stage.refresh(rooms.pick_sound(room, paired), items)
        room = stage.with_detail(room, items, self._intake.detail)
        if room.card is not None:
            room = msgspec.structs.replace(room, card=still_up(room.card, paired, self.clock()))
        if room.shown is not None and room.shown.exhibit in items:
            room = rooms.hold(room, items[room.shown.exhibit], self.clock())
        return room

    def _items(self, room: Room) -> dict[str, Item]:
        return self.catalog.items(on.exhibit for on in (room.cued, room.shown) if on is not None)

    def _as_heard(self, screen: Screen) -> Screen:
        return rooms.heard(self._room, screen)

    def _watch(self) -> None:
        now = self.clock()
        self._watched = {screen: until for screen, until in self._watched.items() if until > now}
        everyone = [screen.id for screen in self._screens.screens() if screen.paired]
        self._screens.watch(everyone if self._lookers else [screen for screen in everyone if screen in self._watched])

    def _deed(self, command: Command, before: Room, after: Room, *, by: str, who: str) -> Sequence[Fact]:
        """What the record says of it. A fault in that must not keep a screen from going black."""
        at = stamp()
        try:
            told = deeds.deed(
                command, before, after, at=at, now=self.clock(), by=by, who=who,
                items={**self._items(before), **self._items(after)},
                names={screen.id: screen.name for screen in self._screens.screens()},
            )  # fmt: skip
        except Exception:
            log.exception("the record says less of a command than it should")
            told = fact(at, "blanked", by=by, who=who) if isinstance(command, BlankRequest) else None
        return () if told is None else (told,)

    async def _keep(self) -> None:
        """Writes what a blank (or what has become known of an exhibit) changed, until it is written."""
        while True:
            await self._unwritten.wait()
            async with self._turn:
                self._unwritten.clear()
                try:
                    await Writing(self._db, self._record).save(self._room, self.clock.mark())
                    continue
                except Refused as refused:
                    log.warning("the room is not written yet (%s)", refused.type)
                    self._unwritten.set()
            await asyncio.sleep(RETRY_SECONDS)

    async def _keep_note(self) -> None:
        while True:
            await self._to_do_note.wait()
            self._to_do_note.clear()
            revision = self._to_note
            await asyncio.to_thread(self._note.write, revision)
            if revision == self._to_note:
                self._note_holds.set()
            await asyncio.to_thread(self._note.flush)

    async def _tick(self) -> None:
        """What follows from time passing: the end of a recording, readiness, who is the sound."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_next()):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._once()
            except Refused as refused:
                log.warning("%s", refused)
            except Exception:
                log.exception("the desk's round failed; it goes on")
            await asyncio.sleep(REST_SECONDS)

    def _until_next(self) -> float:
        """Seconds until time alone changes something: the end, or where the recording has not come yet."""
        now, room = self.clock(), self._room
        items = self._items(room)
        soon = [stage.until_end(room, now), None if room.card is None else room.card.until - now]
        if room.shown is not None and room.shown.exhibit in items:
            soon.append(rooms.waits_at(room, items[room.shown.exhibit], now))
        if self._touched:
            soon.append(LOOK_SECONDS)
        return min([TICK_SECONDS, *(wait + JUST_AFTER for wait in soon if wait and wait > 0)])

    async def _once(self) -> None:
        self._refresh()
        ended = self.state().ended
        if ended != self._was_ended:
            self._was_ended = ended
            self._tell("room")
        now = self.clock()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        touched, self._touched = self._touched, set()
        for exhibit in self._outlook.look(self._room, now=now, touched=touched):
            self._tell("exhibit", exhibit)
        self._watch()
        self._send_day()
        await self._withdraw(touched)

    def _refresh(self) -> None:
        """What has become known of exhibits and screens goes out without a command, and without a revision."""
        if self._writing is not None:
            return  # a command is on its way to the disk; it looks itself when it is there
        room = self._known(self._room)
        if room != self._room:
            self._room = room
            self._unwritten.set()
            self._send()
            self._tell("room")

    async def _withdraw(self, touched: set[str]) -> None:
        """A file that is not the one whose hash was given leaves the screens, also when that turns out at its end."""
        for exhibit in touched:
            with suppress(Refused):
                problem = self._intake.get(exhibit).problem
                if problem is not None and problem.type == "hash-mismatch":
                    await self.command(Withdraw(exhibit=exhibit), by=HOUSE)
