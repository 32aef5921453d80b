"""Files dropped onto the remote and picked there, in a real browser, against the real application and intake."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from courtcast.evidence import reception
from tests.browser.picture_bench import ONE_LOOP
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sending, sending

pytestmark = [pytest.mark.browser, ONE_LOOP]

DROP = """async (files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    data.items.add(new File([bytes], name, { lastModified: 1700000000000 }));
  }
  for (const type of ['dragover', 'drop']) {
    const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector('#stage').dispatchEvent(event);
    if (!event.defaultPrevented) throw new Error(type);
  }
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Sending]:
    async with sending(tmp_path / "data") as running:
        yield running


def clip(folder: Path, name: str, frames: int) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    grainy(path, frames)
    return path


async def opened(browser: Browser, place: Sending) -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    page.on("pageerror", lambda fault: pytest.fail(str(fault)))
    await page.goto(f"{place.url}/?key={place.auth.new_key()}")
    await expect(page.locator("#link-pill")).to_have_text("Connected")
    return page


async def until(good: Callable[[], Any]) -> Any:
    async with asyncio.timeout(20):
        while not (found := good()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_dropped_files_are_exhibits_in_order_and_a_damaged_piece_is_sent_again(
    browser: Browser, place: Sending, tmp_path: Path
) -> None:
    files = [clip(tmp_path, name, frames) for name, frames in (("Überwachung.mp4", 60), ("two.mp4", 30))]
    page = await opened(browser, place)
    damaged: list[int] = []

    async def spoil(route: Route) -> None:
        body = route.request.post_data_buffer
        if route.request.method == "PATCH" and not damaged and body:
            damaged.append(len(body))
            await route.continue_(post_data=bytes([body[0] ^ 1]) + body[1:])
        else:
            await route.continue_()

    await page.route("**/api/v1/uploads/*", spoil)
    dropped = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in files]
    await page.evaluate(DROP, dropped)
    await until(lambda: [one.state for one in place.intake.exhibits()] == ["ready", "ready"])
    assert damaged
    for exhibit, path in zip(place.intake.exhibits(), files, strict=True):
        assert (exhibit.title, exhibit.sha256) == (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    await expect(page.locator("#sending")).to_be_hidden()
    await page.locator("#rows .cue").first.click()
    await expect(page.locator("#show-label")).to_contain_text("Show")
    await until(lambda: place.desk.state().cued is not None)
    assert place.desk.state().shown is None


async def test_after_a_reload_the_same_file_goes_on_and_another_is_refused(
    browser: Browser, place: Sending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "QUIET_SECONDS", 0.5)
    path = clip(tmp_path, "cctv.mp4", 120)
    data = path.read_bytes() + b"\0\0\0\x08free" * 400_000
    path.write_bytes(data)
    other = clip(tmp_path, "other.mp4", 10)
    page = await opened(browser, place)
    passed: list[str] = []

    async def slow(route: Route) -> None:
        if route.request.method == "PATCH":
            passed.append(route.request.headers["upload-offset"])
            if len(passed) > 3:
                return  # hangs until the page is gone
        await route.continue_()

    await page.route("**/api/v1/uploads/*", slow)
    async with page.expect_file_chooser() as chooser:
        await page.focus("#files-open")
        await page.keyboard.press("Enter")
    await (await chooser.value).set_files(path)
    await until(lambda: len(passed) > 3)
    id_ = place.intake.exhibits()[0].id
    here = place.intake.get(id_).bytes_fetched
    assert 0 < here < len(data)
    await page.locator("#sending-rows button", has_text="Pause").click()
    await expect(page.locator(".sending-says")).to_contain_text("paused")
    found = await Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    await page.reload()
    await page.unroute_all(behavior="ignoreErrors")
    row = page.locator("#rows li")
    await expect(row.locator(".problem").first).to_contain_text("Choose the same file again")
    button = row.get_by_role("button", name="Choose the file of")
    for which in (other, path):
        async with page.expect_file_chooser() as chooser:
            await button.click()
        await (await chooser.value).set_files(which)
        if which is other:
            await expect(page.locator(".sending-says")).to_contain_text("This is not the file that was begun")
    ready = await until(lambda: (one := place.intake.get(id_)).state == "ready" and one)
    assert ready.sha256 == hashlib.sha256(data).hexdigest()
    assert len(place.intake.exhibits()) == 1


async def test_a_folder_keeps_its_files_together_and_is_not_sent_twice(
    browser: Browser, place: Sending, tmp_path: Path
) -> None:
    disc = tmp_path / "disc"
    for name, frames in (("ch10.mp4", 12), ("ch2.mp4", 15)):
        clip(disc / "export", name, frames)
    (disc / "player.exe").write_bytes(b"MZ" + bytes(5000))
    (disc / "export" / "ch2.srt").write_bytes(b"1\n00:00:00,100 --> 00:00:00,400\nStop.\n")
    page = await opened(browser, place)
    await page.set_input_files("#folder-input", disc)
    await until(lambda: [one.state for one in place.intake.exhibits()] == ["ready", "ready"])
    first, second = place.intake.exhibits()
    assert [first.title, second.title] == ["ch2.mp4", "ch10.mp4"]
    await until(lambda: place.intake.get(first.id).subtitles)
    assert [one.title for one in place.intake.get(first.id).subtitles] == ["ch2.srt"]
    inspection = await place.intake.inspection(second.id)
    assert [(one.path, one.name) for one in inspection.companions] == [
        ("disc", "player.exe"),
        ("disc/export", "ch2.srt"),
    ]
    await page.set_input_files("#folder-input", disc)
    await expect(page.locator(".sending-says", has_text="It is here already.")).to_have_count(4)
    assert len(place.intake.exhibits()) == 2
    assert len(place.intake.uploads.all()) == 4
