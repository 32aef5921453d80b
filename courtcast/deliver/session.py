"""Keeps one paired screen connected and fed: link → offer → channels → stage and pump, again and again.

Every state that waits has a limit. Losing the link takes nothing off the screen, nor does losing the channels: the page
goes on with what it holds, and the next channels begin with the whole stage.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from courtcast.core.estimate import Estimate
from courtcast.core.identity import Identity
from courtcast.core.manifest import Manifest
from courtcast.deliver.address import parse_address
from courtcast.deliver.interfaces import offered_addresses
from courtcast.deliver.link import Link, LinkDown
from courtcast.deliver.paths import Path, PathClosed
from courtcast.deliver.peer import Peer, PeerFailed
from courtcast.deliver.pump import Fragments, Pump
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
DEAD: Final = 12.0
"""Seconds without a word until the channels are given up while the link says that there is a page. Longer than the link
needs to notice a pulled cable (7.5 s): channels find their own way back sooner than new ones could be made."""
LOOK: Final = 0.5
"""Seconds between two looks at these."""
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 3.0
"""Seconds between attempts; shortened at random by up to half so that screens do not come in step."""
OTHER_VERSION_WAIT: Final = 20.0
"""Seconds: only an update changes that."""
STEADY: Final = 10.0
"""Seconds after which channels that break count as ones that had worked."""
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


class OtherVersion(Exception):
    """The page speaks another protocol."""


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
        self._page = 0
        """The page's session that the channels belong to."""
        self._news = asyncio.Event()
        """The page came, went or changed."""
        self._heard = 0.0
        self._online = False
        self._other_version = False
        self._no_page = False
        self._failed = 0
        """Attempts, since the last that led to open channels."""
        self._fault_until = 0.0
        self.link = Link(pinned, identity, where=where, on_page=self._on_page, on_state=on_change)

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
        if self.link.connected and self._failed >= NO_CHANNEL:
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
        await together(self.link.run, self._keep_attached)

    async def _keep_attached(self) -> None:
        wait = FIRST_WAIT
        while True:
            self._news.clear()
            if self.link.page == 0:
                await self._page_to_come()
                continue
            begun, pause = self._monotonic(), 0.0
            try:
                await self._attach(self.link.page)
            except OtherVersion:
                pause = OTHER_VERSION_WAIT
            except (LinkDown, PeerFailed, PathClosed) as error:
                self._failed += isinstance(error, PeerFailed)
                _log.info("screen %s: %s", self.pinned.card.name, error or type(error).__name__)
            finally:
                self._page, self.path, self.pump = 0, None, None
                self._look()
            wait = FIRST_WAIT if self._monotonic() - begun > STEADY else min(LONGEST_WAIT, wait * 2)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause or wait * random.uniform(0.5, 1.0)):  # noqa: S311 (no secret)
                    await self._news.wait()

    async def _page_to_come(self) -> None:
        try:
            async with asyncio.timeout(NO_PAGE):
                await self._news.wait()
        except TimeoutError:
            self._no_page = True
            self._on_change()
            await self._news.wait()
        self._no_page = False

    async def _attach(self, page: int) -> None:
        """One set of channels, from the offer to their end."""
        peer = Peer(await asyncio.to_thread(offered_addresses, self._interfaces))
        try:
            answer = await self.link.offer(page, await peer.offer())
            path = await peer.accept(answer, parse_address(self.link.address or "").host)
            self._page = page
            await self.link.attached(page)
            await self._converse(path)
        finally:
            await self.link.attached(0)
            await peer.close()

    async def _converse(self, path: Path) -> None:
        self.path, self._heard, self._other_version, self._failed = path, self._monotonic(), False, 0
        self.pump = Pump(
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
            self.pump.set_stage(self.stage)
        path.listen(self._hear)
        self._look()
        try:
            await together(self.pump.run, lambda: self._mind(path))
        except* PathClosed:
            pass  # the end of either is the end of both
        if self._other_version:
            raise OtherVersion

    async def _mind(self, path: Path) -> None:
        """Looks after silence, and ends the channels that have no page behind them."""
        answering = self._monotonic()
        while True:
            await asyncio.sleep(LOOK)
            self._look()
            now = self._monotonic()
            if self.link.page == 0:
                answering = now
            if path.closed or self._other_version or self.link.page not in (0, self._page):
                raise PathClosed
            if now - max(self._heard, answering) > DEAD:
                raise PathClosed

    def _look(self) -> None:
        if self.online != self._online:
            self._online = self.online
            self._on_change()

    def _on_page(self, page: int) -> None:
        if page:
            self._news.set()

    def _hear(self, text: str) -> None:
        """One message of the page."""
        try:
            message = _decoder.decode(text[:CONTROL_MOST])
        except msgspec.DecodeError as error:
            _log.warning("screen %s said something that is no message: %s", self.pinned.card.name, error)
            return
        path, pump = self.path, self.pump
        if path is None or pump is None:
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
                self._other_version = protocol != PROTOCOL
                pump.hello(message)
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
        with contextlib.suppress(PathClosed):
            path.send_control(_encoder.encode(message).decode())
