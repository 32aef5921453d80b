"""Recordings with several tracks made for tests: each sound a tone of its own, so that it can be told from the others."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from tests.prepare.media import draw


@dataclass(frozen=True)
class Tone:
    """One sound track."""

    hertz: int
    language: str = ""
    title: str = ""
    codec: str = "aac"
    start: Fraction = Fraction(0)
    """Seconds."""


def make(path: Path, tones: Sequence[Tone], *, seconds: int = 2, picture: bool = True, fps: int = 25) -> Path:
    """A recording with so many sound tracks."""
    with av.open(str(path), "w") as out:
        packets: list[Any] = []
        video: Any = None
        if picture:
            video = out.add_stream("libx264", rate=fps)
            video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            video.codec_context.options = {"preset": "ultrafast", "crf": "30", "g": str(fps), "threads": "1"}
        streams = [_sound(out, tone) for tone in tones]
        if picture:
            packets += _pictures(video, seconds * fps)
        for tone, stream in zip(tones, streams, strict=True):
            packets += _sounds(stream, tone, seconds)
        out.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))
    return path


def _sound(out: Any, tone: Tone) -> Any:
    stream = out.add_stream(tone.codec, rate=48_000)
    stream.layout = "mono"
    if tone.language:
        stream.metadata["language"] = tone.language
    if tone.title:
        stream.metadata["title"] = stream.metadata["handler_name"] = tone.title
    return stream


def _pictures(stream: Any, frames: int) -> Iterator[Any]:
    for number in range(frames):
        yield from stream.encode(draw(number, 160, 120))
    yield from stream.encode(None)


def _sounds(stream: Any, tone: Tone, seconds: int) -> Iterator[Any]:
    context = stream.codec_context
    context.open()
    size = context.frame_size or 1024
    for first in range(0, seconds * 48_000, size):
        values = [0.5 * math.sin(2 * math.pi * tone.hertz * n / 48_000) for n in range(first, first + size)]
        frame = av.AudioFrame(format=context.format.name, layout="mono", samples=size)
        data = (
            struct.pack(f"<{size}h", *(int(value * 32767) for value in values))
            if context.format.name.startswith("s16")
            else struct.pack(f"<{size}f", *values)
        )
        frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = 48_000
        frame.pts, frame.time_base = int(tone.start * 48_000) + first, Fraction(1, 48_000)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def pitch(init: bytes, fragments: Sequence[bytes], at: float = 0.5) -> int:
    """Hertz of the tone that is heard there, from the times at which it rises through zero within a fifth of a second."""
    values: list[float] = []
    with av.open(io.BytesIO(init + b"".join(fragments))) as back:
        for frame in back.decode(audio=0):
            assert frame.time is not None
            if at <= frame.time < at + 0.2:
                form, size = ("f", 4) if frame.format.name.startswith("flt") else ("h", 2)
                values += struct.unpack(f"<{frame.samples}{form}", bytes(frame.planes[0])[: frame.samples * size])
    rises = sum(1 for one, other in pairwise(values) if one < 0 <= other)
    return round(rises * 48_000 / len(values))
