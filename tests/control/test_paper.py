"""The record on paper: names in any script come out, or are written out; nothing makes it stumble."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.control import paper, typeface
from courtcast.control.paper import Seal
from courtcast.control.typeface import drawable, fonts_for
from courtcast.core.account import Line, Shown

SEAL = Seal(key="ab" * 32, head="cd" * 32, entries=7)
NAMES = {
    "Latin": "Überprüfung naïve Łódź Şişli Đặng",
    "Greek": "Μάρτυρας",
    "Cyrillic": "Свидетель Їжак",
    "Chinese": "監視カメラ 目撃者",
    "Arabic": "شاهد",
    "Hebrew": "עד ראייה",
    "Devanagari": "गवाह",
    "emoji": "😀",
    "control": "a\u0007b\u202ec\u200bd\ue000",
}


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def record(*says: str) -> bytes:
    lines = [Line(n, 1_795_000_000_000_000 + n * 1_000_000, one) for n, one in enumerate(says)]
    return paper.record(lines, SEAL, title="What happened", printed=1_795_000_000_000_000)


@pytest.mark.parametrize("script", NAMES)
def test_each_letter_is_there_or_written_out(script: str) -> None:
    name = NAMES[script]
    text = words(record(f"The clerk added JM/1, {name}."))
    fonts = fonts_for([name])
    there = frozenset[int]().union(*(font.letters for font in fonts))
    folded = unicodedata.normalize("NFKC", text).replace("\n", "")
    for letter in name.replace(" ", ""):
        written_out = f"[U+{ord(letter):04X}]"
        if ord(letter) in there and unicodedata.category(letter)[0] not in "CM":
            assert letter in text or unicodedata.normalize("NFKC", letter) in folded, letter
        elif unicodedata.category(letter)[0] == "C":
            assert written_out in text.replace("\n", "").replace("\r", ""), letter


def test_without_any_font_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeface, "_files", lambda: ())
    text = words(record(*(f"The clerk added {name}." for name in NAMES.values())))
    assert "Überprüfung" in text
    assert "[U+76E3]" in text.replace("\r\n", "")


def test_a_font_that_is_none_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.ttf").write_bytes(b"no font at all")
    monkeypatch.setattr(typeface, "_files", lambda: (tmp_path / "bad.ttf", tmp_path / "gone.ttf"))
    assert fonts_for(["a"]) == []


@settings(max_examples=6)
@given(st.lists(st.text(max_size=40), max_size=3))
def test_anything_can_be_printed(says: list[str]) -> None:
    assert record(*says).startswith(b"%PDF")
    for one in says:
        assert all(unicodedata.category(letter) != "Cc" for letter in drawable(one, []))


def test_long_words_and_many_pages() -> None:
    pdf = record("x" * 500, *(f"entry {n}" for n in range(150)))
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    assert len(document) >= 4
    for number, page in enumerate(document, 1):
        text = " ".join(page.get_textpage().get_text_range().split())
        assert f"{number} of {len(document)}" in text
        assert "head cdcdcdcdcdcdcdcd" in text
        assert number == 1 or "What happened" in text, "the head of the table is on each page"


def test_a_table_for_spreadsheets_holds_no_formulas() -> None:
    row = Shown(0, 1_000_000, "a", "=1+1", '@x, "y"', "played", 0, 30, 0, 1_000_000, ("+Jury",), (), 0)
    text = paper.transcript_csv([row]).decode("utf-8-sig")
    assert text.splitlines()[1].startswith('\'=1+1,"\'@x, ""y""",played,0.000000,1.000000,0,30,')
    assert "'+Jury" in text


def test_nothing_to_say() -> None:
    assert "Nothing was recorded" in words(record())
    assert "No screen said" in words(paper.transcript([], SEAL, title="What was shown", printed=1))
