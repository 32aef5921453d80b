"""The whole picture of a file decoded once, to see when each picture is shown. Runs in the child, when nobody waits.

What is sent ahead of this is counted by its coded units, since nothing may wait for decoding; here the pinned decoder
has the last word on which pictures there are inside the edit list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import av

from courtcast.prepare import kinds, messages, plan, probe, steady
from courtcast.prepare.dating import BARE, Dating
from courtcast.prepare.lane import Ticks
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_TOLD = 32
"""Pictures told of at a time: a word from here now and then says that it goes on."""


class Decode:
    """One run over one file. `short()` says whether the library's log tells of memory that was not there."""

    def __init__(
        self,
        file: kinds.Readable,
        length: int | None,
        emit: messages.Emit,
        short: Callable[[], bool],
        *,
        name: str = "",
        heard: int | None = None,
    ) -> None:
        self._heard = heard
        self._name = name
        self._file = file
        self._length = length
        self._emit = emit
        self._short = short
        self._found: list[int] = []
        """When pictures are shown that were not told of yet."""

    def run(self) -> None:
        """Raises Refused, MemoryError, and what the file's `read` raises."""
        kind = kinds.sniff(self._file, self._length, self._name)
        opened = probe.open_file(self._file, kind, seeking=False)
        with opened.container as container:
            video, sound = plan.choose(opened.streams, self._heard)
            stream = container.streams[video.number] if video is not None else None
            if not isinstance(stream, av.VideoStream):
                raise Refused("file-damaged")
            context = stream.codec_context
            context.thread_count = 1
            ticks = Ticks(stream)
            packets: Iterable[Packet] = container.demux(stream)
            if steady.needed(kind.demuxer, bare=kind.demuxer in BARE):
                both = [stream, *([container.streams[sound.number]] if sound is not None else [])]
                packets = steady.Steady(both).through(packet for packet in container.demux(both) if packet.size)
            if kind.demuxer in BARE:
                packets = Dating(stream).through(packets)
            try:
                for packet in packets:
                    if packet.size and packet.stream_index == stream.index:
                        self._take(ticks, context, packet)
            except (av.error.InvalidDataError, av.error.EOFError):
                pass  # a file that was cut short is counted up to there
            self._take(ticks, context, None)
            self._tell(last=True)

    def _take(self, ticks: Ticks, context: av.VideoCodecContext, packet: Packet | None) -> None:
        self._found += [ticks(pts) for pts in self._decoded(context, packet) if pts is not None]
        if len(self._found) >= _TOLD:
            self._tell()

    def _tell(self, *, last: bool = False) -> None:
        found, self._found = self._found, []
        self._emit(messages.Shown(pts=found, last=last))

    def _decoded(self, context: av.VideoCodecContext, packet: Packet | None) -> list[int | None]:
        try:
            return [frame.pts for frame in context.decode(packet)]
        except (av.error.InvalidDataError, av.error.EOFError):
            if self._short():
                raise MemoryError from None
            return []
