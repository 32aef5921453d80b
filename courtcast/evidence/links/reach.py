"""From the link that somebody pasted to the file behind it: which adapter's it is, and which file is meant.

A link whose address says nothing is taken for the file itself, so that asking costs nothing where that is so. Where a
page comes in its place, `behind` looks for what that page leads to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from courtcast.evidence.links import folder, hosts, listed, page, portal
from courtcast.evidence.links.direct import Link, is_list, parse
from courtcast.evidence.links.found import Adapter, File, Found, Kind, Seen, Stream, Web, chosen
from courtcast.problems import Refused

_MODULES: tuple[Any, ...] = (portal, listed, folder, page)
ADAPTERS: dict[Kind, Adapter] = {module.kind: module for module in _MODULES}
"""In the order in which a page is looked behind."""


class Reached(NamedTuple):
    """Where the file is fetched from just now, and what was seen on the way."""

    source: Link | Stream
    seen: Seen
    file: File | None = None

    @property
    def link(self) -> Link:
        """Of the file, where it does not come in pieces."""
        assert isinstance(self.source, Link)
        return self.source


class Several(Refused):
    """Somebody has to choose."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("link-several", count=len(seen.files))
        self.seen = seen


async def reach(link: Link, web: Web, known: Seen | None = None, *, without: Collection[str] = ()) -> Reached:
    """known: what was seen there before; without: ids of files that proved to be none

    Raises Refused (`Several` where somebody has to choose), or Trouble.
    """
    meant = chosen(link)
    kind = meant.kind if meant is not None else known.kind if known is not None else "file"
    adapter = ADAPTERS.get(kind) or next((one for one in ADAPTERS.values() if one.recognises(link, web)), None)
    if adapter is None:
        return Reached(*await _settled(hosts.direct(link) or link, Seen(kind="file"), web))
    found = await adapter.describe(link, web)
    if found is None and meant is not None:
        raise Refused("link-choice-gone")
    if found is None:  # it was once
        return Reached(*await _settled(hosts.direct(link) or link, Seen(kind="file"), web))
    return await _open(adapter, found, link, web, without)


async def behind(link: Link, web: Web) -> Reached:
    """Where a page came in the place of the file. Raises as `reach` does."""
    start = hosts.direct(link) or link
    for adapter in ADAPTERS.values():
        if adapter.kind == "stream":
            continue
        found = await adapter.describe(start, web)
        if found is not None:
            return await _open(adapter, found, link, web, ())
    raise Refused("link-page-no-file")


async def _open(adapter: Adapter, found: Found, link: Link, web: Web, without: Collection[str]) -> Reached:
    meant = chosen(link)
    files = [file for file in found.files if file.id not in without]
    if meant is not None:
        files = [file for file in files if file.id == meant.id]
        if not files:
            raise Refused("link-choice-gone")
    elif not files:
        raise Refused("link-page-no-file")
    elif not found.one:
        raise Several(Seen(kind=found.kind, files=[(file.id, file.name, file.says, file.size) for file in found.files]))
    says = _says(found, files[0], link, by_hand=meant is not None)
    seen = Seen(kind=found.kind, name=files[0].name, says=says)
    return Reached(*await _settled(await adapter.open(files[0], web), seen, web), files[0])


async def _settled(source: Link | Stream, seen: Seen, web: Web) -> tuple[Link | Stream, Seen]:
    """A page or a folder may lead to a list of pieces. Raises Refused (`link-is-stream`) for those of other kinds."""
    if isinstance(source, Stream) or not is_list(source):
        return source, seen
    if not listed.recognises(source):
        raise Refused("link-is-stream")
    stream, said = await listed.stream_of(source, web)
    says = " ".join(filter(None, (seen.says, f"In pieces: {said}." if said else "")))
    return stream, msgspec.structs.replace(seen, says=says)


def _says(found: Found, file: File, link: Link, *, by_hand: bool) -> str:
    """How the file was found, in words."""
    if found.kind == "stream":
        return f"Came in pieces from {parse(link.url).host}" + (f": {file.says}." if file.says else ".")
    where = {"page": "on the page", "folder": "in the folder", "portal": "in the portal"}.get(found.kind, "")
    host = parse(link.url).host
    forms = len(found.files)
    if by_hand:
        how = ", chosen by hand"
    elif found.kind == "page" and forms > 1:
        how = f", the best of its {forms} forms" + (f" ({file.says})" if file.says else "")
    else:
        how = ""
    return f"Found {where} at {host}{how}."
