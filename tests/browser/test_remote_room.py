"""The main job by hand: one person at the remote, two real screens, and nothing else but clicks and keys."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from courtcast.demo.line import ThinLine
from courtcast.demo.programs import run
from courtcast.samples import make_clip
from tests.stand import Stand, read_code, stand

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds: a bound on a machine that does much else, no measurement."""


async def shows(running: Stand, frame: int | None) -> None:
    """Both screens' pixels show that frame; they may come a moment after the report."""
    for _ in range(60):
        seen = [await read_code(page) for page in running.pages]
        if seen == [frame, frame]:
            return
        await asyncio.sleep(0.05)
    assert seen == [frame, frame]


async def pair(remote: Page, running: Stand, zone: str) -> None:
    """Types the code that stands on the screen into the field beside it."""
    found = remote.locator("#found li", has_text=zone.title())
    await expect(found).to_have_count(1, timeout=SOON)
    code = await run("receiver.cli", "code", "--data", running.folder / zone)
    await found.get_by_label("Code on the screen").fill(code)
    await found.get_by_role("button", name="Pair").click()
    await expect(remote.locator("#tiles li", has_text=zone.title())).to_have_count(1, timeout=SOON)


async def test_from_an_empty_room_to_the_picture_and_back_to_black(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=20, rate=30, width=640, height=360, bit_rate=1_500_000, b_frames=2)
    async with stand(tmp_path, screens=2, pair=False) as running, ThinLine(clip, rate=40e6) as line:
        context = await running.browsers[0].new_context(viewport={"width": 1440, "height": 900})
        remote = await context.new_page()
        faults: list[str] = []
        remote.on("pageerror", lambda fault: faults.append(str(fault)))
        await remote.goto(running.remote_url)
        await expect(remote.locator("#link-pill")).to_have_text("Connected", timeout=SOON)
        assert "key=" not in remote.url

        # The link, then the screens, as the page says it.
        await remote.get_by_label("Link", exact=True).fill(line.url)
        await remote.get_by_label("Reference").fill("JM/1")
        await remote.get_by_label("Title").fill("Sample")
        await remote.keyboard.press("Enter")
        for zone in ("jury", "witness"):
            await pair(remote, running, zone)
        await expect(remote.locator("#screens-pill")).to_have_text("2 screens, all answer", timeout=SOON)
        await expect(remote.locator("#rows .meta")).to_have_text(re.compile("0:20 · (fetched|safe now)"), timeout=SOON)

        # Ready: seen here, and nowhere else.
        await remote.locator("body").click(position={"x": 700, "y": 30})
        await remote.keyboard.type("jm1 0:05")
        await remote.keyboard.press("Enter")
        await expect(remote.locator("#show-label")).to_have_text("Show JM/1 on the screens", timeout=SOON)
        await expect(remote.locator("#ready-frame")).to_contain_text("frame 150")
        await expect(remote.locator("#ready-image")).to_be_visible(timeout=SOON)
        await expect(remote.locator("#tiles")).to_contain_text("Can show at once", timeout=SOON)
        await shows(running, None)

        # Shown, paused on that frame; both screens say so themselves, and so do their pixels.
        await remote.wait_for_timeout(600)
        await remote.locator("#show").click()
        await expect(remote.locator("#say")).to_have_text(
            "The jury and witness see JM/1 at 0:05, paused.", timeout=SOON
        )
        await shows(running, 150)
        await expect(remote.locator("#live-image")).to_be_visible(timeout=SOON)
        await expect(remote.locator("#live-mark")).to_contain_text("as seen on")

        # Single frames, play, pause.
        for _ in range(3):
            await remote.keyboard.press(".")
        await expect(remote.locator("#live-frame")).to_contain_text("frame 153", timeout=SOON)
        await shows(running, 153)
        await remote.keyboard.press("Space")
        await expect(remote.locator("#say")).to_contain_text("playing", timeout=SOON)
        await remote.wait_for_timeout(1500)
        await remote.keyboard.press("Space")
        await expect(remote.locator("#say")).to_contain_text("paused", timeout=SOON)
        assert await remote.locator("#notice").text_content() == ""

        # The seek bar, then black from inside a text field, and the way back.
        box = await remote.locator("#live-bar [role=slider]").bounding_box()
        assert box is not None
        await remote.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
        await expect(remote.locator("#live-time")).to_contain_text("0:10.", timeout=SOON)
        await remote.locator("#find-text").focus()
        await remote.keyboard.press("Escape")
        await expect(remote.locator("#say")).to_have_text("All screens are black. Nobody sees anything.", timeout=SOON)
        await shows(running, None)
        await remote.get_by_role("button", name="Make it ready again").click()
        await expect(remote.locator("#ready-time")).to_contain_text("0:10.", timeout=SOON)

        # The presenter dies: it says so, and nothing can be pressed.
        running.kill(running.presenter)
        await expect(remote.locator("#link-pill")).to_have_text("Reconnecting", timeout=SOON)
        assert await remote.locator("#show").get_attribute("aria-disabled") == "true"
        assert faults == []
