"""Whether a file is all there, by its outermost structure: looked at when all of it was read. Runs in the child.

Only headers are read. What cannot be told says nothing.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from courtcast.prepare import boxes
from courtcast.prepare.kinds import ISO, ISO_FIRST, MATROSKA, Kind, Readable, part

_HEAD = 64 * 1024
_MOST = 200_000
"""Headers that are looked at."""
_SEGMENT, _CLUSTER, _CUES = 0x18538067, 0x1F43B675, 0x1C53BB6B
"""Matroska's (RFC 9559 §5.1)."""


class Whole(NamedTuple):
    """What is missing."""

    cut: bool = False
    """What the file announces reaches beyond its end."""
    no_index: bool = False
    """It has no index where its kind has one."""


def look(file: Readable, length: int, kind: Kind) -> Whole:
    """`length`: of the file, bytes."""
    if kind.demuxer == ISO:
        return _iso(file, length)
    if kind.demuxer in ("avi", "wav"):
        return _riff(file, length, indexed=kind.demuxer == "avi")
    if kind.demuxer == MATROSKA:
        return _matroska(file, length)
    return Whole()


def _iso(file: Readable, length: int) -> Whole:
    at = 0
    for _ in range(_MOST):
        if at >= length:
            break
        try:
            box = boxes.header(part(file, at, 16), 0)
        except boxes.Malformed:
            return Whole()
        if box.type not in ISO_FIRST:
            return Whole()  # something else was appended
        if part(file, at, 4) == b"\0\0\0\0":
            break  # up to the end of the file
        at += box.end
    return Whole(cut=at > length)


def _riff(file: Readable, length: int, *, indexed: bool) -> Whole:
    head = part(file, 0, _HEAD)
    if len(head) < 12:
        return Whole()
    (size,) = struct.unpack_from("<I", head, 4)
    known = size not in (0, 0xFFFFFFFF)
    cut = known and 8 + size > length + 1
    if not indexed or b"indx" in head:
        return Whole(cut=cut)
    at = 12
    for _ in range(_MOST):
        header = part(file, at, 8)
        if len(header) < 8:
            return Whole(cut=cut, no_index=True)
        if header[:4] == b"idx1":
            return Whole(cut=cut)
        (size,) = struct.unpack_from("<I", header, 4)
        at += 8 + size + size % 2
    return Whole(cut=cut)


def _matroska(file: Readable, length: int) -> Whole:
    at, end = 0, length
    inside = cut = False
    referred = _CUES.to_bytes(4, "big") in part(file, 0, _HEAD)
    for _ in range(_MOST):
        if at >= end:
            break
        found = _element(part(file, at, 12))
        if found is None:
            break
        id_, header, size = found
        if id_ == _SEGMENT and not inside:
            inside = True
            cut = size is not None and at + header + size > length
            at += header
            continue
        if inside and (id_ == _CUES or referred):
            return Whole(cut=cut)
        if size is None:
            break  # of a stream that was recorded as it came; it has what it refers to, which is nothing
        at += header + size
        cut = cut or (id_ == _CLUSTER and at > length)
    return Whole(cut=cut, no_index=inside)


def _element(head: bytes) -> tuple[int, int, int | None] | None:
    """Id, bytes of the header, and size (None: not known) of an EBML element (RFC 8794 §6)."""
    if len(head) < 2 or not head[0]:
        return None
    width = 9 - head[0].bit_length()
    if width > 4 or len(head) <= width or not head[width]:
        return None
    count = 9 - head[width].bit_length()
    if len(head) < width + count:
        return None
    size = int.from_bytes(head[width : width + count], "big") & ((1 << 7 * count) - 1)
    return int.from_bytes(head[:width], "big"), width + count, None if size == (1 << 7 * count) - 1 else size
