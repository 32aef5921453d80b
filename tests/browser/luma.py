"""What a display shows, as brightness: 0 … 255 for each pixel, read from a picture of it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress

import av
from playwright.async_api import Error, Page

TRIES = 3


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
    """What the page shows now."""
    for _ in range(TRIES - 1):
        with suppress(Error):  # the browser takes no picture in the very moment in which the page changes its layers
            return Luma(await page.screenshot())
    return Luma(await page.screenshot())
