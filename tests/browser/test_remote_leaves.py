"""Pages and parts of a picture by the remote: what turns and enlarges does so, for the screens or in Ready as it says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_page import IPAD, asked, opened, settle, until
from tests.states.presenter import Presenter

pytestmark = [pytest.mark.browser, ONE_LOOP]


@pytest_asyncio.fixture(loop_scope="session")
async def presenter() -> AsyncIterator[Presenter]:
    async with Presenter("document") as presenter:
        yield presenter


def steps(presenter: Presenter) -> list[int]:
    return [body["frames"] for body in asked(presenter, "room/step")]


def views(presenter: Presenter) -> list[tuple[float, ...] | None]:
    return [None if body["view"] is None else tuple(body["view"]) for body in asked(presenter, "room/view")]


async def test_pages_turn_by_key_button_and_number(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    await expect(page.locator("#live-time")).to_have_text("Page 3")
    await expect(page.locator("#live-keys")).to_be_hidden()
    turned = []
    for key, by in (("PageDown", 1), ("PageUp", -1), ("ArrowRight", 1), ("ArrowLeft", -1), (".", 1)):
        await page.keyboard.press(key)
        turned.append(by)
        await until(lambda: steps(presenter) == turned)
    await page.get_by_role("button", name="page › forward on the screens", exact=True).click()
    await until(lambda: steps(presenter) == [*turned, 1])
    # The button keeps no focus: Enter afterwards is the one that shows.
    assert await page.evaluate("document.activeElement === document.body")
    field = page.get_by_label("Page to go to on the screens")
    await field.fill("999")
    await field.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("57")
    await field.press("Enter")
    await until(lambda: asked(presenter, "room/seek"))
    assert [body["to"] for body in asked(presenter, "room/seek")] == [56]
    slider = page.get_by_role("slider", name="Place on the screens, everyone sees it")
    assert (await slider.get_attribute("aria-valuetext") or "").startswith("Page 3 of 117")
    assert asked(presenter, "room/show") == asked(presenter, "room/cue") == []


async def test_pages_of_what_is_ready_are_turned_in_ready_only(browser: Browser, presenter: Presenter) -> None:
    presenter.show("photograph")
    page = await opened(browser, presenter)
    await settle(page)
    # A photograph alone has no pages; it is enlarged, and not played.
    await expect(page.locator("#live-pages")).to_be_hidden()
    await expect(page.locator("#live-bar")).to_be_hidden()
    for key in ("Space", "PageDown", "ArrowDown"):
        await page.keyboard.press(key)
    await page.get_by_role("button", name="page › forward in Ready, only you see it", exact=True).click()
    await until(lambda: asked(presenter, "room/cue"))
    assert 12 <= asked(presenter, "room/cue")[0]["at"] < 13
    field = page.get_by_label("Page to go to in Ready")
    await field.fill("p 100")
    await field.press("Enter")
    await until(lambda: len(asked(presenter, "room/cue")) == 2)
    assert asked(presenter, "room/cue")[1]["at"] == 99
    assert [path for _, path, _ in presenter.commands if path in ("room/play", "room/seek", "room/view")] == []


async def test_a_part_is_enlarged_by_keys_buttons_wheel_and_mouse(browser: Browser, presenter: Presenter) -> None:
    presenter.show("photograph")
    page = await opened(browser, presenter)
    await settle(page)
    tools = page.get_by_role("group", name="How large it is on the screens: everyone sees it")
    await expect(tools.get_by_role("button", name="Smaller on the screens")).to_be_disabled()

    async def next_view() -> tuple[float, ...] | None:
        await until(lambda: presenter.commands)
        await page.wait_for_timeout(250)
        [*_, last] = views(presenter)
        presenter.commands.clear()
        if last is not None:
            x, y, w, h = last
            assert 0 <= x <= 1 - w + 1e-9
            assert 0 <= y <= 1 - h + 1e-9
        return last

    await page.keyboard.press("+")
    by_key = await next_view()
    assert by_key is not None
    await tools.get_by_role("button", name="Larger on the screens").click()
    by_button = await next_view()
    assert by_button is not None
    assert by_button[2] < by_key[2] < 1
    await page.keyboard.press("_")
    assert await next_view() is None
    box = await page.locator("#live-pic").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3
    await page.mouse.move(x, y)
    await page.mouse.wheel(0, -400)
    by_wheel = await next_view()
    # What is under the pointer stays there: left and above the middle.
    assert by_wheel is not None
    assert by_wheel[0] < (1 - by_wheel[2]) / 2
    assert by_wheel[1] < (1 - by_wheel[3]) / 2
    await page.mouse.dblclick(x, y)
    assert await next_view() is None
    await page.mouse.dblclick(x, y)
    by_tap = await next_view()
    assert by_tap is not None
    assert by_tap[2] < 0.9


async def test_an_enlarged_part_is_moved_and_made_whole(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter, IPAD)
    await settle(page)
    was = (0.1, 0.3, 0.8, 0.318)
    await expect(page.locator("#zoom-scale")).to_have_text("314 %")
    await expect(page.locator("#overview")).to_be_visible()
    await page.keyboard.press("Shift+ArrowDown")
    await until(lambda: views(presenter))
    lower = views(presenter)[0]
    assert lower is not None
    assert lower[1] == pytest.approx(was[1] + was[3] / 5)
    presenter.commands.clear()
    box = await page.locator("#live-pic").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - box["height"] / 4, steps=4)
    await page.mouse.up()
    await until(lambda: views(presenter))
    await page.wait_for_timeout(250)
    drawn = views(presenter)[-1]
    assert drawn is not None
    assert drawn[1] == pytest.approx(lower[1] + was[3] / 4, abs=0.02)
    assert drawn[2:] == pytest.approx(was[2:])
    presenter.commands.clear()
    await page.get_by_role("button", name="The whole picture on the screens").click()
    await until(lambda: views(presenter))
    assert views(presenter) == [None]


async def test_a_recording_has_one_button_until_something_is_enlarged(browser: Browser, presenter: Presenter) -> None:
    presenter.show("playing")
    page = await opened(browser, presenter)
    await settle(page)
    await expect(page.locator("#zoom button:visible")).to_have_count(1)
    await page.keyboard.press("PageDown")
    await page.keyboard.press("+")
    await until(lambda: views(presenter))
    assert steps(presenter) == asked(presenter, "room/seek") == []


async def test_nothing_of_it_acts_in_text_fields(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    for field in ("#find-text", "#live-page"):
        await page.focus(field)
        for key in ("PageDown", "PageUp", "ArrowUp", "ArrowRight", "Shift+ArrowLeft", "+", "-", "_", ".", ","):
            await page.keyboard.press(key)
            assert await page.evaluate("document.activeElement.matches('input')")
    await page.wait_for_timeout(300)
    assert presenter.commands == []
