"""Times for coded pictures that have none: a bare video stream is nothing but its units. Runs in the child.

Units lie in the order of decoding, pictures are shown in another. Which order that is, the decoder says: each unit goes
in with its number, and the numbers come out as the pictures are shown. Their distance is the stream's own rate where it
names one, 25 a second where it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from courtcast.prepare.frames import frames_of

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

BARE = frozenset(("h264", "hevc", "m4v", "mpegvideo", "vc1", "obu", "h261", "h263"))
"""Demuxers of such streams."""
USUAL = Fraction(25)
"""Pictures a second where the stream does not say."""
_DEPTH = 16
"""Pictures by which decoding is at most ahead of showing (H.264 §A.3.1, max_dec_frame_buffering)."""


class Dating:
    """Gives packets of one stream their times. The decoder is a second one: the stream's own is left alone."""

    def __init__(self, stream: av.VideoStream) -> None:
        self._stream = stream
        decoder = av.CodecContext.create(stream.codec_context.name, "r")
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.extradata = stream.codec_context.extradata
        self._decoder = decoder
        rate = stream.guessed_rate or stream.average_rate or USUAL
        base = stream.time_base or Fraction(1, 1000)
        self._step = max(1, round(1 / (rate * base)))
        self._waiting: dict[int, Packet] = {}
        self._order: dict[int, int] = {}
        """Of units that were shown: the place at which they were."""
        self._next = 0
        self._shown = 0

    def through(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The same packets in the same order, each as soon as its place is known."""
        count = 0
        for packet in packets:
            if packet.stream_index != self._stream.index:
                yield packet
                continue
            self._waiting[count] = packet
            self._look(packet, count)
            count += 1
            yield from self._certain()
        self._look(None, count)
        yield from self._certain(last=True)

    def _look(self, packet: Packet | None, number: int) -> None:
        again: Packet | None = None
        if packet is not None:
            again = av.Packet(bytes(packet))
            again.pts = again.dts = number
        for frame in frames_of(self._decoder, again):
            if frame.pts is not None:
                self._order[frame.pts] = self._shown
                self._shown += 1

    def _certain(self, *, last: bool = False) -> Iterator[Packet]:
        """A unit that was not shown though many behind it were gives no picture: it is put where its neighbour is."""
        while (packet := self._waiting.get(self._next)) is not None:
            place = self._order.get(self._next)
            if place is None:
                if not last and len(self._waiting) <= 2 * _DEPTH:
                    return
                place = self._shown
            self._order.pop(self._next, None)
            del self._waiting[self._next]
            packet.pts = place * self._step
            packet.dts = (self._next - _DEPTH) * self._step
            packet.duration = self._step
            self._next += 1
            yield packet
