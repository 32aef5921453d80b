"""Files that look like one recording are joined from the list, and taken apart again, in a real browser."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from courtcast.wire.api import ChangeExhibit
from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_uploads import DROP, until
from tests.prepare.test_joined import CLIP, split
from tests.stand_ins.sending import sending

pytestmark = [pytest.mark.browser, ONE_LOOP]


async def test_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    files = split(tmp_path, "mp4", (30, 30), CLIP)
    async with sending(tmp_path / "data") as place:
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        page.on("pageerror", lambda fault: pytest.fail(str(fault)))
        await page.goto(f"{place.url}/?key={place.auth.new_key()}")
        await expect(page.locator("#link-pill")).to_have_text("Connected")
        await page.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files.items()])
        await until(lambda: [one.state for one in place.intake.exhibits()] == ["ready", "ready"])
        for number, one in enumerate(place.intake.exhibits(), 1):
            await place.intake.change(one.id, ChangeExhibit(ref=f"JM/{number}"))
        under = page.locator("#rows > li", has_text="JM/2").first
        line = under.locator(".join")
        await expect(line.get_by_role("status")).to_have_text("JM/1 and JM/2 look like one recording.")
        await expect(page.locator(".join:visible")).to_have_count(1)
        assert [fault["id"] for fault in (await Axe().run(page)).response["violations"]] == []
        await line.get_by_role("button", name="Join them").focus()
        await page.keyboard.press("Enter")
        await expect(line.get_by_role("status")).to_have_text("They are joined as JM/3, and stay here as well.")
        assert [len(one.parts) for one in place.intake.exhibits()] == [0, 0, 2]
        await expect(page.locator("#rows > li")).to_have_count(3)
        await expect(line.get_by_role("button", name="Undo")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(line.get_by_role("button", name="Join them")).to_be_focused()
        await expect(page.locator("#rows > li")).to_have_count(2)
        assert [one.ref for one in place.intake.exhibits()] == ["JM/1", "JM/2"]
        await context.close()
