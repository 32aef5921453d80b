"""Asking at a link whether it still leads to the file that was fetched, without fetching it.

One request for the file's beginning, by the same asker and through the same guard as the fetch itself. What it costs is
bounded: in bytes by `READ`, in time by `SECONDS`, whatever the server does.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp

from courtcast.evidence.ask import READ, Answer, Asker, NoRanges, Trouble
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links import Link
from courtcast.evidence.links.direct import looks_like_page
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.version import Version
from courtcast.problems import Refused

SECONDS = 25.0
"""For all of it, redirects included."""
BEGINNING = 5.0
"""For the first bytes, from the answer on; what has come by then is enough to judge by."""


class Seen(NamedTuple):
    """What came of it."""

    problem: Refused | None = None
    """Why nothing comes from there."""
    passing: bool = False
    """That may pass by itself."""
    changed: bool = False
    """It is certainly not the file that was fetched."""
    clock_off: float | None = None
    """Seconds by which this machine's time is ahead of the server's, where that says its own."""


async def look(
    link: Link,
    guard: Guard,
    *,
    known: Version | None = None,
    spool: Spool | None = None,
    limits: Limits = LIMITS,
    seconds: float = SECONDS,
) -> Seen:
    """Asks once. `known` and `spool` are what was fetched from there."""
    try:
        async with asyncio.timeout(seconds), Asker(link, guard, limits) as asker:
            try:
                answer = await asker.ask(0, READ)
            except NoRanges:
                answer = await asker.ask_whole()
            try:
                return await _judge(answer, known, spool)
            finally:
                answer.response.close()
    except Refused as refused:
        return Seen(problem=refused, changed=refused.type == "link-changed")
    except Trouble as trouble:
        return Seen(problem=trouble.problem, passing=True)
    except (TimeoutError, aiohttp.ClientError, OSError):
        return Seen(problem=Refused("link-unreachable"), passing=True)


async def _judge(answer: Answer, known: Version | None, spool: Spool | None) -> Seen:
    headers = answer.response.headers
    off = _ahead(headers.get("Date", ""))
    beginning, over = b"", False
    with suppress(TimeoutError):
        async with asyncio.timeout(BEGINNING):
            while len(beginning) < READ and not over:
                data = await answer.response.content.read(READ - len(beginning))
                beginning, over = beginning + data, not data
    if looks_like_page(headers.get("Content-Type", ""), beginning):
        return Seen(problem=Refused("link-is-page"), clock_off=off)
    if not beginning:
        return Seen(problem=Refused("link-empty" if over else "link-unreachable"), passing=not over, clock_off=off)
    found = Version(length=answer.length, etag=answer.etag, last_modified=answer.last_modified)
    changed = known is not None and found.differs(known)
    if spool is not None and not changed:
        changed = not await spool.matches(Piece(0, beginning))
    return Seen(changed=changed, clock_off=off)


def _ahead(date: str) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
