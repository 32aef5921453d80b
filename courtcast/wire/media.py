"""The `media` stream: binary messages, each a header and a piece of one object.

Objects are pieces of a rendition: manifest rows, init segments, fragments. They are cut into messages of at most
`PIECE` bytes of payload, sent in order, never interleaved within one path unless `offset` says so: the receiver
keys pieces by (rendition, kind, track, index).
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

PIECE = 16 * 1024
"""Payload bytes per message: small, so that control and seeks get in between (a 16 KiB message is 13 ms at 10 Mb/s)."""

GOP_MOST = 96 << 20
"""Bytes of the stretch from one keyframe to the next: the page appends whole stretches, and keeps well under the 158 MB
of video at which Chromium begins to refuse. A recording with a longer one is refused while it is being prepared."""

LEAVES = "image/*"
"""`Track.mime` of a track whose fragments are whole picture files (JPEG, PNG, WebP, AVIF), one for each leaf: the pages
of a document, the pictures of a photograph. There is no init segment (`init_bytes` 0, `init_sha256` empty, never sent),
`timescale` is 1, and media time is the leaf's number: leaf n is up for n ≤ t < n + 1."""

KIND_ROWS = 1
"""Payload is JSON of `ManifestRows`."""
KIND_INIT = 2
KIND_FRAGMENT = 3
KIND_PADDING = 4
"""Payload means nothing: it is sent to measure a line, and thrown away. It is whole in one message; its first eight
bytes are when it was sent, in seconds of the sender's own clock (float64, big-endian)."""

_HEADER = struct.Struct(">BBBxQIII")
HEADER = _HEADER.size
"""24 bytes, big-endian: version u8, kind u8, track u8, pad, rendition u64, index u32, offset u32, total u32."""
VERSION = 1


class MediaHeader(msgspec.Struct, frozen=True):
    """What the payload behind it belongs to. `total` is the whole object's length in bytes."""

    kind: int
    track: int
    rendition: str
    index: int
    offset: int
    total: int


def pack(header: MediaHeader, payload: bytes | memoryview) -> bytes:
    """One message of the media stream."""
    return (
        _HEADER.pack(
            VERSION, header.kind, header.track, int(header.rendition, 16), header.index, header.offset, header.total
        )
        + payload
    )


def unpack(message: bytes) -> tuple[MediaHeader, memoryview]:
    """The reverse. Raises ValueError where the message is no such thing."""
    if len(message) < HEADER:
        raise ValueError("shorter than its header")
    version, kind, track, rendition, index, offset, total = _HEADER.unpack_from(message)
    if version != VERSION:
        raise ValueError(f"version {version}")
    payload = memoryview(message)[HEADER:]
    if offset + len(payload) > total:
        raise ValueError("reaches beyond its object")
    return MediaHeader(kind, track, f"{rendition:016x}", index, offset, total), payload


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One track of a rendition. Ticks are of its own `timescale`, on MSE time (coded samples start at or after 0)."""

    index: int
    kind: Literal["video", "audio"]
    mime: str
    """With codecs, as `MediaSource.isTypeSupported` wants it; or `LEAVES`."""
    timescale: int
    init_sha256: str
    init_bytes: int
    first: int
    """MSE ticks of the first presented sample of this track."""
    width: int = 0
    """Pixels; of leaves, those of the largest one when it is upright."""
    height: int = 0
    cover: int = 0
    """Ticks: until here the picture has not begun although its first sample's time was moved down to be reachable
    (start gaps over one second stall MSE); the page shows black before it. 0 where nothing was moved."""
    shift: int = 0
    """MSE ticks minus the file's own, so that a picture can be found in the file again."""

    @property
    def leaves(self) -> bool:
        """Its fragments are pictures that stand (`LEAVES`)."""
        return self.mime == LEAVES


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One fragment in the manifest. `start` and `duration` cover its presentation times, in ticks on MSE time."""

    track: int
    index: int
    start: int
    duration: int
    bytes: int
    keyframe: bool
    """It begins with a keyframe (IDR or the codec's equivalent); always true for sound."""
    sha256: str
    pts: list[int] = []
    """Ascending presentation times of the counted frames (video only)."""
    added: list[tuple[int, int]] = []
    """Where units were added that the recording does not have: silence in the place of sound that is missing. From, to
    in ticks on MSE time; every coded unit outside of these is the recording's own."""


class ManifestRows(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a manifest: idempotent, in any order; rows are keyed by (track, index) and never change."""

    exhibit: str
    rendition: str
    origin: tuple[int, int]
    """MSE time of media time 0, in seconds, as numerator and denominator."""
    tracks: list[Track]
    rows: list[Row]
    complete: bool
    """No fragments will be added to the manifest after those counted in `counts`."""
    counts: list[int]
    """Fragments of each track that exist so far."""
    duration: float | None = None
    """Seconds of media time, once complete."""
