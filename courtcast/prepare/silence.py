"""Coded silence, as a recording's own codec has it. Runs in the child."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av

from courtcast.prepare.coded import AAC_RATES
from courtcast.prepare.filling import Blank

_AAC_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_FIRST = 8
"""Frames encoded to have one that carries nothing but silence."""


class Silence(Blank):
    """Coded silence for one track. Where it cannot be told how long a unit of its codec lasts, nothing is filled."""

    def __init__(self, codec: str, context: av.AudioCodecContext, timescale: int) -> None:
        super().__init__(Fraction(0), timescale)
        self._unit: bytes | None = None
        encoder, rate, samples, layout = _like(codec, context)
        if encoder is None or not rate or not samples:
            return
        self.length = Fraction(samples * timescale, rate)
        self._encoder, self._rate, self._samples, self._layout = encoder, rate, samples, layout
        self._format = context.format.name if codec == "flac" else None

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
