"""Which demuxer a file is for: by its first bytes, or by its name where a kind has no sign of its own. In the child."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from courtcast.prepare import boxes
from courtcast.problems import Refused

ISO, MATROSKA = "mov", "matroska"
"""The demuxers' names."""

_HEAD = 64 * 1024

ISO_FIRST = frozenset(
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
"""Boxes at the outermost level of a file."""
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
    (0, b"GIF8", "gif"),
    (0, b"\x89PNG\r\n\x1a\n", "apng"),
)
"""(offset, bytes, demuxer)."""

ANY = ",".join(
    (
        "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dhav", "dv", "dts", "eac3",
        "flac", "flv", "gxf", "h261", "h263", "h264", "hevc", "ivf", "loas", "m4v", "mjpeg", "mov",
        "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mpegvideo", "mxf", "nsv", "nut", "obu", "ogg",
        "qcp", "rm", "sds", "shn", "sol", "tak", "truehd", "tta", "vc1", "vivo", "voc", "wav",
        "wtv", "wv", "xa", "yuv4mpegpipe", "av1", "lvf", "mtv", "mvi", "kux", "live_flv", "swf",
        "smk", "bink", "roq", "film_cpk", "cine", "r3d", "rsd", "svag", "matroska",
    )
)  # fmt: skip
"""Demuxers that may look at a file whose first bytes say nothing: none of them opens another file or address."""

_BY_NAME = {"gsm": "gsm", "264": "h264", "h264": "h264", "avc": "h264", "265": "hevc", "h265": "hevc", "ul": "mulaw",
            "al": "alaw", "g722": "g722", "g726": "g726", "g729": "g729", "sbc": "sbc", "vag": "vag"}  # fmt: skip
"""Kinds that carry no sign at all, by the ending of the file's name."""


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


def sniff(file: Readable, length: int | None, name: str = "") -> Kind:
    """`name`: of the file, for kinds that nothing else tells.

    Raises Refused: link-empty, format-not-yet, file-no-index, file-not-media.
    """
    head = part(file, 0, _HEAD)
    if not head:
        raise Refused("link-empty")
    if head[4:8] in ISO_FIRST:
        if head[4:8] == b"ftyp" and head[8:12] in _STILLS:
            raise Refused("format-not-yet", what="HEIF picture")
        return Kind(ISO, streamed=_find_index(file, length))
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Kind(MATROSKA)
    for offset, sign, demuxer in _SIGNS:
        if head.startswith(sign, offset):
            return Kind(demuxer)
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


def part(file: Readable, at: int, n: int) -> bytes:
    """So many bytes from there; fewer only at the end of the file."""
    file.seek(at)
    parts: list[bytes] = []
    while n > 0 and (piece := file.read(n)):
        parts.append(piece)
        n -= len(piece)
    return b"".join(parts)


def _find_index(file: Readable, length: int | None) -> bool:
    """Walk the outermost boxes up to the index. It may lie behind gigabytes of samples: only headers are read.

    Gives whether it comes first.
    """
    at, first = 0, True
    while True:
        head = part(file, at, 16)
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
