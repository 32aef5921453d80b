"""One track on its way: packets of the demuxer in, samples in the file's own ticks out. Runs in the child."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import av
from av.bitstream import BitStreamFilterContext

from courtcast.prepare import boxes, coded
from courtcast.prepare.boxes import Sample
from courtcast.problems import Refused

_FINEST = 10_000_000
"""Ticks a second beyond which a sample's duration might not fit into its 32 bits."""

_BEYOND = 32 << 20
"""Bytes kept of what lies behind the end of the edit list: a clip may have been trimmed to a fraction of its file."""

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
        """Not yet handed on."""
        self.bytes = 0
        """Of these."""
        self.presented: int | None = None
        """The first presented tick; None while it is not certain."""
        self.reached: int | None = None
        """The last decoding time seen."""
        self.frames = 0
        """Pictures counted."""
        self._last: Sample | None = None
        """The counted sample that is presented last, so far."""
        self._lowest: int | None = None
        self._undated: list[Sample] = []
        self._beyond: list[Sample] = []
        """Since the edit list has ended: what comes behind is not to be seen while the end is still up."""
        self._beyond_bytes = 0
        self._cut_off = False
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
        if self.presented is None:
            self.presented = self._lowest

    def _one(self, packet: Packet) -> None:
        data = bytes(packet)
        if not data or (packet.pts is None and packet.dts is None):
            return
        if packet.has_sidedata("new_extradata") and self.reached is not None:
            raise Refused("format-not-yet", what="one that changes its format midway")
        sync, counted = True, not packet.is_discard
        if self._look is not None:
            if self.annexb:
                data = coded.with_lengths(data)
            if self._cut_off:
                raise Refused("file-damaged")
            try:
                unit = self._look(data, packet.is_keyframe)
            except coded.Unreadable:
                # The last sample of a file that was cut short; in the middle it would be damage (see above).
                self._cut_off = True
                return
            if unit.open or (self.reached is None and not self._undated and not unit.key):
                raise Refused("open-gop")
            sync, counted = unit.key, counted and unit.shown
        pts = self.ticks(packet.pts if packet.pts is not None else packet.dts or 0)
        duration = self.ticks(packet.duration or 0)
        dts = pts if packet.dts is None else self.ticks(packet.dts)
        if not self.video and self.reached is None:
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
        if self.reached is not None and sample.dts <= self.reached:
            if self._beyond or sample.dts < self.reached - self.timescale // 2:
                raise Refused("format-not-yet", what="one that an edit list puts together from several cuts")
            sample = sample._replace(dts=self.reached + 1)
        self.reached = sample.dts
        if sample.counted:
            self.frames += self.video
            if self._last is None or sample.pts >= self._last.pts:
                self._last = sample
            self._lowest = sample.pts if self._lowest is None else min(self._lowest, sample.pts)
        # Nothing shown before the lowest so far can follow once decoding has come that far.
        if self.presented is None and self._lowest is not None and sample.dts >= self._lowest:
            self.presented = self._lowest
        if self._beyond or (self._last is not None and not sample.counted and sample.pts > self._last.pts):
            self._hold(sample)
        else:
            self._keep((sample,))

    def _keep(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self.samples.append(sample)
            self.bytes += len(sample.data)

    def _hold(self, sample: Sample) -> None:
        """Behind the edit list's end come samples that are not to be seen, and a few reordered ones that are."""
        highest = max((held.pts for held in self._beyond), default=sample.pts)
        self._beyond_bytes += len(sample.data)
        if sample.counted and sample.pts > highest:
            # It goes on after all: what was held is something else that is not counted.
            self._keep((*self._beyond, sample))
            self._beyond, self._beyond_bytes = [], 0
        elif sample.counted or self._beyond_bytes <= _BEYOND:
            self._beyond.append(sample)

    def end(self) -> Fraction | None:
        """Seconds, as the file has them, until when the last counted sample is presented; None where there is none."""
        if self._last is None:
            return None
        end = self._last.pts + self._last.duration
        if self.stream.duration is not None and self.stream.start_time is not None:
            # Decoding times give the last sample's duration; where the file says how long it is shown, that holds.
            said = self.ticks(self.stream.start_time + self.stream.duration)
            end = said if self._last.pts < said < end else end
        return Fraction(end, self.timescale)

    def release(self, end: Fraction) -> None:
        """All tracks end at `end` (seconds, as the file has them): what lies beyond the edit list comes after it."""
        first = min((sample.pts for sample in self._beyond if not sample.counted), default=0)
        shift = max(ceil(end * self.timescale) - first, 0)
        self._keep(s if s.counted else s._replace(pts=s.pts + shift) for s in self._beyond)
        self._beyond = []

    def ready(self) -> list[Sample]:
        """The samples so far; they are the caller's from now on."""
        taken, self.samples, self.bytes = self.samples, [], 0
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
