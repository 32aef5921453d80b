"""Recordings big enough to measure speed on, made in seconds: a short piece is encoded once and put behind itself."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.filter

SIZE = (1920, 1080)
RATE = 25


class Clip(NamedTuple):
    """What to encode: `seconds` of it, `times` in a row."""

    codec: str
    seconds: int
    times: int
    """0: as often as it takes for `least` bytes."""
    tag: str = ""
    options: tuple[tuple[str, str], ...] = ()
    grain: int = 6
    """Noise in levels; what a sensor adds, and what makes encoders work."""
    least: int = 0


XVID = Clip("mpeg4", 5, 1, tag="XVID", options=(("qscale", "4"), ("flags", "+qscale")), grain=3)
WMV = Clip("wmv2", 5, 1, options=(("b", "12M"),), grain=3)
INTRA = Clip(
    "libx264",
    2,
    0,
    options=(("preset", "ultrafast"), ("qp", "20"), ("x264-params", "keyint=1:threads=2")),
    grain=16,
    least=520_000_000,
)
"""As cameras for editing write it."""


def make(path: Path, clip: Clip) -> Path:
    """Write it."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(clip.codec, rate=RATE, options=dict(clip.options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base, context.gop_size, context.max_b_frames = Fraction(1, RATE), 10 * RATE, 0
        context.thread_count = 2
        if clip.tag:
            context.codec_tag = clip.tag
        once = list(_encoded(context, clip))
        step = clip.seconds * RATE
        for number in range(clip.times or -(-clip.least // sum(len(data) for data, *_ in once))):
            for data, pts, dts, key in once:
                packet: av.Packet[Any] = av.Packet(data)
                packet.pts, packet.dts = pts + number * step, dts + number * step
                packet.duration, packet.time_base = 1, Fraction(1, RATE)
                packet.stream, packet.is_keyframe = stream, key
                out.mux(packet)
    return path


def _encoded(context: Any, clip: Clip) -> Iterator[tuple[bytes, int, int, bool]]:
    for number, frame in enumerate(_drawn(clip)):
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        for packet in context.encode(frame):
            yield bytes(packet), packet.pts, packet.dts, packet.is_keyframe
    for packet in context.encode(None):
        yield bytes(packet), packet.pts, packet.dts, packet.is_keyframe


def _drawn(clip: Clip) -> Iterator[av.VideoFrame]:
    graph = av.filter.Graph()
    wide, high = SIZE
    chain = [
        graph.add("testsrc2", f"size={wide}x{high}:rate={RATE}:duration={clip.seconds}"),
        graph.add("noise", f"alls={clip.grain}:allf=t"),
        graph.add("format", "pix_fmts=yuv420p"),
        graph.add("buffersink"),
    ]
    for one, following in pairwise(chain):
        one.link_to(following)
    graph.configure()
    for _ in range(clip.seconds * RATE):
        frame = graph.pull()
        assert isinstance(frame, av.VideoFrame)
        yield frame
