"""File hosts whose share links become links to the file itself by being written differently. Pure.

As the hosts document them: Dropbox `dl=1`; Google Drive `uc?export=download`; OneDrive `shares/u!…/root/content`;
SharePoint `download=1`; Nextcloud and ownCloud are asked for what is there instead (`folder`), since their addresses
are nobody's own.
"""

from __future__ import annotations

import base64
import re

from yarl import URL

from courtcast.evidence.links.direct import Link, parse
from courtcast.problems import Refused

_DRIVE_FILE = re.compile(r"/(?:a/[^/]+/)?file/d/([\w-]{10,})(?:/|$)")
_SHAREPOINT = re.compile(r"/:[a-z]:/")
"""`:v:` is a video, `:u:` some file, `:f:` a folder."""


def direct(link: Link) -> Link | None:
    """The link to the file; None where it is not of these hosts."""
    try:
        url = parse(link.url)
    except Refused:
        return None
    host = (url.host or "").lower()
    if host in {"dropbox.com", "www.dropbox.com"}:
        found = _dropbox(url)
    elif host in {"drive.google.com", "docs.google.com"}:
        found = _drive(url)
    elif host in {"1drv.ms", "onedrive.live.com"}:
        found = _onedrive(link.url.partition("#")[0])
    elif host.endswith((".sharepoint.com", ".sharepoint.us", ".sharepoint.de")):
        found = _sharepoint(url)
    else:
        return None
    return None if found is None else Link(str(found), link.headers if found.origin() == url.origin() else {})


def _with(url: URL, name: str, value: str) -> URL:
    """One field of the query set, everything else spelled as it was: the rest may be signed."""
    fields = [field for field in url.raw_query_string.split("&") if field and field.partition("=")[0] != name]
    return URL(f"{url.origin()}{url.raw_path}?{'&'.join([*fields, f'{name}={value}'])}", encoded=True)


def _dropbox(url: URL) -> URL | None:
    """Not of folders (`/sh/`, `/scl/fo/`), which would come as an archive."""
    return _with(url, "dl", "1") if url.path.startswith(("/s/", "/scl/fi/")) else None


def _drive(url: URL) -> URL | None:
    found = _DRIVE_FILE.match(url.path)
    id_ = found[1] if found else url.query.get("id", "") if url.path in {"/open", "/uc"} else ""
    if not re.fullmatch(r"[\w-]{10,}", id_):
        return None
    key = url.query.get("resourcekey", "")
    more = f"&resourcekey={key}" if re.fullmatch(r"[\w-]+", key) else ""
    return URL(f"https://drive.google.com/uc?export=download&id={id_}{more}", encoded=True)


def _onedrive(text: str) -> URL:
    token = base64.urlsafe_b64encode(text.strip().encode()).decode().rstrip("=")
    return URL(f"https://api.onedrive.com/v1.0/shares/u!{token}/root/content", encoded=True)


def _sharepoint(url: URL) -> URL | None:
    if _SHAREPOINT.match(url.path) and not url.path.startswith("/:f:/"):
        return _with(url, "download", "1")
    return None
