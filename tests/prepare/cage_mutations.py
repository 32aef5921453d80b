"""Recordings that were damaged on purpose, always in the same way: which one it is says how to make it again."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Sequence

BOX = re.compile(
    rb"ftyp|moov|mvhd|trak|tkhd|edts|elst|mdia|mdhd|hdlr|minf|dinf|stbl|stsd|stts|ctts|stss|stsc|stsz|stco|co64|sbgp|sgpd"
    rb"|avc1|avcC|mp4a|esds|mvex|trex|moof|mfhd|traf|tfhd|tfdt|trun|sidx|mdat|udta|meta|LIST|JUNK|movi|idx1|strf|strh"
)
AWKWARD = (0, 1, 7, 8, 9, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000000)
"""Lengths and counts that programs stumble over."""

Chance = random.Random


def flip(data: bytearray, chance: Chance, other: bytes) -> None:
    """Bytes anywhere."""
    for _ in range(chance.choice((1, 3, 20, 200))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_index(data: bytearray, chance: Chance, other: bytes) -> None:
    """Bytes at the beginning or the end, where indexes lie."""
    reach = min(len(data), 4096)
    start = chance.choice((0, len(data) - reach))
    for _ in range(chance.choice((1, 4, 30))):
        data[start + chance.randrange(reach)] = chance.randrange(256)


def truncate(data: bytearray, chance: Chance, other: bytes) -> None:
    """Ended early."""
    del data[chance.randrange(1, len(data)) :]


def resize(data: bytearray, chance: Chance, other: bytes) -> None:
    """Boxes that say another length than they have."""
    found = [match.start() for match in BOX.finditer(data) if match.start() >= 4]
    for at in chance.sample(found, min(len(found), chance.choice((1, 2, 5)))):
        (size,) = struct.unpack_from(">I", data, at - 4)
        told = chance.choice((*AWKWARD, size + 1, max(size - 1, 0), size * 2, len(data)))
        struct.pack_into(">I", data, at - 4, told & 0xFFFFFFFF)


def count(data: bytearray, chance: Chance, other: bytes) -> None:
    """Numbers inside boxes: entries, durations, sizes of pictures."""
    found = [match.end() for match in BOX.finditer(data)] or [0]
    for _ in range(chance.choice((1, 3, 10))):
        at = chance.choice(found) + 4 * chance.randrange(12)
        if at + 4 <= len(data):
            struct.pack_into(chance.choice("<>") + "I", data, at, chance.choice(AWKWARD))


def splice(data: bytearray, chance: Chance, other: bytes) -> None:
    """Goes over into another recording."""
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


def repeat(data: bytearray, chance: Chance, other: bytes) -> None:
    """A stretch is there twice, or not at all."""
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randrange(1, 20_000))
    if chance.random() < 0.5:
        data[start:start] = data[start:end]
    else:
        del data[start:end]


WAYS: Sequence[Callable[[bytearray, Chance, bytes], None]] = (
    flip, flip_index, truncate, resize, resize, count, count, splice, repeat,
)  # fmt: skip


def mutated(files: dict[str, bytes], number: int) -> tuple[str, bytes]:
    """That one of them all, and what was done to it. Never the same as the file it came from."""
    names = sorted(files)
    chance = random.Random(f"courtcast {number}")
    name = names[number % len(names)]
    data = bytearray(files[name])
    done = []
    while not done or bytes(data) == files[name] or not data:
        data = data or bytearray(files[name])
        for _ in range(chance.choice((1, 1, 2, 3))):
            way = chance.choice(WAYS)
            way(data, chance, files[chance.choice(names)])
            done.append(way.__name__)
            if not data:
                break
    return f"{number} {name}: {', '.join(done)}", bytes(data)
