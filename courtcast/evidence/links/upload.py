"""No link at all: the file is sent here. Such an exhibit's `Link` names the upload that its bytes come by."""

from __future__ import annotations

from courtcast.evidence.links.direct import Link

_SCHEME = "upload:"
"""No address: `parse` refuses it, so nothing is ever asked of anybody for it."""


def link_of(upload: str) -> Link:
    """What stands in the place of a link."""
    return Link(_SCHEME + upload)


def upload_of(link: Link) -> str | None:
    """Id of the upload; None where it is a link."""
    return link.url.removeprefix(_SCHEME) if link.url.startswith(_SCHEME) else None
