"""Processor time of this process and of all that it started."""

from __future__ import annotations

from contextlib import suppress

import psutil

DRIVER = "node"
"""Playwright's: the bench's own tool, not what is measured."""


def spent(*, itself: bool = True) -> float:
    """Seconds so far. Children that have ended count with those that waited for them. `itself` False: the children."""
    this = psutil.Process()
    times = this.cpu_times()
    total = (times.user + times.system if itself else 0.0) + times.children_user + times.children_system
    for child in this.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.name() != DRIVER:
                its = child.cpu_times()
                total += its.user + its.system + its.children_user + its.children_system
    return float(total)
