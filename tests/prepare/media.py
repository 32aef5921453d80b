"""Recordings made for tests: each picture carries its own number, so that a picture can be told from its neighbours.

The number stands as 12 black or white fields in a row, lowest bit first, over the middle of the picture, between a
grey above and below that also changes. They survive hard compression and scaling.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from courtcast.prepare import boxes
from courtcast.prepare.encode import own_priority

BITS = 12


OPEN_GOPS = {"x264-params": "open-gop=1:scenecut=0:keyint=30:bframes=3:b-adapt=0"}
"""Options of x264 for points of entry that depend on earlier pictures."""


@dataclass(frozen=True)
class Recipe:
    """What to make. Times are ticks of 1/`timescale` s for the picture and samples for the sound."""

    codec: str = "libx264"
    width: int = 320
    height: int = 240
    fps: Fraction = Fraction(30)
    frames: int = 60
    first: int = 0
    """The number that the first picture carries."""
    gop: int = 30
    b_frames: int = 2
    video_options: dict[str, str] = field(default_factory=dict)
    pts: Sequence[int] | None = None
    """Presentation times, in ticks; evenly spaced where None."""
    timescale: int = 90_000
    video_start: Fraction = Fraction(0)
    """Seconds."""
    audio: str | None = "aac"
    rate: int = 48_000
    audio_seconds: Fraction | None = None
    """As long as the picture where None."""
    audio_start: Fraction = Fraction(0)
    audio_hole: tuple[Fraction, Fraction] | None = None
    """From, to: coded sound between these is left out."""
    container: dict[str, str] = field(default_factory=dict)
    pix_fmt: str = "yuv420p"
    noise: bool = False
    """Fill the lower part with noise, so that the file is as large as a real one."""


def draw(number: int, width: int, height: int, pix_fmt: str = "yuv420p", *, noise: bool = False) -> av.VideoFrame:
    """A picture that carries its number."""
    frame = av.VideoFrame(width, height, "yuv420p")
    luma = frame.planes[0]
    grey = 60 + (number * 37) % 120
    bits = bytearray()
    for x in range(width):
        bit = min(x * BITS // width, BITS - 1)
        bits.append(235 if number >> bit & 1 else 16)
    row = bytes(bits).ljust(luma.line_size, b"\0")
    plain = bytes([grey]) * luma.line_size
    top, bottom = height // 3, 2 * height // 3
    low = random.Random(number).randbytes(luma.line_size * (height - bottom)) if noise else plain * (height - bottom)
    luma.update(plain * top + row * (bottom - top) + low)
    for plane in frame.planes[1:]:
        plane.update(bytes([128]) * plane.buffer_size)
    return frame if pix_fmt == "yuv420p" else frame.reformat(format=pix_fmt)


def number_of(luma: bytes, width: int, height: int, stride: int) -> int:
    """The number a decoded (also scaled) picture carries; luma only."""
    number = 0
    y = height // 2
    for bit in range(BITS):
        x = int((bit + 0.5) * width / BITS)
        if luma[y * stride + x] > 125:
            number |= 1 << bit
    return number


def tone(first: int, count: int, rate: int, layout: str, fmt: str) -> av.AudioFrame:
    """A tone that beeps for the first tenth of each second."""
    channels = 2 if layout == "stereo" else 1
    values = []
    for n in range(first, first + count):
        loud = n % rate < rate // 10
        values.append(0.5 * math.sin(2 * math.pi * 1000 * n / rate) if loud else 0.0)
    frame = av.AudioFrame(format=fmt, layout=layout, samples=count)
    if fmt == "fltp":
        data = struct.pack(f"<{count}f", *values)
        for plane in frame.planes:
            plane.update(data.ljust(plane.buffer_size, b"\0"))
    elif fmt in ("flt", "s16"):
        doubled = [v for v in values for _ in range(channels)]
        packed = (
            struct.pack(f"<{len(doubled)}f", *doubled)
            if fmt == "flt"
            else struct.pack(f"<{len(doubled)}h", *(int(v * 32767) for v in doubled))
        )
        frame.planes[0].update(packed.ljust(frame.planes[0].buffer_size, b"\0"))
    elif fmt == "s32p":
        data = struct.pack(f"<{count}i", *(int(v * 0x7FFFFFFF) for v in values))
        for plane in frame.planes:
            plane.update(data.ljust(plane.buffer_size, b"\0"))
    else:
        raise ValueError(fmt)
    frame.sample_rate = rate
    return frame


def make(path: Path, recipe: Recipe) -> Path:
    """Write the recording and give its path back."""
    with av.open(str(path), "w", options=dict(recipe.container)) as out:
        video = out.add_stream(recipe.codec, rate=recipe.fps)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = recipe.width, recipe.height, recipe.pix_fmt
        context = video.codec_context
        context.time_base = Fraction(1, recipe.timescale)
        context.gop_size = recipe.gop
        if recipe.codec == "libx264":
            context.max_b_frames = recipe.b_frames
        context.options = {**_defaults(recipe), **recipe.video_options}
        audio = None
        if recipe.audio:
            audio = out.add_stream(recipe.audio, rate=recipe.rate)
            assert isinstance(audio, av.AudioStream)
            audio.layout = "stereo"
            audio.codec_context.time_base = Fraction(1, recipe.rate)
        with own_priority():
            out.mux(_merged(recipe, video, audio))
    return path


def _defaults(recipe: Recipe) -> dict[str, str]:
    if recipe.codec == "libx264":
        return {"preset": "veryfast", "crf": "30", "threads": "1", "x264-params": "scenecut=0"}
    if recipe.codec == "libvpx-vp9":
        return {"deadline": "realtime", "cpu-used": "8", "crf": "40", "b": "0", "threads": "1"}
    return (
        {"preset": "12", "crf": "50", "svtav1-params": "lp=1:enable-overlays=0"} if recipe.codec == "libsvtav1" else {}
    )


def _merged(recipe: Recipe, video: Any, audio: Any) -> Iterable[av.Packet]:
    """All packets, in the order of their decoding times."""
    packets = [*_pictures(recipe, video), *(_sounds(recipe, audio) if audio else ())]
    if recipe.audio_hole is not None:
        start, end = recipe.audio_hole
        packets = [p for p in packets if p.stream is not audio or not start <= p.pts * p.time_base < end]
    return sorted(packets, key=lambda p: p.dts * p.time_base)


def _pictures(recipe: Recipe, video: Any) -> Iterable[av.Packet]:
    step = recipe.timescale / recipe.fps
    shift = int(recipe.video_start * recipe.timescale)
    for number in range(recipe.frames):
        frame = draw(recipe.first + number, recipe.width, recipe.height, recipe.pix_fmt, noise=recipe.noise)
        frame.pts = shift + (recipe.pts[number] if recipe.pts else int(number * step))
        frame.time_base = Fraction(1, recipe.timescale)
        yield from video.encode(frame)
    yield from video.encode(None)


def _sounds(recipe: Recipe, audio: Any) -> Iterable[av.Packet]:
    context = audio.codec_context
    context.open()
    seconds = recipe.audio_seconds if recipe.audio_seconds is not None else recipe.frames / recipe.fps
    total = int(seconds * recipe.rate)
    size = context.frame_size or 1024
    shift = int(recipe.audio_start * recipe.rate)
    for first in range(0, total, size):
        frame = tone(first, min(size, total - first), recipe.rate, "stereo", context.format.name)
        frame.pts = shift + first
        frame.time_base = Fraction(1, recipe.rate)
        yield from audio.encode(frame)
    yield from audio.encode(None)


def with_edits(data: bytes, track: int, edits: Sequence[tuple[int, int]]) -> bytes:
    """An MP4 (index at its end) whose track has this edit list: (duration in 1/1000 s, media time or -1) each."""
    moov = boxes.find(data, b"moov")
    assert moov is not None
    assert moov.end == len(data)
    mvhd = boxes.find(data, b"moov", b"mvhd")
    assert mvhd is not None
    (scale,) = struct.unpack_from(">I", data, mvhd.body + (20 if data[mvhd.body] else 12))
    out, number = [], 0
    for box in boxes.boxes(data, moov.body, moov.end):
        if box.type == b"trak":
            inner = [b for b in boxes.boxes(data, box.body, box.end) if number != track or b.type != b"edts"]
            parts = [data[b.start : b.end] for b in inner]
            if number == track:
                entries = [struct.pack(">IiI", duration * scale // 1000, at, 0x10000) for duration, at in edits]
                elst = boxes.full(b"elst", 0, 0, struct.pack(">I", len(edits)), *entries)
                parts.insert(1, boxes.pack(b"edts", elst))
            out.append(boxes.pack(b"trak", *parts))
            number += 1
        else:
            out.append(data[box.start : box.end])
    return data[: moov.start] + boxes.pack(b"moov", *out)
