"""A hearing as one sealed bundle: what stands in it, and what it is signed with. Pure.

A bundle is a folder or a zip. `bundle.json` says everything, in canonical JSON (RFC 8785): the hearing, its exhibits in
running order, and of every other file in the bundle its name, its length and its SHA-256. `bundle.sig` is an Ed25519
signature over exactly those bytes. So one comparison and one hash for each file say whether anything was changed.

It is read from strangers' sticks: whatever does not fit is refused here, before a byte of evidence is looked at, and a
name in a bundle is never the name of a file anywhere else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, NoReturn

import msgspec

from courtcast.core.chain import Malformed, canonical
from courtcast.core.clip import MOST
from courtcast.core.entries import micro
from courtcast.core.signing import Signer, is_signed, read_digits
from courtcast.problems import Refused

FORMAT: Final = "courtcast bundle 1"
LABEL: Final = f"{FORMAT}\n".encode()
"""Stands before what is signed, so that no other signature of this key can pass for it."""
SAYS: Final = "bundle.json"
SEAL: Final = "bundle.sig"
LARGEST: Final = 32 << 20
"""Bytes of `bundle.json`: 20,000 files with long names fit."""
LARGEST_SEAL: Final = 4096
MOST_FILES: Final = 20_000
DEEPEST: Final = 10
"""Objects and lists within each other; the ranges of a clip are seven."""
NAME_MOST: Final = 120
"""Characters of a name in a bundle, its number and ending included: less than any file system has."""

_FORBIDDEN: Final = '<>:"/\\|?*'
"""In names, by Windows; sticks are carried there."""
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_TIME: Final = re.compile(r"[0-9]{1,20}([./][0-9]{1,20})?\Z")
_DIGITS: Final = re.compile(r"[0-9a-f]{64}\Z")

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{1,64}$")]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One file of evidence, unchanged."""

    at: Text
    """Its name in the bundle; `/` between folders."""
    bytes: Count
    sha256: Text
    name: Text = ""
    """What it was called where it came from."""
    path: Text = ""
    """The folders that it lay in there."""
    modified: int | None = None
    """Unix time, microseconds, by the file system that it lay on."""


class Range(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Of a clip: exact seconds of media time, as a decimal (`1.5`) or as a fraction (`1001/24000`)."""

    start: Text
    stop: Text
    silent: Flag = 0


class Clip(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    name: Text
    ranges: list[Range]
    agreed: Text = ""


class CameraClock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    error: int
    """Microseconds that it is ahead."""
    declared: Text = ""


class Exhibit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Times of day are Unix time in microseconds."""

    id: Id
    """Names it within the bundle; it gets another one where it is taken in."""
    ref: Text
    title: Text = ""
    evidential: Flag = 1
    restricted: Flag = 0
    source: Text = ""
    received: int | None = None
    added: int = 0
    remark: Text = ""
    camera_clock: CameraClock | None = None
    clips: list[Clip] = []
    file: File | None = None
    """None where it is joined from others."""
    beside: list[File] = []
    """Companions: they are kept with it, and never opened."""
    parts: list[Id] = []
    """Of a joined one: the exhibits that it is made of, in order."""


class Hearing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    case: Text = ""
    court: Text = ""
    day: Text = ""
    note: Text = ""


class Bundle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All of `bundle.json`."""

    format: Text = msgspec.field()
    made: int
    """Unix time, microseconds."""
    program: Text = ""
    hearing: Hearing
    exhibits: list[Exhibit]
    others: list[File] = []
    """What lies beside the evidence for people to read. It is not taken in."""

    def files(self) -> Iterator[File]:
        """All that the bundle has beside `bundle.json` and its seal; what is listed twice comes twice."""
        yield from self.evidence()
        yield from self.others

    def evidence(self) -> Iterator[File]:
        for exhibit in self.exhibits:
            if exhibit.file is not None:
                yield exhibit.file
            yield from exhibit.beside

    @property
    def bytes(self) -> int:
        """Of the evidence, each file once."""
        return sum({file.at: file.bytes for file in self.evidence()}.values())


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `bundle.sig`."""

    key: str
    signature: str


def write(bundle: Bundle, signer: Signer) -> tuple[bytes, bytes]:
    """`bundle.json` and `bundle.sig`."""
    says = canonical(msgspec.to_builtins(bundle), DEEPEST)
    seal = canonical({"key": signer.key, "signature": signer.sign(LABEL + says)})
    return says, seal + b"\n"


def read(says: bytes, seal: bytes, *, key: str | None = None) -> tuple[Bundle, str]:
    """What a bundle says, and whose key signed it.

    key: 64 hexadecimal digits, if it has to be that one's

    Raises Refused: bundle-unreadable, bundle-newer, bundle-changed, bundle-key.
    """
    try:
        sealed = msgspec.json.decode(seal, type=Seal)
    except (msgspec.MsgspecError, RecursionError):
        _unreadable(f"{SEAL} is no seal")
    if not is_signed(sealed.key, sealed.signature, LABEL + says):
        _newer(says)
        raise Refused("bundle-changed", name=SAYS)
    if key is not None and read_digits(sealed.key) != read_digits(key):
        raise Refused("bundle-key", key=sealed.key)
    _newer(says)
    try:
        bundle = msgspec.json.decode(says, type=Bundle)
        written = canonical(msgspec.to_builtins(bundle), DEEPEST)
    except (msgspec.MsgspecError, Malformed, RecursionError):
        _unreadable(f"what {SAYS} says does not fit together")
    if written != says:
        _unreadable(f"{SAYS} is not written in one way alone")
    _check(bundle)
    return bundle, sealed.key


def name_of(number: int, ref: str, title: str, original: str) -> str:
    """What the file of an exhibit is called in the bundle: `003 JM_1 Body-worn video.mp4`.

    number: its place in the running order, from 1, so that names are different and sorted by it
    """
    found = _ENDING.search(original)
    ending = "" if found is None else found[0].lower()
    words = _harmless(f"{ref} {title}".strip() or original.removesuffix(ending))
    return f"{number:03d} {words}"[: NAME_MOST - len(ending)].rstrip(" .") + ending


def beside_of(folder: str, number: int, original: str) -> str:
    """A companion's: in a folder of its exhibit's name; numbered, since two may differ only in what was left out."""
    return f"{folder} - with it/{number:03d} {_harmless(original)}"[: 2 * NAME_MOST].rstrip(" .")


def seconds(text: str) -> Fraction:
    """Of a `Range`. Raises Refused bundle-unreadable."""
    if _TIME.match(text) is None:
        _unreadable("a time in it is none")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        _unreadable("a time in it is none")


def moment(unix: float | None) -> int | None:
    """Seconds as a bundle has them."""
    return None if unix is None else micro(unix)


def _check(bundle: Bundle) -> None:
    known: set[str] = set()
    for exhibit in bundle.exhibits:
        if exhibit.id in known:
            _unreadable(f"{exhibit.id} names two exhibits")
        if (exhibit.file is None) is (not exhibit.parts):
            _unreadable(f"{exhibit.ref} has neither a file nor parts, or both")
        known.add(exhibit.id)
        for clip in exhibit.clips:
            _check_clip(clip)
    for exhibit in bundle.exhibits:
        if exhibit.id in exhibit.parts or not known.issuperset(exhibit.parts):
            _unreadable(f"{exhibit.ref} is joined from what is not here")
    first = [exhibit.file.at for exhibit in bundle.exhibits if exhibit.file is not None]
    if len(set(first)) < len(first):
        _unreadable("two exhibits have the same file")
    names: dict[str, File] = {}
    for file in bundle.files():
        _check_file(file)
        other = names.setdefault(file.at.casefold(), file)
        if (other.at, other.bytes, other.sha256) != (file.at, file.bytes, file.sha256):
            _unreadable(f"{file.at} stands for two files")
    if len(names) > MOST_FILES:
        _unreadable(f"it has more than {MOST_FILES} files")


def _check_clip(clip: Clip) -> None:
    ranges = sorted((seconds(one.start), seconds(one.stop)) for one in clip.ranges)
    apart = all(one[1] <= other[0] for one, other in pairwise(ranges))
    if not 0 < len(ranges) <= MOST or not apart or any(start >= stop for start, stop in ranges):
        _unreadable("a clip in it is none")


def _check_file(file: File) -> None:
    parts = file.at.split("/")
    fit = all(part not in ("", ".", "..") and _harmless(part) == part for part in parts)
    if not fit or file.at.casefold() in (SAYS, SEAL):
        _unreadable("a file's name leads out of it, or cannot be written everywhere")
    if _DIGITS.match(file.sha256) is None:
        _unreadable(f"the hash of {file.at} is none")


def _newer(says: bytes) -> None:
    """A later form than this is known by its first words, whatever else is in it."""
    if (found := re.search(rb'"format":"courtcast bundle ([0-9]{1,9})"', says)) and int(found[1]) > 1:
        raise Refused("bundle-newer")


def _harmless(text: str) -> str:
    """Fit to be a name on every system, in any script."""
    kept = [
        "_" if one in _FORBIDDEN or unicodedata.category(one)[0] == "C" else one
        for one in unicodedata.normalize("NFC", text)
    ]
    return " ".join("".join(kept).split()).strip(" .") or "_"


def _unreadable(why: str) -> NoReturn:
    raise Refused("bundle-unreadable", why=why)
