"""Two screens over a long time and through an outage: how far apart they are, and how soon the room has them back.

    python -m bench.hold [--seconds 600] [--outage 5] [--write]        # needs root, as `bench.rivals`

The presenter on one host, on two others a receiver and a Chromium each, between them the link emulator. The clip is
held whole before the clocks are looked at; in the middle the line is gone for some seconds, and the clip plays on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.channel.cells import line
from bench.channel.program import Program
from bench.figures import Figures, percentile, write_between
from bench.net.network import ROOT, Network, missing
from bench.rivals import clip
from bench.rivals.cells import OURS, Cell
from bench.rivals.stand import Run
from bench.sync import apart, frame_distances

BEGIN, END = "<!-- figures: make bench-hold -->", "<!-- end of figures: make bench-hold -->"
SECONDS = 600.0
OUTAGE = 5.0
RATE, TRIP = 40.0, 30.0
"""Mb/s and ms."""
CLIP_RATE = 1.5e6
LEAD = 30.0
"""Seconds of the clip that are over when the looking begins, at most, and that are left at its end."""
SETTLE = 8.0
"""Seconds between the last of the clip's arrival and the looking."""
LOOK = 10.0
"""Seconds between two collections."""
ASK = 0.05
HEARD = 0.45
"""Seconds: a report that is younger was sent by a screen that is there (they come every quarter of a second)."""
BACK = 30.0
"""Seconds for a screen to be heard again."""

SAMPLES = "() => window.bench.samples.splice(0)"
FRAMES = f"() => window.courtcast.frames({round(LOOK * 3 * 30)})"
QUALITY = "() => window.bench.quality()"
JUMPS = "() => window.courtcast.snapshot().jumps"
STALLS = "() => window.courtcast.snapshot().stalls.count"
# the numbers are not read here: it would cost what is measured
WATCH = "() => { window.bench.log = []; window.bench.watch(); }"


class Watched:
    """What two pages gave, collected as it came."""

    def __init__(self, fars: Sequence[Program]) -> None:
        self._fars = fars
        self.samples: list[list[list[float]]] = [[] for _ in fars]
        self.frames: list[dict[float, float]] = [{} for _ in fars]

    def every(self, script: str) -> list[Any]:
        return [far.ask("evaluate", script=script) for far in self._fars]

    def collect(self) -> None:
        for place, (samples, frames) in enumerate(zip(self.every(SAMPLES), self.every(FRAMES), strict=True)):
            self.samples[place] += samples
            self.frames[place] |= {frame["media_time"]: frame["clock"] for frame in frames}


def held(near: Program, seconds: float) -> bool:
    """Every screen holds so much."""
    reports = [screen["report"] for screen in near.ask("said")["screens"]]
    return all(report and sum(b - a for a, b in report["held"]) > seconds for report in reports)


def heard(near: Program, since: float) -> float | None:
    """Seconds from then until all screens were heard; None: not in time."""
    while (now := time.time()) < since + BACK:
        screens = near.ask("said")["screens"]
        if all(screen["online"] and screen["report"] and screen["report"]["age"] < HEARD for screen in screens):
            return now - since
        time.sleep(ASK)
    return None


def run(network: Network, media: Path, folder: Path, seconds: float, outage: float, figures: Figures) -> None:
    whole = Cell("hold", "", line(RATE, TRIP), screens=2)
    cut = line(RATE, TRIP, outages=((0.0, outage),))
    with Run(network, whole, OURS, media, folder, seed=1) as running:
        running.near.ask("play", within=60)
        end = time.time() + LEAD - SETTLE
        while not held(running.near, seconds + LEAD) and time.time() < end:
            time.sleep(1.0)
        time.sleep(SETTLE)
        watched = Watched(running.fars)
        before, jumps, stalls = watched.every(QUALITY), watched.every(JUMPS), watched.every(STALLS)
        watched.every(WATCH)
        back = None
        began, gone = time.time(), False
        while (now := time.time()) < began + seconds:
            if outage and not gone and now >= began + seconds / 2:
                gone = True
                network.set(out=cut, back=cut)
                time.sleep(outage)
                back = heard(running.near, now + outage)
            watched.collect()
            time.sleep(max(0.0, min(LOOK, began + seconds - time.time())))
        watched.collect()
        after = watched.every(QUALITY)
        jumped = [now - was for now, was in zip(watched.every(JUMPS), jumps, strict=True)]
        stalled = [now - was for now, was in zip(watched.every(STALLS), stalls, strict=True)]
    report(figures, watched, f"{seconds:.0f} s, {outage:.0f} s without a line", before, after)
    figures.add("jumps and stalls in that time, worse screen", f"{max(jumped)}, {max(stalled)}", "0, 0",
                max(*jumped, *stalled) == 0)  # fmt: skip
    if outage:
        said = "never" if back is None else f"{back * 1e3:.0f} ms"
        figures.add("line back → both screens heard again", said, "≤ 500 ms", back is not None and back <= 0.5)


def report(figures: Figures, watched: Watched, what: str, before: Sequence[Any], after: Sequence[Any]) -> None:
    clocks = [abs(off) * 1000 for off in apart(watched.samples[0], watched.samples[1], 1e-3)]
    figures.add(
        f"media clocks of two screens apart, {what}",
        f"median {percentile(clocks, 0.5):.1f}, p99 {percentile(clocks, 0.99):.1f}, worst {max(clocks):.1f} ms "
        f"(n = {len(clocks)})", "p99 ≤ 3 ms", percentile(clocks, 0.99) <= 3,
    )  # fmt: skip
    one, other = ([{"media_time": at, "clock": on} for at, on in sorted(log.items())] for log in watched.frames)
    frames = frame_distances(one, other)
    figures.add(
        "the same frame on the two displays, apart in room-clock time",
        f"median {percentile(frames, 0.5):.1f}, p99 {percentile(frames, 0.99):.1f}, worst {max(frames):.1f} ms "
        f"(n = {len(frames)})", "p99 ≤ 17 ms (a refresh)", percentile(frames, 0.99) <= 17,
    )  # fmt: skip
    dropped = [
        (b["dropped"] - a["dropped"]) / max(1, b["total"] - a["total"]) for a, b in zip(before, after, strict=True)
    ]
    figures.add("dropped frames, worse screen", f"{max(dropped):.3%}", "≤ 0.1 %", max(dropped) <= 0.001)


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m bench.hold", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--outage", type=float, default=OUTAGE)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if (why := missing()) is not None:
        print(f"not here: {why}")
        return 2
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="courtcast-hold-", ignore_cleanup_errors=True) as name:
        media, folder = Path(name) / "media", Path(name) / "run"
        media.mkdir()
        folder.mkdir()
        print("making the clip…", flush=True)
        clip.make(media, seconds=asked.seconds + 2 * LEAD, bit_rate=CLIP_RATE, width=640, height=360)
        with Network(hosts=2) as network:
            run(network, media, folder, asked.seconds, asked.outage, figures)
    if asked.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, figures.table())
    return 0 if all(row[3] is not False for row in figures.rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
