"""Preparing one exhibit: its coded samples, unchanged, as fragments in the store and a manifest that grows.

A job is described by plain data (`messages.Work`) and reads its source by ranges; it could run anywhere. Here each
runs in a caged child of this machine, which can begin while the file is still arriving.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.assemble import Assembly, Unexpected
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.leaves import signs
from courtcast.prepare.plan import Need, Needed
from courtcast.prepare.source import Source
from courtcast.prepare.store import Store, save_manifest
from courtcast.prepare.viewer import Original, Viewer
from courtcast.problems import Refused
from courtcast.wire.api import AudioInfo, Treatment, VideoInfo
from courtcast.wire.media import ManifestRows

VERSION = 4
"""Of what preparing gives: raise it when fragments of the same source would come out differently."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What an exhibit is, known before its first fragment."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None
    treatments: list[Treatment] = []
    leaves: Literal["image", "document"] | None = None
    """It is no recording: pictures that stand."""


async def prepare(
    source: Source,
    *,
    exhibit: str,
    rendition: str,
    store: Store,
    on_rows: Callable[[ManifestRows], None],
    on_probe: Callable[[Probe], None],
    on_manifest: Callable[[Manifest], None] | None = None,
    cage: Cage | None = None,
    name: str = "",
    plays: frozenset[str] | None = None,
    need: Need | None = None,
    password: str | None = None,
) -> Manifest:
    """Make a source's rendition in the store.

    `on_manifest` gets the live manifest before the first rows, `on_rows` each part.

    Give the `cage` that the program keeps: its child is warm already. Without one a child is started for this alone.
    The finished manifest is in the store when this returns (`store.load_manifest`).

    Raises Refused: of the file (file-…, picture-…, document-…, office-document, format-not-yet, parser-…), and whatever
    the source or store raised; Needed.
    """
    assembly = Assembly(exhibit, rendition)
    async with AsyncExitStack() as stack:
        kept = cage if cage is not None else await stack.enter_async_context(Cage(warm=False))
        do = "prepare" if need == "motion" else await _kind_of_job(source, name)
        work = messages.Work(
            do=do,
            length=source.length,
            name=name,
            plays=None if plays is None else sorted(plays),
            need=need,
            password=password,
        )
        child = await stack.enter_async_context(kept.child(work))
        try:
            while True:
                message, data = await child.receive()
                match message:
                    case messages.Read():
                        await child.send(messages.Data(), await source.read(message.offset, message.n))
                    case messages.Looked():
                        if do == "prepare" and any(one.done != "unchanged" for one in message.treatments):
                            child.assign(kept.limits("convert"), source.length)
                        on_probe(
                            Probe(
                                container=message.container,
                                video=message.video,
                                audio=message.audio,
                                treatments=message.treatments,
                                leaves=message.leaves,
                            )
                        )
                    case messages.Begin():
                        for file in assembly.begin(message, data):
                            await store.put(f"{rendition}/{file.sha256}", file.data)
                        if on_manifest is not None and assembly.manifest is not None:
                            on_manifest(assembly.manifest)
                    case messages.Piece():
                        row, file = assembly.piece(message, data)
                        await store.put(f"{rendition}/{file.sha256}", file.data)
                        on_rows(assembly.add(row))
                    case messages.Done():
                        manifest = assembly.done(message)
                        await save_manifest(store, manifest)
                        on_rows(manifest.rows_message({}))
                        return manifest
                    case messages.Needed():
                        raise Needed(message.need)
                    case messages.Failed():
                        raise refused(message)
                    case _:
                        raise Refused("parser-crashed")
        except Unexpected:
            raise Refused("parser-crashed") from None


async def _kind_of_job(source: Source, name: str) -> str:
    """By its first bytes. Raises Refused (office-document), and what the source raises."""
    found = signs.sign(await source.read(0, signs.HEAD), name)
    if found is not None and found.format is None:
        raise Refused("office-document", what=found.office)
    return "prepare" if found is None else "leaves"


async def still(original: Original, frame: int, width: int | None = None, *, cage: Cage | None = None) -> bytes:
    """PNG of exactly that counted frame, turned and with square pixels as a display would show it.

    Opens the source anew; a `Viewer` keeps it open for the next one.

    Raises Refused: outside-exhibit where there is no such frame, still-not-yet where its bytes are not there,
    file-damaged where it does not decode, parser-….
    """
    async with AsyncExitStack() as stack:
        kept = cage if cage is not None else await stack.enter_async_context(Cage(warm=False))
        viewer = await stack.enter_async_context(Viewer(kept))
        return await viewer.png(original, frame, width)
