"""Where the sound of a file lies, found out by decoding it; nothing of it is kept. Runs in the child."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import av

from courtcast.prepare import laying
from courtcast.prepare.decoders import Decoder, Decoding, known
from courtcast.prepare.messages import Sounding, Sounds
from courtcast.prepare.sound_lane import mark

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet


_MOST = 20_000
"""Runs that are told of."""


class _Packet(NamedTuple):
    mark: tuple[int | None, int]
    good: bool
    """It gave samples."""


class Listening:
    """As `SoundLane` lays them: where the samples are, and where an encoder begins."""

    def __init__(self, stream: av.AudioStream, how: Decoder) -> None:
        self._index = stream.index
        self._decoding = Decoding(stream)
        self._rate = stream.codec_context.sample_rate
        self._laying = laying.Laying(self._rate)
        self._step = laying.unit(self._rate) * laying.RENEWED
        self._next = 0
        """Where the next encoder begins, if the run goes on for so long."""
        self._runs: list[tuple[int, int]] = []
        self._entries: list[Sounding] = []
        self._last: deque[_Packet] = deque(maxlen=how.memory + 1)
        self._count = 0
        self._times: deque[int | None] = deque()
        """Of packets whose clock is still to be mended."""
        self._lost = False
        """What is decoded is laid otherwise than can be said of it."""

    @classmethod
    def of(cls, stream: Any) -> Listening | None:
        """None for sound that has to be heard from its beginning."""
        how = known(stream.codec_context.codec.canonical_name)
        return None if how is None or stream.codec_context.sample_rate <= 0 else cls(stream, how)

    @property
    def sounds(self) -> Sounds | None:
        """Once all has come; None where that cannot be said."""
        if self._lost or not self._runs or len(self._runs) > _MOST:
            return None
        return Sounds(rate=self._rate, runs=self._runs, entries=self._entries)

    def through(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The same packets, with times as the file has them."""
        for packet in packets:
            if packet.stream_index == self._index and not self._lost:
                self._take(packet)
                self._times.append(packet.pts)
            yield packet

    def unmoved(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The same packets, once their clock was mended: sound that was moved by that is heard from its beginning."""
        for packet in packets:
            if packet.stream_index == self._index and not self._lost:
                self._lost = packet.pts != self._times.popleft()
            yield packet

    def _take(self, packet: Packet) -> None:
        lies: int | None = None
        for frame, said in self._decoding.frames(packet):
            if frame.sample_rate != self._rate:
                self._lost = True
                return
            if self._laying.begins(said):
                # Where a run begins in the middle of a packet nobody can set out from it.
                self._lost = self._lost or lies is not None
                self._runs.append((self._laying.at, 0))
                self._next = self._laying.at
            lies = self._laying.at if lies is None else lies
            start, samples = self._runs[-1]
            self._runs[-1] = start, samples + frame.samples
            self._laying.add(frame.samples)
        self._last.append(_Packet(mark(packet), lies is not None))
        self._count += 1
        while lies is not None and self._next < self._laying.at:
            self._enter(lies)
            self._next += self._step

    def _enter(self, lies: int) -> None:
        """An encoder begins with a sample of the last packet."""
        first = self._last[0]
        from_the_beginning = self._count == len(self._last)
        if first.mark[0] is not None and (from_the_beginning or all(packet.good for packet in self._last)):
            packet = first.mark[0], first.mark[1]
            self._entries.append(Sounding(self._next, packet, len(self._last) - 1, lies))
