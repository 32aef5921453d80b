"""ISO base media file format (ISO/IEC 14496-12): reading boxes, and writing fragments ourselves. Pure.

Fragments are written here and not by a library's muxer because everything about their times matters: where they are
cut, that `tfdt` is exact, that composition offsets may be negative, that nothing in the samples is touched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Bytes = bytes | memoryview
"""Coded data; where they are large, as they lie in memory of somebody else's."""

CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf", b"dinf"))

MUXING = {
    "movflags": "empty_moov+default_base_moof+frag_custom+negative_cts_offsets",
    "use_editlist": "0",
}
"""What the library's muxer is told where it writes a header for `init_segment`."""

_SYNC = 0x02000000
"""sample_depends_on = 2: does not depend on others."""
_NOT_SYNC = 0x01010000
"""sample_depends_on = 1, sample_is_non_sync_sample."""


class Box(NamedTuple):
    """Where a box lies: `start` of its header, `body` of its content, `end`. `end` may lie beyond the data."""

    type: bytes
    start: int
    body: int
    end: int


class Sample(NamedTuple):
    """A coded sample. Times are ticks; `counted` says that it gives a picture (or sound) inside the edit list, `added`
    that it is none of the recording's own; `before` are coded units that are decoded before it and not shown, where the
    container keeps them apart; `at` is where the same data lie in the file, as far as that was looked for."""

    dts: int
    pts: int
    duration: int
    sync: bool
    counted: bool
    data: Bytes
    added: bool = False
    before: tuple[Bytes, ...] = ()
    at: int | None = None


class Malformed(ValueError):
    """Not what ISO/IEC 14496-12 says."""


def header(data: bytes | memoryview, at: int, length: int | None = None) -> Box:
    """The box whose header lies at `at`; `length` is where a box that reaches to the end of the file ends.

    Raises Malformed where it is no box or its header is cut off.
    """
    if at + 8 > len(data):
        raise Malformed("no room for a header")
    size, type_ = struct.unpack_from(">I4s", data, at)
    body = at + 8
    if size == 1:
        if at + 16 > len(data):
            raise Malformed("no room for a large size")
        (size,) = struct.unpack_from(">Q", data, at + 8)
        body = at + 16
    elif size == 0:
        size = (len(data) if length is None else length) - at
    if size < body - at:
        raise Malformed("smaller than its header")
    return Box(type_, at, body, at + size)


def boxes(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that lie side by side between start and end. Raises Malformed where one reaches beyond."""
    stop = len(data) if end is None else end
    at = start
    while at < stop:
        box = header(data, at, stop)
        if box.end > stop:
            raise Malformed(f"{box.type!r} reaches beyond its parent")
        yield box
        at = box.end


def walk(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """All boxes, those inside containers after their container."""
    for box in boxes(data, start, end):
        yield box
        if box.type in CONTAINERS:
            yield from walk(data, box.body, box.end)


def find(data: bytes | memoryview, *path: bytes, start: int = 0, end: int | None = None) -> Box | None:
    """The first box at this path."""
    for box in boxes(data, start, end):
        if box.type == path[0]:
            return box if len(path) == 1 else find(data, *path[1:], start=box.body, end=box.end)
    return None


def pack(type_: bytes, *parts: bytes) -> bytes:
    """A box around its content."""
    return _head(type_, sum(map(len, parts))) + b"".join(parts)


def _head(type_: bytes, size: int) -> bytes:
    """Of a box with so much in it."""
    if size + 8 > 0xFFFFFFFF:
        return struct.pack(">I4sQ", 1, type_, size + 16)
    return struct.pack(">I4s", size + 8, type_)


def full(type_: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags (§4.2)."""
    return pack(type_, struct.pack(">I", version << 24 | flags), *parts)


def fragment(sequence: int, samples: Sequence[Sample]) -> list[Bytes]:
    """One moof and its mdat (§8.8), of one track with id 1, in parts; ticks are of the track's timescale.

    Decoding times run on from the first sample's by the durations, so each sample's duration has to be the distance to
    the next sample's dts. Composition offsets are signed (trun version 1).
    """
    first = samples[0]
    count = len(samples)
    # tfhd: default-base-is-moof; trun: data offset, and for each sample duration, size, flags, composition offset.
    moof_size = 8 + 16 + 8 + 16 + 20 + (20 + 16 * count)
    runs = b"".join(
        struct.pack(
            ">IIIi", sample.duration, len(sample.data), _SYNC if sample.sync else _NOT_SYNC, sample.pts - sample.dts
        )
        for sample in samples
    )
    moof = pack(
        b"moof",
        full(b"mfhd", 0, 0, struct.pack(">I", sequence)),
        pack(
            b"traf",
            full(b"tfhd", 0, 0x020000, struct.pack(">I", 1)),
            full(b"tfdt", 1, 0, struct.pack(">Q", first.dts)),
            full(b"trun", 1, 0xF01, struct.pack(">Ii", count, moof_size + 8), runs),
        ),
    )
    size = sum(len(sample.data) for sample in samples)
    return [moof, _head(b"mdat", size), *(sample.data for sample in samples)]


def samples_of(data: Bytes) -> list[Sample]:
    """The samples of one fragment, as written above. `counted` is not in the boxes and always true."""
    moof, mdat = boxes(data)
    tfdt = find(data, b"moof", b"traf", b"tfdt")
    trun = find(data, b"moof", b"traf", b"trun")
    if moof.type != b"moof" or mdat.type != b"mdat" or tfdt is None or trun is None:
        raise Malformed("not a fragment")
    (dts,) = struct.unpack_from(">Q", data, tfdt.body + 4)
    flags, count, at = struct.unpack_from(">IIi", data, trun.body)
    if flags != 0x01000F01:
        raise Malformed("not a run of ours")
    found = []
    for n in range(count):
        duration, size, sample_flags, offset = struct.unpack_from(">IIIi", data, trun.body + 12 + 16 * n)
        sync = not sample_flags & 0x10000
        found.append(Sample(dts, dts + offset, duration, sync, True, data[at : at + size]))
        dts += duration
        at += size
    if at != mdat.end:
        raise Malformed("samples and mdat differ in length")
    return found


def init_segment(data: bytes, timescale: int) -> bytes:
    """An init segment of one track from what a muxer wrote as header: `ftyp` and `moov` only, our own timescale,
    track id 1, no edit list (times are all in the fragments). Raises Malformed."""
    ftyp, moov = find(data, b"ftyp"), find(data, b"moov")
    mdhd = find(data, b"moov", b"trak", b"mdia", b"mdhd")
    if ftyp is None or moov is None or mdhd is None:
        raise Malformed("no header")
    out = bytearray(data)
    # After version, flags and two dates, of 4 or 8 bytes each (§8.4.2). The duration behind it is 0 already.
    wide = out[mdhd.body] == 1
    struct.pack_into(">I", out, mdhd.body + (20 if wide else 12), timescale)
    head = bytes(out[ftyp.start : ftyp.end])
    return head + _without(bytes(out[moov.start : moov.end]), frozenset((b"edts", b"udta", b"meta")))


def _without(box: bytes, types: frozenset[bytes]) -> bytes:
    """The box with certain boxes anywhere inside taken out."""
    outer = header(box, 0)
    parts = [
        _without(box[inner.start : inner.end], types) if inner.type in CONTAINERS else box[inner.start : inner.end]
        for inner in boxes(box, outer.body, outer.end)
        if inner.type not in types
    ]
    return pack(outer.type, *parts)


def timescale_of(init: bytes) -> int:
    """The timescale of an init segment's track."""
    mdhd = find(init, b"moov", b"trak", b"mdia", b"mdhd")
    if mdhd is None:
        raise Malformed("no mdhd")
    (value,) = struct.unpack_from(">I", init, mdhd.body + (20 if init[mdhd.body] == 1 else 12))
    return int(value)
