"""A page that nobody can see, as when something else was opened on the appliance: the browser slows it down.

It has no frames of its own to draw then, and timers once a second. What the room wants meanwhile has to be right in the
moment in which the page is in front again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage

pytestmark = [pytest.mark.browser, ONE_LOOP]

SLOW = 2.2
"""Seconds that a hidden page may take for what it does with a timer."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("hidden")
    return Clip.of(make_clip(folder / "a.mp4", seconds=16, width=640, height=360, gop_seconds=2, bit_rate=1_000_000))


@asynccontextmanager
async def _behind(page: Page) -> AsyncIterator[None]:
    """Another page of the same browser is in front of it."""
    session = await page.context.new_cdp_session(page)
    # The driver makes every page believe that it is looked at.
    await session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    other = await page.context.new_page()
    await other.bring_to_front()
    await _visibility(page, "hidden")
    try:
        yield
    finally:
        await page.bring_to_front()
        await other.close()
        await _visibility(page, "visible")


async def _visibility(page: Page, wanted: str) -> None:
    for _ in range(100):
        if await page.evaluate("document.visibilityState") == wanted:
            return
        await asyncio.sleep(0.02)
    pytest.skip(f"this browser does not make a page {wanted}")


async def test_a_hidden_page_goes_on_with_the_room(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1)))
        await screen.until("bench.state().media_time > 0.5")
        async with _behind(screen.page):
            await asyncio.sleep(4)
        await screen.until(f"Math.abs(bench.state().media_time - (bench.clock.now() - {clock})) < 0.1", 3)
        state = await screen.state()
        assert state["playing"]
        assert not state["blank"]
        assert state["problem"] is None
        at = await screen.now() - clock
        code = await screen.code()
        assert code is not None
        assert abs(code / 30 - at) < 0.25, "the pixels are where the room is"


async def test_what_is_asked_while_it_is_hidden_is_there_when_it_is_not(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[100])))
        await screen.until("bench.state().frame === 100")
        async with _behind(screen.page):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[300])))
            await asyncio.sleep(SLOW)
        await screen.until("bench.state().frame === 300", 3)
        assert await screen.code() == 300
        async with _behind(screen.page):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[300]), blank=True))
            await asyncio.sleep(0.2)
            assert (await screen.state())["blank"], "blank waits for no timer"
        assert await screen.black_within(0, True)
        async with _behind(screen.page):
            clock = await screen.now() + 0.15
            await screen.do("apply", stage(shown=scene(clip, 0, clock, 1)))
            await asyncio.sleep(SLOW)
        await screen.until(f"Math.abs(bench.state().media_time - (bench.clock.now() - {clock})) < 0.1", 3)
        assert (await screen.state())["stalls"]["count"] <= 1
