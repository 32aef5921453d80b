"""`courtcast demo`: goes through the main job once, says what each step did and took, and leaves pictures of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from courtcast.demo.browser import Browser, Page
from courtcast.demo.line import ThinLine
from courtcast.demo.programs import Api, Program, StepFailed, failed, run
from courtcast.problems import Refused
from courtcast.samples import make_clip
from courtcast.settings import Network
from courtcast.wire.api import Exhibit, Screen
from receiver.kiosk import find_chromium

SAMPLE = "sample-1080p30-60s-v2.mp4"
"""Kept from run to run; another content needs another name."""
SCREENS = (("Jury", "jury"), ("Witness", "witness"))
SCREEN_SIZE = (1280, 720)
REMOTE_SIZE = (1440, 900)
STEP_SECONDS = 30.0
SETTLING_SECONDS = 2.0
FETCH_SECONDS = 600.0
REMOTE_PICTURE_SECONDS = 1.2
"""The small pictures in the remote come twice a second; wait until they show the last step."""
SHARP_SECONDS = 2.0
"""A part of a page is drawn anew, sent and decoded; until then it stands there less sharp."""
ENLARGED = (0.25, 0.25, 0.5, 0.5)
"""Left, top, width and height, as fractions."""


@dataclass
class Stand:
    """Everything that is running."""

    api: Api
    remote_url: str
    screen_urls: list[str]
    codes: list[str]
    pages: list[Page] = field(default_factory=list)
    remote: Page | None = None


class Teller:
    """Says what each step did and took."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    @contextmanager
    def step(self, text: str) -> Iterator[list[str]]:
        """The list takes words that are added behind the text."""
        began = time.monotonic()
        words: list[str] = []
        try:
            yield words
        except (StepFailed, Refused, TimeoutError) as why:
            reason = why.detail if isinstance(why, Refused) else str(why) or "it took too long"
            self.console.print(Text.assemble(("✗ ", "bold red"), text, (f"  {reason}", "red")))
            raise StepFailed(reason) from why
        took = time.monotonic() - began
        told = f"{took * 1000:.0f} ms" if took < 1 else f"{took:.1f} s"
        self.console.print(
            Text.assemble(("✓ ", "bold green"), text, (f"  {'  '.join(words)}" if words else ""), (f"  {told}", "dim"))
        )


async def demo(
    urls: Sequence[str],
    *,
    headless: bool,
    no_browser: bool,
    pictures: Path | None,
    chromium: Path | None,
    allow_networks: Sequence[Network],
) -> int:
    """Exit status: 0 where every step did what it should."""
    tell = Teller()
    headless = headless or not (no_browser or _desktop())
    try:
        program = None if no_browser else find_chromium(chromium)
        async with AsyncExitStack() as stack:
            links = list(urls) or [await stack.enter_async_context(_sample(tell))]
            networks = [*map(str, allow_networks), *([] if urls else ["127.0.0.0/8"])]
            stand = await stack.enter_async_context(_stand(tell, networks))
            if program is not None:
                await _open_screens(tell, stack, stand, program, headless=headless)
            if no_browser:
                tell.console.print("Open each screen in a Chromium of its own; the code to pair it stands on it.")
            else:
                await _pair(tell, stand)
            exhibits = await _add(tell, stand, links, sample=not urls)
            if headless:
                folder = (pictures or Path("demo-pictures")).resolve()
                folder.mkdir(parents=True, exist_ok=True)
                for exhibit in exhibits:
                    await MainJob(tell, stand, exhibit, sample=not urls).run(folder)
                tell.console.print(f"\nPictures of both screens and of the remote: {folder}")
            else:
                await _stay(tell, stand, exhibits, no_browser=no_browser)
    except StepFailed as why:
        print(f"courtcast: {why}", file=sys.stderr)
        return 1
    return 0


def _desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@asynccontextmanager
async def _sample(tell: Teller) -> AsyncIterator[str]:
    folder = Path(platformdirs.user_cache_dir("courtcast", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / SAMPLE
    if not file.exists():
        with tell.step("Made the sample evidence: 60 s of 1080p30 with sound, each frame's number in it"):
            await asyncio.to_thread(make_clip, file, seconds=60)
    async with ThinLine(file) as line:
        yield line.url


@asynccontextmanager
async def _stand(tell: Teller, networks: Sequence[str]) -> AsyncIterator[Stand]:
    """A presenter and two receivers on loopback, in a folder that goes away again."""
    async with AsyncExitStack() as stack:
        # the programs may still write while they end, and the folder goes after them
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="courtcast-demo-", ignore_cleanup_errors=True))
        )
        with tell.step("Started the presenter and two screens"):
            allow = [part for network in networks for part in ("--allow-network", network)]
            here = ("--interface", "127.0.0.1")
            programs = [
                Program("courtcast.cli", "serve", "--data", folder / "presenter", "--port", "0", "--name",
                        "Demonstration", *allow, *here, says="remote:"),
                *(Program("receiver.cli", "run", "--data", folder / zone, "--name", name, "--zone", zone,
                          "--port", "0", "--no-kiosk", *here, says="screen:") for name, zone in SCREENS),
            ]  # fmt: skip
            presenter, *receivers = [await stack.enter_async_context(program) for program in programs]
            token = await run("courtcast.cli", "token", "--data", folder / "presenter", "--role", "clerk")
            codes = [await run("receiver.cli", "code", "--data", folder / zone) for _, zone in SCREENS]
        where = urlsplit(presenter.answer)
        api = await stack.enter_async_context(Api(f"{where.scheme}://{where.netloc}", token))
        tell.console.print(f"  remote: {presenter.answer}")
        for (name, _), receiver in zip(SCREENS, receivers, strict=True):
            tell.console.print(f"  {name}: {receiver.answer}")
        yield Stand(api, presenter.answer, [receiver.answer for receiver in receivers], codes)


async def _open_screens(tell: Teller, stack: AsyncExitStack, stand: Stand, program: Path, *, headless: bool) -> None:
    width, height = SCREEN_SIZE
    with tell.step("Opened a browser for each screen" + (", and one for the remote" if headless else "")):
        for number, url in enumerate(stand.screen_urls):
            if headless:
                browser = await stack.enter_async_context(Browser(program))
                stand.pages.append(await browser.open(url, width, height))
            else:
                window = (url, 40 + number * 700, 40, 680, 420)
                await stack.enter_async_context(Browser(program, window))
        if headless:
            browser = await stack.enter_async_context(Browser(program))
            stand.remote = await browser.open(stand.remote_url, *REMOTE_SIZE)


async def _pair(tell: Teller, stand: Stand) -> None:
    api = stand.api
    with tell.step("Found both screens with zeroconf"):
        names = {name for name, _ in SCREENS}
        screens: list[Screen] = await api.until(
            "Finding the screens", api.screens, lambda found: names <= {screen.name for screen in found}, STEP_SECONDS
        )
    with tell.step("Paired both, with the codes that stand on them"):
        for (name, _), code in zip(SCREENS, stand.codes, strict=True):
            screen = next(screen for screen in screens if screen.name == name)
            await api.call("POST", f"/screens/{screen.id}/pair", code=code)
    with tell.step("Both screens answer over WebRTC"):
        await api.until("Waiting for the screens", api.screens, _all(lambda screen: screen.online), STEP_SECONDS)


def _all(good: Any) -> Any:
    """Every paired screen is good, and there are as many as there should be."""

    def enough(screens: list[Screen]) -> bool:
        paired = [screen for screen in screens if screen.paired]
        return len(paired) >= len(SCREENS) and all(good(screen) for screen in paired)

    return enough


async def _add(tell: Teller, stand: Stand, links: Sequence[str], *, sample: bool) -> list[Exhibit]:
    exhibits = []
    hearing = next(one for one in await stand.api.hearings() if one.open)
    await stand.api.call("PATCH", f"/hearings/{hearing.id}", case="Demonstration")
    for number, url in enumerate(links, 1):
        title = "Sample evidence" if sample else Path(urlsplit(url).path).name or "Evidence"
        with tell.step(f"Added the link as DEMO/{number}"):
            exhibits.append(await stand.api.add(url=url, ref=f"DEMO/{number}", title=title))
    return exhibits


class MainJob:
    """One exhibit's way onto the screens, each step proven: from pixels for the sample, else from reports."""

    def __init__(self, tell: Teller, stand: Stand, exhibit: Exhibit, *, sample: bool) -> None:
        self._tell, self._stand, self._api = tell, stand, stand.api
        self._exhibit = exhibit
        self._sample = sample

    async def run(self, folder: Path) -> None:
        await self._put_up()
        await self._fetch()
        if self._exhibit.kind in ("video", "audio"):
            await self._play()
            await self._move()
            if self._sample:
                await self._cut()
        else:
            await self._turn()
        await self._keep_pictures(folder)
        if self._exhibit.kind in ("image", "document"):
            await self._enlarge(folder)
        await self._blank()

    async def _both(self, frame: int | None) -> None:
        """Both screens rest on that frame: by their reports, and by the number that stands in their pixels."""

        def there(screen: Screen) -> bool:
            report = screen.report
            if report is None or report.blank or report.playing:
                return False
            return report.exhibit == self._exhibit.id and report.frame == frame

        await self._api.until(f"Frame {frame} on both screens", self._api.screens, _all(there), STEP_SECONDS)
        if not self._sample:
            return
        for page, (screen, _) in zip(self._stand.pages, SCREENS, strict=True):
            # One picture more may be up for a moment: what was on its way to the display when the player stopped.
            what = f"Frame {frame} in the pixels of {screen}"
            await self._api.until(what, page.frame_number, lambda seen: seen == frame, SETTLING_SECONDS)

    async def _put_up(self) -> None:
        api, tell, exhibit = self._api, self._tell, self._exhibit
        with tell.step("Waited for the first pictures to be prepared"):
            failed(await api.until("Preparing", lambda: api.exhibit(exhibit.id), _showable, FETCH_SECONDS))
        with tell.step("Cued it, privately: both screens hold its first frame ready"):
            state = await api.room("cue", exhibit=exhibit.id)
            frame = state.cued.frame if state.cued else None
            await api.until("Cueing", api.screens, _all(lambda s: s.report and s.report.cue_ready), STEP_SECONDS)
            for page in self._stand.pages:
                if self._sample and await page.frame_number() is not None:
                    raise StepFailed("a cued exhibit was seen on a screen")
        with tell.step("Showed it") as words:
            await api.room("show")
            await self._both(frame)
            words.append(f"frame {frame} on both")

    async def _fetch(self) -> None:
        api = self._api
        with (
            self._tell.step("Fetched the rest, while its start is up already"),
            Progress(
                TextColumn("  {task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=self._tell.console,
                transient=True,
            ) as progress,
        ):
            bar = progress.add_task(self._exhibit.ref, total=None)

            async def look() -> Exhibit:
                now = await api.exhibit(self._exhibit.id)
                progress.update(bar, completed=now.bytes_fetched, total=now.bytes_total)
                return now

            last = await api.until("Fetching", look, lambda now: now.state in ("ready", "failed"), FETCH_SECONDS, 0.1)
            failed(last)
            self._exhibit = last

    async def _play(self) -> None:
        api, tell = self._api, self._tell
        frames, duration = self._exhibit.frames or 1, self._exhibit.duration or 0.0
        with tell.step("Played it") as words:
            await api.room("play", anyway=True)
            await asyncio.sleep(min(3.0, duration / 2))
            going = await api.until(
                "Playing", api.screens, _all(lambda s: s.report and (frames == 1 or s.report.frame)), STEP_SECONDS
            )
            words.append(" and ".join(f"{s.name} at frame {s.report.frame}" for s in going if s.report))
        with tell.step("Paused") as words:
            state = await api.room("pause")
            await self._both(state.position_frame)
            words.append(f"frame {state.position_frame} on both")

    async def _move(self) -> None:
        api, tell = self._api, self._tell
        frames, duration = self._exhibit.frames or 1, self._exhibit.duration or 0.0
        with tell.step("Sought") as words:
            state = await api.room("seek", to=duration * 0.6)
            await self._both(state.position_frame)
            words.append(f"to {duration * 0.6:.3f} s, frame {state.position_frame} on both")
        for way in (1, -1):
            with tell.step("Stepped one frame " + ("forward" if way > 0 else "back")) as words:
                expected = min(max((state.position_frame or 0) + way, 0), frames - 1)
                state = await api.room("step", frames=way)
                await self._both(expected)
                words.append(f"frame {expected} on both")

    async def _cut(self) -> None:
        with self._tell.step("Made a clip of two parts of it, and made that ready"):
            ranges = [{"start": 8.0, "stop": 18.0}, {"start": 40.0, "stop": 46.0, "silent": True}]
            path = f"/exhibits/{self._exhibit.id}/clips"
            await self._api.call("POST", path, name="Two parts", ranges=ranges, agreed="to show what a clip is")
            await self._api.room("cue", exhibit=self._exhibit.id, clip="Two parts")

    async def _turn(self) -> None:
        """Pages of a document; a photograph has one."""
        pages = self._exhibit.frames or 1
        noun = "page" if self._exhibit.kind == "document" else "picture"
        for page in sorted({min(1, pages - 1), pages // 2, pages - 1} - {0}):
            with self._tell.step(f"Turned to {noun} {page + 1} of {pages}"):
                await self._api.room("seek", to=page)
                await self._both(page)

    async def _enlarge(self, folder: Path) -> None:
        with self._tell.step("Enlarged its middle, twice as large"):
            await self._api.room("view", view=ENLARGED)
            await asyncio.sleep(SHARP_SECONDS)
            for page, (_, zone) in zip(self._stand.pages, SCREENS, strict=True):
                (folder / f"{self._name}-{zone}-part.png").write_bytes(await page.picture())

    @property
    def _name(self) -> str:
        return self._exhibit.ref.replace("/", "-")

    async def _keep_pictures(self, folder: Path) -> None:
        name = self._name
        for page, (_, zone) in zip(self._stand.pages, SCREENS, strict=True):
            (folder / f"{name}-{zone}.png").write_bytes(await page.picture())
        if self._stand.remote is not None:
            await asyncio.sleep(REMOTE_PICTURE_SECONDS)
            (folder / f"{name}-remote.png").write_bytes(await self._stand.remote.picture())

    async def _blank(self) -> None:
        with self._tell.step("Blanked: both screens are black"):
            await self._api.room("blank")
            black = _all(lambda screen: screen.report and screen.report.blank)
            await self._api.until("Blanking", self._api.screens, black, STEP_SECONDS)
            for page, (screen, _) in zip(self._stand.pages, SCREENS, strict=True):
                if not await page.is_black():
                    raise StepFailed(f"{screen} is not black")


def _showable(exhibit: Exhibit) -> bool:
    return exhibit.showable or exhibit.state == "failed"


async def _stay(tell: Teller, stand: Stand, exhibits: Sequence[Exhibit], *, no_browser: bool) -> None:
    """On a desktop: everything is ready, and the person takes over."""
    if not no_browser:
        first = exhibits[0]
        with tell.step(f"Cued {first.ref}: press Show in the remote"):
            now: Exhibit = await stand.api.until(
                "Preparing",
                lambda: stand.api.exhibit(first.id),
                lambda e: e.showable or e.state == "failed",
                FETCH_SECONDS,
            )
            failed(now)
            await stand.api.room("cue", exhibit=first.id)
        await asyncio.to_thread(webbrowser.open, stand.remote_url)
    tell.console.print("Ctrl-C ends the demonstration.")
    await asyncio.Event().wait()
