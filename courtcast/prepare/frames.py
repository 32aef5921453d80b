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


def spelled(steps: Sequence[tuple[str, str | None]]) -> str:
    """Filters in a row as FFmpeg's command line has them."""
    return ",".join(name if arguments is None else f"{name}={arguments}" for name, arguments in steps)
