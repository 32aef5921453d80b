"""AAC that comes as nothing but its frames (ADTS, RFC 8216 §3.4), put beside the picture's MPEG-TS.

When the first frame of a piece is heard stands before it, in an ID3 tag, on the clock of the picture's packets; where
it does not, nobody can say what belongs together, and the piece is refused. Each frame goes into packets as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from courtcast.evidence.together.ts import ADTS, PACKET, SYNC, Entry, Merged, Packets, program
from courtcast.problems import Refused

_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"
_CLOCK = 90_000
_ROUND = 1 << 33
_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_SAMPLES = 1024
_PID = 0x200
"""Until it is known which ones the picture uses."""
MOST_TAG = 64 << 10
"""Bytes."""


def looks_like(head: bytes) -> bool:
    """A tag, or a frame."""
    return head[:3] == b"ID3" or _is_frame(head)


class Packed:
    """Raises Refused (`link-is-stream`)."""

    def __init__(self, picture: bytes, sound: bytes) -> None:
        tag = _tag(sound)
        if tag is None or _time(sound[:tag]) is None or not _is_frame(sound[tag:]):
            raise Refused("link-is-stream")
        self._merged = Merged(program(picture), [Entry(ADTS, _PID, b"\xf0\x00")])
        self.header = self._merged.header

    def piece(self, track: int, later: Fraction) -> Packets | _Frames:
        """Of picture or sound."""
        if later:
            raise Refused("link-is-stream")
        return self._merged.piece() if track == 0 else _Frames(self._merged.numbers[_PID])

    def same(self, track: int, head: bytes) -> bool:
        """Frames say themselves what they are. Raises Refused."""
        return track == 1 or program(head).map == self._merged.picture.map


class _Frames:
    """Those of a piece, into packets."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._waiting = b""
        self._begins: int | None = None
        self._samples = Fraction(0)
        """Ticks since then."""
        self._count = 0

    def push(self, data: bytes) -> bytes:
        """Those that are whole."""
        self._waiting += data
        if self._begins is None:
            tag = _tag(self._waiting)
            if tag is None:
                return b""
            self._begins = _time(self._waiting[:tag])
            if self._begins is None:
                raise Refused("link-is-stream")
            self._waiting = self._waiting[tag:]
        out, at = [], 0
        while len(self._waiting) - at >= 7:
            head = self._waiting[at : at + 7]
            length = (head[3] & 0x03) << 11 | head[4] << 3 | head[5] >> 5
            rate = head[2] >> 2 & 0x0F
            if not _is_frame(head) or length < 7 or rate >= len(_RATES):
                raise Refused("link-is-stream")
            if len(self._waiting) - at < length:
                break
            time = (self._begins + round(self._samples)) % _ROUND
            out.append(self._packets(self._waiting[at : at + length], time))
            self._samples += Fraction(_SAMPLES * (1 + (head[6] & 0x03)) * _CLOCK, _RATES[rate])
            at += length
        self._waiting = self._waiting[at:]
        return b"".join(out)

    def end(self) -> bytes:
        """Nothing is left of a piece that is whole."""
        if self._waiting or self._begins is None:
            raise Refused("link-is-stream")
        return b""

    def _packets(self, frame: bytes, time: int) -> bytes:
        """ISO/IEC 13818-1 §2.4.3.6: one frame, and when it is heard."""
        stamp = (
            0x21 | time >> 29 & 0x0E,
            time >> 22 & 0xFF,
            0x01 | time >> 14 & 0xFE,
            time >> 7 & 0xFF,
            0x01 | time << 1 & 0xFE,
        )
        data = b"\0\0\1\xc0" + (8 + len(frame)).to_bytes(2, "big") + bytes((0x80, 0x80, 5, *stamp)) + frame
        return b"".join(self._cut(data))

    def _cut(self, data: bytes) -> Iterator[bytes]:
        first = True
        while data:
            fresh = first and self._count == 0  # of the counter: it begins anew with each piece, and that is said
            room = PACKET - 4 - 2 * fresh
            taken, data = data[:room], data[room:]
            lacking = PACKET - 4 - len(taken)
            adapted = b""
            if lacking:
                flags = bytes((0x80 if fresh else 0,)) if lacking > 1 else b""
                adapted = (bytes((lacking - 1,)) + flags).ljust(lacking, b"\xff")
            head = (
                SYNC,
                (0x40 if first else 0) | self._pid >> 8,
                self._pid & 0xFF,
                (0x30 if lacking else 0x10) | self._count % 16,
            )
            yield bytes(head) + adapted + taken
            self._count += 1
            first = False


def _is_frame(head: bytes) -> bool:
    return len(head) >= 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _tag(data: bytes) -> int | None:
    """Where the tags at the beginning end; None while that has not come. Raises Refused."""
    at = 0
    while data[at : at + 3] == b"ID3"[: len(data) - at]:
        if len(data) < at + 10:
            return None
        at += 10 + _seven_bits(data[at + 6 : at + 10])
        if at > MOST_TAG:
            raise Refused("link-is-stream")
        if len(data) <= at:
            return None
    return at


def _time(tags: bytes) -> int | None:
    """On the clock of the packets; None where that is not said."""
    at = tags.find(_OWNER)
    stamp = tags[at + len(_OWNER) : at + len(_OWNER) + 8]
    return int.from_bytes(stamp, "big") % _ROUND if at >= 0 and len(stamp) == 8 else None


def _seven_bits(data: bytes) -> int:
    """ID3v2 §6.2."""
    found = 0
    for byte in data:
        found = found << 7 | byte & 0x7F
    return found
