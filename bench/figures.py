"""Figures of a run: each with what bounds it, printed as they come and written into docs/performance.md at the end."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

BEGIN, END = "<!-- figures: make bench -->", "<!-- end of figures -->"


@dataclass
class Figures:
    """The table of one run."""

    rows: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def add(self, what: str, measured: str, target: str, reached: bool | None = None) -> None:
        """`reached` None: reported only."""
        self.rows.append((what, measured, target, reached))
        mark = {True: "reached", False: "NOT REACHED", None: ""}[reached]
        print(f"  {what}: {measured}  ({target}) {mark}", flush=True)

    def table(self) -> str:
        lines = ["| what | measured | to reach | |", "|---|---|---|---|"]
        marks = {True: "✓", False: "✗", None: ""}
        lines += [
            f"| {what} | {measured} | {target} | {marks[reached]} |" for what, measured, target, reached in self.rows
        ]
        return "\n".join(lines)

    def write(self, document: Path) -> None:
        """Puts the table between the marks of the document."""
        write_between(document, BEGIN, END, self.table())


def write_between(document: Path, begin: str, end: str, body: str) -> None:
    """Puts what one run gave between two marks of the document, under a note of when and where it was. Raises
    ValueError where the document has no such marks."""
    head, rest = document.read_text().split(begin, 1)
    _, tail = rest.split(end, 1)
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    note = f"Run of {when}: {machine}, {os.cpu_count()} cores, browsers without a GPU."
    document.write_text(f"{head}{begin}\n{note}\n\n{body}\n\n{end}{tail}")


def spread(values: Sequence[float], unit: str = "ms", digits: int = 0) -> str:
    """Median, 95th percentile and worst."""
    ordered = sorted(values)
    return (
        f"median {statistics.median(ordered):.{digits}f}, p95 {percentile(ordered, 0.95):.{digits}f}, "
        f"worst {ordered[-1]:.{digits}f} {unit} (n = {len(ordered)})"
    )


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
