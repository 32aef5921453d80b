"""The record on paper: for the court file, and for whoever writes the transcript. Blocks: run in a thread."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection, XPos, YPos

from courtcast.control.typeface import Font, drawable, fonts_for
from courtcast.core.account import Line, Shown, media
from courtcast.core.entries import MICRO
from courtcast.core.signing import grouped

CORE: Final = "helvetica"
SIZE: Final = 9.5
LINE: Final = 4.6
"""Millimetres."""
GREY: Final = 90
RULE: Final = 200
PROVES: Final = (
    "The record itself is a file (JSON Lines). `courtcast audit verify FILE --key KEY --head HEAD` checks that nothing"
    " in it was changed, taken out, put in or cut off since it was exported, and that what was printed here is its"
    " beginning. Compare key and head with those on this page. Whoever holds the key of the presenter that wrote it"
    " could have written another record; so keep this page where they cannot change it."
)
PRECISION: Final = (
    "From the screens' own reports, four a second and at every change: where something was playing, it may have gone on"
    " for up to a quarter of a second beyond what is written here. Frames count from 0."
)
HOW: Final = {"played": "Played", "still": "Still", "stepped": "Step by step"}
CSV_FIELDS: Final = (
    "reference", "title", "shown", "media_from", "media_to", "first_frame", "last_frame", "since", "until", "screens",
    "sound", "breaks", "exhibit",
)  # fmt: skip


Cells = tuple[str, ...]


class Seal(NamedTuple):
    """What ties a sheet to the record."""

    key: str
    head: str
    entries: int


def clock(microseconds: int) -> str:
    """The time of day here, to the tenth of a second."""
    moment = _local(microseconds)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"


def moment(microseconds: int) -> str:
    """Date and time of day here, and how far that is from UTC."""
    return f"{_local(microseconds):%Y-%m-%d %H:%M:%S %z}"


def spoken_day(day: date) -> str:
    """Like *Monday 30 November 2026*."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def record(lines: Sequence[Line], seal: Seal, *, title: str, printed: int) -> bytes:
    """For the court file: a sentence for each entry."""
    rows = [(str(line.n), clock(line.at), line.says) for line in lines]
    days = [_local(line.at).date() for line in lines]
    sheet = Sheet(title, seal, printed, [text for row in rows for text in row])
    sheet.begin(PROVES)
    for day, group in _by_day(days, rows):
        sheet.heading(spoken_day(day))
        sheet.table(("No.", "Time", "What happened"), (14, 22, 154), group)
    if not rows:
        sheet.text("Nothing was recorded in this time.")
    return sheet.done()


def transcript(rows: Sequence[Shown], seal: Seal, *, title: str, printed: int) -> bytes:
    """For whoever writes the transcript: which exhibit, from where to where, when, to whom."""
    cells = [
        (f"{row.ref} {row.title}".strip(), f"{HOW.get(row.how, row.how)} {_range(row)}", clock(row.since),
         clock(row.until), _seen(row))
        for row in rows
    ]  # fmt: skip
    days = [_local(row.since).date() for row in rows]
    sheet = Sheet(title, seal, printed, [text for row in cells for text in row])
    sheet.begin(PRECISION)
    for day, group in _by_day(days, cells):
        sheet.heading(spoken_day(day))
        sheet.table(("Exhibit", "What of it", "From", "Until", "Screens"), (48, 56, 21, 21, 44), group)
    if not cells:
        sheet.text("No screen said in this time that it shows anything.")
    return sheet.done()


def transcript_csv(rows: Iterable[Shown]) -> bytes:
    """The same for a spreadsheet: UTF-8 with a mark at its beginning, times of day with their offset."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_FIELDS)
    for row in rows:
        writer.writerow(
            [
                _cell(row.ref), _cell(row.title), row.how, f"{row.media_from / MICRO:.6f}",
                f"{row.media_to / MICRO:.6f}", "" if row.first is None else row.first,
                "" if row.last is None else row.last,
                _local(row.since).isoformat(), _local(row.until).isoformat(), _cell("; ".join(row.screens)),
                _cell("; ".join(row.sound)), row.breaks, row.exhibit,
            ]
        )  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


class Sheet:
    """One document, from its head to its last page.

    texts: all that will be written beside our own words; the fonts are chosen by it
    """

    def __init__(self, title: str, seal: Seal, printed: int, texts: Sequence[str]) -> None:
        self._fonts: list[Font] = fonts_for(texts)
        self._seal, self._title, self._printed = seal, title, printed
        self._widths: dict[str, float] = {}
        """Of letters, in the size of tables."""
        self._pdf = _Numbered(self._say, f"Record of {seal.entries} entries, head {seal.head[:16]}")
        self._family = _load(self._pdf, self._fonts)
        self._pdf.family = self._family
        self._pdf.set_title(self._say(title))
        self._pdf.set_creator("Courtcast")
        self._pdf.set_lang("en-GB")
        self._pdf.set_creation_date(datetime.fromtimestamp(printed / MICRO, UTC))
        self._pdf.set_auto_page_break(True, margin=18)

    def begin(self, says: str) -> None:
        """The title, and what ties it to the record."""
        self._pdf.add_page()
        self._size(17)
        self._write(self._title, 8)
        self._size(SIZE)
        self._pdf.set_text_color(GREY)
        self._write(f"Courtcast. Printed {moment(self._printed)}. Times of day are those of this machine.")
        self._pdf.set_text_color(0)
        self._pdf.ln(2)
        for name, digits in (("Key", self._seal.key), ("Head", self._seal.head)):
            self._write(f"{name}: {grouped(digits)}")
        self._write(f"Entries: {self._seal.entries}")
        self._pdf.ln(2)
        self._pdf.set_text_color(GREY)
        self._write(says)
        self._pdf.set_text_color(0)

    def heading(self, text: str) -> None:
        self._pdf.ln(3)
        self._size(12.5)
        self._write(text, 7)
        self._size(SIZE)

    def text(self, text: str) -> None:
        self._pdf.ln(3)
        self._write(text)

    def table(self, head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]) -> None:
        """Its head stands on each page. Lines are broken here: the library's own tables take ten times as long."""
        self._head(head, widths)
        for cells in rows:
            lines = [self._broken(self._say(cell), width - 2) for cell, width in zip(cells, widths, strict=True)]
            height = LINE * max(len(column) for column in lines) + 1
            if self._pdf.get_y() + height > self._pdf.page_break_trigger:
                self._pdf.add_page()
                self._head(head, widths)
            self._row(lines, widths, height)

    def _head(self, head: Sequence[str], widths: Sequence[int]) -> None:
        self._size(SIZE)
        self._pdf.set_text_color(GREY)
        self._row([[self._say(cell)] for cell in head], widths, LINE + 1)
        self._pdf.set_text_color(0)

    def _row(self, lines: Sequence[Sequence[str]], widths: Sequence[int], height: float) -> None:
        left, top = self._pdf.l_margin, self._pdf.get_y()
        for column, width in zip(lines, widths, strict=True):
            for number, line in enumerate(column):
                self._pdf.set_xy(left, top + 0.5 + number * LINE)
                self._pdf.cell(width, LINE, line)
            left += width
        self._pdf.set_draw_color(RULE)
        self._pdf.line(self._pdf.l_margin, top + height, left, top + height)
        self._pdf.set_xy(self._pdf.l_margin, top + height)

    def _broken(self, text: str, width: float) -> list[str]:
        """Into lines of that width, between words where there are any."""
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self._wide(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = ""
            for letter in word:
                if line and self._wide(line + letter) > width:
                    lines.append(line)
                    line = ""
                line += letter
        return [*lines, line]

    def _wide(self, text: str) -> float:
        """Millimetres, letter by letter."""
        total = 0.0
        for letter in text:
            if letter not in self._widths:
                self._widths[letter] = self._pdf.get_string_width(letter)
            total += self._widths[letter]
        return total

    def done(self) -> bytes:
        return bytes(self._pdf.output())

    def _say(self, text: str) -> str:
        """Without the shaper, letters that go from right to left are put in the order in which they are seen."""
        said = drawable(text, self._fonts)
        turned = not self._pdf.text_shaping and any(unicodedata.bidirectional(one) in ("R", "AL") for one in said)
        return BidiParagraph(said, base_direction=TextDirection.LTR).get_reordered_string() if turned else said

    def _size(self, points: float) -> None:
        self._pdf.set_font(self._family, size=points)

    def _write(self, text: str, height: float = LINE) -> None:
        self._pdf.multi_cell(0, height, self._say(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


class _Numbered(FPDF):
    """Each page says which of how many it is, and of which record."""

    def __init__(self, say: Callable[[str], str], says: str) -> None:
        super().__init__(format="A4")
        self._say_so, self._says = say, says
        self.family = CORE

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(self.family, size=8)
        self.set_text_color(GREY)
        self.cell(0, 5, self._say_so(self._says), align="L")
        self.set_x(self.l_margin)
        self.cell(0, 5, f"{self.page_no()} of {{nb}}", align="R")
        self.set_text_color(0)


def _load(pdf: FPDF, fonts: Sequence[Font]) -> str:
    """The family to write in; the others stand in for what it lacks."""
    if not fonts:
        return CORE
    for number, font in enumerate(fonts):
        pdf.add_font(f"f{number}", fname=font.file)
    pdf.set_fallback_fonts([f"f{number}" for number in range(1, len(fonts))], exact_match=False)
    try:
        import uharfbuzz  # noqa: F401
    except ImportError:
        return "f0"
    pdf.set_text_shaping(True)
    return "f0"


def _by_day(days: Sequence[date], rows: Sequence[Cells]) -> Iterator[tuple[date, list[Cells]]]:
    begun = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or days[at] != days[begun]:
            yield days[begun], list(rows[begun:at])
            begun = at


def _range(row: Shown) -> str:
    frames = ""
    if row.first is not None:
        frames = f" (frame {row.first})" if row.last in {None, row.first} else f" (frames {row.first} to {row.last})"
    if row.how == "still" or row.media_from == row.media_to:
        return f"{media(row.media_from)}{frames}"
    return f"{media(row.media_from)} to {media(row.media_to)}{frames}"


def _seen(row: Shown) -> str:
    breaks = f"; it stopped by itself {row.breaks} times" if row.breaks else ""
    sound = f"; sound from {', '.join(row.sound)}" if row.sound and row.how == "played" else ""
    return ", ".join(row.screens) + sound + breaks


def _cell(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _local(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / MICRO, UTC).astimezone()
