"""A track whose coded units stay as they are. Runs in the child."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.bitstream import BitStreamFilterContext

from courtcast.prepare import boxes, clusters, coded
from courtcast.prepare.adts import Adts
from courtcast.prepare.boxes import Bytes, Sample
from courtcast.prepare.lane import Lane, Ticks
from courtcast.prepare.plan import Needed
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_FAR = 12
"""Seconds between two points of entry beyond which a seek takes too long, where the file offers others that are
none."""


Lies = Callable[[int, Bytes], bool]
"""Whether these bytes lie there in the file."""
_BEFORE = 4
"""Bytes between where the library says that a block of Matroska lies and its data: number of the track in one, time in
two, flags in one (RFC 9559 §10.1)."""
_LARGE = 64 * 1024
"""Bytes from which coded data stay where the demuxer has put them: a copy takes longer than keeping the packet."""


class CodedLane(Lane):
    """Packets in, the same coded units out."""

    def __init__(
        self,
        stream: av.VideoStream | av.AudioStream,
        codec: str,
        begin: int | None = None,
        lies: Lies | None = None,
    ) -> None:
        """`begin`: when the first picture that decodes is shown, in the file's time base."""
        self.ticks = Ticks(stream)
        super().__init__(stream, self.ticks.timescale, video=isinstance(stream, av.VideoStream))
        self._codec = codec
        self._begin = begin
        self._lies = lies
        self._undated: list[Sample] = []
        self._hidden: list[tuple[bool, Bytes]] = []
        """Whether they are keyframes, and the data: see `_with_hidden`."""
        self._cut_off = False
        self._entry: int | None = None
        """When decoding could begin last, in the file's ticks."""
        extradata = stream.codec_context.extradata or b""
        self.annexb = codec == "h264" and coded.is_annexb(extradata)
        config = coded.avc_config(extradata) if codec == "h264" else extradata
        self._look = coded.reader(codec, config) if self.video else None
        self._bare_aac = codec == "aac" and not extradata
        self._adts: Adts | None = None
        self._filter = BitStreamFilterContext("vp9_superframe", stream) if codec == "vp9" else None

    @property
    def context(self) -> av.VideoCodecContext | av.AudioCodecContext:
        return self.stream.codec_context if self._adts is None else self._adts.context

    @property
    def codec(self) -> str:
        return self._codec

    def push(self, packet: Packet) -> None:
        """Take a packet in. Raises Refused (format-not-yet, file-damaged), Needed."""
        if self._filter is None:
            self._one(packet)
        else:
            for joined in self._filter.filter(packet):
                self._one(joined)

    def finish(self) -> None:
        """No more packets."""
        if self._filter is not None:
            for joined in self._filter.filter(None):
                self._one(joined)
        if self._undated:
            self._date(None)
        super().finish()

    def _one(self, packet: Packet) -> None:
        data = bytes(packet) if packet.size < _LARGE else _lying(packet)
        if not data or (packet.pts is None and packet.dts is None):
            return
        if packet.has_sidedata("new_extradata") and self.reached is not None:
            raise Refused("format-not-yet", what="one that changes its format midway")
        unit, sync, counted = coded.Unit(key=True, shown=True), True, not packet.is_discard
        if self._bare_aac:
            self._adts = self._adts or Adts(bytes(data), self.timescale)
            data = self._adts.bare(bytes(data))
        if self._look is not None:
            if self.annexb:
                data = coded.with_lengths(bytes(data))
            if self._cut_off:
                raise Refused("file-damaged")
            try:
                unit = self._look(data, packet.is_keyframe)
            except coded.Unreadable:
                # The last sample of a file that was cut short; in the middle it would be damage (see above).
                self._cut_off = True
                return
            if not unit.key and self.reached is None and self._before(packet):
                return
            self._mind_entries(unit, packet)
            sync, counted = unit.key, counted and unit.shown
        pts = self.ticks(packet.pts if packet.pts is not None else packet.dts or 0)
        duration = self.ticks(packet.duration or 0)
        dts = pts if packet.dts is None else self.ticks(packet.dts)
        if not self.video and self.reached is None:
            self._begin_sound(packet, pts)
        sample = Sample(dts, pts, duration, sync, counted, data, at=self._place(packet, data))
        if self._webm:
            if not unit.shown:
                self._hidden.append((sync, data))
                return
            sample = self._with_hidden(sample)
        if packet.dts is None:
            self._undated.append(sample)
            return
        if self._undated:
            self._date(sample)
        self._append(sample)

    def _place(self, packet: Packet, data: Bytes) -> int | None:
        """Where these very bytes lie in the file; None where they are few, or it is not known."""
        if self._lies is None or packet.pos is None or len(data) < _LARGE or self._webm:
            return None
        return next((at for at in (packet.pos, packet.pos + _BEFORE) if self._lies(at, data)), None)

    def _with_hidden(self, sample: Sample) -> Sample:
        """VP8 pictures that others depend on and that are never shown go with the next one that is: by a time of their
        own they would end the one before it. (VP9 and AV1 have them joined already.)"""
        hidden, self._hidden = self._hidden, []
        if not hidden:
            return sample
        return sample._replace(sync=hidden[0][0], before=tuple(data for _, data in hidden))

    def _before(self, packet: Packet) -> bool:
        """It lies before the first picture that decodes: a recording that was cut anywhere begins like that."""
        return self._begin is not None and packet.pts is not None and packet.pts < self._begin

    def _mind_entries(self, unit: coded.Unit, packet: Packet) -> None:
        """Where decoding can begin. Raises Needed (seek) where that is too rare.

        Pictures that the container offers as points of entry, but that show earlier ones behind them, are none here:
        what lies between two real ones is decoded in one go. Where the coded unit itself says that it is one, Chromium
        believes that, whatever our fragments say, and fails for good when it seeks there.
        """
        if unit.told:
            raise Needed("seek")
        if not unit.key and self.reached is None and not self._undated:
            raise Needed("seek")
        now = packet.dts if packet.dts is not None else packet.pts
        if now is None:
            return
        if unit.key:
            self._entry = now
        elif unit.open and self._entry is not None and self.ticks(now - self._entry) > _FAR * self.timescale:
            raise Needed("seek")

    def _begin_sound(self, packet: Packet, pts: int) -> None:
        """The first packets of sound may be there for the decoder only: so many samples are not to be heard."""
        skip = 0
        if packet.has_sidedata("skip_samples"):
            skip = int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[:4], "little")
        context = self.stream.codec_context
        rate = context.sample_rate if isinstance(context, av.AudioCodecContext) else self.timescale
        # To the nearest tick: in Matroska's milliseconds 312 samples of Opus are 7.
        self.presented = pts + int(Fraction(skip * self.timescale, rate) + Fraction(1, 2))

    def _date(self, following: Sample | None) -> None:
        """Matroska has no decoding times, and the first few cannot be derived: count back from the first that can."""
        waiting, self._undated = self._undated, []
        step = max(1, min((s.duration for s in waiting if s.duration), default=self.timescale // 25))
        base = min(s.pts for s in waiting) + step if following is None else following.dts
        for n, sample in enumerate(waiting):
            self._append(sample._replace(dts=base - (len(waiting) - n) * step))

    def init_segment(self) -> bytes:
        """Written by the library's muxer, where it is an MP4's: it knows each codec's configuration box, the picture's
        turning and aspect."""
        if self._webm:
            return clusters.init_segment(self._form(), self.timescale)
        if self._adts is not None:
            return self._adts.init_segment
        sink = io.BytesIO()
        with av.open(sink, "w", format="mp4", options=dict(boxes.MUXING)) as out:
            out.add_stream_from_template(self.stream, opaque=True)
            out.start_encoding()
            header = sink.getvalue()
        return boxes.init_segment(header, self.timescale)

    def fragment(self, sequence: int, samples: Sequence[Sample]) -> list[Bytes]:
        """Samples in the container that browsers take this codec in."""
        return [clusters.fragment(samples, self.timescale)] if self._webm else super().fragment(sequence, samples)

    @property
    def _webm(self) -> bool:
        return self._codec == "vp8"

    def _form(self) -> clusters.Form:
        assert isinstance(self.stream, av.VideoStream)
        context = self.stream.codec_context
        aspect = self.stream.sample_aspect_ratio or context.sample_aspect_ratio
        return clusters.Form(
            context.width,
            context.height,
            aspect or Fraction(1),
            matrix=int(context.colorspace),
            transfer=int(context.color_trc),
            primaries=int(context.color_primaries),
            range=int(context.color_range),
        )


def _lying(packet: Packet) -> memoryview:
    """Its data where they lie; they stay as long as somebody looks at them."""
    return memoryview(packet).toreadonly()
