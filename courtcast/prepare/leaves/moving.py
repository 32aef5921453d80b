"""Animated WebP is read as a recording: as an animated PNG of the same pictures, each with its own time. In the child.

FFmpeg reads no animated WebP, so what decodes it here (libwebp) hands its pictures on, and nothing is lost but what can
be seen through, which lies on white. From there on it is as with any animated picture.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image, WebPImagePlugin

from courtcast.prepare.leaves import encode, frame
from courtcast.prepare.leaves.faults import damaged
from courtcast.problems import Refused

_SIGN: Final = b"\x89PNG\r\n\x1a\n"
Image.MAX_IMAGE_PIXELS = None  # the bound is ours
_SHORTEST: Final = 1
"""Milliseconds: what says 0 is followed at once."""


def animated(data: bytes) -> Iterator[bytes]:
    """The animated PNG, a picture at a time (PNG, third edition, §11.3.6). Nothing where there is one picture only.

    Raises Refused (picture-damaged, picture-too-large), MemoryError.
    """
    with damaged():
        film = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    wide, high = film.size
    if wide * high > frame.MOST_PIXELS:
        raise Refused("picture-too-large", width=wide, height=high)
    if film.n_frames < 2:
        return
    yield _SIGN + _chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0))
    yield _chunk(b"acTL", struct.pack(">II", film.n_frames, 1))
    told = 0
    for number in range(film.n_frames):
        with damaged():
            film.seek(number)
            picture = _opaque(film)
            lasts = max(_SHORTEST, min(int(film.info.get("duration", _SHORTEST)), 65535))
        head = struct.pack(">IIIIIHHBB", told, wide, high, 0, 0, lasts, 1000, 0, 0)
        told += 1
        out = [_chunk(b"fcTL", head)]
        for part in _pixels(encode.png(encode.in_memory(wide, high, 3, picture.tobytes()))):
            if number == 0:
                out.append(_chunk(b"IDAT", part))
                continue
            out.append(_chunk(b"fdAT", struct.pack(">I", told) + part))
            told += 1
        yield b"".join(out)
    yield _chunk(b"IEND", b"")


def _opaque(film: Any) -> Image.Image:
    film.load()
    if film.mode != "RGBA":
        return Image.Image.convert(film, "RGB")
    white = Image.new("RGBA", film.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, film.copy()).convert("RGB")


def _pixels(png: bytes) -> Iterator[bytes]:
    """What stands in the chunks of a PNG's pixels."""
    at = len(_SIGN)
    while at + 12 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            yield png[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
