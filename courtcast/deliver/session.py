"""Keeps one paired screen connected and fed: link → path → talk, again and again.

Every state that waits has a limit. Losing the link takes nothing off the screen, nor does losing a path: the page goes
on with what it holds, and the next path begins with the whole stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from courtcast.core.identity import Identity
from courtcast.core.manifest import Manifest
from courtcast.deliver.ladder import given_up
from courtcast.deliver.link import Link
from courtcast.deliver.moves import Move
from courtcast.deliver.pump import Fragments
from courtcast.deliver.reach import Reach
from courtcast.deliver.sctp.siblings import Siblings
from courtcast.deliver.talk import Talk
from courtcast.deliver.trust import Pinned
from courtcast.problems import Refused
from courtcast.tasks import together
from courtcast.wire.api import Problem
from courtcast.wire.screen import Cue

LOOK: Final = 0.5
"""Seconds between two looks at whether the screen has fallen silent."""
OTHER_VERSION_WAIT: Final = 20.0
"""Seconds: only an update changes that."""
NO_PAGE: Final = 4.0
"""Seconds without a page until people are told; a reload takes two."""
NO_CHANNEL: Final = 2
"""Attempts that came to nothing in the same way, until people are told."""
NO_OTHER_WAY: Final = (
    "this screen's version takes them over nothing else. Ask for UDP between presenter and screen, or update the screen"
)
NOR_BY_TCP: Final = (
    "over TCP its page does not take them either. Switch the screen off and on; if it stays so, ask for UDP between"
    " presenter and screen"
)


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
        siblings: Siblings,
        build: str,
        on_change: Callable[[], None],
        on_behind: Callable[[], None],
        relay_worked: bool = False,
        cues: Callable[[str], Sequence[Cue] | None] = lambda _: None,
    ) -> None:
        """`relay_worked`: the link's path is what worked when this screen was reached last."""
        self.pinned = pinned
        self._on_change = on_change
        self._page_news = asyncio.Event()
        """The page came, went or changed."""
        self._no_page = False
        self.talk = Talk(
            pinned.card.name,
            presenter=presenter,
            manifests=manifests,
            fragments=fragments,
            clock=clock,
            monotonic=monotonic,
            build=build,
            on_change=on_change,
            on_pumped=self._on_pumped,
            cues=cues,
            on_other_version=self._on_other_version,
            on_behind=on_behind,
        )
        self.link = Link(pinned, identity, where=where, on_page=self._on_page, on_state=on_change)
        self._reach = Reach(
            self.link,
            name=pinned.card.name,
            interfaces=interfaces,
            siblings=siblings,
            monotonic=monotonic,
            use=self.talk.use,
            heard=lambda: self.talk.heard,
            nudge=self.talk.nudge,
            relay_worked=relay_worked,
        )

    @property
    def problem(self) -> Problem | None:
        """What stands in the way, for people."""
        if self.talk.other_version:
            return Refused("screen-protocol").problem()
        if self.talk.faulty:
            return Refused("page-fault").problem()
        if self.link.taken is not None:
            return Refused("screen-taken", name=self.link.taken).problem()
        if self.talk.online:
            return None
        if self.link.problem is not None:
            return self.link.problem.problem()
        if self.link.connected and self._no_page:
            return Refused("screen-no-page").problem()
        return self._no_way()

    def _no_way(self) -> Problem | None:
        """Why no path opens, by what was found: nothing is said of UDP where no page answered."""
        reach = self._reach
        if not self.link.connected:
            return None
        if reach.unanswered >= NO_CHANNEL or (reach.unopened == 0 and reach.refused >= NO_CHANNEL):
            return Refused("screen-page-silent").problem()
        if reach.unopened < NO_CHANNEL:
            return None
        if not self.link.relays:
            return Refused("screen-no-channel", otherwise=NO_OTHER_WAY).problem()
        return Refused("screen-no-channel", otherwise=NOR_BY_TCP).problem() if reach.refused else None

    def moved(self, move: Move) -> None:
        """This machine slept, or its addresses are others now."""
        lost = self.link.source is not None and self.link.source in move.lost
        if lost or move.slept:
            self.link.renew()
        if lost or given_up(move.slept):
            self._reach.renew()
        if move.gained:
            self.link.wake()
            self._reach.news()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await together(self.link.run, self._reach.run, self._watch, self._mind_page)
        finally:
            await self.talk.close()

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
            self.talk.look()
            if self.talk.pumping is not None and self.talk.pumping.done():
                self.talk.pumping.result()

    def _on_pumped(self) -> None:
        self._reach.wake()

    def _on_other_version(self) -> None:
        self._reach.pause(OTHER_VERSION_WAIT)

    def _on_page(self, page: int) -> None:
        self._page_news.set()
        self._reach.wake()
