"""Coded samples out of a file, unchanged, into fragments. Runs in the child.

Demux, look at each sample, wait until it is clear where media time begins, cut, wrap, hand on. Nothing is kept longer
than that takes, and nothing is decoded but the first picture: a file that has none says so before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import av

from courtcast.prepare import boxes, coded, messages, plan, probe
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import Cutter, Piece
from courtcast.prepare.lane import Lane, init_segment
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_WAITING = 32 << 20
"""Bytes of samples held until both tracks have begun."""
_LOOK_AHEAD = Fraction(1)
"""Seconds of one track after which the other is taken not to begin before it: files are interleaved closer."""
_TRIES = 120
"""Samples of the picture within which one has to decode."""


class Emit(Protocol):
    """Takes each message and the data that goes behind it."""

    def __call__(self, message: messages.FromChild, data: bytes = b"") -> None: ...


class Rewrap:
    """One run over one file."""

    def __init__(self, file: probe.Readable, length: int | None, emit: Emit) -> None:
        self._file = file
        self._length = length
        self._emit = emit
        self._lanes: list[Lane] = []
        self._places: list[plan.Place] = []
        self._origin = Fraction(0)
        self._cutters: list[Cutter] = []
        self._indexes: list[int] = []
        self._picture = False
        self._tries = 0

    def run(self) -> None:
        """Raises Refused, MemoryError, and what the file's `read` raises."""
        kind = probe.sniff(self._file, self._length)
        opened = probe.open_file(self._file, kind)
        with opened.container as container:
            chosen = [stream for stream in plan.choose(opened.streams) if stream is not None]
            for stream in chosen:
                found = container.streams[stream.number]
                assert isinstance(found, av.VideoStream | av.AudioStream)
                self._lanes.append(Lane(found, stream.codec))
            by_stream = {stream.number: lane for stream, lane in zip(chosen, self._lanes, strict=True)}
            self._decoder = self._lanes[0].stream.codec_context
            self._decoder.thread_count = 1
            try:
                for packet in container.demux([lane.stream for lane in self._lanes]):
                    if not packet.size:
                        continue
                    lane = by_stream[packet.stream_index]
                    if lane.video and not self._picture:
                        self._try(packet)
                    lane.push(packet)
                    self._go_on(kind)
            except av.error.InvalidDataError:
                if not self._places:
                    raise Refused("file-damaged") from None
            for lane in self._lanes:
                lane.finish()
            self._go_on(kind, last=True)
            self._finish()

    def _try(self, packet: Packet) -> None:
        """Decode until one picture came: only then is it known that there are any, and how they are to be turned."""
        self._tries += 1
        again: Packet = av.Packet(
            bytes(packet)
        )  # without its discard mark: what lies before the edit list decodes as well
        again.pts, again.dts, again.time_base = packet.pts, packet.dts, packet.time_base
        try:
            frames = self._decoder.decode(again)
        except av.error.InvalidDataError:
            frames = []
        for frame in frames:
            assert isinstance(frame, av.VideoFrame)
            self._picture = True
            self._rotation = -frame.rotation % 360
        if not self._picture and self._tries >= _TRIES:
            raise Refused("file-damaged")

    def _go_on(self, kind: str, *, last: bool = False) -> None:
        if not self._places and (self._begun() or last):
            self._begin(kind)
        if self._places:
            for number in range(len(self._lanes)):
                self._cut(number)

    def _begun(self) -> bool:
        """Whether it is clear where media time begins."""
        video, *rest = self._lanes
        if not self._picture:
            return False
        if sum(len(s.data) for lane in self._lanes for s in lane.samples) > _WAITING:
            return video.presented is not None
        if any(lane.presented is None for lane in self._lanes):
            return (
                video.presented is not None
                and Fraction(video.samples[-1].dts - video.presented, video.timescale) > _LOOK_AHEAD
            )
        return all(lane.presented is not None and len(lane.samples) > 1 for lane in (video, *rest))

    def _begin(self, kind: str) -> None:
        if not self._picture or not self._lanes[0].frames:
            raise Refused("file-damaged")
        self._announce(kind)
        begun = [lane for lane in self._lanes if lane.samples]
        heads = []
        for lane in begun:
            first = lane.samples[0]
            presented = first.pts if lane.presented is None else lane.presented
            heads.append(
                plan.Head(
                    lane.timescale,
                    Fraction(first.dts, lane.timescale),
                    Fraction(min(s.pts for s in lane.samples), lane.timescale),
                    Fraction(presented, lane.timescale),
                )
            )
        self._origin, places = plan.place(heads)
        self._places = places
        self._lanes = begun
        self._cutters = [Cutter(lane.timescale) for lane in self._lanes]
        self._indexes = [0] * len(self._lanes)
        tracks, inits = [], []
        for lane, place in zip(self._lanes, self._places, strict=True):
            init = init_segment(lane)
            inits.append(init)
            context = lane.stream.codec_context
            tracks.append(
                messages.Head(
                    kind="video" if lane.video else "audio",
                    mime=coded.mime("video" if lane.video else "audio", init),
                    timescale=lane.timescale,
                    first=place.first,
                    init_bytes=len(init),
                    width=context.width if isinstance(context, av.VideoCodecContext) else 0,
                    height=context.height if isinstance(context, av.VideoCodecContext) else 0,
                    cover=place.first if lane.video and place.lead is not None else 0,
                )
            )
        self._emit(
            messages.Begin(
                origin=(self._origin.numerator, self._origin.denominator),
                shifts=[place.shift for place in self._places],
                tracks=tracks,
            ),
            b"".join(inits),
        )

    def _announce(self, kind: str) -> None:
        video, *rest = self._lanes
        assert isinstance(video.stream, av.VideoStream)
        audio = rest[0] if rest else None
        self._emit(
            messages.Looked(
                container=kind,
                video=probe.video_info(video.stream, video.codec, self._rotation),
                audio=probe.audio_info(audio.stream, audio.codec)
                if audio and isinstance(audio.stream, av.AudioStream)
                else None,
            )
        )

    def _cut(self, number: int) -> None:
        lane, place = self._lanes[number], self._places[number]
        for piece in self._cutters[number].push(self._placed(lane.ready(), place)):
            self._send(number, piece)

    def _placed(self, samples: Iterable[Sample], place: plan.Place) -> Iterator[Sample]:
        for sample in samples:
            yield sample._replace(dts=sample.dts + place.shift, pts=sample.pts + place.shift)

    def _send(self, number: int, piece: Piece) -> None:
        index = self._indexes[number]
        self._indexes[number] += 1
        self._emit(
            messages.Piece(
                track=number,
                index=index,
                start=piece.start,
                duration=piece.duration,
                keyframe=piece.keyframe,
                pts=piece.pts if self._lanes[number].video else [],
            ),
            boxes.fragment(index + 1, piece.samples),
        )

    def _finish(self) -> None:
        for number, cutter in enumerate(self._cutters):
            for piece in cutter.flush():
                self._send(number, piece)
        ends = [
            Fraction(lane.end + place.shift, lane.timescale)
            for lane, place in zip(self._lanes, self._places, strict=True)
            if lane.end is not None
        ]
        duration = max(ends) - self._origin
        self._emit(messages.Done(duration=(duration.numerator, duration.denominator), frames=self._lanes[0].frames))
