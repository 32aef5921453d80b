"""The lines that are measured on, and what is to be reached on each. Pure data.

Milliseconds in the names are round trips, half of it each way; loss is that of each direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bench.net.line import Conditions

MEGABIT = 1e6
BUFFER = 0.1
"""Seconds at the narrowest place, where a cell says nothing else."""
BURST = 8.0
JITTER_EVERY = 0.02
"""Seconds: how long Wi-Fi keeps a slow or a quick moment."""
WIRE = 1160 / 1267
"""Of the line's rate, what the data channel can carry: 1160 bytes of payload in a frame of 1267."""


@dataclass(frozen=True)
class Cell:
    """One line, each sender for itself on it."""

    name: str
    what: str
    line: Conditions
    """Each direction."""
    least: float | None = None
    """Mb/s after the first two seconds."""
    beside_bbr: float | None = None
    """Share of TCP BBR's, over the whole run."""
    queueing: float | None = None
    """Seconds: the mean at the emulator."""


def line(rate: float, trip: float, loss: float = 0.0, **more: object) -> Conditions:
    """Mb/s, ms of round trip, % of loss."""
    plain = Conditions(rate=rate * MEGABIT, delay=trip / 2000, loss=loss / 100, buffer=BUFFER)
    return msgspec.structs.replace(plain, **more)


GRID = [
    Cell(f"40-{trip}-{loss}", f"40 Mb/s, {trip} ms, {loss} %", line(40, trip, loss), least=34, beside_bbr=0.9)
    for trip in (10, 30, 60)
    for loss in (0, 1, 3)
]
HARD = [
    Cell("burst-30-1", "40 Mb/s, 30 ms, 1 % in bursts of 8", line(40, 30, 1, burst=BURST), least=33),
    Cell("burst-60-3", "40 Mb/s, 60 ms, 3 % in bursts of 8", line(40, 60, 3, burst=BURST), least=33),
    Cell("rate-10", "10 Mb/s, 30 ms, 1 %", line(10, 30, 1), least=8.5),
    Cell("rate-20", "20 Mb/s, 30 ms, 1 %", line(20, 30, 1), least=17),
    Cell(
        "jitter", "40 Mb/s, 30 ms, jitter of 10 ms, in order", line(40, 30, jitter=0.01, jitter_every=JITTER_EVERY),
        least=34,
    ),
    Cell("reorder", "40 Mb/s, 30 ms, 1 % held back 5 ms", line(40, 30, reorder=0.01, reorder_by=0.005), least=34),
    Cell("buffer-20", "40 Mb/s, 30 ms, buffer of 20 ms", line(40, 30, buffer=0.02), least=32),
    Cell("buffer-200", "40 Mb/s, 30 ms, buffer of 200 ms", line(40, 30, buffer=0.2), queueing=0.02),
]  # fmt: skip
CELLS = {cell.name: cell for cell in [*GRID, *HARD]}
QUICK = ["40-10-0", "40-30-1", "40-60-3"]
