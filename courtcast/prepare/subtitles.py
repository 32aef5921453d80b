"""The subtitles of one exhibit: which there are, and which are shown. What is kept of them is part of `Kept`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from courtcast.prepare import cues
from courtcast.prepare.cues import Cues
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused
from courtcast.wire.api import Subtitles


def seen(kept: Kept) -> list[Subtitles]:
    """As people see them."""
    return [
        Subtitles(
            id=one.id,
            language=one.language,
            title=one.title,
            cues=len(one.cues),
            added=one.added,
            note=one.note,
            chosen=one.id == kept.subtitled,
        )
        for one in kept.subtitles
    ]


def of_file(kept: Kept, found: Iterable[Cues]) -> None:
    """The recording was prepared, and has these."""
    added = [one for one in kept.subtitles if one.added]
    kept.subtitles = _once([*(one for one in found if one.id != cues.EMPTY), *added])
    if find(kept.subtitles, kept.subtitled) is None:
        kept.subtitled = None


def add(kept: Kept, one: Cues) -> None:
    """Raises Refused subtitles-too-many."""
    if find(kept.subtitles, one.id) is None and len(kept.subtitles) >= 2 * cues.MOST_LISTS:
        raise Refused("subtitles-too-many", most=2 * cues.MOST_LISTS)
    kept.subtitles = _once([*kept.subtitles, one])


def remove(kept: Kept, id_: str) -> None:
    """Those that were added. Raises Refused subtitles-unknown."""
    known = find(kept.subtitles, id_)
    if known is None or not known.added:
        raise Refused("subtitles-unknown")
    kept.subtitles = [one for one in kept.subtitles if one.id != id_]
    if kept.subtitled == id_:
        kept.subtitled = None


def choose(kept: Kept, id_: str | None) -> None:
    """Raises Refused subtitles-unknown."""
    if id_ is not None and find(kept.subtitles, id_) is None:
        raise Refused("subtitles-unknown")
    kept.subtitled = id_


def find(lists: Sequence[Cues], id_: str | None) -> Cues | None:
    """The list of that id."""
    return next((one for one in lists if one.id == id_), None)


def _once(lists: Iterable[Cues]) -> list[Cues]:
    """The same text twice is one list."""
    return list({one.id: one for one in reversed(list(lists))}.values())[::-1]
