"""The command line; what it takes stands in the package's own words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import bench.channel
from bench.channel.cells import CELLS, QUICK, Cell
from bench.channel.special import DIRECT, SPECIAL
from bench.channel.stand import OURS, SENDERS, STOCK, Run, Stand
from bench.channel.table import cost, described, reached, table
from bench.figures import Figures, write_between
from bench.net.network import ROOT, missing

BEGIN, END = "<!-- figures: make bench-channel -->", "<!-- end of figures: make bench-channel -->"
QUICK_SECONDS = 6.0
EVERY = [*CELLS, *SPECIAL, *DIRECT]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m bench.channel", description=bench.channel.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cells", nargs="*", metavar="CELL")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--senders", default=",".join(SENDERS))
    parser.add_argument("--trace", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    asked.cells = asked.cells or (QUICK if asked.quick else EVERY)
    asked.runs = asked.runs or (1 if asked.quick else 3)
    asked.seconds = asked.seconds or (QUICK_SECONDS if asked.quick else 10.0)
    asked.senders = asked.senders.split(",")
    if unknown := [name for name in asked.cells if name not in EVERY]:
        parser.error(f"no such cell: {', '.join(unknown)} (of {', '.join(EVERY)})")
    if unknown := [name for name in asked.senders if name not in SENDERS]:
        parser.error(f"no such sender: {', '.join(unknown)}")
    return asked


def measure(
    stand: Stand, cell: Cell, senders: Sequence[str], runs: int, seconds: float, seed: int
) -> dict[str, list[Run]]:
    """The senders in turn, so that whatever else the machine does strikes all of them."""
    found: dict[str, list[Run]] = {sender: [] for sender in senders}
    for run in range(runs):
        for sender in senders:
            stand.network.set(out=cell.line, back=cell.line, seed=2 * (seed + run))
            found[sender].append(stand.run(sender, seconds))
            print(described(cell.name, found[sender][-1]), flush=True)
    return found


def main() -> int:
    asked = arguments()
    if asked.list:
        for name in EVERY:
            print(name, CELLS[name].what if name in CELLS else "")
        return 0
    if (why := missing()) is not None:
        print(f"not here: {why}")
        return 2
    measured: list[tuple[Cell, dict[str, list[Run]]]] = []
    figures = Figures()
    channel = next((name for name in asked.senders if name in (OURS, STOCK)), OURS)
    lines = [CELLS[name] for name in asked.cells if name in CELLS]
    special = {name: SPECIAL[name] for name in asked.cells if name in SPECIAL}
    direct = {name: DIRECT[name] for name in asked.cells if name in DIRECT}
    if lines or special:
        with Stand(trace=asked.trace) as stand:
            print(f"Chromium {stand.browser}", flush=True)
            for cell in lines:
                found = measure(stand, cell, asked.senders, asked.runs, asked.seconds, asked.seed)
                measured.append((cell, found))
            if (row := cost(measured)) is not None:
                figures.add(*row)
            for name, part in special.items():
                print(f"{name}:", flush=True)
                part(stand, channel, asked.runs, figures)
    if direct:
        with Stand(direct=True, trace=asked.trace) as stand:
            for name, part in direct.items():
                print(f"{name}:", flush=True)
                part(stand, channel, asked.runs, figures)
    lost = [cell.name for cell, found in measured if reached(cell, found) is False]
    print(f"\n{table(measured)}\n\n{figures.table()}")
    if lost:
        print(f"\nnot reached: {', '.join(lost)}")
    if asked.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, f"{table(measured)}\n\n{figures.table()}")
    return 1 if lost or any(row[3] is False for row in figures.rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
