"""Pictures into H.264, or into AV1 where they have more than 8 bits. Runs in the child.

Nothing is reordered, so that a picture's place is its time, and there is a keyframe each second, so that a step or a
seek is as quick as it can be.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import PictureType

from courtcast.prepare import boxes, coded
from courtcast.prepare.cut import KEY_EVERY

_LIMITED, _BT709 = 1, 1
"""What red, green and blue are brought into (see `frames.into`), as the library counts."""


class Kind(NamedTuple):
    """An encoder of the library, and how it is set."""

    encoder: str
    codec: str
    quality: str
    """Constant quality: visually lossless; see docs/decisions/conversion.md for what was measured."""
    options: dict[str, str]
    unit: Callable[[bytes], bytes]
    """From what it gives to what an MP4 holds."""


H264 = Kind(
    encoder="libx264",
    codec="h264",
    quality="11",
    options={
        "preset": "veryfast",
        "forced-idr": "1",
        "x264-params": "bframes=0:scenecut=0:keyint=600:rc-lookahead=8:force-cfr=0",
    },
    unit=coded.with_lengths,
)
AV1 = Kind(
    encoder="libsvtav1",
    codec="av1",
    quality="6",
    options={"preset": "8", "svtav1-params": "pred-struct=2:keyint=600:enable-tf=0:scd=0:force-key-frames=1"},
    unit=coded.without_delimiters,
)


@contextmanager
def own_priority() -> Iterator[None]:
    """SVT-AV1 makes whoever opens it a real-time thread, where it may (as root, outside of the cage): everything else
    on the machine then waits for this program, and for all that it starts."""
    if sys.platform != "linux":
        yield
        return
    policy = param = None
    with suppress(OSError):
        policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if policy is not None and param is not None:
            with suppress(OSError):
                os.sched_setscheduler(0, policy, param)


class Coded(NamedTuple):
    """One picture."""

    at: int
    """Ticks at which it is shown."""
    keyframe: bool
    data: bytes
    """As an MP4 has it."""


class Encoder:
    """Takes frames of one form, in order.

    like: a frame, whose size, colours and turning all have; timescale: of the ticks; step: ticks between two frames,
    mostly; aspect: of a pixel
    """

    def __init__(
        self,
        kind: Kind,
        like: av.VideoFrame,
        pix_fmt: str,
        *,
        timescale: int,
        step: int,
        threads: int,
        aspect: Fraction = Fraction(1),
    ) -> None:
        self.kind = kind
        self._timescale = timescale
        self._keyed: int | None = None
        """When the last keyframe was."""
        sink = io.BytesIO()
        # It opens the encoder and writes the header; nothing else is ever put into it.
        self._out = av.open(sink, "w", format="mp4", options=dict(boxes.MUXING))
        rate = Fraction(timescale, step).limit_denominator(100_000)
        stream = self._out.add_stream(kind.encoder, rate=rate, options={**kind.options, "crf": kind.quality})
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = like.width, like.height, pix_fmt
        context.time_base = Fraction(1, timescale)
        context.color_range, context.colorspace = like.color_range, like.colorspace
        if like.format.is_rgb:
            context.color_range, context.colorspace = _LIMITED, _BT709
        context.color_trc, context.color_primaries = like.color_trc, like.color_primaries
        context.sample_aspect_ratio = aspect
        context.thread_count = threads
        sides: Any = like.side_data  # typed for names, keyed by types
        if (matrix := sides.get(SideDataType.DISPLAYMATRIX)) is not None:
            stream.set_display_matrix(struct.unpack("=9i", bytes(matrix)))
        with own_priority():
            self._out.start_encoding()
        self.context = context
        self.init_segment = boxes.init_segment(sink.getvalue(), timescale)

    @property
    def begun(self) -> bool:
        """It was given something."""
        return self._keyed is not None

    @property
    def settings(self) -> str:
        """As FFmpeg's options are written. Keyframes are asked for picture by picture: no option says that."""
        options = {**self.kind.options, "crf": self.kind.quality}
        words = " ".join(f"-{name} {value}" for name, value in options.items())
        return f"-c:v {self.kind.encoder} {words} -pix_fmt {self.context.pix_fmt}; a keyframe every {KEY_EVERY} s"

    def encode(self, frame: av.VideoFrame, at: int, *, key: bool | None = None) -> Iterator[Coded]:
        """`at`: ticks at which it is shown; `key`: whether it is to be a keyframe, one each second where None. Gives
        what comes out, of earlier ones mostly."""
        frame.pts, frame.time_base = at, Fraction(1, self._timescale)
        due = self._keyed is None or at - self._keyed >= KEY_EVERY * self._timescale if key is None else key
        frame.pict_type = PictureType.I if due else PictureType.NONE
        if due:
            self._keyed = at
        yield from self._coded(self.context.encode(frame))

    def flush(self) -> Iterator[Coded]:
        """What it still has."""
        yield from self._coded(self.context.encode(None))

    def _coded(self, packets: Iterable[av.Packet[Any]]) -> Iterator[Coded]:
        for packet in packets:
            assert packet.pts is not None
            yield Coded(packet.pts, packet.is_keyframe, self.kind.unit(bytes(packet)))
