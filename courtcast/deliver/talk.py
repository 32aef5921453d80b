"""What is said to one screen and heard from it, over whichever path is in use.

Every path begins with the whole state: losing one takes nothing off the screen, and what went over one that was lost
needs no thought. Knows nothing of how a path comes to be.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from courtcast.core.estimate import Estimate
from courtcast.core.manifest import Manifest
from courtcast.deliver.day import Day
from courtcast.deliver.paths import Path, PathClosed
from courtcast.deliver.pump import Fragments, Pump
from courtcast.deliver.spoken import Spoken
from courtcast.tasks import ended
from courtcast.wire.api import DayReport
from courtcast.wire.screen import (
    PROTOCOL,
    Able,
    Ask,
    Cue,
    Fault,
    FromScreen,
    Hello,
    Holdings,
    Picture,
    Ping,
    Pong,
    Report,
    Stage,
    ToScreen,
    Welcome,
)

SILENT: Final = 2.5
"""Seconds without a word from the page (it reports four times a second) until the screen counts as away."""
PICTURE_MOST: Final = 48 * 1024
CONTROL_MOST: Final = 1024 * 1024
"""Bytes of one message of a page. Holdings are the longest."""
COUNTED: Final = 1.0
"""Seconds at least between two counts of what a page holds for the day."""
ASK_WITHIN: Final = 4.0
"""Seconds that a page has to say what it can do."""
FAULT_SHOWN: Final = 30.0
"""Seconds that an uncaught error of the page is shown beside the screen; it starts anew by itself."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromScreen)


class Talk:
    """With one screen, as long as the presenter runs. `use` says over which path; calls but `ask` return at once."""

    def __init__(
        self,
        screen: str,
        *,
        presenter: str,
        manifests: Callable[[str], Manifest | None],
        fragments: Fragments,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        build: str,
        on_change: Callable[[], None],
        on_pumped: Callable[[], None],
        on_other_version: Callable[[], None],
        on_behind: Callable[[], None] = lambda: None,
        cues: Callable[[str], Sequence[Cue] | None] = lambda _: None,
    ) -> None:
        """screen: its name, for the log; `on_pumped`: nothing more goes out over the path; `on_other_version`: the page
        speaks another version of the protocol; `on_behind`: `pump.behind` has changed;
        `cues`: a list of subtitles, by its id"""
        self.estimate = Estimate()
        self.stage: Stage | None = None
        self._cue_since = 0
        """Revision of the first stage with the cue there is now."""
        self.report: Report | None = None
        self.reported = 0.0
        """Monotonic time of the last report."""
        self.picture: bytes | None = None
        self.pictures = 0
        self.path: Path | None = None
        self.pump: Pump | None = None
        self.pumping: asyncio.Task[None] | None = None
        self.other_version = False
        self._on_behind = on_behind
        self._spoken = Spoken(cues)
        self._sent_before = 0
        self._day: Day | None = None
        self._day_report: tuple[object, float, DayReport] | None = None
        """What it was counted from, and when."""
        self._screen, self._presenter, self._build = screen, presenter, build
        self._manifests, self._fragments = manifests, fragments
        self._clock, self._monotonic = clock, monotonic
        self._on_change, self._on_pumped, self._on_other_version = on_change, on_pumped, on_other_version
        self.heard = 0.0
        """When the page last said something over the path in use, or that began."""
        self._online = False
        self._greeted = False
        """The page has said Hello over this path, …"""
        self.plays: frozenset[str] = frozenset()
        """MIME types with codecs that the page said it decodes; empty while it has said nothing."""
        self._keeps = False
        """… and that it keeps things for the day, …"""
        self._reads = False
        """… and shows subtitles."""
        self._fault_until = 0.0
        self._asked = 0
        self._asking: dict[int, asyncio.Future[Able]] = {}
        """What was asked and is not answered yet, by its number."""

    @property
    def online(self) -> bool:
        """The page answers over an open path."""
        return self.path is not None and not self.path.closed and self._monotonic() - self.heard < SILENT

    @property
    def faulty(self) -> bool:
        """Something went wrong in the page a moment ago."""
        return self._monotonic() < self._fault_until

    @property
    def cue_ready(self) -> bool:
        """The screen says that it is ready, and it speaks of the cue there is now."""
        return self.report is not None and self.report.cue_ready and self.report.revision >= self._cue_since

    @property
    def sent(self) -> int:
        """Bytes, over all paths so far."""
        return self._sent_before + (self.path.sent if self.path is not None else 0)

    @property
    def day(self) -> DayReport | None:
        """How much of the day the page holds; None while nothing is kept for the day."""
        if self.pump is None or not self._keeps or self._day is None:
            return None
        counted, now = self._day_report, self._monotonic()
        if counted is None or (counted[0] is not self.pump.held and now - counted[1] > COUNTED):
            report = self.pump.day(sound=self.stage is not None and self.stage.sound)
            counted = self._day_report = self.pump.held, now, report
        return counted[2]

    def set_stage(self, stage: Stage) -> None:
        """Goes out at once where the screen is there, before anything of the media."""
        if stage == self.stage:
            return
        if self.stage is None or stage.cue != self.stage.cue:
            self._cue_since = stage.revision
        self.stage = stage
        if self.path is not None:
            self._say(self.path, stage)
        if self.pump is not None:
            self.pump.set_stage(stage)

    def set_day(self, day: Day) -> None:
        """What may lie on the screen's disk, and is sent ahead. Goes out where it is another one than before."""
        before, self._day, self._day_report = self._day, day, None
        if day.message != (before and before.message):
            self._say_day()
        if self.pump is not None and self._keeps:
            self.pump.set_day(day.manifests)

    async def ask(self, types: Sequence[str]) -> Able | None:
        """What the page can do, by its own word; None where it does not say so in time."""
        path = self.path
        if path is None or not self.online:
            return None
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[Able] = asyncio.get_running_loop().create_future()
        self._asking[number] = answer
        self._say(path, Ask(id=number, types=list(types)))
        try:
            async with asyncio.timeout(ASK_WITHIN):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._asking[number]

    def use(self, path: Path | None) -> None:
        """From now on this path, in the place of the one before."""
        if self.pumping is not None:
            self.pumping.cancel()
        if self.path is not None:  # what the line carried is counted to its end; another path counts from nothing
            self.estimate.note(max(0, self.path.sent - self.path.buffered), 0, now=self._monotonic())
            self._sent_before += self.path.sent
        self.path = self.pump = self.pumping = None
        if path is not None:
            self.path, self.heard, self.other_version = path, self._monotonic(), False
            self._greeted = self._keeps = self._reads = False
            self._day_report = None
            self.estimate.line = None
            pump = self.pump = Pump(
                path,
                manifests=self._manifests,
                fragments=self._fragments,
                clock=self._clock,
                monotonic=self._monotonic,
                estimate=self.estimate,
                on_behind=self._on_behind,
            )
            self._welcome(path)
            if self.stage is not None:
                self._say(path, self.stage)
                pump.set_stage(self.stage)
            self.pumping = asyncio.create_task(self._run_pump(pump), name=f"pump {self._screen}")
            path.listen(lambda text: self._hear(path, text))
        self._on_change()
        self.look()

    def nudge(self) -> None:
        """Has the page say something: it answers a welcome with a report."""
        if self.path is not None:
            self._welcome(self.path)

    def look(self) -> None:
        """Silence begins without an event: to be called now and then."""
        if self.online != self._online:
            self._online = self.online
            self._on_change()

    async def close(self) -> None:
        """Ends what is going out."""
        if self.pumping is not None:
            await ended(self.pumping)

    async def _run_pump(self, pump: Pump) -> None:
        with contextlib.suppress(PathClosed):
            await pump.run()
        self._on_pumped()

    def _hear(self, path: Path, text: str) -> None:
        """One message of the page. What still comes over a path that is no longer in use says nothing new."""
        pump = self.pump
        if path is not self.path or pump is None:
            return
        try:
            message = _decoder.decode(text[:CONTROL_MOST])
        except msgspec.DecodeError as error:
            _log.warning("screen %s said something that is no message: %s", self._screen, error)
            return
        self.heard = self._monotonic()
        match message:
            case Ping(id=number):
                received = self._clock()
                self._say(path, Pong(number, received, self._clock()))
            case Report():
                self._note_skipped(message)
                self.report, self.reported = message, self.heard
                if message.rtt is not None:
                    self.estimate.round_trip(message.rtt)
                for part in self._spoken.due(self.stage, message, self.heard) if self._reads else ():
                    self._say(path, part)
                self._on_change()
            case Holdings():
                pump.holdings(message)
            case Hello():
                self._greet(path, pump, message)
            case Able(id=number):
                asked = self._asking.get(number)
                if asked is not None and not asked.done():
                    asked.set_result(message)
            case Picture(jpeg=jpeg):
                self._keep_picture(jpeg)
            case Fault(where=where, detail=detail):
                _log.warning("screen %s: fault in %s: %s", self._screen, where[:200], detail[:500])
                self._fault_until = self.heard + FAULT_SHOWN
                self._on_change()
        self.look()

    def _note_skipped(self, report: Report) -> None:
        before = [] if self.report is None or self.report.exhibit != report.exhibit else self.report.skipped
        for start, end in report.skipped:
            if (start, end) not in before:
                told = self._screen, report.exhibit, start, end
                _log.warning("screen %s: exhibit %s cannot be decoded from %.3f to %.3f s; left out there", *told)

    def _greet(self, path: Path, pump: Pump, hello: Hello) -> None:
        pump.hello(hello)
        self.plays = frozenset(hello.plays)
        self._keeps = hello.disk is not None
        self._reads = hello.subtitles
        if self._keeps and self._day is not None:
            self._say_day()
            pump.set_day(self._day.manifests)
        if self._greeted and self.stage is not None:
            self._say(path, self.stage)  # it went over to another path and back: what it missed there
        self._greeted = True
        if hello.protocol != PROTOCOL:
            self._on_other_version()
            self.other_version = True
        self._on_change()

    def _say_day(self) -> None:
        if self.path is not None and self._keeps and self._day is not None:
            self._say(self.path, self._day.message)

    def _keep_picture(self, text: str) -> None:
        try:
            picture = base64.b64decode(text, validate=True)
        except binascii.Error:
            return
        if picture[:3] == b"\xff\xd8\xff" and len(picture) <= PICTURE_MOST:
            self.picture = picture
            self.pictures += 1
            self._on_change()

    def _welcome(self, path: Path) -> None:
        self._say(path, Welcome(protocol=PROTOCOL, presenter=self._presenter, build=self._build))

    def _say(self, path: Path, message: ToScreen) -> None:
        with contextlib.suppress(PathClosed, BufferError):
            path.send_control(_encoder.encode(message).decode())
