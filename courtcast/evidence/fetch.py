"""From a link into a spool."""

from __future__ import annotations

from collections.abc import Callable

from courtcast.evidence.guard import Guard
from courtcast.evidence.links import Link
from courtcast.evidence.spool import Spool


async def fetch(link: Link, spool: Spool, guard: Guard, *, on_progress: Callable[[int], None]) -> None:
    """Returns when the spool is complete and hashed; `on_progress` gets the bytes held.

    Raises Refused (link-…, disk-…).
    """
    raise NotImplementedError
