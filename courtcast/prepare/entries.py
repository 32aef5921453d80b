"""Keyframes of a file at which decoding can begin. Runs in the child.

What a container calls a keyframe may be none (some H.264 says so of every place at which a picture builds up): where
the coded unit can be looked at, it has the last word. Whether the decoder agrees is asked by whoever uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from courtcast.prepare import coded
from courtcast.prepare.lane import Ticks

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_KEPT = 256
"""Of the last keyframes: a decoder is never further behind."""

_LENGTHS_OF_FOUR = b"\1\0\0\0\xff"
"""As much of an H.264 configuration as says that."""


class Entries:
    """Those of one stream, as its packets come."""

    def __init__(self, stream: av.VideoStream) -> None:
        self._ticks = Ticks(stream)
        self.last: int | None = None
        """When the last one is shown, in ticks."""
        self._before: dict[int, int] = {}
        context = stream.codec_context
        extradata = context.extradata or b""
        self._annexb = extradata[:1] != b"\1"
        config = _LENGTHS_OF_FOUR if self._annexb else extradata
        self._read = coded.reader("h264", config) if context.codec.canonical_name == "h264" else None

    def look(self, packet: Packet) -> int | None:
        """When it is shown, in ticks, if decoding can begin with it."""
        if not packet.is_keyframe or packet.pts is None or packet.is_corrupt or not self._is_key(bytes(packet)):
            return None
        at = self._ticks(packet.pts)
        self._before[at] = at if self.last is None else self.last
        self.last = at
        if len(self._before) > _KEPT:
            del self._before[next(iter(self._before))]
        return at

    def _is_key(self, data: bytes) -> bool:
        if self._read is None:
            return True
        try:
            return self._read(coded.with_lengths(data) if self._annexb else data, True).key
        except coded.Unreadable:
            return False

    def before(self, at: int) -> int | None:
        """The one before the one that is shown then; None where that is none."""
        return self._before.get(at)
