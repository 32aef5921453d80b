"""MPEG-TS (ISO/IEC 13818-1) of picture and of sound, as one program.

The picture's packets stay as they are, but for those of its map (PMT), which takes in the sound. The sound's streams
get numbers (PID) that the picture does not use; its own tables are left out. A map has to fit into one packet, which it
does with a dozen streams, and may not change on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from courtcast.problems import Refused

PACKET = 188
SYNC = 0x47
_START, _PAYLOAD, _ADAPTED = 0x40, 0x10, 0x20
_FREE = range(0x200, 0x1FFB)
"""PIDs that none of the tables has."""
_SOUNDS = frozenset((0x03, 0x04, 0x0F, 0x11, 0x81, 0x87, 0xC1, 0xC2))
"""Stream types: MPEG audio, AAC, AC-3 and its successor, as HLS has them."""
_MOVIE_TABLE = 0x02
_SCRAMBLED = 0x40
ADTS = 0x0F


class Entry(NamedTuple):
    """Of a stream in a map."""

    type: int
    pid: int
    more: bytes
    """Length and descriptors."""

    def written(self) -> bytes:
        """As maps have it."""
        return bytes((self.type, 0xE0 | self.pid >> 8, self.pid & 0xFF)) + self.more


class Program(NamedTuple):
    """What the tables at the beginning say."""

    pid: int
    """Of the map."""
    map: bytes
    """Without its checksum."""
    packet: bytes
    """That has the table of programs."""
    entries: list[Entry]

    @property
    def clock(self) -> int:
        """PID of the packets that have it."""
        return (self.map[8] & 0x1F) << 8 | self.map[9]


def looks_like(head: bytes) -> bool:
    """Packets of this kind, from the first byte on."""
    return len(head) > PACKET and head[0] == head[PACKET] == SYNC


class Ts:
    """Raises Refused (`link-is-stream`, `link-protected`)."""

    def __init__(self, picture: bytes, sound: bytes) -> None:
        self._picture, self._sound = program(picture), program(sound)
        heard = [entry for entry in self._sound.entries if entry.type in _SOUNDS]
        if not heard:
            raise Refused("link-is-stream")
        self._merged = Merged(self._picture, heard)
        self.header = self._merged.header

    def piece(self, track: int, later: Fraction) -> Packets:
        """Of picture or sound."""
        if later:
            raise Refused("link-is-stream")
        return _Seen(self._merged) if track == 0 else _Heard(self._sound, self._merged.numbers)

    def same(self, track: int, head: bytes) -> bool:
        """By its map. Raises Refused."""
        return program(head).map == (self._picture, self._sound)[track].map


class Merged:
    """The picture's program with streams beside it."""

    def __init__(self, picture: Program, beside: list[Entry]) -> None:
        self.picture = picture
        taken = {picture.pid, picture.clock, *(entry.pid for entry in picture.entries)}
        free = (pid for pid in _FREE if pid not in taken)
        self.numbers = {entry.pid: next(free) for entry in beside}
        """PIDs as they were, and as they are now."""
        added = b"".join(entry._replace(pid=self.numbers[entry.pid]).written() for entry in beside)
        self._map = _section(picture.map + added)
        if len(self._map) > PACKET - 5:
            raise Refused("link-is-stream")
        self.header = picture.packet + self.packet(0)

    def packet(self, count: int) -> bytes:
        """That has the map. count: its continuity counter"""
        head = bytes((SYNC, _START | self.picture.pid >> 8, self.picture.pid & 0xFF, _PAYLOAD | count, 0))
        return (head + self._map).ljust(PACKET, b"\xff")

    def piece(self) -> Packets:
        """Of the picture."""
        return _Seen(self)


class Packets:
    """A piece of packets. Raises Refused (`link-is-stream`, `link-protected`) from all that it does."""

    def __init__(self) -> None:
        self._waiting = b""

    def push(self, data: bytes) -> bytes:
        """Those that are there."""
        data = self._waiting + data
        whole = len(data) // PACKET * PACKET
        self._waiting = data[whole:]
        if data[:whole:PACKET].strip(b"\x47"):
            raise Refused("link-is-stream")
        if whole and max(data[3:whole:PACKET]) >= _SCRAMBLED:
            raise Refused("link-protected")
        return self._through(data[:whole]) if whole else b""

    def end(self) -> bytes:
        """A packet that is not whole is of no use to anybody."""
        if self._waiting:
            raise Refused("link-is-stream")
        return b""

    def _through(self, data: bytes) -> bytes:
        raise NotImplementedError


class _Seen(Packets):
    def __init__(self, merged: Merged) -> None:
        super().__init__()
        self._merged = merged

    def _through(self, data: bytes) -> bytes:
        pid = self._merged.picture.pid
        high, low = data[1::PACKET], data[2::PACKET]
        out, done, n = [], 0, low.find(pid & 0xFF)
        while n >= 0:
            at = n * PACKET
            if high[n] & 0x1F == pid >> 8:
                packet = data[at : at + PACKET]
                if packet[3] & _PAYLOAD:
                    if _map(packet) != self._merged.picture.map:
                        raise Refused("link-is-stream")
                    out += [data[done:at], self._merged.packet(packet[3] & 0x0F)]
                    done = at + PACKET
            n = low.find(pid & 0xFF, n + 1)
        return b"".join([*out, data[done:]])


class _Heard(Packets):
    def __init__(self, sound: Program, numbers: dict[int, int]) -> None:
        super().__init__()
        self._sound = sound
        self._numbers = numbers

    def _through(self, data: bytes) -> bytes:
        out = bytearray()
        for at in range(0, len(data), PACKET):
            pid = (data[at + 1] & 0x1F) << 8 | data[at + 2]
            if (now := self._numbers.get(pid)) is not None:
                out += bytes((SYNC, data[at + 1] & 0xE0 | now >> 8, now & 0xFF)) + data[at + 3 : at + PACKET]
                continue
            table = pid == self._sound.pid and data[at + 3] & _PAYLOAD
            if table and _map(data[at : at + PACKET]) != self._sound.map:
                raise Refused("link-is-stream")
        return bytes(out)


def program(data: bytes) -> Program:
    """The only one. Raises Refused (`link-is-stream`)."""
    table, pid = b"", -1
    for packet in _packets(data):
        number = (packet[1] & 0x1F) << 8 | packet[2]
        if number == 0 and pid < 0:
            section = _inside(packet, 0)
            found = [section[n : n + 4] for n in range(8, len(section), 4)]
            programs = [(one[2] & 0x1F) << 8 | one[3] for one in found if len(one) == 4 and one[:2] != b"\0\0"]
            if len(programs) != 1:
                raise Refused("link-is-stream")
            table, pid = packet, programs[0]
        elif number == pid:
            section = _map(packet)
            return Program(pid, section, table, list(_entries(section)))
    raise Refused("link-is-stream")


def _packets(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data) - PACKET + 1, PACKET):
        if data[at] != SYNC:
            raise Refused("link-is-stream")
        yield data[at : at + PACKET]


def _map(packet: bytes) -> bytes:
    return _inside(packet, _MOVIE_TABLE)


def _inside(packet: bytes, table: int) -> bytes:
    """The section that begins, and ends, in the packet; without its checksum (§2.4.4)."""
    at = 5 + packet[4] if packet[3] & _ADAPTED else 4
    if not packet[1] & _START or at >= PACKET:
        raise Refused("link-is-stream")
    at += 1 + packet[at]
    if at + 3 > PACKET or packet[at] != table:
        raise Refused("link-is-stream")
    end = at + 3 + ((packet[at + 1] & 0x0F) << 8 | packet[at + 2])
    if end > PACKET or end - at < 16 - 4 * (table == 0):
        raise Refused("link-is-stream")
    return packet[at : end - 4]


def _entries(section: bytes) -> Iterator[Entry]:
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at < len(section):
        if at + 5 > len(section):
            raise Refused("link-is-stream")
        end = at + 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
        if end > len(section):
            raise Refused("link-is-stream")
        yield Entry(section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2], section[at + 3 : end])
        at = end


def _section(section: bytes) -> bytes:
    """With its length and checksum."""
    length = len(section) - 3 + 4
    written = bytes((section[0], section[1] & 0xF0 | length >> 8, length & 0xFF)) + section[3:]
    return written + _checksum(written).to_bytes(4, "big")


def _checksum(data: bytes) -> int:
    """CRC-32 of ISO/IEC 13818-1, annex A."""
    rest = 0xFFFFFFFF
    for byte in data:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C11DB7 if rest & 0x80000000 else 0)) & 0xFFFFFFFF
    return rest
