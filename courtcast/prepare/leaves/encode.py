"""Pictures into files that browsers decode.

Measured on a photograph of 3840 × 1926: JPEG at 92 without thinning out the colours takes 0.07 s and has 1.5 MB; PNG
0.5 s and 14.6 MB; WebP without loss 9 s and 6.4 MB; WebP at 92, 1.6 s. On pages of text of 1528 × 2160: PNG 15 ms and
0.3 MB, JPEG 17 ms and 0.35 MB. So what has edges and even grounds goes as it is, in PNG; photographs go as JPEG; what
comes out of PNG as large as a photograph does is one. (`docs/decisions/leaves.md`)
"""

from __future__ import annotations

from typing import Any

import pyvips

PNG_MOST = 4 << 20
"""Bytes: more is no page of text or drawing, and a line carries it too slowly."""
JPEG_QUALITY = 92
"""Of libjpeg's scale. Differences from the original are below what can be seen beside it."""
JPEG_QUALITY_EXACT = 96
"""Of what was without loss in the file."""


def photograph(picture: Any, quality: int = JPEG_QUALITY) -> bytes:
    return bytes(picture.jpegsave_buffer(Q=quality, subsample_mode="off", keep="none"))


def exact(picture: Any, *, most: int = PNG_MOST) -> bytes:
    """Every pixel as it is, where that does not become too large."""
    pixels = picture.width * picture.height * picture.bands
    data = bytes(picture.pngsave_buffer(compression=3, filter="none", keep="none"))
    return data if len(data) <= most or pixels <= most else photograph(picture, JPEG_QUALITY_EXACT)


def png(picture: Any) -> bytes:
    """For stills: always PNG."""
    return bytes(picture.pngsave_buffer(compression=1, filter="sub", keep="none"))


def thin(picture: Any) -> Any:
    """Grey as one number for each pixel where no pixel has a colour: a third of the bytes, and half the time."""
    if picture.bands < 3:
        return picture
    apart = (picture[0] - picture[1]).abs().max() or (picture[1] - picture[2]).abs().max()
    return picture if apart else picture[1].copy(interpretation="b-w")


def in_memory(width: int, height: int, bands: int, data: Any) -> Any:
    """Pixels that another library decoded, one byte for each number."""
    kind = "b-w" if bands < 3 else "srgb"
    return pyvips.Image.new_from_memory(data, width, height, bands, "uchar").copy(interpretation=kind)
