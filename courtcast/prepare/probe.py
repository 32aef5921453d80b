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
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\0\0\1\xba", "mpeg"),
    (0, b"\0\0\1\xb3", "mpegvideo"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"FLV\1", "flv"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, b".RMF", "rm"),
    (0, b"caff", "caf"),
    (0, b"DHAV", "dhav"),
    (4, b"mxf", "mxf"),
)
"""(offset, bytes, demuxer)."""

_PICTURES: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WEBP", "WebP picture"),
    (0, b"\xff\xd8\xff", "JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG picture"),
    (0, b"GIF8", "GIF picture"),
    (0, b"II*\0", "TIFF picture"),
    (0, b"MM\0*", "TIFF picture"),
    (0, b"BM", "BMP picture"),
    (0, b"%PDF-", "PDF document"),
)
"""(offset, bytes, what it is) of kinds that cannot be shown yet."""

_ANY = ",".join(
    (
        "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dhav", "dv", "dts", "eac3", "flac", "flv", "gxf",
        "h261", "h263", "h264", "hevc", "ivf", "loas", "m4v", "mjpeg", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts",
        "mpegvideo", "mxf", "nsv", "nut", "obu", "ogg", "qcp", "rm", "sds", "shn", "sol", "tak", "truehd", "tta", "vc1",
        "vivo", "voc", "wav", "webm_dash_manifest", "wtv", "wv", "xa", "yuv4mpegpipe", "av1", "lvf", "mtv", "mvi", "kux",
        "live_flv", "swf", "smk", "bink", "roq", "film_cpk", "cine", "r3d", "rsd", "sup", "svag", "matroska", "3gp",
    )
)  # fmt: skip
"""Demuxers that may look at a file whose first bytes say nothing: none of them opens another file or address."""

_BY_NAME = {"gsm": "gsm", "264": "h264", "h264": "h264", "avc": "h264", "265": "hevc", "h265": "hevc", "ul": "mulaw",
            "al": "alaw", "g722": "g722", "g726": "g726", "g729": "g729", "sbc": "sbc", "vag": "vag"}  # fmt: skip
"""Kinds that carry no sign at all, by the ending of the file's name."""


_EXACT = frozenset(
    (
        "pcm_s16le", "pcm_s16be", "pcm_u8", "pcm_s8", "pcm_s24le", "pcm_s24be", "pcm_mulaw", "pcm_alaw", "pcm_s16le_planar",
        "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_g722", "adpcm_g726", "adpcm_g726le", "adpcm_swf", "adpcm_yamaha",
        "alac", "flac", "gsm", "gsm_ms", "tta", "wavpack", "ape", "shorten",
    )
)  # fmt: skip
"""Sound whose decoder gives whole numbers of at most 24 bits."""


class Readable(Protocol):
    """A file as the demuxer wants one. `read` may give less than asked for; nothing at the end."""

    def read(self, n: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class Kind(NamedTuple):
    """What the first bytes say."""

    demuxer: str | None
    """As the library names it; None: it has to look by itself."""
    streamed: bool = False
    """The index comes before the samples: nothing behind them is needed."""


class Opened(NamedTuple):
    """An open file and its streams."""

    container: InputContainer
    streams: list[Stream]


def sniff(file: Readable, length: int | None, name: str = "") -> Kind:
    """`name`: of the file, for kinds that nothing else tells. Raises Refused: link-empty, format-not-yet, file-no-index,
    file-not-media."""
    head = _part(file, 0, _HEAD)
    if not head:
        raise Refused("link-empty")
    if head[4:8] in _ISO_FIRST:
        if head[4:8] == b"ftyp" and head[8:12] in _STILLS:
            raise Refused("format-not-yet", what="HEIF picture")
        return Kind(ISO, streamed=_find_index(file, length))
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Kind(MATROSKA)
    for offset, sign, demuxer in _SIGNS:
        if head.startswith(sign, offset):
            return Kind(demuxer)
    for offset, sign, what in _PICTURES:
        if head.startswith(sign, offset):
            raise Refused("format-not-yet", what=what)
    if _is_text(head):
        raise Refused("file-not-media")
    return Kind(_BY_NAME.get(name.rpartition(".")[2].lower()))


def _is_text(head: bytes) -> bool:
    """A page, a listing, a letter: nothing for a demuxer, some of which take anything for a recording."""
    try:
        text = head[:4096].decode("utf-8", errors="strict" if len(head) > 4096 else "ignore")
    except UnicodeDecodeError as error:
        if error.start < 4090:
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)


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
    if kind.demuxer is None:
        options["format_whitelist"] = _ANY
    file.seek(0)
    try:
        container = av.open(file, format=kind.demuxer, options=options, buffer_size=_BUFFER)
    except av.error.InvalidDataError:
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
    kind = "video" if stream.type == "video" else "audio"
    art = Disposition.attached_pic | Disposition.timed_thumbnails
    return Stream(
        number=number,
        kind=kind,
        codec=context.codec.canonical_name if context else "unknown",
        default=bool(stream.disposition & Disposition.default),
        encrypted=tag in ("encv", "enca"),
        cover_art=bool(stream.disposition & art),
        decodable=context is not None,
        profile=(stream.profile or "") if kind == "video" and context else "",
        pix_fmt=(context.pix_fmt or "") if kind == "video" and context else "",
        exact=kind == "audio" and context is not None and context.codec.canonical_name in _EXACT,
    )


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
