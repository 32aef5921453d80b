"""A page that nobody can see, as when something else was opened on the machine: the browser slows it down.

It draws nothing then, and its timers run once a second. What the room wants meanwhile has to be right as soon as the page
is in front again. Playwright makes every page believe that it is looked at, so the browser is driven without it here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from courtcast.demo.browser import FLAGS, Browser, Page
from courtcast.samples import make_clip
from tests.browser.picture_bench import WINDOWED, Clip, scene, served, stage

pytestmark = pytest.mark.browser

SLOWED = [flag for flag in FLAGS if "background" not in flag or "networking" in flag]
"""Without those that keep a page awake: a browser that somebody opened by hand."""
LONG = 2.2
"""Seconds in which a hidden page's timers run at least once."""
SOON = 3.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("hidden")
    return Clip.of(make_clip(folder / "a.mp4", seconds=16, width=640, height=360, gop_seconds=2, bit_rate=1_000_000))


class Screen:
    """A page with the clip, in a browser that has pages in front of others."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser, self.page = browser, page

    async def apply(self, **parts: Any) -> None:
        await self.page.evaluate(f"bench.apply({json.dumps(stage(**parts))})")

    async def until(self, condition: str, seconds: float = SOON) -> None:
        end = time.monotonic() + seconds
        while not await self.page.evaluate(f"!!({condition})"):
            said = await self.page.evaluate("JSON.stringify(bench.state())")
            assert time.monotonic() < end, f"never: {condition}; {said}"
            await asyncio.sleep(0.05)

    async def starts(self, clip: Clip) -> float:
        """Plays from the beginning: the room clock of that."""
        clock = float(await self.page.evaluate("bench.clock.now()")) + 0.15
        await self.apply(shown=scene(clip, 0, clock, 1))
        return clock

    async def is_where_the_room_is(self, clock: float) -> None:
        await self.until(f"Math.abs(bench.state().media_time - (bench.clock.now() - {clock})) < 0.1")
        number = await self.page.frame_number()
        now = float(await self.page.evaluate("bench.clock.now()"))
        assert number is not None
        assert abs(number / 30 - (now - clock)) < 0.5, "so do the pixels say"

    @asynccontextmanager
    async def hidden(self) -> AsyncIterator[None]:
        covering = await self._browser.cover()
        await self.until("document.visibilityState === 'hidden'")
        yield
        await self._browser.uncover(covering)
        await self.until("document.visibilityState === 'visible'")


@asynccontextmanager
async def screen_with(clip: Clip) -> AsyncIterator[Screen]:
    async with served([clip]) as address, Browser(Path(WINDOWED), flags=SLOWED) as browser:
        screen = Screen(browser, await browser.open(address, 1280, 720))
        await screen.until("window.ready", 10)
        await screen.page.evaluate(f"bench.load({json.dumps(clip.rendition)})")
        yield screen


@pytest.mark.long
async def test_a_hidden_page_goes_on_with_the_room(clip: Clip) -> None:
    async with screen_with(clip) as screen:
        clock = await screen.starts(clip)
        await screen.until("bench.state().media_time > 0.5")
        async with screen.hidden():
            await asyncio.sleep(2 * LONG)
        await screen.is_where_the_room_is(clock)
        assert await screen.page.evaluate("bench.state().problem") is None


async def test_what_is_asked_of_a_hidden_page_is_there_when_it_is_seen(clip: Clip) -> None:
    async with screen_with(clip) as screen:
        await screen.apply(shown=scene(clip, clip.pts[100]))
        await screen.until("bench.state().frame === 100")
        async with screen.hidden():
            await screen.apply(shown=scene(clip, clip.pts[300]))
            await asyncio.sleep(LONG)
        await screen.until("bench.state().frame === 300")
        assert await screen.page.frame_number() == 300
        async with screen.hidden():
            await screen.apply(shown=scene(clip, clip.pts[300]), blank=True)
            await screen.until("bench.state().blank", 0.5)  # waits for no timer
        assert await screen.page.is_black()
        async with screen.hidden():
            clock = await screen.starts(clip)
            await asyncio.sleep(LONG)
        await screen.is_where_the_room_is(clock)
