"""The kinds of entries in the record, and what each says: one table, which docs/record.md is tested against.

Stable: kinds and fields are added, never renamed, and never get another meaning. A field that is not known is left out;
there is no null. Times of day are microseconds of Unix time, media times and durations microseconds, yes and no are 1
and 0, shares are thousandths. Frames count from 0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple

from courtcast.core.chain import CHECKPOINT, MOST_NUMBER, STARTED, Malformed, Value, What

MOST_TEXT: Final = 500
"""Characters of a text in an entry: titles, names, places."""
MICRO: Final = 1_000_000


class Fact(NamedTuple):
    """What happened, before it stands in the chain."""

    at: int
    """Unix time, microseconds."""
    kind: str
    what: What


class Kind(NamedTuple):
    """One row of the table."""

    says: str
    fields: frozenset[str]


_WHO = "by who"
_EXHIBIT = "exhibit ref"
_PLACE = "exhibit ref clip frame media"
_HEARING = "hearing case"


def _kind(says: str, *fields: str) -> Kind:
    return Kind(says, frozenset(" ".join(fields).split()))


KINDS: Final[Mapping[str, Kind]] = {
    # the record itself
    STARTED: _kind("The presenter was started, and signs with this key from here on.", "key version program"),
    CHECKPOINT: _kind("All before this is signed for.", "key"),
    "stopped": _kind("The presenter was stopped in order."),
    "clock": _kind("This machine's time of day was set, forwards or (negative) backwards.", "moved"),
    "gap": _kind("So many facts were lost: the disk took nothing for too long.", "count since"),
    "exported": _kind("The record, or a sheet made from it, was handed out.", "form day", _WHO),
    # who
    "signed-in": _kind("Somebody signed in from a browser.", _WHO),
    "token": _kind("A token was made: who has it may come in with a program.", "role who"),
    # evidence
    "received": _kind(
        "An exhibit was given in, as a link or as a file.",
        _EXHIBIT, "title source file expected restricted hearing", _WHO,
    ),
    "relinked": _kind("Another link, or a file, was given for the same exhibit.", _EXHIBIT, "source file", _WHO),
    "renamed": _kind("Its reference, title or restriction became another.", _EXHIBIT, "title restricted", _WHO),
    "moved": _kind("It went to another hearing.", _EXHIBIT, _HEARING, _WHO),
    "described": _kind(
        "Something else is said of it: whether it is evidence, from where and when it was received, by what its "
        "camera's clock was ahead (negative: behind), and how that is known; of a remark, only that there is one.",
        _EXHIBIT, "evidential origin received clock declared remark", _WHO,
    ),
    "clip-made": _kind(
        "Parts of it were put together, to be played as one.",
        _EXHIBIT, "clip ranges agreed", _WHO,
    ),
    "clip-changed": _kind("They are these from now on.", _EXHIBIT, "clip was ranges agreed", _WHO),
    "clip-removed": _kind("There is no such clip any more.", _EXHIBIT, "clip ranges agreed", _WHO),
    "hearing-made": _kind(
        "A hearing was made; with `came` from a bundle that this key signed.", _HEARING, "court day came", _WHO
    ),
    "bundle-out": _kind(
        "A hearing was handed out as a sealed bundle: so many exhibits, with so many bytes of files (0: without them).",
        _HEARING, "exhibits bytes", _WHO,
    ),
    "hearing-changed": _kind("What is said of a hearing became this.", _HEARING, "court day came", _WHO),
    "hearing-opened": _kind("The exhibits of that hearing are the room's.", _HEARING, "court day came", _WHO),
    "hearing-removed": _kind("A hearing without exhibits was removed.", _HEARING, _WHO),
    "complete": _kind("All of its file was here, and this is its hash.", _EXHIBIT, "sha256 bytes file"),
    "prepared": _kind(
        "It was ready for the screens, made so from the file of that hash.",
        _EXHIBIT, "sha256 rendition frames duration made_by treatments",
    ),
    "failed": _kind("It could not be fetched or prepared.", _EXHIBIT, "problem"),
    "deleted": _kind("It was removed, with all that was fetched and made of it.", _EXHIBIT, "sha256", _WHO),
    "purged": _kind("Its files were looked for after that, and there are none.", _EXHIBIT, "sha256 files bytes"),
    "retention": _kind("It is to be removed by itself at that time; 0: not any more.", _EXHIBIT, "due", _WHO),
    # the room: what was asked for
    "cued": _kind("It was made ready, unseen; of a clip these ranges, in this order.", _PLACE, "ranges", _WHO),
    "put-up": _kind("It was put on the screens.", _PLACE, "ranges zones playing anyway", _WHO),
    "played": _kind("It was played from there.", _PLACE, "anyway", _WHO),
    "paused": _kind("It was paused there.", _PLACE, _WHO),
    "sought": _kind("The screens were moved to that place.", _PLACE, _WHO),
    "stepped": _kind("The screens were moved by so many frames, to that place.", _PLACE, "frames", _WHO),
    "enlarged": _kind(
        "A part of the picture filled the displays: left, top, width, height; all of it where there is no part.",
        _PLACE, "part", _WHO,
    ),
    "speed": _kind("The speed was set.", "rate", _WHO),
    "volume": _kind("The sound of the room, or of a screen, was set.", "level screen name", _WHO),
    "sound-moved": _kind("That screen became the room's sound; none where there is no screen.", "screen name", _WHO),
    "delayed": _kind("A screen was set to come later by so much.", "screen name delay", _WHO),
    "card-up": _kind("A test card was put on a screen.", "screen name", _WHO),
    "card-down": _kind("A test card was taken down.", "screen name", _WHO),
    "withdrawn": _kind("It went off the screens: its file is not the one that was announced.", _EXHIBIT, _WHO),
    "blanked": _kind("The screens, or some zones, were made black.", _PLACE, "zones found", _WHO),
    "not-done": _kind("What the entry of that kind before this says was not carried out: a blank came first.", "kind"),
    # the screens: what they say that they show
    "paired": _kind("A screen was let in.", "screen name zone address", _WHO),
    "unpaired": _kind("A screen was shut out.", "screen name zone", _WHO),
    "placed": _kind("A screen was given that name and zone.", "screen name zone", _WHO),
    "appeared": _kind("A screen said that it shows this now.", "screen name zone rendition", _PLACE),
    "shown": _kind(
        "A screen said that it showed this, from then until the entry's own time.",
        "screen name zone exhibit ref clip rendition since how from to media_from media_to sound stalls stalled ended",
    ),
    "fault": _kind("A screen could not show this as it is.", "screen name zone exhibit ref type media_from media_to"),
}  # fmt: skip
SENT: Final = "sent here from a disc or a computer"
"""The `source` of what came by no link; `file`: its name there, with the folders that it lay in."""
LATE: Final = "late"
"""Field of any entry: microseconds that it was written after it happened, where that was more than a moment."""


def fact(at: int, kind: str, /, **what: Value | None) -> Fact:
    """A fact of the table; what is None is left out, texts are made fit. Raises Malformed for what is not in it."""
    row = KINDS.get(kind)
    if row is None or kind == CHECKPOINT or set(what) - row.fields:
        raise Malformed(f"not in the table: {kind} {sorted(what)}")
    return Fact(at, kind, {name: _fit(value) for name, value in what.items() if value is not None and value != ""})


def table() -> str:
    """All kinds, for docs/record.md."""
    rows = (f"| `{name}` | {kind.says} | {_listed(kind.fields)} |" for name, kind in KINDS.items())
    return "\n".join(("| kind | says | with |", "|---|---|---|", *rows)) + "\n"


def _listed(fields: frozenset[str]) -> str:
    """Those that most have come first."""
    usual = [name for name in f"{_PLACE} {_HEARING} screen name zone rendition".split() if name in fields]
    last = [name for name in _WHO.split() if name in fields]
    return ", ".join(f"`{name}`" for name in (*usual, *sorted(fields - {*usual, *last}), *last))


def micro(seconds: float) -> int:
    """Whole microseconds, within what the record can hold."""
    return max(-MOST_NUMBER, min(MOST_NUMBER, round(seconds * MICRO)))


def text(words: str, most: int = MOST_TEXT) -> str:
    """Names come from strangers too: one line, without control characters, of bounded length, all of it Unicode."""
    whole = words.encode("utf-8", "replace").decode("utf-8")
    line = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in whole[: most + 1])
    return line if len(line) <= most else line[: most - 1] + "…"


def _fit(value: Value) -> Value:
    match value:
        case bool():
            return int(value)
        case str():
            return text(value)
        case int():
            return value
        case Mapping():
            return {name: _fit(inner) for name, inner in value.items()}
        case _:
            return [_fit(inner) for inner in value]
