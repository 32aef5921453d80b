"""What was found, as a table: medians of the runs, and the worst of them behind. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from bench.rivals.cells import OURS, SAFE, Cell
from bench.rivals.results import Found, Kind, of

COLUMNS = (
    "line", "way", "first picture", "still: times", "s", "back after", "not shown, s", "seek ahead", "back", "near",
    "far", "runs", "",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
NAMES = {
    "ours": "**ours**", "safe": "**ours, when safe**", "video": "`<video>`", "hls": "hls.js", "rtp": "mirror",
    "video-bbr": "`<video>`, BBR", "hls-bbr": "hls.js, BBR",
}  # fmt: skip
FIRST_EQUAL = 0.1
"""Seconds that two first pictures or two seeks may differ and be called equal …"""
STILL_EQUAL = 0.25
"""… and two times of standing still."""
NEVER = float("inf")
ROUNDED = 0.5
"""Seconds: what is asked for again and again is seen so much later."""
OFF = 0.1


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, and the worst behind it where it is another."""
    if not values:
        return ""
    ordered = sorted(values)
    median, worst = (_said(value, digits) for value in (statistics.median_high(ordered), ordered[-1]))
    return median if worst == median else f"{median} ({worst})"


def _said(value: float, digits: int) -> str:
    return "never" if value == NEVER else f"{value:.{digits}f}"


def first(run: Found) -> float:
    """Of the slowest screen."""
    return max((NEVER if seen.first is None else seen.first for seen in run.seen), default=NEVER)


def times(run: Found) -> int:
    return max((len(seen.still) for seen in run.seen), default=0)


def still(run: Found) -> float:
    """Seconds, of the worst screen; one that never showed anything stood still all the time."""
    return max(
        (NEVER if seen.first is None else sum(took for _, took in seen.still) for seen in run.seen), default=NEVER
    )


def recovery(cell: Cell, run: Found) -> list[float]:
    """Seconds from each return of the line until the picture went on, where it stood still for want of it."""
    return [
        begun + took - end
        for start, end in cell.outages
        for seen in run.seen
        for begun, took in seen.still
        if begun < end < begun + took and begun + took > start
    ]


def unseen(run: Found) -> float:
    return max((seen.unseen for seen in run.seen), default=0.0)


def sought(runs: Sequence[Found], *, ahead: bool) -> list[float]:
    return [NEVER if seek.took is None else seek.took for run in runs for seek in run.seeks if seek.ahead == ahead]


def row(cell: Cell, way: str, every: Sequence[Found]) -> str | None:
    """None where it was not measured."""
    plays, seeks = of(every, cell.name, way, "play"), of(every, cell.name, way, "seek")
    if not plays and not seeks:
        return None
    begun = spread([first(run) for run in plays])
    if way == SAFE and plays:
        begun += f"; plays after {spread([run.waited for run in plays], 1)}"
    if way == OURS and (links := [_cold(run) for run in seeks]):
        begun += f"{'; ' if begun else ''}cold link {spread(links)}"
    dead = all(first(run) == NEVER for run in plays)
    fields = [
        cell.what,
        NAMES[way],
        begun,
        *(("", "", "", "") if dead else (
            spread([float(times(run)) for run in plays], 0), spread([still(run) for run in plays], 1),
            spread([worst for run in plays if (worst := max(recovery(cell, run), default=None)) is not None]),
            spread([unseen(run) for run in plays], 1),
        )),
        spread(sought(seeks, ahead=True)),
        spread(sought(seeks, ahead=False)),
        f"{statistics.median(run.near for run in plays):.0%}" if plays else "",
        f"{statistics.median(run.far for run in plays):.0%}" if plays else "",
        f"{len(plays)}" + (f" + {len(seeks)}" if seeks else ""),
        verdict(cell, every) if way == OURS else "",
    ]  # fmt: skip
    return f"| {' | '.join(fields)} |"


def verdict(cell: Cell, every: Sequence[Found]) -> str:
    """✓ where ours is first or equal in every column that was measured, or in which it is not."""
    rivals = [way for way in cell.ways if way not in (OURS, SAFE) and of(every, cell.name, way, "play")]
    if not of(every, cell.name, OURS, "play") or not rivals:
        return ""
    behind = []
    for what, kind, value, equal in COMPARED:
        mine = value(of(every, cell.name, OURS, kind))
        others = [value(of(every, cell.name, way, kind)) for way in rivals]
        best = min((theirs for theirs in others if theirs is not None), default=None)
        if mine is not None and best is not None and mine > best + equal:
            behind.append(what)
    return f"behind in: {', '.join(behind)}" if behind else "✓"


def _cold(run: Found) -> float:
    return NEVER if run.cold is None else run.cold


def _median(values: Sequence[float]) -> float | None:
    return statistics.median_high(values) if values else None


COMPARED: Sequence[tuple[str, Kind, Callable[[Sequence[Found]], float | None], float]] = (
    ("first picture", "play", lambda runs: _median([first(run) for run in runs]), FIRST_EQUAL),
    ("still", "play", lambda runs: _median([still(run) for run in runs]), STILL_EQUAL),
    ("not shown", "play", lambda runs: _median([unseen(run) for run in runs]), STILL_EQUAL),
    ("seek ahead", "seek", lambda runs: _median(sought(runs, ahead=True)), FIRST_EQUAL),
    ("seek back", "seek", lambda runs: _median(sought(runs, ahead=False)), FIRST_EQUAL),
)


def table(cells: Sequence[Cell], every: Sequence[Found], ways: Sequence[str]) -> str:
    rows = [row(cell, way, every) for cell in cells for way in ways]
    return "\n".join([HEAD, *(each for each in rows if each is not None)])


def promises(every: Sequence[Found]) -> str:
    """What became of the times at which the presenter said that it would be safe."""
    said = held = late = 0
    for run in every:
        if run.way != SAFE or not run.told or run.told[-1][1] is not None:
            continue
        safe = run.told[-1][0]
        for when, at in run.told:
            if at is not None and at > when:
                said += 1
                held += safe <= at + ROUNDED
                late += safe - at > max(ROUNDED, OFF * (at - when))
    if not said:
        return ""
    return f"`safe_at`: said {said} times, {held / said:.0%} held, {late / said:.0%} were off by more than {OFF:.0%}."


def described(found: Found) -> str:
    """One run, as it comes."""
    head = f"{found.cell:<13} {found.way:<9} {found.kind} {found.run}: "
    if found.failed is not None:
        return f"{head}FAILED {found.failed}"
    if found.kind == "seek":
        took = [(seek.to, NEVER if seek.took is None else seek.took) for seek in found.seeks]
        return head + ", ".join(f"to {to:g} {_said(seconds, 2)} s" for to, seconds in took)
    return (
        f"{head}first {_said(first(found), 2)} s; still {times(found)} times, {_said(still(found), 1)} s; not shown "
        f"{unseen(found):.1f} s; near {found.near:.0%}, far {found.far:.0%}, idle {found.idle:.0%}; "
        f"{found.carried:.0f} Mb{f'; safe after {found.waited:.1f} s' if found.way == SAFE else ''}"
    )
