"""The room clock of this process: `core.clock` with the machine's clocks put in."""

from __future__ import annotations

import time
from pathlib import Path

from courtcast.core.clock import Mark, RoomClock, restore

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux's name for the current boot. Elsewhere there is none, and `core.clock` judges by the clocks themselves."""


def boot_name() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Timekeeper:
    """Call it for the room clock, in seconds."""

    def __init__(self, mark: Mark | None = None) -> None:
        self._boot = boot_name()
        self._clock: RoomClock = restore(mark, monotonic=time.monotonic(), wall=time.time(), boot=self._boot)

    def __call__(self) -> float:
        return self._clock.at(time.monotonic())

    def mark(self) -> Mark:
        """For the disk."""
        return self._clock.mark(monotonic=time.monotonic(), wall=time.time(), boot=self._boot)
