"""The whole product, running: presenter and receivers through their commands, each screen in a browser of its own.

Two tabs of one browser share a clock and a decoder and prove nothing about two screens, so every screen is a browser
process. Everything is on loopback. Used by the tests of the whole chain and by the benches.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

from courtcast.demo.programs import Api, Program, run
from courtcast.samples import CELLS, HEIGHT, read_cells
from courtcast.wire.api import Exhibit, RoomState, Screen

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns,MediaRouter",
]
ZONES = ("jury", "witness", "judge")
SIZE = {"width": 1280, "height": 720}

# Luma at the middle of each cell of the bar code, from the pixels of the page's visible video; [] while black.
READ_CODE = """([cells, share]) => {
  const seen = (it) => it.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const video = [...document.querySelectorAll('#picture canvas')].find(seen)
    ?? [...document.querySelectorAll('video')].find((it) => seen(it) && it.videoWidth > 0);
  if (!video) return [];
  const canvas = window.__probe ??= new OffscreenCanvas(480, 270);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 480, 270);
  const row = context.getImageData(0, Math.floor(270 * share / 2), 480, 1).data;
  return Array.from({ length: cells }, (_, n) => row[Math.floor((n + 0.5) * 480 / cells) * 4 + 1]);
}"""


@dataclass
class Stand:
    """What is running, and handles on it."""

    folder: Path
    api: Api
    presenter: Program
    receivers: list[Program]
    browsers: list[Browser]
    pages: list[Page]
    remote_url: str
    ids: list[str] = field(default_factory=list)

    async def add(
        self, url: str, *, ref: str = "T/1", until: Callable[[Exhibit], bool] | None = None, **more: Any
    ) -> Exhibit:
        """Adds a link and waits until it is ready (or `until` says it is enough)."""
        exhibit = await self.api.add(url=url, ref=ref, title=ref, **more)
        enough = until or (lambda now: now.state in ("ready", "failed"))
        result: Exhibit = await self.api.until(
            f"{ref} to be ready",
            lambda: self.api.exhibit(exhibit.id),
            lambda now: enough(now) or now.state == "failed",
            90,
        )
        return result

    async def paired(self) -> list[Screen]:
        """The stand's screens, in its own order."""
        found = {screen.id: screen for screen in await self.api.screens()}
        return [found[id_] for id_ in self.ids]

    async def until(self, what: str, good: Callable[[Screen], Any], seconds: float = 20) -> list[Screen]:
        """Waits until every screen is good."""
        result: list[Screen] = await self.api.until(
            what, self.paired, lambda screens: all(good(screen) for screen in screens), seconds
        )
        return result

    async def shows(self, exhibit: str, frame: int | None, seconds: float = 20) -> list[Screen]:
        """Waits until every screen reports that frame of that exhibit."""

        def there(screen: Screen) -> bool:
            report = screen.report
            return bool(report and not report.blank and report.exhibit == exhibit and report.frame == frame)

        return await self.until(f"frame {frame}", there, seconds)

    async def cue_and_show(self, exhibit: Exhibit, at: float = 0.0) -> RoomState:
        """Puts a moment of an exhibit up, paused, on every screen."""
        await self.api.room("cue", exhibit=exhibit.id, at=at)
        await self.until("the cue to be ready", lambda screen: screen.report and screen.report.cue_ready)
        state = await self.api.room("show")
        await self.shows(exhibit.id, state.position_frame)
        return state

    def kill(self, program: Program) -> None:
        """kill -9."""
        assert program.pid is not None
        os.kill(program.pid, signal.SIGKILL)


async def read_code(page: Page) -> int | None:
    """The frame number in the page's pixels; None while it shows none."""
    levels = await page.evaluate(READ_CODE, [CELLS, HEIGHT])
    return read_cells(levels) if levels else None


@asynccontextmanager
async def stand(
    folder: Path, *, screens: int = 2, networks: Sequence[str] = ("127.0.0.0/8",), pair: bool = True
) -> AsyncIterator[Stand]:
    """Starts everything, pairs every screen and waits until its page answers."""
    here = ("--interface", "127.0.0.1")
    allow = [part for network in networks for part in ("--allow-network", network)]
    async with AsyncExitStack() as stack:
        presenter = await stack.enter_async_context(
            Program(
                "courtcast.cli", "serve", "--data", folder / "presenter", "--port", "0", *allow, *here, says="remote:"
            )
        )
        receivers = [
            await stack.enter_async_context(
                Program(
                    "receiver.cli",
                    "run",
                    "--data",
                    folder / zone,
                    "--name",
                    zone.title(),
                    "--zone",
                    zone,
                    "--port",
                    "0",
                    "--no-kiosk",
                    *here,
                    says="screen:",
                )
            )
            for zone in ZONES[:screens]
        ]
        token = await run("courtcast.cli", "token", "--data", folder / "presenter", "--role", "clerk")
        where = urlsplit(presenter.answer)
        api = await stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))
        driver = await stack.enter_async_context(async_playwright())
        browsers, pages = [], []
        for receiver in receivers:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            stack.push_async_callback(browser.close)
            page = await browser.new_page(viewport=SIZE)
            await page.goto(receiver.answer)
            browsers.append(browser)
            pages.append(page)
        running = Stand(folder, api, presenter, receivers, browsers, pages, presenter.answer)
        if pair:
            await pair_all(running, ZONES[:screens])
        yield running


async def pair_all(running: Stand, zones: Sequence[str]) -> None:
    """Pairs the screen of each zone with the code on it."""
    for zone in zones:
        found: list[Screen] = await running.api.until(
            f"finding {zone}", running.api.screens, lambda all_, z=zone: any(s.zone == z for s in all_), 20
        )
        screen = next(s for s in found if s.zone == zone)
        code = await run("receiver.cli", "code", "--data", running.folder / zone)
        await running.api.call("POST", f"/screens/{screen.id}/pair", code=code)
        running.ids.append(screen.id)
    await running.until("the screens to answer", lambda screen: screen.online, 30)


async def cpu_seconds(pid: int) -> float:
    """Processor time a process and its children have used so far, in seconds."""
    import psutil

    def read() -> float:
        process = psutil.Process(pid)
        return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)) if one.is_running())

    return await asyncio.to_thread(read)
