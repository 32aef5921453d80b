"""One track of a rendition looked at quickly: its keyframes as small pictures, or its sound as loudness. In the child.

The parent joins what is to be looked at, of a rendition's own fragments, into a file of its own: for the picture
nothing but keyframes. So nothing is searched for here, and nothing is decoded that is not looked at.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Final

import av

from courtcast.prepare import kinds, messages, probe
from courtcast.prepare.frames import frames_of, through
from courtcast.prepare.outline import HIGH, WIDE
from courtcast.prepare.still import shown, size_shown
from courtcast.problems import Refused

SIDE: Final = 160
"""Pixels of the longer side of a small picture."""
COLUMNS: Final = 10
PICTURES_MOST: Final = 400
_QUALITY: Final = 4
"""Of the JPEG, as the library counts (2 is the best): about 5 kB for each picture."""
RATE: Final = 8000
"""Hz at which loudness is looked at: speech and knocks have what is loud of them below 4 kHz."""
WINDOW: Final = 160
"""Samples of a level: 20 ms."""
_TOLD: Final = 500
"""Levels told of at a time: ten seconds."""
_HOLE: Final = 0.05
"""Seconds by which times may be off before what follows counts as lying elsewhere."""


def glimpse(file: kinds.Readable, length: int | None, emit: messages.Emit) -> None:
    """Raises Refused, MemoryError, and what the file's `read` raises."""
    opened = probe.open_file(file, kinds.sniff(file, length), seeking=False)
    with opened.container as container:
        stream = container.streams[0] if container.streams else None
        if isinstance(stream, av.VideoStream):
            _pictures(container, stream, emit)
        elif isinstance(stream, av.AudioStream):
            _sound(container, stream, emit)
        else:
            raise Refused("file-damaged")


def _pictures(container: av.container.InputContainer, stream: av.VideoStream, emit: messages.Emit) -> None:
    """Each packet is a keyframe and decodes by itself. One that does not is told of as nothing."""
    context = stream.codec_context
    context.thread_count = 1
    context.options = {"skip_loop_filter": "all"}  # what it smooths is gone when twelve pixels become one
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
    small: list[av.VideoFrame] = []
    for packet in container.demux(stream):
        if not packet.size or len(small) >= PICTURES_MOST:
            continue
        frames = [*frames_of(context, packet), *frames_of(context, None)]
        context.flush_buffers()
        if not frames:
            emit(messages.Glimpse())
            continue
        across, tall = size_shown(frames[0], aspect)
        width = SIDE if across >= tall else max(1, round(SIDE * across / tall))
        small.append(shown(frames[0], aspect, width, kernel="area"))
        emit(messages.Glimpse(), _grey(small[-1]))
    if not small:
        raise Refused("file-damaged")
    wide, high = small[0].width, small[0].height
    emit(messages.Strip(width=wide, height=high, columns=COLUMNS), _jpeg(_joined(small, wide, high)))


def _grey(picture: av.VideoFrame) -> bytes:
    steps: list[tuple[str, str | None]] = [("scale", f"w={WIDE}:h={HIGH}:flags=area"), ("format", "pix_fmts=gray")]
    return _plane(through(picture, steps), WIDE, HIGH)


def _joined(pictures: list[av.VideoFrame], wide: int, high: int) -> av.VideoFrame:
    """Side by side. One of another size (a recording may change it) is cut off, or leaves a black edge."""
    rows = -(-len(pictures) // COLUMNS)
    stride = COLUMNS * wide * 3
    canvas = bytearray(stride * rows * high)
    for n, picture in enumerate(pictures):
        row, column = divmod(n, COLUMNS)
        pixels = _plane(picture, picture.width * 3, picture.height)
        count = min(picture.width, wide) * 3
        for y in range(min(picture.height, high)):
            at = (row * high + y) * stride + column * wide * 3
            canvas[at : at + count] = pixels[y * picture.width * 3 : y * picture.width * 3 + count]
    frame = av.VideoFrame(COLUMNS * wide, rows * high, "rgb24")
    plane = frame.planes[0]
    pad = bytes(plane.line_size - stride)
    plane.update(b"".join(bytes(canvas[n * stride : (n + 1) * stride]) + pad for n in range(rows * high)))
    return frame


def _jpeg(picture: av.VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    # Colour for each pixel: pictures lie close beside each other, and must not stain their neighbours.
    steps: list[tuple[str, str | None]] = [
        ("scale", "out_color_matrix=bt601:out_range=full:flags=bicubic+accurate_rnd"),
        ("format", "pix_fmts=yuvj444p"),
    ]
    full = through(picture, steps)
    encoder.width, encoder.height, encoder.pix_fmt = full.width, full.height, "yuvj444p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = _QUALITY
    full.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(full), *encoder.encode(None)))


def _plane(picture: av.VideoFrame, wide: int, high: int) -> bytes:
    """The first plane's rows of so many bytes, without what the library leaves behind each."""
    plane = picture.planes[0]
    data = bytes(plane)
    if plane.line_size == wide:
        return data[: wide * high]
    return b"".join(data[y * plane.line_size : y * plane.line_size + wide] for y in range(high))


def _sound(container: av.container.InputContainer, stream: av.AudioStream, emit: messages.Emit) -> None:
    levels = _Levels(emit)
    context = stream.codec_context
    for packet in container.demux(stream):
        for frame in frames_of(context, packet if packet.size else None):
            if frame.samples and frame.pts is not None and frame.time_base:
                levels.take(frame, float(frame.pts * frame.time_base))
    levels.tell()


class _Levels:
    """Loudness of decoded sound: the loudest sample of either side in each window."""

    def __init__(self, emit: messages.Emit) -> None:
        self._emit = emit
        self._resampler: av.AudioResampler | None = None
        self._sides = 2
        self._start = 0.0
        """Seconds at which the levels not told of begin."""
        self._next: float | None = None
        """Seconds at which the next sample lies if there is no hole."""
        self._levels: list[int] = []
        self._rest: list[int] = []

    def take(self, frame: av.AudioFrame, at: float) -> None:
        if self._next is None or abs(at - self._next) > _HOLE:
            self.tell()
            self._start, self._resampler = at, None
        if self._resampler is None:
            # Sides are kept apart: mixed together, what is heard on both with opposite signs would be silence.
            self._sides = 1 if len(frame.layout.channels) == 1 else 2
            layout = "mono" if self._sides == 1 else "stereo"
            self._resampler = av.AudioResampler(format="s16", layout=layout, rate=RATE)
        self._next = at + frame.samples / frame.sample_rate
        frame.pts = None
        for part in self._resampler.resample(frame):
            self._rest += memoryview(part.planes[0]).cast("h")[: part.samples * self._sides].tolist()
        size = WINDOW * self._sides
        whole = len(self._rest) // size * size
        for first in range(0, whole, size):
            window = self._rest[first : first + size]
            self._levels.append(_level(window))
        del self._rest[:whole]
        if len(self._levels) >= _TOLD:
            self._say()

    def tell(self) -> None:
        """What there is, also of a window that is not whole: the sound ends, or goes on elsewhere."""
        if self._rest:
            self._levels.append(_level(self._rest))
            self._rest = []
        self._say()

    def _say(self) -> None:
        levels, self._levels = self._levels, []
        if levels:
            self._emit(messages.Heard(at=self._start, count=len(levels)), struct.pack(f">{len(levels)}H", *levels))
            self._start += len(levels) * WINDOW / RATE


def _level(samples: list[int]) -> int:
    loud, low = max(samples), min(samples)
    return min(32767, max(loud, -low))
