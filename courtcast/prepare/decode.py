"""The whole picture of a file decoded once, to see when each picture is shown. Runs in the child, when nobody waits.

What is sent ahead of this is counted by its coded units, since nothing may wait for decoding; here the pinned decoder
has the last word on which pictures there are inside the edit list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import av

from courtcast.prepare import messages, plan, probe
from courtcast.prepare.lane import Lane

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_TOLD = 32
"""Pictures told of at a time: a word from here now and then says that it goes on."""


class Decode:
    """One run over one file. `short()` says whether the library's log tells of memory that was not there."""

    def __init__(self, file: probe.Readable, length: int | None, emit: messages.Emit, short: Callable[[], bool]) -> None:
        self._file = file
        self._length = length
        self._emit = emit
        self._short = short
        self._found: list[int] = []
        """When pictures are shown that were not told of yet."""

    def run(self) -> None:
        """Raises Refused, MemoryError, and what the file's `read` raises."""
        kind = probe.sniff(self._file, self._length)
        opened = probe.open_file(self._file, kind, seeking=False)
        with opened.container as container:
            video, _ = plan.choose(opened.streams)
            stream = container.streams[video.number]
            assert isinstance(stream, av.VideoStream)
            context = stream.codec_context
            context.thread_count = 1
            lane = Lane(stream, video.codec)
            try:
                for packet in container.demux(stream):
                    self._found += [lane.ticks(pts) for pts in self._decoded(context, packet) if pts is not None]
                    if packet.size and lane.presented is None:
                        lane.push(packet)  # which may take its bytes away
                        lane.ready()
                    if lane.presented is not None and len(self._found) >= _TOLD:
                        self._tell(lane.presented)
            except (av.error.InvalidDataError, av.error.EOFError):
                pass  # a file that was cut short is counted up to there
            lane.finish()
            self._tell(lane.presented or 0, last=True)

    def _tell(self, begin: int, *, last: bool = False) -> None:
        found, self._found = self._found, []
        self._emit(messages.Shown(pts=[pts - begin for pts in found], last=last))

    def _decoded(self, context: av.VideoCodecContext, packet: Packet) -> list[int | None]:
        try:
            return [frame.pts for frame in context.decode(packet if packet.size else None)]
        except (av.error.InvalidDataError, av.error.EOFError):
            if self._short():
                raise MemoryError from None
            return []
