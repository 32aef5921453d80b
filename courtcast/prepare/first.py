"""The first pictures of a recording: only decoding shows that there are any, and what they are. Runs in the child."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import av

from courtcast.prepare.frames import frames_of
from courtcast.prepare.plan import Look
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_TRIES = 120
"""Samples of the picture within which one has to decode."""


class First:
    """Looks at one stream."""

    def __init__(self, stream: av.VideoStream, threads: int) -> None:
        self._stream = stream
        self._decoder = stream.codec_context
        self._decoder.thread_count = threads
        self.begin: int | None = None
        """When the first picture that could be decoded is shown, in the file's time base: what lies before it in a
        recording that was cut anywhere shows nothing."""
        self.rotation = 0
        """Degrees clockwise to turn the picture for display."""
        self.look = Look()

    def through(self, packets: Iterable[Packet]) -> list[Packet]:
        """Takes packets of all streams until one picture came, and gives them back. Raises Refused (file-damaged)."""
        taken: list[Packet] = []
        tries = 0
        for packet in packets:
            taken.append(packet)
            if packet.stream_index != self._stream.index:
                continue
            tries += 1
            if self._seen(self._decode(packet)):
                return taken
            if tries >= _TRIES:
                break
        if self._seen(frames_of(self._decoder, None)):
            return taken
        raise Refused("file-damaged")

    def _decode(self, packet: Packet) -> list[av.VideoFrame]:
        # Without its discard mark: what lies before the edit list decodes as well.
        again: Packet = av.Packet(bytes(packet))
        again.pts, again.dts, again.time_base = packet.pts, packet.dts, packet.time_base
        return frames_of(self._decoder, again)

    def _seen(self, frames: list[av.VideoFrame]) -> bool:
        if not frames:
            return False
        self.begin = frames[0].pts
        self.rotation = -frames[0].rotation % 360
        self.look = Look(interlaced=any(frame.interlaced_frame for frame in frames), turned=self.rotation != 0)
        return True
