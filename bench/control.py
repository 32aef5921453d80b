"""How quickly the room obeys: cold link to first picture, show, pause, blank. Seen in pixels, on every screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from bench.figures import Figures, percentile, spread
from courtcast.demo.line import ThinLine
from courtcast.wire.api import Exhibit, Screen
from tests.stand import Stand

RUNS = 20
BLANKS = 100
COLD_RUNS = 5
_held: dict[str, Exhibit] = {}


async def held(running: Stand, clip: Path) -> Exhibit:
    """The clip as an exhibit that every screen holds whole; fetched once."""
    if clip.name not in _held:
        async with ThinLine(clip, rate=400e6, delay=0) as line:
            _held[clip.name] = await running.add(line.url, ref=f"B/{len(_held) + 1}")
    exhibit = _held[clip.name]
    await running.api.room("cue", exhibit=exhibit.id)
    await running.until("the cue", lambda screen: screen.report and screen.report.cue_ready, 30)
    await running.api.room("show")
    await all_held(running, exhibit)
    return exhibit


async def all_held(running: Stand, exhibit: Exhibit) -> None:
    """Waits until every screen holds the whole of what it shows."""
    enough = (exhibit.duration or 0.0) - 1.5

    def whole(screen: Screen) -> bool:
        return bool(screen.report and sum(b - a for a, b in screen.report.held) > enough)

    await running.until("the whole clip to be held", whole, 180)


async def when(running: Stand, wanted: str | int) -> list[float | None]:
    """Wall-clock ms at which each screen's pixels first were as wanted."""
    return await asyncio.gather(*(page.evaluate("(w) => window.bench.when(w)", wanted) for page in running.pages))


async def _react(running: Stand, wanted: str | int, command: str, **fields: object) -> float:
    """Milliseconds from sending the command to the last screen's pixels; infinite where one never obeys."""
    watching = asyncio.create_task(when(running, wanted))
    await asyncio.sleep(0.25)
    began = time.time() * 1000
    await running.api.room(command, **fields)
    seen = await watching
    return max((t if t is not None else float("inf")) for t in seen) - began


async def show(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    for name in ("clip", "long-gop"):
        exhibit = await held(running, clips[name])
        took = []
        for run in range(RUNS):
            await running.api.room("blank")
            await running.api.room("cue", exhibit=exhibit.id, at=3.0 + run)
            await running.until("the cue", lambda screen: screen.report and screen.report.cue_ready, 30)
            took.append(await _react(running, "picture", "show"))
        figures.add(
            f"show of a cued clip → picture on both screens ({name})", spread(took), "≤ 250 ms", max(took) <= 250
        )


async def blank(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    exhibit = await held(running, clips["clip"])
    took = []
    for run in range(BLANKS):
        await running.cue_and_show(exhibit, at=1.0 + run / 2)
        if run % 2:
            await running.api.room("play", anyway=True)
            await asyncio.sleep(0.2)
        took.append(await _react(running, "black", "blank"))
    figures.add("blank → black on both screens, paused and playing", spread(took), "worst ≤ 200 ms", max(took) <= 200)


async def pause(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    exhibit = await held(running, clips["clip"])
    took = []
    for run in range(RUNS):
        await running.cue_and_show(exhibit, at=1.0 + run)
        await running.api.room("play", anyway=True)
        await asyncio.sleep(1.2)
        # the media element's own clock stops for picture and sound alike
        stopped = """() => new Promise((resolve) => {
          const videos = [...document.querySelectorAll('video')].filter((video) => !video.paused);
          const look = () => (videos.every((v) => v.paused) ? resolve(window.bench.now()) : setTimeout(look, 2));
          look(); })"""
        watching = asyncio.gather(*(page.evaluate(stopped) for page in running.pages))
        await asyncio.sleep(0.25)
        began = time.time() * 1000
        await running.api.room("pause")
        took.append(max(await watching) - began)
    figures.add("pause → players stopped on both screens", spread(took), "≤ 150 ms", percentile(took, 0.95) <= 150)


async def cold(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    for name in ("clip", "sintel"):
        if name not in clips:
            continue
        took = []
        for _ in range(COLD_RUNS):
            await running.api.room("blank")
            async with ThinLine(clips[name], rate=20e6, delay=0.006) as line:
                watching = asyncio.create_task(when(running, "picture" if name == "clip" else "any"))
                began = time.time() * 1000
                exhibit = await running.api.add(url=line.url, ref="COLD/1", title=name)
                await running.api.until(
                    "its first fragments", lambda e=exhibit: running.api.exhibit(e.id), lambda now: now.showable, 60
                )
                await running.api.room("cue", exhibit=exhibit.id)
                await running.api.room("show")
                seen = await watching
                took.append(max((t if t is not None else float("inf")) for t in seen) - began)
                await running.api.room("blank")
                await running.api.call("DELETE", f"/exhibits/{exhibit.id}")
        reached = max(took) <= 1500 if name == "clip" else None
        label = (
            "keyframe every 2 s"
            if name == "clip"
            else "sintel_trailer-720p.mp4: index at its end, keyframes 10.4 s apart"
        )
        figures.add(
            f"cold link, 20 Mb/s, 6 ms → first picture ({label})",
            spread(took),
            "≤ 1500 ms" if reached is not None else "reported",
            reached,
        )
