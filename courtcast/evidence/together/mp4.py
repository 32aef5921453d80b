"""Fragments of MP4 (ISO/IEC 14496-12) of one track each, as one file of all tracks.

The first file's `moov` takes in the other's `trak` under a number of its own, and the fragments (`moof`) of that track
are told the same number. Indexes say where bytes lie in the file that they came in: they are left out. All offsets
within a fragment count from its own beginning and stay as they are; fragments that count otherwise are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from courtcast.problems import Refused

MOST_HEAD = 1 << 20
"""Bytes of what all fragments share."""
MOST_FRAGMENT = 16 << 20
"""Bytes of a `moof`: 30 for each sample of an hour of sound in one."""
MOST_ROWS = 20_000
"""Of an index."""
_FIRST = frozenset((b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"free", b"skip", b"emsg", b"prft"))
_INDEXES = frozenset((b"sidx", b"ssix", b"mfra"))
_BASE_DATA_OFFSET, _VERSION_1 = 0x000001, 1


class Box(NamedTuple):
    """Where one lies."""

    type: bytes
    start: int
    body: int
    end: int


class Row(NamedTuple):
    """A stretch of a file, by its index: bytes from `start` on, and its times in seconds."""

    start: int
    length: int
    begins: Fraction
    ends: Fraction


class _Track(NamedTuple):
    """What all fragments of it share."""

    number: int
    timescale: int
    movie: bytes
    """All of `moov`."""


def looks_like(head: bytes) -> bool:
    """It is a file of this kind."""
    return head[4:8] in _FIRST


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Those that lie beside one another. Raises Refused (`link-is-stream`)."""
    end = len(data) if end is None else end
    while start < end:
        size, body = _size(data[start : start + 16])
        if size is None or start + size > end:
            raise Refused("link-is-stream")
        yield Box(data[start + 4 : start + 8], start, start + body, start + size)
        start += size


def index(data: bytes, at: int) -> list[Row] | None:
    """Of the `sidx` in `data`, which lies `at` in its file; None where there is none (ISO/IEC 14496-12 §8.16.3).

    Raises Refused (`link-is-stream`, `link-too-large`).
    """
    start = 0
    while start + 8 <= len(data):
        size, body = _size(data[start : start + 16])
        if size is None:
            return None
        if data[start + 4 : start + 8] == b"sidx":
            if start + size > len(data):
                raise Refused("link-is-stream")
            return _index(data[start + body : start + size], at + start + size)
        start += size
    return None


def _index(body: bytes, anchor: int) -> list[Row]:
    try:
        timescale = struct.unpack_from(">I", body, 8)[0]
        wide = body[0] == _VERSION_1
        earliest, first = struct.unpack_from(">QQ" if wide else ">II", body, 12)
        rows = 12 + (16 if wide else 8)
        count = struct.unpack_from(">H", body, rows + 2)[0]
        if timescale == 0 or count == 0:
            raise Refused("link-is-stream")
        if count > MOST_ROWS:
            raise Refused("link-too-large")
        found, at, begins = [], anchor + first, Fraction(earliest, timescale)
        for n in range(count):
            size, lasts = struct.unpack_from(">II", body, rows + 4 + 12 * n)
            ends = begins + Fraction(lasts, timescale)
            found.append(Row(at, size & 0x7FFFFFFF, begins, ends))
            at, begins = at + (size & 0x7FFFFFFF), ends
    except struct.error:
        raise Refused("link-is-stream") from None
    if any(row.length == 0 for row in found):
        raise Refused("link-is-stream")
    return found


class Mp4:
    """heads: what each track's fragments share. Raises Refused (`link-is-stream`, `link-protected`)."""

    def __init__(self, heads: Sequence[bytes]) -> None:
        self._tracks = [_track(head) for head in heads]
        self._numbers = [self._tracks[0].number + n for n in range(len(heads))]
        kind = next((box for box in _upper(heads[0]) if box.type == b"ftyp"), None)
        brand = b"" if kind is None else heads[0][kind.start : kind.end]
        movie = self._tracks[0].movie
        if len(heads) > 1:
            movie = _joined(movie, self._tracks[1].movie, self._numbers[1])
        self.header = brand + movie

    def piece(self, track: int, later: Fraction) -> _Through:
        """One fragment or more."""
        one = self._tracks[track]
        return _Through(one, self._numbers[track], round(later * one.timescale))

    def same(self, track: int, head: bytes) -> bool:
        """By all of `moov`. Raises Refused."""
        return _track(head).movie == self._tracks[track].movie


class _Through:
    """Of a track, under another number, and by so many ticks later."""

    def __init__(self, track: _Track, number: int, later: int) -> None:
        self._track = track
        self._number = number
        self._later = later
        self._waiting = bytearray()
        self._left = 0
        """Bytes of a box that is passed through, or passed over."""
        self._over = False
        self._begun = False

    def push(self, data: bytes) -> bytes:
        """Whole boxes of those that are looked into, the others as they come."""
        self._waiting += data
        out: list[bytes] = []
        while self._waiting:
            if self._left:
                taken = bytes(self._waiting[: self._left])
                del self._waiting[: self._left]
                self._left -= len(taken)
                if not self._over:
                    out.append(taken)
            elif not self._box(out):
                break
        return b"".join(out)

    def end(self) -> bytes:
        """Nothing is left of a piece that is whole."""
        if self._waiting or self._left:
            raise Refused("link-is-stream")
        return b""

    def _box(self, out: list[bytes]) -> bool:
        """Takes the next one, or the beginning of it; False where more of it has to come."""
        if len(self._waiting) < 16 and (len(self._waiting) < 8 or self._waiting[:4] == b"\0\0\0\1"):
            return False
        size, _ = _size(bytes(self._waiting[:16]))
        type_ = bytes(self._waiting[4:8])
        if size is None or (type_ == b"mdat" and not self._begun):
            raise Refused("link-is-stream")
        if type_ not in {b"moof", b"moov", b"ftyp"}:
            self._left, self._over = size, type_ in _INDEXES
            return True
        if size > (MOST_FRAGMENT if type_ == b"moof" else MOST_HEAD):
            raise Refused("link-is-stream")
        if len(self._waiting) < size:
            return False
        box = bytes(self._waiting[:size])
        del self._waiting[:size]
        if type_ == b"moof":
            self._begun = True
            out.append(self._fragment(bytearray(box)))
        elif type_ == b"moov" and box != self._track.movie:
            raise Refused("link-is-stream")
        return True

    def _fragment(self, data: bytearray) -> bytes:
        """ISO/IEC 14496-12 §8.8.7 and §8.8.12."""
        whole = next(boxes(bytes(data)))
        for run in boxes(bytes(data), whole.body, whole.end):
            if run.type != b"traf":
                continue
            for box in boxes(bytes(data), run.body, run.end):
                if box.type == b"tfhd":
                    flags = int.from_bytes(data[box.body : box.body + 4], "big")
                    number = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
                    if flags & _BASE_DATA_OFFSET or number != self._track.number:
                        raise Refused("link-is-stream")
                    data[box.body + 4 : box.body + 8] = self._number.to_bytes(4, "big")
                elif box.type == b"tfdt" and self._later:
                    _put_later(data, box, self._later)
                elif box.type in {b"senc", b"saiz"}:
                    raise Refused("link-protected")
        return bytes(data)


def _put_later(data: bytearray, box: Box, ticks: int) -> None:
    at, n = box.body + 4, 8 if data[box.body] == _VERSION_1 else 4
    time = int.from_bytes(data[at : at + n], "big") + ticks
    if not 0 <= time < 1 << (8 * n - 1) or box.end - at < n:
        raise Refused("link-is-stream")
    data[at : at + n] = time.to_bytes(n, "big")


def _size(head: bytes) -> tuple[int | None, int]:
    """Of a box, and of its header; None where it cannot be that."""
    if len(head) < 8:
        return None, 0
    size, body = int.from_bytes(head[:4], "big"), 8
    if size == 1:
        size, body = int.from_bytes(head[8:16], "big"), 16
    return (size, body) if body <= size < 1 << 62 else (None, 0)


def _upper(head: bytes) -> Iterator[Box]:
    """The outermost of a beginning, of which the last may not be whole."""
    start = 0
    while start + 8 <= len(head):
        size, body = _size(head[start : start + 16])
        if size is None or start + size > len(head):
            return
        yield Box(head[start + 4 : start + 8], start, start + body, start + size)
        start += size


def _track(head: bytes) -> _Track:
    found = [head[box.start : box.end] for box in _upper(head) if box.type == b"moov"]
    if len(found) != 1:
        raise Refused("link-is-stream")
    movie = found[0]
    traks = [box for box in _inside(movie) if box.type == b"trak"]
    if len(traks) != 1 or all(box.type != b"mvex" for box in _inside(movie)):
        raise Refused("link-is-stream")
    number = _word(movie, _number_at(movie, traks[0]))
    media = _child(movie, _child(movie, traks[0], b"mdia"), b"mdhd")
    timescale = _word(movie, media.body + (20 if movie[media.body] == _VERSION_1 else 12))
    if not 0 < number < 1 << 31 or timescale == 0:
        raise Refused("link-is-stream")
    if _is_protected(movie, traks[0]):
        raise Refused("link-protected")
    return _Track(number, timescale, movie)


def _is_protected(movie: bytes, trak: Box) -> bool:
    """ISO/IEC 14496-12 §8.12."""
    box = trak
    for type_ in (b"mdia", b"minf", b"stbl", b"stsd"):
        box = _child(movie, box, type_)
    return any(one.type in {b"encv", b"enca"} for one in boxes(movie, box.body + 8, box.end))


def _joined(movie: bytes, other: bytes, number: int) -> bytes:
    """The movie with the other's track beside its own."""
    rate = Fraction(_timescale(movie), _timescale(other))
    theirs = {box.type: other[box.start : box.end] for box in _inside(other) if box.type in {b"trak", b"mvex"}}
    parts: list[bytes] = []
    for box in _inside(movie):
        part = movie[box.start : box.end]
        if box.type == b"mvhd":
            part = part[:-4] + (number + 1).to_bytes(4, "big")
        elif box.type == b"trak":
            part += _renumbered(theirs[b"trak"], number, rate)
        elif box.type == b"mvex":
            extends = theirs[b"mvex"]
            rows = [
                extends[one.start : one.body + 4] + number.to_bytes(4, "big") + extends[one.body + 8 : one.end]
                for one in _inside(extends)
                if one.type == b"trex"
            ]
            part = _box(b"mvex", movie[box.body : box.end] + b"".join(rows))
        elif box.type == b"pssh":
            continue
        parts.append(part)
    return _box(b"moov", b"".join(parts))


def _renumbered(trak: bytes, number: int, rate: Fraction) -> bytes:
    """Under that number; rate: ticks of the movie that takes it in for one of its own."""
    data, whole = bytearray(trak), next(boxes(trak))
    at = _number_at(trak, whole)
    data[at : at + 4] = number.to_bytes(4, "big")
    head = _child(trak, whole, b"tkhd")
    wide = trak[head.body] == _VERSION_1
    _scale(data, at + 8, 8 if wide else 4, rate)
    for edits in (box for box in boxes(trak, whole.body, whole.end) if box.type == b"edts"):
        lists = _child(trak, edits, b"elst")
        wide = trak[lists.body] == _VERSION_1
        step = 20 if wide else 12
        for n in range(min(_word(trak, lists.body + 4), (lists.end - lists.body - 8) // step)):
            _scale(data, lists.body + 8 + n * step, 8 if wide else 4, rate)
    return bytes(data)


def _scale(data: bytearray, at: int, n: int, rate: Fraction) -> None:
    """A duration, unless it says that it is not known."""
    ticks = int.from_bytes(data[at : at + n], "big")
    if rate == 1 or ticks in {0, (1 << 8 * n) - 1}:
        return
    scaled = round(ticks * rate)
    if len(data) < at + n or scaled >= 1 << 8 * n:
        raise Refused("link-is-stream")
    data[at : at + n] = scaled.to_bytes(n, "big")


def _timescale(movie: bytes) -> int:
    head = next((box for box in _inside(movie) if box.type == b"mvhd"), None)
    if head is None:
        raise Refused("link-is-stream")
    timescale = _word(movie, head.body + (20 if movie[head.body] == _VERSION_1 else 12))
    if timescale == 0:
        raise Refused("link-is-stream")
    return timescale


def _inside(movie: bytes) -> Iterator[Box]:
    whole = next(boxes(movie))
    return boxes(movie, whole.body, whole.end)


def _child(data: bytes, parent: Box, type_: bytes) -> Box:
    for box in boxes(data, parent.body, parent.end):
        if box.type == type_ and box.end - box.body >= 8:
            return box
    raise Refused("link-is-stream")


def _number_at(data: bytes, trak: Box) -> int:
    head = _child(data, trak, b"tkhd")
    return head.body + (20 if data[head.body] == _VERSION_1 else 12)


def _word(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise Refused("link-is-stream")
    return int.from_bytes(data[at : at + 4], "big")


def _box(type_: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + type_ + body
