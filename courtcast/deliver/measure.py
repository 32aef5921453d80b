"""Measures the line to one screen by filling it: padding over the very stream that recordings go over.

What counts is what arrived. Bytes are counted where they were acknowledged, in steps; the first one is left out, since
every sender begins slowly. Loss is what the sender sees where no queue of its own stands, in the middle of all steps.
That the page itself had them is asked before and after, and where it had less than half, the line counts as not
measured: something on the way has answered in its place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from courtcast.core.checks import Line
from courtcast.deliver.paths import Path
from courtcast.deliver.pump import PADDING_MOST
from courtcast.deliver.talk import Talk

STEP: Final = 0.5
"""Seconds."""
FULL: Final = 0.9
"""Of what is sent at most: from here on the line was not filled, but we held back."""
LEAST_SHARE: Final = 0.5


async def measure(talk: Talk, seconds: float) -> Line | None:
    """The line, as it is for so many seconds; None where that cannot be said."""
    before = await talk.ask([])
    path, pump = talk.path, talk.pump
    if before is None or path is None or pump is None:
        return None
    pump.pad(seconds)
    begun = time.monotonic()
    times, arrived, losses = [begun], [_arrived(path)], [0.0 if path.line is None else path.line.loss]
    try:
        while pump.padding and talk.path is path and time.monotonic() - begun < seconds:
            await asyncio.sleep(min(STEP, seconds))
            times.append(time.monotonic())
            arrived.append(_arrived(path))
            losses.append(0.0 if path.line is None else path.line.loss)
    finally:
        pump.pad(0.0)
    lasted = times[-1] - begun
    after = await talk.ask([])
    if after is None or after.padding - before.padding < LEAST_SHARE * (arrived[-1] - arrived[0]):
        return None
    rate = cautious(times, arrived)
    if rate is None:
        return None
    held_back = rate >= FULL * PADDING_MOST
    if held_back:  # a line that was not filled taught the estimate nothing; so much it carries at least
        for (start, end), (earlier, later) in zip(pairwise(times), pairwise(arrived), strict=True):
            talk.estimate.rates.add(end - start, max(0, later - earlier))
    return Line(
        seconds=min(seconds, lasted),
        rate_kbit=rate * 8e-3,
        loss=median(losses),
        jitter=after.jitter or 0.0,
        relayed=path.name == "websocket",
        held_back=held_back,
    )


def cautious(times: Sequence[float], arrived: Sequence[int]) -> float | None:
    """Bytes a second in the lower quarter of the steps, the first one left out where there are more; None for none.

    `times` in seconds, `arrived` bytes ever at each.
    """
    rates = [
        max(0, later - earlier) / (end - start)
        for start, end, earlier, later in zip(times, times[1:], arrived, arrived[1:], strict=False)
        if end > start
    ]
    if not rates:
        return None
    counted = sorted(rates[1:] or rates)
    return counted[len(counted) // 4]


def _arrived(path: Path) -> int:
    return path.sent - path.buffered
