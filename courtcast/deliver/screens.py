"""All screens that this presenter knows: found, typed in or paired; what each is told, and what each says of itself.

Each paired screen has one supervised session of its own. A screen that is late, slow or gone holds up no other: they
share nothing but the clock and the manifests.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Protocol

import msgspec

from courtcast.core.checks import Line as MeasuredLine
from courtcast.core.estimate import Line
from courtcast.core.identity import Identity
from courtcast.core.legs import Parts
from courtcast.core.manifest import Manifest
from courtcast.core.rates import Rates
from courtcast.deliver.address import Address, parse_address
from courtcast.deliver.day import Day, share
from courtcast.deliver.discovery import Discovery
from courtcast.deliver.files import StoredFragments
from courtcast.deliver.measure import measure
from courtcast.deliver.minder import mind
from courtcast.deliver.moves import Move
from courtcast.deliver.pairing import card as ask_card
from courtcast.deliver.pairing import pair
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.session import Session
from courtcast.deliver.trust import Pinned
from courtcast.prepare.store import Store
from courtcast.problems import TABLE, Refused
from courtcast.tasks import ended
from courtcast.wire.api import ChangeScreen, LineReport, Problem, Screen, ScreenReport
from courtcast.wire.link import Card
from courtcast.wire.screen import Able, Cue, Report, Stage

SPACE: Final = "screens"
"""Of the database: one record for each screen that was typed in or paired."""
ADDRESSES: Final = 8
"""Addresses of one screen that are tried. Anybody can announce any number."""
RESTART: Final = 1.0
"""Seconds before a session that broke by a fault of ours begins anew."""

_log = logging.getLogger(__name__)


class Database(Protocol):
    """Small things that last (`courtcast.evidence.database.Database`)."""

    async def put(self, space: str, key: str, value: bytes) -> None: ...
    async def delete(self, space: str, key: str) -> None: ...
    async def items(self, space: str) -> list[tuple[str, bytes]]: ...


class Record(msgspec.Struct, kw_only=True):
    """What is kept of a screen on disk."""

    card: Card
    """As the receiver last said."""
    address: str = ""
    """`host:port` where it was last reached."""
    certificate: bytes | None = None
    """DER, once paired."""
    name: str | None = None
    zone: str | None = None
    """Given here, in place of the receiver's own."""
    over_link: bool = False
    """It was reached over the link last: after a restart UDP is not waited for."""


class Screens:
    """Context manager: what is inside it is found, connected and fed.

    `clock` is the room clock in seconds; `renditions` gives the live manifest of a rendition; `interfaces` are the
    addresses of this machine to use (none: all that lead to other machines); `on_change` is called, with a screen's
    id, after anything that `screens()` shows of it has changed, or the screen came or went. It may neither block nor
    raise.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        name: str,
        db: Database,
        clock: Callable[[], float],
        renditions: Callable[[str], Manifest | None],
        store: Store,
        interfaces: Sequence[str] = (),
        on_change: Callable[[str], None] = lambda _: None,
        build: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        cues: Callable[[str], Sequence[Cue] | None] = lambda _: None,
    ) -> None:
        """`monotonic`: seconds of a clock that goes on while the machine sleeps, where there is one; `cues`: a list of
        subtitles, by its id."""
        self._cues = cues
        self._identity, self._name, self._db, self._clock = identity, name, db, clock
        self._renditions, self._interfaces, self._build = renditions, tuple(interfaces), build
        self._fragments = StoredFragments(store)
        self._siblings = Siblings()
        self._on_change, self._monotonic = on_change, monotonic
        self._minder: asyncio.Task[None] | None = None
        self._records: dict[str, Record] = {}
        self._found: dict[str, tuple[Card, list[str]]] = {}
        """What discovery claims: cards, and addresses as `host:port`."""
        self._sessions: dict[str, Session] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stages: dict[str, Stage] = {}
        self._day: Day | None = None
        self._go_ahead = True
        self._watched: frozenset[str] = frozenset()
        self._chores: set[asyncio.Task[None]] = set()
        self._discovery = Discovery(list(interfaces), self._on_found, self._on_lost)

    async def __aenter__(self) -> Screens:
        for key, value in await self._db.items(SPACE):
            try:
                self._records[key] = msgspec.json.decode(value, type=Record)
            except msgspec.MsgspecError:
                _log.warning("what was kept of screen %s cannot be read; pair it again", key)
        await self._discovery.__aenter__()
        for screen, record in self._records.items():
            self._start(screen, record)
        self._minder = asyncio.create_task(mind(self._monotonic, self._on_move), name="moves of this machine")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # However it ends, also by Ctrl-C: the screens are free for the next presenter at once. A second of waiting
            # at most, and whoever cannot wait for that cancels once more.
            await asyncio.gather(*(session.link.goodbye() for session in self._sessions.values()))
        finally:
            tasks = [*self._tasks.values(), *self._chores]
            if self._minder is not None:
                tasks.append(self._minder)
            await ended(*tasks)
            self._tasks.clear()
            self._sessions.clear()
            await self._discovery.__aexit__(kind, error, trace)

    @property
    def problem(self) -> Problem | None:
        """Why no screen can be found now."""
        refused = self._discovery.problem
        return None if refused is None else refused.problem()

    def screens(self) -> list[Screen]:
        """Every screen known: the paired ones first, each sort by zone and name."""
        known = [self.get(screen) for screen in {*self._records, *self._found}]
        return sorted(known, key=lambda screen: (not screen.paired, screen.zone, screen.name, screen.id))

    def get(self, screen: str) -> Screen:
        """One of them. Raises Refused screen-unknown."""
        record, session = self._records.get(screen), self._sessions.get(screen)
        card = self._card(screen)
        addresses = self._addresses(screen)
        stage = self._stages.get(screen)
        shown = Screen(
            id=screen,
            name=(record and record.name) or card.name,
            zone=(record and record.zone) or card.zone,
            address=addresses[0] if addresses else "",
            paired=session is not None,
            sound=stage is not None and stage.sound,
            volume=1.0 if stage is None else stage.volume,
        )
        if session is None:
            return shown
        return msgspec.structs.replace(
            shown,
            address=session.link.address or shown.address,
            online=session.talk.online,
            report=self._report(session),
            problem=session.problem,
            path=session.talk.path.name if session.talk.path is not None else None,
            line=_line(session.talk.estimate.line),
            picture=session.talk.pictures,
            sent=session.talk.sent,
            day=session.talk.day if session.talk.online else None,
        )

    async def add(self, address: str) -> Screen:
        """Asks who answers at a typed address. Raises Refused address-malformed, screen-*."""
        where = str(parse_address(address))
        card = await ask_card(where)
        record = self._records.get(card.id)
        if record is None:
            record = self._records[card.id] = Record(card=card, address=where)
        elif record.certificate is None:
            record.card, record.address = card, where
        else:
            # Only the holder of the pinned certificate may move a paired screen to another address.
            await ask_card(where, trust=record.certificate)
            record.address = where
        await self._keep(card.id, record)
        if card.id in self._sessions:
            self._sessions[card.id].link.wake()
        self._on_change(card.id)
        return self.get(card.id)

    async def pair(self, screen: str, code: str) -> Screen:
        """Pins the screen by the code on it. Raises Refused pairing-*, screen-*."""
        self._card(screen)
        session = self._sessions.get(screen)
        if session is not None and session.link.connected:
            raise Refused("screen-paired")
        pinned, address = await self._pair_somewhere(screen, code)
        record = self._records.setdefault(screen, Record(card=pinned.card))
        record.card, record.address, record.certificate = pinned.card, address, pinned.certificate
        await self._keep(screen, record)
        await self._stop(screen)
        self._start(screen, record)
        self._on_change(screen)
        return self.get(screen)

    async def change(self, screen: str, change: ChangeScreen) -> Screen:
        """Another name or zone for it here; an empty one gives it back its own. `sound` is the room's affair.

        Raises Refused screen-unknown.
        """
        card = self._card(screen)
        addresses = self._addresses(screen)
        record = self._records.setdefault(screen, Record(card=card, address=addresses[0] if addresses else ""))
        if change.name is not None:
            record.name = change.name.strip()[:64] or None
        if change.zone is not None:
            record.zone = change.zone.strip()[:64] or None
        await self._keep(screen, record)
        self._on_change(screen)
        return self.get(screen)

    async def remove(self, screen: str) -> None:
        """Forgets it, pin and all, and closes what is open. Raises Refused screen-unknown."""
        self._card(screen)
        session = self._sessions.get(screen)
        if session is not None:
            await session.link.revoke()
        await self._stop(screen)
        self._records.pop(screen, None)
        self._stages.pop(screen, None)
        await self._db.delete(SPACE, screen)
        self._on_change(screen)

    def set_stages(self, stages: Mapping[str, Stage]) -> None:
        """What each screen should do now. Goes out at once where a screen is there, to the others when they come."""
        self._stages.update(stages)
        for screen in stages:
            self._tell(screen)

    def set_day(self, day: Day, *, go_ahead: bool) -> None:
        """What is sent ahead to every screen; `go_ahead`: there is time for it now."""
        self._day, self._go_ahead = day, go_ahead
        for session in self._sessions.values():
            session.talk.set_day(day)
        self._share()

    def watch(self, screens: Iterable[str]) -> None:
        """The screens whose small pictures somebody looks at; the others send none."""
        before, self._watched = self._watched, frozenset(screens)
        for screen in before ^ self._watched:
            self._tell(screen)

    def picture(self, screen: str) -> bytes | None:
        """The last small picture (JPEG) of what is really on the display."""
        session = self._sessions.get(screen)
        return None if session is None else session.talk.picture

    def wake(self) -> None:
        """Manifests have grown: there may be more to send."""
        for session in self._sessions.values():
            if session.talk.pump is not None:
                session.talk.pump.wake()

    def capacity(self, screen: str, rendition: str) -> float:
        """Bytes of it that the screen can hold; infinite where it did not say."""
        session = self._sessions.get(screen)
        pump = None if session is None else session.talk.pump
        return float("inf") if pump is None else pump.capacity(rendition)

    def rate(self, screen: str) -> float | None:
        """Bytes a second that its line carried lately, on the cautious side; None before anything was measured."""
        session = self._sessions.get(screen)
        return None if session is None else session.talk.estimate.low

    def rates(self, screen: str) -> Rates | None:
        """How fast its line was over windows of several lengths; None for a screen that is not there."""
        session = self._sessions.get(screen)
        return None if session is None else session.talk.estimate.rates

    def to_send(self, screen: str, rendition: str, start: float, end: float | None, parts: Parts = ()) -> int | None:
        """Bytes of a rendition between two media times (from the first on along the parts of a clip, where there are
        some) that the screen does not hold yet; None where that is not known: it is offline, or the rendition is
        unknown."""
        session = self._sessions.get(screen)
        if session is None or session.talk.pump is None or not session.talk.online:
            return None
        stage = self._stages.get(screen)
        sound = stage is not None and stage.sound
        return session.talk.pump.lacking(rendition, start, end, sound=sound, parts=parts)

    def plays(self) -> frozenset[str] | None:
        """MIME types with codecs that all screens decode which have said so; None while none has."""
        said = [session.talk.plays for session in self._sessions.values() if session.talk.plays]
        return frozenset.intersection(*said) if said else None

    async def ask(self, screen: str, types: Sequence[str]) -> Able | None:
        """What it can do, and which of these types it plays; None where it does not say."""
        session = self._sessions.get(screen)
        return None if session is None else await session.talk.ask(types)

    async def measure(self, screen: str, seconds: float) -> MeasuredLine | None:
        """Its line, filled for so long; None where nothing came through."""
        session = self._sessions.get(screen)
        return None if session is None else await measure(session.talk, seconds)

    def _card(self, screen: str) -> Card:
        session, record, found = self._sessions.get(screen), self._records.get(screen), self._found.get(screen)
        if session is not None and session.link.hello is not None:
            hello = session.link.hello
            return Card(id=screen, name=hello.name, zone=hello.zone)
        if record is not None:
            return record.card
        if found is not None:
            return found[0]
        raise Refused("screen-unknown")

    def _addresses(self, screen: str) -> list[str]:
        """Where it may answer, best first: where it last did, then where discovery says it is."""
        record, (_, found) = self._records.get(screen), self._found.get(screen, (None, []))
        last = [record.address] if record is not None and record.address else []
        return list(dict.fromkeys([*last, *found]))

    def _report(self, session: Session) -> ScreenReport | None:
        report = session.talk.report
        if report is None:
            return None
        return ScreenReport(
            exhibit=report.exhibit,
            media_time=report.media_time,
            frame=self._frame(session, report),
            playing=report.playing,
            blank=report.blank,
            held=report.held,
            stalls=report.stalls,
            clock_offset=report.clock_offset,
            clock_uncertainty=report.clock_uncertainty,
            rtt=report.rtt,
            rate_kbit=report.rate_kbit,
            dropped=report.dropped,
            sound=report.sound,
            cue_ready=session.talk.cue_ready,
            problem=_problem(report.problem),
            age=max(0.0, self._monotonic() - session.talk.reported),
            revision=report.revision,
            skipped=report.skipped,
            card=report.card,
        )

    def _frame(self, session: Session, report: Report) -> int | None:
        """The page knows its frame's time; which one that is stands in the manifest."""
        scene = None if session.talk.stage is None else session.talk.stage.shown
        if report.frame is not None or report.media_time is None or scene is None or scene.exhibit != report.exhibit:
            return report.frame
        manifest = self._renditions(scene.rendition)
        return None if manifest is None else manifest.timeline.frame_at(report.media_time)

    def _tell(self, screen: str) -> None:
        session, stage = self._sessions.get(screen), self._stages.get(screen)
        if session is not None and stage is not None:
            session.talk.set_stage(msgspec.structs.replace(stage, watch=screen in self._watched))

    def _on_found(self, card: Card, addresses: Sequence[str], port: int) -> None:
        self._found[card.id] = card, [str(Address(address, port)) for address in addresses[:ADDRESSES]]
        session = self._sessions.get(card.id)
        if session is not None and not session.link.connected:
            session.link.wake()
        self._on_change(card.id)

    def _on_lost(self, screen: str) -> None:
        if self._found.pop(screen, None) is not None:
            self._on_change(screen)

    async def _pair_somewhere(self, screen: str, code: str) -> tuple[Pinned, str]:
        """At the first of its addresses where it answers: a code must not be tried twice."""
        silent = Refused("screen-unreachable")
        for address in self._addresses(screen)[:ADDRESSES]:
            try:
                return await pair(address, code, self._identity, self._name, expected=screen), address
            except Refused as refused:
                if refused.type not in ("screen-unreachable", "screen-certificate"):
                    raise
                silent = refused
        raise silent

    async def _keep(self, screen: str, record: Record) -> None:
        await self._db.put(SPACE, screen, msgspec.json.encode(record))

    async def _keep_later(self, screen: str, record: Record) -> None:
        """A convenience for the next start: where the disk has no room, the screen is found again without."""
        try:
            await self._keep(screen, record)
        except Refused as refused:
            _log.warning("screen %s: not kept: %s", screen, refused.type)

    def _start(self, screen: str, record: Record) -> None:
        """Begins to keep a paired screen connected."""
        if record.certificate is None:
            return
        session = self._sessions[screen] = Session(
            Pinned(card=record.card, certificate=record.certificate),
            identity=self._identity,
            presenter=self._name,
            where=lambda: self._addresses(screen),
            manifests=self._renditions,
            cues=self._cues,
            fragments=self._fragments,
            clock=self._clock,
            monotonic=self._monotonic,
            interfaces=self._interfaces,
            siblings=self._siblings,
            build=self._build,
            on_change=lambda: self._on_session(screen),
            on_behind=self._share,
            relay_worked=record.over_link,
        )
        if self._day is not None:
            session.talk.set_day(self._day)
        self._tell(screen)
        self._tasks[screen] = asyncio.create_task(self._supervise(screen, session), name=f"screen {screen}")

    async def _supervise(self, screen: str, session: Session) -> None:
        """A fault of ours with one screen is that screen's alone."""
        while True:
            try:
                await session.run()
            except Exception:
                _log.exception("screen %s: begins anew", screen)
            await asyncio.sleep(RESTART)

    def _on_move(self, move: Move) -> None:
        for session in self._sessions.values():
            session.moved(move)

    async def _stop(self, screen: str) -> None:
        self._sessions.pop(screen, None)
        task = self._tasks.pop(screen, None)
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _share(self) -> None:
        share([session.talk for session in self._sessions.values()], go_ahead=self._go_ahead)

    def _on_session(self, screen: str) -> None:
        """Something of a paired screen changed; where it answered is kept for the next time."""
        session, record = self._sessions.get(screen), self._records.get(screen)
        if session is None or record is None:
            return
        self._share()
        hello = session.link.hello
        if session.link.connected and hello is not None and session.link.address:
            card = Card(id=screen, name=hello.name, zone=hello.zone)
            path = session.talk.path
            over_link = record.over_link if path is None else path.name == "websocket"
            if (card, session.link.address, over_link) != (record.card, record.address, record.over_link):
                record.card, record.address, record.over_link = card, session.link.address, over_link
                chore = asyncio.create_task(self._keep_later(screen, record), name=f"keep {screen}")
                self._chores.add(chore)
                chore.add_done_callback(self._chores.discard)
        self._on_change(screen)


def _line(line: Line | None) -> LineReport | None:
    if line is None:
        return None
    return LineReport(
        rate_kbit=round(line.rate * 8e-3, 1), rtt=round(line.rtt, 4), queueing=round(line.queueing, 4),
        loss=round(line.loss, 4),
    )  # fmt: skip


def _problem(kind: str | None) -> Problem | None:
    """What the page named, in words; only types that need no more than their name."""
    if kind is None:
        return None
    known = kind if kind in TABLE and "{" not in TABLE[kind].detail else "page-fault"
    return Refused(known).problem()
