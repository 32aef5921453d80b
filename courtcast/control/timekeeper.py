"""The room clock of this process: `core.clock` with the machine's clocks put in."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from courtcast.core.clock import Mark, RoomClock, restore

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux's name for the current boot. Elsewhere there is none, and `core.clock` judges by the clocks themselves."""
CLOCK = getattr(time, {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}.get(sys.platform, ""), None)
"""The clock that goes on while the machine sleeps: screens play on meanwhile, and would be called back to where they
were when the lid was closed. Python's own monotonic clock stands still then on Linux and macOS, not on Windows. Nobody
can set it, and NTP only makes it a little faster or slower."""


def steady() -> float:
    """Seconds since some moment of this boot."""
    return time.monotonic() if CLOCK is None else time.clock_gettime(CLOCK)


def boot_name() -> str:
    """Of the boot and the clock: a mark that was made by another clock is worth as much as one of another boot."""
    try:
        boot = BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return boot if CLOCK is None else f"{boot} {CLOCK}"


class Timekeeper:
    """Call it for the room clock, in seconds."""

    def __init__(self, mark: Mark | None = None) -> None:
        self._boot = boot_name()
        self._clock: RoomClock = restore(mark, monotonic=steady(), wall=time.time(), boot=self._boot)

    def __call__(self) -> float:
        return self._clock.at(steady())

    def mark(self) -> Mark:
        """For the disk."""
        return self._clock.mark(monotonic=steady(), wall=time.time(), boot=self._boot)
