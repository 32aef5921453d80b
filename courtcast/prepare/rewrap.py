"""Coded samples out of a file, unchanged, into fragments. Runs in the child.

Demux, look at each sample, wait until it is clear where media time begins, cut, wrap, hand on. Nothing is kept longer
than that takes, and nothing is decoded but the first picture: a file that has none says so before anything is sent.
Frames are counted by coded units; whether decoding gives the same is looked at later (`decode`, `tally`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Protocol

import av

from courtcast.prepare import boxes, coded, messages, plan, probe
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import Cutter, Piece
from courtcast.prepare.lane import Lane, init_segment
from courtcast.prepare.silence import Filled, Silence
from courtcast.prepare.timing import Timing
from courtcast.problems import Refused
from courtcast.wire.media import GOP_MOST

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_WAITING = 32 << 20
"""Bytes of samples held until both tracks have begun."""
_LOOK_AHEAD = Fraction(3)
"""Seconds of one track after which the other is taken not to begin before it: files are interleaved closer."""
_APART = Fraction(10)
"""Seconds of picture without any sound after which there is taken to be none in between."""
_TAIL = Fraction(1)
"""Seconds. Where sound ends sooner before the picture, the end of the stream says so in good time."""
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
        self._timings: list[Timing] = []
        self._cutters: list[Cutter] = []
        self._indexes: list[int] = []
        self._sound: Filled | None = None
        self._stretch = 0
        """Bytes of the picture's fragments since the last keyframe."""
        self._picture = False
        self._tries = 0

    def run(self) -> None:
        """Raises Refused, MemoryError, and what the file's `read` raises."""
        kind = probe.sniff(self._file, self._length)
        opened = probe.open_file(self._file, kind, seeking=False)
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
            except (av.error.InvalidDataError, av.error.EOFError):
                # What came before is as good as it ever was: a file that was cut short plays up to there.
                if not self._places:
                    raise Refused("file-damaged") from None
            for lane in self._lanes:
                lane.finish()
            self._go_on(kind, last=True)
            self._finish()

    def _try(self, packet: Packet) -> None:
        """Decode until one picture came: only then is it known that there are any, and how they are to be turned."""
        self._tries += 1
        # Without its discard mark: what lies before the edit list decodes as well.
        again: Packet = av.Packet(bytes(packet))
        again.pts, again.dts, again.time_base = packet.pts, packet.dts, packet.time_base
        try:
            frames = self._decoder.decode(again)
        except (av.error.InvalidDataError, av.error.EOFError):
            frames = []
        for frame in frames:
            assert isinstance(frame, av.VideoFrame)
            self._picture = True
            self._rotation = -frame.rotation % 360
        if not self._picture and self._tries >= _TRIES:
            raise Refused("file-damaged")

    def _go_on(self, kind: probe.Kind, *, last: bool = False) -> None:
        if not self._places and (self._begun() or last):
            self._begin(kind)
        if self._places:
            for number, lane in enumerate(self._lanes):
                self._cut(number, self._filled(number, lane.ready()))
            self._fill()

    def _begun(self) -> bool:
        """Whether it is clear where media time begins."""
        video, *rest = self._lanes
        if not self._picture or video.presented is None or video.reached is None:
            return False
        if all(lane.presented is not None for lane in rest):
            return True
        ahead = Fraction(video.reached - video.presented, video.timescale)
        return ahead > _LOOK_AHEAD or sum(lane.bytes for lane in self._lanes) > _WAITING

    def _begin(self, kind: probe.Kind) -> None:
        if not self._picture or not self._lanes[0].frames:
            raise Refused("file-damaged")
        self._announce(kind)
        self._origin, self._places = plan.place([_head(lane) for lane in self._lanes])
        tracks, inits = [], []
        for lane, place in zip(self._lanes, self._places, strict=True):
            self._timings.append(
                Timing(shift=place.shift, lead=place.lead if lane.video else None, reordered=lane.video)
            )
            self._cutters.append(Cutter(lane.timescale))
            self._indexes.append(0)
            init = init_segment(lane)
            inits.append(init)
            tracks.append(_track(lane, place, init))
            if isinstance(lane.stream.codec_context, av.AudioCodecContext):
                silence = Silence(lane.codec, lane.stream.codec_context, lane.timescale)
                late = place.lead is not None or lane.reached is None
                start = ceil(self._origin * lane.timescale) - place.shift if late else None
                self._sound = Filled(silence, start)
        self._emit(
            messages.Begin(
                origin=(self._origin.numerator, self._origin.denominator),
                shifts=[place.shift for place in self._places],
                tracks=tracks,
            ),
            b"".join(inits),
        )

    def _announce(self, kind: probe.Kind) -> None:
        video, *rest = self._lanes
        assert isinstance(video.stream, av.VideoStream)
        audio = rest[0] if rest else None
        self._emit(
            messages.Looked(
                container=kind.demuxer,
                video=probe.video_info(video.stream, video.codec, self._rotation),
                audio=probe.audio_info(audio.stream, audio.codec)
                if audio and isinstance(audio.stream, av.AudioStream)
                else None,
            )
        )

    def _filled(self, number: int, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Sound without holes; pictures as they are."""
        if self._lanes[number].video or self._sound is None:
            yield from samples
            return
        try:
            yield from self._sound.push(samples)
        except ValueError:
            raise Refused("format-not-yet", what="one whose sound lies far from its picture") from None

    def _fill(self) -> None:
        """Where the picture has come this far without any sound, there is none so far."""
        video, *rest = self._lanes
        if self._sound is None or not rest or video.reached is None:
            return
        until = Fraction(video.reached, video.timescale) - _APART
        if rest[0].reached is None or until > Fraction(rest[0].reached, rest[0].timescale):
            self._cut(1, self._sound.reach(floor(until * rest[0].timescale)))

    def _cut(self, number: int, samples: Iterable[Sample]) -> None:
        for piece in self._cutters[number].push(self._timings[number].push(samples)):
            self._send(number, piece)

    def _send(self, number: int, piece: Piece) -> None:
        index = self._indexes[number]
        self._indexes[number] += 1
        pts: list[int] = []
        if self._lanes[number].video:
            pts = piece.pts
            lead = self._places[number].lead
            if pts and lead is not None and pts[0] == lead:
                # Moved to be reachable; the picture is shown when the file says so.
                pts[0] = self._places[number].first
        data = boxes.fragment(index + 1, piece.samples)
        if self._lanes[number].video:
            self._stretch = len(data) + (0 if piece.keyframe else self._stretch)
            if self._stretch > GOP_MOST:
                raise Refused("gop-too-large")
        self._emit(
            messages.Piece(
                track=number,
                index=index,
                start=piece.start,
                duration=piece.duration,
                keyframe=piece.keyframe,
                pts=pts,
                added=piece.added,
            ),
            data,
        )

    def _finish(self) -> None:
        """All packets have come: what waited for the end can go."""
        end = max(ended for lane in self._lanes if (ended := lane.end()) is not None)
        for number, lane in enumerate(self._lanes):
            shift = self._places[number].shift
            ticks = ceil(end * lane.timescale)
            if not lane.video and self._sound is not None:
                tail = lane.end()
                if tail is None or end - tail > _TAIL:
                    self._cut(number, self._sound.reach(ticks))
            lane.release(end)
            self._cut(number, self._filled(number, lane.ready()))
            last = self._timings[number].flush(ticks + shift if lane.video else 0)
            for piece in (*self._cutters[number].push(last), *self._cutters[number].flush()):
                self._send(number, piece)
        shift_of_time = Fraction(self._places[0].shift, self._lanes[0].timescale)
        duration = end + shift_of_time - self._origin
        self._emit(messages.Done(duration=(duration.numerator, duration.denominator), frames=self._lanes[0].frames))


def _head(lane: Lane) -> plan.Head:
    if not lane.samples or lane.presented is None:
        said = lane.stream.start_time
        first = None if said is None else Fraction(lane.ticks(said), lane.timescale)
        return plan.Head(lane.timescale, first, first)
    lowest = min(sample.pts for sample in lane.samples)
    return plan.Head(lane.timescale, Fraction(lowest, lane.timescale), Fraction(lane.presented, lane.timescale))


def _track(lane: Lane, place: plan.Place, init: bytes) -> messages.Head:
    context = lane.stream.codec_context
    picture = context if isinstance(context, av.VideoCodecContext) else None
    return messages.Head(
        kind="video" if lane.video else "audio",
        mime=coded.mime("video" if lane.video else "audio", init),
        timescale=lane.timescale,
        first=place.first,
        init_bytes=len(init),
        width=picture.width if picture else 0,
        height=picture.height if picture else 0,
        cover=place.first if picture and place.lead is not None else 0,
    )
