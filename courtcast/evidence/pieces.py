"""What is written down of a file that is coming: which of its bytes are on the disk, and their hash.

A row speaks of at most `PIECE` bytes that came in order and never reaches over a whole multiple of `PIECE`. It is put
down after its bytes, so that the process may be killed at any time: what a row speaks of is in the file. It grows with
its piece: a line that carries little is written down every few seconds, a quick one once for each piece. After a power
cut rows may speak of bytes that are not there: whoever goes on with a file reads them and compares the hash (`Spool`).
Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

PIECE = 1 << 20
"""Bytes. What a connection loses at most when the process is killed."""
LOOSE = 64
"""Pieces begun and not ended that are kept for going on: a connection has one, a reader that jumps leaves some."""


class Row(NamedTuple):
    """Bytes `start` … `end` - 1 of the file are held, and had this hash when they came."""

    start: int
    end: int
    sha256: bytes | None
    """None where they were written down before rows had hashes: they are taken as they are."""


class Run:
    """Bytes in order within one piece, hashed as they come."""

    __slots__ = ("digest", "end", "noted", "start")

    def __init__(self, start: int) -> None:
        self.start = self.end = self.noted = start
        self.digest = hashlib.sha256()

    def row(self) -> Row:
        return Row(self.start, self.end, self.digest.digest())


class Runs:
    """What came and has still to be written down. Not for several threads at a time."""

    def __init__(self) -> None:
        self._open: dict[int, Run] = {}
        """By their end: who goes on there makes it longer."""
        self._whole: list[Row] = []

    def take(self, offset: int, data: bytes | memoryview) -> None:
        """These bytes are in the file, and were not before."""
        view = memoryview(data)
        while view:
            border = (offset // PIECE + 1) * PIECE
            part, view = view[: border - offset], view[border - offset :]
            run = self._open.pop(offset, None) or Run(offset)
            run.digest.update(part)
            offset = run.end = offset + len(part)
            if offset == border:
                self._whole.append(run.row())
            else:
                self._open[offset] = run
        if len(self._open) > LOOSE:
            self._open = {end: run for end, run in self._open.items() if run.noted != end or end == offset}

    @property
    def whole(self) -> bool:
        """A piece has come to its end and is not written down yet."""
        return bool(self._whole)

    def rows(self, *, grown: bool) -> list[Row]:
        """Those to write down now; `grown`: also of pieces that are still coming. Each is given once."""
        rows, self._whole = self._whole, []
        if grown:
            for run in self._open.values():
                if run.noted < run.end:
                    run.noted = run.end
                    rows.append(run.row())
        return rows

    def again(self, rows: Iterable[Row]) -> None:
        """They could not be written down: they are given once more."""
        self._whole += rows


def usable(rows: Iterable[Row], size: int) -> tuple[list[Row], list[int]]:
    """Of what was written down, the rows that a file of `size` bytes can bear out, none longer than a piece; and where
    rows begin that it cannot."""
    good: list[Row] = []
    gone: list[int] = []
    reached = 0
    for row in rows:
        if row.start < reached or (row.sha256 is not None and row.end > size):
            gone.append(row.start)
            continue
        if row.sha256 is not None:
            good.append(row)
        else:
            good += cut(row.start, min(row.end, size))
        reached = row.end
    return good, gone


def cut(start: int, end: int) -> list[Row]:
    """A range of bytes without a hash, as rows."""
    rows = []
    while start < end:
        border = min((start // PIECE + 1) * PIECE, end)
        rows.append(Row(start, border, None))
        start = border
    return rows
