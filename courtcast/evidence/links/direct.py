"""A link that leads straight to the file.

A signed link is spelled exactly as it was given: re-quoting one character of its query would break its signature.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec
from yarl import URL

from courtcast.problems import Refused

MAX_URL = 8 * 1024
"""Characters; browsers and servers stop at about this."""
MAX_HEADERS = 32
MAX_HEADER = 8 * 1024
"""Characters of one given header's value."""
MAX_NAME = 200
"""Characters of a file's name that are kept."""

_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[!-~]+)?")
_QUAD = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.I)
"""A last label that sockets take for part of an address, in whatever spelling (WHATWG URL §3.5): no name ends so."""
HEXADECIMAL = re.compile(r"(?=.*0x)(?:\d+|0x[0-9a-f]+)(?:\.(?:\d+|0x[0-9a-f]+)){0,3}", re.I)
"""An address of IPv4 in a spelling that sockets know (inet_aton(3)) and links do not have."""
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OURS = frozenset(
    [
        "host",
        "range",
        "if-range",
        "accept-encoding",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "expect",
    ]
)
"""What the fetcher itself says, or what would change the meaning of the connection."""
_PAGE_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,300}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_LIST = re.compile(r"\.(?:m3u8?|mpd|isml?/manifest)\Z", re.I)
_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)", re.I)
_FILE_NAME = re.compile(r"filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]+))", re.I)
"""RFC 6266 §4.3; the extended form goes first where both are given."""


class Link(msgspec.Struct, frozen=True):
    """Where to fetch from. `headers` go to this link's own origin and to no other."""

    url: str
    headers: dict[str, str] = {}

    def shown(self) -> str:
        """Without query, fragment and name of a user: they may be secrets."""
        try:
            url = parse(self.url)
        except Refused:
            return ""
        return str(url.with_user(None).with_query(None).with_fragment(None))


def parse(text: str, base: URL | None = None) -> URL:
    """An absolute http or https address, spelled as given where that is possible.

    Raises Refused (`link-malformed`) for all else, and never anything else.
    """
    text = text.strip()
    if not text or len(text) > MAX_URL or any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        raise Refused("link-malformed")
    try:
        url = URL(text, encoded=_PLAIN.fullmatch(text) is not None)
        if base is not None and not url.scheme:
            url = base.join(url)
        url = url.with_fragment(None)
        if url.scheme not in {"http", "https"} or not url.port or not url.host or url.host.endswith("%"):
            raise Refused("link-malformed")
        if not _is_host(url.raw_host or "") or ("[" in url.raw_authority) != (":" in (url.raw_host or "")):
            raise Refused("link-malformed")
    except (ValueError, UnicodeError, TypeError, IndexError):  # the last of yarl, at `http://[]@`
        raise Refused("link-malformed") from None
    return url


def _is_host(host: str) -> bool:
    """A name, or an address in its plain spelling: not 127.1, 017700000001, 2130706433 or 127.0.0.1. with a dot behind.

    Those in hexadecimal pass, for the gate to say where they lead.
    """
    labels = host.removesuffix(".").split(".")
    if _HOST.fullmatch(host) is None or any(len(label) > 63 for label in labels):
        return False
    if ":" in host or _NUMBER.fullmatch(labels[-1]) is None or _QUAD.fullmatch(host) is not None:
        return True
    return HEXADECIMAL.fullmatch(host) is not None


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises Refused (`malformed`) for headers that cannot be sent or that the fetcher must say itself."""
    if len(headers) > MAX_HEADERS:
        raise Refused("malformed", why=f"more than {MAX_HEADERS} headers")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            raise Refused("malformed", why=f"the header {name[:40]!r} cannot be given")
        if len(value) > MAX_HEADER or not value.isascii() or any(ord(c) < 0x20 or ord(c) == 0x7F for c in value):
            raise Refused("malformed", why=f"the value of the header {name[:40]!r} cannot be sent")


def looks_like_page(content_type: str, head: bytes) -> bool:
    """A web page where a file should be: by what it is called and how it begins, or by its beginning alone."""
    called_page = content_type.partition(";")[0].strip().lower() in {"text/html", "application/xhtml+xml"}
    if called_page:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return _PAGE_START.match(head[:1024]) is not None


def is_list(link: Link) -> bool:
    """It leads to a list of pieces rather than to a file, by its address: HLS, DASH, Smooth Streaming."""
    return _LIST.search(link.url.partition("#")[0].partition("?")[0]) is not None


def name_of(url: URL, disposition: str = "") -> str:
    """The file's name as the server or the link has it, cleaned for people to read; may be empty."""
    disposition = disposition[:MAX_HEADER]
    if extended := _EXTENDED_NAME.search(disposition):
        name = unquote(extended[1], errors="replace")
    elif plain := _FILE_NAME.search(disposition):
        name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    else:
        name = unquote(url.raw_path, errors="replace")
    name = name.rstrip("/").replace("\\", "/").rpartition("/")[2]
    name = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in name)
    return " ".join(name.split())[:MAX_NAME]
