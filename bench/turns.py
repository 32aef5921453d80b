"""How long a clip's seams take: from a range's last frame to the next one's first, on the display.

    python -m bench.turns [--seams 20]

One page in Chromium with everything held, 1080p30 with sound and B-frames, a keyframe every 2 s; ranges of 1 s, out of
order, each beginning at another place of a GOP. With a player that has the next range ready, and with one that has to
be begun at the seam while the last frame stays up. Which frames were seen is read from pixels.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from courtcast.samples import CELLS, HEIGHT, make_clip, read_cells
from tests.browser.picture_bench import Clip, close_browsers, scene, screens, stage

RATE, LENGTH = 30, 30
"""Frames in a second, and in a range."""
SECONDS = 60
CASES = (("with the next range ready", 3), ("with one player", 1))


def ranges(seams: int) -> list[tuple[int, int]]:
    """Frames, from the first up to before the second; no two that touch follow each other."""
    chance, places = random.Random(8), list(range(0, SECONDS * RATE - 2 * LENGTH, 2 * LENGTH))
    starts = [place + chance.randrange(LENGTH) for place in chance.sample(places, seams + 1)]
    return [(start, start + LENGTH) for start in starts]


async def measure(clip: Clip, parts: list[tuple[int, int]], most: int) -> tuple[list[float], set[int], int]:
    """Seconds over each seam; frames that are of no range; frames of the ranges that were not seen."""
    async with screens([clip], options=f"most={most}") as [screen]:
        await screen.do("load", clip.rendition)
        cut = [{"start": clip.pts[first], "stop": clip.pts[stop]} for first, stop in parts]

        def shown(clock: float, rate: float) -> dict[str, Any]:
            at = scene(clip, clip.pts[parts[0][0]], clock, rate, end=clip.pts[parts[-1][1]])
            return stage(shown={**at, "ranges": cut}, sound=True)

        await screen.do("apply", shown(0, 0))
        await screen.until("!bench.state().blank")
        await screen.do("watch", CELLS, 0, HEIGHT)
        await screen.do("apply", shown(await screen.now() + 0.5, 1))
        await screen.until(f"bench.state().frame === {parts[-1][1] - 1}", len(parts) * LENGTH / RATE + 10)
        log = [(one["clock"], round(one["media_time"] * RATE)) for one in await screen.do("frames", 5000)]
        numbers = {read_cells(row) if row else -1 for row in await screen.page.evaluate("window.seen")}
    of = {number: at for at, (first, stop) in enumerate(parts) for number in range(first, stop)}
    seams = [late - soon for (soon, one), (late, two) in pairwise(log) if of.get(one) != of.get(two)]
    seen = {number for number in numbers if number is not None} | {number for _, number in log}
    return seams, seen - set(of), len(set(of) - seen)


def line(name: str, seams: list[float], outside: set[int], missing: int, total: int) -> str:
    ms = sorted(1000 * one for one in seams)
    p95 = ms[min(len(ms) - 1, round(0.95 * len(ms)))]
    return (
        f"| {name} | median {statistics.median(ms):.0f}, p95 {p95:.0f}, worst {ms[-1]:.0f} ms (n = {len(ms)}) "
        f"| {len(outside)} | {missing} of {total} |"
    )


async def run(seams: int) -> None:
    with tempfile.TemporaryDirectory(prefix="courtcast-turns-") as name:
        made = make_clip(Path(name) / "a.mp4", seconds=SECONDS, b_frames=2)
        clip, parts = Clip.of(made), ranges(seams)
        print(
            "| seam | from the last frame to the next first one | frames from outside | frames of the clip not shown |"
        )
        print("|---|---|---|---|")
        for case, most in CASES:
            found = await measure(clip, parts, most)
            print(line(case, *found, len(parts) * LENGTH), flush=True)
        await close_browsers()


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.turns", description=__doc__)
    parser.add_argument("--seams", type=int, default=20)
    asyncio.run(run(parser.parse_args().seams))


if __name__ == "__main__":
    main()
