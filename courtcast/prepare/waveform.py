"""A page of half a minute of sound as a picture: its loudness over time, where playback is, and what time it is. Pure
but for the library's frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av

WIDTH, HEIGHT = 1280, 720
PAGE = 30
"""Seconds on one page."""
COLUMNS = 1200
_LEFT = (WIDTH - COLUMNS) // 2
_MIDDLE, _REACH = 330, 250
"""Pixels: where silence lies, and how far the loudest goes from there."""
_PAPER, _WAVE, _HEARD, _HEAD, _DIGIT = 16, 120, 190, 235, 215
"""Luma (limited range)."""
_SEGMENTS = {
    # The seven strokes of a digit, from the top clockwise, the middle one last.
    "0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg",
    "5": "acdfg", "6": "acdefg", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
_WIDE, _HIGH, _THICK, _GAP = 30, 56, 6, 12
"""Pixels of a digit, its strokes, and the space between two."""
_TIME_TOP = 630


class Page:
    """levels: the loudest sample of each column, of 32767; first: the page's number"""

    def __init__(self, levels: Sequence[int], first: int) -> None:
        self._begin = first * PAGE
        self._quiet = _drawn(levels, _WAVE)
        self._heard = _drawn(levels, _HEARD)

    def at(self, seconds: Fraction) -> av.VideoFrame:
        """With the playhead so far into the page: what was heard already is brighter."""
        column = min(COLUMNS - 1, int(seconds * COLUMNS / PAGE))
        x = _LEFT + column
        luma = bytearray(self._quiet)
        for y in range(_MIDDLE - _REACH, _MIDDLE + _REACH + 1):
            start = y * WIDTH + _LEFT
            luma[start : start + column] = self._heard[start : start + column]
        top, end = (_MIDDLE - _REACH) * WIDTH, (_MIDDLE + _REACH) * WIDTH
        for wide in (x, x + 1):
            luma[top + wide : end + wide : WIDTH] = bytes((_HEAD,)) * (2 * _REACH)
        _write(luma, self._begin + int(seconds))
        return _frame(bytes(luma))


def _drawn(levels: Sequence[int], tone: int) -> bytes:
    luma = bytearray(bytes((_PAPER,)) * (WIDTH * HEIGHT))
    for column, level in enumerate(levels[:COLUMNS]):
        reach = max(1, level * _REACH // 32768)
        x = _LEFT + column
        top, end = (_MIDDLE - reach) * WIDTH + x, (_MIDDLE + reach) * WIDTH + x
        luma[top:end:WIDTH] = bytes((tone,)) * (2 * reach)
    return bytes(luma)


def _write(luma: bytearray, seconds: int) -> None:
    """Hours, minutes and seconds in the middle."""
    hours, minutes = divmod(seconds // 60, 60)
    text = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    x = (WIDTH - sum(_THICK + _GAP if c == ":" else _WIDE + _GAP for c in text) + _GAP) // 2
    for character in text:
        if character == ":":
            for y in (_HIGH // 3, 2 * _HIGH // 3):
                _box(luma, x, _TIME_TOP + y - _THICK // 2, _THICK, _THICK)
            x += _THICK + _GAP
            continue
        for stroke in _SEGMENTS[character]:
            _stroke(luma, x, stroke)
        x += _WIDE + _GAP


def _stroke(luma: bytearray, x: int, stroke: str) -> None:
    half = _HIGH // 2
    match stroke:
        case "a" | "g" | "d":
            _box(luma, x, _TIME_TOP + {"a": 0, "g": half - _THICK // 2, "d": _HIGH - _THICK}[stroke], _WIDE, _THICK)
        case "b" | "c":
            _box(luma, x + _WIDE - _THICK, _TIME_TOP + (0 if stroke == "b" else half), _THICK, half)
        case _:
            _box(luma, x, _TIME_TOP + (0 if stroke == "f" else half), _THICK, half)


def _box(luma: bytearray, x: int, y: int, wide: int, high: int) -> None:
    for row in range(y, y + high):
        luma[row * WIDTH + x : row * WIDTH + x + wide] = bytes((_DIGIT,)) * wide


def _frame(luma: bytes) -> av.VideoFrame:
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    plane = frame.planes[0]
    if plane.line_size == WIDTH:
        plane.update(luma)
    else:
        pad = bytes(plane.line_size - WIDTH)
        plane.update(b"".join(luma[y * WIDTH : (y + 1) * WIDTH] + pad for y in range(HEIGHT)))
    for colour in frame.planes[1:]:
        colour.update(bytes((128,)) * colour.buffer_size)
    return frame
