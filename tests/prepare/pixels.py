"""Pictures on a page compared with the source's own: made small, brought into one form, told apart.

Shared by the tests and by `bench.media`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.prepare.media import number_of
from tests.prepare.mse import Player
from tests.prepare.prepared import Prepared

WIDTH, HEIGHT = 96, 54
NEAR = 6.0
"""Mean difference of luma: scaling and colour conversion differ a little between the two decoders' ways."""
BUFFERED = 0.002
"""Seconds: Chromium counts in microseconds, and rounds more than once."""


def chosen(frames: int) -> list[int]:
    """First and last, neighbours in the middle, and some between."""
    middle = frames // 2
    return sorted({0, 1, middle - 1, middle, middle + 1, frames // 3, frames - 2, frames - 1} & set(range(frames)))


def decoded(path: Path, wanted: Iterable[int]) -> dict[int, bytes]:
    """Luma of these pictures from the source itself, turned as a display does, small."""
    wanted, found = set(wanted), dict[int, bytes]()
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for n, frame in enumerate(container.decode(video=0)):
            if n in wanted:
                found[n] = small(frame)
            if len(found) == len(wanted):
                break
    return found


def small(frame: av.VideoFrame) -> bytes:
    turned = -frame.rotation % 360
    wide, high = (HEIGHT, WIDTH) if turned in (90, 270) else (WIDTH, HEIGHT)
    # Chromium takes unmarked pictures to be BT.709, whatever their size.
    matrix = "ITU709" if frame.colorspace in (2, 3) else None
    grey = frame.reformat(width=wide, height=high, format="rgb24", interpolation="AREA", src_colorspace=matrix)
    line = grey.planes[0].line_size
    data = bytes(grey.planes[0])
    pixels = [
        [(data[y * line + 3 * x], data[y * line + 3 * x + 1], data[y * line + 3 * x + 2]) for x in range(wide)]
        for y in range(high)
    ]
    if turned == 90:
        pixels = [list(row) for row in zip(*pixels[::-1], strict=True)]
    elif turned == 180:
        pixels = [row[::-1] for row in pixels[::-1]]
    elif turned == 270:
        pixels = [list(row) for row in zip(*pixels, strict=True)][::-1]
    return bytes(round(0.299 * r + 0.587 * g + 0.114 * b) for row in pixels for r, g, b in row)


def apart(one: bytes, other: bytes) -> float:
    """Mean difference, a difference of overall brightness left out (the two convert colours by other tables)."""
    shift = (sum(one) - sum(other)) / len(one)
    return sum(abs(a - b - shift) for a, b in zip(one, other, strict=True)) / len(one)


def check_buffered(made: Prepared, parts: list[list[list[list[float]]]]) -> None:
    """After each fragment `buffered` is what the manifest says."""
    for track in made.manifest.tracks:
        low = high = None
        for row, ranges in zip(made.manifest.rows(track.index), parts[track.index], strict=True):
            start, end = row.start / track.timescale, (row.start + row.duration) / track.timescale
            low = start if low is None else min(low, start)
            high = end if high is None else max(high, end)
            assert ranges[0][0] == pytest.approx(low, abs=BUFFERED), (track.kind, row.index)
            assert ranges[-1][1] == pytest.approx(high, abs=BUFFERED), (track.kind, row.index)
            assert len(ranges) == 1, (track.kind, row.index, ranges)


def seek(chromium: Player, made: Prepared, n: int) -> bytes:
    timeline = made.manifest.timeline
    chromium.call("seek", float(timeline.middle_of(n) + made.manifest.origin))
    return bytes(chromium.call("luma", WIDTH, HEIGHT))


def check_pictures(chromium: Player, made: Prepared, path: Path, near: float = NEAR, differs: float = NEAR) -> None:
    """Against the source's own; those that differ from each other by twice `differs` are told apart."""
    check_buffered(made, chromium.load(made))
    numbers = chosen(made.manifest.frames)
    source = decoded(path, numbers)
    for n in numbers:
        picture = seek(chromium, made, n)
        assert apart(picture, source[n]) < near, f"picture {n}"
        # The right one of them: nearer to it than to any other that is not the same itself.
        for other in numbers:
            if apart(source[n], source[other]) > 2 * differs:
                assert apart(picture, source[n]) < apart(picture, source[other])
    assert_plays(chromium, made, Fraction(3, 2))


def assert_plays(chromium: Player, made: Prepared, most: Fraction) -> None:
    """From the start, and to the end."""
    manifest = made.manifest
    assert manifest.duration is not None
    begin = manifest.origin
    end = begin + manifest.duration
    chromium.call("seek", float(begin + manifest.timeline.time_of(0) / 2 + Fraction(1, 1000)))
    played = chromium.call("play", float(min(begin + most, end)), 8000)
    assert played["error"] is None
    assert played["at"] >= float(min(begin + most, end)) - 0.05
    chromium.call("seek", float(max(begin, end - 1)))
    played = chromium.call("play", float(end + 1), 8000)
    assert played["error"] is None
    assert played["ended"]


def check_numbers(chromium: Player, made: Prepared, first: int) -> None:
    check_buffered(made, chromium.load(made))
    for n in chosen(made.manifest.frames):
        picture = seek(chromium, made, n)
        assert number_of(picture, WIDTH, HEIGHT, WIDTH) == n + first
    if made.manifest.tracks[0].cover:
        # Before it is due, the moved picture is what the player stands on (the page covers it with black).
        chromium.call("seek", float(made.manifest.origin) + 0.1)
