"""The room clock: seconds that go on counting through a restart of the presenter, so that an anchor keeps its meaning.

It is the machine's monotonic clock (one that goes on while the machine sleeps) plus an offset that is kept on disk.
Within one boot of the machine the sum goes on exactly as before, however the wall clock is set; after another boot the
monotonic clock has begun anew, and the wall clock bridges the gap (to a second or so: good enough for a playback that
has to be found again after a power cut). It never goes back.
"""

from __future__ import annotations

import msgspec

SAME_BOOT_SLACK = 2.0
"""Seconds. Where the system gives its boot no name: the same one is assumed while both ways to reckon agree so well."""


class Mark(msgspec.Struct, frozen=True):
    """What is kept on disk of the clock."""

    boot: str
    """The system's name for its current boot, and the clock that was read; empty where it has none."""
    offset: float
    """Room clock minus monotonic clock."""
    clock: float
    """Room clock when this was written."""
    wall: float
    """Unix time when this was written."""


class RoomClock(msgspec.Struct, frozen=True):
    """Room clock = monotonic clock + offset, both in seconds."""

    offset: float = 0.0

    def at(self, monotonic: float) -> float:
        return monotonic + self.offset

    def mark(self, *, monotonic: float, wall: float, boot: str) -> Mark:
        return Mark(boot=boot, offset=self.offset, clock=self.at(monotonic), wall=wall)


def restore(mark: Mark | None, *, monotonic: float, wall: float, boot: str) -> RoomClock:
    """The clock of a presenter that starts now, from what the last one left.

    The clock never falls behind the mark, however the wall clock was set in between.
    """
    if mark is None:
        return RoomClock()
    same = RoomClock(mark.offset)
    bridged = RoomClock(mark.clock + max(0.0, wall - mark.wall) - monotonic)
    if boot or mark.boot:
        if boot == mark.boot:
            return same
    elif same.at(monotonic) >= mark.clock and abs(same.offset - bridged.offset) <= SAME_BOOT_SLACK:
        return same
    return bridged
