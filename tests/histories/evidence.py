"""Exhibits of a history: real manifests, hashes and all, over coded fragments that the page's stand-in browser reads."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection
from fractions import Fraction
from typing import Any

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.wire.api import Exhibit
from courtcast.wire.media import Row, Track
from tests.stand_ins.house import Shelf

RATE = 10
"""Frames a second."""
TIMESCALE = 1000
PIECE = 500
"""Ticks of one fragment; two of them are a GOP."""


def coded(content: dict[str, Any], padding: int = 0) -> bytes:
    return json.dumps({**content, "pad": "x" * padding}, separators=(",", ":")).encode()


class Recordings(Shelf):
    """The shelf of the house, with bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: dict[tuple[str, int, int | None], bytes] = {}
        self._padding: dict[str, int] = {}
        self._broken: dict[str, Collection[int]] = {}

    def record(
        self,
        ref: str,
        seconds: int,
        *,
        coming: int | None = None,
        sound: bool = False,
        padding: int = 0,
        broken: Collection[int] = (),
    ) -> str:
        """One exhibit; with `coming` only so many seconds of it are there yet, and no decoder takes the fragments of
        the picture that are `broken`. Gives its id."""
        id_ = hashlib.sha256(ref.encode()).hexdigest()[:8]
        rendition = f"{zlib.crc32(id_.encode()):016x}"
        self._padding[rendition] = padding
        self._broken[rendition] = broken
        tracks = [self._track(rendition, 0, "video", 'video/mp4; codecs="avc1.64001f"')]
        if sound:
            tracks.append(self._track(rendition, 1, "audio", 'audio/mp4; codecs="mp4a.40.2"'))
        self.manifests[id_] = Manifest(id_, rendition, Fraction(0), tracks)
        self.kept[id_] = Exhibit(
            id=id_, ref=ref, title=ref, state="fetching", showable=True, bytes_fetched=1000, bytes_total=2000
        )
        self.grow(id_, seconds if coming is None else coming)
        if coming is None:
            self.finish(id_)
        return id_

    def grow(self, id_: str, seconds: int) -> None:
        """So many seconds more have come."""
        manifest = self.manifests[id_]
        for track in manifest.tracks:
            begin = manifest.counts[track.index]
            manifest.add([self._row(manifest.rendition, track, n) for n in range(begin, begin + 2 * seconds)])
        self.kept[id_] = msgspec.structs.replace(
            self.kept[id_], prepared=manifest.prepared, frames=manifest.frames, state="preparing"
        )

    def finish(self, id_: str) -> None:
        """All of it has come."""
        manifest = self.manifests[id_]
        seconds = Fraction(manifest.counts[0] * PIECE, TIMESCALE)
        manifest.finish(seconds)
        self.kept[id_] = msgspec.structs.replace(self.kept[id_], state="ready", duration=float(seconds))

    async def init(self, rendition: str, track: Track) -> bytes:
        return self.bytes[rendition, track.index, None]

    async def fragment(self, rendition: str, row: Row) -> bytes:
        return self.bytes[rendition, row.track, row.index]

    def _track(self, rendition: str, index: int, kind: Any, mime: str) -> Track:
        data = self.bytes[rendition, index, None] = coded({"rendition": rendition})
        return Track(
            index=index, kind=kind, mime=mime, timescale=TIMESCALE, init_sha256=hashlib.sha256(data).hexdigest(),
            init_bytes=len(data), first=0, width=640, height=360,
        )  # fmt: skip

    def _row(self, rendition: str, track: Track, index: int) -> Row:
        start, frame = index * PIECE, TIMESCALE // RATE
        times = range(start, start + PIECE, frame)
        key = track.kind == "audio" or index % 2 == 0
        data = coded(
            {
                "rendition": rendition,
                "key": key,
                "broken": track.kind == "video" and index in self._broken[rendition],
                "frames": [[pts / TIMESCALE, frame / TIMESCALE, pts // frame] for pts in times],
            },
            self._padding[rendition],
        )
        self.bytes[rendition, track.index, index] = data
        return Row(
            track.index, index, start, PIECE, len(data), key, hashlib.sha256(data).hexdigest(),
            list(times) if track.kind == "video" else [],
        )  # fmt: skip
