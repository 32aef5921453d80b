"""Files that ask for too much: too many pictures, pixels, streams, or pictures in a second. Small on the disk, all of them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av


def gif(width: int, height: int, pictures: int, *, hundredths: int = 2) -> bytes:
    """An animation of which each picture changes one pixel."""
    out = bytearray(b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes((200, 30, 30, 30, 60, 200)))
    for number in range(pictures):
        x, y = number % width, number // width % height
        out += b"\x21\xf9\x04\x04" + struct.pack("<H", hundredths) + b"\0\0"
        out += b"\x2c" + struct.pack("<HHHH", x, y, 1, 1) + b"\0\2\2" + (b"\x4c\1\0" if number & 1 else b"\x44\1\0")
    return bytes(out + b";")


def png(width: int, height: int, *, moves: bool = False) -> bytes:
    """Black, with one bit for each pixel, and all of it is there: a thousandth of its size as a file."""
    line, packed = bytes(1 + (width + 7) // 8), zlib.compressobj(9)
    parts = [packed.compress(line * 64) for _ in range(height // 64)]
    data = b"".join((*parts, packed.compress(line * (height % 64)), packed.flush()))
    out = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    if moves:
        out += _chunk(b"acTL", struct.pack(">II", 2, 0))
        out += _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, 0, 0, 1, 10, 0, 0))
    return out + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(width: int, height: int) -> bytes:
    """Whose head says that it is so large; of its pixels next to nothing is there."""
    strip = 100
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
        (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, strip),
    ]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8 + strip) + bytes(strip) + struct.pack("<H", len(entries)) + table + bytes(4)


def film(
    path: Path,
    *,
    pictures: int = 20,
    at: Callable[[int], int] = lambda number: number,
    base: Fraction = Fraction(1, 25),
    sounds: int = 0,
) -> Path:
    """Pictures that are shown `at` times in `base`; `sounds`: streams of sound that hold nothing."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        for _ in range(sounds):
            out.add_stream("aac" if path.suffix == ".mp4" else "pcm_s16le", rate=8000)
        for number in range(pictures):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes((number * 9 % 256,)) * plane.buffer_size)
            frame.pts, frame.time_base = at(number), base
            out.mux(stream.encode(frame))
        out.start_encoding()
        out.mux(stream.encode())
    return path


def many_in_mp4(path: Path, many: int) -> Path:
    """Its one stream, so many times: the index lies behind the samples, so nothing else moves."""
    data = film(path, pictures=3).read_bytes()
    at = data.index(b"moov") - 4
    index = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    start = index.index(b"trak") - 4
    end = start + int.from_bytes(index[start : start + 4], "big")
    inside = index[8:start] + index[start:end] * many + index[end:]
    path.write_bytes(data[:at] + struct.pack(">I", 8 + len(inside)) + b"moov" + inside + data[at + len(index) :])
    return path


def many_in_mkv(path: Path, many: int) -> Path:
    """Streams of sound, of which none holds anything."""
    entries = b"".join(
        _element(
            b"\xae",
            _element(b"\xd7", number.to_bytes(3, "big"))
            + _element(b"\x73\xc5", number.to_bytes(3, "big"))
            + _element(b"\x83", b"\2")
            + _element(b"\x86", b"A_PCM/INT/LIT"),
        )
        for number in range(1, many + 1)
    )
    head = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"matroska"))
    tracks = _element(b"\x16\x54\xae\x6b", entries)
    cluster = _element(b"\x1f\x43\xb6\x75", _element(b"\xe7", b"\0"))
    path.write_bytes(head + _element(b"\x18\x53\x80\x67", tracks + cluster))
    return path


def _element(id_: bytes, data: bytes) -> bytes:
    return id_ + (len(data) | 1 << 56).to_bytes(8, "big") + data
