"""The command line; what it takes stands in the package's own words."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import bench.rivals
from bench.figures import write_between
from bench.net.network import ROOT, Network, missing
from bench.rivals import clip
from bench.rivals.cells import CELLS, OURS, QUICK, VIDEO, WAYS, Cell, recorded
from bench.rivals.near import HLS_PROGRAM
from bench.rivals.results import Found, Kind, add, load
from bench.rivals.stand import run
from bench.rivals.table import described, promises, table
from bench.sim.traces import folder as traces
from bench.sim.traces import read

BEGIN, END = "<!-- figures: make bench-net -->", "<!-- end of figures: make bench-net -->"
LOG = ROOT / "build/bench-net.jsonl"
TRACES = (0, 20, 40)
"""Which of the recorded lines, where they are there."""


def known() -> dict[str, Cell]:
    """All cells, with those of recorded lines where there are any."""
    cells = dict(CELLS)
    if (place := traces()) is not None:
        files = sorted(file for file in place.rglob("*.txt") if read(file) is not None)
        for cell in (recorded(files[number]) for number in TRACES if number < len(files)):
            cells[cell.name] = cell
    return cells


def arguments(cells: dict[str, Cell]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m bench.rivals", description=bench.rivals.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cells", nargs="*", metavar="CELL")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--ways")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--kinds", default="play,seek")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the logs and frames of each run stay")
    parser.add_argument("--media", type=Path, metavar="FOLDER", help="where the clip is, or is put")
    parser.add_argument("--minutes", type=float, help="begin no run after so long; call again to go on")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    if unknown := [name for name in asked.cells if name not in cells]:
        parser.error(f"no such cell: {', '.join(unknown)} (of {', '.join(cells)})")
    asked.cells = [cells[name] for name in asked.cells or (QUICK if asked.quick else cells)]
    asked.ways = asked.ways.split(",") if asked.ways else [OURS, VIDEO] if asked.quick else list(WAYS)
    if unknown := [name for name in asked.ways if name not in WAYS]:
        parser.error(f"no such way: {', '.join(unknown)} (of {', '.join(WAYS)})")
    asked.runs = asked.runs or (1 if asked.quick else 3)
    asked.kinds = ["play"] if asked.quick else asked.kinds.split(",")
    return asked


def plan(
    cells: Sequence[Cell], ways: Sequence[str], kinds: Sequence[str], runs: int, done: Sequence[Found]
) -> Iterator[tuple[Cell, str, Kind, int]]:
    """What is left to do: once around everything, then again, so that a bench that is cut off has been everywhere, and
    the ways of a cell one after the other, so that whatever else the machine does strikes all of them."""
    there = {found.key for found in done}
    for number in range(runs):
        for cell in cells:
            kinds_here: list[Kind] = ["play", "seek"] if cell.seeks else ["play"]
            for kind in kinds_here:
                for way in ways:
                    key = (cell.name, way, kind, number)
                    if kind in kinds and way in cell.ways and key not in there:
                        yield cell, way, kind, number


def main() -> int:
    cells = known()
    asked = arguments(cells)
    if asked.list:
        for cell in cells.values():
            print(f"{cell.name:<14} {cell.what}; {cell.seconds:.0f} s; {', '.join(cell.ways)}")
        return 0
    with tempfile.TemporaryDirectory(prefix="courtcast-rivals-") as name:
        log = asked.log or (Path(name) / "quick.jsonl" if asked.quick else LOG)
        failed = 0 if asked.table else measure(asked, log, Path(name))
        if failed is None:
            return 2
        every = load(log)
        text = f"{table(list(cells.values()), every, WAYS)}\n\n{promises(every)}".strip()
    print(f"\n{text}")
    if asked.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, text)
    return 1 if failed else 0


def measure(asked: argparse.Namespace, log: Path, folder: Path) -> int | None:
    """How many runs failed; None where nothing can be measured here."""
    why = missing() or (None if HLS_PROGRAM.is_file() else "needs hls.js: npm ci")
    if why is not None:
        print(f"not here: {why}")
        return None
    left = list(plan(asked.cells, asked.ways, asked.kinds, asked.runs, load(log)))
    seconds = sum((cell.seconds if kind == "play" else 25) + 8 for cell, _, kind, _ in left)
    print(f"{len(left)} runs, about {seconds / 60:.0f} minutes; …", flush=True)
    media: Path = asked.media or folder / "media"
    if not (media / clip.PLAYLIST).exists():
        media.mkdir(parents=True, exist_ok=True)
        clip.make(media)
    failed, began = 0, time.monotonic()
    with Network(hosts=max(cell.screens for cell in asked.cells)) as network:
        for cell, way, kind, number in left:
            if asked.minutes is not None and time.monotonic() - began > asked.minutes * 60:
                print("to be gone on with", flush=True)
                break
            found = run(network, cell, way, kind, number, media, keep=asked.keep)
            print(described(found), flush=True)
            add(log, found)
            failed += found.failed is not None
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
