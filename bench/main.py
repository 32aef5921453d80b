"""`make bench`: every figure of the main job, from one run, written into docs/performance.md.

`python -m bench.main seeks show` runs some parts only and writes nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bench import control, cpu, exact, gops, sync
from bench.figures import Figures
from courtcast.samples import make_clip
from tests.stand import stand

ROOT = Path(__file__).resolve().parents[1]
PARTS = {
    "exact": exact.run,
    "cold": control.cold,
    "show": control.show,
    "blank": control.blank,
    "pause": control.pause,
    "latency": exact.latency,
    "gops": gops.run,
    "sync": sync.run,
    "cpu": cpu.run,
}


async def main(names: list[str]) -> int:
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="courtcast-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        print("making the clips…", flush=True)
        clips = {
            "clip": make_clip(folder / "clip.mp4", seconds=75, gop_seconds=2),
            "long-gop": make_clip(folder / "long-gop.mp4", seconds=60, gop_seconds=10, b_frames=2, preset="veryfast"),
        }
        sintel = ROOT.parent / "shared/media/video/sintel_trailer-720p.mp4"
        if sintel.exists():
            clips["sintel"] = sintel
        async with stand(folder) as running:
            script = (ROOT / "bench/probe.js").read_text()
            for page in running.pages:
                await page.evaluate(script)
            for part, run in PARTS.items():
                if not names or part in names:
                    print(f"{part}:", flush=True)
                    await run(running, clips, figures)
    if not names:
        figures.write(ROOT / "docs/performance.md")
    return 0 if all(row[3] is not False for row in figures.rows) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
