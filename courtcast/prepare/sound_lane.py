"""Sound that is kept as FLAC of the decoded samples. Runs in the child.

Where the decoder gives whole numbers of up to 24 bits, FLAC holds exactly these; where it gives floating point they are
rounded to 24 bits. Rate and channels stay. For where the samples lie, and what they are coded in, see `laying`.
"""

from __future__ import annotations

import io
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from courtcast.prepare import boxes, laying
from courtcast.prepare.boxes import Sample
from courtcast.prepare.decoders import Decoding
from courtcast.prepare.lane import Lane
from courtcast.prepare.messages import Sounding
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What FLAC holds (RFC 9639 §9.1.3), by the number of channels."""
_NARROW = frozenset(("u8", "u8p", "s16", "s16p"))
_RATES = (1, 655_350)
"""Hz that FLAC holds (RFC 9639 §8.2)."""


Hear = Callable[[av.AudioFrame, int], None]


class SoundLane(Lane):
    """Packets in, FLAC out. Ticks are samples."""

    def __init__(self, stream: av.AudioStream, hear: Hear | None = None) -> None:
        """`hear` is given each decoded frame and where it lies, in ticks."""
        context = stream.codec_context
        rate = context.sample_rate
        if not _RATES[0] <= rate <= _RATES[1]:
            raise Refused("file-damaged")
        super().__init__(stream, rate, video=False)
        self._decoder = context
        self._decoding = Decoding(stream)
        self._hear = hear
        self._encoder: av.AudioCodecContext | None = None
        self._resampler: av.AudioResampler | None = None
        self._fifo = av.AudioFifo()
        self._unit = laying.unit(rate)
        self._laying = laying.Laying(rate)
        self._out = 0
        """Where the next sample that is encoded lies."""
        self._units = 0
        """That the encoder has had."""
        self._from: Sounding | None = None
        """It waits for the packet with which that begins."""
        self._lead = 0
        """Packets that are decoded only to be remembered."""
        self._drop = 0
        """Samples before the first that is encoded."""

    @property
    def codec(self) -> str:
        return "flac"

    @property
    def context(self) -> av.AudioCodecContext:
        return self._encoder if self._encoder is not None else self._decoder

    @property
    def how(self) -> tuple[str, str]:
        form = "" if self._encoder is None else f"aformat=sample_fmts={self._encoder.format.name}"
        return form, f"-c:a flac -frame_size {self._unit} -ar {self.timescale}"

    def push(self, packet: Packet) -> None:
        """Raises Refused (format-not-yet)."""
        if self._from is not None:
            if mark(packet) != self._from.packet:
                return
            self._from = None
        frames = self._decoding.frames(packet)
        if self._lead:
            self._lead -= 1
            deque(frames, maxlen=0)
            return
        for frame, said in frames:
            self._take(frame, said)

    def set_out(self, stream: av.AudioStream, entry: Sounding) -> SoundLane:
        """One like it for the same stream of the file, opened a second time, that begins there."""
        lane = SoundLane(stream)
        assert self._encoder is not None
        lane._init, lane._encoder = self._init, self._another(self._encoder)
        lane._resampler = lane._shaper()
        lane._laying = laying.Laying(self.timescale, entry.lies)
        lane._from, lane._lead, lane._drop = entry, entry.lead, entry.at - entry.lies
        lane._out = lane.presented = entry.at
        return lane

    @property
    def found(self) -> bool:
        """It has come to where it begins."""
        return self._from is None

    def finish(self) -> None:
        """No more packets."""
        for frame, said in self._decoding.frames(None):
            self._take(frame, said)
        self._drain()
        super().finish()

    def _take(self, frame: av.AudioFrame, said: int | None) -> None:
        if frame.sample_rate != self.timescale:
            raise Refused("format-not-yet", what="one that changes its format midway")
        if self._encoder is None:
            self._begin(frame.layout, frame.format)
        if self._laying.begins(said):
            if self.presented is None:
                self.presented = self._laying.at
            else:
                self._drain()
            self._out = self._laying.at
        if self._hear is not None:
            self._hear(frame, self._laying.at)
        self._laying.add(frame.samples)
        assert self._resampler is not None
        frame.pts = None
        for sized in self._resampler.resample(frame):
            self._fifo.write(sized)
        while self._drop and (gone := self._fifo.read(min(self._drop, self._unit), partial=True)) is not None:
            self._drop -= gone.samples
        while (unit := self._fifo.read(self._unit)) is not None:
            self._encode(unit)

    def _begin(self, layout: av.AudioLayout, given: av.AudioFormat) -> None:
        channels = min(len(layout.channels), max(_LAYOUTS))
        narrow = self._decoding.how is not None and self._decoding.how.narrow
        form = "s16" if narrow or given.name in _NARROW else "s32"
        sink = io.BytesIO()
        out = av.open(sink, "w", format="mp4", options=dict(boxes.MUXING))
        stream = out.add_stream("flac", rate=self.timescale, options={"frame_size": str(self._unit)})
        assert isinstance(stream, av.AudioStream)
        encoder = stream.codec_context
        encoder.layout, encoder.format = _LAYOUTS[channels], form
        encoder.time_base = Fraction(1, self.timescale)
        out.start_encoding()
        self._init = boxes.init_segment(sink.getvalue(), self.timescale)
        self._encoder = self._another(encoder)
        self._resampler = self._shaper()

    def _shaper(self) -> av.AudioResampler:
        """Brings what is decoded into the encoder's form."""
        assert self._encoder is not None
        form, layout = self._encoder.format.name, self._encoder.layout.name
        return av.AudioResampler(format=form, layout=layout, rate=self.timescale)

    def _another(self, like: av.AudioCodecContext) -> av.AudioCodecContext:
        encoder = av.CodecContext.create("flac", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.layout, encoder.format, encoder.sample_rate = like.layout.name, like.format.name, self.timescale
        encoder.time_base = Fraction(1, self.timescale)
        encoder.options = {"frame_size": str(self._unit)}
        encoder.open()
        return encoder

    def _drain(self) -> None:
        """What is less than a unit goes by itself. An encoder takes nothing more after that."""
        if self._encoder is None:
            return
        while (rest := self._fifo.read(self._unit, partial=True)) is not None:
            self._encode(rest)
        self._renew()

    def _renew(self) -> None:
        """Another encoder goes on: units know nothing of each other, but for their number."""
        assert self._encoder is not None
        self._keep_coded(self._encoder.encode(None))
        self._encoder = self._another(self._encoder)
        self._units = 0

    def _encode(self, unit: av.AudioFrame) -> None:
        if self._units == laying.RENEWED:
            self._renew()
        self._units += 1
        assert self._encoder is not None
        unit.pts, unit.time_base = self._out, Fraction(1, self.timescale)
        self._out += unit.samples
        self._keep_coded(self._encoder.encode(unit))

    def _keep_coded(self, packets: Iterable[Packet]) -> None:
        for packet in packets:
            if packet.size and packet.pts is not None:
                self._append(Sample(packet.pts, packet.pts, packet.duration or self._unit, True, True, bytes(packet)))

    def _said_end(self) -> None:
        """What was decoded is counted in samples: nothing is known better than that."""

    def init_segment(self) -> bytes:
        """Raises Refused (file-damaged) where the file does not say what its sound is, and none came."""
        if self._encoder is None:  # the picture cannot wait for a sound that begins long after it
            layout, form = self._decoder.layout, self._decoder.format
            if not layout.channels or form is None:
                raise Refused("file-damaged")
            self._begin(layout, form)
        return self._init


def mark(packet: Packet) -> tuple[int | None, int]:
    """By which a packet is found again, wherever reading has begun. As the file has it: before its clock is mended."""
    return packet.pts, zlib.crc32(bytes(packet))
