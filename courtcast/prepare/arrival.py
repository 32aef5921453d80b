"""Where one exhibit's file is fetched from: found out when it is needed, as what a link leads to may hold for minutes.

What was found is kept, so that a later process does not take a page for the file that it led to.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from courtcast.core.expiry import expires
from courtcast.evidence.ask import Trouble
from courtcast.evidence.came import SUFFIX, Came
from courtcast.evidence.fetch import fetch
from courtcast.evidence.links import Link
from courtcast.evidence.links.found import Stream, Web
from courtcast.evidence.links.reach import Reached, Several, behind, reach
from courtcast.evidence.same import prove
from courtcast.evidence.spool import Spool
from courtcast.evidence.stream import fetch_stream
from courtcast.evidence.version import Version
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused


class Arrival:
    """Of one link."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._next: Reached | None = None
        self._without: set[str] = set()
        self._last: str | None = None

    def forget(self, kept: Kept) -> None:
        """Another link."""
        kept.found = None
        self._next, self._without, self._last = None, set(), None

    async def fetch(self, link: Link, kept: Kept, spool: Spool, **how: Any) -> None:
        """As `evidence.fetch` and `evidence.stream` do it, from wherever the file lies. Raises Refused."""
        source = await self.where(link, kept)
        if isinstance(source, Stream) and kept.found is not None:
            how.pop("hosts", None)
            came = Came(spool.path.with_suffix(SUFFIX))
            await came.load()
            await fetch_stream(source, spool, self._web.guard, came, **how)
            if source.together:
                kept.found = msgspec.structs.replace(kept.found, says=f"{kept.found.says} {came.said()}")
        elif isinstance(source, Link):
            await fetch(source, spool, self._web.guard, **how)

    async def prove(self, link: Link, kept: Kept, spool: Spool, known: Version) -> Version:
        """As `evidence.same` does it. Of what comes in pieces nothing is proved beforehand. Raises Refused."""
        source = await self.where(link, kept)
        if isinstance(source, Link):
            return await prove(source, spool, self._web.guard, known)
        return Version(length=known.length, name=known.name)

    async def where(self, link: Link, kept: Kept) -> Link | Stream:
        """The file's own link, or its pieces. Raises Refused; what is seen is put into `kept`."""
        reached, self._next = self._next, None
        if reached is None:
            try:
                reached = await reach(link, self._web, kept.found, without=self._without)
            except Several as several:
                kept.found = several.seen
                raise
            except Trouble as trouble:
                raise trouble.problem from trouble
        kept.found = reached.seen
        self._last = reached.file.id if reached.file is not None else None
        return reached.source

    async def looked_behind(self, link: Link, kept: Kept, refused: Refused) -> Refused | None:
        """What to say of a fetch that failed so; None where another try will fetch something else."""
        if refused.type == "link-refused" and (end := expires(link.url)) is not None and end <= time.time():
            return Refused("link-expired")
        if refused.type != "link-is-page":
            return refused
        if self._last is not None:  # what a page led to is a page again: its next form
            self._without.add(self._last)
            self._last = None
            return None
        try:
            self._next = await behind(link, self._web)
        except Several as several:
            kept.found = several.seen
            return several
        except Trouble as trouble:
            return trouble.problem
        except Refused as other:
            return other
        kept.found = self._next.seen
        return None
