"""One track on its way: packets of the demuxer in, samples in the file's own ticks out. Runs in the child."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext

from courtcast.prepare import boxes, coded
from courtcast.prepare.boxes import Sample
from courtcast.problems import Refused

_FINEST = 10_000_000
"""Ticks a second beyond which a sample's duration might not fit into its 32 bits."""

if TYPE_CHECKING:
    Packet = av.Packet[Any]


class Lane:
    """One track on its way: packets in, samples in the file's own ticks out."""

    def __init__(self, stream: av.VideoStream | av.AudioStream, codec: str) -> None:
        self.stream = stream
        self.codec = codec
        self.video = isinstance(stream, av.VideoStream)
        base = stream.time_base or Fraction(1, 1000)
        self.timescale = base.denominator
        self.scale = Fraction(base.numerator)
        while self.timescale > _FINEST:
            self.timescale, self.scale = self.timescale // 1000, self.scale / 1000
        self.samples: list[Sample] = []
        """Not yet handed on; each with its final duration but for the last."""
        self.presented: int | None = None
        """The first presented tick; None while it is not certain."""
        self.end: int | None = None
        """The last presented tick so far."""
        self.frames = 0
        self.ended = False
        self._undated: list[Sample] = []
        extradata = stream.codec_context.extradata or b""
        self.annexb = codec == "h264" and coded.is_annexb(extradata)
        config = coded.avc_config(extradata) if codec == "h264" else extradata
        self._look = coded.reader(codec, config) if self.video else None
        self._filter = BitStreamFilterContext("vp9_superframe", stream) if codec == "vp9" else None

    def ticks(self, value: int) -> int:
        """From the file's time base to ours."""
        return int(value * self.scale)

    def push(self, packet: Packet) -> None:
        """Take a packet in. Raises Refused (open-gop, format-not-yet, file-damaged)."""
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
        if self.samples and self.presented is None:
            self.presented = min((s.pts for s in self.samples if s.counted), default=self.samples[0].pts)
        self.ended = True

    def _one(self, packet: Packet) -> None:
        data = bytes(packet)
        if not data or (packet.pts is None and packet.dts is None):
            return
        if packet.has_sidedata("new_extradata") and self.frames:
            raise Refused("format-not-yet", what="one that changes its format midway")
        sync, counted = True, not packet.is_discard
        if self._look is not None:
            if self.annexb:
                data = coded.with_lengths(data)
            try:
                unit = self._look(data, packet.is_keyframe)
            except coded.Unreadable:
                raise Refused("file-damaged") from None
            if unit.open or (not self.frames and not self.samples and not self._undated and not unit.key):
                raise Refused("open-gop")
            sync, counted = unit.key, counted and unit.shown
        pts = self.ticks(packet.pts if packet.pts is not None else packet.dts or 0)
        duration = self.ticks(packet.duration or 0)
        dts = pts if packet.dts is None else self.ticks(packet.dts)
        if not self.video and not self.samples and not self.end:
            self._begin_sound(packet, pts)
        sample = Sample(dts, pts, duration, sync, counted, data)
        if packet.dts is None:
            self._undated.append(sample)
            return
        if self._undated:
            self._date(sample)
        self._append(sample)

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

    def _append(self, sample: Sample) -> None:
        if self.samples:
            last = self.samples[-1]
            if sample.dts <= last.dts:
                sample = sample._replace(dts=last.dts + 1)
            # As ISO/IEC 14496-12 §8.6.1 has it: a sample lasts until the next one is decoded.
            self.samples[-1] = last._replace(duration=sample.dts - last.dts)
        self.samples.append(sample)
        if sample.counted:
            self.frames += self.video
            end = sample.pts + sample.duration
            self.end = end if self.end is None else max(self.end, end)
        if self.video and self.presented is None:
            lowest = min((s.pts for s in self.samples if s.counted), default=None)
            # Nothing shown before the lowest so far can follow once decoding has come that far.
            if lowest is not None and sample.dts >= lowest:
                self.presented = lowest

    def ready(self) -> list[Sample]:
        """The samples whose durations are certain; they are the caller's from now on."""
        keep = 0 if self.ended else 1
        count = len(self.samples) - keep
        taken, self.samples = self.samples[:count], self.samples[count:]
        return taken


def init_segment(lane: Lane) -> bytes:
    """Written by the library's muxer: it knows each codec's configuration box, and the picture's turning and aspect."""
    sink = io.BytesIO()
    flags = "empty_moov+default_base_moof+frag_custom+negative_cts_offsets"
    with av.open(sink, "w", format="mp4", options={"movflags": flags, "use_editlist": "0"}) as out:
        out.add_stream_from_template(lane.stream, opaque=True)
        out.start_encoding()
        header = sink.getvalue()
    return boxes.init_segment(header, lane.timescale)
