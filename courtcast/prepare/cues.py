"""Subtitles as what is said when: plain text with its times, within bounds. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

import msgspec

from courtcast.prepare.names import in_line
from courtcast.wire.screen import Cue

MOST_LISTS = 8
"""Of one exhibit."""
MOST_CUES = 5_000
"""Of one list; two hours of film have some 1,500."""
MOST_TEXT = 300
"""Characters of one cue: what fits over the lower part of a picture."""
MOST_BYTES = 300_000
"""Of all text of one list."""
_LAST = 6.0
"""Seconds for which a cue without an end is up at most."""

EMPTY = "0" * 16
"""Id of a list with nothing in it."""

_OVERRIDE = re.compile(r"\{[^{}]{0,500}\}")
_DRAWING = re.compile(r"\\p[1-9]")


class Cues(msgspec.Struct, frozen=True, kw_only=True):
    """One list of subtitles."""

    id: str
    """16 hexadecimal digits, from its content."""
    cues: list[Cue]
    language: str = ""
    title: str = ""
    added: bool = False
    """It was added by somebody; it is not in the recording."""
    note: str = ""
    """What has to be known of how it was read, one sentence."""


def of(cues: Iterable[Cue], *, language: str = "", title: str = "", added: bool = False, note: str = "") -> Cues | None:
    """A list within bounds, by its beginnings; None where there is nothing in it."""
    kept: list[Cue] = []
    size = 0
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        text = plain(cue.text)
        size += len(text.encode())
        if len(kept) == MOST_CUES or size > MOST_BYTES:
            note = f"{note} It is longer than what is shown: it ends at {kept[-1].end:.0f} s.".strip()
            break
        if text and cue.end > max(cue.start, 0.0):
            kept.append(Cue(max(cue.start, 0.0), cue.end, text))
    if not kept:
        return None
    digest = hashlib.sha256(msgspec.json.encode(kept)).hexdigest()[:16]
    return Cues(id=digest, cues=kept, language=language, title=title, added=added, note=note)


def checked(said: Cues) -> Cues:
    """What a child sent, brought within the same bounds on this side of the pipe."""
    made = of(said.cues, language=in_line(said.language), title=in_line(said.title), note="")
    return made if made is not None else Cues(id=EMPTY, cues=[])


def ended(cues: Iterable[Cue]) -> list[Cue]:
    """Those without an end are up until the next begins, for some seconds at most."""
    rows = sorted(cues, key=lambda cue: cue.start)
    starts = [*(cue.start for cue in rows[1:]), float("inf")]
    return [
        cue if cue.end > cue.start else Cue(cue.start, min(following, cue.start + _LAST), cue.text)
        for cue, following in zip(rows, starts, strict=True)
    ]


def plain(text: str) -> str:
    """At most so much text, in lines without what cannot be seen."""
    lines = text[: 4 * MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    seen = (" ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in line).split()) for line in lines)
    return "\n".join(line for line in seen if line)[:MOST_TEXT].strip()


def of_ass(event: str) -> str:
    """The text of one event as FFmpeg gives all text subtitles (ReadOrder, Layer, Style, Name, three margins, Effect,
    Text), without styling; empty for a drawing."""
    text = event.split(",", 8)[-1]
    if _DRAWING.search(text):
        return ""
    text = _OVERRIDE.sub("", text)
    return text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
