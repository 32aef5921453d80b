"""What a file says of itself: all its streams, tags and times. Runs in the child; of the picture, only the first is
decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Any, Final, Literal, get_args

import av
import msgspec
from av.stream import Disposition

from courtcast.prepare import kinds, plan, probe
from courtcast.prepare.frames import frames_of
from courtcast.problems import Refused
from courtcast.wire.inspection import (
    ALL_TAGS_MOST,
    NAME_MOST,
    STREAMS_MOST,
    TAGS_MOST,
    VALUE_MOST,
    Opened,
    StreamFacts,
    Tag,
)

_TRIES: Final = 120
"""Packets within which a picture has to decode."""
_MICROSECONDS: Final = 1_000_000
Stream = Literal["video", "audio", "subtitle", "data", "attachment", "other"]
Fields = Literal["progressive", "interlaced", "unknown"]


def facts(file: kinds.Readable, length: int | None, name: str = "") -> Opened:
    """`name`: of the file. Raises Refused, MemoryError."""
    kind = kinds.sniff(file, length, name)
    opened = probe.open_file(file, kind, seeking=True)
    with opened.container as container:
        room = _Room()
        # Tags of the file first: where there are too many, those are the ones to have.
        tags = room.tags(container.metadata)
        sent = _sent(opened.streams)
        streams = [_describe(container, stream, sent, room) for stream in islice(container.streams, STREAMS_MOST)]
        return Opened(
            container=_name(kind.demuxer or container.format.name),
            container_name=_name(container.format.long_name),
            start=_seconds(container.start_time, Fraction(1, _MICROSECONDS)),
            duration=_seconds(container.duration, Fraction(1, _MICROSECONDS)),
            bit_rate=container.bit_rate or None,
            streams=streams,
            streams_total=len(container.streams),
            chapters=len(container.chapters()),
            tags=tags,
            tags_total=len(container.metadata) + sum(len(stream.metadata) for stream in container.streams),
        )


class _Room:
    """For so many tags in all."""

    def __init__(self) -> None:
        self._left = ALL_TAGS_MOST

    def tags(self, found: dict[str, str]) -> list[Tag]:
        taken = [
            Tag(_name(name), str(value)[:VALUE_MOST])
            for name, value in islice(found.items(), min(TAGS_MOST, self._left))
        ]
        self._left -= len(taken)
        return taken


def _sent(streams: list[plan.Stream]) -> set[int]:
    """Numbers of the streams that are sent to screens."""
    try:
        return {stream.number for stream in plan.choose(streams) if stream is not None}
    except Refused:
        return set()


def _describe(container: av.container.InputContainer, stream: Any, sent: set[int], room: _Room) -> StreamFacts:
    context = stream.codec_context
    base = stream.time_base
    kind: Stream = stream.type if stream.type in get_args(Stream) else "other"
    common = StreamFacts(
        number=stream.index,
        kind=kind,
        sent=stream.index in sent,
        codec=_name(context.codec.canonical_name) if context else "",
        codec_name=_name(context.codec.long_name) if context else "",
        codec_tag=_tag(context),
        profile=_name(stream.profile) if context else "",
        language=_name(stream.language),
        dispositions=[_name(one.name) for one in Disposition if one in stream.disposition],
        time_base=None if base is None else (base.numerator, base.denominator),
        start=_seconds(stream.start_time, base),
        duration=_seconds(stream.duration, base),
        frames=getattr(stream, "frames", None),
        bit_rate=(context.bit_rate or None) if context else None,
        tags=room.tags(stream.metadata),
    )
    if isinstance(stream, av.VideoStream) and context:
        return _picture(container, stream, common)
    if isinstance(stream, av.AudioStream) and context:
        return msgspec.structs.replace(
            common,
            sample_rate=context.sample_rate,
            channels=context.channels,
            layout=_name(context.layout.name),
            sample_format=_name(context.format.name if context.format else ""),
        )
    return common


def _picture(container: av.container.InputContainer, stream: av.VideoStream, common: StreamFacts) -> StreamFacts:
    context = stream.codec_context
    frames: list[av.VideoFrame] = []
    if common.sent:
        with suppress(av.error.FFmpegError):
            frames = _first(container, stream)
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    fields: Fields = "unknown"
    if frames:
        fields = "interlaced" if any(frame.interlaced_frame for frame in frames) else "progressive"
    said: Any = frames[0] if frames else context
    return msgspec.structs.replace(
        common,
        level=context.level if context.level and context.level > 0 else None,
        width=context.width,
        height=context.height,
        pixel_aspect=(aspect.numerator, aspect.denominator) if aspect and aspect > 0 else None,
        pixel_format=_name(context.pix_fmt),
        rate=float(stream.average_rate) if stream.average_rate else None,
        rotation=-frames[0].rotation % 360 if frames else None,
        fields=fields,
        field_order=context.field_order or None,
        colour=(int(said.color_primaries), int(said.color_trc), int(said.colorspace)),
        full_range={1: False, 2: True}.get(int(said.color_range)),
    )


def _first(container: av.container.InputContainer, stream: av.VideoStream) -> list[av.VideoFrame]:
    """What the decoder gives first. Nothing where it does not come soon."""
    context = stream.codec_context
    context.thread_count = 1
    packets: Iterable[Any] = islice(container.demux(stream), _TRIES)
    for packet in packets:
        if frames := frames_of(context, packet if packet.size else None):
            return frames
        if not packet.size:
            return []
    return frames_of(context, None)


def _tag(context: Any) -> str:
    try:
        return _name(context.codec_tag) if context is not None else ""
    except UnicodeDecodeError:
        return ""


def _name(text: str | None) -> str:
    return (text or "")[:NAME_MOST]


def _seconds(ticks: int | None, base: Fraction | None) -> float | None:
    return None if ticks is None or base is None else float(ticks * base)
