"""Single pictures out of an exhibit: which frame is meant, few at a time, and those asked for lately kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from math import isfinite

from courtcast.core.manifest import Manifest
from courtcast.prepare.viewer import Original, Viewer
from courtcast.problems import Refused

AT_ONCE = 2
"""Each decodes up to a GOP, and the screens' pictures come first."""
WAIT = 20.0
"""Seconds: for bytes that are still on their way, and the decoding."""
KEEP = 32 << 20
"""Bytes of pictures kept: two remotes and a preview ask for the same one again and again."""
WIDTHS = (16, 8192)
"""Pixels."""


def frame_meant(manifest: Manifest, t: float | None, frame: int | None) -> int:
    """The counted frame; the first one where neither is given.

    Raises Refused: `outside-exhibit`, `still-not-yet`.
    """
    complete = manifest.duration is not None
    outside = Refused("outside-exhibit", duration=f"{float(manifest.duration or manifest.prepared):.3f} s")
    if frame is None and t is not None:
        if not isfinite(t) or t < 0 or (manifest.duration is not None and t > manifest.duration):
            raise outside
        if not complete and t > max(manifest.prepared, manifest.foreseen or 0):
            raise Refused("still-not-yet")
        frame = manifest.timeline.frame_at(t) or 0
    frame = frame or 0
    if frame < 0 or (complete and frame >= manifest.frames > 0):
        raise outside
    if frame >= manifest.frames:
        raise Refused("still-not-yet")
    return frame


class Stills:
    """Has them made, and keeps them."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._few = asyncio.Semaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, int, int | None], bytes] = OrderedDict()
        self._bytes = 0

    async def get(self, original: Original, frame: int, width: int | None) -> bytes:
        """PNG. Raises Refused: `outside-range`, `still-not-yet`, and what reading the file says."""
        if width is not None and not WIDTHS[0] <= width <= WIDTHS[1]:
            raise Refused("outside-range", what="width", low=WIDTHS[0], high=WIDTHS[1])
        key = (original.manifest.rendition, frame, width)
        try:
            async with asyncio.timeout(WAIT), self._few:
                if key not in self._kept:
                    self._keep(key, await self._viewer.png(original, frame, width))
        except TimeoutError:
            raise Refused("still-not-yet") from None
        self._kept.move_to_end(key)
        return self._kept[key]

    async def forget(self, rendition: str) -> None:
        """Its source is no longer there."""
        await self._viewer.forget(rendition)

    def _keep(self, key: tuple[str, int, int | None], png: bytes) -> None:
        self._kept[key] = png
        self._bytes += len(png)
        while self._bytes > KEEP and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old)
