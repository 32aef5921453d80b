"""Two screens in two browser processes: how far apart their clocks and their frames are while playing."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from bench.control import held
from bench.figures import Figures, percentile
from tests.stand import SIZE, Stand

SETTLE_SECONDS = 8
SECONDS = 60
PLAIN = """<!doctype html><title>plain</title><body style="margin:0;background:#000">
<video src="clip.mp4" style="width:100vw;height:100vh"></video>"""
QUALITY = """() => {
  const { droppedVideoFrames, totalVideoFrames } = document.querySelector('video').getVideoPlaybackQuality();
  return [droppedVideoFrames, totalVideoFrames];
}"""


async def run(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    exhibit = await held(running, clips["clip"])
    await running.api.call("PATCH", f"/screens/{running.ids[0]}", sound=True)
    await running.cue_and_show(exhibit, at=0.5)
    await running.api.room("play", anyway=True)
    await asyncio.sleep(SETTLE_SECONDS)
    before = await asyncio.gather(*(page.evaluate("() => window.bench.quality()") for page in running.pages))
    jumps = [await _jumps(page) for page in running.pages]
    await asyncio.gather(*(page.evaluate("() => window.bench.watch()") for page in running.pages))
    logs: list[list[dict[str, float]]] = [[] for _ in running.pages]
    for _ in range(SECONDS // 5):
        await asyncio.sleep(5)
        for log, page in zip(logs, running.pages, strict=True):
            log.extend(await page.evaluate("() => window.courtcast.frames(150)"))
    after = await asyncio.gather(*(page.evaluate("() => window.bench.quality()") for page in running.pages))
    samples = await asyncio.gather(
        *(
            page.evaluate("() => { clearInterval(window.bench.timer); return window.bench.samples }")
            for page in running.pages
        )
    )
    jumped = [await _jumps(page) - was for page, was in zip(running.pages, jumps, strict=True)]
    await running.api.room("pause")

    clocks = [abs(d) * 1000 for d in apart(samples[0], samples[1], 1e-3)]
    figures.add(
        f"media clocks of two screens apart, {SECONDS} s, sound on one",
        f"median {percentile(clocks, 0.5):.1f}, p99 {percentile(clocks, 0.99):.1f} ms (n = {len(clocks)})",
        "p99 ≤ 5 ms", percentile(clocks, 0.99) <= 5,
    )  # fmt: skip
    frames = frame_distances(logs[0], logs[1])
    figures.add(
        "the same frame on the two displays, apart in room-clock time",
        f"median {percentile(frames, 0.5):.1f}, p99 {percentile(frames, 0.99):.1f} ms (n = {len(frames)})",
        "median ≤ 17 ms, p99 ≤ 34 ms", percentile(frames, 0.5) <= 17 and percentile(frames, 0.99) <= 34,
    )  # fmt: skip
    dropped = [
        (b["dropped"] - a["dropped"]) / max(1, b["total"] - a["total"]) for a, b in zip(before, after, strict=True)
    ]
    figures.add("dropped frames, worse screen", f"{max(dropped):.2%}", "≤ 0.1 %", max(dropped) <= 0.001)
    plainly = await _plainly(running, clips["clip"])
    figures.add(
        f"dropped frames of a plain `<video>` in the same two browsers, {SECONDS} s after, worse",
        f"{max(plainly):.2%}", "reported: what the machine drops by itself",
    )  # fmt: skip
    figures.add("jumps in that time, worse screen", str(max(jumped)), "≤ 1", max(jumped) <= 1)


async def _plainly(running: Stand, clip: Path) -> list[float]:
    """Share of frames that each browser drops of the same file with nothing of ours: what is the machine's own."""

    async def document(_: web.Request) -> web.Response:
        return web.Response(text=PLAIN, content_type="text/html")

    async def file(_: web.Request) -> web.FileResponse:
        return web.FileResponse(clip)

    app = web.Application()
    app.add_routes([web.get("/", document), web.get("/clip.mp4", file)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pages = [await browser.new_page(viewport=SIZE) for browser in running.browsers]
        for page in pages:
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await page.evaluate("() => document.querySelector('video').play()")
        await asyncio.sleep(SETTLE_SECONDS)
        before = [await page.evaluate(QUALITY) for page in pages]
        await asyncio.sleep(SECONDS)
        after = [await page.evaluate(QUALITY) for page in pages]
        for page in pages:
            await page.close()
    finally:
        await runner.cleanup()
    return [(b[0] - a[0]) / max(1, b[1] - a[1]) for a, b in zip(before, after, strict=True)]


async def _jumps(page: object) -> int:
    state = await page.evaluate("() => window.courtcast.snapshot()")  # type: ignore[attr-defined]
    return int(state.get("jumps") or 0)


def apart(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], unit: float) -> list[float]:
    """Seconds by which `one`'s media clock is ahead of the other's, at the times of `one`; rate 1 between samples."""
    times = [sample[0] for sample in other]
    result = []
    for at, media in one:
        place = bisect_right(times, at) - 1
        if 0 <= place < len(other) - 1:
            then, was = other[place]
            result.append(media - (was + (at - then) * unit))
    return result


def frame_distances(one: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]) -> list[float]:
    """Milliseconds between the moments at which the two put the same frame up."""
    shown = {round(frame["media_time"], 4): frame["clock"] for frame in other}
    pairs = {round(frame["media_time"], 4): frame["clock"] for frame in one}
    return [abs(clock - shown[media]) * 1000 for media, clock in pairs.items() if media in shown]
