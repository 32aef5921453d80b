"""Keeps one paired screen connected and fed: link → path → stage and pump, again and again.

Every state that waits has a limit. Losing the link takes nothing off the screen, nor does losing a path: the page goes
on with what it holds, and the next path begins with the whole stage.
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
from courtcast.core.identity import Identity
from courtcast.core.manifest import Manifest
from courtcast.deliver.link import Link
from courtcast.deliver.paths import Path, PathClosed
from courtcast.deliver.pump import Fragments, Pump
from courtcast.deliver.reach import Reach
from courtcast.deliver.trust import Pinned
from courtcast.problems import Refused
from courtcast.tasks import together
from courtcast.wire.api import Problem
from courtcast.wire.screen import (
    PROTOCOL,
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
LOOK: Final = 0.5
"""Seconds between two looks at this."""
OTHER_VERSION_WAIT: Final = 20.0
"""Seconds: only an update changes that."""
PICTURE_MOST: Final = 48 * 1024
CONTROL_MOST: Final = 1024 * 1024
"""Bytes of one message of a page. Holdings are the longest."""
NO_PAGE: Final = 4.0
"""Seconds without a page until people are told; a reload takes two."""
NO_CHANNEL: Final = 2
"""Attempts that did not lead to open channels, one after the other, until people are told."""
FAULT_SHOWN: Final = 30.0
"""Seconds that an uncaught error of the page is shown beside the screen; it starts anew by itself."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromScreen)


class Session:
    """One paired screen. `run` it until it is cancelled; everything else is a call that never blocks."""

    def __init__(
        self,
        pinned: Pinned,
        *,
        identity: Identity,
        presenter: str,
        where: Callable[[], Sequence[str]],
        manifests: Callable[[str], Manifest | None],
        fragments: Fragments,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        interfaces: Sequence[str],
        build: str,
        on_change: Callable[[], None],
    ) -> None:
        self.pinned = pinned
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
        self._presenter, self._build = presenter, build
        self._manifests, self._fragments = manifests, fragments
        self._clock, self._monotonic, self._interfaces = clock, monotonic, interfaces
        self._on_change = on_change
        self._pumping: asyncio.Task[None] | None = None
        self._page_news = asyncio.Event()
        """The page came, went or changed."""
        self._heard = 0.0
        self._online = False
        self._other_version = False
        self._greeted = False
        """The page has said Hello over this path."""
        self._no_page = False
        self._fault_until = 0.0
        self.link = Link(pinned, identity, where=where, on_page=self._on_page, on_state=on_change)
        self._reach = Reach(
            self.link,
            name=pinned.card.name,
            interfaces=interfaces,
            monotonic=monotonic,
            use=self._use,
            silence=lambda: self._monotonic() - self._heard,
        )

    @property
    def online(self) -> bool:
        """The page answers over an open path."""
        return self.path is not None and not self.path.closed and self._monotonic() - self._heard < SILENT

    @property
    def problem(self) -> Problem | None:
        """What stands in the way, for people."""
        if self._other_version:
            return Refused("screen-protocol").problem()
        if self._monotonic() < self._fault_until:
            return Refused("page-fault").problem()
        if self.link.taken is not None:
            return Refused("screen-taken", name=self.link.taken).problem()
        if self.online:
            return None
        if self.link.problem is not None:
            return self.link.problem.problem()
        if self.link.connected and self._no_page:
            return Refused("screen-no-page").problem()
        if self.link.connected and self._reach.failures >= NO_CHANNEL:
            return Refused("screen-no-channel").problem()
        return None

    @property
    def cue_ready(self) -> bool:
        """The screen says that it is ready, and it speaks of the cue there is now."""
        return self.report is not None and self.report.cue_ready and self.report.revision >= self._cue_since

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

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await together(self.link.run, self._reach.run, self._watch, self._mind_page)
        finally:
            if self._pumping is not None:
                self._pumping.cancel()
                await asyncio.gather(self._pumping, return_exceptions=True)

    async def _mind_page(self) -> None:
        """People are told where there is none for longer than a reload takes."""
        while True:
            self._page_news.clear()
            if self.link.page == 0:
                try:
                    async with asyncio.timeout(NO_PAGE):
                        await self._page_news.wait()
                        continue
                except TimeoutError:
                    self._no_page = True
                    self._on_change()
            await self._page_news.wait()
            self._no_page = False

    async def _watch(self) -> None:
        """Silence begins without an event. A pump that broke by a fault of ours ends the session."""
        while True:
            await asyncio.sleep(LOOK)
            self._look()
            if self._pumping is not None and self._pumping.done():
                self._pumping.result()

    def _use(self, path: Path | None) -> None:
        """From now on this path, in the place of the one before."""
        if self._pumping is not None:
            self._pumping.cancel()
        if self.path is not None:  # what the line carried is counted to its end; another path counts from nothing
            self.estimate.note(max(0, self.path.sent - self.path.buffered), 0, now=self._monotonic())
        self.path = self.pump = self._pumping = None
        if path is not None:
            self.path, self._heard, self._other_version = path, self._monotonic(), False
            self._greeted = False
            self.estimate.line = None
            pump = self.pump = Pump(
                path,
                manifests=self._manifests,
                fragments=self._fragments,
                clock=self._clock,
                monotonic=self._monotonic,
                estimate=self.estimate,
            )
            self._say(path, Welcome(protocol=PROTOCOL, presenter=self._presenter, build=self._build))
            if self.stage is not None:
                self._say(path, self.stage)
                pump.set_stage(self.stage)
            self._pumping = asyncio.create_task(self._run_pump(pump), name=f"pump {self.pinned.card.id}")
            path.listen(lambda text: self._hear(path, text))
        self._on_change()
        self._look()

    async def _run_pump(self, pump: Pump) -> None:
        with contextlib.suppress(PathClosed):
            await pump.run()
        self._reach.wake()

    def _look(self) -> None:
        if self.online != self._online:
            self._online = self.online
            self._on_change()

    def _on_page(self, page: int) -> None:
        self._page_news.set()
        self._reach.wake()

    def _hear(self, path: Path, text: str) -> None:
        """One message of the page. What still comes over a path that is no longer in use says nothing new."""
        pump = self.pump
        if path is not self.path or pump is None:
            return
        try:
            message = _decoder.decode(text[:CONTROL_MOST])
        except msgspec.DecodeError as error:
            _log.warning("screen %s said something that is no message: %s", self.pinned.card.name, error)
            return
        self._heard = self._monotonic()
        match message:
            case Ping(id=number):
                received = self._clock()
                self._say(path, Pong(number, received, self._clock()))
            case Report():
                self.report, self.reported = message, self._heard
                if message.rtt is not None:
                    self.estimate.round_trip(message.rtt)
                self._on_change()
            case Holdings():
                pump.holdings(message)
            case Hello(protocol=protocol):
                pump.hello(message)
                if self._greeted and self.stage is not None:
                    self._say(path, self.stage)  # it went over to another path and back: what it missed there
                self._greeted = True
                if protocol != PROTOCOL:
                    self._reach.pause(OTHER_VERSION_WAIT)
                    self._other_version = True
                self._on_change()
            case Picture(jpeg=jpeg):
                self._keep_picture(jpeg)
            case Fault(where=where, detail=detail):
                _log.warning("screen %s: fault in %s: %s", self.pinned.card.name, where[:200], detail[:500])
                self._fault_until = self._heard + FAULT_SHOWN
                self._on_change()
        self._look()

    def _keep_picture(self, text: str) -> None:
        try:
            picture = base64.b64decode(text, validate=True)
        except binascii.Error:
            return
        if picture[:3] == b"\xff\xd8\xff" and len(picture) <= PICTURE_MOST:
            self.picture = picture
            self.pictures += 1
            self._on_change()

    def _say(self, path: Path, message: ToScreen) -> None:
        with contextlib.suppress(PathClosed, BufferError):
            path.send_control(_encoder.encode(message).decode())
