"""What the presenter spends on a screen: processor seconds for each second of an 8 Mb/s clip that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.control import all_held
from bench.figures import Figures
from courtcast.demo.line import ThinLine
from tests.stand import Stand, cpu_seconds


async def run(running: Stand, clips: Mapping[str, Path], figures: Figures) -> None:
    async with ThinLine(clips["clip"], rate=400e6, delay=0) as line:
        # Restricted, or it would be on the screens before anything is measured.
        exhibit = await running.add(line.url, ref="CPU/1", restricted=True)
    await running.api.room("blank")
    pid = running.presenter.pid
    assert pid is not None
    duration = exhibit.duration or 0.0
    before = await cpu_seconds(pid)
    await running.cue_and_show(exhibit)
    await all_held(running, exhibit)
    spent = await cpu_seconds(pid) - before
    share = spent / duration / len(running.ids)
    megabits = (exhibit.bytes_total or 0) * 8 / duration / 1e6
    figures.add(
        f"presenter's processor per screen, {megabits:.1f} Mb/s clip", f"{share:.1%} of a core", "≤ 15 %", share <= 0.15
    )
