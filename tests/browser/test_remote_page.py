"""The remote in a real browser: nothing goes up by accident, blank from everywhere, stale is never acted on.

The presenter is the program of tests/states, which stands still in a named state and writes down what is asked of it; the
messages, templates and files are the product's own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from courtcast.wire.api import Change, OnScreen
from tests.browser.picture_bench import ONE_LOOP
from tests.states.presenter import Presenter, names, problem

pytestmark = [pytest.mark.browser, ONE_LOOP]

LAPTOP, IPAD, UPRIGHT, PHONE = (1440, 900), (1180, 820), (820, 1180), (390, 844)
SETTLED_MS = 700
"""Longer than the half second for which a new meaning does not count."""


@pytest_asyncio.fixture(loop_scope="session")
async def presenter() -> AsyncIterator[Presenter]:
    async with Presenter("playing") as presenter:
        yield presenter


async def opened(browser: Browser, presenter: Presenter, size: tuple[int, int] = LAPTOP, **how: Any) -> Page:
    """The remote, connected. A fault in the page fails the test."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **how)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.faults = faults  # type: ignore[attr-defined]
    await page.goto(presenter.url)
    await expect(page.locator("#link-pill")).to_have_text("Connected")
    return page


async def settle(page: Page) -> None:
    await page.wait_for_timeout(SETTLED_MS)
    assert page.faults == []  # type: ignore[attr-defined]


def asked(presenter: Presenter, path: str) -> list[Any]:
    return [body for _, where, body in presenter.commands if where == path]


async def until(good: Callable[[], Any], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not good():  # noqa: ASYNC110 (the program's list is what is looked at)
            await asyncio.sleep(0.02)


def cue(presenter: Presenter, exhibit: str, at: float = 0.0) -> None:
    """Somebody else makes an exhibit ready."""
    state = presenter.named.state
    room = msgspec.structs.replace(
        presenter.room(), revision=state.room.revision + 1, cued=OnScreen(exhibit=exhibit, at=at, frame=None)
    )
    presenter.named = msgspec.structs.replace(
        presenter.named, state=msgspec.structs.replace(state, revision=room.revision, room=room)
    )
    presenter._since = asyncio.get_running_loop().time()
    presenter.tell(Change(revision=room.revision, room=room))


async def test_keys_in_text_fields_show_and_move_nothing(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    for path in ("exhibits", "exhibits/e1", "screens"):
        presenter.refuse[path] = problem(422, "link-malformed", "This is not a link that can be fetched.")
    await page.click("#add-open")
    await page.click("#by-hand-open")
    await page.click("#edit")
    await page.locator("#rows .more").first.click()
    await settle(page)
    count = await page.locator("input[type=text]:visible").count()
    assert count >= 9
    for n in range(count):
        await page.evaluate(
            "n => [...document.querySelectorAll('input[type=text]')].filter((e) => e.checkVisibility())[n].focus()", n
        )
        for key in ("Space", "b", "ArrowLeft", "ArrowRight", ",", ".", "?", "/", "Enter", "Enter"):
            await page.keyboard.press(key)
            assert await page.evaluate("document.activeElement.matches('input[type=text]')")
    await page.wait_for_timeout(300)
    forbidden = ("room/show", "room/play", "room/pause", "room/seek", "room/step", "room/blank")
    assert [command for command in presenter.commands if command[1] in forbidden] == []


async def test_typing_a_reference_anywhere_goes_to_its_field_and_makes_ready_only(
    browser: Browser, presenter: Presenter
) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    await page.keyboard.type("JM/1 0:12")
    await expect(page.locator("#find-text")).to_be_focused()
    await expect(page.locator("#find-hint")).to_have_text("Enter makes JM/1 ready from 0:12. Nothing is shown.")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue") == [{"exhibit": "e1", "at": 12}]
    await page.wait_for_timeout(SETTLED_MS)
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(200)
    assert asked(presenter, "room/show") == []


async def test_enter_on_the_page_shows_once_on_the_room_that_was_seen(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    await page.keyboard.press("Enter")
    await until(lambda: asked(presenter, "room/show"))
    assert asked(presenter, "room/show") == [{"revision": 7}]


async def test_enter_on_another_button_is_that_buttons(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    for selector in ("#rows li:nth-child(1) .cue", "#live-keys [data-frames='1']", "#down", "#help-open"):
        await page.focus(selector)
        await page.keyboard.press("Enter")
    await page.wait_for_timeout(200)
    assert asked(presenter, "room/show") == []
    assert len(asked(presenter, "room/step")) == 1


async def test_the_button_does_not_show_what_became_ready_under_the_finger(
    browser: Browser, presenter: Presenter
) -> None:
    page = await opened(browser, presenter)
    await settle(page)
    box = await page.locator("#show").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 50, box["y"] + 20)
    # Just changed: a press means the one before, and does nothing.
    cue(presenter, "e1")
    await expect(page.locator("#show-label")).to_have_text("Show JM/1 on the screens")
    await page.mouse.down()
    await page.mouse.up()
    await expect(page.locator("#notice")).to_contain_text("It has just changed")
    # Changed between down and up: the same, however long the finger rests.
    await page.wait_for_timeout(SETTLED_MS)
    await page.mouse.down()
    cue(presenter, "e2")
    await expect(page.locator("#show-label")).to_have_text("Show JM/2 on the screens")
    await page.wait_for_timeout(SETTLED_MS)
    await page.mouse.up()
    await page.wait_for_timeout(150)
    assert asked(presenter, "room/show") == []
    # Settled: it does what it says.
    await page.mouse.down()
    await page.mouse.up()
    await until(lambda: asked(presenter, "room/show"))
    assert asked(presenter, "room/show") == [{"revision": 9}]


async def test_the_buttons_stay_where_they_are(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    before = {id_: await page.locator(id_).bounding_box() for id_ in ("#blank", "#show", "#down", "#play")}
    cue(presenter, "e1", 3.0)
    await expect(page.locator("#show-label")).to_have_text("Show JM/1 on the screens")
    await page.wait_for_timeout(300)
    assert {id_: await page.locator(id_).bounding_box() for id_ in before} == before


async def test_escape_blanks_from_every_field_button_and_dialog(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await page.click("#add-open")
    await page.click("#edit")
    await page.locator("#rows .more").first.click()
    await page.click("#by-hand-open")
    count = 0
    for node in await page.locator("input:visible, button:visible, select:visible, [role=slider]:visible").all():
        await node.focus()
        await page.keyboard.press("Escape")
        count += 1
        await until(lambda wanted=count: len(asked(presenter, "room/blank")) == wanted)
    assert count > 40
    await page.click("#help-open")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("Escape")
    await until(lambda: len(asked(presenter, "room/blank")) == count + 1)
    await expect(page.locator("#help")).to_be_hidden()


async def test_blank_by_finger_asks_once_and_offers_the_way_back(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter, IPAD, has_touch=True)
    await page.tap("#blank")
    await until(lambda: asked(presenter, "room/blank"))
    await expect(page.locator("#notice")).to_contain_text("JM/3 was taken down at")
    assert asked(presenter, "room/blank") == [{}]
    await page.tap("#notice .main")
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue")[0]["exhibit"] == "e3"


async def test_blank_works_without_a_connection_and_is_tried_until_it_is_through(
    browser: Browser, presenter: Presenter
) -> None:
    page = await opened(browser, presenter)
    presenter.refuse["room/blank"] = problem(503, "internal", "Away.")
    presenter.answers.clear()
    await presenter.cut()
    await expect(page.locator("#link-pill")).to_have_text("Reconnecting")
    await expect(page.locator("#say")).to_contain_text("Reconnecting")
    # Nothing acts on what may be old …
    for selector in ("#show", "#play", "#rows li:nth-child(1) .cue", "#live-keys [data-move='10']"):
        await page.locator(selector).click(force=True)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    # … but the blank.
    await page.keyboard.press("b")
    await expect(page.locator("#notice")).to_contain_text("Not blanked yet")
    presenter.answers.set()
    await until(lambda: len(asked(presenter, "room/blank")) >= 2, 15)
    del presenter.refuse["room/blank"]
    await expect(page.locator("#blank-label")).to_have_text("Blank all screens")
    await expect(page.locator("#link-pill")).to_have_text("Connected", timeout=15_000)
    assert {path for _, path, _ in presenter.commands} == {"room/blank"}


async def test_a_connection_that_dies_silently_is_noticed(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    presenter.answers.clear()
    await expect(page.locator("#link-pill")).to_have_text("Reconnecting", timeout=12_000)
    assert await page.locator("#show").get_attribute("aria-disabled") == "true"
    presenter.answers.set()
    await expect(page.locator("#link-pill")).to_have_text("Connected", timeout=15_000)


async def test_server_sent_events_where_no_websocket_opens(browser: Browser, presenter: Presenter) -> None:
    presenter.websockets = False
    page = await opened(browser, presenter)
    cue(presenter, "e1")
    await expect(page.locator("#show-label")).to_have_text("Show JM/1 on the screens")
    await page.keyboard.press("Escape")
    await until(lambda: asked(presenter, "room/blank"))


async def test_a_session_that_ended_leads_to_the_sign_in_page(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    presenter.signed_in = False
    await presenter.cut()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=12_000)


async def test_every_transport_control_says_which_picture_it_moves(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    for part, says in (("#ready", "Ready"), ("#live", "screens")):
        controls = page.locator(f"{part} .keys button, {part} .keys input, {part} [role=slider]")
        for control in await controls.all():
            name = await control.evaluate("(e) => e.ariaLabel ?? e.labels?.[0]?.textContent ?? e.textContent")
            assert says in name
    await page.click("#ready-keys [data-move='10']")
    await page.click("#live-keys [data-move='10']")
    await until(lambda: asked(presenter, "room/seek"))
    assert asked(presenter, "room/cue") == [{"exhibit": "e4", "at": pytest.approx(22.012), "revision": 7}]
    assert asked(presenter, "room/seek")[0]["to"] > 43


async def test_a_drag_moves_the_screens_once_when_it_ends(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await expect(page.locator("#live-bar .film img:not([hidden])").first).to_be_visible()
    box = await page.locator("#live-bar [role=slider]").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 10)
    await page.mouse.down()
    for share in (0.2, 0.4, 0.5):
        await page.mouse.move(box["x"] + box["width"] * share, box["y"] + 10)
    await page.wait_for_timeout(100)
    assert asked(presenter, "room/seek") == []
    await page.mouse.up()
    await until(lambda: asked(presenter, "room/seek"))
    assert asked(presenter, "room/seek")[0]["to"] == pytest.approx(79.5 / 2, abs=0.3)


async def test_a_refusal_is_said_in_its_own_words(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    words = "Somebody else changed the room in between. Look at it, then try again."
    presenter.refuse["room/show"] = problem(409, "moved-on", words)
    presenter.refuse["exhibits"] = problem(422, "link-malformed", "This is not a link that can be fetched.")
    await settle(page)
    await page.click("#show")
    await expect(page.locator("#notice")).to_contain_text(words)
    await page.locator("#find-text").fill("https://evidence.example/clip.mp4")
    await page.keyboard.press("Enter")
    await expect(page.locator("#add-url")).to_have_value("https://evidence.example/clip.mp4")
    await expect(page.locator("#add-ref")).to_have_value("JM/9")
    await page.locator("#add").get_by_label("Restricted").check()
    await page.get_by_role("button", name="Add it").click()
    await expect(page.locator("#add-problem")).to_have_text("This is not a link that can be fetched.")
    assert [wish["restricted"] for wish in asked(presenter, "exhibits")] == [True]


async def test_a_new_link_beside_the_exhibit_that_failed(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    field = page.get_by_label("New link for JM/8")
    await field.fill("nonsense")
    await field.press("Enter")
    await expect(page.locator("#rows")).to_contain_text("Paste the whole link, beginning with https://.")
    await field.fill("https://evidence.example/again.mp4")
    await field.press("Enter")
    await until(lambda: asked(presenter, "exhibits/e8/link"))
    assert asked(presenter, "exhibits/e8/link") == [{"url": "https://evidence.example/again.mp4"}]


async def test_files_behind_a_link_are_chosen_by_keyboard(browser: Browser, presenter: Presenter) -> None:
    presenter.show("choosing")
    page = await opened(browser, presenter)
    boxes = page.get_by_role("group", name="Which files are meant?").get_by_role("checkbox")
    await expect(boxes).to_have_count(3)
    await page.get_by_role("button", name="Use these files").press("Enter")
    await expect(page.get_by_text("Choose at least one file.")).to_be_visible()
    await expect(boxes.first).to_be_focused()
    await page.keyboard.press("Space")
    await boxes.nth(1).press("Space")
    await page.get_by_role("button", name="Use these files").press("Enter")
    await until(lambda: asked(presenter, "exhibits/e1/files"))
    assert asked(presenter, "exhibits/e1/files") == [{"take": ["3f2a00000001", "3f2a00000002"]}]


async def test_restricted_is_set_by_keyboard_and_stands_on_the_row(browser: Browser, presenter: Presenter) -> None:
    presenter.show("ready")
    page = await opened(browser, presenter)
    await expect(page.locator("#rows li").nth(1)).to_contain_text("restricted")
    await expect(page.locator("#rows li").nth(0)).not_to_contain_text("restricted ·")
    await page.get_by_role("button", name="Edit the list").press("Enter")
    for row, asked_for in (("JM/1", True), ("JM/2", False)):
        await page.get_by_role("button", name=f"More about {row}").focus()
        await page.keyboard.press("Enter")
        mark = page.get_by_role("checkbox", name="Restricted")
        await expect(mark).to_be_checked(checked=not asked_for)
        await mark.focus()
        await page.keyboard.press("Space")
        await until(lambda row=row: asked(presenter, f"exhibits/e{row[-1]}"))  # type: ignore[misc]
        assert asked(presenter, f"exhibits/e{row[-1]}") == [{"restricted": asked_for}]
        await page.get_by_role("button", name=f"More about {row}").click()


async def test_each_screen_says_how_much_of_the_day_it_has(browser: Browser, presenter: Presenter) -> None:
    presenter.show("ready")
    page = await opened(browser, presenter)
    tiles = page.locator("#tiles li")
    await expect(tiles.nth(0)).to_contain_text("All of the day is on its disk")
    await expect(tiles.nth(1)).to_contain_text("63 % of the day is on its disk")
    await expect(tiles.nth(2)).to_contain_text("3 % of the day is in its memory only")
    assert await tiles.nth(1).locator("progress").evaluate("bar => bar.value") == pytest.approx(0.63)
    assert await tiles.nth(0).locator("progress").is_hidden()


async def test_pairing_with_the_code_on_the_screen(browser: Browser, presenter: Presenter) -> None:
    presenter.show("screen-found")
    page = await opened(browser, presenter)
    first = page.locator("#found li").first
    await first.get_by_label("Code on the screen").fill("1234 567")
    await first.get_by_role("button", name="Pair").click()
    await expect(first).to_contain_text("Type all eight digits")
    presenter.refuse["screens/s1/pair"] = problem(403, "pairing-wrong-code", "That is not the code on the screen.")
    await first.get_by_label("Code on the screen").fill("1234 5678")
    await first.get_by_role("button", name="Pair").click()
    await expect(first).to_contain_text("That is not the code on the screen.")
    assert asked(presenter, "screens/s1/pair") == [{"code": "12345678"}]


async def test_the_sentence_is_spoken_when_something_changes_and_not_with_each_second(
    browser: Browser, presenter: Presenter
) -> None:
    page = await opened(browser, presenter)
    await page.evaluate("""() => {
      window.spoken = 0;
      new MutationObserver((all) => {
        if (all.some((one) => !(one.target.nodeType === 1 ? one.target : one.target.parentElement).closest('[aria-live=off]'))) window.spoken += 1;
      }).observe(document.querySelector('#say'), { subtree: true, childList: true, characterData: true });
    }""")
    first = await page.locator("#say").text_content()
    await page.wait_for_timeout(3200)
    assert await page.locator("#say").text_content() != first
    assert await page.evaluate("window.spoken") == 0


@pytest.mark.parametrize("name", names())
async def test_no_barrier_in_any_state(browser: Browser, presenter: Presenter, name: str) -> None:
    presenter.show(name)
    size = {"crowded": PHONE, "paused": UPRIGHT, "problems": IPAD}.get(name, LAPTOP)
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(presenter.url)
    link = "Reconnecting" if name == "reconnecting" else "Connected"
    await expect(page.locator("#link-pill")).to_have_text(link)
    await page.wait_for_timeout(400)
    found = await Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    assert faults == []
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    small = await page.evaluate("""() => [...document.querySelectorAll('button, input, select')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && e.checkVisibility() && !e.closest('label') && (box.height < 44 || box.width < 44);
    }).map((e) => e.outerHTML.slice(0, 90))""")
    assert small == []


async def test_a_screen_is_set_later_by_the_keyboard_and_back(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    tile = page.locator("#tiles li").first
    await tile.locator(".more").focus()
    await page.keyboard.press("Enter")
    field = tile.get_by_label("Picture later by")
    await expect(field).to_have_value("0")
    await expect(field).to_have_accessible_description(re.compile("Minus is earlier"))
    await field.focus()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("40")
    await page.keyboard.press("Enter")
    name = presenter.named.state.screens[0].id
    await until(lambda: asked(presenter, f"screens/{name}"))
    assert asked(presenter, f"screens/{name}") == [{"delay_ms": 40}]
    undo = tile.get_by_role("button", name="Back to 0 ms")
    await expect(undo).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(undo).to_be_focused()
    await page.keyboard.press("Enter")
    await until(lambda: len(asked(presenter, f"screens/{name}")) == 2)
    assert asked(presenter, f"screens/{name}")[1] == {"delay_ms": 0}
    await expect(field).to_be_focused()
    # What cannot be is not sent, and said.
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("900")
    await page.keyboard.press("Enter")
    await expect(tile.locator(".said")).to_have_text("Type milliseconds, from -500 to 500.")
    assert len(asked(presenter, f"screens/{name}")) == 2
    assert asked(presenter, "room/show") == []
    # Everybody's remote says it on the card.
    late = msgspec.structs.replace(presenter.named.state.screens[0], delay_ms=-40)
    presenter.tell(Change(revision=presenter.named.state.revision, screens=[late]))
    await expect(tile.locator(".name")).to_contain_text("40 ms earlier")


async def test_no_barrier_with_everything_open(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    for opener in ("#add-open", "#edit", "#by-hand-open", "#help-open"):
        await page.click(opener)
    for more in ("#rows .more", "#tiles .more"):
        await page.locator(more).first.dispatch_event("click")
    await page.wait_for_timeout(SETTLED_MS)
    found = await Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()


async def test_the_sign_in_page_takes_the_whole_link(browser: Browser, presenter: Presenter) -> None:
    presenter.signed_in = False
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(presenter.url)
    found = await Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    await page.get_by_label("Link or key").fill("remote: https://10.0.0.2:8443/?key=abc-123")
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/?key=abc-123")
