"""Keeps one open path to a screen's page, of either kind: carries out what `courtcast.deliver.ladder` decides.

A path is handed over while it is open, and the one before it is closed only then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from courtcast.deliver.address import parse_address
from courtcast.deliver.interfaces import offered_addresses
from courtcast.deliver.ladder import Ladder, Signs, Step, given_up
from courtcast.deliver.link import Link, LinkDown, NoAnswer
from courtcast.deliver.paths import Path
from courtcast.deliver.peer import Peer, PeerFailed
from courtcast.deliver.relayed import RelayedPath
from courtcast.deliver.sctp.siblings import Siblings

LOOK: Final = 0.25
"""Seconds between two looks at silence: the page speaks as often."""
ASK: Final = 1.0
"""Seconds of silence until the page is asked for a word, and then between two askings. A browser lets a page in the
background speak once a minute; asked, it answers at once, and what was asked is acknowledged in any case."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Reach:
    """Runs until cancelled. `use` is called with each path that is to be used from now on, None when there is none any
    more; `heard` gives the time when the page last said something over that path; `nudge` has it say something. None
    of them may block or raise.

    relay_worked: the link's path is what worked when this screen was reached last
    """

    def __init__(
        self,
        link: Link,
        *,
        name: str,
        interfaces: Sequence[str],
        siblings: Siblings,
        monotonic: Callable[[], float],
        use: Callable[[Path | None], None],
        heard: Callable[[], float],
        nudge: Callable[[], None],
        relay_worked: bool = False,
    ) -> None:
        self._link, self._name, self._interfaces = link, name, interfaces
        self._siblings = siblings
        self._monotonic, self._use, self._heard, self._nudge = monotonic, use, heard, nudge
        self._asked = 0.0
        self._ladder = Ladder(relay_worked=relay_worked)
        self._news = asyncio.Event()
        self._peer: Peer | None = None
        """Whose channels are open."""
        self._signs = Signs(0.0)
        """Of life, from those."""
        self._relayed: RelayedPath | None = None
        """Open; on trial while another is in use."""
        self._used: Path | None = None
        self._page = 0
        """The page's session that all of these lead to."""
        self._answering = 0.0
        """When the link last had no page: silence before that says nothing."""
        self._offering: asyncio.Task[Peer] | None = None
        self._relaying: asyncio.Task[RelayedPath] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        # Attempts that came to nothing since a path was open last:
        self.unanswered = 0
        """The page gave no answer to an offer."""
        self.unopened = 0
        """It answered, and yet no channels opened."""
        self.refused = 0
        """Nobody took the path over the link."""

    def wake(self) -> None:
        """Something happened that may change what is to be done: the link, a path, what the page said."""
        self._news.set()

    def pause(self, seconds: float) -> None:
        """What is open is closed, and nothing is tried for so long."""
        self._ladder.pause(self._monotonic() + seconds)
        self._drop_all()
        self.wake()

    def renew(self) -> None:
        """What is open leads nowhere any more: it is closed, and all ways are tried at once."""
        self._drop_all()
        self.news()

    def news(self) -> None:
        """This machine has an address that it had not: what did not work may work now."""
        self._ladder.news(self._monotonic())
        self.wake()

    async def run(self) -> None:
        try:
            while True:
                self._news.clear()
                self._look()
                now = self._monotonic()
                next_time = self._ladder.next(now)
                wait = LOOK if next_time is None else min(LOOK, next_time - now)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._news.wait()
        finally:
            self._drop_all()
            tasks: list[asyncio.Task[None]] = [*self._closing]
            if self._telling is not None:
                tasks.append(self._telling)
            await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self) -> None:
        """Takes in what happened, and begins what is due."""
        now = self._monotonic()
        page = self._link.page
        if page == 0:
            self._answering = now
        elif page != self._page:
            self._drop_all()
            self._page = page
        self._ladder.page_is(page, relays=self._link.relays, now=now)
        self._collect_channels(now)
        self._collect_relayed(now)
        self._look_at_used(now)
        for step in self._ladder.due(now):
            match step:
                case Step.OFFER:
                    self._offering = self._begin(self._offer(page))
                case Step.RELAY:
                    self._relaying = self._begin(self._link.open_path(page))
                case Step.CHANGE:
                    self._change(now)
                case Step.CALM:
                    self._call_off()
                    self._forgive()
                    if self._relayed is not None:
                        self._end_relayed(now)

    def _collect_channels(self, now: float) -> None:
        done = self._offering
        if done is None or not done.done():
            return
        self._offering = None
        try:
            peer = done.result()
        except (LinkDown, PeerFailed, asyncio.CancelledError) as error:
            self.unopened += isinstance(error, PeerFailed)
            self.unanswered += isinstance(error, NoAnswer)
            self._failed("no channels", error)
            self._ladder.channels_failed(now, _chance())
            return
        before, self._peer, self._signs = self._peer, peer, Signs(now)
        self._ladder.channels_opened(now)
        self._take(peer.path)
        if before is not None:
            self._close(before)
        if self._relayed is not None:
            self._end_relayed(now)

    def _collect_relayed(self, now: float) -> None:
        done = self._relaying
        if done is None or not done.done():
            return
        self._relaying = None
        try:
            path = done.result()
        except (LinkDown, asyncio.CancelledError) as error:
            self.refused += isinstance(error, NoAnswer)
            self._failed("no path over the link", error)
            self._ladder.relay_failed(now, _chance())
            return
        self._relayed = path
        self._ladder.relay_opened(now)
        if self._peer is None:
            self._take(path)

    def _change(self, now: float) -> None:
        """From the channels to the link's path, which is open."""
        if self._relayed is not None:
            self._take(self._relayed)
        if self._peer is not None:
            self._end_channels(now)

    def _look_at_used(self, now: float) -> None:
        used = self._used
        if used is None:
            return
        if self._relayed is not None and self._relayed is not used and self._relayed.closed:
            self._end_relayed(now)
        heard = max(self._heard(), self._answering)
        if now - max(heard, self._asked) > ASK and not used.closed:
            self._asked = now
            self._nudge()
        if self._peer is not None and not used.closed:
            path = self._peer.path
            count, busy = path.acknowledgements, path.buffered > 0
            signs = self._signs.last(words=self._heard(), count=count, busy=busy, now=now)
            self._ladder.channels_alive(max(signs, self._answering))
        if not (given_up(now - heard) or used.closed):
            return
        _log.info("screen %s: %s is lost", self._name, used.name)
        if self._relayed is not None and self._relayed is not used:
            self._change(now)
            return
        if self._peer is not None:
            self._end_channels(now)
        if self._relayed is not None:
            self._end_relayed(now)
        self._take(None)

    async def _offer(self, page: int) -> Peer:
        """Channels to a page, open. Raises LinkDown, PeerFailed."""
        addresses = await asyncio.to_thread(offered_addresses, self._interfaces)
        peer = Peer(addresses, siblings=self._siblings)
        try:
            answer = await self._link.offer(page, await peer.offer())
            await peer.accept(answer, parse_address(self._link.address or "").host)
        except BaseException:
            await peer.close()
            raise
        return peer

    def _take(self, path: Path | None) -> None:
        self._used = path
        if path is not None:
            self._forgive()
            _log.info("screen %s: %s is open", self._name, path.name)
        self._use(path)
        page = 0 if self._used is None else self._page
        self._telling = asyncio.create_task(self._tell(self._telling, page), name="attached")

    async def _tell(self, before: asyncio.Task[None] | None, page: int) -> None:
        if before is not None:
            await before
        await self._link.attached(page)

    def _failed(self, what: str, error: BaseException) -> None:
        _log.info("screen %s: %s: %s", self._name, what, error or type(error).__name__)

    def _end_channels(self, now: float) -> None:
        if self._peer is not None:
            self._close(self._peer)
            self._peer = None
        self._ladder.channels_lost(now, _chance())

    def _end_relayed(self, now: float) -> None:
        if self._relayed is not None:
            self._relayed.end()
            self._relayed = None
        self._ladder.relay_lost(now, _chance())

    def _forgive(self) -> None:
        self.unanswered = self.unopened = self.refused = 0

    def _call_off(self) -> None:
        """What is under way and not open yet."""
        for task in (self._offering, self._relaying):
            if task is not None:
                task.cancel()
                self._closing.add(close := asyncio.create_task(_undo(task), name="call off"))
                close.add_done_callback(self._closing.discard)
        self._offering = self._relaying = None

    def _drop_all(self) -> None:
        self._call_off()
        self._ladder.called_off()
        now = self._monotonic()
        if self._peer is not None:
            self._end_channels(now)
        if self._relayed is not None:
            self._end_relayed(now)
        if self._used is not None:
            self._take(None)

    def _close(self, peer: Peer) -> None:
        self._closing.add(task := asyncio.create_task(peer.close(), name="close"))
        task.add_done_callback(self._closing.discard)

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self.wake())
        return task


async def _undo(task: asyncio.Task[Peer] | asyncio.Task[RelayedPath]) -> None:
    """Waits for the end of what was called off, and closes what came of it all the same."""
    try:
        made = await task
    except (LinkDown, PeerFailed, asyncio.CancelledError):
        return
    await made.close()


def _chance() -> float:
    return random.random()  # noqa: S311 (no secret)
