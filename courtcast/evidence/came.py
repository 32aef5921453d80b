"""Which pieces of a recording have come: a list beside the spool, for a later process and for whoever checks it.

The spool's hash is that of the file that was put together here. What each piece was when it came stands in the list:
fetched again from the same address, it has to have the same hash. A line is written after the bytes that it speaks of;
one that the power took with it costs fetching that piece once more.
"""

from __future__ import annotations

import asyncio
import hashlib
from itertools import accumulate, takewhile
from pathlib import Path
from typing import NamedTuple

from courtcast.evidence.files import refusal

SUFFIX = ".pieces"
_HEAD = "# SHA-256 of each piece as it came, its bytes, bytes of it in the file, track (0 picture, 1 sound), place\n"
_MOST = 64 << 20
"""Bytes of a list."""
PLACE = 1000
"""Characters of an address that are written down."""


class Row(NamedTuple):
    """One piece."""

    sha256: str
    came: int
    """Bytes."""
    put: int
    """Bytes of the file that it became."""
    track: int
    place: str
    """Its address, without what may be secret, and which bytes of what lies there."""

    def line(self) -> str:
        """As it stands in the list."""
        return f"{self.sha256} {self.came} {self.put} {self.track} {self.place}\n"


class Came:
    """path: of the list; None where nothing is to be written down"""

    def __init__(self, path: Path | None = None) -> None:
        self.rows: list[Row] = []
        self._path = path

    @property
    def put(self) -> int:
        """Bytes of the file that all of them became."""
        return sum(row.put for row in self.rows)

    async def load(self) -> None:
        """What an earlier process has written, as far as it can be read."""
        if self._path is not None:
            self.rows = await asyncio.to_thread(_read, self._path)

    async def begin(self, held: int, most: int) -> None:
        """Takes back lines that speak of more than is held of the pieces, and of more than so many of these. Raises
        Refused (`disk-…`)."""
        there = accumulate(row.put for row in self.rows[:most])
        del self.rows[sum(1 for _ in takewhile(lambda put: put <= held, there)) :]
        if self._path is not None:
            await asyncio.to_thread(_replaced, self._path, self._text())

    async def add(self, row: Row) -> None:
        """The bytes that it speaks of are in the file. Raises Refused (`disk-…`)."""
        self.rows.append(row)
        if self._path is not None:
            await asyncio.to_thread(_added, self._path, row.line())

    def said(self) -> str:
        """What was put together of picture and sound, for people."""
        picture, sound = (sum(row.put > 0 and row.track == track for row in self.rows) for track in (0, 1))
        return (
            f"Put together here from {picture} pieces of picture and {sound} of sound, their coded units unchanged; "
            f"the list of these pieces has SHA-256 {hashlib.sha256(self._text().encode()).hexdigest()}."
        )

    def _text(self) -> str:
        return _HEAD + "".join(row.line() for row in self.rows)


def _replaced(path: Path, text: str) -> None:
    """The one before stays until this one is whole."""
    part = path.with_suffix(f"{path.suffix}-part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        raise refusal(error, path) from error


def _added(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise refusal(error, path) from error


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            text = file.read(_MOST)
    except OSError:
        return []
    found = []
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            continue
        cells = line.rstrip("\n").split(" ", 4)
        numbers = cells[1:4]
        if not line.endswith("\n") or len(cells) < 5 or not all(one.isascii() and one.isdigit() for one in numbers):
            break
        came, put, track = (int(one[:18]) for one in numbers)
        found.append(Row(cells[0], came, put, track, cells[4]))
    return found
