"""The lines, and how long is watched on each. Pure data.

Milliseconds in the names are round trips, half of it each way; loss is that of each direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.channel.cells import BURST, MEGABIT, line
from bench.net.line import Conditions
from bench.net.pace import read_oboe

RATE = 20.0
"""Mb/s, where a cell says nothing else: five times the clip's."""
CLIP_SECONDS = 64
CLIP_RATE = 4 * MEGABIT
WATCHED = 30.0
"""Seconds on lines that stay as they are."""
FALLEN = 0.6
THIN = 0.95
"""Shares of the clip's rate."""
TRACE_SHARE = 1.5
"""Mean of a trace that was recorded, as a share of the clip's rate."""

OURS, SAFE, VIDEO, HLS, RTP, VIDEO_BBR, HLS_BBR = "ours", "safe", "video", "hls", "rtp", "video-bbr", "hls-bbr"
WAYS = (OURS, SAFE, VIDEO, HLS, RTP, VIDEO_BBR, HLS_BBR)
EVERYWHERE = (OURS, VIDEO, HLS, RTP)


@dataclass(frozen=True)
class Cell:
    """One line, each way for itself on it."""

    name: str
    what: str
    line: Conditions
    """Each direction, before the clip is asked for and from then on …"""
    later: tuple[tuple[float, Conditions], ...] = ()
    """… until other conditions hold, so many seconds after."""
    outages: tuple[tuple[float, float], ...] = ()
    """From–to, seconds after the clip was asked for."""
    seconds: float = WATCHED
    """Watched from then on."""
    screens: int = 1
    ways: Sequence[str] = EVERYWHERE
    seeks: bool = True
    """Whether seeks are measured too, in a run of their own."""

    @property
    def schedule(self) -> Conditions:
        """From the moment at which the clip is asked for."""
        return msgspec.structs.replace(self.line, outages=self.outages)


def _lossy(trip: int, loss: int, burst: float = 1.0) -> Cell:
    how = "in bursts of 8" if burst > 1 else "at random"
    return Cell(
        f"{'burst' if burst > 1 else 'loss'}-{trip}-{loss}", f"{trip} ms, {loss} % lost {how}",
        line(RATE, trip, loss, burst=burst), ways=(*EVERYWHERE, VIDEO_BBR, HLS_BBR),
    )  # fmt: skip


def _share(share: float) -> Conditions:
    """A rate as a share of the clip's."""
    return line(share * CLIP_RATE / MEGABIT, 30)


STEADY = [
    Cell("clean", "20 Mb/s, 6 ms", line(RATE, 6)),
    Cell("trip-30", "30 ms", line(RATE, 30)),
    Cell("trip-60", "60 ms", line(RATE, 60)),
    *(_lossy(30, loss, burst) for loss in (1, 3) for burst in (1.0, BURST)),
    *(_lossy(60, 3, burst) for burst in (1.0, BURST)),
    Cell("no-udp", "30 ms, UDP blocked", line(RATE, 30, no_udp=True)),
    Cell("three", "30 ms, three screens on the line", line(RATE, 30), screens=3),
]
CHANGING = [
    Cell("thin", f"30 ms, {THIN:g} × the clip's rate", _share(THIN), seconds=45, seeks=False, ways=(*EVERYWHERE, SAFE)),
    Cell("outage-5", "30 ms, gone for 5 s after 20 s", line(RATE, 30), outages=((20, 25),), seconds=35, seeks=False),
    Cell("outage-early", "30 ms, gone for 5 s after 4 s", line(RATE, 30), outages=((4, 9),), seconds=30, seeks=False),
    Cell(
        "outage-30", "30 ms, gone for 30 s after 20 s", line(RATE, 30), outages=((20, 50),), seconds=62, seeks=False,
        ways=(*EVERYWHERE, SAFE),
    ),
    Cell(
        "cut-30", "30 ms, gone for 30 s after 4 s", line(RATE, 30), outages=((4, 34),), seconds=50, seeks=False,
    ),
    Cell(
        "roaming", "30 ms, gone for 1 s three times", line(RATE, 30), outages=((6, 7), (14, 15), (22, 23)), seeks=False,
    ),
    Cell(
        "fall", f"30 ms, after 10 s {FALLEN:g} × the clip's rate", line(RATE, 30), later=((10.0, _share(FALLEN)),),
        seconds=60, seeks=False, ways=(*EVERYWHERE, SAFE),
    ),
]  # fmt: skip
CELLS = {cell.name: cell for cell in [*STEADY, *CHANGING]}
QUICK = ("outage-early", "loss-30-3")


def recorded(file: Path, share: float = TRACE_SHARE) -> Cell:
    """A line that follows a trace of the Oboe set, so scaled that its mean is `share` times the clip's rate."""
    steps = read_oboe(file)
    seconds = sum(length for length, _ in steps)
    mean = sum(length * rate for length, rate in steps) / seconds
    scaled = tuple((length, rate * share * CLIP_RATE / mean) for length, rate in steps)
    return Cell(
        f"trace-{file.stem.removeprefix('trace_')}", f"30 ms, recorded rate, mean {share:g} × the clip's",
        line(RATE, 30, steps=scaled), seconds=60, seeks=False, ways=(*EVERYWHERE, SAFE),
    )  # fmt: skip
