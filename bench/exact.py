"""Seeks and steps: is the picture the asked one, on both screens, and how long does it take."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import av

from bench.control import held
from bench.figures import Figures, percentile, spread
from courtcast.wire.api import Exhibit, RoomState
from tests.stand import Stand

SEEKS = 50
STEPS = 50
GRID = (48, 27)
UNHURRIED = 0.3
"""Seconds between two steps of somebody who looks at each frame."""
PREPARED = 3.0
"""Seconds at rest in which the pictures around are decoded on both screens: up to ten seconds of the recording each."""
KEY = 1 / 30
"""Seconds between two steps while a key is held down."""
SAME = 0.02
"""Mean difference in levels below which two frames of a recording look the same (a still title, say)."""


def decoded(file: Path) -> list[list[int]]:
    """Every frame of a file as the pinned decoder gives it: luma at the points of `GRID`, full range."""
    columns, rows = GRID
    frames = []
    with av.open(str(file)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            plane, stride = memoryview(frame.planes[0]), frame.planes[0].line_size
            low, span = (0, 255) if frame.format.name.startswith("yuvj") else (16, 219)
            levels = [
                plane[int((row + 0.5) / rows * frame.height) * stride + int((column + 0.5) / columns * frame.width)]
                for row in range(rows)
                for column in range(columns)
            ]
            frames.append([max(0, min(255, round((level - low) * 255 / span))) for level in levels])
    return frames


def nearest(frames: Sequence[Sequence[int]], seen: Sequence[int], asked: int) -> int:
    """The frame that looks most like it, of all; the asked one where no other looks more like it."""

    def distance(number: int) -> float:
        return sum(abs(a - b) for a, b in zip(frames[number], seen, strict=True)) / len(seen)

    best = min(range(len(frames)), key=distance)
    return asked if distance(asked) <= distance(best) + SAME else best


async def _pictures(running: Stand) -> list[list[int]]:
    return await asyncio.gather(
        *(page.evaluate("(grid) => window.bench.points(...grid)", list(GRID)) for page in running.pages)
    )


async def run(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    if "sintel" not in clips:
        print("  (no ../shared/media: skipped)")
        return
    frames = await asyncio.to_thread(decoded, clips["sintel"])
    exhibit = await held(running, clips["sintel"])
    random_ = random.Random(4)
    right = same = total = 0

    async def look(state: RoomState) -> None:
        nonlocal right, same, total
        asked = state.position_frame
        assert asked is not None
        await running.shows(exhibit.id, asked)
        seen = await _pictures(running)
        named = [nearest(frames, picture, asked) for picture in seen]
        total += 1
        right += all(number == asked for number in named)
        same += all(picture == seen[0] for picture in seen)

    for _ in range(SEEKS):
        await look(await running.api.room("seek", to=random_.uniform(0, exhibit.duration or 0)))
    await running.api.room("seek", to=20.0)
    for way in [1] * (STEPS // 2) + [-1] * (STEPS // 2):
        await look(await running.api.room("step", frames=way))
    figures.add(
        f"{SEEKS} random seeks and {STEPS} steps on sintel_trailer-720p.mp4: the asked frame on both, by pixels",
        f"{right} of {total}, identical pixels on both in {same}", f"{total} of {total}", right == total == same,
    )  # fmt: skip


async def latency(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    for name, gop in (("clip", 2), ("long-gop", 10)):
        exhibit = await held(running, clips[name])
        random_ = random.Random(5)
        seeks, depth = [], []
        for _ in range(20):
            to = random_.uniform(1, (exhibit.duration or 60) - 1)
            took, frame = await until_seen(running, exhibit, UNHURRIED, "seek", to=to)
            seeks.append(took)
            depth.append(frame % (gop * 30) + 1)
        figures.add(f"random seek into held media, paused, keyframe every {gop} s", spread(seeks), "reported")
        slope, base = statistics.linear_regression(depth, seeks)
        figures.add(
            f"what bounds it, keyframe every {gop} s",
            f"{base:.0f} ms + {slope:.1f} ms for each frame from the keyframe",
            "reported",
        )
        first = []
        for _ in range(8):
            await until_seen(running, exhibit, UNHURRIED, "seek", to=random_.uniform(1, (exhibit.duration or 60) - 1))
            first.append((await until_seen(running, exhibit, 0.0, "step", frames=1))[0])
        figures.add(f"first step {UNHURRIED:g} s after a seek, keyframe every {gop} s", spread(first), "reported")
        await asyncio.sleep(PREPARED)
        for way, pause in ((1, UNHURRIED), (1, 0.0), (-1, UNHURRIED), (-1, 0.0)):
            times = []
            for _ in range(20):
                times.append((await until_seen(running, exhibit, pause, "step", frames=way))[0])
            label = f"step {'forward' if way > 0 else 'back'}, keyframe every {gop} s, "
            label += f"{pause:g} s after the last was seen" if pause else "as soon as the last was seen"
            figures.add(label, spread(times), "≤ 60 ms", percentile(times, 0.95) <= 60)
        for way in (1, -1):
            await asyncio.sleep(PREPARED)
            times = await _held_down(running, way)
            label = f"step {'forward' if way > 0 else 'back'}, keyframe every {gop} s, a key held down (30 a second)"
            figures.add(label, spread(times), "≤ 60 ms", percentile(times, 0.95) <= 60)


async def _held_down(running: Stand, way: int) -> list[float]:
    """Milliseconds from each command until its frame, or one further on, stands in both screens' pixels."""
    await asyncio.gather(*(page.evaluate("() => window.bench.follow()") for page in running.pages))
    asked: list[tuple[float, int]] = []
    for _ in range(20):
        began = time.time()
        frame = (await running.api.room("step", frames=way)).position_frame
        assert frame is not None
        asked.append((began * 1000, frame))
        await asyncio.sleep(max(0.0, began + KEY - time.time()))
    last = [asked[-1][1], asked[0][0]]
    await asyncio.gather(*(page.evaluate("(asked) => window.bench.seen(...asked)", last) for page in running.pages))
    frames = [frame for _, frame in asked]
    logs = await asyncio.gather(*(page.evaluate("(all) => window.bench.passed(all)", frames) for page in running.pages))
    return [
        max(at if at is not None else float("inf") for at in seen) - began
        for (began, _), *seen in zip(asked, *logs, strict=True)
    ]


async def until_seen(
    running: Stand, exhibit: Exhibit, pause: float, command: str, **fields: object
) -> tuple[float, int]:
    """Milliseconds from the command until the asked frame's number stands in both screens' pixels, and that frame.

    The pages look at their pixels from before the command on: what is measured is the room, not the asking. It comes
    back `pause` seconds later, and what counts is since when the frame has been there by then: one that only passed
    does not count.
    """
    await asyncio.gather(*(page.evaluate("() => window.bench.follow()") for page in running.pages))
    began = time.time() * 1000
    state = await running.api.room(command, **fields)
    frame = state.position_frame
    assert frame is not None
    asked = [frame, began]
    await asyncio.gather(*(page.evaluate("(asked) => window.bench.seen(...asked)", asked) for page in running.pages))
    await asyncio.sleep(pause)
    since = await asyncio.gather(*(page.evaluate("(n) => window.bench.rested(n)", frame) for page in running.pages))
    return max(0.0, max(at if at is not None else float("inf") for at in since) - began), frame
