"""Fragments and manifest of a local file, made in this process without a child: for tests that need real ones.

What was converted is kept (in `.pytest_cache`, under everything that it follows from: the file, how it was asked for, the
code and the library), since several tests look at the same conversion from several sides.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av

from courtcast import prepare
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


KEPT = Path(__file__).resolve().parents[2] / ".pytest_cache/prepared"
CODE = Path(prepare.__file__).parent


@cache
def code() -> str:
    """Of all that conversions follow from besides their file."""
    whole = hashlib.sha256(repr(av.library_versions).encode())
    for file in sorted(CODE.rglob("*.py")):
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]


def said(path: Path, *, length_known: bool, **how: Any) -> list[tuple[messages.FromChild, bytes]]:
    """What a child says of a whole file. Raises Refused, Needed."""
    spoken: list[tuple[messages.FromChild, bytes]] = []
    with path.open("rb") as file:
        asked = f"{path.name} {length_known} {how} {hashlib.file_digest(file, 'sha256').hexdigest()}"
        kept = KEPT / code() / hashlib.sha256(asked.encode()).hexdigest()
        if kept.exists():
            return list(read_back(kept))
        length = path.stat().st_size if length_known else None
        Recording(file, length, lambda m, *d: spoken.append((m, b"".join(d))), name=path.name, **how).run()
    looked = next(message for message, _ in spoken if isinstance(message, messages.Looked))
    if any(treatment.done == "converted" for treatment in looked.treatments):
        keep(kept, spoken)
    return spoken


def keep(place: Path, spoken: list[tuple[messages.FromChild, bytes]]) -> None:
    for former in KEPT.glob("*"):
        if former != place.parent:
            shutil.rmtree(former, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    whole = place.with_suffix(f".{os.getpid()}")
    whole.write_bytes(b"".join(messages.pack(message, data) for message, data in spoken))
    whole.replace(place)


def read_back(place: Path) -> Iterator[tuple[messages.FromChild, bytes]]:
    with place.open("rb") as pipe:
        while head := pipe.read(messages.LENGTHS):
            text, data = messages.lengths(head)
            yield messages.decode_from_child(pipe.read(text)), pipe.read(data)


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

    for message, data in said(path, length_known=length_known, need=need, heard=heard, zero=zero):
        if isinstance(message, messages.Looked):
            looked.append(message)
        elif isinstance(message, messages.Begin):
            inits.extend(bytes(file.data) for file in assembly.begin(message, data))
            fragments.extend([] for _ in inits)
        elif isinstance(message, messages.Piece):
            row, file = assembly.piece(message, data)
            fragments[row.track].append(bytes(file.data))
            assert assembly.manifest is not None
            assembly.manifest.add([row])
        elif isinstance(message, messages.Done):
            assembly.done(message)

    assert assembly.manifest is not None
    return Prepared(assembly.manifest, looked[0], [t.shift for t in assembly.manifest.tracks], inits, fragments)


async def stored(clip: Prepared, store: FolderStore) -> None:
    """Puts all of it where a presenter looks for it."""
    manifest = clip.manifest
    for track, init, fragments in zip(manifest.tracks, clip.inits, clip.fragments, strict=True):
        await store.put(init_name(manifest.rendition, track), init)
        for row, data in zip(manifest.rows(track.index), fragments, strict=True):
            await store.put(fragment_name(manifest.rendition, row), data)
