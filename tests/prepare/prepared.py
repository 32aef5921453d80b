"""Fragments and manifest of a local file, made in this process without a child: for tests that need real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av

from courtcast.core.manifest import Manifest
from courtcast.prepare import boxes, messages
from courtcast.prepare.assemble import Assembly
from courtcast.prepare.boxes import Sample
from courtcast.prepare.plan import Need
from courtcast.prepare.recording import Recording
from courtcast.prepare.store import FolderStore, fragment_name, init_name

av.logging.set_level(None)


@dataclass
class Prepared:
    """All of a rendition in memory, by track."""

    manifest: Manifest
    looked: messages.Looked
    shifts: list[int]
    inits: list[bytes] = field(default_factory=list)
    fragments: list[list[bytes]] = field(default_factory=list)

    def samples(self, track: int) -> list[Sample]:
        """All coded samples of a track, in order of decoding."""
        return [sample for data in self.fragments[track] for sample in boxes.samples_of(data)]


def prepared(
    path: Path,
    exhibit: str = "e1",
    rendition: str = "00000000000000a1",
    *,
    length_known: bool = True,
    need: Need | None = None,
    heard: int | None = None,
    zero: Fraction | None = None,
) -> Prepared:
    """Prepare a whole file. Raises Refused, Needed."""
    assembly = Assembly(exhibit, rendition)
    inits: list[bytes] = []
    fragments: list[list[bytes]] = []
    looked: list[messages.Looked] = []

    def emit(message: messages.FromChild, data: bytes = b"") -> None:
        if isinstance(message, messages.Looked):
            looked.append(message)
        elif isinstance(message, messages.Begin):
            inits.extend(file.data for file in assembly.begin(message, data))
            fragments.extend([] for _ in inits)
        elif isinstance(message, messages.Piece):
            row, file = assembly.piece(message, data)
            fragments[row.track].append(file.data)
            assert assembly.manifest is not None
            assembly.manifest.add([row])
        elif isinstance(message, messages.Done):
            assembly.done(message)

    with path.open("rb") as file:
        length = path.stat().st_size if length_known else None
        Recording(file, length, emit, name=path.name, need=need, heard=heard, zero=zero).run()
    assert assembly.manifest is not None
    return Prepared(assembly.manifest, looked[0], [t.shift for t in assembly.manifest.tracks], inits, fragments)


async def stored(clip: Prepared, store: FolderStore) -> None:
    """Puts all of it where a presenter looks for it."""
    manifest = clip.manifest
    for track, init, fragments in zip(manifest.tracks, clip.inits, clip.fragments, strict=True):
        await store.put(init_name(manifest.rendition, track), init)
        for row, data in zip(manifest.rows(track.index), fragments, strict=True):
            await store.put(fragment_name(manifest.rendition, row), data)
