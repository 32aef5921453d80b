"""Looking at one exhibit again before a hearing: at its link, and at every byte of it on this machine's disk."""

from __future__ import annotations

import asyncio
import hashlib
from typing import NamedTuple

from courtcast.core.expiry import expires
from courtcast.core.manifest import Manifest
from courtcast.evidence.ask import Trouble
from courtcast.evidence.links.found import Stream, Web
from courtcast.evidence.links.reach import reach
from courtcast.evidence.links.upload import upload_of
from courtcast.evidence.look import SECONDS, look
from courtcast.evidence.look import Seen as Answer
from courtcast.evidence.stream import version_of
from courtcast.evidence.verify import is_intact
from courtcast.prepare.store import Store, fragment_name, init_name
from courtcast.prepare.way import Way
from courtcast.problems import Refused


class Seen(NamedTuple):
    """What came of asking at a link."""

    answer: Answer
    ends: float | None
    """Unix time at which the link itself says that it ends."""
    sent: bool = False
    """There is no link to ask: the file is sent here."""


class Copy(NamedTuple):
    """What is here of an exhibit."""

    complete: bool = False
    """All of its bytes are here."""
    intact: bool | None = None
    """They have the hash that they had when they were fetched; None where that could not be looked at."""
    prepared: bool = False
    """All that is sent to screens is here; where it is complete, every fragment of it was read and has its hash."""

    @property
    def good(self) -> bool:
        return self.intact is not False


async def ask_link(way: Way, web: Web) -> Seen:
    """What was fetched is what its answer is compared with. One request, and those that lead to the file."""
    if upload_of(way.entry.link) is not None:
        return Seen(Answer(), None, sent=True)
    spool = way.spool if way.spool is not None and way.spool.held.covers(0, 1) else None
    link, ends = way.entry.link, expires(way.entry.link.url)
    try:
        async with asyncio.timeout(SECONDS):
            source = (await reach(link, web, way.kept.found)).source
    except Trouble as trouble:
        return Seen(Answer(problem=trouble.problem, passing=True), ends)
    except TimeoutError:
        return Seen(Answer(problem=Refused("link-unreachable"), passing=True), ends)
    except Refused as refused:
        return Seen(Answer(problem=refused), ends)
    if isinstance(source, Stream):
        known = way.kept.version
        return Seen(Answer(changed=known is not None and version_of(source).differs(known)), ends)
    return Seen(await look(source, web.guard, known=way.kept.version, spool=spool), ends)


async def read_again(way: Way, store: Store) -> Copy:
    """Reads all of it. A file that is fetched anew meanwhile says nothing about the one before."""
    kept, spool, manifest = way.kept, way.spool, way.manifest
    if way.entry.parts:  # its files are those of its parts, and looked at there
        there = manifest is not None and manifest.complete and way.state == "ready"
        good = await _stored(store, manifest) if there and manifest is not None else None
        return Copy(complete=there, intact=good, prepared=there)
    if spool is None or not spool.complete or kept.sha256 is None:
        return Copy()
    intact: bool | None = await is_intact(spool.path, kept.sha256)
    whole = manifest is not None and manifest.complete and way.state == "ready"
    if whole and manifest is not None and not await _stored(store, manifest):
        intact = False
    if way.kept is not kept or way.spool is not spool:
        intact = None
    return Copy(complete=True, intact=intact, prepared=whole)


async def _stored(store: Store, manifest: Manifest) -> bool:
    """Every piece that screens are sent is there and has its hash."""
    names = [(init_name(manifest.rendition, track), track.init_sha256) for track in manifest.tracks if not track.leaves]
    for track in manifest.tracks:
        names += [(fragment_name(manifest.rendition, row), row.sha256) for row in manifest.rows(track.index)]
    for name, sha256 in names:
        try:
            data = await store.get(name)
        except (KeyError, OSError, Refused):
            return False
        if await asyncio.to_thread(_sha256, data) != sha256:
            return False
    return True


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
