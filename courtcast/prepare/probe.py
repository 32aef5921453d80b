"""What a file is: the kind of container by its first bytes, then its streams by the demuxer. Runs in the child."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import av
from av.container import InputContainer
from av.stream import Disposition

from courtcast.prepare import boxes
from courtcast.prepare.plan import Stream
from courtcast.problems import Refused
from courtcast.wire.api import AudioInfo, VideoInfo

ISO, MATROSKA = "mov", "matroska"
"""The demuxers' names."""

_HEAD = 64 * 1024
_BUFFER = 64 * 1024
"""Bytes asked for at a time: 26 ms of a 20 Mb/s line."""

_ISO_FIRST = frozenset(
    (
        b"ftyp",
        b"moov",
        b"mdat",
        b"free",
        b"skip",
        b"wide",
        b"pnot",
        b"styp",
        b"sidx",
        b"moof",
        b"uuid",
        b"meta",
        b"prfl",
    )
)
_STILLS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"heim", b"heis")

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (8, b"AVI ", "AVI"),
    (8, b"WAVE", "WAV sound"),
    (8, b"WEBP", "WebP picture"),
    (8, b"AIFF", "AIFF sound"),
    (8, b"AIFC", "AIFF sound"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (0, b"\0\0\1\xba", "MPEG program stream"),
    (0, b"\0\0\1\xb3", "MPEG video"),
    (0, b"\0\0\0\1", "a bare video stream"),
    (0, b"\0\0\1", "a bare video stream"),
    (0, b"OggS", "Ogg"),
    (0, b"fLaC", "FLAC sound"),
    (0, b"ID3", "MP3 sound"),
    (0, b"FLV\1", "Flash video"),
    (0, b".snd", "AU sound"),
    (0, b"#!AMR", "AMR sound"),
    (0, b".RMF", "RealMedia"),
    (0, b"caff", "CAF sound"),
    (0, b"\xff\xd8\xff", "JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG picture"),
    (0, b"GIF8", "GIF picture"),
    (0, b"II*\0", "TIFF picture"),
    (0, b"MM\0*", "TIFF picture"),
    (0, b"BM", "BMP picture"),
    (0, b"%PDF-", "PDF document"),
    (0, b"DHAV", "Dahua recording"),
)
"""(offset, bytes, what it is) of kinds that cannot be shown yet."""


class Readable(Protocol):
    """A file as the demuxer wants one. `read` may give less than asked for; nothing at the end."""

    def read(self, n: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class Kind(NamedTuple):
    """What the first bytes say."""

    demuxer: str
    """`ISO` or `MATROSKA`."""
    streamed: bool = False
    """The index comes before the samples: nothing behind them is needed."""


class Opened(NamedTuple):
    """An open file and its streams."""

    container: InputContainer
    streams: list[Stream]


def sniff(file: Readable, length: int | None) -> Kind:
    """Raises Refused: link-empty, format-not-yet, file-no-index, file-not-media."""
    head = _part(file, 0, _HEAD)
    if not head:
        raise Refused("link-empty")
    if head[4:8] in _ISO_FIRST:
        if head[4:8] == b"ftyp" and head[8:12] in _STILLS:
            raise Refused("format-not-yet", what="HEIF picture")
        return Kind(ISO, streamed=_find_index(file, length))
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Kind(MATROSKA)
    for offset, sign, what in _SIGNS:
        if head.startswith(sign, offset):
            raise Refused("format-not-yet", what=what)
    if len(head) > 188 * 4 and all(head[n] == 0x47 for n in range(0, 188 * 4, 188)):
        raise Refused("format-not-yet", what="MPEG transport stream")
    if len(head) > 196 * 4 and all(head[n] == 0x47 for n in range(4, 192 * 4, 192)):
        raise Refused("format-not-yet", what="MPEG transport stream")
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xE6 in (0xE2, 0xE4, 0xE0):
        raise Refused("format-not-yet", what="MP3 or AAC sound")
    raise Refused("file-not-media")


def _part(file: Readable, at: int, n: int) -> bytes:
    """So many bytes from there; fewer only at the end of the file."""
    file.seek(at)
    parts: list[bytes] = []
    while n > 0 and (part := file.read(n)):
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def _find_index(file: Readable, length: int | None) -> bool:
    """Walk the outermost boxes up to the index. It may lie behind gigabytes of samples: only headers are read.

    Gives whether it comes first.
    """
    at, first = 0, True
    while True:
        head = _part(file, at, 16)
        if not head or (length is not None and at >= length):
            raise Refused("file-no-index")
        try:
            box = boxes.header(head, 0)
        except boxes.Malformed:
            raise Refused("file-no-index" if at else "file-not-media") from None
        if box.type == b"moov":
            return first
        first = first and box.type != b"mdat"
        if box.end == len(head) and head[:4] == b"\0\0\0\0":
            raise Refused("file-no-index")  # reaches to the end of the file
        at += box.end


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
    file.seek(0)
    try:
        container = av.open(file, format=kind.demuxer, options=options, buffer_size=_BUFFER)
    except av.error.InvalidDataError:
        raise Refused("file-damaged") from None
    assert isinstance(container, InputContainer)
    streams = [found for number in range(len(container.streams)) if (found := _describe(container, number))]
    return Opened(container, streams)


def _describe(container: InputContainer, number: int) -> Stream | None:
    stream = container.streams[number]
    if stream.type not in ("video", "audio"):
        return None
    context: Any = stream.codec_context
    tag = getattr(context, "codec_tag", "") if context else ""
    art = Disposition.attached_pic | Disposition.timed_thumbnails
    return Stream(
        number=number,
        kind="video" if stream.type == "video" else "audio",
        codec=context.codec.canonical_name if context else "unknown",
        default=bool(stream.disposition & Disposition.default),
        encrypted=tag in ("encv", "enca"),
        cover_art=bool(stream.disposition & art),
    )


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
