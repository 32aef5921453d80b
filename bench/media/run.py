"""One file through the product: the real caged child, a store in a folder, and a clock beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from bench.media.source import OnDisk
from courtcast.core.manifest import Manifest
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import Probe, prepare
from courtcast.prepare.plan import Need, Needed
from courtcast.prepare.store import FolderStore
from courtcast.problems import Problem, Refused
from courtcast.wire.media import ManifestRows

RENDITION = "00000000000000a1"


class Outcome(NamedTuple):
    """What came of it. Times are seconds from the moment it was asked for; where another plan was needed, all of that
    is in them."""

    probe: Probe | None = None
    manifest: Manifest | None = None
    problem: Problem | None = None
    first: float | None = None
    """Until the first fragment was in the store."""
    ready: float | None = None
    need: Need | None = None
    fault: str = ""
    """What the product had no word for."""


class _Enough(Exception):
    """The first fragment is there, and nothing else was asked for."""


async def run(path: Path, store: FolderStore, cage: Cage, *, only_first: bool = False) -> Outcome:
    """Raises nothing that the product has a word for."""
    began = time.perf_counter()
    probes: list[Probe] = []
    first: list[float] = []

    def on_rows(message: ManifestRows) -> None:
        if message.rows and not first:
            first.append(time.perf_counter() - began)
            if only_first:
                raise _Enough

    need: Need | None = None
    source = OnDisk(path)
    try:
        while True:
            try:
                manifest = await prepare(
                    source,
                    exhibit="e1",
                    rendition=RENDITION,
                    store=store,
                    on_rows=on_rows,
                    on_probe=probes.append,
                    cage=cage,
                    name=path.name,
                    need=need,
                )
            except Needed as needed:
                if need is not None:
                    raise
                need = needed.need
                await store.delete(RENDITION)
                continue
            return Outcome(probes[-1], manifest, None, first[0], time.perf_counter() - began, need)
    except _Enough:
        return Outcome(probes[-1], None, None, first[0], None, need)
    except Refused as refused:
        return Outcome(probes[-1] if probes else None, None, refused.problem(), None, None, need)
    finally:
        source.close()
