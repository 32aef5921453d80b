"""Play on the remote while it is not safe: nothing moves, the reason is said, and one more press plays it all the same."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_page import asked, opened, presenter, settle, until
from tests.states.presenter import Presenter, problem

pytestmark = [pytest.mark.browser, ONE_LOOP]
__all__ = ["presenter"]


async def test_play_is_offered_anyway(browser: Browser) -> None:
    presenter = Presenter("paused")
    await presenter.start()
    try:
        page = await opened(browser, presenter)
        await settle(page)
        presenter.refuse["room/play"] = problem(409, "not-safe", "The recording would stop before its end.")
        await page.click("#play")
        await expect(page.locator("#notice")).to_contain_text("is not played yet: it would stop before its end.")
        del presenter.refuse["room/play"]
        await page.click("#notice button.main")
        await until(lambda: len(asked(presenter, "room/play")) == 2)
        first, second = asked(presenter, "room/play")
        assert "anyway" not in first
        assert second["anyway"] is True
        assert first["revision"] == second["revision"]
        assert page.faults == []  # type: ignore[attr-defined]
    finally:
        await presenter.stop()
