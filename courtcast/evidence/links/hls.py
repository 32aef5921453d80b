"""A recording that is served in pieces by HTTP Live Streaming (RFC 8216), as players in web pages take it.

Of its renditions the best is taken, and it is said which. The pieces, one behind the other, are one continuous file
again: MPEG-TS goes on where the piece before ended, and fragments of MP4 follow the part that all of them share
(`EXT-X-MAP`). Where a rendition has its sound apart (`EXT-X-MEDIA`), the sound that players begin with is put beside
the picture (`evidence.together`). What is not over yet (live), jumps in the middle (`EXT-X-DISCONTINUITY`), or is
protected, is refused in words.

The parser is our own: what is needed is two dozen lines, and what is not understood has to be refused rather than
passed over.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from courtcast.evidence.ask import Asker, Document
from courtcast.evidence.links.direct import Link, name_of, parse
from courtcast.evidence.links.found import Key, Part, Stream, Web, beside, language, side_by_side
from courtcast.problems import Refused

LONGEST_LIST = 4 << 20
"""Bytes: a day in pieces of 6 s, with an address of 250 characters each."""
MOST_PARTS = 20_000
_PLAYLIST = re.compile(r"\.m3u8?\Z", re.I)
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|\Z)')
_RANGE = re.compile(r"(\d{1,18})(?:@(\d{1,18}))?")
_IV = re.compile(r"0x[0-9a-f]{32}", re.I)
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,9})?")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


class Sound(NamedTuple):
    """A sound that comes apart: the list of its pieces."""

    link: Link
    says: str
    rank: tuple[bool, bool, bool]
    """The higher, the sooner players take it."""


class Variant(NamedTuple):
    """One rendition: the list of its pieces, and how good it is."""

    link: Link
    lines: int
    bandwidth: int
    """Bits a second."""
    size: str = ""
    sound: Sound | None = None

    def said(self) -> str:
        rate = f"{self.bandwidth / 1e6:.1f} Mb/s" if self.bandwidth else ""
        return ", ".join(filter(None, (self.size.replace("x", " × "), rate)))

    def rank(self) -> tuple[int, int, bool]:
        """The higher, the better."""
        return self.lines, self.bandwidth, self.sound is None


def recognises(link: Link) -> bool:
    """By the ending of its path."""
    return _PLAYLIST.search(link.url.partition("#")[0].partition("?")[0]) is not None


async def stream_of(link: Link, web: Web) -> tuple[Stream, str]:
    """The pieces of the best rendition, and which one that is.

    Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`, and what asking says) or Trouble.
    """
    async with Asker(link, web.guard, web.limits) as asker:
        lines, base = await _list(asker)
        says, heard = "", list[str]()
        parts: list[Part] = []
        if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
            variants = sorted(variants_of(lines, link, base), key=Variant.rank)
            if not variants:
                raise Refused("link-is-stream")
            best = variants[-1]
            apart = "" if best.sound is None else f"its sound apart{best.sound.says}"
            many = f"the best of {len(variants)}" if len(variants) > 1 else ""
            says = ", ".join(filter(None, (best.said(), many, apart)))
            asker.turn_to(best.link)
            lines, base = await _list(asker)
            if best.sound is not None:
                asker.turn_to(best.sound.link)
                heard, beneath = await _list(asker)
                parts = await asyncio.to_thread(_parts, heard, link, beneath)
    picture = await asyncio.to_thread(_parts, lines, link, base)
    name = re.sub(_PLAYLIST, "", name_of(parse(link.url))) or "recording"
    shape = hashlib.sha256("\n".join([says, *_shape(lines), *_shape(heard)]).encode()).hexdigest()[:32]
    if parts:
        picture = await asyncio.to_thread(side_by_side, picture, parts)
    return Stream(tuple(picture), shape, name), says


def variants_of(lines: Sequence[str], link: Link, base: Link) -> Iterator[Variant]:
    """In the order of the list."""
    sounds = list(_sounds(lines, link, base))
    for line, following in pairwise(lines):
        if not line.startswith("#EXT-X-STREAM-INF:") or following.startswith("#"):
            continue
        said = _attributes(line)
        to = beside(link, following, base)
        if to is None:
            continue
        group = [sound for name, sound in sounds if name == said.get("AUDIO")]
        sound = max(group, key=lambda one: one.rank, default=None)
        if sound is not None and sound.link == to:  # there is nothing but this sound
            sound = None
        size = _SIZE.fullmatch(said.get("RESOLUTION", ""))
        bandwidth = said.get("AVERAGE-BANDWIDTH", said.get("BANDWIDTH", ""))
        yield Variant(
            to,
            int(size[2]) if size else 0,
            int(bandwidth) if re.fullmatch(r"\d{1,12}", bandwidth) else 0,
            size[0] if size else "",
            sound,
        )


def _sounds(lines: Sequence[str], link: Link, base: Link) -> Iterator[tuple[str, Sound]]:
    """Those that come apart, with the group that each belongs to (RFC 8216 §4.3.4.1)."""
    for line in lines:
        if not line.startswith("#EXT-X-MEDIA:") or (said := _attributes(line)).get("TYPE") != "AUDIO":
            continue
        if (to := beside(link, said["URI"], base) if "URI" in said else None) is None:
            continue
        named = language(said.get("LANGUAGE", ""))
        rank = said.get("DEFAULT") == "YES", said.get("AUTOSELECT") == "YES", "CHARACTERISTICS" not in said
        yield said.get("GROUP-ID", ""), Sound(to, f" ({named})" if named else "", rank)


def parts_of(lines: Sequence[str], link: Link, base: Link) -> Iterator[Part]:
    """The pieces of one rendition, in order. Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`)."""
    if "#EXT-X-ENDLIST" not in lines:
        raise Refused("link-is-live")
    number, count = 0, 0
    key: Mapping[str, str] | None = None
    span: tuple[int, int] | None = None
    mapped: str | None = None
    ends: dict[str, int] = {}
    at, lasts = Fraction(0), Fraction(0)
    for line in lines:
        tag, _, value = line.partition(":")
        match tag:
            case "#EXT-X-MEDIA-SEQUENCE":
                number = int(value) if re.fullmatch(r"\d{1,12}", value) else 0
            case "#EXT-X-KEY":
                key = _attributes(line)
                if key.get("METHOD") not in {"NONE", "AES-128"} or key.get("KEYFORMAT", "identity") != "identity":
                    raise Refused("link-protected")
                key = None if key["METHOD"] == "NONE" else key
            case "#EXT-X-MAP":
                said = _attributes(line)
                if mapped is not None and mapped != line:
                    raise Refused("link-is-stream")
                if mapped is None:
                    mapped, shared = line, _span(said.get("BYTERANGE", ""), 0)
                    head = _part(said.get("URI", ""), link, base, shared, _key(key, number, link, base))
                    yield head._replace(head=True)
            case "#EXTINF":
                lasts = (
                    Fraction(value.partition(",")[0]) if _SECONDS.fullmatch(value.partition(",")[0]) else Fraction(0)
                )
            case "#EXT-X-BYTERANGE":
                span = _span(value, None)
            case "#EXT-X-DISCONTINUITY" | "#EXT-X-I-FRAMES-ONLY" | "#EXT-X-DEFINE":
                raise Refused("link-is-stream")
            case _ if not line.startswith("#"):
                if span is not None and span[0] < 0:  # behind the one before (§4.3.2.2)
                    span = (ends.get(line, 0), span[1])
                part = _part(line, link, base, span, _key(key, number, link, base))
                yield part._replace(begins=at, ends=at + lasts)
                at += lasts
                if span is not None:
                    ends[line] = span[0] + span[1]
                number, count, span = number + 1, count + 1, None
                if count > MOST_PARTS:
                    raise Refused("link-too-large")
    if count == 0:
        raise Refused("link-empty")


def _parts(lines: Sequence[str], link: Link, base: Link) -> list[Part]:
    """Of long lists that takes a second, which nobody else is to wait for."""
    return list(parts_of(lines, link, base))


def _part(uri: str, link: Link, base: Link, span: tuple[int, int] | None, key: Key | None) -> Part:
    to = beside(link, uri, base)
    if to is None:
        raise Refused("link-is-stream")
    return Part(to, 0 if span is None else span[0], None if span is None else span[1], key)


def _key(said: Mapping[str, str] | None, number: int, link: Link, base: Link) -> Key | None:
    """RFC 8216 §5.2: without an IV, the number of the piece is it."""
    if said is None:
        return None
    to, iv = beside(link, said.get("URI", ""), base), said.get("IV")
    if to is None or (iv is not None and _IV.fullmatch(iv) is None):
        raise Refused("link-protected")
    return Key(to, bytes.fromhex(iv[2:]) if iv is not None else number.to_bytes(16, "big"))


def _span(text: str, start: int | None) -> tuple[int, int] | None:
    """Offset and length; the offset is -1 where it goes on from the piece before."""
    if not text:
        return None
    found = _RANGE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise Refused("link-is-stream")
    return (int(found[2]) if found[2] else -1 if start is None else start), int(found[1])


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


async def _list(asker: Asker) -> tuple[list[str], Link]:
    """And where it was found."""
    document = await asker.document(LONGEST_LIST)
    return _lines(document), Link(str(document.url))


def _lines(document: Document) -> list[str]:
    text = document.data.decode("utf-8-sig", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise Refused("link-is-page" if document.data.lstrip()[:1] == b"<" else "link-is-stream")
    return lines


def _shape(lines: Sequence[str]) -> Iterator[str]:
    """What stays the same when the addresses are signed anew."""
    for line in lines:
        if line.startswith(("#EXTINF", "#EXT-X-BYTERANGE", "#EXT-X-MEDIA-SEQUENCE")):
            yield line
        elif not line.startswith("#"):
            yield line.partition("?")[0].rpartition("/")[2]
