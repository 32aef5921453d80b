"""Which exhibits look like parts of one recording, by their names and lengths. Pure.

Cameras and recorders begin a new file every few minutes, and say in its name which one it is. Only ways of naming whose
meaning is known are read; numbers alone say nothing, since a telephone numbers its clips like that too. Nothing is
joined by this: it is what somebody is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

NEAR: Final = 5.0
"""Seconds that may lie between the end of one file and the beginning of the next, by the times in their names, which
are whole seconds and written when the recorder got round to it."""
_GOPRO: Final = re.compile(r"(?P<stem>G[HXL])(?P<part>\d{2})(?P<number>\d{4})\.(?P<end>\w{3})", re.IGNORECASE)
"""GH010012.MP4, GH020012.MP4: chapters of recording 0012 (GoPro, HERO6 and later)."""
_GOPRO_OLD: Final = re.compile(r"G(?P<first>OPR)?(?:P(?P<part>\d{2}))?(?P<number>\d{4})\.(?P<end>\w{3})", re.IGNORECASE)
"""GOPR0012.MP4, GP010012.MP4, GP020012.MP4 (GoPro, until HERO5)."""
_TITLE: Final = re.compile(r"(?P<stem>VTS_\d\d)_(?P<part>[1-9])\.VOB", re.IGNORECASE)
"""VTS_01_1.VOB, VTS_01_2.VOB: parts of a title of a disc (DVD-Video); part 0 is its menu."""
_TIMED: Final = re.compile(
    r"(?P<stem>.*?)(?<!\d)(?P<date>20\d{2}[-_.]?\d{2}[-_.]?\d{2})[-_. T]?(?P<time>\d{2}[-_.h]?\d{2}[-_.m]?\d{2})(?!\d)"
    r"(?P<rest>.*)\.(?P<end>\w{2,4})",
    re.IGNORECASE,
)
"""ch01_20260101_100000.mp4, ch01_20260101_101500.mp4: when each begins (recorders of many makers)."""


class File(NamedTuple):
    """What is known of an exhibit. Only those of the same form are parts of one recording."""

    id: str
    name: str
    duration: float
    """Seconds."""
    form: tuple[object, ...]
    """What parts have in common: codec, size, …"""


class _Place(NamedTuple):
    """Where a file says that it belongs."""

    run: tuple[object, ...]
    number: float
    length: float
    """Until where the next one may begin: of numbered files 1, of timed ones its seconds."""
    play: float


def runs(files: Iterable[File]) -> list[list[str]]:
    """Ids of what looks like one recording each, in order; two at least."""
    found: dict[tuple[object, ...], list[tuple[_Place, str]]] = defaultdict(list)
    for file in files:
        place = _place(file)
        if place is not None:
            found[place.run].append((place, file.id))
    return [run for several in found.values() for run in _unbroken(sorted(several))]


def _unbroken(several: Sequence[tuple[_Place, str]]) -> Iterator[list[str]]:
    run = [several[0][1]]
    for (one, _), (other, id_) in pairwise(several):
        if abs(other.number - one.number - one.length) > one.play:
            if len(run) > 1:
                yield run
            run = []
        run.append(id_)
    if len(run) > 1:
        yield run


def _place(file: File) -> _Place | None:
    name = re.split(r"[/\\]", file.name)[-1].strip()
    if found := _GOPRO.fullmatch(name):
        return _numbered(file, int(found["part"]), found["stem"].upper(), found["number"])
    if (found := _GOPRO_OLD.fullmatch(name)) and bool(found["first"]) != bool(found["part"]):
        return _numbered(file, int(found["part"] or 0), "GOPR", found["number"])
    if found := _TITLE.fullmatch(name):
        return _numbered(file, int(found["part"]), found["stem"].upper())
    if found := _TIMED.fullmatch(name):
        try:
            begun = datetime.strptime(re.sub(r"\D", "", found["date"] + found["time"]), "%Y%m%d%H%M%S")
        except ValueError:
            return None
        # What stands behind (the end's time, a number) differs from file to file; what it is made of does not.
        rest = re.sub(r"\d+", "0", found["rest"]).casefold()
        run = ("timed", found["stem"].casefold(), rest, file.form)
        return _Place(run, (begun - datetime(2000, 1, 1)).total_seconds(), file.duration, NEAR)
    return None


def _numbered(file: File, number: int, *run: str) -> _Place:
    return _Place((*run, file.form), number, 1, 0)
