"""The test card on the screen's whole page in real Chromium, read from its pixels; and what the page says when asked."""

from __future__ import annotations

import asyncio
import base64
import time
from itertools import pairwise

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from courtcast.samples import make_clip
from courtcast.wire.media import KIND_PADDING, PIECE
from courtcast.wire.screen import Able, Anchor, Ask, Scene, ScreenCard, Stage
from tests.browser.luma import Luma, luma
from tests.browser.page_stand import Presenter, Receiver, until
from tests.browser.picture_bench import ONE_LOOP
from tests.browser.test_page_transport import RENDITION, send_all
from tests.prepare.prepared import Prepared, prepared

pytestmark = [pytest.mark.browser, ONE_LOOP]
WIDE, HIGH = 1280, 720
H264, HEVC = 'video/mp4; codecs="avc1.640028"', 'video/mp4; codecs="hvc1.1.6.L93.B0"'


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, receiver: Receiver) -> Page:
    page = await browser.new_page(viewport={"width": WIDE, "height": HIGH})
    await page.goto(receiver.url)
    await until(lambda: receiver.hellos, "the page greets its receiver")
    return page


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    path = make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=3, width=320, height=180, gop_seconds=1, bit_rate=400_000
    )
    return prepared(path, "e1", RENDITION)


async def is_black(page: Page) -> bool:
    return (await luma(page)).brightest == 0


def card(presenter: Presenter, revision: int, seconds: float = 30.0) -> Stage:
    return Stage(revision=revision, card=ScreenCard(until=presenter.clock() + seconds, name="Jury left"))


async def in_hearing(presenter: Presenter, clip: Prepared) -> None:
    """Something was shown and taken down: from now on the display is black by itself."""
    await send_all(presenter, clip)
    scene = Scene(exhibit="e1", rendition=RENDITION, anchor=Anchor(1.0, 0, 0), end=3.0)
    await presenter.show(Stage(revision=1, shown=scene, blank=False))
    await presenter.show(Stage(revision=2))


async def until_black(page: Page, seconds: float = 2.0) -> None:
    end = time.monotonic() + seconds
    while not await is_black(page):
        assert time.monotonic() < end, "not black"


async def test_edge_to_edge_and_round(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        report = await presenter.show(card(presenter, 1))
        await until(lambda: presenter.reports[-1].card, "the card is told of")
        report = presenter.reports[-1]
        assert (report.blank, report.exhibit, report.media_time) == (False, None, None)
        await asyncio.sleep(0.3)
        first = await luma(page)
        assert (first.width, first.height) == (WIDE, HIGH)
        edges = {
            "top": first.rows[0],
            "bottom": first.rows[-1],
            "left": first.column(0),
            "right": first.column(WIDE - 1),
        }
        assert {name: min(edge) > 240 for name, edge in edges.items()} == dict.fromkeys(edges, True)
        # The circle crosses the middle as far to the left as above: it is round.
        radius = round(HIGH * 0.38)
        assert max(first.rows[HIGH // 2][WIDE // 2 - radius - 2 : WIDE // 2 - radius + 3]) > 200
        assert max(first.column(WIDE // 2)[HIGH // 2 - radius - 2 : HIGH // 2 - radius + 3]) > 200
        # The bar moves.
        shots = [first]
        for _ in range(3):
            await asyncio.sleep(0.2)
            shots.append(await luma(page))
        assert any(one.rows != other.rows for one, other in pairwise(shots))
        assert await page.locator("#card").is_hidden(), "the idle card is away"


async def test_every_flash_and_both_sides(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await presenter.show(card(presenter, 1))
        seen: set[str] = set()
        end = time.monotonic() + 12
        while seen != {"flash", "left", "right"}:
            assert time.monotonic() < end, seen
            now = await luma(page)
            # In the disc, beside its hand, and in the two boxes, beside their words (testcard.js lays them out).
            disc, box = round(HIGH / 2 - HIGH * 0.38 * 0.62), range(220, 230)
            seen |= (
                {"flash"}
                if now.mean(range(WIDE // 2 + 20, WIDE // 2 + 30), range(disc + 20, disc + 30)) > 200
                else set()
            )
            seen |= {"left"} if now.mean(range(60, 80), box) > 200 else set()
            seen |= {"right"} if now.mean(range(WIDE - 80, WIDE - 60), box) > 200 else set()


@pytest.mark.parametrize("how", ["blank", "end", "time", "presenter gone"])
async def test_it_goes(page: Page, receiver: Receiver, clip: Prepared, how: str) -> None:
    async with Presenter(receiver) as presenter:
        await in_hearing(presenter, clip)
        await until_black(page)
        await presenter.show(card(presenter, 3, seconds=1.5 if how == "time" else 30))
        await until(lambda: presenter.reports[-1].card, "it is up")
        assert not await is_black(page)
        if how in ("blank", "end"):
            asked = time.monotonic()
            report = await presenter.show(Stage(revision=4))
            assert time.monotonic() - asked < 1
            assert (report.card, report.blank) == (False, True)
            await until_black(page, 0.5)
        elif how == "time":
            await until(lambda: not presenter.reports[-1].card, "its time is over", 4)
            await until_black(page, 0.5)
    if how == "presenter gone":
        await until_black(page, 3)
    assert await page.evaluate("document.querySelector('#testcard').width") == 1, "nothing of it is kept"


async def test_a_picture_takes_its_place_at_once(page: Page, receiver: Receiver, clip: Prepared) -> None:
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(card(presenter, 1))
        await until(lambda: presenter.reports[-1].card, "it is up")
        scene = Scene(exhibit="e1", rendition=RENDITION, anchor=Anchor(1.0, 0, 0), end=3.0)
        report = await presenter.show(Stage(revision=2, shown=scene, blank=False))
        assert not report.card
        assert await page.locator("#testcard").is_hidden()
        await until(lambda: presenter.reports[-1].media_time is not None, "the picture")
        # A stage that has both can come from no presenter of ours; what is shown counts.
        both = Stage(
            revision=3, shown=scene, blank=True, card=ScreenCard(until=presenter.clock() + 20, name="Jury left")
        )
        assert not (await presenter.show(both)).card
        await until_black(page)


async def test_an_old_card_does_not_come_back_with_another_presenter(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await presenter.show(card(presenter, 7))
        await until(lambda: presenter.reports[-1].card, "it is up")
    async with Presenter(receiver, ahead=-70_000) as presenter:
        report = await presenter.show(Stage(revision=1))
        assert not report.card
        assert not any(one.card for one in presenter.reports)
        # Nor one that was put up long ago, or that claims to stay for an hour.
        for revision, seconds in ((2, -1.0), (3, 3600.0)):
            assert not (await presenter.show(card(presenter, revision, seconds))).card
            await asyncio.sleep(0.4)
            assert not presenter.reports[-1].card


async def test_the_small_picture_shows_it(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await presenter.show(msgspec.structs.replace(card(presenter, 1), watch=True))
        await until(lambda: presenter.pictures and presenter.pictures[-1].width > 16, "a picture of it")
        small = Luma(base64.b64decode(presenter.pictures[-1].jpeg))
        assert small.width == 480
        assert small.brightest > 200


async def test_asked_it_says_what_it_can_do_and_what_padding_came(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await until(lambda: any(r.clock_offset is not None for r in presenter.reports), "a clock")

        async def able(number: int) -> Able:
            presenter.say(Ask(id=number, types=[H264, HEVC, "nonsense"]))
            answer: Able = await until(
                lambda: next((m for m in presenter.said if isinstance(m, Able) and m.id == number), None), "an answer"
            )
            return answer

        first = await able(1)
        assert first.plays == [H264], "this Chromium has no HEVC"
        assert (first.width, first.height) == (WIDE, HIGH)
        assert first.quota is not None
        assert first.quota > 10**8
        assert first.doubt is not None
        assert 0 < first.doubt < 0.1
        assert (first.padding, first.jitter) == (0, None)
        for index in range(50):
            await presenter.send(KIND_PADDING, "0", 0, index, bytes(PIECE))
        # The question goes by a channel of its own, and may overtake the last of it.
        number, all_ = 2, 50 * (PIECE + 24)
        while (second := await able(number)).padding < all_ and number < 100:
            number += 1
        assert second.padding == all_
        assert second.jitter is not None
        assert presenter.held.refused == 0
