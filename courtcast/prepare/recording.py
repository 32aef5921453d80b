"""Out of a file into fragments: each track as it is or converted, as planned. Runs in the child.

Demux, decode the first picture and decide (`plan`), give each packet to its track's lane, wait until it is clear where
media time begins, cut, wrap, hand on. Nothing is kept longer than that takes. Where the coded units stay as they are,
nothing but the first picture is decoded: a file that has none says so before anything is sent. Frames are counted by
coded units then; whether decoding gives the same is looked at later (`decode`, `tally`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from itertools import chain
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import av
import msgspec
from av.container import InputContainer

from courtcast.core.spans import Spans
from courtcast.prepare import coded, kinds, messages, notes, placing, plan, probe, steady, whole
from courtcast.prepare.coded_lane import CodedLane, Lies
from courtcast.prepare.cut import NotAsLaid
from courtcast.prepare.dating import BARE, Dating
from courtcast.prepare.drawn_lane import DrawnLane
from courtcast.prepare.filling import Filled
from courtcast.prepare.first import First
from courtcast.prepare.following import Following, Window
from courtcast.prepare.lane import Lane, Ticks
from courtcast.prepare.line import Line
from courtcast.prepare.picture_lane import PictureLane
from courtcast.prepare.plan import Needed
from courtcast.prepare.silence import Silence
from courtcast.prepare.sound_lane import SoundLane
from courtcast.prepare.stretches import Stretches
from courtcast.prepare.texts import Texts
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_WAITING = 32 << 20
"""Bytes of samples held until both tracks have begun."""
_LOOK_AHEAD = Fraction(3)
"""Seconds of one track after which the other is taken not to begin before it: files are interleaved closer."""
_APART = Fraction(10)
"""Seconds of picture without any sound after which there is taken to be none in between."""
THREADS = max(1, (os.cpu_count() or 2) - 1)
"""For decoding and encoding what is converted: one core is left to what plays."""
_NONE = 1 << 40
"""Fragments: before so many none is sent."""
_TAIL = Fraction(1)
"""Seconds. Where sound ends sooner before the picture, the end of the stream says so in good time."""


class Recording:
    """One run over one file.

    name: of the file, as the link has it; plays: what the screens decode (see `plan.make`); need: why an earlier run
    could not go on; heard: number of the sound that was chosen; zero: media time 0 in the file's seconds, where that is
    decided already; following: the files behind this one, where several are one recording; made: what an earlier run
    has left; order: in which order the picture is to be made; lies: says whether bytes lie somewhere in the file, where
    they need not be sent then
    """

    def __init__(
        self,
        file: kinds.Readable,
        length: int | None,
        emit: messages.Emit,
        *,
        name: str = "",
        plays: frozenset[str] = plan.CHROMIUM,
        need: plan.Need | None = None,
        heard: int | None = None,
        zero: Fraction | None = None,
        following: Following | None = None,
        made: messages.Made | None = None,
        order: messages.Order | None = None,
        lies: Lies | None = None,
    ) -> None:
        self._file = file
        self._length = length
        self._emit = emit
        self._name = name
        self._plays = plays
        self._need = need
        self._heard = heard
        self._zero = zero
        self._following = following
        self._made = made
        self._order = order
        self._lies = lies
        self._first: First | None = None
        self._lanes: list[Lane] = []
        self._places: list[placing.Place] = []
        self._origin = Fraction(0)
        self._lines: list[Line] = []
        """Behind the lanes, once they have their places."""
        self._silence: Silence | None = None
        self._steady: steady.Steady | None = None

    def run(self) -> None:
        """Raises Refused, Needed, MemoryError, and what the file's `read` raises."""
        kind = kinds.sniff(self._file, self._length, self._name)
        opened = probe.open_file(self._file if self._order is None else self._beside(), kind, seeking=False)
        with opened.container as container, ExitStack() as stack:
            self._container = container
            self._format = kind.demuxer or container.format.name
            picture, sound = plan.choose(opened.streams, self._heard)
            self._sounds = plan.sounds(opened.streams, sound)
            streams = [container.streams[stream.number] for stream in (picture, sound) if stream is not None]
            texts = Texts(container)
            packets = self._packets(container, [*streams, *texts.streams])
            if steady.needed(kind.demuxer, bare=kind.demuxer in BARE):
                self._steady = steady.Steady(streams, steady.runs_over(self._format))
                packets = self._steady.through(packets)
            if self._following is not None:
                self._following.like(streams, texts.streams, opened.streams)
            waiting: list[Packet] = []
            if isinstance(streams[0], av.VideoStream):
                assert picture is not None
                if kind.demuxer in BARE:
                    packets = Dating(streams[0]).through(packets)
                as_it_is = plan.picture_mime(picture) in self._plays and self._need is None
                self._first = First(streams[0], threads=1 if as_it_is else THREADS)
                waiting = self._first.through(packets)
            look = plan.Look() if self._first is None else self._first.look
            self._plan = plan.make(opened.streams, look, self._plays, self._need, self._heard)
            self._lanes = list(self._make_lanes(container))
            packets = chain(waiting, packets)
            if self._following is not None:
                packets = self._following.after(packets, self._first)
            for packet in packets:
                self._push(packet, texts)
                if self._order is not None and self._places:
                    break
            if self._order is not None and self._places:
                beside = Stretches(self._beside, kind, self._lanes, self._places, self._emit, threads=THREADS)
                self._make_in_order(self._order, stack.enter_context(closing(beside)), packets, texts)
            else:
                for lane in self._lanes:
                    lane.finish()
                self._go_on(last=True)
            for one in texts.lists(self._media_zero):
                self._emit(messages.Subtitles(subtitles=one))
            self._finish(kind)

    def _push(self, packet: Packet, texts: Texts) -> None:
        for lane in self._lanes:
            if lane.stream.index == packet.stream_index:
                lane.push(packet)
        texts.push(packet)
        self._go_on()

    def _beside(self) -> Window:
        """The same file at a place of its own: all of it is here."""
        return Window(self._file, 0, self._length or 0)

    def _make_in_order(
        self, order: messages.Order, stretches: Stretches, packets: Iterator[Packet], texts: Texts
    ) -> None:
        """A stretch at a time. Sound that cannot be made so comes from the beginning to the end, behind the first
        stretch: only so it is known where each of its samples lies."""
        try:
            for number, stretch in enumerate(order.stretches):
                stretches.make(stretch, self._silence)
                if order.heard and not number:
                    self._hear(packets, texts)
        except NotAsLaid:
            raise Needed("straight") from None
        for packet in packets:  # what else is in the file: text, and what its clock says
            texts.push(packet)
        for number, line in stretches.last.items():
            self._lanes[number], self._lines[number] = line.lane, line

    def _hear(self, packets: Iterator[Packet], texts: Texts) -> None:
        for packet in packets:
            if packet.stream_index != self._lanes[0].stream.index:
                self._push(packet, texts)
        for lane in self._lanes[1:]:
            lane.finish()
        self._go_on()

    def _packets(self, container: InputContainer, streams: list[Any]) -> Iterator[Packet]:
        """What came before damage is as good as it ever was: a file that was cut short plays up to there."""
        try:
            for packet in container.demux(streams):
                if packet.size:
                    yield packet
        except (av.error.InvalidDataError, av.error.EOFError):
            if not self._places:
                raise Refused("file-damaged") from None

    def _make_lanes(self, container: InputContainer) -> Iterator[Lane]:
        """The picture's first, of whichever kind."""
        picture, sound = self._plan.picture, self._plan.sound
        if picture is not None:
            stream = container.streams[picture.stream.number]
            assert isinstance(stream, av.VideoStream)
            if picture.unchanged:
                begin = self._first.begin if self._first is not None else None
                yield CodedLane(stream, picture.stream.codec, begin, self._lies)
            else:
                yield PictureLane(stream, deep=picture.deep, deinterlace=picture.deinterlace, threads=THREADS)
        if sound is None:
            return
        heard = container.streams[sound.stream.number]
        assert isinstance(heard, av.AudioStream)
        lane = CodedLane(heard, sound.stream.codec) if sound.unchanged else None
        if picture is None:
            scale = heard.codec_context.sample_rate if lane is None else lane.timescale
            drawn = DrawnLane(heard, scale, decodes=lane is not None, threads=THREADS)
            yield drawn
            yield lane or SoundLane(heard, drawn.hear)
        else:
            yield lane or SoundLane(heard)

    def _go_on(self, *, last: bool = False) -> None:
        if not self._places and (self._begun() or last):
            if last:
                self._leave_out_nothing()
            self._begin()
        for line in self._lines:
            line.cut()
        if self._lines:
            self._fill()

    def _leave_out_nothing(self) -> None:
        """A sound that would be converted and holds nothing is as good as none."""
        sound = self._plan.sound
        if sound is not None and not sound.unchanged and len(self._lanes) == 2 and self._lanes[1].presented is None:
            del self._lanes[1]
            self._plan = self._plan._replace(sound=None)

    def _begun(self) -> bool:
        """Whether it is clear where media time begins."""
        video, *rest = self._lanes
        if video.presented is None or video.reached is None:
            return False
        if all(lane.presented is not None for lane in rest):
            return True
        ahead = Fraction(video.reached - video.presented, video.timescale)
        return ahead > _LOOK_AHEAD or sum(lane.bytes for lane in self._lanes) > _WAITING

    def _begin(self) -> None:
        if not self._lanes[0].frames:
            raise Refused("file-damaged")
        self._origin, self._places = placing.place([_head(lane) for lane in self._lanes], self._zero)
        self._announce()
        tracks, inits = [], []
        known = [Spans([(0, count)]) for count in self._made.fragments] if self._made is not None else None
        if self._order is not None:
            have = self._order.fragments if self._order.heard else [_NONE] * len(self._lanes)
            known = [Spans([(0, _NONE)]), *(Spans([(0, count)]) for count in have[1:])]
        for number, (lane, place) in enumerate(zip(self._lanes, self._places, strict=True)):
            init = lane.init_segment()
            inits.append(init)
            tracks.append(_track(lane, place, init))
            filled = None
            if isinstance(lane.context, av.AudioCodecContext):
                self._silence = Silence(lane.codec, lane.context, lane.timescale)
                late = place.lead is not None or lane.reached is None
                filled = Filled(self._silence, ceil(self._origin * lane.timescale) - place.shift if late else None)
            mine = Spans() if known is None else known[number]
            self._lines.append(Line(number, lane, place, self._emit, known=mine, filled=filled))
        self._emit(
            messages.Begin(
                origin=(self._origin.numerator, self._origin.denominator),
                shifts=[place.shift for place in self._places],
                tracks=tracks,
            ),
            b"".join(inits),
        )
        self._leave_out()

    def _leave_out(self) -> None:
        """What an earlier run has left of the picture. Sound is heard through again: only so it is known where each of
        its samples lies, and it takes no time."""
        lane, made = self._lanes[0], self._made
        if made is None or not isinstance(lane, PictureLane) or not lane.go_on_from(made.entry, made.frames):
            return
        self._lines[0].go_on_from(made.fragments[0])

    @property
    def _media_zero(self) -> Fraction:
        """Where media time begins, in the file's own seconds. Once the tracks have their places."""
        return self._origin - Fraction(self._places[0].shift, self._lanes[0].timescale)

    def _announce(self) -> None:
        """Of the streams as they are in the file."""
        video = audio = None
        for choice in self._plan.choices:
            stream = next(lane.stream for lane in self._lanes if lane.stream.index == choice.stream.number)
            if isinstance(stream, av.VideoStream):
                turned = self._first.rotation if self._first is not None else 0
                video = probe.video_info(stream, choice.stream.codec, turned)
            else:
                audio = probe.audio_info(stream, choice.stream.codec)
        treatments = [
            msgspec.structs.replace(treatment, filters=lane.how[0], settings=lane.how[1])
            for treatment, lane in zip(self._plan.treatments, self._lanes, strict=True)
        ]
        self._emit(
            messages.Looked(
                container=self._format,
                video=video,
                audio=audio,
                treatments=treatments,
                sounds=self._sounds,
                chapters=probe.chapters(self._container, self._media_zero),
            )
        )

    def _fill(self) -> None:
        """Where the picture has come this far without any sound, there is none so far."""
        video, *rest = self._lanes
        if not rest or video.reached is None or self._order is not None:
            return
        until = Fraction(video.reached, video.timescale) - _APART
        if rest[0].reached is None or until > Fraction(rest[0].reached, rest[0].timescale):
            self._lines[1].reach(floor(until * rest[0].timescale))

    def _finish(self, kind: kinds.Kind) -> None:
        """All packets have come: what waited for the end can go."""
        end = max(ended for lane in self._lanes if (ended := lane.end()) is not None)
        for line in self._lines:
            lane = line.lane
            ticks = ceil(end * lane.timescale)
            tail = lane.end()
            if tail is None or end - tail > _TAIL:
                line.silence_up_to(ticks)
            lane.release(end)
            line.cut()
            try:
                line.finish(ticks if lane.video else None)
            except NotAsLaid:
                raise Needed("straight") from None
        duration = end - self._media_zero
        self._emit(
            messages.Done(
                duration=(duration.numerator, duration.denominator),
                frames=self._lanes[0].frames,
                notes=[] if self._following is not None else list(self._notes(kind, duration)),
                starts=self._starts(),
            )
        )

    def _starts(self) -> list[tuple[int, int]]:
        starts = [] if self._following is None else [one - self._media_zero for one in self._following.starts]
        return [(one.numerator, one.denominator) for one in starts]

    def _notes(self, kind: kinds.Kind, there: Fraction) -> Iterator[messages.Note]:
        length = self._file.seek(0, os.SEEK_END) if self._length is None else self._length
        said = self._container.duration
        return notes.notes(
            whole.look(self._file, length, kind),
            self._steady,
            self._media_zero,
            there,
            None if said is None else Fraction(said, av.time_base),
        )


def _head(lane: Lane) -> placing.Head:
    if not lane.samples or lane.presented is None:
        said = lane.stream.start_time
        ticks = Ticks(lane.stream)
        first = None if said is None else Fraction(ticks(said), ticks.timescale)
        return placing.Head(lane.timescale, first, first)
    lowest = min(sample.pts for sample in lane.samples)
    return placing.Head(lane.timescale, Fraction(lowest, lane.timescale), Fraction(lane.presented, lane.timescale))


def _track(lane: Lane, place: placing.Place, init: bytes) -> messages.Head:
    picture = lane.context if isinstance(lane.context, av.VideoCodecContext) else None
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
