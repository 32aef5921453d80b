"""Silence where a recording has no sound. Runs in the child.

Chromium plays sound samples one after the other and looks at no time but the first after a seek: over a hole of a
second all later sound comes a second early, and where sound begins late (beyond the first second of MSE time) nothing
plays at all. So holes are filled with coded silence, as the recording's own codec has it. It is never counted, is
marked as added, and is put only where the file says that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av

from courtcast.prepare.boxes import Sample
from courtcast.prepare.coded import AAC_RATES

HOLE = Fraction(1, 20)
"""Seconds. Shorter ones are jitter of time stamps (Chromium, too, warns of sound out of step from 50 ms on)."""
MOST = 6 * 3600
"""Seconds. More than that between two samples is no hole but a time stamp that was damaged."""

_AAC_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_FIRST = 8
"""Frames encoded to have one that carries nothing but silence."""


class Silence:
    """Coded silence for one track, and how long one unit of its codec lasts."""

    def __init__(self, codec: str, context: av.AudioCodecContext, timescale: int) -> None:
        self.length = Fraction(0)
        """Ticks of one unit; 0 where that cannot be told, and nothing is filled then."""
        self._unit: bytes | None = None
        self._timescale = timescale
        encoder, rate, samples, layout = _like(codec, context)
        if encoder is None or not rate or not samples:
            return
        self.length = Fraction(samples * timescale, rate)
        self._encoder, self._rate, self._samples, self._layout = encoder, rate, samples, layout
        self._format = context.format.name if codec == "flac" else None

    def between(self, start: int, end: int) -> list[Sample]:
        """Samples from start on that reach to end, as nearly as whole units can; none for less than `HOLE`.

        Raises ValueError for more than `MOST`.
        """
        if not self.length or end - start < max(HOLE * self._timescale, self.length / 2):
            return []
        if end - start > MOST * self._timescale:
            raise ValueError("nobody leaves out so much")
        unit = self._coded()
        if unit is None:
            return []
        count = round((end - start) / self.length)
        starts = [start + int(n * (end - start) / Fraction(count)) for n in range(count)]
        return [Sample(at, at, int(self.length), True, False, unit, added=True) for at in starts]

    def _coded(self) -> bytes | None:
        if self._unit is None and self.length:
            try:
                self._unit = list(self._encode())[-1]
            except (av.error.FFmpegError, ValueError, IndexError):
                self.length = Fraction(0)
        return self._unit

    def _encode(self) -> Iterator[bytes]:
        encoder = av.CodecContext.create(self._encoder, "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.sample_rate = self._rate
        encoder.layout = self._layout
        formats = [found.name for found in encoder.codec.audio_formats or ()]
        encoder.format = self._format if self._format in formats else formats[0]
        encoder.time_base = Fraction(1, self._rate)
        if self._encoder == "flac":
            encoder.options = {"frame_size": str(self._samples)}
        encoder.open()
        for n in range(_FIRST):
            frame = av.AudioFrame(format=encoder.format.name, layout=self._layout, samples=self._samples)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts, frame.time_base = self._rate, n * self._samples, Fraction(1, self._rate)
            yield from (bytes(packet) for packet in encoder.encode(frame))


def _like(codec: str, context: av.AudioCodecContext) -> tuple[str | None, int, int, str]:
    """Encoder, rate, samples of a unit, layout."""
    extra = context.extradata or b""
    if codec == "aac" and len(extra) >= 2:
        # AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): the rate and channels of the core, also where SBR or PS widen.
        bits = int.from_bytes(extra[:2], "big")
        rate, channels = bits >> 7 & 15, bits >> 3 & 15
        if rate < len(AAC_RATES) and channels in _AAC_LAYOUTS:
            return "aac", AAC_RATES[rate], 1024, _AAC_LAYOUTS[channels]
    elif codec == "opus" and context.channels <= 2:
        return "libopus", 48_000, 960, "mono" if context.channels == 1 else "stereo"
    elif codec == "flac" and len(extra) >= 4:
        return "flac", context.sample_rate, int.from_bytes(extra[-34:][2:4], "big"), context.layout.name
    return None, 0, 0, ""


class Filled:
    """A track of sound whose holes are filled. Ticks as the file has them.

    start: where sound is wanted from, if it begins later; None to leave its beginning as it is
    """

    def __init__(self, silence: Silence, start: int | None) -> None:
        self._silence = silence
        self._until: int | None = start

    def push(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples, and before them what is missing. Raises ValueError where they come too late for that."""
        for sample in samples:
            if self._until is not None:
                yield from self._silence.between(self._until, sample.pts)
                if self._silence.length and sample.pts < self._until - self._silence.length:
                    raise ValueError("sound after its own silence")
            self._until = sample.pts + max(int(self._silence.length), 1)
            yield sample

    def reach(self, end: int) -> list[Sample]:
        """Nothing will come before `end`: fill up to there. Raises ValueError (see `Silence.between`)."""
        if self._until is None:
            return []
        filled = self._silence.between(self._until, end)
        if filled:
            self._until = end
        return filled
