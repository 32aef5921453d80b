"""What a seek into a long GOP costs on a screen that has its machine to itself, beside FFmpeg decoding the same ones.

Both in turn, from the same keyframe to the same frame: the machine's moods strike both. FFmpeg decodes with as many
threads as it likes, and does nothing else: no seek command, no network, no display.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av

from bench.control import all_held
from bench.exact import UNHURRIED, until_seen
from bench.figures import Figures, percentile, spread
from courtcast.demo.line import ThinLine
from tests.stand import Stand, stand

SEEKS = 25
GOP_SECONDS, RATE = 10, 30
FACTOR = 1.5


def decode(path: Path, frame: int) -> float:
    """Milliseconds from the keyframe at or before a frame until that frame has come out."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        seconds = Fraction(frame, RATE) + Fraction(1, 2 * RATE)
        container.seek(int(seconds / stream.time_base), stream=stream)
        begun = time.perf_counter()
        for picture in container.decode(stream):
            if picture.pts is not None and picture.pts * stream.time_base >= Fraction(frame, RATE) - Fraction(1, 900):
                return 1000 * (time.perf_counter() - begun)
    raise AssertionError(f"no frame {frame}")


async def run(_: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    """With a stand of its own: one screen."""
    clip, chance = clips["long-gop"], random.Random(6)
    with tempfile.TemporaryDirectory(prefix="courtcast-gops-", ignore_cleanup_errors=True) as name:
        async with stand(Path(name), screens=1) as alone:
            await alone.pages[0].evaluate((Path(__file__).parent / "probe.js").read_text())
            async with ThinLine(clip, rate=400e6, delay=0) as line:
                exhibit = await alone.add(line.url, ref="B/1")
            await alone.cue_and_show(exhibit)
            await all_held(alone, exhibit)
            seeks, decodes = [], []
            for _ in range(SEEKS):
                # The second half of a GOP: what a seek costs in any case weighs less there.
                gop = chance.randrange(int(exhibit.duration or 60) // GOP_SECONDS)
                to = GOP_SECONDS * (gop + chance.uniform(0.5, 0.99))
                took, frame = await until_seen(alone, exhibit, UNHURRIED, "seek", to=to)
                await asyncio.sleep(1.0)  # the pictures around are decoded meanwhile, which is not to be measured
                seeks.append(took)
                decodes.append(await asyncio.to_thread(decode, clip, frame))
    factors = [seek / decoded for seek, decoded in zip(seeks, decodes, strict=True)]
    figures.add(f"seek by half a GOP of {GOP_SECONDS} s and more, one screen on the machine", spread(seeks), "reported")
    figures.add("the same pictures decoded by FFmpeg alone, in turn", spread(decodes), "reported")
    figures.add(
        "the one by the other", f"median {statistics.median(factors):.2f}, p95 {percentile(factors, 0.95):.2f}",
        f"≤ {FACTOR}", statistics.median(factors) <= FACTOR,
    )  # fmt: skip
