"""How large leaves are, and where a part of one lies in the picture as it is stored. Pure."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

Part = tuple[float, float, float, float]
"""Left, top, width, height, as fractions of the upright picture."""

WIDTH, HEIGHT = 3840, 2160
"""Pixels. Displays in courtrooms have no more, and browsers decode no more without taking time."""
MOST_PIXELS = 600_000_000
"""A plan in A0 scanned at 600 dpi has 558 megapixels; what has more is taken to be made to fill memory."""
UNCHANGED_PIXELS = 16 << 20
UNCHANGED_BYTES = 8 << 20
"""Up to these a picture's own file goes to the screens: a browser then decodes it in a tenth of a second, and a line of
20 Mb/s carries it in 3.4 s."""


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


DISPLAY = Size(WIDTH, HEIGHT)


def fit(width: float, height: float, *, enlarge: bool, box: Size = DISPLAY) -> Size:
    """The largest size of this shape within the box; no larger than it is, unless it may be enlarged."""
    scale = min(box.width / width, box.height / height)
    if not enlarge:
        scale = min(scale, 1.0)
    return Size(min(box.width, max(1, round(width * scale))), min(box.height, max(1, round(height * scale))))


def upright(size: Size, orientation: int) -> Size:
    """orientation: as EXIF has it, 1 … 8"""
    return Size(size.height, size.width) if orientation >= 5 else size


def stored(part: Part, orientation: int) -> Part:
    """Where a part of the upright picture lies in the picture as it is stored (EXIF 2.32 §4.6.4, tag 0x0112)."""
    x, y, w, h = part
    right, below = 1 - x - w, 1 - y - h
    match orientation:
        case 2:
            return right, y, w, h
        case 3:
            return right, below, w, h
        case 4:
            return x, below, w, h
        case 5:
            return y, x, h, w
        case 6:
            return y, right, h, w
        case 7:
            return below, right, h, w
        case 8:
            return below, x, h, w
    return part


def pixels(part: Part, size: Size) -> tuple[int, int, int, int]:
    """Left, top, width, height of whole pixels: those that the part touches by more than a hundredth."""
    x, y, w, h = part
    left, top = floor(x * size.width + 0.01), floor(y * size.height + 0.01)
    right, bottom = ceil((x + w) * size.width - 0.01), ceil((y + h) * size.height - 0.01)
    left, top = min(max(left, 0), size.width - 1), min(max(top, 0), size.height - 1)
    return left, top, max(1, min(right, size.width) - left), max(1, min(bottom, size.height) - top)
