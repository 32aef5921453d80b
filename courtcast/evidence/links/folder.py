"""A folder or file that is shared by Nextcloud or ownCloud, or any other folder of WebDAV that is open to everybody.

A share's page has the address `…/s/TOKEN`. What is in it is asked for by WebDAV (RFC 4918): at
`public.php/dav/files/TOKEN` (Nextcloud 29 and later), else at `public.php/webdav` with the token as the user (before
that, and ownCloud). A share with a password is a log-in, and is not tried.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from yarl import URL

from courtcast.evidence.ask import Asker
from courtcast.evidence.links import markup
from courtcast.evidence.links.direct import Link, name_of, parse
from courtcast.evidence.links.found import DOCUMENT, MOST_FILES, File, Found, Kind, Web, beside
from courtcast.problems import Refused

kind: Kind = "folder"

MOST_FOLDERS = 40
"""That are looked into, those within them included."""
_SHARE = re.compile(r"(?P<base>(?:/[\w.-]+)*?)(?:/index\.php)?/s/(?P<token>[A-Za-z0-9]{8,64})(?:/download|/)?\Z")
_OPEN = re.compile(r"(?:/[\w.-]+)*/public\.php/(?:web)?dav(?:/.*)?/\Z")
_ASK = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/></d:prop>'
    b"</d:propfind>"
)
_HEADERS = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
_ELSEWHERE = frozenset(("link-not-found", "link-server"))


class _Thing(NamedTuple):
    """In a folder."""

    link: Link
    folder: bool
    size: int | None


def recognises(link: Link, _: Web | None = None) -> bool:
    """A folder of WebDAV by its own address. Shares have addresses that others may have too: those show by a page."""
    return _OPEN.fullmatch(_path(link)) is not None


async def describe(link: Link, web: Web) -> Found | None:
    """Raises Refused (`link-needs-login`, `link-folder-empty`, and what asking says) or Trouble."""
    for root in _roots(link):
        try:
            files = await _files(root, web)
        except Refused as refused:
            if refused.type == "link-refused" and refused.fields.get("status") in {401, 403}:
                raise Refused("link-needs-login") from refused
            if refused.type in _ELSEWHERE or refused.type == "link-refused":
                continue
            raise
        if files is None:
            continue
        if not files:
            raise Refused("link-folder-empty")
        return Found(kind, files, one=len(files) == 1)
    return None


async def open(file: File, _: Web) -> Link:
    """By WebDAV, which gives ranges."""
    return file.link


def _path(link: Link) -> str:
    try:
        return parse(link.url).raw_path
    except Refused:
        return ""


def _roots(link: Link) -> Iterator[Link]:
    """Where the folder may be asked for."""
    if recognises(link):
        yield link
        return
    found = _SHARE.fullmatch(_path(link))
    if found is None:
        return
    origin, token = parse(link.url).origin(), found["token"]
    yield Link(f"{origin}{found['base']}/public.php/dav/files/{token}/", link.headers)
    named = base64.b64encode(f"{token}:".encode()).decode()
    yield Link(f"{origin}{found['base']}/public.php/webdav/", {**link.headers, "Authorization": f"Basic {named}"})


async def _files(root: Link, web: Web) -> list[File] | None:
    """All in the folder and in those within it, in the order of their names; None where nothing speaks WebDAV there."""
    below = parse(root.url).raw_path
    left, seen, found = [root], {root.url}, list[File]()
    while left and len(seen) <= MOST_FOLDERS:
        folder = left.pop(0)
        async with Asker(folder, web.guard, web.limits) as asker:
            document = await asker.document(DOCUMENT, method="PROPFIND", body=_ASK, headers=_HEADERS)
        things = _things(document.data, folder)
        if things is None:
            return None if folder is root else found
        for thing in things:
            path = parse(thing.link.url).raw_path
            if not path.startswith(below) or name_of(URL(path, encoded=True)).startswith("."):
                continue
            if thing.folder and thing.link.url not in seen:
                seen.add(thing.link.url)
                left.append(thing.link)
            elif not thing.folder and len(found) < MOST_FILES:
                inside = unquote(path.removeprefix(below)) or name_of(URL(path, encoded=True))
                where = inside.rpartition("/")[0]
                found.append(File(thing.link, name_of(URL(path, encoded=True)), where, thing.size, key=inside))
    return sorted(found, key=lambda file: _natural(file.key))


def _things(data: bytes, folder: Link) -> list[_Thing] | None:
    """RFC 4918 §14.16."""
    try:
        root = markup.read(data)
    except ValueError:
        return None
    if root.tag != "{DAV:}multistatus":
        return None
    found = []
    for response in root.iter("{DAV:}response"):
        link = beside(folder, (response.findtext("{DAV:}href") or "").strip(), folder)
        if link is None or parse(link.url).origin() != parse(folder.url).origin():
            continue
        size = response.findtext(".//{DAV:}getcontentlength") or ""
        within = response.find(".//{DAV:}resourcetype/{DAV:}collection") is not None
        found.append(_Thing(link, within, int(size) if re.fullmatch(r"\d{1,18}", size) else None))
    return found


def _natural(text: str) -> list[tuple[int, str]]:
    """Clip 2 before clip 10."""
    return [(int(part), "") if part.isdecimal() else (0, part.casefold()) for part in re.split(r"(\d{1,18})", text)]
