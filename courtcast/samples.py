"""Sample evidence that is made, not shipped: a moving picture with each frame's number in it, and sound.

The number stands in every frame twice: as digits for people and as a bar code for machines, so that a test can say
from pixels alone which frame is on a display. Layout of the code, along the top edge, `CELLS` cells of equal width:
white, black, 16 bits of the frame number (most significant first), 4 bits of check, black, white.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
from av.video.frame import PictureType

BITS = 16
CHECK = 4
CELLS = BITS + CHECK + 4
HEIGHT = 1 / 12
"""Height of the code as a share of the picture's height."""
WHITE, BLACK = 235, 16
SAMPLE_RATE = 48_000
SOUND_BLOCK = 1024

# Which of the seven segments (top, upper left, upper right, middle, lower left, lower right, bottom) a digit lights.
_SEGMENTS = (
    "1110111",
    "0010010",
    "1011101",
    "1011011",
    "0111010",
    "1101011",
    "1101111",
    "1010010",
    "1111111",
    "1111011",
)


def check_of(number: int) -> int:
    """Four bits over the number: the sum of its nibbles, so that a half-changed picture is not read as a frame."""
    return sum((number >> shift) & 15 for shift in range(0, BITS, 4)) * 7 % 16


def code_cells(number: int) -> list[bool]:
    """The cells of a frame number, True for white."""
    bits = [(number >> bit) & 1 == 1 for bit in reversed(range(BITS))]
    check = [(check_of(number) >> bit) & 1 == 1 for bit in reversed(range(CHECK))]
    return [True, False, *bits, *check, False, True]


def read_cells(levels: list[int]) -> int | None:
    """The frame number from the luma (0 … 255) at each cell's middle; None where this is no valid code."""
    if len(levels) != CELLS:
        raise ValueError(f"{CELLS} cells are needed")
    low, high = min(levels), max(levels)
    if high - low < 60:
        return None
    cells = [level > (low + high) / 2 for level in levels]
    if not (cells[0] and not cells[1] and not cells[-2] and cells[-1]):
        return None
    value = 0
    for cell in cells[2:-2]:
        value = value << 1 | cell
    number, check = value >> CHECK, value & (1 << CHECK) - 1
    return number if check == check_of(number) else None


def read_luma(luma: bytes | memoryview, width: int, height: int, stride: int | None = None) -> int | None:
    """The frame number in a picture of 8-bit luma, `width` × `height`, rows `stride` bytes apart."""
    row = int(height * HEIGHT / 2) * (stride or width)
    return read_cells([luma[row + int((cell + 0.5) * width / CELLS)] for cell in range(CELLS)])


def _fill(plane: memoryview, stride: int, box: tuple[int, int, int, int], level: int) -> None:
    left, top, right, bottom = box
    line = bytes([level]) * (right - left)
    for y in range(top, bottom):
        plane[y * stride + left : y * stride + right] = line


def _draw_number(plane: memoryview, stride: int, width: int, height: int, number: int) -> None:
    unit = max(2, height // 54)
    digit_width, gap = 5 * unit, 2 * unit
    text = f"{number:05d}"
    total = len(text) * digit_width + (len(text) - 1) * gap
    left, top = (width - total) // 2, height - 14 * unit
    _fill(plane, stride, (left - 2 * unit, top - 2 * unit, left + total + 2 * unit, top + 11 * unit), BLACK)
    for place, digit in enumerate(text):
        x = left + place * (digit_width + gap)
        boxes = (
            (x, top, x + digit_width, top + unit),
            (x, top, x + unit, top + 5 * unit),
            (x + digit_width - unit, top, x + digit_width, top + 5 * unit),
            (x, top + 4 * unit, x + digit_width, top + 5 * unit),
            (x, top + 4 * unit, x + unit, top + 9 * unit),
            (x + digit_width - unit, top + 4 * unit, x + digit_width, top + 9 * unit),
            (x, top + 8 * unit, x + digit_width, top + 9 * unit),
        )
        for lit, box in zip(_SEGMENTS[int(digit)], boxes, strict=True):
            if lit == "1":
                _fill(plane, stride, box, WHITE)


def draw(frame: av.VideoFrame, number: int) -> None:
    """Writes the number into a yuv420p frame, as digits and as the code."""
    plane, stride = memoryview(frame.planes[0]), frame.planes[0].line_size
    width, height = frame.width, frame.height
    _draw_number(plane, stride, width, height, number)
    line = bytearray(width)
    for index, cell in enumerate(code_cells(number)):
        left, right = index * width // CELLS, (index + 1) * width // CELLS
        line[left:right] = bytes([WHITE if cell else BLACK]) * (right - left)
    for y in range(int(height * HEIGHT)):
        plane[y * stride : y * stride + width] = line
    for chroma in frame.planes[1:]:  # the code is grey, so that only luma matters
        grey = bytes([128]) * (width // 2)
        view = memoryview(chroma)
        for y in range(int(height * HEIGHT / 2)):
            view[y * chroma.line_size : y * chroma.line_size + width // 2] = grey


def _pictures(width: int, height: int, rate: Fraction, count: int) -> Iterator[av.VideoFrame]:
    graph = av.filter.Graph()
    source = graph.add("testsrc2", f"size={width}x{height}:rate={rate.numerator}/{rate.denominator}")
    pixels = graph.add("format", "yuv420p")
    sink = graph.add("buffersink")
    source.link_to(pixels)
    pixels.link_to(sink)
    graph.configure()
    for number in range(count):
        frame: Any = graph.pull()
        frame.pict_type = PictureType.NONE  # the source marks each one as a keyframe, and the encoder would obey
        draw(frame, number)
        yield frame


def _tone(block: int) -> bytes:
    """One block of mono s16 sound: a quiet hum, and a beep for the first 50 ms of each second."""
    samples = array("h")
    for n in range(block * SOUND_BLOCK, (block + 1) * SOUND_BLOCK):
        level = 1500 * math.sin(2 * math.pi * 220 * n / SAMPLE_RATE)
        if n % SAMPLE_RATE < SAMPLE_RATE // 20:
            level += 12000 * math.sin(2 * math.pi * 1000 * n / SAMPLE_RATE)
        samples.append(int(level))
    return samples.tobytes()


def make_clip(
    path: Path,
    *,
    seconds: float = 60,
    rate: Fraction | int = 30,
    width: int = 1920,
    height: int = 1080,
    gop_seconds: float = 2,
    bit_rate: int = 8_000_000,
    b_frames: int = 0,
    sound: bool = True,
    preset: str = "ultrafast",
    index_first: bool = True,
) -> Path:
    """Writes an H.264 + AAC MP4 whose frame n carries the number n; `gop_seconds` between keyframes, no others.

    `index_first` puts the index before the media, as files made for the web have it. The file appears whole or not
    at all.
    """
    rate = Fraction(rate)
    part = path.with_name(path.name + ".part")
    options = {"movflags": "faststart"} if index_first else {}
    with av.open(str(part), "w", format="mp4", options=options) as out:
        video = out.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.bit_rate = bit_rate
        gop = round(gop_seconds * rate)
        video.codec_context.gop_size = gop
        kbit = bit_rate // 1000
        video.options = {
            "preset": preset,
            "bf": str(b_frames),
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0"
            f":nal-hrd=cbr:vbv-maxrate={kbit}:vbv-bufsize={kbit}",
        }
        audio = None
        if sound:
            audio = out.add_stream("aac", rate=SAMPLE_RATE)
            audio.codec_context.layout = "mono"
        block = 0
        for number, picture in enumerate(_pictures(width, height, rate, int(seconds * rate))):
            picture.pts, picture.time_base = number, 1 / rate
            out.mux(video.encode(picture))
            while audio is not None and block * SOUND_BLOCK < (number + 1) / rate * SAMPLE_RATE:
                sound_frame = av.AudioFrame("s16", "mono", SOUND_BLOCK)
                sound_frame.planes[0].update(_tone(block))
                sound_frame.sample_rate, sound_frame.pts = SAMPLE_RATE, block * SOUND_BLOCK
                sound_frame.time_base = Fraction(1, SAMPLE_RATE)
                out.mux(audio.encode(sound_frame))
                block += 1
        out.mux(video.encode(None))
        if audio is not None:
            out.mux(audio.encode(None))
    part.replace(path)
    return path
