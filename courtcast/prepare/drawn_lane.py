"""A picture for a recording that has none: its sound as a waveform, and where in it playback is. Runs in the child.

It goes the way of every other picture, so that all that holds of one (the same instant on all screens, the room's frame
at rest, what each screen reports) holds here. It is marked as drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from courtcast.prepare.boxes import Sample
from courtcast.prepare.encode import H264, Coded, Encoder
from courtcast.prepare.frames import frames_of
from courtcast.prepare.lane import Lane
from courtcast.prepare.waveform import COLUMNS, HEIGHT, PAGE, WIDTH, Page
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_RATE = 10
"""Pictures a second."""
_LOUD = 8000
"""Hz at which loudness is looked at: a column of the drawing is many samples wide."""


class DrawnLane(Lane):
    """Sound in, pictures out; ticks are those of the sound's own track.

    decodes: the sound stays as it is, so that nobody else decodes it. Else `hear` is to be called.
    """

    def __init__(self, stream: av.AudioStream, timescale: int, *, decodes: bool, threads: int) -> None:
        super().__init__(stream, timescale, video=True)
        self._decoder = stream.codec_context if decodes else None
        self._threads = threads
        self._encoder: Encoder | None = None
        self._begin: int | None = None
        """Where the sound begins, in ticks."""
        self._until = 0
        """How far it was heard, in ticks."""
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=_LOUD)
        self._levels: list[int] = []
        """The loudest sample of each column of the page, of 32767."""
        self._column: list[int] = []
        self._drawn = 0
        """Pictures made so far."""

    @property
    def codec(self) -> str:
        return "h264"

    @property
    def context(self) -> av.VideoCodecContext:
        assert self._encoder is not None
        return self._encoder.context

    @property
    def how(self) -> tuple[str, str]:
        return "", "" if self._encoder is None else self._encoder.settings

    def push(self, packet: Packet) -> None:
        """Raises nothing: what does not decode is silence in the drawing, and somebody else's to complain of."""
        self._decode(packet)

    def _decode(self, packet: Packet | None) -> None:
        if self._decoder is None:
            return
        for frame in frames_of(self._decoder, packet):
            base = frame.time_base or Fraction(1, self.timescale)
            self.hear(frame, self._until if frame.pts is None else int(frame.pts * base * self.timescale))

    def hear(self, frame: av.AudioFrame, at: int) -> None:
        """Decoded sound that lies there."""
        if self._begin is None:
            self._begin = self._until = at
            self._open()
        missing = Fraction(at - self._until, self.timescale)
        if missing > 0:
            self._take([0] * int(missing * _LOUD))
        self._until = at + int(Fraction(frame.samples * self.timescale, frame.sample_rate or self.timescale))
        frame.pts = None
        for mono in self._resampler.resample(frame):
            self._take(memoryview(mono.planes[0]).cast("h")[: mono.samples].tolist())

    def _take(self, samples: list[int]) -> None:
        """Loudness, column by column."""
        waiting = self._column + samples
        size = _LOUD * PAGE // COLUMNS
        whole = len(waiting) // size * size
        for start in range(0, whole, size):
            column = waiting[start : start + size]
            self._levels.append(max(*column, -min(column)))
            if len(self._levels) == COLUMNS:
                self._draw(PAGE)
        self._column = waiting[whole:]

    def _open(self) -> None:
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        self._encoder = Encoder(
            H264,
            frame,
            "yuv420p",
            timescale=self.timescale,
            step=max(1, self.timescale // _RATE),
            threads=self._threads,
        )

    def _draw(self, seconds: float) -> None:
        """The pictures of one page, which lasts so long."""
        assert self._encoder is not None
        assert self._begin is not None
        page = Page(self._levels, first=self._drawn // (PAGE * _RATE))
        self._levels = []
        for n in range(max(1, round(seconds * _RATE))):
            at = self._begin + int(Fraction(self._drawn * self.timescale, _RATE))
            self._drawn += 1
            self._write(self._encoder.encode(page.at(Fraction(n, _RATE)), at))

    def _write(self, pictures: Iterable[Coded]) -> None:
        step = max(1, self.timescale // _RATE)
        for at, keyframe, data in pictures:
            self._append(Sample(at, at, step, keyframe, True, data))

    def finish(self) -> None:
        """No more packets."""
        self._decode(None)
        if self._encoder is not None and self._begin is not None:
            left = float(Fraction(self._until - self._begin, self.timescale) - Fraction(self._drawn, _RATE))
            if left > 0 or not self._drawn:
                self._levels += [0] * (COLUMNS - len(self._levels))
                self._draw(left)
            self._write(self._encoder.flush())
        super().finish()

    def _said_end(self) -> None:
        """The drawing ends with what was heard."""

    def init_segment(self) -> bytes:
        """Raises Refused (file-damaged) where there was no sound."""
        if self._encoder is None:
            raise Refused("file-damaged")
        return self._encoder.init_segment
