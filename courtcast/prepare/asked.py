"""What was asked for of an exhibit, checked. Pure."""

from __future__ import annotations

import math
import re

from courtcast.evidence.links import Link, parse
from courtcast.evidence.links.direct import check_headers
from courtcast.problems import Refused

LATEST = 1e11
"""Unix time, seconds: the year 5138."""


def link_to(url: str, headers: dict[str, str]) -> Link:
    """Raises Refused (`link-malformed`, `malformed`)."""
    parse(url)
    check_headers(headers)
    return Link(url.strip(), headers)


def sha256_of(text: str | None) -> str | None:
    """64 lower-case digits. Raises Refused (`malformed`)."""
    if text is None or text == "":
        return None
    if re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()) is None:
        raise Refused("malformed", why="sha256 has 64 hexadecimal digits")
    return text.strip().lower()


def moment_of(seconds: float | None) -> float | None:
    """Unix time as it is kept: to the microsecond. Raises Refused (`malformed`)."""
    if seconds is not None and not (math.isfinite(seconds) and abs(seconds) < LATEST):
        raise Refused("malformed", why="received is not a time")
    return None if seconds is None else round(seconds, 6)
