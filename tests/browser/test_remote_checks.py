"""The panel of the checks in a real browser: read, begun, cancelled, by keyboard too, and never in the way of blank."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from courtcast.wire.api import Change, Checks
from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_page import IPAD, LAPTOP, PHONE, UPRIGHT, asked, opened, until
from tests.stand_ins.house import House, Shelf, Wall, house
from tests.states.presenter import Presenter

pytestmark = [pytest.mark.browser, ONE_LOOP]


@pytest_asyncio.fixture(loop_scope="session")
async def presenter() -> AsyncIterator[Presenter]:
    async with Presenter("checked") as presenter:
        yield presenter


async def panel(browser: Browser, presenter: Presenter, size: tuple[int, int] = LAPTOP) -> Page:
    page = await opened(browser, presenter, size)
    await page.click("#checks-open")
    await expect(page.locator("#checks")).to_be_visible()
    return page


async def test_what_was_found_is_read_from_top_to_bottom(browser: Browser, presenter: Presenter) -> None:
    page = await panel(browser, presenter)
    await expect(page.locator("#check-results h3")).to_have_count(2)
    titles = await page.locator("#check-results h3").all_inner_texts()
    assert [title.split(" check")[0] for title in titles] == ["Room", "Case"]
    groups = await page.locator("#check-results section:nth-child(2) h4").all_inner_texts()
    assert groups == ["Stands in the way (1)", "To be looked at (1)", "Good to know (1)"]
    await expect(page.locator("#check-results")).to_contain_text("Ask for a new link today, and paste it at JM/5.")
    await expect(page.locator("#check-word")).to_have_text("1 thing has to be looked at before the hearing.")
    link = page.locator("#check-print a")
    assert await link.get_attribute("href") == "/api/v1/checks/page"


async def test_begun_and_cancelled(browser: Browser, presenter: Presenter) -> None:
    page = await panel(browser, presenter)
    await page.fill("#check-until", "2030-05-06T16:30")
    await page.click("#check-case")
    await until(lambda: asked(presenter, "checks/case"))
    moment = await page.evaluate("new Date('2030-05-06T16:30').getTime() / 1000")
    assert asked(presenter, "checks/case") == [{"until": moment}]
    await page.click("#check-room")
    await until(lambda: asked(presenter, "checks/room"))
    running = Presenter("checking").named.state.checks
    assert running is not None
    presenter.tell(Change(revision=7, checks=running))
    await expect(page.locator("#check-doing")).to_contain_text("6 of 10 s")
    assert await page.locator("#check-bar").evaluate("bar => bar.value") == 0.52
    for button in ("#check-case", "#check-room"):
        assert await page.locator(button).get_attribute("aria-disabled") == "true"
    await page.click("#check-cancel")
    await until(lambda: any(command[:2] == ("DELETE", "checks") for command in presenter.commands))
    presenter.tell(Change(revision=7, checks=msgspec.structs.replace(running, running=None, said="It was cancelled.")))
    await expect(page.locator("#check-said")).to_have_text("It was cancelled.")
    await expect(page.locator("#check-running")).to_be_hidden()


async def test_by_keyboard_alone(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await page.focus("#checks-open")
    await page.keyboard.press("Enter")
    await expect(page.locator("#checks-title")).to_be_focused()
    reached: list[str] = []
    for _ in range(24):  # a field for a day and a time has several places inside
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert {"checks-close", "check-until", "check-case", "check-room"} <= set(reached)
    assert any("Test card on Jury left" in one for one in reached)
    await page.focus("#check-room")
    await page.keyboard.press("Enter")
    await until(lambda: asked(presenter, "checks/room"))
    assert asked(presenter, "room/show") == [], "Enter here is the button's"
    await page.keyboard.press("Escape")
    await expect(page.locator("#checks")).to_be_hidden()
    await until(lambda: asked(presenter, "room/blank"))


async def test_cards_one_screen_at_a_time_and_only_while_nothing_is_shown(
    browser: Browser, presenter: Presenter
) -> None:
    page = await panel(browser, presenter)
    await page.get_by_role("button", name="Test card on Jury left").click()
    jury = next(screen.id for screen in presenter.named.state.screens if screen.name == "Jury left")
    await until(lambda: asked(presenter, f"screens/{jury}/card"))
    presenter.show("test-card")
    state = presenter.named.state
    presenter.tell(Change(revision=8, room=msgspec.structs.replace(state.room, revision=8), screens=state.screens))
    down = page.get_by_role("button", name="Take the test card down from Jury left")
    await expect(down).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#say")).to_contain_text("Jury left sees a test card.")
    await down.click()
    await until(
        lambda: ("DELETE", f"screens/{jury}/card", None) in [(m, p, b or None) for m, p, b in presenter.commands]
    )
    presenter.show("playing")
    room = msgspec.structs.replace(presenter.named.state.room, revision=9)
    presenter.tell(Change(revision=9, room=room, screens=presenter.named.state.screens))
    await expect(page.locator("#cards-note")).to_contain_text("Something is on the screens.")
    for button in await page.locator("#cards button").all():
        assert await button.get_attribute("aria-disabled") == "true"
    assert await page.locator("#check-room").get_attribute("aria-disabled") == "true"
    assert await page.locator("#check-case").get_attribute("aria-disabled") is None


@pytest.mark.parametrize("size", [LAPTOP, IPAD, UPRIGHT, PHONE])
async def test_the_blank_stays_in_reach_and_nothing_is_cut(
    browser: Browser, presenter: Presenter, size: tuple[int, int]
) -> None:
    page = await panel(browser, presenter, size)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = await page.locator("#checks").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    await page.click("#blank")
    await until(lambda: asked(presenter, "room/blank"))
    await expect(page.locator("#checks")).to_be_visible()


@pytest.mark.parametrize("name", ["checked", "checking", "test-card", "nothing-yet", "playing"])
async def test_axe_finds_nothing(browser: Browser, name: str) -> None:
    presenter = Presenter(name)
    await presenter.start()
    try:
        page = await panel(browser, presenter)
        await page.locator("#check-results details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        found = (await Axe().run(page)).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    finally:
        await presenter.stop()


async def test_a_viewer_has_no_such_button(browser: Browser) -> None:
    presenter = Presenter("viewer")
    await presenter.start()
    try:
        page = await opened(browser, presenter)
        await expect(page.locator("#checks-open")).to_be_hidden()
    finally:
        await presenter.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[House]:
    shelf, wall = Shelf(), Wall("jury", "judge")
    shelf.put("JM/1")
    shelf.fail(shelf.put("JM/2", 60).id, "file-damaged")
    wall.light_up()
    async with house(tmp_path, shelf, wall) as running:
        yield running


async def test_the_sheet_is_clean_and_printable(browser: Browser, place: House, tmp_path: Path) -> None:
    checks = Presenter("checked").named.state.checks
    assert isinstance(checks, Checks)
    assert checks.case is not None
    assert checks.room is not None
    place.checkup._last = {"case": checks.case, "room": checks.room}
    async with TestServer(place.app, host="127.0.0.1") as server:
        page = await browser.new_page()
        await page.goto(f"{server.make_url('/')}?key={place.auth.new_key()}")
        await page.goto(str(server.make_url("/api/v1/checks/page")))
        await expect(page.locator("h2")).to_have_count(2)
        found = (await Axe().run(page)).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        await page.emulate_media(media="print")
        await expect(page.locator("#print")).to_be_hidden()
        assert (await page.pdf()).startswith(b"%PDF")
