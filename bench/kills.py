"""`make bench-kills`: the presenter, a receiver and a page are ended while a clip plays, again and again.

Two screens in two browser processes hold the whole clip and play. Each time one thing is ended: the presenter (SIGKILL,
started again on its port), the second screen's receiver with its browser (SIGKILL, started again with its profile), or
the second screen's page (reloaded). What is looked at:

- the frames that the untouched screens put up meanwhile (their frame logs): no jump, none twice; and whether their
  players moved (a jump of their own), or the machine had no time to show what they played: on two cores a browser that
  starts takes all of it;
- when the touched one shows the frame at which the room is, by its pixels, from its start on;
- bytes that were sent to the screens meanwhile: nothing that is held comes again.

`KILLS=5` for a short one; `--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright

from bench.figures import spread, write_between
from courtcast.demo.line import ThinLine
from courtcast.demo.programs import Api, Program, run
from courtcast.samples import make_clip
from courtcast.wire.api import Exhibit, RoomState, Screen
from tests.stand import CHROMIUM, FLAGS, SIZE, read_code

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- figures: make bench-kills -->", "<!-- end of figures: make bench-kills -->"
HERE = ("--interface", "127.0.0.1")
RATE = 30
SECONDS = 90
"""Of the clip; it begins anew when less than `LEFT` are left of it."""
LEFT = 25
WITHIN = 3.0
"""Seconds in which the touched one has to be right again."""
NEAR = 0.2
"""Seconds by which its picture may be off the room's place: reading pixels takes its time."""
JUMP = 0.25
"""Seconds of media between two frames that were put up one after the other: more is a jump."""
NEWS = 20_000
"""Bytes of all messages and news meanwhile; a fragment alone has more."""


KINDS = {
    "presenter": "presenter (SIGKILL; back: both screens answer, after it is ready)",
    "receiver": "receiver and its browser (SIGKILL; back: right frame, after the page's start)",
    "page": "page (reloaded)",
}


@dataclass
class Times:
    """What came of one kind of end."""

    back: list[float] = field(default_factory=list)
    """Seconds from the start of what was ended until the right frame was up."""
    jumps: list[float] = field(default_factory=list)
    """Seconds of media, of those on screens that were not touched."""
    moved: int = 0
    """Jumps that the players of these screens made themselves."""
    sent: list[int] = field(default_factory=list)
    """Bytes to the screen that was touched, or to the worse of both."""


@dataclass
class Seat:
    """One screen: its receiver, and a browser whose profile lasts."""

    zone: str
    folder: Path
    page: Page
    receiver: Program
    context: BrowserContext
    begun: float
    """Monotonic time at which its page was asked for."""

    async def frames(self) -> list[Mapping[str, float]]:
        return list(await self.page.evaluate("() => window.courtcast.frames(600)"))

    async def moves(self) -> int:
        """Jumps that its player made, cumulative."""
        return int(await self.page.evaluate("() => window.courtcast.snapshot().jumps"))


class Room:
    """Everything that runs, and what can be ended in it."""

    def __init__(self, folder: Path, driver: Playwright, stack: AsyncExitStack) -> None:
        self.folder, self._driver, self._stack = folder, driver, stack
        self.presenter: Program
        self.api: Api
        self.seats: list[Seat] = []
        self.exhibit: Exhibit
        self._port = "0"
        self._pages: dict[str, str] = {}
        """Ports of the pages, by zone."""

    async def serve(self) -> None:
        data = self.folder / "presenter"
        self.presenter = await self._stack.enter_async_context(
            Program(
                "courtcast.cli", "serve", "--data", data, "--port", self._port, "--allow-network", "127.0.0.0/8", *HERE,
                says="remote:",
            )
        )  # fmt: skip
        where = urlsplit(self.presenter.answer)
        self._port = str(where.port)
        token = await run("courtcast.cli", "token", "--data", data, "--role", "clerk")
        self.api = await self._stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))

    async def sit(self, zone: str) -> Seat:
        """A receiver and its page, from whatever is left of them."""
        folder, port = self.folder / zone, self._pages.get(zone, "0")
        receiver = await self._stack.enter_async_context(
            Program(
                "receiver.cli", "run", "--data", folder / "receiver", "--name", zone.title(), "--zone", zone,
                "--port", "0", "--page-port", port, "--no-kiosk", *HERE, says="screen:",
            )
        )  # fmt: skip
        # What lies on the disk belongs to the page's address.
        self._pages[zone] = str(urlsplit(receiver.answer).port)
        context = await self._driver.chromium.launch_persistent_context(
            folder / "profile", executable_path=CHROMIUM, args=FLAGS, viewport=SIZE
        )
        page, begun = context.pages[0], time.monotonic()
        await page.goto(receiver.answer, wait_until="commit")
        return Seat(zone, folder, page, receiver, context, begun)

    async def screens(self) -> list[Screen]:
        """In the order of the seats."""
        found = {screen.zone: screen for screen in await self.api.screens()}
        return [found[seat.zone] for seat in self.seats]

    async def expected(self) -> float:
        """Where the room is, seconds of the clip."""
        state = msgspec.json.decode(await self.api.call("GET", "/room"), type=RoomState)
        return state.position or 0.0

    async def right(self, seat: Seat, begun: float) -> float:
        """Seconds since `begun` until its pixels are where the room is."""
        while time.monotonic() - begun < 30:
            try:
                number = await read_code(seat.page)
            except Exception:  # between two documents there is nothing to read
                number = None
            if number is not None and abs(number / RATE - await self.expected()) < NEAR:
                return time.monotonic() - begun
            await asyncio.sleep(0.02)
        return float("inf")


def end(pid: int | None) -> None:
    """SIGKILL, with all that it started."""
    assert pid is not None
    process = psutil.Process(pid)
    for one in [*process.children(recursive=True), process]:
        one.kill()


def end_browser(profile: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={profile}" in (process.info["cmdline"] or []):
            end(process.pid)


def jumps(log: Iterable[Mapping[str, float]], since: float) -> list[float]:
    """Seconds of media that a screen left out or went back, between frames that it put up after a moment."""
    times = [frame["media_time"] for frame in log if frame["clock"] >= since]
    return [b - a for a, b in pairwise(times) if not 0 <= b - a < JUMP]


@asynccontextmanager
async def hearing(folder: Path) -> AsyncIterator[Room]:
    """Two screens that hold the clip whole, on their disks too."""
    clip = await asyncio.to_thread(
        make_clip, folder / "clip.mp4", seconds=SECONDS, rate=RATE, width=640, height=360, bit_rate=1_000_000
    )
    async with AsyncExitStack() as stack:
        driver = await stack.enter_async_context(async_playwright())
        room = Room(folder, driver, stack)
        await room.serve()
        for zone in ("jury", "witness"):
            seat = await room.sit(zone)
            room.seats.append(seat)
            found: list[Screen] = await room.api.until(
                f"finding {zone}", room.api.screens, lambda all_, z=zone: any(one.zone == z for one in all_), 20
            )
            code = await run("receiver.cli", "code", "--data", seat.folder / "receiver")
            id_ = next(one.id for one in found if one.zone == zone)
            await room.api.call("POST", f"/screens/{id_}/pair", code=code.replace(" ", ""))
        async with ThinLine(clip, rate=100e6) as line:
            exhibit = await room.api.add(url=line.url, ref="K/1", title="Door")
            room.exhibit = await room.api.until(
                "the clip", lambda: room.api.exhibit(exhibit.id), lambda now: now.state == "ready", 60
            )
        await room.api.until("both to hold the day", room.screens, lambda all_: all(map(holds, all_)), 60)
        await room.api.room("cue", exhibit=exhibit.id, at=0.0)
        await room.api.until(
            "the cue", room.screens, lambda all_: all(one.report and one.report.cue_ready for one in all_), 20
        )
        await room.api.room("show")
        await room.api.room("play", anyway=True)
        await asyncio.sleep(2)
        yield room
        for seat in room.seats:
            end_browser(seat.folder / "profile")


def holds(screen: Screen) -> bool:
    day = screen.day
    return day is not None and day.total > 0 and day.held == day.total


async def once(room: Room, kind: str, times: Times) -> None:
    """One end of one thing, and what came of it."""
    if await room.expected() > SECONDS - LEFT:
        await room.api.room("seek", to=2.0)
        await asyncio.sleep(3)
    untouched = room.seats if kind == "presenter" else room.seats[:1]
    since = [(await seat.frames())[-1]["clock"] for seat in untouched]
    moves = [await seat.moves() for seat in untouched]
    sent = [0, 0] if kind == "presenter" else [one.sent for one in await room.screens()]
    touched = room.seats[1]
    if kind == "presenter":
        end(room.presenter.pid)
        await asyncio.sleep(0.5)
        await room.serve()
        begun = time.monotonic()
        await room.api.until("both to be back", room.screens, lambda all_: all(one.online for one in all_), 30)
        times.back.append(time.monotonic() - begun)
    elif kind == "receiver":
        end(touched.receiver.pid)
        end_browser(touched.folder / "profile")
        room.seats[1] = touched = await room.sit(touched.zone)
        times.back.append(await room.right(touched, touched.begun))
    else:
        begun = time.monotonic()
        reloading = asyncio.create_task(touched.page.reload(wait_until="commit"))
        times.back.append(await room.right(touched, begun))
        await reloading
    await asyncio.sleep(1.5)
    for seat, moment in zip(untouched, since, strict=True):
        times.jumps += jumps(await seat.frames(), moment)
    times.moved += sum([await seat.moves() for seat in untouched]) - sum(moves)
    now = await room.api.until("all to answer", room.screens, lambda all_: all(one.online for one in all_), 20)
    times.sent.append(max(one.sent - before for one, before in zip(now, sent, strict=True)))


async def main() -> int:
    kills = int(os.environ.get("KILLS", "50"))
    found = {kind: Times() for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="courtcast-kills-", ignore_cleanup_errors=True) as name:
        async with hearing(Path(name)) as room:
            for number in range(kills):
                for kind, times in found.items():
                    await once(room, kind, times)
                    print(
                        f"{number + 1:3} {kind}: back after {times.back[-1]:.2f} s, {times.sent[-1]} bytes, "
                        f"{len(times.jumps)} jumps so far",
                        flush=True,
                    )
    if "--write" in sys.argv:
        write_between(ROOT / "docs/performance.md", BEGIN, END, table(found))
    print(table(found))
    good = [
        not one.jumps and not one.moved and max(one.back) <= WITHIN and max(one.sent) <= NEWS for one in found.values()
    ]
    return 0 if all(good) else 1


def table(found: Mapping[str, Times]) -> str:
    lines = [
        "| ended while it plays | times | right again | gaps on screens not touched | of these, the player's own jumps "
        "| bytes sent, most |"
    ]
    lines.append("|---|---|---|---|---|---|")
    for kind, times in found.items():
        worst = ", ".join(f"{one:+.2f} s" for one in sorted(times.jumps, key=abs)[-3:])
        lines.append(
            f"| {KINDS[kind]} | {len(times.back)} | {spread([1000 * one for one in times.back])} | "
            f"{len(times.jumps)}{f' ({worst})' if worst else ''} | {times.moved} | {max(times.sent):,} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
