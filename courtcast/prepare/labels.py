"""What a still says of itself: text inside the PNG, and a name to save it by. Pure.

A picture that leaves the courtroom's machine has to say where it came from, whoever opens it. The pixels are not
touched: chunks of text are put in before the last chunk (PNG, third edition, §11.3.3.4 iTXt); nothing is encoded again.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from courtcast.wire.api import Exhibit

_SIGN: Final = b"\x89PNG\r\n\x1a\n"
_END: Final = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
_KEYWORD: Final = re.compile(r"[!-~¡-ÿ](?: ?[!-~¡-ÿ]){0,78}\Z")


class Label(NamedTuple):
    """Of one still."""

    reference: str
    title: str
    time: Fraction
    """Seconds of media time at which the frame comes up."""
    frame: int
    """Its number, from 0."""
    sha256: str | None
    """Of the file that it was decoded from; None while not all of that has been fetched."""

    def texts(self) -> dict[str, str]:
        """By PNG keyword."""
        said = {
            "Title": f"{self.reference} {self.title}".strip(),
            "Exhibit reference": self.reference,
            "Exhibit title": self.title,
            "Media time": f"{float(self.time):.6f} s",
            "Frame number": str(self.frame),
            "Source SHA-256": self.sha256 or "not known yet: the file is still being fetched",
            "Software": "courtcast",
        }
        return {keyword: text for keyword, text in said.items() if text}

    @property
    def file_name(self) -> str:
        """To save it by: letters, digits and a few signs that every file system takes."""
        seconds, millis = divmod(int(self.time * 1000), 1000)
        hours, minutes = divmod(seconds // 60, 60)
        place = f"{hours}h{minutes:02}m{seconds % 60:02}s{millis:03}"
        plain = re.sub(r"[^A-Za-z0-9]+", "-", self.reference).strip("-") or "exhibit"
        return f"{plain}-{place}-frame{self.frame}.png"


def source_hash(exhibit: Exhibit, frame: int) -> str | None:
    """Of the file that has this frame."""
    at = frame
    for part in exhibit.parts:
        if at < part.frames:
            return part.sha256
        at -= part.frames
    return exhibit.sha256


def labelled(png: bytes, texts: Mapping[str, str]) -> bytes:
    """The same picture with these texts. Raises ValueError for what is no whole PNG, and for a keyword that is none."""
    if not (png.startswith(_SIGN) and png.endswith(_END)):
        raise ValueError("not a whole PNG")
    return b"".join((png[: -len(_END)], *(_text(keyword, text) for keyword, text in texts.items()), _END))


def texts_of(png: bytes) -> dict[str, str]:
    """The texts of a PNG, as `labelled` puts them in. Raises ValueError where it is damaged."""
    found: dict[str, str] = {}
    at = len(_SIGN)
    while at + 12 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + size]
        if zlib.crc32(kind + data) != int.from_bytes(png[at + 8 + size : at + 12 + size]):
            raise ValueError("a chunk is damaged")
        if kind == b"iTXt":
            keyword, rest = data.split(b"\0", 1)
            found[keyword.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode("utf-8")
        at += 12 + size
    return found


def _text(keyword: str, text: str) -> bytes:
    """An iTXt chunk, not compressed, in no language."""
    if _KEYWORD.match(keyword) is None:
        raise ValueError(f"not a keyword: {keyword!r}")
    data = (
        keyword.encode("latin-1") + b"\0" + b"\0\0" + b"\0" + b"\0" + text.replace("\0", "").encode("utf-8", "replace")
    )
    return struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", zlib.crc32(b"iTXt" + data))
