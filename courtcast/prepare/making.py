"""One rendition while it is made: what a child sends goes into the store, and into a manifest that grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages, order, sounds
from courtcast.prepare.assemble import Assembly, Unexpected
from courtcast.prepare.boxes import Bytes
from courtcast.prepare.draft import Draft
from courtcast.prepare.parts import Left, Parts, Stale
from courtcast.prepare.source import Source
from courtcast.prepare.store import Store, save_manifest
from courtcast.prepare.taken import together
from courtcast.wire.api import Treatment
from courtcast.wire.media import ManifestRows, Row

_LARGE = 64 * 1024
"""Bytes from which hashing is worth a thread of its own."""


class Making:
    """Goes on from what an earlier run has `left`.

    plays: what the screens decode (see `plan.make`); on_rows, on_manifest: see `job.prepare`
    """

    def __init__(
        self,
        store: Store,
        exhibit: str,
        rendition: str,
        left: Left | None,
        *,
        plays: list[str] | None,
        on_rows: Callable[[ManifestRows], None],
        on_manifest: Callable[[Manifest], None] | None,
    ) -> None:
        self._store = store
        self._exhibit = exhibit
        self._rendition = rendition
        self._assembly = Assembly(exhibit, rendition, None if left is None else left.manifest)
        self._parts = Parts(store, rendition, left, plays)
        self._treatments: list[Treatment] | None = None if left is None else left.treatments
        self._on_rows = on_rows
        self._on_manifest = on_manifest
        self._entry = None if left is None else left.entry
        """With which the last stretch begins of a run from the beginning to the end, and its first fragment."""
        self._scan: order.Scan | None = None
        self._outline = None if left is None else left.outline
        self._in_order = self._outline is not None
        """It is made in another order than it is shown in."""
        self._queue: list[range] = []
        """Fragments of the stretches that the child makes then, the one in hand first."""
        self._sought = 0
        self.made = None if left is None else left.made
        """What need not be made again, for a child that goes on from there to the end."""
        self.converting = asyncio.Event()
        """Set once it is known that a picture is converted."""
        if left is not None:
            self._tell(left.manifest)
            on_rows(left.manifest.rows_message())

    @property
    def manifest(self) -> Manifest | None:
        """What there is, whichever child made it."""
        return self._assembly.manifest or self._assembly.left

    async def draft(self) -> Draft | None:
        """For a fragment that comes: a file that has no name yet."""
        return await self._store.begin(self._rendition)

    # what a child says

    def looked(self, treatments: list[Treatment]) -> None:
        """Raises Stale where something else was done to what is there."""
        if self._treatments is not None and self._treatments != treatments:
            raise Stale
        self._treatments = treatments

    async def begin(self, message: messages.Begin, data: Bytes) -> None:
        """Raises Unexpected, Stale, and what the store raises."""
        for file in self._assembly.begin(message, data):
            await self._store.put(f"{self._rendition}/{file.sha256}", file.data)
        if self.manifest is not None:
            self._tell(self.manifest)
        if any(one.part == "picture" and one.done == "converted" for one in self._treatments or ()):
            self.converting.set()

    async def whole(self, piece: messages.Piece, sent: Bytes | Draft, source: Source) -> Bytes | Draft:
        """What was sent, and what was not since it is in the source. Raises Unexpected, and what store and source
        raise."""
        if not piece.taken:
            return sent
        return await together(piece.taken, sent, source, lambda: self._store.begin(self._rendition))

    async def keep(self, piece: messages.Piece, data: Bytes | Draft) -> None:
        """It is told of once it is in the store. Raises Unexpected, and what the store raises."""
        assembly = self._assembly
        if isinstance(data, Draft) or len(data) >= _LARGE:
            row = await asyncio.to_thread(_row, assembly, piece, data)
        else:
            row = _row(assembly, piece, data)
        await self._store.put(f"{self._rendition}/{row.sha256}", data)
        manifest = assembly.manifest
        assert manifest is not None
        if piece.entry is not None and not self._in_order:
            await self._parts.add(manifest, self._treatments or [], entry=piece.entry)
            await self._enter(piece.entry, row.index, row.start)
        self._parts.note(row)
        self._on_rows(assembly.add(row))
        if self._in_order and self._outline is not None and row.track == manifest.video:
            hand = order.stretch_of(manifest, self._outline, row.index)
            self._queue = [one for one in self._queue if one != hand]
            last = len(manifest.rows(row.track)) - 1  # which comes when all else is there
            if any(manifest.made(row.track).missing(hand.start, min(hand.stop, last))):
                self._queue.insert(0, hand)
            else:
                await self._parts.add(manifest, self._treatments or [])

    async def done(self, message: messages.Done) -> Manifest:
        """The finished manifest is in the store. Raises Unexpected, and what the store raises."""
        if self.manifest is not None and not self._in_order:
            self.manifest.forget_foreseen()
        manifest = self._assembly.done(message)
        await save_manifest(self._store, manifest)
        await self._parts.clear()
        self._on_rows(manifest.rows_message({}))
        return manifest

    # in which order it is made

    async def scanned(self, message: messages.Scanned, data: bytes) -> bool:
        """What fragments there will be; False where that cannot be said. Raises Unexpected."""
        try:
            self._scan = await asyncio.to_thread(order.read, message, data)
        except ValueError:
            raise Unexpected("not the times it says") from None
        if self._outline is None:
            await self._foresee()
        return self._scan is not None

    @property
    def foreseen(self) -> bool:
        """It is known by now what fragments there will be."""
        return self._outline is not None

    async def _enter(self, entry: messages.Entry, index: int, start: int) -> None:
        """A run from the beginning to the end has come to a stretch: do its fragments have the numbers foreseen?"""
        self._entry = entry, index
        manifest = self.manifest
        if self._scan is None or manifest is None or manifest.video is None:
            return
        rows = manifest.rows(manifest.video)
        known = {begin for begin, _ in self._outline.entries} if self._outline is not None else set()
        if entry not in known or index >= len(rows) or rows[index].start != start:
            await self._foresee()

    async def _foresee(self) -> None:
        scan, manifest = self._scan, self.manifest
        if scan is None or manifest is None or manifest.video is None or not manifest.showable:
            return
        begun = self._entry
        try:
            outline = await asyncio.to_thread(outlined, scan, manifest, *(begun or (None, 0)))
        except ValueError:
            raise Unexpected("sound that makes no sense") from None
        if begun != self._entry:
            return  # another stretch has begun meanwhile, and has been looked at from there
        self._lay(manifest, outline)
        self._tell(manifest)

    def _lay(self, manifest: Manifest, outline: order.Outline | None) -> None:
        """As much of it as goes with what is made."""
        manifest.forget_foreseen()
        if outline is not None and outline.sound is not None and not outline.sound.fits(manifest):
            outline = msgspec.structs.replace(outline, sound=None)
        self._outline = outline if outline is not None and outline.lay(manifest) else None

    def turn_to(self, places: Sequence[float]) -> bool:
        """Somebody wants to see these (media time, the most urgent first), and then what comes behind them. Whether the
        child has to be stopped for it, and `order` followed."""
        manifest, outline = self.manifest, self._outline
        if manifest is None or outline is None or manifest.video is None:
            return False
        lacking = order.lacking(manifest, outline, places)
        hand = self._queue[0] if self._in_order and self._queue else self._straight_hand(manifest, outline)
        if lacking is None or lacking in hand:
            return False
        self._sought = lacking
        return True

    def _straight_hand(self, manifest: Manifest, outline: order.Outline) -> range:
        assert manifest.video is not None
        return order.stretch_of(manifest, outline, manifest.made_first(manifest.video))

    def hear_all(self) -> None:
        """The sound cannot be found part by part."""
        assert self._outline is not None
        self._outline = msgspec.structs.replace(self._outline, sound=None)

    async def reorder(self) -> None:
        """The next child makes what `turn_to` was told of. Raises what the store raises."""
        manifest = self.manifest
        assert manifest is not None
        if not self._in_order:
            # What was made of the stretch in hand is kept: what is foreseen goes on behind it.
            self._in_order = True
            self._lay(manifest, self._outline)
            await self._parts.add(manifest, self._treatments or [], outline=self._outline)
        self.made = None
        self._assembly = Assembly(self._exhibit, self._rendition, manifest)

    def order(self) -> messages.Order | None:
        """For the next child; None where it goes from the beginning to the end."""
        if not self._in_order or self._outline is None or self.manifest is None:
            return None
        found = order.order(self.manifest, self._outline, self._sought)
        self._queue = [range(one.index, one.index + len(one.starts)) for one in found.stretches]
        return found

    def _tell(self, manifest: Manifest) -> None:
        if self._on_manifest is not None:
            self._on_manifest(manifest)


def outlined(scan: order.Scan, manifest: Manifest, entry: messages.Entry | None, index: int) -> order.Outline | None:
    """Takes a while. Raises ValueError."""
    assert manifest.video is not None
    outline = order.foresee(scan, manifest.tracks[manifest.video], manifest.origin, entry, index)
    heard = next((track for track in manifest.tracks if track.kind == "audio"), None)
    if outline is None or scan.sounds is None or heard is None or not manifest.made_first(heard.index):
        return outline
    sound = sounds.foresee(scan.sounds, heard, manifest.rows(heard.index)[0])
    return msgspec.structs.replace(outline, sound=sound)


def _row(assembly: Assembly, piece: messages.Piece, data: Bytes | Draft) -> Row:
    """Hashes it, which takes a while where it is large. Raises Unexpected, and what a draft raises."""
    return assembly.piece(piece, data.look() if isinstance(data, Draft) else data)[0]
