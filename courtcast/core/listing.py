"""Lists of exhibits as spreadsheets write them: CSV, read without guessing and written so that it reads the same. Pure.

A line with `clip` is one part of that clip, of the exhibit whose `ref` it has, or of the one above where it has none.
So an exhibit with two clips of two parts has five lines. What a cell that is empty means depends on who reads: see
`prepare.lists`.

Cells that spreadsheets would take for formulas get an apostrophe before them when they are written, and lose it when
they are read: a name must not be carried out by the program that it is opened with.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, NamedTuple

from courtcast.problems import Refused
from courtcast.wire.library import ClipRange

MOST_LINES: Final = 10_000
MOST_BYTES: Final = 4 << 20
MOST_CELL: Final = 10_000
"""Characters; links with signatures have a thousand."""

COLUMNS: Final = (
    "ref", "title", "url", "sha256", "evidential", "source", "received", "remark", "clip", "start", "stop", "silent",
    "agreed",
)  # fmt: skip
ALIASES: Final[Mapping[str, str]] = {
    "reference": "ref", "exhibit": "ref", "number": "ref", "no": "ref",
    "name": "title", "description": "title",
    "link": "url", "address": "url",
    "sha-256": "sha256", "hash": "sha256", "checksum": "sha256",
    "evidence": "evidential",
    "from": "source", "received from": "source",
    "date": "received", "received on": "received", "received at": "received",
    "note": "remark", "notes": "remark", "remarks": "remark", "comment": "remark",
    "begin": "start", "end": "stop", "to": "stop",
    "without sound": "silent", "muted": "silent", "mute": "silent",
    "agreement": "agreed",
}  # fmt: skip
NEEDED: Final = ("ref", "title", "url")
"""One of them has to be there, or it is no list of exhibits."""
YES: Final = frozenset(("yes", "y", "true", "1", "x"))
NO: Final = frozenset(("no", "n", "false", "0", ""))

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_QUOTED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,12}(?:\.\d{1,20})?)")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.S)


class Row(NamedTuple):
    """One line."""

    line: int
    """Counts from 1, with the heading; of a line that goes on over several, the first."""
    cells: Mapping[str, str]
    """By column, of those that the list has."""
    problem: str = ""
    """What is wrong with its form, in words."""


class List(NamedTuple):
    """A list as it was read."""

    rows: list[Row]
    columns: frozenset[str]
    note: str = ""
    """What has to be known of how it was read."""


class Broken(ValueError):
    """A cell cannot be read; the sentence says why."""


def read(data: bytes) -> List:
    """Raises Refused (`list-too-long`, `list-unreadable`, `list-heading`)."""
    if len(data) > MOST_BYTES:
        raise too_long()
    text, notes = _text(data)
    skipped = 0
    lines = text.splitlines(keepends=True)
    separator = None
    if lines and (named := re.fullmatch(r'"?sep=(.)"?\s*', lines[0])):  # Excel's own way of saying so
        separator, skipped = named[1], 1
    heading = next((line for line in lines[skipped:] if line.strip(' \r\n\t;,"')), "")
    separator = separator or max(",;\t", key=lambda each: _known(heading, each))
    rows: list[Row] = []
    columns: list[str] = []
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=separator, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                pass
            elif not columns:
                columns, left_out = _columns(cells)
                if left_out:
                    notes.append(f"Columns that are not known are left out: {', '.join(left_out)}.")
            elif len(rows) >= MOST_LINES:
                raise too_long()
            else:
                rows.append(_row(line, columns, cells))
            line = skipped + reader.line_num + 1
    except csv.Error:
        rows.append(
            Row(line, {}, "A quotation mark in it is not closed, or stands in the middle. Put quotation marks in twos.")
        )
    if not columns:
        raise Refused("list-heading", why="it is empty", known=", ".join(COLUMNS))
    return List(rows, frozenset(columns) - {""}, " ".join(notes))


def too_long() -> Refused:
    """What is said of a list that has more lines or bytes than are read."""
    return Refused("list-too-long", lines=MOST_LINES, size=MOST_BYTES >> 20)


def write(rows: Iterable[Mapping[str, str]]) -> bytes:
    """UTF-8 with the mark that spreadsheets know it by; commas, and lines as RFC 4180 has them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _shielded(text) for name, text in row.items()})
    return out.getvalue().encode("utf-8-sig", "replace")


# cells


def flag(text: str, *, empty: bool) -> bool:
    """Raises Broken."""
    word = text.strip().lower()
    if not word:
        return empty
    if word in YES:
        return True
    if word in NO:
        return False
    raise Broken(f"“{_short(text)}” is neither yes nor no.")


def seconds(text: str) -> float:
    """Media time: seconds, m:ss or h:mm:ss, with a point before decimals. Raises Broken."""
    found = _TIME.fullmatch(text.strip().replace(",", "."))
    if found is None:
        raise Broken(f"“{_short(text)}” is no time. Write it like 83.5, 1:23.5 or 0:01:23.5.")
    hours, minutes, rest = (Decimal(part or 0) for part in found.groups())
    if (found[2] is not None and rest >= 60) or (found[1] is not None and minutes >= 60):
        raise Broken(f"“{_short(text)}” is no time: minutes and seconds go up to 59.")
    return float(hours * 3600 + minutes * 60 + rest)


def part(cells: Mapping[str, str]) -> ClipRange:
    """The part of a clip that a line says. Raises Broken."""
    if not cells.get("start", "").strip() or not cells.get("stop", "").strip():
        raise Broken("A part of a clip has a start and a stop.")
    return ClipRange(
        start=seconds(cells["start"]), stop=seconds(cells["stop"]), silent=flag(cells.get("silent", ""), empty=False)
    )


def moment(text: str, zone: tzinfo | None = None) -> float | None:
    """Unix time of a day or a time of day; None where the cell is empty. Raises Broken.

    zone: that of times that say none; this machine's where it is None
    """
    words = text.strip()
    if not words:
        return None
    if (day_first := _DAY_FIRST.fullmatch(words)) is not None:
        day, month, year, rest = day_first.groups()
        words = f"{year}-{month:0>2}-{day:0>2}{rest}"
    try:
        when = datetime.fromisoformat(words)
        if when.tzinfo is None:
            when = when.replace(tzinfo=zone) if zone is not None else when.astimezone()
        return (when - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    except (ValueError, OverflowError, OSError):
        raise Broken(
            f"“{_short(text)}” is no day or time that can be read in one way. Write 2026-11-30 14:30."
        ) from None


def said_moment(when: float | None, zone: tzinfo | None = None) -> str:
    """For a cell; empty for none."""
    if when is None:
        return ""
    try:
        return str((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=when)).astimezone(zone))
    except (OverflowError, OSError, ValueError):
        return ""


def said_seconds(t: float) -> str:
    """For a cell: as it would be written by hand, and exactly that number."""
    return f"{Decimal(repr(float(t))):f}".removesuffix(".0")


# inside


def _text(data: bytes) -> tuple[str, list[str]]:
    notes: list[str] = []
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for coding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if coding == "cp1252":
            notes.append("It was read as Windows-1252, since it is not UTF-8: look at letters with accents.")
        break
    else:
        raise Refused("list-unreadable", why="its letters are in no form that is known here")
    if "\0" in text or text.startswith("PK\x03\x04"):
        raise Refused("list-unreadable", why="it is another kind of file")
    return text, notes


def _known(heading: str, separator: str) -> tuple[int, int]:
    """How many columns are known if that stands between them."""
    try:
        cells = next(csv.reader([heading], delimiter=separator))
    except (csv.Error, StopIteration):
        return 0, 0
    return sum(_column(cell) in COLUMNS for cell in cells), len(cells)


def _column(cell: str) -> str:
    word = " ".join(cell.strip().lower().split())
    return ALIASES.get(word, word)


def _columns(cells: list[str]) -> tuple[list[str], list[str]]:
    """Those of the heading, empty for those that are not known; and these."""
    names = [_column(cell) for cell in cells]
    known = [name if name in COLUMNS else "" for name in names]
    for name in COLUMNS:
        if known.count(name) > 1:
            raise Refused("list-heading", why=f"{name} stands there twice", known=", ".join(COLUMNS))
    if not set(known) & set(NEEDED):
        raise Refused("list-heading", why="none of these is there", known=", ".join(COLUMNS))
    return known, [_short(cell) for cell, name in zip(cells, known, strict=True) if not name and cell.strip()]


def _row(line: int, columns: list[str], cells: list[str]) -> Row:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Row(line, {}, "It has more cells than the heading. Put a cell with a separator in quotation marks.")
    if any(len(cell) > MOST_CELL for cell in cells):
        return Row(line, {}, "A cell of it is too long. Shorten it.")
    cells = [*cells, *[""] * (len(columns) - len(cells))]
    return Row(line, {name: _bare(cell) for name, cell in zip(columns, cells, strict=False) if name})


def _shielded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _bare(cell: str) -> str:
    return cell[1:] if _QUOTED.match(cell) else cell


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
