"""What an adapter says of a link: which files are behind it, and which one is meant.

An adapter is a module or an object with three steps, as `Adapter` has them: it *recognises* a link by its address, it
*describes* what is there by asking, and it *opens* one of the files: says where that is fetched from just now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links.direct import Link, parse
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.evidence.links.portal import Portal

Kind = Literal["file", "page", "folder", "portal", "stream"]
KINDS: tuple[Kind, ...] = ("file", "page", "folder", "portal", "stream")
MOST_FILES = 200
"""That are offered: more are no choice for anybody."""
DOCUMENT = 1 << 20
"""Bytes of a page or a list, at most."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_CHOSEN = "courtcast="
"""Behind the `#` of a link stands which of its files is meant; no server is ever sent it."""


class Web(NamedTuple):
    """What adapters ask with."""

    guard: Guard
    limits: Limits = LIMITS
    portals: Sequence[Portal] = ()
    """Those that there is a key for."""


class Key(NamedTuple):
    """What a piece is encrypted with."""

    link: Link
    iv: bytes


class Part(NamedTuple):
    """A piece of a recording: `length` bytes from `start` on of what lies at the link; all of it where that is None."""

    link: Link
    start: int = 0
    length: int | None = None
    key: Key | None = None
    head: bool = False
    """It is what the pieces behind it share."""
    track: int = 0
    """1 for those of a sound that comes apart."""
    begins: Fraction = Fraction(0)
    ends: Fraction = Fraction(0)
    """Seconds, as the list has them."""
    later: Fraction = Fraction(0)
    """Seconds by which the times in it are moved, so that they fit those of the others."""


class Stream(NamedTuple):
    """A recording in pieces, which are one file when they stand behind one another; or, where sound and picture come
    apart, when they are put together (`evidence.together`).

    shape: what it is recognised by when its addresses are signed anew
    """

    parts: Sequence[Part]
    shape: str
    name: str

    @property
    def together(self) -> bool:
        """Its pieces do not just stand behind one another."""
        return any(part.track or part.later or (part.head and n) for n, part in enumerate(self.parts))


def side_by_side(picture: Sequence[Part], sound: Sequence[Part]) -> list[Part]:
    """Both, so that sound is there as far as the picture goes: preparing takes what is not for missing."""
    sound = [part._replace(track=1) for part in sound]
    heads = [part for part in (*picture[:1], *sound[:1]) if part.head]
    rest = [part for part in (*picture, *sound) if part not in heads]
    return [*heads, *sorted(rest, key=_in_time)]


def language(text: str) -> str:
    """What a list calls a language, where that is a name of one (RFC 5646)."""
    return text if _LANGUAGE.fullmatch(text) else ""


def _in_time(part: Part) -> tuple[Fraction, int]:
    if part.head:
        return part.begins, 0
    return (part.begins, 1) if part.track else (part.ends, 2)


class File(NamedTuple):
    """One of the files behind a link.

    link: where it lies; may hold for a while only
    key: what it is known by for good; its address without query where that is empty
    """

    link: Link
    name: str
    says: str = ""
    """What sets it apart, for people."""
    size: int | None = None
    """Bytes, where that is said."""
    key: str = ""
    stream: Stream | None = None
    """Where it comes in pieces."""

    @property
    def id(self) -> str:
        return hashlib.sha256((self.key or self.link.shown()).encode()).hexdigest()[:12]


class Found(NamedTuple):
    """What is behind a link."""

    kind: Kind
    files: Sequence[File]
    """The best first."""
    one: bool = True
    """They are one recording in several forms, so that the first is taken; else somebody has to choose."""


class Adapter(Protocol):
    """One kind of link."""

    kind: Kind

    def recognises(self, link: Link, web: Web) -> bool:
        """By its address alone."""

    async def describe(self, link: Link, web: Web) -> Found | None:
        """By asking there; None where it is not of this kind after all. Raises Refused or Trouble."""

    async def open(self, file: File, web: Web) -> Link | Stream:
        """Where it is fetched from just now. Raises Refused or Trouble."""


class Chosen(NamedTuple):
    """Which of a link's files is meant."""

    kind: Kind
    id: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was found behind a link, as it is kept."""

    kind: Kind
    name: str = ""
    """Of the file that was taken."""
    says: str = ""
    """How it was found, for people."""
    files: list[tuple[str, str, str, int | None]] = []
    """Those to choose from, where somebody has to: id, name, what sets it apart, bytes."""


def chosen(link: Link) -> Chosen | None:
    """As `choosing` wrote it."""
    kind, _, id_ = link.url.partition("#")[2].removeprefix(_CHOSEN).partition(":")
    found = next((known for known in KINDS if known == kind), None)
    return Chosen(found, id_) if found is not None and id_ and f"#{_CHOSEN}" in link.url else None


def choosing(link: Link, kind: Kind, id_: str) -> Link:
    """The same link, meaning that one of its files."""
    return Link(f"{link.url.partition('#')[0]}#{_CHOSEN}{kind}:{id_}", link.headers)


_parsed = lru_cache(64)(parse)
"""A list names thousands of pieces beside the same address."""


def beside(link: Link, url: str, base: Link) -> Link | None:
    """A link to what `url` says on the page at `base`; None where that is none. Given headers stay at their origin."""
    try:
        found, origin = parse(url, _parsed(base.url)), _parsed(link.url).origin()
        return Link(str(found), link.headers if found.origin() == origin else {})
    except (Refused, ValueError):
        return None
