"""A hearing over two machines through the programs themselves: presenter here, receiver and Chromium on the far one.

    python -m tests.namespaces.hearing FOLDER CLIP FAR ADDRESS

FAR is the far machine's namespace, ADDRESS where its receiver is reached. Told what to do line by line, it says what
became of it, as JSON: `begin` (everything is started, paired, shown and playing), `kill` (the presenter, without a
word), `start` (it again, on its folder), `display` (what the far page shows, from its pixels and its own log), `path`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright

from courtcast.demo.line import ThinLine
from courtcast.demo.programs import Api, Program, StepFailed, run
from courtcast.wire.api import Screen
from tests.stand import CHROMIUM, FLAGS, read_code

PORT = 8470
SHOWN = "(() => ({...window.courtcast.snapshot(), now: performance.now() / 1000}))()"


class Hearing:
    """What runs."""

    def __init__(self, folder: Path, clip: Path, far: str, address: str, stack: AsyncExitStack) -> None:
        self._folder, self._clip, self._address, self._stack = folder, clip, address, stack
        self._far = ("nsenter", f"--net=/run/netns/{far}")
        self._port = 0
        self._presenter: Program
        self._api: Api
        self._page: Page
        self._screen = ""

    async def obey(self, verb: str, *rest: str) -> dict[str, Any]:
        match verb:
            case "begin":
                return await self._begin()
            case "kill":
                return self._kill()
            case "start":
                return await self._start()
            case "display":
                return await self._display()
            case "path":
                seen = await self._seen()
                return {"path": seen.path if seen.online else None}
        raise ValueError(verb)

    async def _begin(self) -> dict[str, Any]:
        enter = self._stack.enter_async_context
        line = await enter(ThinLine(self._clip, rate=100e6))
        self._presenter = await enter(self._serve())
        where = urlsplit(self._presenter.answer)
        self._port = where.port or 0
        receiver = await enter(
            Program(
                "receiver.cli", "run", "--data", self._folder / "jury", "--name", "Jury", "--zone", "jury",
                "--port", str(PORT), "--no-kiosk", says="screen:", before=self._far,
            )
        )  # fmt: skip
        self._page = await self._open(receiver.answer)
        token = await run("courtcast.cli", "token", "--data", self._folder / "presenter", "--role", "clerk")
        self._api = await enter(Api(f"{where.scheme}://{where.netloc}", token))
        code = await run("receiver.cli", "code", "--data", self._folder / "jury")
        added = json.loads(await self._api.call("POST", "/screens", address=self._address))
        self._screen = added["id"]
        await self._api.call("POST", f"/screens/{self._screen}/pair", code=code)
        exhibit = await self._api.add(url=line.url, ref="T/1", title="T/1")
        await self._api.until(
            "ready", lambda: self._api.exhibit(exhibit.id), lambda now: now.state in ("ready", "failed"), 60
        )
        await self._until("a path", lambda seen: seen.online, 30)
        await self._api.room("cue", exhibit=exhibit.id, at=0.0)
        await self._until("the cue", lambda seen: seen.report and seen.report.cue_ready, 30)
        await self._api.room("show")
        await self._until("the picture", lambda seen: seen.report and not seen.report.blank, 10)
        await self._api.room("play", anyway=True)
        await self._until("playing", lambda seen: seen.report and seen.report.playing, 10)
        return await self.obey("path")

    def _kill(self) -> dict[str, Any]:
        assert self._presenter.pid is not None
        os.kill(self._presenter.pid, signal.SIGKILL)
        return {}

    async def _start(self) -> dict[str, Any]:
        begun = time.monotonic()
        self._presenter = await self._stack.enter_async_context(self._serve())
        ready = time.monotonic()
        seen = await self._until("the screen to be back", lambda seen: seen.online, 40)
        back = time.monotonic()
        return {"program": ready - begun, "took": back - ready, "path": seen.path}

    async def _display(self) -> dict[str, Any]:
        number = await read_code(self._page)
        said = await self._page.evaluate(SHOWN)
        frames = await self._page.evaluate("window.courtcast.frames(3000)")
        return {"number": number, "report": said, "frames": frames}

    async def _seen(self) -> Screen:
        (seen,) = [screen for screen in await self._api.screens() if screen.id == self._screen]
        return seen

    async def _until(self, what: str, good: Any, seconds: float) -> Screen:
        seen: Screen = await self._api.until(what, self._seen, good, seconds)
        return seen

    def _serve(self) -> Program:
        told = ("--data", self._folder / "presenter", "--port", str(self._port), "--allow-network", "127.0.0.0/8")
        return Program("courtcast.cli", "serve", *told, says="remote:")

    async def _open(self, url: str) -> Page:
        """In a browser on the far machine. It is spoken to over a pipe, so that no network is needed for that."""
        there = self._folder / "chromium"
        there.write_text(f'#!/bin/sh\nexec {" ".join(self._far)} {CHROMIUM} "$@"\n')
        there.chmod(there.stat().st_mode | stat.S_IXUSR)
        driver = await self._stack.enter_async_context(async_playwright())
        masked = [flag for flag in FLAGS if "MdnsIps" not in flag and "WithMdns" not in flag]
        browser = await driver.chromium.launch(executable_path=there, args=masked)
        self._stack.push_async_callback(browser.close)
        page = await browser.new_page(viewport={"width": 640, "height": 360})
        await page.goto(url)
        return page


async def main(folder: Path, clip: Path, far: str, address: str) -> None:
    """Until nothing is asked any more, or it is told to end: what it started ends with it."""
    loop = asyncio.get_running_loop()
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, asked.feed_eof)
    async with AsyncExitStack() as stack:
        hearing = Hearing(folder, clip, far, address, stack)
        while line := (await asked.readline()).decode().split():
            try:
                answer = await hearing.obey(*line)
            except StepFailed as failed:
                answer = {"problem": str(failed)}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
