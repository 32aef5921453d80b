"""What people write down of evidence: one line or several, without what cannot be seen, of bounded length. Pure."""

from __future__ import annotations

import unicodedata
from datetime import date

from courtcast.problems import Refused

MOST_LINE = 200
"""Characters of a reference, a title, a name."""
MOST_TEXT = 4000
"""Characters of a remark: a page."""


def one_line(name: str, text: str | None, most: int = MOST_LINE) -> str:
    """name: what it is, for the sentence. Raises Refused malformed where it is too long."""
    line = " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text or "").split())
    return _bounded(name, line, most)


def lines(name: str, text: str | None, most: int = MOST_TEXT) -> str:
    """The same, of several lines; empty ones at its ends are left out."""
    whole = (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _bounded(name, "\n".join(one_line(name, line, most) for line in whole).strip(), most)


def day(text: str) -> str:
    """YYYY-MM-DD, or nothing. Raises Refused malformed."""
    text = text.strip()
    if not text:
        return ""
    try:
        known = date.fromisoformat(text).isoformat()
    except ValueError:
        known = ""
    if known != text:
        raise Refused("malformed", why="a day is written like 2026-11-30")
    return text


def _bounded(name: str, text: str, most: int) -> str:
    if len(text) > most:
        raise Refused("malformed", why=f"{name} is longer than {most} characters")
    return text
