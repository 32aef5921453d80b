"""The log of the runs: a line of JSON for each, so that a long bench may be cut off and called again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from bench.rivals.seen import Seen

Kind = Literal["play", "seek"]


class Seek(msgspec.Struct, frozen=True):
    to: float
    ahead: bool
    took: float | None
    """Seconds; None: not within the limit."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    cell: str
    way: str
    kind: Kind
    run: int
    at: str
    """When, UTC."""
    failed: str | None = None
    """Why there is nothing else; it is run again."""
    seen: list[Seen] = []
    """By screen."""
    seeks: list[Seek] = []
    cold: float | None = None
    """Seconds to the first picture in a run of seeks, where ours is asked for with a link never seen before."""
    waited: float = 0.0
    """Seconds from the asking until it was safe, where that was waited for."""
    told: list[tuple[float, float | None]] = []
    """(Unix time, `safe_at`), whenever that changed meanwhile."""
    near: float = 0.0
    far: float = 0.0
    """Shares of a core; of one screen."""
    idle: float = 1.0
    """Share of the machine that had nothing to do."""
    carried: float = 0.0
    """Mb that the line delivered to the screens."""
    browser: str = ""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.cell, self.way, self.kind, self.run


def load(file: Path) -> list[Found]:
    """What the log holds; the last word on each run counts, and what failed does not. A line cut off in the middle is
    let go."""
    found: dict[tuple[str, str, str, int], Found] = {}
    if file.exists():
        for line in file.read_bytes().splitlines():
            try:
                one = msgspec.json.decode(line, type=Found)
            except msgspec.DecodeError:
                continue
            if one.failed is None:
                found[one.key] = one
    return list(found.values())


def add(file: Path, found: Found) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as log:
        log.write(msgspec.json.encode(found) + b"\n")


def of(every: Iterable[Found], cell: str, way: str, kind: Kind) -> list[Found]:
    return [one for one in every if (one.cell, one.way, one.kind) == (cell, way, kind)]
