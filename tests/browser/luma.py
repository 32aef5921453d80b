"""What a display shows, as brightness: 0 … 255 for each pixel, read from a picture of it."""

from __future__ import annotations

import io
from collections.abc import Iterable

import av
from playwright.async_api import Page


class Luma:
    """Rows of pixels, the top one first."""

    def __init__(self, picture: bytes) -> None:
        with av.open(io.BytesIO(picture)) as opened:
            frame = next(opened.decode(video=0)).reformat(format="gray")
        self.width, self.height = frame.width, frame.height
        plane = frame.planes[0]
        data, step = bytes(plane), plane.line_size
        self.rows = [data[row * step : row * step + self.width] for row in range(self.height)]

    def column(self, x: int) -> bytes:
        return bytes(row[x] for row in self.rows)

    def mean(self, xs: Iterable[int], ys: Iterable[int]) -> float:
        """Over a block of it."""
        seen = [self.rows[y][x] for y in ys for x in list(xs)]
        return sum(seen) / len(seen)

    @property
    def brightest(self) -> int:
        return max(map(max, self.rows))


async def luma(page: Page) -> Luma:
    return Luma(await page.screenshot())
