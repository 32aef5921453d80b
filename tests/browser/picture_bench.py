"""The screen's picture alone in real Chromium: serves the page's own files and recordings, drives it, reads pixels."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, Playwright, async_playwright

from courtcast.samples import CELLS, HEIGHT, read_cells
from courtcast.wire.assets import Assets
from courtcast.wire.media import LEAVES, ManifestRows, Row, Track
from tests.prepare.prepared import prepared

WINDOWED = os.environ.get("COURTCAST_CHROMIUM", "/usr/bin/chromium")
"""The browser that a screen has."""
CHROMIUM = os.environ.get("COURTCAST_CHROMIUM") or shutil.which("chromium-headless-shell") or WINDOWED
"""The same engine without windows, tabs and toolbars around the page, where it is there: those are half of what a new page
costs (20 pages of the remote: 72 s of processor, without them 41)."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
ONE_LOOP = pytest.mark.asyncio(loop_scope="session")
HERE = Path(__file__).resolve().parent
IDLE: dict[tuple[str, ...], list[Browser]] = {}
"""Started for an earlier test and free, by their flags: a page's own process is new each time, as is where it keeps what
it knows; the browser around it need not be."""
DRIVERS: list[Playwright] = []
GRID = (48, 27)
"""Points at which a picture is read, to tell it from its neighbours."""


@dataclass(frozen=True)
class Clip:
    """A prepared recording: its manifest and the bytes of its pieces, by (track, index or "init")."""

    rows: ManifestRows
    pieces: Mapping[tuple[int, int | str], bytes]

    @classmethod
    def of(cls, path: Path, number: int = 1) -> Clip:
        """Prepared as an exhibit's rendition; each needs a number of its own."""
        made = prepared(path, f"exhibit-{number}", f"{number:016x}")
        pieces: dict[tuple[int, int | str], bytes] = {}
        for track, init in enumerate(made.inits):
            pieces[track, "init"] = init
            pieces |= {(track, index): data for index, data in enumerate(made.fragments[track])}
        return cls(made.manifest.rows_message(), pieces)

    @classmethod
    def of_leaves(cls, files: Sequence[bytes], number: int, size: tuple[int, int]) -> Clip:
        """Pictures as an exhibit's leaves; `size` is that of the largest one."""
        track = Track(
            index=0, kind="video", mime=LEAVES, timescale=1, init_sha256="", init_bytes=0, first=0, width=size[0], height=size[1]
        )  # fmt: skip
        rows = [
            Row(0, leaf, leaf, 1, len(file), True, hashlib.sha256(file).hexdigest(), [leaf])
            for leaf, file in enumerate(files)
        ]
        manifest = ManifestRows(
            exhibit=f"exhibit-{number}", rendition=f"{number:016x}", origin=(0, 1), tracks=[track], rows=rows,
            complete=True, counts=[len(rows)], duration=float(len(rows)),
        )  # fmt: skip
        return cls(manifest, {(0, leaf): file for leaf, file in enumerate(files)})

    def with_piece(self, track: int, index: int, data: bytes) -> Clip:
        """The same with one fragment's bytes changed, its hash and length too: as if the source were like that."""
        rows = [
            msgspec.structs.replace(row, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            if (row.track, row.index) == (track, index)
            else row
            for row in self.rows.rows
        ]
        return Clip(msgspec.structs.replace(self.rows, rows=rows), {**self.pieces, (track, index): data})

    @property
    def rendition(self) -> str:
        return self.rows.rendition

    @property
    def picture(self) -> Track:
        return next(track for track in self.rows.tracks if track.kind == "video")

    @property
    def pts(self) -> list[float]:
        """Media time of each frame, seconds."""
        track, (numerator, denominator) = self.picture, self.rows.origin
        ticks = sorted(pts for row in self.rows.rows if row.track == track.index for pts in row.pts)
        return [tick / track.timescale - numerator / denominator for tick in ticks]

    def fragment_at(self, media: float) -> int:
        """Index of the picture's fragment in which a media time lies."""
        track, (numerator, denominator) = self.picture, self.rows.origin
        ticks = (media + numerator / denominator) * track.timescale
        return max(row.index for row in self.rows.rows if row.track == track.index and row.start <= ticks + 0.01)


@dataclass
class Screen:
    """One page in a browser process of its own."""

    page: Page
    faults: list[str]

    async def do(self, call: str, *arguments: Any) -> Any:
        """Calls a function of the page's `bench`."""
        return await self.page.evaluate(f"async (given) => await bench.{call}(...given)", list(arguments))

    async def state(self) -> dict[str, Any]:
        return dict(await self.do("state"))

    async def now(self) -> float:
        return float(await self.page.evaluate("bench.clock.now()"))

    async def code(self) -> int | None:
        """The number in the picture's bar code; None while black."""
        levels = await self.do("points", CELLS, 1, 0, HEIGHT)
        return read_cells(levels) if levels else None

    async def black_within(self, limit: float, wanted: bool) -> bool:
        """Whether the display is black all over, looking at it until it is as wanted or the time (seconds) is over."""
        end = time.monotonic() + limit
        while (black := is_black(await self.page.screenshot())) != wanted and time.monotonic() < end:
            pass
        return black

    async def until(self, condition: str, limit: float = 10) -> float:
        """Waits for a condition of the page (JavaScript): milliseconds it took."""
        took = await self.page.evaluate(f"bench.until(() => ({condition}), {limit * 1000})")
        assert took is not None, f"never: {condition}; {await self.state()}; {self.faults}"
        return float(took)


def scene(clip: Clip, media: float, clock: float = 0, rate: float = 0, end: float | None = None) -> dict[str, Any]:
    """A Scene of the screen's protocol."""
    return {
        "exhibit": clip.rows.exhibit,
        "rendition": clip.rendition,
        "anchor": {"media": media, "clock": clock, "rate": rate},
        "end": end if end is not None else clip.rows.duration,
    }


def stage(**parts: Any) -> dict[str, Any]:
    """A Stage: black and empty unless said otherwise."""
    return {"type": "stage", "revision": 1, "blank": False, **parts}


@asynccontextmanager
async def a_browser(flags: list[str]) -> AsyncIterator[Browser]:
    """A process of its own for as long as it is used. All tests that use one share an event loop (`ONE_LOOP`)."""
    idle = IDLE.setdefault(tuple(flags), [])
    while idle and not idle[-1].is_connected():
        idle.pop()
    if not DRIVERS:
        DRIVERS.append(await async_playwright().start())
    browser = idle.pop() if idle else await DRIVERS[0].chromium.launch(executable_path=CHROMIUM, args=flags)
    try:
        yield browser
    finally:
        for context in list(browser.contexts):
            await context.close()
        idle.append(browser)


async def close_browsers() -> None:
    """At the end of all tests."""
    for idle in IDLE.values():
        while idle:
            await idle.pop().close()
    while DRIVERS:
        await DRIVERS.pop().stop()


@asynccontextmanager
async def served(clips: list[Clip]) -> AsyncIterator[str]:
    """The address of a page that can load the clips."""
    known = {clip.rendition: clip for clip in clips}
    assets = Assets.find()

    async def file(request: web.Request) -> web.Response:
        path = request.path.lstrip("/")
        if path in ("picture_page.html", "picture_page.js"):
            kind = "text/html" if path.endswith("html") else "text/javascript"
            return web.Response(body=(HERE / path).read_bytes(), content_type=kind)
        if path not in assets.paths():
            raise web.HTTPNotFound
        return web.Response(body=assets.read(path), headers={"Content-Type": assets.content_type(path)})

    async def rows(request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(known[request.match_info["rendition"]].rows))

    async def piece(request: web.Request) -> web.Response:
        part = request.match_info["part"]
        key = (int(request.match_info["track"]), part if part == "init" else int(part))
        return web.Response(body=known[request.match_info["rendition"]].pieces[key])

    app = web.Application()
    app.router.add_get("/clips/{rendition}/rows", rows)
    app.router.add_get("/clips/{rendition}/{track}/{part}", piece)
    app.router.add_get("/{path:.*}", file)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/picture_page.html"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def screens(clips: list[Clip], count: int = 1, options: str = "") -> AsyncIterator[list[Screen]]:
    """So many pages, each in its own browser process, which can load the clips; `options` is the page's query."""
    async with served(clips) as address, AsyncExitStack() as stack:
        pages = []
        for _ in range(count):
            browser = await stack.enter_async_context(a_browser(FLAGS))
            context = await browser.new_context(viewport={"width": 1280, "height": 720})
            page = await context.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error, faults=faults: faults.append(str(error)))
            page.on("console", lambda said, faults=faults: said.type == "error" and faults.append(said.text))
            await page.goto(f"{address}?{options}")
            await page.wait_for_function("window.ready === true")
            pages.append(Screen(page, faults))
        yield pages
        assert [screen.faults for screen in pages] == [[]] * count


def thumbs(path: Path) -> list[bytes]:
    """Every picture of a recording, decoded by the pinned decoder, at the points of `GRID` (luma, full range)."""
    columns, lines = GRID
    found = []
    with av.open(str(path)) as source:
        for frame in source.decode(video=0):
            plane, luma = frame.planes[0], memoryview(frame.planes[0])
            low, span = (0, 255) if frame.format.name.startswith("yuvj") else (16, 219)
            levels = bytearray()
            for line in range(lines):
                start = int((line + 0.5) / lines * frame.height) * plane.line_size
                for column in range(columns):
                    level = luma[start + int((column + 0.5) / columns * frame.width)]
                    levels.append(max(0, min(255, round((level - low) * 255 / span))))
            found.append(bytes(levels))
    return found


def distance(one: bytes | list[int], other: bytes | list[int]) -> float:
    """Mean difference of two pictures' levels."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def is_black(png: bytes) -> bool:
    """Whether a screenshot is black all over."""
    with av.open(io.BytesIO(png)) as source:
        frame = next(source.decode(video=0)).reformat(format="gray")
    return max(bytes(frame.planes[0])) == 0
