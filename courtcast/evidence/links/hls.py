"""A recording that is served in pieces by HTTP Live Streaming (RFC 8216), as players in web pages take it.

Of its renditions the best that has picture and sound in the same pieces is taken, and it is said which. The pieces, one
behind the other, are one continuous file again: MPEG-TS goes on where the piece before ended, and fragments of MP4
follow the part that all of them share (`EXT-X-MAP`). What is not over yet (live), jumps in the middle
(`EXT-X-DISCONTINUITY`), has its sound apart, or is protected, is refused in words.

The parser is our own: what is needed is two dozen lines, and what is not understood has to be refused rather than
passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from courtcast.evidence.ask import Asker, Document
from courtcast.evidence.links.direct import Link, name_of, parse
from courtcast.evidence.links.found import File, Found, Key, Kind, Part, Stream, Web, beside
from courtcast.problems import Refused

kind: Kind = "stream"

LONGEST_LIST = 4 << 20
"""Bytes: a day in pieces of 6 s, with an address of 250 characters each."""
MOST_PARTS = 20_000
_PLAYLIST = re.compile(r"\.m3u8?\Z", re.I)
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|\Z)')
_RANGE = re.compile(r"(\d{1,18})(?:@(\d{1,18}))?")
_IV = re.compile(r"0x[0-9a-f]{32}", re.I)
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


class Variant(NamedTuple):
    """One rendition: the list of its pieces, and how good it is."""

    link: Link
    lines: int
    bandwidth: int
    """Bits a second."""
    size: str = ""

    def said(self) -> str:
        rate = f"{self.bandwidth / 1e6:.1f} Mb/s" if self.bandwidth else ""
        return ", ".join(filter(None, (self.size.replace("x", " × "), rate)))


def recognises(link: Link, _: Web | None = None) -> bool:
    """By the ending of its path."""
    return _PLAYLIST.search(link.url.partition("#")[0].partition("?")[0]) is not None


async def describe(link: Link, web: Web) -> Found | None:
    """Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`, and what asking says) or Trouble."""
    stream, says = await stream_of(link, web)
    return Found(kind, [File(link, stream.name, says, key="stream", stream=stream)])


async def open(file: File, _: Web) -> Link | Stream:
    """The pieces in their order."""
    return file.stream or file.link


async def stream_of(link: Link, web: Web) -> tuple[Stream, str]:
    """The pieces of the best rendition, and which one that is. Raises as `describe` does."""
    async with Asker(link, web.guard, web.limits) as asker:
        document = await asker.document(LONGEST_LIST)
        lines = _lines(document)
        says, base = "", Link(str(document.url))
        if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
            variants = sorted(variants_of(lines, link, base), key=lambda one: (one.lines, one.bandwidth))
            if not variants:
                raise Refused("link-is-stream")
            best = variants[-1]
            says = ", ".join(filter(None, (best.said(), f"the best of {len(variants)}" if len(variants) > 1 else "")))
            asker.turn_to(best.link)
            document = await asker.document(LONGEST_LIST)
            lines, base = _lines(document), Link(str(document.url))
    parts = list(parts_of(lines, link, base))
    name = re.sub(_PLAYLIST, "", name_of(parse(link.url))) or "recording"
    shape = hashlib.sha256("\n".join([says, *_shape(lines)]).encode()).hexdigest()[:32]
    return Stream(tuple(parts), shape, name), says


def variants_of(lines: Sequence[str], link: Link, base: Link) -> Iterator[Variant]:
    """Those that have picture and sound in the same pieces."""
    apart = {
        said.get("GROUP-ID", "")
        for line in lines
        if line.startswith("#EXT-X-MEDIA:") and (said := _attributes(line)).get("TYPE") == "AUDIO" and "URI" in said
    }
    for line, following in pairwise(lines):
        if not line.startswith("#EXT-X-STREAM-INF:") or following.startswith("#"):
            continue
        said = _attributes(line)
        to = beside(link, following, base)
        if to is None or said.get("AUDIO", "") in apart:
            continue
        size = _SIZE.fullmatch(said.get("RESOLUTION", ""))
        bandwidth = said.get("AVERAGE-BANDWIDTH", said.get("BANDWIDTH", ""))
        yield Variant(
            to,
            int(size[2]) if size else 0,
            int(bandwidth) if re.fullmatch(r"\d{1,12}", bandwidth) else 0,
            size[0] if size else "",
        )


def parts_of(lines: Sequence[str], link: Link, base: Link) -> Iterator[Part]:
    """The pieces of one rendition, in order. Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`)."""
    if "#EXT-X-ENDLIST" not in lines:
        raise Refused("link-is-live")
    number, count = 0, 0
    key: Mapping[str, str] | None = None
    span: tuple[int, int] | None = None
    mapped: str | None = None
    ends: dict[str, int] = {}
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
                    yield _part(said.get("URI", ""), link, base, shared, _key(key, number, link, base))
            case "#EXT-X-BYTERANGE":
                span = _span(value, None)
            case "#EXT-X-DISCONTINUITY" | "#EXT-X-I-FRAMES-ONLY" | "#EXT-X-DEFINE":
                raise Refused("link-is-stream")
            case _ if not line.startswith("#"):
                if span is not None and span[0] < 0:  # behind the one before (§4.3.2.2)
                    span = (ends.get(line, 0), span[1])
                yield _part(line, link, base, span, _key(key, number, link, base))
                if span is not None:
                    ends[line] = span[0] + span[1]
                number, count, span = number + 1, count + 1, None
                if count > MOST_PARTS:
                    raise Refused("link-too-large")
    if count == 0:
        raise Refused("link-empty")


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
