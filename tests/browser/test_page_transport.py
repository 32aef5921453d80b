"""The screen's whole page in real Chromium: its two lines, its store, its clock, its card and its net."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import time
from typing import Any

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from courtcast.samples import make_clip
from courtcast.wire.link import Idle, PathClosed, PathOpen
from courtcast.wire.media import KIND_FRAGMENT, PIECE, MediaHeader, pack
from courtcast.wire.screen import Anchor, Scene, Stage
from tests.browser.page_stand import (
    IDLE,
    Presenter,
    Receiver,
    noise_rendition,
    until,
)
from tests.browser.picture_bench import ONE_LOOP
from tests.prepare.prepared import Prepared, prepared

pytestmark = [pytest.mark.browser, ONE_LOOP]
RENDITION = "00000000000000c5"
NOISE = [os.urandom(size) for size in (1, 16_384, 16_385, 40_000)]
INIT = b"init segment"


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, receiver: Receiver) -> Page:
    page = await browser.new_page(viewport={"width": 640, "height": 360})
    await page.goto(receiver.url)
    await until(lambda: receiver.hellos, "the page greets its receiver")
    return page


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    path = make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=3, width=320, height=180, gop_seconds=1, bit_rate=400_000
    )
    return prepared(path, "e1", RENDITION)


async def send_all(presenter: Presenter, clip: Prepared) -> None:
    await presenter.send_rows(clip.manifest.rows_message())
    for track, init in enumerate(clip.inits):
        await presenter.send_init(RENDITION, track, init)
        for index, data in enumerate(clip.fragments[track]):
            await presenter.send_fragment(RENDITION, track, index, data)


def shown(revision: int, media: float = 1.0, **fields: Any) -> Stage:
    scene = Scene(exhibit="e1", rendition=RENDITION, anchor=Anchor(media, 0, 0), end=3.0)
    return Stage(**{"revision": revision, "shown": scene, "blank": False, **fields})


async def brightness(page: Page) -> float:
    """Mean luma of what the page shows, 0 … 255, from a screenshot."""
    shot = await page.screenshot()
    with av.open(io.BytesIO(shot)) as picture:
        luma = next(picture.decode(video=0)).reformat(format="gray").planes[0]
    return sum(bytes(luma)) / len(bytes(luma))


async def card_words(page: Page) -> str | None:
    """All that is readable on the card; None where it is away."""
    if not await page.locator("#card").is_visible():
        return None
    return await page.locator("#card").inner_text()


async def test_the_card_says_who_the_screen_is(page: Page, receiver: Receiver) -> None:
    await page.locator("#card").wait_for(state="visible")
    words = await card_words(page) or ""
    assert [line for line in words.splitlines() if line] == [
        "JURY",
        "Jury left",
        "1234 5678",
        "To use this screen, type this code in the remote.",
        "10.0.0.7:8470",
    ]
    assert receiver.hellos[0].build == receiver.assets.build
    assert await brightness(page) < 60, "calm and dark"
    await receiver.say(Idle(name="<b>x</b>", zone="jury", code=None, locked=True, address=IDLE.address))
    await until_async(page, "document.querySelector('#card .name').textContent === '<b>x</b>'")
    assert await page.locator("#card .code").is_visible() is False
    assert "new code" in (await card_words(page) or "")


async def test_both_lines_open_and_the_clock_is_the_presenters(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await until(lambda: any(r.clock_offset is not None for r in presenter.reports), "a clock")
        await asyncio.sleep(1)
        before = presenter.clock()
        own, report = await page.evaluate("[performance.now() / 1000, window.courtcast.snapshot()]")
        after = presenter.clock()
        assert before - 0.02 <= own + report["clock_offset"] <= after + 0.02
        assert report["rtt"] < 0.2
        assert presenter.hello.build == receiver.assets.build
        assert presenter.hello.budget >= 2**28
        assert any("avc1" in mime for mime in presenter.hello.plays)
        count = len(presenter.reports)
        await asyncio.sleep(2)
        assert 6 <= len(presenter.reports) - count <= 10, "four times a second"


async def test_only_what_is_genuine_is_kept(page: Page, receiver: Receiver) -> None:
    rows = noise_rendition(RENDITION, NOISE, INIT)
    async with Presenter(receiver) as presenter:
        await presenter.send_fragment(RENDITION, 0, 0, NOISE[0])  # before its row: nobody knows what it should be
        await presenter.send_rows(rows)
        await presenter.send_init(RENDITION, 0, b"another init")
        await presenter.send_fragment(RENDITION, 0, 2, NOISE[2][:-1] + b"\0")
        await presenter.send_fragment(RENDITION, 0, 3, NOISE[3])
        await presenter.send_fragment(RENDITION, 0, 1, NOISE[1])
        await until(lambda: presenter.held.bytes == len(NOISE[1]) + len(NOISE[3]), "the genuine are held")
        await until(lambda: presenter.held.refused >= 2, "the others are counted")
        held = presenter.held
        assert [(one.rendition, one.track, one.init, one.fragments) for one in held.tracks] == [
            (RENDITION, 0, False, [(1, 1), (3, 3)])
        ]
        assert held.rows == {RENDITION: [(0, 0, 3)]}
        await presenter.send_init(RENDITION, 0, INIT)
        for index in (2, 0):
            await presenter.send_fragment(RENDITION, 0, index, NOISE[index])
        await until(lambda: presenter.held.bytes == sum(map(len, NOISE)), "all are held")
        assert presenter.held.tracks[0].init
    async with Presenter(receiver) as again:
        await until(lambda: again.reports, "the first report")
        assert again.held.bytes == sum(map(len, NOISE)), "told before all else: nothing is sent twice"


async def test_a_path_that_is_tried_and_called_off_takes_nothing_from_the_other(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        await presenter.send_rows(noise_rendition(RENDITION, NOISE, INIT))
        await presenter.send_init(RENDITION, 0, INIT)
        first, *rest = pieces_of(NOISE[3], 3)
        presenter.send_piece(first)
        await until(lambda: presenter.held.tracks, "the init is held, and the piece behind it came")
        greeted = len(presenter.hellos)
        await receiver.say(PathOpen(page=1, path=1))
        await asyncio.sleep(0.3)
        presenter.send_piece(rest[0])
        await asyncio.sleep(0.3)
        await receiver.say(PathClosed(path=1))
        await until(lambda: len(presenter.hellos) > greeted, "it greets again over the channels")
        for piece in rest[1:]:
            presenter.send_piece(piece)
        await until(lambda: presenter.held.bytes == len(NOISE[3]), "the whole is held")


def pieces_of(data: bytes, index: int) -> list[bytes]:
    """The messages of one fragment."""
    return [
        pack(MediaHeader(KIND_FRAGMENT, 0, RENDITION, index, offset, len(data)), data[offset : offset + PIECE])
        for offset in range(0, len(data), PIECE)
    ]


async def test_a_picture_takes_the_card_away_and_black_keeps_it_away(
    page: Page, receiver: Receiver, clip: Prepared
) -> None:
    await page.locator("#card").wait_for(state="visible")
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(shown(1))
        # The picture is up before the last fragments are verified: what is held is looked at when it is whole.
        whole = [(0, pytest.approx(3.0, abs=0.05))]
        report = await until(
            lambda: next(
                (r for r in presenter.reports if r.media_time is not None and not r.blank and r.held == whole), None
            ),
            "a picture, and the whole clip held",
        )
        assert report.exhibit == "e1"
        assert await card_words(page) is None
        assert await brightness(page) > 20
        for revision, stage in ((2, shown(2, blank=True)), (3, Stage(revision=3))):
            await presenter.show(stage)
            assert await card_words(page) is None
            assert await brightness(page) == 0, f"black in revision {revision}"
    await asyncio.sleep(1)
    assert await card_words(page) is None, "the presenter went: still the hearing"
    greeted = len(receiver.hellos)
    await page.reload()
    await until(lambda: len(receiver.hellos) > greeted, "the page is back")
    await asyncio.sleep(1.5)
    assert await card_words(page) is None, "a reload does not end a hearing"
    assert await brightness(page) == 0


async def test_a_presenter_that_comes_back_finds_the_picture_up(page: Page, receiver: Receiver, clip: Prepared) -> None:
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(shown(500))
        await until(lambda: not presenter.reports[-1].blank, "a picture")
    await asyncio.sleep(0.5)
    assert await brightness(page) > 20, "what is held stays up"
    # Another program with another clock, and revisions of its own.
    async with Presenter(receiver, ahead=-70_000) as presenter:
        report = await presenter.show(shown(1, media=2.0))
        assert not report.blank, "never black in between"
        await until(lambda: presenter.reports[-1].media_time == pytest.approx(2.0, abs=0.001), "the frame asked for")


async def test_of_two_connections_the_newer_counts(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as first:
        await first.show(Stage(revision=7))
        async with Presenter(receiver) as second:
            await second.show(Stage(revision=1))
            await until(lambda: first.closed, "the older is closed", 40)
            assert not second.closed


async def test_no_clock_still_shows_what_is_told(page: Page, receiver: Receiver) -> None:
    presenter = Presenter(receiver)
    presenter.answers_pings = False
    async with presenter:
        began = time.monotonic()
        report = await presenter.show(Stage(revision=3))
        assert report.clock_offset is None
        assert time.monotonic() - began < 5


async def test_another_version_is_refused_in_words(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver, protocol=99) as presenter:
        await until(lambda: presenter.reports and presenter.reports[-1].problem == "screen-protocol", "the problem")
        presenter.say(shown(1))
        await asyncio.sleep(0.5)
        assert presenter.reports[-1].revision == 0


async def test_what_makes_no_sense_is_told_and_let_pass(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        for text in ("{", '{"type":"stage"}', '{"type":"dance","revision":1}'):
            presenter.say_raw(text)
        await presenter.send(1, RENDITION, 0, 0, b'{"rendition": 3}')
        await until(lambda: len(presenter.faults) == 4, "four faults")
        assert {fault.where for fault in presenter.faults} == {"control", "media"}
        await presenter.show(Stage(revision=1))
        await until(lambda: len(receiver.faults) == 4, "the receiver's log has them as well")
        assert len(receiver.hellos) == 1, "no reason to start again"


async def test_small_pictures_are_of_what_is_on_the_display(page: Page, receiver: Receiver, clip: Prepared) -> None:
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(shown(1))
        await until(lambda: not presenter.reports[-1].blank, "a picture")
        await asyncio.sleep(0.7)
        assert presenter.pictures == [], "nobody looks"
        presenter.say(shown(2, watch=True))
        still = await until(lambda: presenter.pictures and presenter.pictures[-1], "a small picture")
        assert (still.width, still.height) == (320, 180)
        assert luma_of(still.jpeg) > 20
        count = len(presenter.pictures)
        presenter.say(shown(3, watch=True, blank=True))
        black = await until(lambda: presenter.pictures[count:] and presenter.pictures[-1], "a black one")
        assert luma_of(black.jpeg) < 2
        count = len(presenter.pictures)
        await asyncio.sleep(2)
        assert len(presenter.pictures) - count <= 1, "without a change, now and then"


async def test_the_line_to_the_receiver_mends_itself(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        assert receiver.socket is not None
        await receiver.socket.close()
        await until(lambda: len(receiver.hellos) == 2, "greeted again")
        await presenter.show(Stage(revision=1))
        assert not presenter.closed, "the data channels do not depend on it"


async def test_a_replaced_page_goes_black_and_stays_away(page: Page, receiver: Receiver, clip: Prepared) -> None:
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(shown(1))
        await until(lambda: not presenter.reports[-1].blank, "a picture")
        assert receiver.socket is not None
        await receiver.socket.close(code=4001)
        await until(lambda: presenter.closed, "the presenter is let go", 40)
    assert await brightness(page) == 0
    await asyncio.sleep(2)
    assert len(receiver.hellos) == 1


async def test_a_fault_is_told_and_answered_when_nothing_is_up(page: Page, receiver: Receiver, clip: Prepared) -> None:
    async with Presenter(receiver) as presenter:
        await send_all(presenter, clip)
        await presenter.show(shown(1))
        await until(lambda: not presenter.reports[-1].blank, "a picture")
        await page.evaluate("void setTimeout(() => { throw new TypeError('boom') })")
        await page.evaluate("void Promise.reject(new Error('bang'))")
        await until(lambda: len(presenter.faults) == 2, "both are told")
        assert ["boom" in presenter.faults[0].detail, "bang" in presenter.faults[1].detail] == [True, True]
        assert len(receiver.faults) == 2
        await asyncio.sleep(2.5)
        assert len(receiver.hellos) == 1, "the last good picture stays"
        presenter.say(Stage(revision=2))
        await until(lambda: len(receiver.hellos) == 2, "a fresh page, now that nothing is up")


async def test_a_page_that_cannot_start_tries_again(browser: Browser, receiver: Receiver) -> None:
    receiver.broken.add("receiver/screen/peer.js")
    page = await browser.new_page()
    await page.goto(receiver.url)
    await asyncio.sleep(1)
    assert receiver.hellos == []
    receiver.broken.clear()
    await until(lambda: receiver.hellos, "the page starts", 20)


async def test_a_page_that_hangs_at_its_heart_starts_again(page: Page, receiver: Receiver) -> None:
    # The card cannot be touched any more, so no look at the whole comes to its end.
    await page.evaluate(
        "Object.defineProperty(document.getElementById('card'), 'hidden', { set() { throw new Error('stuck'); } })"
    )
    await until(lambda: len(receiver.hellos) >= 2, "a fresh page", 30)


async def test_a_page_of_another_build_is_replaced_when_nothing_is_up(page: Page, receiver: Receiver) -> None:
    await receiver.say(Idle(name="Jury left", zone="jury", build="another build"))
    await until(lambda: len(receiver.hellos) >= 2, "a fresh page")


def luma_of(jpeg: str) -> float:
    with av.open(io.BytesIO(base64.b64decode(jpeg)), format="mjpeg") as picture:
        luma = next(picture.decode(video=0)).reformat(format="gray").planes[0]
    return sum(bytes(luma)) / len(bytes(luma))


async def until_async(page: Page, expression: str) -> None:
    await page.wait_for_function(expression, timeout=10_000)
