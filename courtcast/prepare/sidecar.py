"""Subtitles that come as a file of their own, SRT or WebVTT. Pure.

Both are read by the same rule: a line with two times, then text up to an empty line. What a file of either kind says
beside that (numbers, positions, styles, notes) is left out; who speaks, where WebVTT names them, stands before the
text.
"""

from __future__ import annotations

import codecs
import html
import re

from courtcast.prepare import cues
from courtcast.prepare.cues import Cues
from courtcast.problems import Refused
from courtcast.wire.screen import Cue

MOST = 2 << 20
"""Bytes of a file."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s{{0,20}}{_TIME}\s{{1,20}}-->\s{{1,20}}{_TIME}(?:\s|\Z)")
_VOICE = re.compile(r"<v(?:\.[^<> ]{0,100})?\s+([^<>]{1,100})>")
_TAG = re.compile(r"</?[A-Za-z0-9][^<>]{0,300}>")
_POSITION = re.compile(r"\{\\[^{}]{0,100}\}")
_WESTERN = "It says nothing of its alphabet, and was read as Western European (Windows-1252): look at its accents."


def read(data: bytes, *, title: str = "", language: str = "") -> Cues:
    """Raises Refused subtitles-unreadable."""
    if len(data) > MOST:
        raise Refused("subtitles-too-large", most=MOST >> 20)
    text, note = _text(data)
    found = cues.of(_cues(text), title=title, language=language, added=True, note=note)
    if found is None:
        raise Refused("subtitles-unreadable")
    return found


def _text(data: bytes) -> tuple[str, str]:
    """The text, and what has to be said of how it was read."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(charset, errors="replace"), ""
    if b"\0" in data[:4096]:
        raise Refused("subtitles-unreadable")
    try:
        return data.decode(), ""
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), _WESTERN


def _cues(text: str) -> list[Cue]:
    found: list[Cue] = []
    lines: list[str] = []
    times: tuple[float, float] | None = None
    web = text.lstrip().startswith("WEBVTT")
    for line in [*re.split(r"\r\n|\r|\n", text), ""]:
        match = _TIMES.match(line) if "-->" in line else None
        if match is None and line.strip():
            lines.append(line)
            continue
        if times is not None:
            found.append(Cue(*times, _words("\n".join(lines), web=web)))
        lines = []
        times = None if match is None else (_seconds(match.groups()[:4]), _seconds(match.groups()[4:]))
        if len(found) > cues.MOST_CUES:
            break
    return found


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _words(text: str, *, web: bool) -> str:
    text = _VOICE.sub(r"\1: ", text) if web else text
    text = _POSITION.sub("", _TAG.sub("", text))
    return html.unescape(text) if web else text
