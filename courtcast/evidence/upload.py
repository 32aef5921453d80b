"""One upload: what is kept of it, and how tus 1.0 spells what clients say of it. Pure.

Names come from strangers' discs. They are for people to read and never the name of a file here; what cannot be seen, or
turns the order of letters round, is taken out of them, every script is left as it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from courtcast.problems import Refused

LARGEST = 1 << 40
"""Bytes of one file: what does not fit onto the disk is refused long before."""
EXPIRES = 7 * 24 * 3600.0
"""Seconds after its last byte: a hearing's week. Then what came of it is given up."""
MOST_OPEN = 64
"""Uploads that are not whole yet: a client that begins and never sends must not fill the list."""
MOST_BESIDE = 2000
"""Companions of one set: a disc of a recorder has some hundred small files."""
MAX_NAME = 200
"""Characters of a file's name that are kept."""
MAX_PATH = 1000
"""Characters of the folders that it lay in."""
MAX_MARK = 200
"""Characters of what a client recognises a file or a set by."""
ALGORITHMS = ("sha256", "sha1")
"""Of checksums, as tus names them. The second is what tus asks of every server; it finds accidents, no forgeries."""

_KEY = re.compile(r"[!-+\--~]+\Z")
_JOINERS = "\u200c\u200d"
"""Letters of Persian and of the scripts of India are joined or kept apart by these: they belong to the word."""
_NOTHING = frozenset(("", "null", "undefined"))
"""Clients send these where they have nothing to say."""
_YES = frozenset(("yes", "true", "1"))
_TOKEN = re.compile(r"[A-Za-z0-9._:-]+\Z")


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is being sent, or was."""

    id: str
    length: int
    """Bytes of the whole."""
    name: str
    path: str = ""
    """The folders that it lay in, with `/` between them; without its name."""
    kind: str = ""
    """Its type as the client calls it; nothing relies on it."""
    modified: float | None = None
    """Unix time (seconds) at which it was last changed, by the file system that it lay on."""
    fingerprint: str = ""
    """What the client recognises the file by when it is picked again."""
    set: str = ""
    """Files that were handed over together have the same one."""
    exhibit: str | None = None
    """None for a companion: a file that is kept beside the exhibits of its set, and never opened or shown."""
    instead: bool = False
    """The exhibit was there before it, with another file or a link."""
    began: float
    """Unix time (seconds)."""
    heard: float
    """When a byte of it last came, give or take an hour."""
    sha256: str | None = None
    """Of a companion that is all here."""
    expired: bool = False


class Said(NamedTuple):
    """A client's `Upload-Metadata`, as far as it is of use."""

    name: str = ""
    path: str = ""
    kind: str = ""
    ref: str = ""
    title: str = ""
    modified: float | None = None
    fingerprint: str = ""
    set: str = ""
    companion: bool = False
    restricted: bool = False
    exhibit: str = ""
    """The exhibit that this is the file of; else it becomes one."""
    hearing: str = ""
    """Id of the hearing that the new one goes to; else it is the open one."""


def said(header: str) -> Said:
    """Raises Refused malformed."""
    words = _pairs(header)
    folders, _, last = words.get("relativePath", "").replace("\\", "/").rpartition("/")
    return Said(
        name=clean_name(words.get("filename") or words.get("name", "") or last),
        path=clean_path(folders),
        kind=clean_name(words.get("filetype") or words.get("type", "")),
        ref=words.get("ref", ""),
        title=words.get("title", ""),
        modified=_moment(words.get("lastModified", "")),
        fingerprint=_mark("fingerprint", words),
        set=_mark("set", words),
        companion=words.get("companion", "") in _YES,
        restricted=words.get("restricted", "") in _YES,
        exhibit=_mark("exhibit", words),
        hearing=_mark("hearing", words),
    )


def clean_name(text: str) -> str:
    """One line that can be read: the last part of a path, in any script; may be empty."""
    text = text.replace("\\", "/").rpartition("/")[2]
    return _clean(text)[:MAX_NAME].strip()


def clean_path(text: str) -> str:
    """Folders, each as a name is; steps upwards and empty ones are left out."""
    parts = [_clean(part) for part in text.replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part not in ("", ".", ".."))[:MAX_PATH]


def _clean(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category[0] == "Z" or category in ("Cc", "Cn"):
            kept.append(" ")
        elif category[0] != "C" or character in _JOINERS:
            kept.append(character)
    return " ".join("".join(kept).split())


class Digest(Protocol):
    """As `hashlib` has it."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Checksum(NamedTuple):
    """What a client says of one piece."""

    algorithm: str
    digest: bytes

    def begin(self) -> Digest:
        """For the piece to be put through."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def checksum(header: str | None) -> Checksum | None:
    """`Upload-Checksum`. Raises Refused malformed."""
    if header is None:
        return None
    algorithm, _, digest = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refused("malformed", why=f"checksums are {' or '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(digest, validate=True))
    except (binascii.Error, ValueError):
        raise Refused("malformed", why="the checksum is not written in Base64") from None


def whole_number(name: str, header: str | None, *, most: int = LARGEST) -> int:
    """A header that counts bytes. Raises Refused malformed, upload-too-large."""
    if header is None or re.fullmatch(r"[0-9]{1,19}", header.strip()) is None:
        raise Refused("malformed", why=f"{name} is a number of bytes")
    value = int(header)
    if value > most:
        raise Refused("upload-too-large", most=most)
    return value


def partner(companion: Upload, exhibits: Iterable[Upload]) -> Upload | None:
    """The one recording of its set that a file of subtitles is for: the one of its name, else the only one there is.

    `cctv.en.srt` is of `cctv.mp4`.
    """
    there = [one for one in exhibits if one.exhibit is not None and one.set == companion.set]
    stem = companion.name.rpartition(".")[0].lower()
    named = [
        one
        for one in there
        if one.path == companion.path
        and (own := one.name.rpartition(".")[0].lower())
        and (stem == own or (stem.startswith(f"{own}.") and _TOKEN.match(stem[len(own) + 1 :])))
    ]
    found = named or there
    return found[0] if len(found) == 1 else None


def language(companion: Upload, recording: Upload) -> str:
    """`en` of `cctv.en.srt`; empty where it says nothing."""
    stem, own = companion.name.rpartition(".")[0], recording.name.rpartition(".")[0]
    rest = stem[len(own) + 1 :] if stem.lower().startswith(f"{own.lower()}.") else ""
    return rest if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", rest) else ""


def is_subtitles(name: str) -> bool:
    """By its name: an SRT or WebVTT file."""
    return name.lower().endswith((".srt", ".vtt"))


def _pairs(header: str) -> Mapping[str, str]:
    """`key Base64,key Base64,…`; a key may stand alone."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if _KEY.match(key) is None or key in found:
            raise Refused("malformed", why="the metadata is a list of different keys with values in Base64")
        try:
            text = base64.b64decode(value.strip(), validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise Refused("malformed", why="the metadata's values are written in Base64") from None
        found[key] = "" if text in _NOTHING else text
    return found


def _mark(name: str, words: Mapping[str, str]) -> str:
    text = words.get(name, "")
    if len(text) > MAX_MARK or (text and _TOKEN.match(text) is None):
        raise Refused("malformed", why=f"{name} is made of letters, digits, dots, colons and hyphens")
    return text


def _moment(text: str) -> float | None:
    """Milliseconds since 1970, as browsers say it."""
    return int(text) / 1000 if re.fullmatch(r"-?[0-9]{1,15}", text) else None
