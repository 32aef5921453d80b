"""A recording that is made in another order than it is shown in, a stretch at a time. Runs in the child.

The file is opened once more, beside the reading that goes from its beginning to its end, and its stretches are sought
in it. Each has encoders of its own (see `picture_lane`, `laying`), so that it comes out as it would have in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.container import InputContainer

from courtcast.core.spans import Spans
from courtcast.prepare import kinds, messages, placing, probe
from courtcast.prepare.cut import Cutter, Laid, NotAsLaid
from courtcast.prepare.entries import Entries
from courtcast.prepare.filling import Blank, Filled
from courtcast.prepare.lane import Lane, Ticks
from courtcast.prepare.line import Line
from courtcast.prepare.picture_lane import PictureLane
from courtcast.prepare.plan import Needed
from courtcast.prepare.sound_lane import SoundLane, mark
from courtcast.prepare.timing import Timing

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_BACK = (0, 15, 120)
"""Seconds before a place that are sought, one after the other: where a file has no index a seek may end too far."""
_AHEAD = 2
"""Seconds by which sound may lie in a file before the picture of its time, for the first try."""


class Stretches:
    """file: gives it once more, at a place of its own; like: the lanes of the run that began with the file's beginning,
    and their places; the picture's is the first"""

    def __init__(
        self,
        file: Callable[[], kinds.Readable],
        kind: kinds.Kind,
        like: Sequence[Lane],
        places: Sequence[placing.Place],
        emit: messages.Emit,
        *,
        threads: int,
    ) -> None:
        picture = like[0]
        if not isinstance(picture, PictureLane):
            raise Needed("straight")
        self.last: dict[int, Line] = {}
        """Of the last stretch, by track: it ends when all else has."""
        self._picture, self._sound = picture, like[1] if len(like) > 1 else None
        self._places = places
        self._emit = emit
        self._file, self._kind = file, kind
        self._opened = self._open()
        stream = self._opened.container.streams[picture.stream.index]
        assert isinstance(stream, av.VideoStream)
        stream.codec_context.thread_count = threads
        self._stream = stream

    def _open(self) -> probe.Opened:
        return probe.open_file(self._file(), self._kind, seeking=True)

    def close(self) -> None:
        self._opened.container.close()

    def make(self, stretch: messages.Stretch, silence: Blank | None) -> None:
        """Raises NotAsLaid, Refused, Needed (straight)."""
        if stretch.sound is not None and silence is not None:
            self._hear(stretch.sound, silence)
        self._see(stretch)

    def _see(self, stretch: messages.Stretch) -> None:
        place = self._places[0]
        lane = self._picture.set_out(self._stream, stretch)
        line = Line(
            0,
            lane,
            place,
            self._emit,
            known=Spans([(0, stretch.index + stretch.have)]),
            index=stretch.index,
            timing=Timing(shift=place.shift, lead=None if stretch.index else place.lead),
            cutter=Laid([start + place.shift for start in stretch.starts]),
        )
        for packet in self._seen(lane.begins(stretch.entry)):
            lane.push(packet)
            line.cut()
            if lane.done:
                break
        else:
            lane.finish()
        line.cut()
        if stretch.end is None:
            self.last[0] = line
        else:
            line.finish(stretch.end)

    def _hear(self, part: messages.Hearing, silence: Blank) -> None:
        if not isinstance(self._sound, SoundLane):
            raise Needed("straight")
        stream = self._opened.container.streams[self._sound.stream.index]
        assert isinstance(stream, av.AudioStream)
        lane = self._sound.set_out(stream, part.entry)
        line = Line(
            1,
            lane,
            self._places[1],
            self._emit,
            known=Spans(part.have),
            index=part.index,
            cutter=Cutter(lane.timescale, first=False, before=part.before),
            filled=Filled(silence, part.until),
            since=part.since,
            starts=part.starts,
        )
        for packet in self._heard(stream, part.entry):
            lane.push(packet)
            line.cut()
            if part.end is not None and line.index >= part.end:
                return
        lane.finish()
        line.cut()
        if part.end is not None:
            raise NotAsLaid
        self.last[1] = line

    def _seen(self, begin: int) -> Iterator[Packet]:
        """Of the picture, from a keyframe on, which is shown then (ticks). Raises Needed (straight)."""
        ticks = Ticks(self._stream)
        for back in _BACK:
            entries, found = Entries(self._stream), False
            for packet in self._sought(Fraction(begin, ticks.timescale) - back, self._stream):
                found = found or entries.look(packet) == begin
                if found:
                    yield packet
                elif packet.dts is not None and ticks(packet.dts) > begin:
                    break
            if found:
                return
        raise Needed("straight")

    def _heard(self, stream: av.AudioStream, entry: messages.Sounding) -> Iterator[Packet]:
        """Of the sound, from its packet on. It is sought by the picture, of which every index speaks; but the first
        sound may lie before the first picture. Raises Needed (heard)."""
        pts = entry.packet[0]
        first = self._sound is not None and entry.at == self._sound.presented
        for back in (None,) if first else _BACK:
            found = False
            for packet in self._from(stream, None if back is None else pts * _base(stream) - _AHEAD - back):
                found = found or mark(packet) == entry.packet
                if found:
                    yield packet
                elif packet.pts is not None and packet.pts > pts:
                    break
            if found:
                return
        raise Needed("heard")

    def _from(self, stream: av.AudioStream, at: Fraction | None) -> Iterator[Packet]:
        if at is not None:
            yield from self._sought(at, stream)
            return
        container = self._open().container
        try:
            yield from _packets(container, stream.index)
        finally:
            container.close()

    def _sought(self, at: Fraction, stream: av.VideoStream | av.AudioStream) -> Iterator[Packet]:
        """Of one stream, from before that on (seconds, as the file has them)."""
        try:
            target = max(int(at / _base(self._stream)), self._stream.start_time or 0)
            self._opened.container.seek(target, stream=self._stream, backward=True)
        except (av.error.InvalidDataError, av.error.EOFError, av.error.PermissionError):
            return
        yield from _packets(self._opened.container, stream.index)


def _base(stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Seconds."""
    return stream.time_base or Fraction(1)


def _packets(container: InputContainer, index: int) -> Iterator[Packet]:
    try:
        for packet in container.demux(container.streams[index]):
            if packet.size:
                yield packet
    except (av.error.InvalidDataError, av.error.EOFError, av.error.PermissionError):
        return
