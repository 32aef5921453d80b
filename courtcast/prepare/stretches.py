"""A recording whose picture is made in another order than it is shown in. Runs in the child.

The file is opened a second time, beside the reading that goes from its beginning to its end: there its stretches are
sought one by one. Each has an encoder of its own (see `picture_lane`), so that it comes out as it would have in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import av

from courtcast.prepare import kinds, probe
from courtcast.prepare.entries import Entries
from courtcast.prepare.lane import Ticks
from courtcast.prepare.messages import Stretch
from courtcast.prepare.picture_lane import PictureLane
from courtcast.prepare.plan import Needed

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_BACK = (0, 15, 120)
"""Seconds before a keyframe that are sought, one after the other: where a file has no index a seek may end too far."""


class Beside:
    """The same file at a place of its own."""

    def __init__(self, file: kinds.Readable) -> None:
        self._file = file
        self._at = 0

    def read(self, n: int = -1) -> bytes:
        """As the file has it; it stands afterwards where it stood."""
        there = self._file.tell()
        self._file.seek(self._at)
        data = self._file.read(n)
        self._at += len(data)
        self._file.seek(there)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files have it."""
        if whence == 2:
            there = self._file.tell()
            self._at = self._file.seek(offset, 2)
            self._file.seek(there)
        else:
            self._at = max(0, offset + (self._at if whence == 1 else 0))
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True


class Stretches:
    """The picture of a file, a stretch at a time. like: the lane of the run that began with the file's beginning."""

    def __init__(self, file: kinds.Readable, kind: kinds.Kind, like: PictureLane, threads: int) -> None:
        self._opened = probe.open_file(Beside(file), kind, seeking=True)
        self._like = like
        stream = self._opened.container.streams[like.stream.index]
        assert isinstance(stream, av.VideoStream)
        stream.codec_context.thread_count = threads
        self._stream = stream

    def close(self) -> None:
        self._opened.container.close()

    def set_out(self, stretch: Stretch) -> PictureLane:
        """A lane for it; `through` fills it."""
        lane = self._like.another(self._stream)
        lane.set_out(self._like, stretch)
        return lane

    def through(self, lane: PictureLane, stretch: Stretch) -> Iterator[None]:
        """Reads on until the lane has all of the stretch. Raises Needed (straight) where it cannot be found."""
        for packet in self._packets(lane.begins(stretch.entry)):
            lane.push(packet)
            yield
            if lane.done:
                return
        lane.finish()

    def _packets(self, begin: int) -> Iterator[Packet]:
        """From a keyframe on, which is shown then (ticks)."""
        ticks = Ticks(self._stream)
        for back in _BACK:
            target = begin - back * ticks.timescale
            entries, found = Entries(self._stream), False
            for packet in self._sought(int(target / ticks.scale)):
                found = found or entries.look(packet) == begin
                if found:
                    yield packet
                elif packet.dts is not None and ticks(packet.dts) > begin:
                    break
            if found:
                return
        raise Needed("straight")

    def _sought(self, target: int) -> Iterator[Packet]:
        container = self._opened.container
        try:
            container.seek(target, stream=self._stream, backward=True)
            for packet in container.demux(self._stream):
                if packet.size:
                    yield packet
        except (av.error.InvalidDataError, av.error.EOFError, av.error.PermissionError):
            return
