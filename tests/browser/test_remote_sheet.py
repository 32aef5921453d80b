"""The contact sheet on the seek bars: what stands out is seen, said and jumped to, and a search is nobody else's business."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from fractions import Fraction

import av
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from courtcast.wire.sheet import Sheet, Strip, Wave
from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_remote_page import IPAD, LAPTOP, PHONE, asked, cue, opened, settle, until
from tests.states.presenter import Presenter

pytestmark = [pytest.mark.browser, ONE_LOOP]

SECONDS = 30.0
TIMES = [n * 1.5 for n in range(20)]


def strip() -> bytes:
    """Twenty pictures, each of its own brightness."""
    frame = av.VideoFrame(1600, 180, "gray")
    rows = bytearray()
    for y in range(180):
        rows += b"".join(bytes([40 + (y // 90 * 10 + column) * 10]) * 160 for column in range(10))
    frame.planes[0].update(bytes(rows))
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 1600, 180, "yuvj444p"
    encoder.time_base = Fraction(1, 25)
    out = io.BytesIO()
    for packet in (*encoder.encode(frame.reformat(format="yuvj444p")), *encoder.encode(None)):
        out.write(bytes(packet))
    return out.getvalue()


SHEET = Sheet(
    duration=SECONDS,
    keyframes=TIMES,
    strip=Strip(width=160, height=90, columns=10, times=TIMES),
    wave=Wave(peaks=[(n * 37) % 256 for n in range(600)]),
    scenes=[9.0, 21.0],
    black=[(0.0, 1.5)],
    silent=[(12.0, 15.0)],
    gaps=[(24.0, 26.0)],
)


@pytest_asyncio.fixture(loop_scope="session")
async def presenter() -> AsyncIterator[Presenter]:
    async with Presenter("playing") as presenter:
        presenter.give_sheet("e4", SHEET, strip())
        yield presenter


async def ready(browser: Browser, presenter: Presenter, size: tuple[int, int] = LAPTOP) -> Page:
    """With the sheet on the private bar."""
    page = await opened(browser, presenter, size)
    await expect(page.locator("#ready-bar .marks i")).to_have_count(5)
    await settle(page)
    return page


async def at(page: Page, share: float, below: float = 30) -> tuple[float, float]:
    box = await page.locator("#ready-bar .track").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * share, box["y"] + below


async def test_the_film_comes_from_the_sheet_and_no_still_is_asked_for(browser: Browser, presenter: Presenter) -> None:
    stills: list[str] = []
    page = await opened(browser, presenter)
    page.on("request", lambda request: stills.append(request.url) if "/e4/still" in request.url else None)
    await expect(page.locator("#ready-bar .marks i")).to_have_count(5)
    cells = page.locator("#ready-bar .film > span")
    assert await cells.count() >= 5
    for n in range(await cells.count()):
        assert "blob:" in await cells.nth(n).evaluate("cell => cell.style.backgroundImage")
    of_the_row = "t=2&width=160"
    assert [url for url in stills if "width=160" in url and of_the_row not in url] == []
    # What the bar shows grows brighter from left to right, as the pictures do.
    first, last = await cells.first.screenshot(), await cells.last.screenshot()
    assert brightness(last) > brightness(first) + 60


def brightness(png: bytes) -> float:
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="gray", width=8, height=8)
    data = bytes(frame.planes[0])
    return sum(data[y * frame.planes[0].line_size + x] for y in range(3, 5) for x in range(8)) / 16


async def test_dragging_shows_the_place_here_and_moves_nothing_before_it_is_let_go(
    browser: Browser, presenter: Presenter
) -> None:
    page = await ready(browser, presenter)
    peek = page.locator("#ready-bar .peek")
    await expect(peek).to_be_hidden()
    await page.mouse.move(*await at(page, 0.2))
    await expect(peek).to_be_visible()
    await page.mouse.down()
    await page.mouse.move(*await at(page, 0.45), steps=4)
    await expect(peek).to_contain_text("0:13.")
    await expect(peek).to_contain_text("No sound")
    async with page.expect_request(lambda request: "still?t=13." in request.url and "width=320" in request.url):
        pass
    await expect(peek.locator("img")).to_be_visible()
    assert asked(presenter, "room/seek") == asked(presenter, "room/cue") == []
    box = await peek.bounding_box()
    assert box is not None
    assert box["width"] >= 160
    await page.mouse.up()
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue")[0]["at"] == pytest.approx(13.5, abs=0.1)
    assert asked(presenter, "room/seek") == [], "the screens stay where they are"
    await page.mouse.move(10, 10)
    await expect(peek).to_be_hidden()


async def test_a_press_on_the_row_of_places_goes_to_where_the_place_begins(
    browser: Browser, presenter: Presenter
) -> None:
    page = await ready(browser, presenter)
    x, y = await at(page, 21 / SECONDS, below=5)
    await page.mouse.click(x + 5, y)
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue")[-1]["at"] == 21


async def test_places_by_keyboard_on_the_bar(browser: Browser, presenter: Presenter) -> None:
    cue(presenter, "e4", 10.0)
    page = await ready(browser, presenter)
    slider = page.get_by_role("slider", name="Place in Ready")
    await slider.focus()
    await page.keyboard.press("]")
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue")[-1]["at"] == 12
    await page.keyboard.press("[")
    await page.keyboard.press("[")
    await until(lambda: len(asked(presenter, "room/cue")) >= 2)
    assert asked(presenter, "room/cue")[-1]["at"] == 0
    assert asked(presenter, "room/seek") == []


@pytest.mark.parametrize("size", [IPAD, PHONE])
async def test_places_as_a_list(browser: Browser, presenter: Presenter, size: tuple[int, int]) -> None:
    page = await ready(browser, presenter, size)
    opener = page.get_by_role("button", name="5 places that stand out")
    await opener.click()
    panel = page.locator("#places")
    await expect(panel).to_be_visible()
    await expect(panel.locator("li")).to_have_count(5)
    assert await panel.locator("li").all_inner_texts() == [
        "0:00 to 0:01\nBlack", "0:09\nNew scene", "0:12 to 0:15\nNo sound", "0:21\nNew scene", "0:24 to 0:26\nNo new picture",
    ]  # fmt: skip
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await panel.get_by_role("button", name="0:12 to 0:15").click()
    await until(lambda: asked(presenter, "room/cue"))
    assert asked(presenter, "room/cue") == [{"exhibit": "e4", "at": 12, "revision": 7}]
    await page.click("#blank")
    await until(lambda: asked(presenter, "room/blank"))
    await panel.get_by_role("button", name="Close").click()
    await expect(panel).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_sound_alone_is_seen_as_its_loudness(browser: Browser, presenter: Presenter) -> None:
    presenter.give_sheet("e5", Sheet(duration=73.3, wave=Wave(peaks=[200] * 100), silent=[(10.0, 20.0)]))
    cue(presenter, "e5")
    page = await opened(browser, presenter)
    wave = page.locator("#ready-bar .wave")
    await expect(wave).to_be_visible()
    await expect(wave).to_have_attribute("data-alone", "")
    await expect(page.locator("#ready-bar .film > span")).to_have_count(0)
    assert await wave.evaluate("""canvas => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.some((value, n) => n % 4 === 3 && value > 0);
    }""")
    await page.mouse.move(*await at(page, 0.2))
    await expect(page.locator("#ready-bar .peek")).to_contain_text("No sound")


async def test_without_a_sheet_it_is_as_it_was(browser: Browser, presenter: Presenter) -> None:
    cue(presenter, "e1")
    page = await opened(browser, presenter)
    await expect(page.locator("#ready-bar .film img:not([hidden])").first).to_be_visible()
    await expect(page.locator("#places-open")).to_be_hidden()
    await page.mouse.move(*await at(page, 0.5))
    await expect(page.locator("#ready-bar .peek")).to_be_hidden()


async def test_the_page_of_inspection_is_linked_from_its_row(browser: Browser, presenter: Presenter) -> None:
    page = await opened(browser, presenter)
    await page.click("#edit")
    row = page.locator("#rows li").nth(3)
    await row.locator(".more").click()
    link = row.get_by_role("link", name="Inspect the file")
    assert await link.get_attribute("href") == "/api/v1/exhibits/e4/inspection/page"
    assert await link.get_attribute("target") == "_blank"
