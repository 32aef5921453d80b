"""A picture that is converted: each of the file's frames once, at its own time. Runs in the child.

Decode, bring into a form that the new codec holds, encode. Nothing is resized, turned or re-timed: turning and the
aspect of the pixels go into the init segment as they stand in the file, colours are tagged as they are.

It is made in stretches, each of which begins with a keyframe of the file and has an encoder of its own: so what comes
out of a stretch does not depend on what was done before it, nor on whether anything was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import av
import av.filter

from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import STRETCH
from courtcast.prepare.encode import AV1, H264, Coded, Encoder
from courtcast.prepare.entries import Entries
from courtcast.prepare.frames import JOINED, frames_of, graph_of, into, spelled
from courtcast.prepare.lane import Lane, Ticks
from courtcast.prepare.messages import Entry, Stretch
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_TAKEN = frozenset(("yuv420p", "yuvj420p", "yuv444p", "yuvj444p"))
"""What Chromium decodes of H.264, and needs no conversion of samples."""
_TEN = "yuv420p10le"


class PictureLane(Lane):
    """Packets in, H.264 or AV1 out. `deep`: more than 8 bits are kept."""

    def __init__(self, stream: av.VideoStream, *, deep: bool, deinterlace: bool, threads: int) -> None:
        self.ticks = Ticks(stream)
        super().__init__(stream, self.ticks.timescale, video=True)
        self._source = stream
        self._decoder = stream.codec_context
        self._decoder.flush_buffers()
        self._kind = AV1 if deep else H264
        self._deinterlace = deinterlace
        self._threads = threads
        self._encoder: Encoder | None = None
        self._graph: av.filter.Graph | None = None
        self._like: av.VideoFrame | None = None
        """The first frame: all are of its form."""
        self._steps: list[tuple[str, str | None]] = []
        self._anew: Callable[[], Encoder]
        """Gives another encoder like the first."""
        self._entering = Entries(stream)
        self._begun = 0
        """When the stretch that the decoder is in begins, in ticks."""
        self._coming: deque[Entry] = deque()
        """Of stretches that the decoder has come to, and the encoder has not."""
        self._skips: int | None = None
        """The keyframe up to which nothing is decoded."""
        self._from: int | None = None
        """What is shown before that is not made."""
        self._until: int | None = None
        """Nor what is shown from then on."""
        self._keys: deque[int] | None = None
        """Where keyframes are to be, if not every second; stretches are then somebody else's business."""
        self.done = False
        """All up to there is made."""
        self._form: tuple[str, int, int] | None = None
        self._shown: int | None = None
        """The last frame's time, in ticks."""
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._step = max(1, int(self.timescale / rate))
        self._durations: dict[int, int] = {}

    @property
    def codec(self) -> str:
        return self._kind.codec

    @property
    def context(self) -> av.VideoCodecContext:
        assert self._encoder is not None
        return self._encoder.context

    @property
    def how(self) -> tuple[str, str]:
        return spelled(self._steps), "" if self._encoder is None else self._encoder.settings

    def push(self, packet: Packet) -> None:
        """Raises Refused (format-not-yet, file-damaged)."""
        key = self._entering.look(packet)
        if self._skips is not None:
            if key != self._skips:
                return
            self._skips = None
        for frame in frames_of(self._decoder, packet):
            self._take(frame)

    def go_on_from(self, entry: Entry, frames: int) -> bool:
        """Leaves out what is shown before an entry, which has so many frames. False where it was passed already."""
        begin = self.begins(entry)
        if self._entering.last is not None and self._entering.last >= begin:
            return False
        self._decoder.flush_buffers()
        self._skips, self._from = begin, entry.at
        self._shown = None
        self._durations.clear()
        self._begun = entry.at
        self._coming = deque((entry,))
        self._encoder = self._anew()
        if self._graph is not None:
            self._graph = self._filter()
        self.samples, self.bytes, self.frames = [], 0, frames
        return True

    def finish(self) -> None:
        """No more packets: what decoder, filter and encoder still have comes out."""
        for frame in frames_of(self._decoder, None):
            self._take(frame)
        if self._graph is not None:
            self._graph.push(None)
            for frame in self._pull():
                self._encode(frame)
        if self._encoder is not None and not self.done:
            self._write(self._encoder.flush())
        super().finish()

    def set_out(self, stream: av.VideoStream, stretch: Stretch) -> PictureLane:
        """One like it for the same stream of the file, opened a second time, that makes one stretch."""
        deep = self._kind is AV1
        lane = PictureLane(stream, deep=deep, deinterlace=self._deinterlace, threads=self._threads)
        assert self._like is not None
        lane._like, lane._steps, lane._form, lane._anew = self._like, self._steps, self._form, self._anew
        if lane._steps:
            lane._graph = lane._filter()
        lane._encoder = lane._anew()
        lane._keys = deque(start for start, key in zip(stretch.starts, stretch.keys, strict=True) if key)
        lane._from, lane._until = stretch.entry.at, stretch.end
        lane._skips = lane.begins(stretch.entry)
        return lane

    def begins(self, entry: Entry) -> int:
        """The keyframe with which decoding has to begin for it."""
        return entry.before if self._deinterlace else entry.at

    def _take(self, frame: av.VideoFrame) -> None:
        """One picture of the file, in the order of showing."""
        at = self.ticks(frame.pts) if frame.pts is not None else None
        if at is None:
            at = 0 if self._shown is None else self._shown + self._step
        if self._shown is not None and at <= self._shown:
            at = self._shown + 1  # two at one time: the second a tick later, so that neither is lost
        if self._shown is not None:
            self._durations[self._shown] = at - self._shown
        self._shown = at
        if frame.duration:
            self._step = max(1, self.ticks(frame.duration))
        self._enter(at, key=frame.key_frame)
        frame.pts = at
        frame.time_base = Fraction(1, self.timescale)
        form = (frame.format.name, frame.width, frame.height)
        if self._form is None:
            self._begin(frame)
            self._form = form
        elif form != self._form:
            raise Refused("format-not-yet", what="one that changes its format midway")
        if self._graph is None:
            self._encode(frame)
        else:
            self._graph.push(frame)
            for filtered in self._pull():
                self._encode(filtered)

    def _enter(self, at: int, *, key: bool) -> None:
        """A stretch begins with a frame that the container and the decoder both call a keyframe."""
        if self._keys is not None:
            return
        if self._form is None:
            self._begun = at
        elif key and at - self._begun >= STRETCH * self.timescale and (before := self._entering.before(at)) is not None:
            self._begun = at
            self._coming.append(Entry(at, before))

    def _pull(self) -> Iterator[av.VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.VideoFrame)
            yield frame

    def _begin(self, frame: av.VideoFrame) -> None:
        pix_fmt = _TEN if self._kind is AV1 else _format_for(frame)
        steps: list[tuple[str, str | None]] = []
        if self._deinterlace:
            steps.append(JOINED)
        if pix_fmt != frame.format.name:
            steps += into(frame, pix_fmt)
        self._like, self._steps = frame, steps
        if steps:
            self._graph = self._filter()
        self._anew = partial(
            Encoder,
            self._kind,
            frame,
            pix_fmt,
            timescale=self.timescale,
            step=self._step,
            threads=self._threads,
            aspect=self._source.sample_aspect_ratio or self._decoder.sample_aspect_ratio or Fraction(1),
        )
        self._encoder = self._anew()

    def _filter(self) -> av.filter.Graph:
        assert self._like is not None
        return graph_of(self._like, self._steps, Fraction(1, self.timescale))

    def _encode(self, frame: av.VideoFrame) -> None:
        assert self._encoder is not None
        at = self._ticks_of(frame)
        if self._from is not None and at < self._from:
            return
        if self._coming and at >= self._coming[0].at:
            self.entries[at] = self._coming.popleft()
            if self._encoder.begun:
                self._write(self._encoder.flush())
                self._encoder = self._anew()
        if self._until is not None and at >= self._until:
            if not self.done:
                self.done = True
                self._write(self._encoder.flush())
            return
        self._write(self._encoder.encode(frame, at, key=self._is_key(at)))

    def _is_key(self, at: int) -> bool | None:
        """Whether it is to be a keyframe; None: as the encoder has it."""
        if self._keys is None:
            return None
        key = False
        while self._keys and at >= self._keys[0]:
            self._keys.popleft()
            key = True
        return key

    def _ticks_of(self, frame: av.VideoFrame) -> int:
        """A filter may count in a time base of its own."""
        assert frame.pts is not None
        base = frame.time_base or Fraction(1, self.timescale)
        return int(frame.pts * base * self.timescale)

    def _write(self, pictures: Iterable[Coded]) -> None:
        for at, keyframe, data in pictures:
            self._append(Sample(at, at, self._durations.pop(at, self._step), keyframe, True, data))

    def init_segment(self) -> bytes:
        """Raises Refused (file-damaged) where there was no picture."""
        if self._encoder is None:
            raise Refused("file-damaged")
        return self._encoder.init_segment


def _format_for(frame: av.VideoFrame) -> str:
    """What H.264 holds that loses nothing of the frame's samples where that can be."""
    name = frame.format.name
    odd = frame.width % 2 or frame.height % 2
    if name in _TAKEN and not (odd and "420" in name):
        return name
    return "yuvj444p" if odd and name.startswith("yuvj") else "yuv444p" if odd else "yuv420p"
