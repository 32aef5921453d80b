"""Presenter and page come back: real receiver, real screens, the whole page in Chromium.

`-s` prints how long it took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from courtcast.samples import make_clip
from courtcast.wire.screen import Anchor, Scene, Stage
from receiver.relay import Relay
from tests.browser.page_stand import until
from tests.browser.picture_bench import ONE_LOOP
from tests.deliver.test_screens import Room
from tests.prepare.prepared import Prepared, prepared, stored
from tests.stand_ins.screen import Screen, screen

pytestmark = [pytest.mark.browser, ONE_LOOP]
SECONDS = 120
MOST = 25.0
"""A bound of sanity: what it takes is printed."""


@pytest_asyncio.fixture(loop_scope="session")
async def jury(tmp_path: Path) -> AsyncIterator[Screen]:
    async with screen(tmp_path / "jury") as running:
        yield running


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return prepared(make_clip(path, seconds=SECONDS, width=320, height=180, gop_seconds=2, bit_rate=200_000))


@pytest_asyncio.fixture(loop_scope="session")
async def room(tmp_path: Path, clip: Prepared) -> Room:
    made = Room(tmp_path / "presenter")
    made.manifests[clip.manifest.rendition] = clip.manifest
    await stored(clip, made.store)
    return made


def playing(clip: Prepared, begun: float) -> Stage:
    scene = Scene(
        exhibit="e1", rendition=clip.manifest.rendition, anchor=Anchor(0.0, begun, 1.0), end=clip.manifest.duration and float(clip.manifest.duration)
    )  # fmt: skip
    return Stage(revision=1, shown=scene, blank=False)


async def snapshot(page: Page) -> dict[str, Any]:
    """The page's own report; the room clock in its seconds beside it."""
    said: dict[str, Any] = await page.evaluate(
        "(() => { const r = window.courtcast.snapshot();"
        " return {...r, now: performance.now() / 1000, clock: performance.now() / 1000 + (r.clock_offset ?? NaN)}; })()"
    )
    return said


async def right(page: Page, begun: float, within: float = MOST) -> dict[str, Any]:
    """Once the frame is the one that belongs on the display now, up to a tenth of a second."""
    end = time.monotonic() + within
    while True:
        try:
            said = await snapshot(page)
        except Exception:  # it is being loaded
            said = {"media_time": None}
        media = said["media_time"]
        if media is not None and said["playing"] and not said["blank"] and abs(said["clock"] - begun - media) < 0.1:
            return said
        assert time.monotonic() < end, said
        await asyncio.sleep(0.02)


def reached(room: Room, known: str) -> str | None:
    seen = room.screens.get(known)
    return seen.path if seen.online else None


async def test_both_come_back_to_the_right_frame(browser: Browser, jury: Screen, room: Room, clip: Prepared) -> None:
    page = await browser.new_page(viewport={"width": 640, "height": 360})
    await page.goto(jury.url)
    async with room.open() as screens:
        known = await room.paired(jury)
        await until(lambda: reached(room, known) == "webrtc", "the path", 40)
        begun = time.monotonic() + 1
        screens.set_stages({known: playing(clip, begun)})
        await right(page, begun)
        await until(lambda: screens.to_send(known, clip.manifest.rendition, 0.0, None) == 0, "all of it is held", 60)

        asked = time.monotonic()
        await page.reload(wait_until="commit")
        said = await right(page, begun)
        print(f"right {said['now']:.2f} s after the page's start, {time.monotonic() - asked:.2f} s after the reload")
        await until(lambda: reached(room, known) == "webrtc", "the same path", 40)
        await until(lambda: screens.to_send(known, clip.manifest.rendition, 0.0, None) == 0, "held again", 60)
        before = await right(page, begun)

    relay: Relay = jury.agent._relay
    assert relay.linked == []
    asked = time.monotonic()
    async with room.open() as screens:
        screens.set_stages({known: playing(clip, begun)})
        await until(lambda: reached(room, known) == "webrtc", "the presenter is back", 40)
        print(f"attached {time.monotonic() - asked:.2f} s after the presenter's return")
        await until(lambda: (report := screens.get(known).report) and report.revision == 1, "its stage is carried out")
        said = await right(page, begun)
        assert (said["jumps"], said["stalls"]["count"]) == (before["jumps"], before["stalls"]["count"])
        assert screens._sessions[known].talk.path is not None
        sent = screens._sessions[known].talk.path.sent
        await asyncio.sleep(1.0)
        assert screens._sessions[known].talk.path.sent == sent, "what it holds is not sent again"
