"""What comes out of a decoder and a filter graph. Runs in the child."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import av
import av.filter

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet


@overload
def frames_of(decoder: av.VideoCodecContext, packet: Packet | None) -> list[av.VideoFrame]: ...
@overload
def frames_of(decoder: av.AudioCodecContext, packet: Packet | None) -> list[av.AudioFrame]: ...
def frames_of(
    decoder: av.VideoCodecContext | av.AudioCodecContext, packet: Packet | None
) -> list[av.VideoFrame] | list[av.AudioFrame]:
    """All that the decoder gives for a packet, or still has (None): nothing where the packet is damaged, and it goes on
    with the next one."""
    try:
        return decoder.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):
        return []


JOINS = "bwdif"
"""The filter that makes one picture of two fields; it looks at the pictures before and behind."""
JOINED: tuple[str, str | None] = (JOINS, "mode=send_frame:deint=interlaced")
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""Names that the library's scaler has for code points of ITU-T H.273 §8.3."""
_FULL = 2
"""Code point of pictures whose samples go from 0 to 255, in the library's order."""


def into(frame: av.VideoFrame, pix_fmt: str) -> list[tuple[str, str | None]]:
    """Filters that bring frames like this one into another form, their brightness and colours meaning what they meant.

    Both sides are named: left to itself the library narrows some pictures whose range is full, and takes red, green
    and blue apart by a matrix that nobody is told of. Those become BT.709 of limited range (see `Encoder`).
    """
    matrix = _MATRICES.get(int(frame.colorspace), "bt709")
    full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
    if frame.format.name.startswith("gray") and frame.color_range:
        full = True  # for the scaler every grey is, whatever it is told; so both sides are, and nothing is changed
    came = "" if frame.format.is_rgb else f"in_color_matrix={matrix}:in_range={'full' if full else 'limited'}:"
    goes = "bt709" if frame.format.is_rgb else matrix
    kept = "full" if full and not frame.format.is_rgb else "limited"
    named = f"{came}out_color_matrix={goes}:out_range={kept}:flags=bicubic+accurate_rnd+full_chroma_int"
    return [("scale", named), ("format", f"pix_fmts={pix_fmt}")]


def graph_of(frame: av.VideoFrame, steps: Sequence[tuple[str, str | None]], time_base: Fraction) -> av.filter.Graph:
    """Filters in a row, each by name and arguments, for frames like this one."""
    graph = av.filter.Graph()
    chain = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base),
        *(graph.add(name, arguments) for name, arguments in steps),
        graph.add("buffersink"),
    ]
    for one, following in pairwise(chain):
        one.link_to(following)
    graph.configure()
    return graph


def through(frame: av.VideoFrame, steps: Sequence[tuple[str, str | None]]) -> av.VideoFrame:
    """A single picture through filters in a row."""
    graph = graph_of(frame, steps, Fraction(1, 25))
    frame.pts = 0
    graph.push(frame)
    pulled = graph.pull()
    assert isinstance(pulled, av.VideoFrame)
    return pulled


def spelled(steps: Sequence[tuple[str, str | None]]) -> str:
    """Filters in a row as FFmpeg's command line has them."""
    return ",".join(name if arguments is None else f"{name}={arguments}" for name, arguments in steps)
