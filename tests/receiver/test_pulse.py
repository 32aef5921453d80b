"""When a page counts as hung: the rule alone, then with a page that falls silent, then with Chromium in a loop."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from courtcast.problems import Refused
from courtcast.wire.link import Alive
from receiver import pulse as pulse_module
from receiver.agent import Agent, Settings
from receiver.kiosk import find_chromium
from receiver.pulse import GAP, SILENCE, Pulse
from receiver.store import Store
from tests.stand_ins.screen import HERE, page, screen

LOOK = 0.5


def hung_after(pulse: Pulse, begin: float, *, page: int = 7, signs: int = 3, most: float = 60.0) -> float | None:
    """Seconds of looks at a page that says nothing new until it counts as hung."""
    for n in range(int(most / LOOK)):
        if pulse.hangs(page, signs, begin + n * LOOK):
            return n * LOOK
    return None


def test_silence_after_a_sign_of_life() -> None:
    assert hung_after(Pulse(), 1000.0) == SILENCE + LOOK


def test_one_that_goes_on_does_not_hang() -> None:
    pulse = Pulse()
    assert not any(pulse.hangs(7, 1 + n // 8, 1000.0 + n * LOOK) for n in range(400))


def test_a_pause_just_short_of_it_is_none() -> None:
    pulse = Pulse()
    assert hung_after(pulse, 1000.0, signs=3, most=SILENCE) is None
    assert hung_after(pulse, 1000.0 + SILENCE, signs=4, most=SILENCE) is None


@pytest.mark.parametrize(("number", "signs"), [(0, 3), (7, 0)])
def test_no_page_and_one_that_never_gave_a_sign_do_not_hang(number: int, signs: int) -> None:
    assert hung_after(Pulse(), 1000.0, page=number, signs=signs) is None


def test_another_page_is_counted_anew() -> None:
    pulse = Pulse()
    assert hung_after(pulse, 1000.0)
    assert hung_after(pulse, 1020.0, page=8) == SILENCE + LOOK


def test_where_the_machine_slept_the_page_has_its_time_again() -> None:
    pulse = Pulse()
    assert hung_after(pulse, 1000.0, most=SILENCE) is None
    assert hung_after(pulse, 1000.0 + SILENCE + GAP) == SILENCE + LOOK


async def until(true: Callable[[], object], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.1)


async def test_in_a_browser_of_ones_own_it_is_told_once_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pulse_module, "SILENCE", 1.0)

    def told() -> int:
        return caplog.text.count("no sign of life")

    async with screen(tmp_path / "jury") as jury, page(jury) as silent:
        await asyncio.sleep(2)
        assert told() == 0, "it has given no sign yet"
        await silent.say(Alive())
        await until(told, 10)
        await silent.say(Alive())
        await asyncio.sleep(2.5)
        assert told() == 1
        assert not silent.socket.closed
        async with page(jury) as other:
            await other.say(Alive())
            await until(lambda: told() == 2, 10)


async def test_signs_of_a_page_that_was_replaced_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pulse_module, "SILENCE", 1.0)
    async with screen(tmp_path / "jury") as jury, page(jury) as old:
        await old.say(Alive())
        async with page(jury):
            await asyncio.sleep(2.5)
            assert "no sign of life" not in caplog.text


@pytest.mark.browser
@pytest.mark.long
async def test_chromium_whose_page_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page's own thread in a loop without end, while browser and WebSocket stay as they are."""
    monkeypatch.setattr(pulse_module, "SILENCE", 6.0)  # three signs: this test stays short
    caplog.set_level(logging.INFO)
    store = Store.open(tmp_path / "jury", create=True)
    settings = Settings(
        data=tmp_path / "jury", name="Jury", zone="jury", port=0, interfaces=[HERE], headless=True,
        chromium=_debuggable(tmp_path),
    )  # fmt: skip
    agent, stopped = Agent(settings, store, say=lambda _: None), asyncio.Event()
    running = asyncio.create_task(agent.run(stopped))
    try:
        relay = agent._relay
        await until(lambda: relay.page and relay.signs >= 2, 60)
        first = relay.page
        await asyncio.sleep(7)
        assert relay.page == first, "a page that works is left alone"
        await _hang(tmp_path / "jury" / "browser")
        await until(lambda: relay.page != first, 30)
        # The page is let go of at once; the kiosk says why when it has ended the browser.
        await until(lambda: "its page hangs" in caplog.text, 30)
        await until(lambda: relay.page and relay.signs >= 2, 60)
        assert relay.page != first
    finally:
        stopped.set()
        await asyncio.wait_for(running, 15)
        store.close()


def _debuggable(folder: Path) -> Path:
    """Chromium as the kiosk starts it, and a way into its page."""
    try:
        chromium = find_chromium()
    except Refused as problem:
        pytest.skip(problem.detail)
    path = folder / "browser"
    path.write_text(f'#!/bin/sh\nexec {chromium} --remote-debugging-port=0 "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


async def _hang(profile: Path) -> None:
    """Over the Chrome DevTools Protocol (Runtime.evaluate), which does not wait for the end of it."""
    port = (profile / "DevToolsActivePort").read_text().split()[0]
    async with aiohttp.ClientSession(trust_env=False) as session:
        async with session.get(f"http://{HERE}:{port}/json") as answer:
            pages: list[dict[str, Any]] = await answer.json(content_type=None)
        target = next(one for one in pages if one["type"] == "page")
        async with session.ws_connect(target["webSocketDebuggerUrl"]) as socket:
            loop = {"id": 1, "method": "Runtime.evaluate", "params": {"expression": "for (;;) {}"}}
            await socket.send_str(json.dumps(loop))
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=1)
