"""The first picture of a fragment in WebM, as `clusters` writes them, as a cluster of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_CLUSTER: Final = b"\x1f\x43\xb6\x75"
_TIMESTAMP, _GROUP, _BLOCK = 0xE7, 0xA0, 0xA1


class _Element(NamedTuple):
    id: int
    start: int
    """Of its head."""
    data: int
    end: int


def head(fragment: bytes) -> bytes:
    """Where it begins with pictures that are decoded for others and never shown, these too.

    Raises ValueError for what `clusters` never writes.
    """
    if not fragment.startswith(_CLUSTER):
        raise ValueError("not a cluster")
    _, at = _size(fragment, len(_CLUSTER))
    kept, first = bytearray(), None
    for one in _elements(fragment, at):
        if one.id == _GROUP:
            time = _time(fragment, one)
            if first is not None and time != first:
                break
            first = time
        elif one.id != _TIMESTAMP:
            break
        kept += fragment[one.start : one.end]
    return _CLUSTER + (len(kept) | 1 << 56).to_bytes(8, "big") + kept


def _time(data: bytes, group: _Element) -> bytes:
    """Of a group's block: its distance from the cluster's, in two bytes behind the number of its track."""
    block = next((one for one in _elements(data, group.data, group.end) if one.id == _BLOCK), None)
    if block is None:
        raise ValueError("a group without a block")
    return data[block.data + 1 : block.data + 3]


def _elements(data: bytes, at: int, end: int | None = None) -> Iterator[_Element]:
    """One behind the other; all that are met here have an id of one byte, but the next cluster."""
    while at < (len(data) if end is None else end):
        if data.startswith(_CLUSTER, at):
            return
        size, start = _size(data, at + 1)
        if start + size > len(data):
            raise ValueError("it is cut off")
        yield _Element(data[at], at, start, start + size)
        at = start + size


def _size(data: bytes, at: int) -> tuple[int, int]:
    """A size (RFC 8794 §4), and where what it is of begins."""
    if at >= len(data) or not data[at]:
        raise ValueError("not a size")
    width = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1), at + width
