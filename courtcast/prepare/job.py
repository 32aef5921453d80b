"""Preparing one exhibit: its coded samples, unchanged, as fragments in the store and a manifest that grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare.store import Store
from courtcast.wire.api import AudioInfo, VideoInfo
from courtcast.wire.media import ManifestRows


class Source(Protocol):
    """The bytes of an exhibit, which may still be on their way."""

    @property
    def length(self) -> int | None:
        """Bytes, None while it is not known."""

    async def read(self, offset: int, n: int) -> bytes:
        """Waits until they are there, asking for them; short only at the end. Raises Refused if they will not come."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What an exhibit is, known before its first fragment."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None


async def prepare(
    source: Source,
    *,
    exhibit: str,
    rendition: str,
    store: Store,
    on_rows: Callable[[ManifestRows], None],
    on_probe: Callable[[Probe], None],
    on_manifest: Callable[[Manifest], None] | None = None,
) -> Manifest:
    """Re-wrap a source into the store; `on_manifest` gets the live manifest before the first rows, `on_rows` each part.

    Raises Refused: of the file (file-…, format-not-yet, open-gop, parser-…), and whatever the source or store raised.
    """
    raise NotImplementedError


async def still(source: Source, manifest: Manifest, frame: int, width: int | None = None) -> bytes:
    """PNG of exactly that counted frame, turned and with square pixels as a display would show it.

    Raises Refused: still-not-yet where its bytes are not there, file-damaged where it does not decode.
    """
    raise NotImplementedError
