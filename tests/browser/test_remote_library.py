"""Hearings, details and clips on the remote, in a real browser: by keyboard, and against the real application where something
comes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from courtcast.wire.library import Listing, ListRow
from tests.browser import test_remote_uploads as uploads
from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_page import IPAD, PHONE, UPRIGHT, asked, opened, problem, until
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender, Sending, sending
from tests.states.presenter import Presenter

pytestmark = [pytest.mark.browser, ONE_LOOP]
CSV = {"name": "references.csv", "mimeType": "text/csv", "buffer": b"ref,title\nJM/9,Front door\n"}


@pytest_asyncio.fixture(loop_scope="session")
async def presenter() -> AsyncIterator[Presenter]:
    async with Presenter("clip") as presenter:
        yield presenter


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Sending]:
    async with sending(tmp_path / "data") as running:
        yield running


def answer(message: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(message), content_type="application/json")


async def press(page: Page, name: str, key: str = "Enter") -> None:
    await page.get_by_role("button", name=name, exact=True).focus()
    await page.keyboard.press(key)


async def test_a_clip_is_made_by_keys_and_made_ready(browser: Browser, place: Sending, tmp_path: Path) -> None:
    film = grainy(tmp_path / "film.mp4", 90)
    async with place.client("clerk") as http:
        sent = await Sender(http).begin(len(film), data=film, ref="JM/1")
        id_ = await Sender(http).exhibit(sent.headers["Location"])
    await until(lambda: place.intake.get(id_).state == "ready", 20)
    page = await uploads.opened(browser, place)
    await page.locator("#rows .cue").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#show-label")).to_have_text("Show JM/1 on the screens")
    await page.locator("#screens-tab").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#clips-tab")).to_be_focused()
    await press(page, "Make a clip")
    await expect(page.locator("#clip-edit-title")).to_be_focused()
    forward = "frame › forward in Ready, only you see it"
    for frame in (1, 2):
        await press(page, forward)
        await expect(page.locator("#ready-frame")).to_contain_text(f"frame {frame} ")
    await page.keyboard.press("i")
    await expect(page.locator("#clip-said")).to_contain_text("It begins at 0:00.066.")
    # Nobody sees anything: the keys for single pictures move what only this remote shows.
    await page.keyboard.press(".")
    await expect(page.locator("#ready-frame")).to_contain_text("frame 3 ")
    await page.keyboard.press("o")
    await expect(page.locator("#clip-parts li")).to_have_count(1)
    await page.get_by_label("Name", exact=True).fill("The door")
    await page.get_by_label("Agreed, by whom and when").fill("both parties")
    await press(page, "Save the clip")
    made = (await until(lambda: place.intake.get(id_).clips)) or place.intake.get(id_).clips
    assert [(one.name, one.agreed) for one in made] == [("The door", "both parties")]
    # From the very time of the first picture to that of the one after the last.
    assert [(one.start, one.stop) for one in made[0].ranges] == [
        (pytest.approx(2 / 30, abs=1e-6), pytest.approx(4 / 30, abs=1e-6))
    ]
    clip = page.get_by_role("button", name="The door")
    await expect(clip.first).to_contain_text("agreed")
    await clip.first.focus()
    await page.keyboard.press("Enter")
    await until(lambda: (cued := place.desk.state().cued) is not None and cued.clip == "The door")
    assert place.desk.state().shown is None
    await press(page, "Change the clip The door")
    await press(page, "Remove this clip")
    await until(lambda: not place.intake.get(id_).clips)
    await page.get_by_role("button", name="Bring it back").click()
    again = await until(lambda: place.intake.get(id_).clips) or place.intake.get(id_).clips
    assert again[0].ranges == made[0].ranges


async def test_a_hearing_gets_its_name_and_an_exhibit_its_details(
    browser: Browser, place: Sending, tmp_path: Path
) -> None:
    film = grainy(tmp_path / "film.mp4", 12)
    async with place.client("clerk") as http:
        sent = await Sender(http).begin(len(film), data=film, ref="JM/1")
        id_ = await Sender(http).exhibit(sent.headers["Location"])
    page = await uploads.opened(browser, place)
    await expect(page.locator("#hearing-name")).to_have_text("Courtcast")
    await page.locator("#hearing-open").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#hearings-title")).to_be_focused()
    await page.locator("#hearing-list").get_by_role("button", name="Change").press("Enter")
    await expect(page.get_by_label("Case")).to_be_focused()
    await page.keyboard.type("R v Example")
    await page.get_by_label("Court", exact=True).fill("Court 4")
    await page.get_by_label("Day").fill("2026-11-30")
    await page.keyboard.press("Enter")
    await expect(page.locator("#hearing-open")).to_have_text("R v Example Court 4 · 30 November 2026")
    await page.locator("#hearings-close").press("Enter")
    await page.locator("#edit").click()
    await page.get_by_role("button", name="More about JM/1").click()
    await page.locator("#rows").get_by_text("Details", exact=True).click()
    await page.get_by_role("checkbox", name="Evidence").uncheck()
    await page.get_by_label("Received from").fill("The defence, by hand")
    await page.get_by_label("The clock in the picture is").fill("soon")
    await press(page, "Save these details")
    await expect(page.locator("#rows")).to_contain_text("Write it like 2 min 3 s, or 2:03.")
    await page.get_by_label("The clock in the picture is").fill("2 min 3 s")
    await page.get_by_label("Declared by").fill("PC Smith")
    await press(page, "Save these details")
    await expect(page.locator("#rows .meta")).to_contain_text("not evidence · clock 2 min 3 s ahead")
    kept = place.intake.get(id_)
    assert (kept.evidential, kept.source) == (False, "The defence, by hand")
    assert kept.camera_clock is not None
    assert (kept.camera_clock.error, kept.camera_clock.declared) == (123.0, "PC Smith")


async def test_a_bundle_is_saved_sent_checked_and_opened(browser: Browser, place: Sending, tmp_path: Path) -> None:
    film = grainy(tmp_path / "film.mp4", 12)
    async with place.client("clerk") as http:
        sent = await Sender(http).begin(len(film), data=film, ref="JM/1")
        id_ = await Sender(http).exhibit(sent.headers["Location"])
    await until(lambda: place.intake.get(id_).state == "ready", 20)
    page = await uploads.opened(browser, place)
    await page.click("#hearing-open")
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save as a bundle").click()
    bundle = tmp_path / "case.zip"
    await (await saving.value).save_as(bundle)
    async with page.expect_file_chooser() as chooser:
        await press(page, "Take in a bundle")
    await (await chooser.value).set_files(bundle)
    await expect(page.locator("#bundle-said")).to_contain_text("was taken in: 1 exhibit", timeout=15_000)
    await expect(page.locator("#bundle-said")).to_contain_text("JM/1 was here already, the very same file.")
    await page.locator("#hearing-list").get_by_role("button", name=re.compile("^Open")).click()
    await expect(page.locator("#rows li")).to_contain_text("Same file as 1 exhibit of another hearing.")
    await until(lambda: place.intake.exhibits()[0].id != id_, 10)


async def test_a_list_is_looked_at_before_it_is_taken(browser: Browser, presenter: Presenter) -> None:
    row = ListRow(line=2, ref="JM/9", title="Front door", url="https://evidence.example/a.mp4")
    wrong = ListRow(line=3, ref="JM/9", problem="The reference JM/9 stands in line 2 already.")
    presenter.refuse["hearings/h1/list"] = answer(Listing(rows=[row, wrong], adds=1, changes=0, problems=1))
    page = await opened(browser, presenter, IPAD)
    await page.click("#hearing-open")
    await page.set_input_files("#list-input", CSV)  # type: ignore[arg-type]
    await expect(page.locator("#list-problems")).to_have_text("Line 3: The reference JM/9 stands in line 2 already.")
    await expect(page.locator("#list-do")).to_be_hidden()
    await no_barrier(page)
    presenter.refuse["hearings/h1/list"] = answer(Listing(rows=[row], adds=1, changes=0, problems=0))
    await page.set_input_files("#list-input", CSV)  # type: ignore[arg-type]
    await expect(page.locator("#list-sum")).to_have_text("It adds 1 exhibit.")
    said = [(path, body) for _, path, body in presenter.commands if path.startswith("hearings/")]
    assert said == [("hearings/h1/list?look=1", CSV["buffer"].decode())] * 2  # type: ignore[attr-defined]
    presenter.refuse["hearings/h1/list"] = answer(Listing(rows=[row], adds=1, changes=0, problems=0))
    await press(page, "Do this")
    await expect(page.locator("#hearing-said")).to_have_text("The list was taken.")
    assert asked(presenter, "hearings/h1/list") == [CSV["buffer"].decode()]  # type: ignore[attr-defined]
    assert await page.locator("#list-save").get_attribute("href") == "/api/v1/hearings/h1/list"
    await page.get_by_label("without the files").check()
    assert await page.locator("#bundle-save").get_attribute("href") == "/api/v1/hearings/h1/bundle?media=0"


async def test_another_hearing_is_not_opened_while_something_is_shown(browser: Browser, presenter: Presenter) -> None:
    words = "Something is on the screens. Make them black first, then open the other hearing."
    presenter.refuse["hearings/h2/open"] = problem(409, "hearing-in-use", words)
    page = await opened(browser, presenter)
    await page.click("#hearing-open")
    await press(page, "Open R v Marlow")
    await expect(page.locator("#hearing-said")).to_have_text(words)
    await page.keyboard.press("Escape")
    await expect(page.locator("#hearings")).to_be_hidden()
    await until(lambda: asked(presenter, "room/blank"))


async def test_while_a_clip_is_on_nothing_else_can_be_sought(browser: Browser, presenter: Presenter) -> None:
    """JM/3 from 30 to 36 and from 50 to 54 s is on the screens."""
    page = await opened(browser, presenter)
    await expect(page.locator("#live-frame")).to_contain_text("in JM/3")
    await expect(page.locator("#live-bar .veil i")).to_have_count(3)
    bar = page.locator("#live-bar [role=slider]")
    await expect(bar).to_have_attribute("aria-valuetext", re.compile("of 0:10 of the clip"))
    box = await bar.bounding_box()
    assert box is not None
    for share, lands in ((0.1, 30.0), (52 / 79.5, 52.0), (0.95, 53.95)):
        await page.mouse.click(box["x"] + box["width"] * share, box["y"] + 30)
        await until(lambda lands=lands: any(abs(one["to"] - lands) < 0.3 for one in asked(presenter, "room/seek")[-1:]))  # type: ignore[misc]
    await bar.focus()
    await page.keyboard.press("Home")
    await until(lambda: [one["to"] for one in asked(presenter, "room/seek")[-1:]] == [30.0])
    await page.click("#ready-keys [data-move='10']")
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue")[0] == {
        "exhibit": "e4", "at": pytest.approx(9.0, abs=0.02), "clip": "Lane change", "revision": 7,
    }  # fmt: skip


@pytest.mark.parametrize("size", [IPAD, UPRIGHT, PHONE])
async def test_no_barrier_in_what_is_new(browser: Browser, presenter: Presenter, size: tuple[int, int]) -> None:
    page = await opened(browser, presenter, size)
    await page.click("#clips-tab")
    await page.get_by_role("button", name="Change the clip Brake lights").click()
    await page.locator("#clip-parts").get_by_role("button", name="Set the beginning or end of part 1 anew").click()
    await no_barrier(page)
    await page.click("#edit")
    await page.locator("#rows .more").first.click()
    await page.locator("#rows .about summary").first.click()
    await page.click("#hearing-open")
    await page.click("#hearing-new")
    await no_barrier(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(
        "[...document.querySelectorAll('.lower')].every((one) => one.scrollWidth <= one.clientWidth)"
    )
    await page.click("#blank")
    await until(lambda: asked(presenter, "room/blank"))


async def no_barrier(page: Page) -> None:
    found = await Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    small = await page.evaluate("""() => [...document.querySelectorAll('button, input, select, textarea, summary, a.plain')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && e.checkVisibility() && !e.closest('label') && (box.height < 44 || box.width < 44);
    }).map((e) => e.outerHTML.slice(0, 90))""")
    assert small == []
