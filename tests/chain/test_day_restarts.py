"""The day on a screen's disk through the real programs: the receiver, its browser and the presenter are killed, and
nothing is sent again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from courtcast.demo.line import ThinLine
from courtcast.demo.programs import Api, Program, run
from courtcast.samples import make_clip
from courtcast.wire.api import Exhibit, Screen

pytestmark = pytest.mark.browser
HERE = ("--interface", "127.0.0.1")
NEWS = 20_000
"""Bytes of all messages and news in these seconds; a fragment alone has more."""


def presenter(folder: Path) -> Program:
    return Program(
        "courtcast.cli",
        "serve",
        "--data",
        folder,
        "--port",
        "0",
        "--allow-network",
        "127.0.0.0/8",
        *HERE,
        says="remote:",
    )


def receiver(folder: Path) -> list[str]:
    return [
        "receiver.cli",
        "run",
        "--data",
        str(folder),
        "--name",
        "Jury",
        "--zone",
        "jury",
        "--port",
        "0",
        "--headless",
        *HERE,
    ]


async def api_of(program: Program, folder: Path) -> Api:
    token = await run("courtcast.cli", "token", "--data", folder, "--role", "clerk")
    where = urlsplit(program.answer)
    return Api(f"{where.scheme}://{where.netloc}", token)


def kill(process: psutil.Process) -> None:
    """It and all that it started, at once."""
    for one in [*process.children(recursive=True), process]:
        one.kill()
    process.wait(10)


async def held(api: Api, seconds: float = 60) -> Screen:
    """The screen, once it holds the day."""

    def good(screens: list[Screen]) -> bool:
        day = screens[0].day if screens else None
        return day is not None and day.disk > 0 and day.total > 1_000_000 and day.held == day.total

    screens: list[Screen] = await api.until("the day is on the screen", api.screens, good, seconds)
    return screens[0]


@pytest.mark.long
async def test_killed_again_and_again_the_day_stays_and_nothing_comes_twice(tmp_path: Path) -> None:
    clips = [
        make_clip(
            tmp_path / f"{n}.mp4", seconds=20, width=640, height=360, gop_seconds=1, bit_rate=1_000_000, sound=False
        )
        for n in range(2)
    ]
    data, screen_data = tmp_path / "presenter", tmp_path / "jury"
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(ThinLine(clip, rate=100e6)) for clip in clips]
        first = await presenter(data).__aenter__()
        stack.push_async_callback(first.close)
        screens: list[psutil.Process] = []

        def start() -> psutil.Process:
            import subprocess
            import sys

            made = subprocess.Popen(
                [sys.executable, "-m", *receiver(screen_data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            screens.append(psutil.Process(made.pid))
            return screens[-1]

        def end() -> None:
            for one in screens:
                if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                    kill(one)

        stack.callback(end)
        jury = start()
        async with await api_of(first, data) as api:
            found: list[Screen] = await api.until("it is found", api.screens, bool, 20)
            code = await run("receiver.cli", "code", "--data", screen_data)
            await api.call("POST", f"/screens/{found[0].id}/pair", code=code.replace(" ", ""))
            for number, line in enumerate(lines):
                await api.add(url=line.url, ref=f"JM/{number}", title="Door")
            await api.until("ready", api.exhibits, lambda all_: all(one.state == "ready" for one in all_), 60)
            full = await held(api)
            assert full.day is not None
            assert full.sent > full.day.total
            await asyncio.sleep(1)

            kill(jury)
            before = (await api.screens())[0].sent
            await api.until("it is away", api.screens, lambda all_: not all_[0].online, 20)
            jury = start()
            again = await held(api)
            assert again.sent - before < NEWS
            exhibit: Exhibit = (await api.exhibits())[1]
            await api.room("cue", exhibit=exhibit.id, at=7.0)
            await api.until("the cue", api.screens, lambda all_: all_[0].report and all_[0].report.cue_ready, 20)
            await api.room("show")
            await api.until("frame 210", api.screens, lambda all_: all_[0].report.frame == 210, 20)
            assert (await api.screens())[0].sent - before < NEWS
            await api.room("blank")

        assert first.pid is not None
        kill(psutil.Process(first.pid))
        second = await stack.enter_async_context(presenter(data))
        async with await api_of(second, data) as api:
            back = await held(api)
            assert back.sent < NEWS
            await asyncio.sleep(2)
            assert (await held(api)).sent < NEWS, "also once it knows all its exhibits again"
            await api.call("PATCH", f"/exhibits/{(await api.exhibits())[0].id}", restricted=True)
            assert back.day is not None
            total = back.day.total
            await api.until("half of it", api.screens, lambda all_: all_[0].day.total < total, 20)
            left = await held(api)
            assert left.sent < NEWS
