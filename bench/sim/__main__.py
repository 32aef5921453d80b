"""The command line: `python -m bench.sim [--write] [--every N]`."""

from __future__ import annotations

import argparse
import sys
import time

import bench.sim
from bench.figures import write_between
from bench.sim import pictures
from bench.sim.report import tables
from bench.sim.results import simulate
from bench.sim.traces import HERE, folder, load

BEGIN, END = "<!-- figures: make bench-sim -->", "<!-- end of figures: make bench-sim -->"
DOCS = HERE / "docs"


def main() -> int:
    parser = argparse.ArgumentParser("python -m bench.sim", description=bench.sim.__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md and docs/pictures")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth trace")
    parser.add_argument("--processes", type=int, help="as many as there are processors where not given")
    asked = parser.parse_args()
    place = folder()
    if place is None:
        print("skipped: no traces here; name a folder of them in COURTCAST_TRACES (form: bench/sim/traces.py)")
        return 0
    begun = time.monotonic()
    traces = load(place)[:: asked.every]
    if not traces:
        print("skipped: no file in that folder is a trace of 30 s or more")
        return 0
    results = simulate(traces, processes=asked.processes)
    table = tables(results)
    print(f"{len(traces)} traces, {len(results)} plays, {time.monotonic() - begun:.0f} s\n\n{table}")
    if asked.write:
        write_between(DOCS / "performance.md", BEGIN, END, table)
        (DOCS / "pictures" / "readiness-stalls.svg").write_text(pictures.rules(results))
        (DOCS / "pictures" / "readiness-said.svg").write_text(pictures.said(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
