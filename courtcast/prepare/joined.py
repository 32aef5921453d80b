"""Several exhibits that are one recording, as an exhibit of its own: it plays through, and stays the sum of its parts.

Each part has its own way in, link, file and hash, and is looked at alone as before. What is made here is a rendition:
the parts' files in a row go through one run of preparing, so that sound, silence and the last picture before a seam are
treated as within a file (`following`). Single pictures are decoded from the part that has them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from courtcast.core.parts import File, runs
from courtcast.evidence.library import Entry
from courtcast.evidence.spool import Spool
from courtcast.prepare import afterwards, another, inspection, messages
from courtcast.prepare.house import House
from courtcast.prepare.kept import MADE_BY, Kept
from courtcast.prepare.store import load_manifest
from courtcast.prepare.told import name as file_name
from courtcast.prepare.told import treatments
from courtcast.prepare.viewer import Original, drawn
from courtcast.prepare.way import Way
from courtcast.problems import Refused
from courtcast.wire.api import Chapter, Exhibit, ExhibitPart
from courtcast.wire.inspection import Inspection

MOST: Final = 200
"""Parts: a night of files of five minutes."""
_LOOK = 0.25
"""Seconds between looks whether all parts are ready again."""


class Row:
    """Files in a row, as one source. All of each is here."""

    complete = True

    def __init__(self, spools: Sequence[Spool]) -> None:
        self._spools: list[tuple[int, Spool]] = []
        self.length = 0
        for spool in spools:
            self._spools.append((self.length, spool))
            self.length += spool.length or 0

    async def size(self) -> int:
        return self.length

    async def read(self, offset: int, n: int) -> bytes:
        """Short only at the end."""
        found = b""
        for start, spool in self._spools:
            at, end = offset + len(found), start + (spool.length or 0)
            if start <= at < end and len(found) < n:
                found += await spool.read(at - start, min(n - len(found), end - at))
        return found

    def held_until(self, offset: int) -> int:
        return max(offset, self.length)


class Joined(Way):
    """part: another exhibit's way, by its id; the rest as of any `Way`"""

    def __init__(
        self,
        house: House,
        entry: Entry,
        kept: Kept,
        on_change: Callable[[], None],
        on_progress: Callable[[], None],
        *,
        part: Callable[[str], Way | None],
    ) -> None:
        super().__init__(house, entry, kept, on_change, on_progress)
        self._part = part

    @property
    def _parts(self) -> list[Way]:
        """Those that there are."""
        return [way for id_ in self.entry.parts if (way := self._part(id_)) is not None]

    def _name(self) -> str:
        """Of the first file, for kinds that nothing else tells."""
        return file_name(self._parts[0].entry, self._parts[0].kept) if self._parts else ""

    # what others see

    def behind(self, frame: int) -> tuple[Way, int]:
        """The part that has this frame, where its file can be asked."""
        at = frame
        for way in self._parts:
            manifest = way.manifest
            if way.state != "ready" or manifest is None or any(one.done == "drawn" for one in treatments(way.kept)):
                break
            if at < manifest.frames:
                return way, at
            at -= manifest.frames
        return self, frame

    async def original(self, frame: int) -> Original:
        if self.manifest is None:
            raise Refused("still-not-yet")
        return await drawn(self._house.store, self.manifest, frame)

    def seen(self) -> Exhibit:
        ways, seen = self._parts, super().seen()
        notes = [Refused("joined", count=len(ways), refs=", ".join(way.entry.ref for way in ways)).problem()]
        for way in ways:
            notes += [msgspec.structs.replace(note, detail=f"{way.entry.ref}: {note.detail}") for note in way.kept.told]
        size = sum(way.spool.held.total for way in ways if way.spool is not None)
        return msgspec.structs.replace(
            seen,
            url=None,
            bytes_fetched=size,
            bytes_total=size,
            sounds=[],
            notes=[*notes, *seen.notes],
            parts=self._listed(ways),
        )

    def _listed(self, ways: Sequence[Way]) -> list[ExhibitPart]:
        starts: list[float | None] = [*self.kept.starts] if len(self.kept.starts) == len(ways) else [None] * len(ways)
        return [
            ExhibitPart(
                id=way.entry.id,
                ref=way.entry.ref,
                name=file_name(way.entry, way.kept),
                sha256=way.kept.sha256,
                bytes=way.spool.held.total if way.spool is not None else 0,
                frames=way.manifest.frames if way.manifest is not None else 0,
                start=start,
            )
            for way, start in zip(ways, starts, strict=True)
        ]

    async def inspection(self) -> Inspection:
        """Of the whole. What each file says of itself stands in its own."""
        if self.state not in ("ready", "failed"):
            raise Refused("inspection-not-yet")
        seen = self.seen()
        told = inspection.told(
            seen,
            self.entry,
            msgspec.structs.replace(self.kept, sha256=""),
            manifest=self._manifest,
            name="",
            found=None,
            unopened=None,
            uploads=self._house.uploads,
        )
        return msgspec.structs.replace(told, parts=seen.parts)

    # what people ask for

    async def relink(self, entry: object) -> None:
        """It has no link. Raises Refused (malformed)."""
        raise Refused("malformed", why="a joined exhibit has no link; its parts have")

    # its life

    async def _once(self) -> None:
        kept = self.kept
        if kept.problem is not None and kept.made_by == MADE_BY:
            raise Refused.of(kept.problem)
        ways = await self._ready()
        hashes = [way.kept.sha256 or "" for way in ways]
        if kept.joined != hashes:
            self._retire()
            kept.rendition, kept.joined, kept.starts = "", hashes, []
        self._number()
        await self._keep(always=False)
        if kept.starts and (found := await load_manifest(self._house.store, kept.rendition)) is not None:
            self._manifest = found
            await self._finish()
            return
        spools = [way.spool for way in ways if way.spool is not None]
        await self._prepare(Row(spools), [_described(way) for way in ways])
        await self._finish()

    async def _ready(self) -> list[Way]:
        """The parts, once all are (again). Raises Refused (exhibit-unknown)."""
        while True:
            ways = self._parts
            if len(ways) < len(self.entry.parts):
                raise Refused("exhibit-unknown")
            if all(way.state == "ready" and way.spool is not None and way.manifest is not None for way in ways):
                return ways
            await asyncio.sleep(_LOOK)

    def _began(self, starts: list[Fraction]) -> None:
        """Where the parts lie: that is what chapters are."""
        self.kept.starts = [0.0, *(float(start) for start in starts)]
        manifest, probe, ways = self._filling, self.kept.probe, self._parts
        if probe is None or manifest is None or len(ways) != len(self.kept.starts):
            return
        edges = [*self.kept.starts, float(manifest.duration or 0)]
        chapters = [
            Chapter(title=f"{way.entry.ref} {file_name(way.entry, way.kept)}", start=start, end=end)
            for way, (start, end) in zip(ways, pairwise(edges), strict=True)
        ]
        self.kept.probe = msgspec.structs.replace(probe, chapters=chapters, sounds=[])

    async def _afterwards(self) -> None:
        """Its frames are those of its parts, which are counted there."""
        manifest = self.manifest
        if manifest is None or not manifest.complete:
            return
        if await afterwards.sketch(self._house, self.entry.id, lambda: self.position, manifest, treatments(self.kept)):
            self._sheet_of = manifest.rendition
        self._on_change()


def check(ways: Sequence[Way]) -> None:
    """Whether these can be parts of one recording, as far as that is known before reading them.

    Raises Refused (malformed, not-joinable).
    """
    if not 2 <= len(ways) <= MOST or len({way.entry.id for way in ways}) < len(ways):
        raise Refused("malformed", why=f"join names 2 to {MOST} exhibits, each once")
    for way in ways:
        ref, seen = way.entry.ref, way.seen()
        if way.entry.parts:
            raise Refused("not-joinable", why=f"{ref} is joined itself")
        if seen.kind not in ("video", "audio"):
            raise Refused("not-joinable", why=f"{ref} is not a recording")
        if way.state != "ready" or way.spool is None:
            raise Refused("not-joinable", why=f"{ref} is not ready yet")
    for way in ways[:-1]:
        if any(note.type == "cut-short" for note in way.kept.told):
            raise Refused("not-joinable", why=f"the file of {way.entry.ref} ends early")


def proposed(ways: Iterable[Way]) -> list[list[str]]:
    """Ids of exhibits that look like parts of one recording each, in order; not those that are joined already."""
    ways = list(ways)
    taken = {id_ for way in ways for id_ in way.entry.parts}
    files = []
    for way in ways:
        seen = way.seen()
        if way.state != "ready" or way.entry.parts or seen.id in taken or seen.kind not in ("video", "audio"):
            continue
        video, audio = seen.video, seen.audio
        form = (
            None if video is None else (video.codec, video.width, video.height, video.rotation),
            None if audio is None else (audio.codec, audio.sample_rate, audio.channels),
        )
        files.append(File(seen.id, file_name(way.entry, way.kept), seen.duration or 0.0, form))
    return runs(files)


def _described(way: Way) -> messages.Part:
    """Of a way that is ready."""
    assert way.spool is not None
    assert way.manifest is not None
    zero = another.zero(way.manifest)
    return messages.Part(
        length=way.spool.length or 0,
        name=file_name(way.entry, way.kept),
        ref=way.entry.ref,
        zero=(zero.numerator, zero.denominator),
    )
