"""What a file says of itself, asked of a caged child once for each file, and kept beside its rendition."""

from __future__ import annotations

from typing import Final

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.core.pace import pace
from courtcast.evidence.library import Entry
from courtcast.evidence.uploads import Uploads
from courtcast.prepare import messages, sent
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.kept import Kept
from courtcast.prepare.leaves import signs
from courtcast.prepare.source import Source, answer
from courtcast.prepare.store import Store
from courtcast.problems import Refused
from courtcast.wire.api import Exhibit, Problem
from courtcast.wire.inspection import Inspection, Opened

VERSION: Final = 2
"""Raise it when another would be made of the same file."""


class _Kept(msgspec.Struct, kw_only=True):
    version: int
    sha256: str
    opened: Opened


async def opened(
    source: Source,
    store: Store,
    *,
    sha256: str,
    rendition: str,
    name: str,
    cage: Cage,
    moves: bool = False,
    password: str | None = None,
) -> Opened:
    """Of a file that is all here; `sha256` is its; `moves`: a picture that is a recording. Raises Refused: what reading
    it says."""
    where = f"{rendition}/inspection.json"
    try:
        kept = msgspec.json.decode(await store.get(where), type=_Kept)
        if (kept.version, kept.sha256) == (VERSION, sha256):
            return kept.opened
    except (KeyError, msgspec.MsgspecError):
        pass
    sign = signs.sign(await source.read(0, signs.HEAD), name)
    if moves and sign is not None and sign.format != "WebP":
        sign = None
    do = "inspect" if sign is None else "inspect leaves"
    found = await _ask(messages.Work(do=do, length=source.length, name=name, password=password), source, cage)
    await store.put(where, msgspec.json.encode(_Kept(version=VERSION, sha256=sha256, opened=found)))
    return found


def told(
    exhibit: Exhibit,
    entry: Entry,
    kept: Kept,
    *,
    manifest: Manifest | None,
    name: str,
    found: Opened | None,
    unopened: Problem | None,
    uploads: Uploads,
) -> Inspection:
    """All of it: what the file says, and what is known of it here. `kept` is of a file that is all here."""
    assert kept.sha256 is not None
    leaves = manifest is not None and manifest.leaves
    own = manifest is not None and manifest.complete and exhibit.video is not None and not leaves
    timeline = manifest.timeline if own and manifest is not None else None
    path, modified = sent.lay_in(uploads, exhibit.id)
    return Inspection(
        exhibit=exhibit.id,
        ref=exhibit.ref,
        title=exhibit.title,
        name=name,
        url=exhibit.url or "",
        added=entry.added,
        fetched=kept.fetched,
        bytes=exhibit.bytes_fetched,
        sha256=kept.sha256,
        expected=entry.sha256,
        state=exhibit.state,
        problem=exhibit.problem,
        rendition=kept.rendition,
        made_by=kept.made_by,
        duration=None if leaves else exhibit.duration,
        frames=exhibit.frames,
        opened=found,
        unopened=unopened,
        pace=None if timeline is None else pace(timeline.pts, timeline.timescale),
        treatments=exhibit.treatments,
        notes=exhibit.notes,
        path=path,
        modified=modified,
        companions=sent.companions(exhibit.id, uploads),
    )


async def _ask(work: messages.Work, source: Source, cage: Cage) -> Opened:
    async with cage.child(work) as child:
        while True:
            message, _ = await child.receive()
            match message:
                case messages.Read():
                    await child.send(messages.Data(), await answer(source, message))
                case messages.Inspected():
                    return message.opened
                case messages.Failed():
                    raise refused(message)
                case _:
                    raise Refused("parser-crashed")
