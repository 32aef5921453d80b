"""What was measured on the lines, as a table: medians of the runs, and the spread behind ours."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from bench.channel.cells import Cell
from bench.channel.stand import BBR, CUBIC, OURS, START, STOCK, Run

COST = 0.12
"""Of a core for each 10 Mb/s, at most."""

STARVED = 0.02
"""A sender that had to wait for a core for more of the time than this was not measured alone: said beside the run."""

Runs = Mapping[str, Sequence[Run]]
"""By sender."""

HEAD = (
    "| line, each way | ours after 2 s | whole run | BBR | CUBIC | stock | queue | sent again | core per 10 Mb/s "
    "| to reach | |\n|---|---|---|---|---|---|---|---|---|---|---|"
)
MARKS = {True: "✓", False: "✗", None: ""}


def described(name: str, run: Run) -> str:
    """One run, as it comes."""
    flow, crossing = run.flow, run.crossing
    return (
        f"  {name:<11} {flow.sender:<6} {flow.rate(START):5.1f} Mb/s after 2 s, whole {flow.rate():5.1f}; queue "
        f"{crossing.queueing * 1e3:5.1f} ms; again {crossing.again(flow):5.1%}, overflow {crossing.overflowed:5.1%}; "
        f"{flow.cost:.3f} core per 10 Mb/s{f', starved {flow.starved:.0%}' if flow.starved > STARVED else ''}"
    )


def reached(cell: Cell, runs: Runs) -> bool | None:
    """None where ours was not measured."""
    ours = runs.get(OURS)
    if not ours:
        return None
    good = True
    if cell.least is not None:
        good = good and _after(ours) >= cell.least
    if cell.beside_bbr is not None and (bbr := runs.get(BBR)):
        good = good and _whole(ours) >= cell.beside_bbr * _whole(bbr)
    if cell.queueing is not None:
        good = good and _queueing(ours) <= cell.queueing
    return good


def row(cell: Cell, runs: Runs) -> str:
    ours = runs.get(OURS, ())
    after = sorted(run.flow.rate(START) for run in ours)
    fields = [
        cell.what,
        f"**{statistics.median(after):.1f}** ({after[0]:.1f}–{after[-1]:.1f})" if after else "",
        f"{_whole(ours):.1f}" if ours else "",
        *(f"{_after(runs[name]):.1f}; {_whole(runs[name]):.1f}" if name in runs else "" for name in (BBR, CUBIC)),
        f"{_after(runs[STOCK]):.1f}" if STOCK in runs else "",
        f"{_queueing(ours) * 1e3:.0f} ms" if ours else "",
        f"{statistics.median(run.crossing.again(run.flow) for run in ours):.1%}" if ours else "",
        f"{_cost(ours):.2f}" if ours else "",
        target(cell),
        MARKS[reached(cell, runs)],
    ]
    return f"| {' | '.join(fields)} |"


def target(cell: Cell) -> str:
    wanted = []
    if cell.least is not None:
        wanted.append(f"≥ {cell.least:g} after 2 s")
    if cell.beside_bbr is not None:
        wanted.append(f"whole ≥ {cell.beside_bbr:g} × BBR")
    if cell.queueing is not None:
        wanted.append(f"queue ≤ {cell.queueing * 1e3:.0f} ms")
    return ", ".join(wanted)


def table(measured: Sequence[tuple[Cell, Runs]]) -> str:
    return "\n".join([HEAD, *(row(cell, runs) for cell, runs in measured)])


def cost(measured: Sequence[tuple[Cell, Runs]]) -> tuple[str, str, str, bool] | None:
    """The row that says what it costs, over all cells of the grid."""
    costs = {cell.what: _cost(runs[OURS]) for cell, runs in measured if runs.get(OURS)}
    if not costs:
        return None
    worst = max(costs, key=lambda what: costs[what])
    return (
        "processor of the sender for each 10 Mb/s, over the lines above",
        f"median {statistics.median(costs.values()):.1%} of a core, worst {costs[worst]:.1%} ({worst})",
        f"≤ {COST:.0%}",
        costs[worst] <= COST,
    )


def _after(runs: Sequence[Run]) -> float:
    return statistics.median(run.flow.rate(START) for run in runs)


def _whole(runs: Sequence[Run]) -> float:
    return statistics.median(run.flow.rate() for run in runs)


def _queueing(runs: Sequence[Run]) -> float:
    return statistics.median(run.crossing.queueing for run in runs)


def _cost(runs: Sequence[Run]) -> float:
    return statistics.median(run.flow.cost for run in runs)
