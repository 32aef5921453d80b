"""The streams of a file, by its demuxer. Runs in the child."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, NamedTuple

import av
from av.container import InputContainer
from av.stream import Disposition

from courtcast.prepare.kinds import ANY, ISO, Kind, Readable
from courtcast.prepare.names import in_line
from courtcast.prepare.plan import Stream
from courtcast.problems import Refused
from courtcast.wire.api import AudioInfo, Chapter, VideoInfo

_BUFFER = 64 * 1024
"""Bytes asked for at a time: 26 ms of a 20 Mb/s line."""

_MOST_CHAPTERS = 500

_EXACT = frozenset(
    (
        "pcm_s16le", "pcm_s16be", "pcm_u8", "pcm_s8", "pcm_s24le", "pcm_s24be", "pcm_mulaw",
        "pcm_alaw", "pcm_s16le_planar", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_g722",
        "adpcm_g726", "adpcm_g726le", "adpcm_swf", "adpcm_yamaha", "alac", "flac", "gsm", "gsm_ms",
        "tta", "wavpack", "ape", "shorten",
    )
)  # fmt: skip
"""Sound whose decoder gives whole numbers of at most 24 bits."""


class Opened(NamedTuple):
    """An open file and its streams."""

    container: InputContainer
    streams: list[Stream]


def chapters(container: InputContainer, zero: Fraction) -> list[Chapter]:
    """Those that the file names, in media time. `zero`: where that begins, in the file's own seconds."""
    found: list[Chapter] = []
    for one in container.chapters()[:_MOST_CHAPTERS]:
        base = one["time_base"] or Fraction(0)
        start, end = (max(Fraction(0), one[edge] * base - zero) for edge in ("start", "end"))
        if end > 0:
            title = in_line(one["metadata"].get("title", "")) or f"Chapter {len(found) + 1}"
            found.append(Chapter(title=title, start=float(start), end=float(max(start, end))))
    return sorted(found, key=lambda chapter: chapter.start)


def open_file(file: Readable, kind: Kind, *, seeking: bool) -> Opened:
    """Open it with this demuxer and none other: what a file says must not choose a demuxer that opens other addresses.

    seeking: it will be sought in, not read through

    Raises Refused (file-damaged), MemoryError.
    """
    options = {"protocol_whitelist": ""}
    if kind.demuxer == ISO:
        # The index says all that is needed; looking into samples would wait for some that are far away.
        options |= {"enable_drefs": "0", "analyzeduration": "1", "probesize": "5000000"}
        if kind.streamed and not seeking:
            # Else the demuxer looks behind the samples whether there is more: on a line without ranges, the whole file.
            options["fflags"] = "+ignidx"
    if kind.demuxer is None:
        options["format_whitelist"] = ANY
    file.seek(0)
    try:
        # Names and titles in no alphabet say nothing against the recording.
        container = av.open(file, format=kind.demuxer, options=options, buffer_size=_BUFFER, metadata_errors="replace")
    except (av.error.InvalidDataError, av.error.EOFError):
        if seeking and kind.streamed:  # its last piece is cut, which reading through it meets only there
            return open_file(file, kind, seeking=False)
        raise Refused("file-not-media" if kind.demuxer is None else "file-damaged") from None
    assert isinstance(container, InputContainer)
    streams = [found for number in range(len(container.streams)) if (found := _describe(container, number))]
    return Opened(container, streams)


def _describe(container: InputContainer, number: int) -> Stream | None:
    stream = container.streams[number]
    if stream.type not in ("video", "audio"):
        return None
    context: Any = stream.codec_context
    tag = _tag(context)
    kind: Literal["video", "audio"] = "video" if stream.type == "video" else "audio"
    art = Disposition.attached_pic | Disposition.timed_thumbnails
    return Stream(
        number=number,
        kind=kind,
        codec=context.codec.canonical_name if context else "unknown",
        default=bool(stream.disposition & Disposition.default),
        encrypted=tag in ("encv", "enca"),
        cover_art=bool(stream.disposition & art),
        decodable=context is not None,
        profile=(stream.profile or "") if context else "",
        pix_fmt=(context.pix_fmt or "") if kind == "video" and context else "",
        exact=kind == "audio" and context is not None and context.codec.canonical_name in _EXACT,
        language=said(stream, "language"),
        title=said(stream, "title"),
        channels=context.channels if kind == "audio" and context else 0,
    )


def said(stream: Any, key: str) -> str:
    """What the file says of a stream; a language that is undetermined (ISO 639-2 `und`) is as good as none."""
    said = in_line(stream.metadata.get(key, ""))
    return "" if key == "language" and said == "und" else said


def _tag(context: Any) -> str:
    try:
        return str(context.codec_tag) if context is not None else ""
    except UnicodeDecodeError:
        return ""


def video_info(stream: av.VideoStream, codec: str, rotation: int) -> VideoInfo:
    """As it is in the file. `rotation` is degrees clockwise to turn it for display."""
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
    rate = stream.average_rate
    return VideoInfo(
        codec=codec,
        width=context.width,
        height=context.height,
        frame_rate=float(rate) if rate else None,
        rotation=rotation,
        pixel_aspect=(aspect.numerator, aspect.denominator) if aspect > 0 else (1, 1),
    )


def audio_info(stream: av.AudioStream, codec: str) -> AudioInfo:
    """As it is in the file."""
    context = stream.codec_context
    return AudioInfo(codec=codec, sample_rate=context.sample_rate, channels=context.channels)
