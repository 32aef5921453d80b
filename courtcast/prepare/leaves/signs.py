"""By its first bytes: is a file a picture, a document, or of an office program? Pure; the parent asks before any child
is started, since no more is read here than some bytes at known places."""

from __future__ import annotations

from typing import Literal, NamedTuple

HEAD = 4096
"""Bytes that are looked at."""

Format = Literal["JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "PDF"]

_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"))
_AVIF = frozenset((b"avif", b"avis"))

_PICTURES: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (8, b"WEBP", "WebP"),
    (0, b"GIF8", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
)
_PDF, _PDF_WITHIN = b"%PDF-", 1024
"""Viewers take a document that begins this late: e-mail programs put lines before it."""

OFFICE_ENDINGS = {
    "docx": "Word", "docm": "Word", "dotx": "Word", "doc": "Word", "dot": "Word", "rtf": "rich text", "xlsx": "Excel",
    "xlsm": "Excel", "xlsb": "Excel", "xls": "Excel", "pptx": "PowerPoint", "pptm": "PowerPoint", "ppsx": "PowerPoint",
    "ppt": "PowerPoint", "pps": "PowerPoint", "odt": "OpenDocument text", "ods": "OpenDocument table",
    "odp": "OpenDocument slides", "msg": "Outlook message",
}  # fmt: skip
_IN_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/", "Word"),
    (b"xl/", "Excel"),
    (b"ppt/", "PowerPoint"),
    (b"opendocument.text", "OpenDocument text"),
    (b"opendocument.spreadsheet", "OpenDocument table"),
    (b"opendocument.presentation", "OpenDocument slides"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Sign(NamedTuple):
    """What a file is."""

    format: Format | None = None
    """None: it is of an office program, and cannot be shown."""
    office: str = ""
    """Which one, in words."""


def sign(head: bytes, name: str = "") -> Sign | None:
    """`name`: of the file, for office programs that write alike. None: it is none of these; a recording, perhaps."""
    for offset, mark, kind in _PICTURES:
        if head.startswith(mark, offset) and (kind != "WebP" or head.startswith(b"RIFF")):
            return Sign(kind)
    if head[4:8] == b"ftyp":
        return _still(head)
    if head.startswith(b"BM") and head[14:18] in (
        b"\x28\0\0\0",
        b"\x0c\0\0\0",
        b"\x6c\0\0\0",
        b"\x7c\0\0\0",
        b"\x38\0\0\0",
    ):
        return Sign("BMP")
    if _PDF in head[:_PDF_WITHIN]:
        return Sign("PDF")
    return _office(head, name)


def moving(head: bytes) -> bool:
    """A PNG with an animation in it, which says so before its picture (chunk acTL)."""
    return b"acTL" in head[:HEAD] and head.startswith(b"\x89PNG")


def said(head: bytes) -> tuple[int, int]:
    """Width and height by the head of what may move, which its own readers may not believe; 0 of all else."""
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith(b"GIF8"):
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return 0, 0


def moving_webp(head: bytes) -> bool:
    """A WebP with an animation in it (chunk VP8X, flag A)."""
    return head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X" and len(head) > 20 and bool(head[20] & 2)


def _still(head: bytes) -> Sign | None:
    """A picture in the boxes that films have."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
    if head[8:12] in _AVIF or (head[8:12] in _HEIF and brands & _AVIF and not brands & {b"heic", b"heix"}):
        return Sign("AVIF")
    return Sign("HEIF") if head[8:12] in _HEIF else None


def _office(head: bytes, name: str) -> Sign | None:
    ending = name.rpartition(".")[2].lower()
    if head.startswith(b"PK\3\4"):
        inside = next((what for mark, what in _IN_ZIP if mark in head), None)
        said = inside or (OFFICE_ENDINGS.get(ending) if b"[Content_Types].xml" in head else None)
        return None if said is None else Sign(office=said)
    if head.startswith(_OLE):
        return Sign(office=OFFICE_ENDINGS.get(ending, "an older one"))
    return Sign(office="rich text") if head.startswith(b"{\\rtf") else None
