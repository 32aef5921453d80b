"""Recordings of every plan whose pictures carry their own numbers, and what number the first one shown has."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from courtcast.prepare import boxes
from tests.prepare.hidden import with_hidden
from tests.prepare.media import OPEN_GOPS, Recipe, make, with_edits

_FRAMES = 90
_PLAIN = Recipe(frames=_FRAMES, audio=None)
_BARE = replace(_PLAIN, b_frames=0)
_UNEVEN = [n * 33 + (n // 10) * 250 for n in range(_FRAMES)]
_LATE = Fraction(3, 2)
_TURNS = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Degrees clockwise to turn for display: a, b, c, d of the matrix (ISO/IEC 14496-12 §8.3.2)."""


class Numbered(NamedTuple):
    """A recording."""

    name: str
    path: Path
    first: int = 0
    """Number of the first picture shown."""


RECIPES: dict[str, tuple[str, Recipe]] = {
    "B-frames": ("mp4", replace(_PLAIN, audio="aac")),
    "4:4:4": ("mkv", replace(_PLAIN, pix_fmt="yuv444p")),
    "10 bits, HEVC": ("mp4", replace(_BARE, codec="libx265", pix_fmt="yuv420p10le")),
    "10 bits, AV1": ("mkv", replace(_BARE, codec="libsvtav1", pix_fmt="yuv420p10le")),
    "interlaced": ("mp4", replace(_BARE, video_options={"x264-params": "tff=1:scenecut=0:keyint=30"})),
    "open GOPs": ("mp4", replace(_PLAIN, video_options=OPEN_GOPS)),
    "variable rate": ("mkv", replace(_PLAIN, timescale=1000, pts=_UNEVEN)),
    "variable rate, MPEG-4": ("mkv", replace(_BARE, codec="mpeg4", timescale=1000, pts=_UNEVEN)),
    "picture late": ("mp4", replace(_PLAIN, audio="aac", video_start=_LATE)),
    "picture late, MPEG-4": ("mkv", replace(_BARE, codec="mpeg4", timescale=1000, audio="ac3", video_start=_LATE)),
    "VP8": ("webm", replace(_BARE, codec="libvpx", timescale=1000, audio="libopus")),
    "VP8 in AVI": ("avi", replace(_BARE, codec="libvpx", timescale=30)),
    "VP8, variable rate": ("webm", replace(_BARE, codec="libvpx", timescale=1000, pts=_UNEVEN)),
    "VP8, picture late": (
        "webm",
        replace(_BARE, codec="libvpx", timescale=1000, audio="libopus", video_start=_LATE),
    ),
    "VP9": ("webm", replace(_BARE, codec="libvpx-vp9", timescale=1000)),
    "MPEG-2 in a transport stream": ("ts", replace(_PLAIN, codec="mpeg2video", audio="mp2", timescale=30)),
    "XviD in AVI": ("avi", replace(_BARE, codec="mpeg4", audio="mp2", timescale=30)),
    "ProRes": ("mov", replace(_BARE, codec="prores_ks", pix_fmt="yuv422p10le", audio="pcm_s16le")),
    "odd size": ("mkv", replace(_BARE, codec="ffv1", width=321, height=241, timescale=1000)),
}


def made(folder: Path, name: str) -> Numbered:
    """The one of that name, in the folder."""
    if name in CUSTOM:
        return CUSTOM[name](folder, name)
    ending, recipe = RECIPES[name]
    return Numbered(name, make(folder / f"{_plain(name)}.{ending}", recipe))


def all_made(folder: Path) -> Iterator[Numbered]:
    """One after the other."""
    for name in (*RECIPES, *CUSTOM):
        yield made(folder, name)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def _trimmed(folder: Path, name: str) -> Numbered:
    """From picture 15 on, in the middle of a GOP; so are 1.8 s of 3."""
    path = folder / "trimmed.mp4"
    path.write_bytes(with_edits(make(folder / "whole.mp4", _PLAIN).read_bytes(), 0, [(1800, 51_000)]))
    return Numbered(name, path, first=15)


def _hidden(folder: Path, name: str) -> Numbered:
    path = folder / "hidden.webm"
    with_hidden(make(folder / "shown.webm", replace(_BARE, codec="libvpx", timescale=1000)), path)
    return Numbered(name, path)


def turned(data: bytes, degrees: int) -> bytes:
    """An MP4 of one track that has to be turned for display, clockwise."""
    tkhd = boxes.find(data, b"moov", b"trak", b"tkhd")
    assert tkhd is not None
    a, b, c, d = (value << 16 for value in _TURNS[degrees])
    out = bytearray(data)
    struct.pack_into(">9i", out, tkhd.body + (52 if data[tkhd.body] else 40), a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return bytes(out)


def _turned(degrees: int) -> Callable[[Path, str], Numbered]:
    def make_it(folder: Path, name: str) -> Numbered:
        path = folder / f"turned-{degrees}.mp4"
        path.write_bytes(turned(make(folder / "upright.mp4", _PLAIN).read_bytes(), degrees))
        return Numbered(name, path)

    return make_it


CUSTOM: dict[str, Callable[[Path, str], Numbered]] = {
    "trimmed in the middle of a GOP": _trimmed,
    "VP8 with hidden pictures": _hidden,
    "turned by 90°": _turned(90),
    "turned by 180°": _turned(180),
    "turned by 270°": _turned(270),
}
