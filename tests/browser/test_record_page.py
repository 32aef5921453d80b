"""The page of the record in a real browser: reached from the remote, clean, and all of it to be had by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests.browser.picture_bench import ONE_LOOP
from tests.stand_ins.house import Shelf, Wall, house

pytestmark = [pytest.mark.browser, ONE_LOOP]


async def test_the_record_is_had_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    shelf, wall = Shelf(), Wall("jury")
    shelf.put("JM/1")
    wall.light_up()
    async with house(tmp_path, shelf, wall) as place, TestServer(place.app, host="127.0.0.1") as server:
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(f"{server.make_url('/')}?key={place.auth.new_key()}")
        await page.wait_for_selector("html[data-live=yes]")
        await page.focus("#record-open")
        async with page.expect_popup() as opening:
            await page.keyboard.press("Enter")
        sheet = await opening.value
        await expect(sheet.locator("h1")).to_have_text("The record")
        await expect(sheet.locator("dd").nth(1)).to_have_text(
            " ".join(place.record.key[at : at + 8] for at in range(0, 64, 8))
        )
        found = (await Axe().run(sheet)).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        for name, ending in (
            ("What happened", "pdf"),
            ("What was shown", "pdf"),
            ("as a table", "csv"),
            ("The whole record", "jsonl"),
        ):
            await sheet.get_by_text(name).first.focus()
            async with sheet.expect_download() as saving:
                await sheet.keyboard.press("Enter")
            saved = await saving.value
            assert saved.suggested_filename.endswith(f".{ending}")
            assert (await saved.path()).stat().st_size > 100
        await page.close()
        await sheet.close()
