"""WebM (Matroska, RFC 9559, in EBML, RFC 8794): an init segment and fragments of one track of VP8. Pure.

Browsers take VP8 in WebM only. A fragment is one cluster or more, of block groups: these say how long a picture is
shown, which simple blocks leave to be guessed. All sizes are known, so that a fragment is whole by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from courtcast.prepare.boxes import Bytes, Sample

MIME = 'video/webm; codecs="vp8"'

_HEAD, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_ENTRY, _VIDEO, _COLOUR = 0xAE, 0xE0, 0x55B0
_TIMESTAMP, _GROUP, _BLOCK, _DURATION, _REFERENCE = 0xE7, 0xA0, 0xA1, 0x9B, 0xFB
_SCALE = 0x2AD7B1
_UNKNOWN = b"\x01" + b"\xff" * 7
"""Size of the segment: it ends where the last fragment does."""
_FAR = 0x7FFF
"""Ticks: a block says how far it lies behind its cluster in 16 bits, with a sign."""
_BILLION = 1_000_000_000
_FINE = 1_000
"""Nanoseconds in a tick where the track's own is no whole number of them: browsers count microseconds."""
_NO_MATRIX, _NO_RANGE = 2, 0
"""What says nothing (ITU-T H.273 §8.3), or is left out."""


class Form(NamedTuple):
    """What a track of pictures is, as its file says."""

    width: int
    height: int
    aspect: Fraction = Fraction(1)
    """Of a pixel."""
    matrix: int = _NO_MATRIX
    transfer: int = _NO_MATRIX
    primaries: int = _NO_MATRIX
    """As ITU-T H.273 has them."""
    range: int = _NO_RANGE
    """1 for 16 to 235, 2 for 0 to 255."""


def is_webm(data: bytes) -> bool:
    """Whether an init segment is one of these."""
    return data.startswith(struct.pack(">I", _HEAD))


def init_segment(form: Form, timescale: int) -> bytes:
    """The head of the file: everything before its clusters."""
    head = _element(
        _HEAD,
        _number(0x4286, 1),  # EBMLVersion
        _number(0x42F7, 1),  # EBMLReadVersion
        _number(0x42F2, 4),  # EBMLMaxIDLength
        _number(0x42F3, 8),  # EBMLMaxSizeLength
        _element(0x4282, b"webm"),
        _number(0x4287, 4),  # DocTypeVersion
        _number(0x4285, 2),  # DocTypeReadVersion
    )
    info = _element(
        _INFO, _number(_SCALE, _nanoseconds(timescale)), _element(0x4D80, b"courtcast"), _element(0x5741, b"courtcast")
    )
    entry = _element(
        _ENTRY,
        _number(0xD7, 1),  # TrackNumber
        _number(0x73C5, 1),  # TrackUID
        _number(0x83, 1),  # TrackType: video
        _number(0x9C, 0),  # FlagLacing
        _element(0x86, b"V_VP8"),
        _video(form),
    )
    return head + _id(_SEGMENT) + _UNKNOWN + info + _element(_TRACKS, entry)


def fragment(samples: Sequence[Sample], timescale: int) -> bytes:
    """These samples, in the order of decoding. Ticks are of the track's timescale. What is decoded and not shown goes
    before what is, with the same time: browsers take both."""
    unit = _nanoseconds(timescale)
    parts: list[bytes] = []
    blocks: list[bytes] = []
    begun = 0
    for at, duration, sample in _timed(samples, timescale, unit):
        if not blocks or not -_FAR <= at - begun <= _FAR:
            parts += _cluster(begun, blocks)
            begun, blocks = at, []
        units = (*sample.before, sample.data)
        blocks += [_group(at - begun, duration, unit, key=sample.sync and not n) for n, unit in enumerate(units)]
    return b"".join((*parts, *_cluster(begun, blocks)))


def _timed(samples: Sequence[Sample], timescale: int, unit: int) -> Iterator[tuple[int, int, Sample]]:
    """When each is shown, and for how long, in ticks of the file."""

    def ticks(value: int) -> int:
        return round(Fraction(value * _BILLION, timescale * unit))

    for sample in samples:
        at = ticks(sample.pts)
        yield at, ticks(sample.pts + sample.duration) - at, sample


def _nanoseconds(timescale: int) -> int:
    """Of a tick in the file."""
    whole, rest = divmod(_BILLION, timescale)
    return _FINE if rest else whole


def _cluster(at: int, blocks: list[bytes]) -> list[bytes]:
    return [_element(_CLUSTER, _number(_TIMESTAMP, at), *blocks)] if blocks else []


def _group(after: int, duration: int, unit: Bytes, *, key: bool) -> bytes:
    # Track number, distance from the cluster's time, no flags (no lacing).
    block = _element(_BLOCK, struct.pack(">BhB", 0x81, after, 0), unit)
    parts = [block, _number(_DURATION, max(duration, 0))]
    if not key:
        parts.append(_element(_REFERENCE, struct.pack(">b", -1)))
    return _element(_GROUP, *parts)


def _video(form: Form) -> bytes:
    parts = [_number(0xB0, form.width), _number(0xBA, form.height)]
    if form.aspect != 1 and form.aspect > 0:
        wide, high = Fraction(form.width), Fraction(form.height)
        wide, high = (wide * form.aspect, high) if form.aspect > 1 else (wide, high / form.aspect)
        parts += [_number(0x54B0, round(wide)), _number(0x54BA, round(high))]
    said = [
        (0x55B1, form.matrix, _NO_MATRIX),
        (0x55B9, form.range, _NO_RANGE),
        (0x55BA, form.transfer, _NO_MATRIX),
        (0x55BB, form.primaries, _NO_MATRIX),
    ]
    if colours := [_number(id_, value) for id_, value, nothing in said if value != nothing]:
        parts.append(_element(_COLOUR, *colours))
    return _element(_VIDEO, *parts)


def _id(id_: int) -> bytes:
    return id_.to_bytes((id_.bit_length() + 7) // 8, "big")


def _element(id_: int, *parts: Bytes) -> bytes:
    """With its size in as few bytes as hold it; all ones would mean that it is not known (RFC 8794 §6)."""
    size = sum(map(len, parts))
    width = next(n for n in range(1, 9) if size < (1 << 7 * n) - 1)
    return b"".join((_id(id_), (size | 1 << 7 * width).to_bytes(width, "big"), *parts))


def _number(id_: int, value: int) -> bytes:
    return _element(id_, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
