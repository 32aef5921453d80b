"""VP8 with pictures that are decoded and never shown: made from a recording that has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

SHOWN = 0x10
"""show_frame in the first byte of a frame (RFC 6386 §9.1)."""


def with_hidden(source: Path, path: Path) -> int:
    """Behind each keyframe a copy of it that is not shown, a tick later: nothing that follows looks different. Gives how
    many there are."""
    count = 0
    with av.open(str(source)) as container, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if not packet.size:
                continue
            assert packet.pts is not None
            data = bytes(packet)
            out.mux(_packet(data, packet.pts, stream, key=packet.is_keyframe))
            if packet.is_keyframe:
                count += 1
                out.mux(_packet(bytes((data[0] & ~SHOWN,)) + data[1:], packet.pts + 1, stream, key=False))
    return count


def _packet(data: bytes, pts: int, stream: Any, *, key: bool) -> av.Packet[Any]:
    packet: av.Packet[Any] = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base = stream.time_base
    packet.stream = stream
    packet.is_keyframe = key
    return packet
