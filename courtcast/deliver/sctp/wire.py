"""Bytes of the two chunks that matter for speed: DATA going out, SACK coming in (RFC 9260 §3.3.1, §3.3.4).

Everything else is left to aiortc. TSNs are widened: inside, a chunk's number never wraps; on the wire it is the number
modulo 2³² (RFC 9260 §1.6 compares them by serial arithmetic, RFC 1982).
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

COMMON_HEADER: Final = 12
DATA_HEADER: Final = 16
CHUNK_MOST: Final = 1160
"""User data in one packet: what fits the least MTU of IPv6 with UDP and DTLS around it, as aiortc and Chromium reckon
(1189 bytes of SCTP), rounded down to four."""
PACKET_MOST: Final = COMMON_HEADER + DATA_HEADER + CHUNK_MOST
OVERHEAD: Final = COMMON_HEADER + DATA_HEADER

BEGIN: Final = 0x02
END: Final = 0x01
SACK: Final = 3

TSN_SPACE: Final = 1 << 32
TSN_HALF: Final = 1 << 31

GAPS_MOST: Final = 512
"""Gap blocks that are read of one SACK: more do not fit a packet that a line carries."""

_DATA = struct.Struct("!BBHLHHL")
_SACK = struct.Struct("!LLHH")
_CHUNK = struct.Struct("!BBH")


_PARAMETERS_AFTER: Final = {1: 16, 2: 16, 4: 0, 5: 0, 6: 0, 9: 0, 130: 0}
"""Kinds of chunk that hold parameters (or causes, which look alike), and after how many bytes."""


class Sack(NamedTuple):
    """One SACK, in numbers that do not wrap."""

    cumulative: int
    window: int
    """Bytes that the other side still takes (a_rwnd)."""
    gaps: tuple[tuple[int, int], ...]
    """First and last of each block, ascending, apart from one another."""
    duplicates: int
    """How many chunks it got once more than it needed."""


def data_chunk(flags: int, tsn: int, stream: int, sequence: int, protocol: int, data: bytes) -> bytes:  # noqa: PLR0917
    """A DATA chunk, padded to four bytes."""
    length = DATA_HEADER + len(data)
    chunk = _DATA.pack(0, flags, length, tsn & 0xFFFFFFFF, stream, sequence, protocol) + data
    return chunk if not length % 4 else chunk + bytes(-length % 4)


def sack_of(packet: bytes) -> bytes | None:
    """The body of the last SACK of a packet in which there is nothing but SACKs; None for every other packet.

    The checksum is the caller's affair.
    """
    at, end, body = COMMON_HEADER, len(packet), None
    while at + 4 <= end:
        kind, _, length = _CHUNK.unpack_from(packet, at)
        if kind != SACK or length < 16 or at + length > end:
            return None
        body = packet[at + 4 : at + length]
        at += length + -length % 4
    return body if at >= end else None


def sound(packet: bytes) -> bool:
    """Every chunk and every parameter in it has a length that leads on (RFC 9260 §3.2, §3.2.1).

    aiortc's reader of parameters would turn for ever around one whose length is 0.
    """
    at, end = COMMON_HEADER, len(packet)
    while at + 4 <= end:
        kind, _, length = _CHUNK.unpack_from(packet, at)
        if length < 4 or at + length > end:
            return False
        skip = _PARAMETERS_AFTER.get(kind)
        if skip is not None:
            inner, stop = at + 4 + skip, at + length
            while inner + 4 <= stop:
                size = packet[inner + 2] << 8 | packet[inner + 3]
                if size < 4 or inner + size > stop:
                    return False
                inner += size + -size % 4
        at += length + -length % 4
    return True


def widen(tsn: int, near: int) -> int:
    """The number whose lower 32 bits are `tsn`, and that is nearest to `near`."""
    return near + ((tsn - near + TSN_HALF) & 0xFFFFFFFF) - TSN_HALF


def read_sack(body: bytes, near: int) -> Sack | None:
    """A SACK chunk without its header; `near` is a number close to its cumulative TSN. None where it is malformed."""
    if len(body) < _SACK.size:
        return None
    cumulative, window, gaps, duplicates = _SACK.unpack_from(body)
    if len(body) < _SACK.size + 4 * (gaps + duplicates) or gaps > GAPS_MOST:
        return None
    base = widen(cumulative, near)
    if not gaps:
        return Sack(base, window, (), duplicates)
    numbers = struct.unpack_from(f"!{2 * gaps}H", body, _SACK.size)
    blocks: list[tuple[int, int]] = []
    last = 0
    for at in range(0, 2 * gaps, 2):
        first, end = numbers[at], numbers[at + 1]
        # Ascending and apart, the first not next to the cumulative TSN: else a stack would have joined them.
        if first < last + 2 or end < first:
            return None
        blocks.append((base + first, base + end))
        last = end
    return Sack(base, window, tuple(blocks), duplicates)
