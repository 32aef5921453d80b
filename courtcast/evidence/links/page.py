"""A share page that leads to a file: the media that the page itself declares.

Looked at are, the surest first: a link that is marked as a download, and the form by which a host asks whether one is
sure; `contentUrl` of JSON-LD (schema.org's MediaObject); `og:video`; the sources of `<video>` and `<audio>`; links to
files that are called like recordings. The page is read as text by the standard library's parser; nothing of it is run.
What else it names (its pictures, its frames) is never asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode

from courtcast.evidence.ask import Asker
from courtcast.evidence.links.direct import Link, is_list, looks_like_page, name_of, parse
from courtcast.evidence.links.found import DOCUMENT, MOST_FILES, File, Found, Kind, Web, beside
from courtcast.problems import Refused

kind: Kind = "page"

MOST_TAGS = 50_000
MOST_MEDIA = 500
"""Things that a page may name; the rest is left out."""
MOST_TITLE = 300
"""Characters."""
MOST_FIELDS = 16
"""Of a form."""
MOST_JSON = 32
"""Levels of JSON-LD that are gone down into."""
PIECE = 16 << 10
"""Characters that the parser is given at once."""
MOST_OPEN = 256 << 10
"""Characters that may come before something that was opened is closed."""
DOWNLOAD, DECLARED, GRAPH, PLAYED, NAMED = range(5)
"""How sure it is that a file of a page is the recording: a smaller number is surer."""
_RECORDING = re.compile(
    r"\.(?:mp4|m4v|mov|mkv|webm|avi|mpe?g|m?ts|mts|m2ts|wmv|asf|3gp|mxf|vob|flv|ogv|mp3|m4a|wav|flac|ogg|opus|aac|pdf"
    r"|dav|h264|264|h265|265)\Z",
    re.I,
)
_GRAPHS = (
    "og:video:secure_url",
    "og:video:url",
    "og:video",
    "og:audio:secure_url",
    "og:audio",
    "twitter:player:stream",
)

_LINES = re.compile(r"(?<!\d)(\d{3,4})p?(?!\d)")
_ASKS = re.compile(r"\b(?:log|sign)[ -]?(?:in|on)\b", re.I)
_SIGN_IN = re.compile(r"/(?:log-?in|sign-?in|sso|saml2?|oauth2?|adfs|servicelogin|authorize)(?:[/.?]|\Z)", re.I)
_SIGN_IN_HOSTS = re.compile(r"(?:\A|\.)(?:login|signin|accounts|auth|sso|idp)\.", re.I)


class _Media(NamedTuple):
    """Something that a page names. What has the same `group` is one recording."""

    url: str
    sure: int
    group: str
    type: str = ""
    lines: int = 0
    """Of the picture, where that is said."""


def recognises(_link: Link, _web: Web) -> bool:
    """No page is known by its address: it shows when a page comes in the place of the file."""
    return False


async def describe(link: Link, web: Web) -> Found | None:
    """Raises Refused (`link-needs-login`, `link-page-no-file`, and what asking says) or Trouble."""
    async with Asker(link, web.guard, web.limits) as asker:
        document = await asker.document(DOCUMENT)
    if not looks_like_page(document.type, document.data[:1024]):
        return None
    page = read(document.data.decode(errors="replace"))
    files, one = files_of(page, link, Link(str(document.url)))
    if not files:
        where = document.url
        asks = (
            page.password
            or _ASKS.search(page.title)
            or _SIGN_IN.search(where.path)
            or _SIGN_IN_HOSTS.search(where.host or "")
        )
        raise Refused("link-needs-login" if asks else "link-page-no-file")
    return Found(kind, files[:MOST_FILES], one=one)


async def open(file: File, _: Web) -> Link:
    """Where the page said that it is."""
    return file.link


# reading


class Page(HTMLParser):
    """What a page says of media."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.password = False
        self.title = ""
        self._in_title = False
        self.media: list[_Media] = []
        self._tags = self._players = self._objects = 0
        self._player = ""
        self._json: list[str] | None = None
        self._action: str | None = None
        self._fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags += 1
        if self._tags > MOST_TAGS:
            raise Refused("link-too-large")
        said = {name: value or "" for name, value in reversed(attrs)}
        type_ = said.get("type", "").strip().lower()
        match tag:
            case "title":
                self._in_title = not self.title
            case "base":
                self.base = self.base or said.get("href", "")
            case "meta":
                self._meta((said.get("property") or said.get("name", "")).lower(), said.get("content", ""))
            case "video" | "audio":
                self._players += 1
                self._player = f"player {self._players}"
                self._add(said.get("src", ""), PLAYED, self._player, lines=_lines(said))
            case "source" if self._player:
                self._add(said.get("src", ""), PLAYED, self._player, type_, _lines(said))
            case "a":
                self._anchor(said)
            case "link" if type_.startswith(("video/", "audio/")):
                self._add(said.get("href", ""), GRAPH, "graph", type_)
            case "script" if type_ == "application/ld+json":
                self._json = []
            case "form" if said.get("method", "get").lower() == "get":
                self._action, self._fields = said.get("action", ""), {}
            case "input" if type_ == "password":
                self.password = True
            case "input" if type_ == "hidden" and len(self._fields) < MOST_FIELDS:
                self._fields[said.get("name", "")] = said.get("value", "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"video", "audio"}:
            self._player = ""
        elif tag == "title":
            self._in_title = False
        elif tag == "script" and self._json is not None:
            self._graph("".join(self._json))
            self._json = None
        elif tag == "form" and self._action is not None:
            action, self._action = self._action, None
            if self._fields.get("export") == "download":  # are you sure, as it could not be looked at for viruses?
                self._add(f"{action}{'&' if '?' in action else '?'}{urlencode(self._fields)}", DOWNLOAD)

    def handle_data(self, data: str) -> None:
        if self._json is not None:
            self._json.append(data)
        elif self._in_title:
            self.title = (self.title + data)[:MOST_TITLE]

    def _add(self, url: str, sure: int, group: str = "", type_: str = "", lines: int = 0) -> None:
        url = url.strip()
        if url and len(self.media) < MOST_MEDIA and not type_.startswith(("text/", "image/")):
            self.media.append(_Media(url, sure, group or url, type_, lines))

    def _meta(self, name: str, content: str) -> None:
        last = self.media[-1] if self.media and self.media[-1].group == "graph" else None
        if name in _GRAPHS:
            self._add(content, GRAPH, "graph")
        elif last is not None and name in {"og:video:type", "og:audio:type"}:
            self.media.pop()
            self._add(last.url, GRAPH, "graph", content.lower(), last.lines)
        elif last is not None and name == "og:video:height" and content.isdecimal():
            self.media[-1] = last._replace(lines=int(content[:5]))

    def _anchor(self, said: Mapping[str, str]) -> None:
        href = said.get("href", "")
        if href.startswith("#"):
            return
        if "download" in said:
            self._add(href, DOWNLOAD)
        elif _RECORDING.search(href.partition("#")[0].partition("?")[0]):
            self._add(href, NAMED)

    def _graph(self, text: str) -> None:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return
        for thing in _things(said):
            self._objects += 1
            urls = thing.get("contentUrl")
            for url in urls if isinstance(urls, list) else [urls]:
                if isinstance(url, str):
                    type_ = str(thing.get("encodingFormat", "")).lower()
                    self._add(url, DECLARED, f"object {self._objects}", type_, _lines(thing))


def read(html: str) -> Page:
    """Piece by piece, so that a page that never closes what it opens costs no more than one that does."""
    page = Page()
    for start in range(0, len(html), PIECE):
        page.feed(html[start : start + PIECE])
        if len(page.rawdata) > MOST_OPEN:  # the parser looks through all of it at each piece
            raise Refused("link-page-no-file")
    return page


def _things(said: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Objects of JSON-LD that have a file."""
    if depth > MOST_JSON:
        return
    if isinstance(said, dict):
        if "contentUrl" in said:
            yield said
        said = list(said.values())
    if isinstance(said, list):
        for inner in said[:MOST_MEDIA]:
            yield from _things(inner, depth + 1)


def _lines(said: Mapping[str, Any]) -> int:
    """How many lines a form of the picture has: `1080`, `1080p`, `HD 720p`; 0 where that is not said."""
    for name in ("height", "res", "label", "size", "title", "data-res", "data-quality", "videoQuality"):
        if found := _LINES.search(str(said.get(name, ""))):
            return int(found[1])
    return 0


# choosing


def files_of(page: Page, link: Link, base: Link) -> tuple[list[File], bool]:
    """The best form of each recording, and whether there is but one: then all of its forms, the best first."""
    base = beside(link, page.base, base) or base if page.base else base
    there: dict[str, list[tuple[_Media, Link]]] = {}
    for media in page.media:
        if (to := beside(link, media.url, base)) is not None:
            there.setdefault(media.group, []).append((media, to))
    groups = _recordings(list(there.values()))
    for group in groups:
        group.sort(key=lambda one: (one[0].sure, _streams(one[0], one[1]), -one[0].lines))
    if len(groups) == 1:
        return [_file(media, to) for media, to in _once(groups[0])], True
    return [_file(*group[0]) for group in groups], False


def _recordings(groups: list[list[tuple[_Media, Link]]]) -> list[list[tuple[_Media, Link]]]:
    """Which of what a page names belongs together. Most pages have one recording, and say so in several ways."""
    by: dict[int, list[list[tuple[_Media, Link]]]] = {}
    for group in groups:
        by.setdefault(group[0][0].sure, []).append(group)
    named = by.pop(NAMED, [])
    if not by:
        return [[one] for one in _once([one for group in named for one in group])]
    for sure in (DOWNLOAD, DECLARED, PLAYED):
        alone = {group[0][1].url for group in by.get(sure, [])}
        if len(alone) > 1:
            return by[sure] if sure == PLAYED else [[one] for one in _once([one for g in by[sure] for one in g])]
    return [[one for some in by.values() for group in some for one in group]]


def _once(group: Sequence[tuple[_Media, Link]]) -> list[tuple[_Media, Link]]:
    return list({to.url: (media, to) for media, to in reversed(group)}.values())[::-1]


def _streams(media: _Media, to: Link) -> bool:
    """It is a list of pieces rather than a file."""
    return "mpegurl" in media.type or "dash+xml" in media.type or is_list(to)


def _file(media: _Media, to: Link) -> File:
    return File(to, name_of(parse(to.url)), says=f"{media.lines} lines" if media.lines else "")
