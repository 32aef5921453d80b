"""Lists of exhibits: what spreadsheets write is read, what cannot be read is said, and what is written reads the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from courtcast.core import listing
from courtcast.core.listing import COLUMNS, Broken, moment, read, said_moment, said_seconds, seconds, write
from courtcast.problems import Refused

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def cells(data: bytes) -> list[dict[str, str]]:
    found = read(data)
    assert not any(row.problem for row in found.rows), found.rows
    return [dict(row.cells) for row in found.rows]


def said(row: dict[str, str]) -> bool:
    return any(text.strip() for text in row.values())


@given(rows=st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELL), max_size=6))
@example(rows=[{"ref": "=1+1"}, {"title": "'=x"}, {"title": "'plain"}, {"remark": 'two\nlines, "quoted"; and\ta tab'}])
@example(rows=[{"ref": "PK\x03\x04"}, {"ref": "\r"}])
def test_what_is_written_reads_the_same(rows: list[dict[str, str]]) -> None:
    full = [{name: row.get(name, "") for name in COLUMNS} for row in rows]
    data = write(full)
    assert [row for row in cells(data) if said(row)] == [row for row in full if said(row)]


@given(text=CELL)
def test_no_cell_is_a_formula(text: str) -> None:
    line = write([{"title": text}]).decode("utf-8-sig").partition("\r\n")[2]
    assert line.split(",")[1].lstrip('"')[:1] not in tuple("=+-@\t\r\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_spreadsheets_save(separator: str, coding: str, end: str) -> None:
    lines = [["Title", "REF ", "colour"], [f'"Tür{separator} hinten"', "JM/1", "red"], ["", "", ""], ["", "JM/2"]]
    found = read(end.join(separator.join(line) for line in lines).encode(coding))
    assert [(row.line, dict(row.cells)) for row in found.rows] == [
        (2, {"title": f"Tür{separator} hinten", "ref": "JM/1"}),
        (4, {"title": "", "ref": "JM/2"}),
    ]
    assert ("Windows-1252" in found.note) == (coding == "cp1252")
    assert "colour" in found.note


def test_what_excel_says_of_its_separator_is_not_the_heading() -> None:
    found = read(b"sep=;\r\nref;title\r\nJM/1;a,b\r\n")
    assert [(row.line, dict(row.cells)) for row in found.rows] == [(3, {"ref": "JM/1", "title": "a,b"})]


def test_a_cell_may_have_several_lines_and_lines_are_counted_as_an_editor_does() -> None:
    found = read(b'ref,remark\r\nJM/1,"one\r\ntwo"\r\nJM/2,x\r\nJM/3,x,y\r\n')
    assert [(row.line, row.problem[:30]) for row in found.rows] == [
        (2, ""),
        (4, ""),
        (5, "It has more cells than the hea"),
    ]


@pytest.mark.parametrize(
    ("data", "line"), [(b'ref,title\nJM/1,x\nJM/2,"open\nJM/3,y\n', 3), (b'ref,title\n"JM/1"x,y\nJM/2,z\n', 2)]
)
def test_a_quotation_mark_that_is_not_closed_is_said_with_its_line(data: bytes, line: int) -> None:
    last = read(data).rows[-1]
    assert (last.line, "quotation mark" in last.problem) == (line, True)


@pytest.mark.parametrize(
    ("data", "type_"),
    [
        (b"", "list-heading"),
        (b"\n\n ; ;\n", "list-heading"),
        (b"a,b\n1,2\n", "list-heading"),
        (b"sha256,remark\nx,y\n", "list-heading"),
        (b"ref,ref\nx,y\n", "list-heading"),
        (b"ref,reference\nx,y\n", "list-heading"),
        (b"PK\x03\x04 a workbook", "list-unreadable"),
        (b"ref\n\0", "list-unreadable"),
        (b"ref\n\x81", "list-unreadable"),
        (b"\xff\xfer", "list-unreadable"),
        (b"ref\n" + b"x\n" * 10_001, "list-too-long"),
        (b"ref\n" + b"x" * (4 << 20), "list-too-long"),
    ],
)
def test_what_is_no_list(data: bytes, type_: str) -> None:
    with pytest.raises(Refused) as refused:
        read(data)
    assert refused.value.type == type_


@given(data=st.binary(max_size=200))
def test_anything_is_a_list_or_is_refused_in_words(data: bytes) -> None:
    try:
        read(b"ref,title\n" + data)
        read(data)
    except Refused:
        pass


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("83.5", 83.5),
        (" 1:23.5 ", 83.5),
        ("0:01:23,5", 83.5),
        ("100:00", 6000.0),
        ("2:00:00", 7200.0),
        ("1.2", 1.2),
    ],
)
def test_times_of_media(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "x", "1:60", "1:60:00", "-1", "1e3", "1:2:3:4", "nan", "1.2.3", "9" * 20])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(Broken, match=r"\.$"):
        seconds(text)


@given(t=st.floats(0, 1e9, allow_nan=False).map(lambda t: round(t, 9)))
def test_times_are_written_as_the_very_number(t: float) -> None:
    assert seconds(said_seconds(t)) == t


def test_days_are_read_where_there_is_one_way_to() -> None:
    wanted = datetime(2026, 11, 3, 14, 30, tzinfo=UTC).timestamp()
    for text in (
        "2026-11-03 14:30",
        "2026-11-03T14:30:00",
        "3.11.2026 14:30",
        "03.11.2026 14:30",
        "2026-11-03 15:30+01:00",
    ):
        assert moment(text, UTC) == wanted, text
    assert moment("2026-11-03", UTC) == datetime(2026, 11, 3, tzinfo=UTC).timestamp()
    assert moment("  ") is None
    for text in ("03/11/2026", "11/03/2026", "3 November", "2026-13-01", "45000", "99999-01-01"):
        with pytest.raises(Broken, match=r"\.$"):
            moment(text)


@given(when=st.floats(-1e9, 4e9).map(lambda when: round(when, 6)))
def test_days_are_written_as_the_very_moment(when: float) -> None:
    assert moment(said_moment(when)) == when


def test_yes_and_no() -> None:
    assert [listing.flag(text, empty=False) for text in ("YES", "x", "1", "no", "0", "")] == [True] * 3 + [False] * 3
    assert listing.flag(" ", empty=True)
    with pytest.raises(Broken):
        listing.flag("perhaps", empty=True)
