"""Stills say where they come from, and no pixel of them changes."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.labels import Label, labelled, texts_of
from courtcast.prepare.still import png
from tests.prepare.media import draw
from tests.stand_ins.house import png as pixel

LABEL = Label("JM/1", "Doorbell “front” – Łódź", Fraction(1001, 30), 1000, "ab" * 32)


def pixels(data: bytes) -> bytes:
    with av.open(io.BytesIO(data), "r") as container:
        return bytes(next(container.decode(video=0)).planes[0])


def test_the_texts_are_there_and_the_picture_is_the_same() -> None:
    plain = png(draw(77, 320, 240), Fraction(1), None)
    told = labelled(plain, LABEL.texts())
    assert texts_of(told) == {
        "Title": "JM/1 Doorbell “front” – Łódź",
        "Exhibit reference": "JM/1",
        "Exhibit title": "Doorbell “front” – Łódź",
        "Media time": "33.366667 s",
        "Frame number": "1000",
        "Source SHA-256": "ab" * 32,
        "Software": "courtcast",
    }
    assert pixels(told) == pixels(plain)
    assert told.startswith(plain[:-12]), "nothing is encoded again"


def test_while_it_is_still_being_fetched() -> None:
    assert "not known yet" in LABEL._replace(sha256=None).texts()["Source SHA-256"]


@given(st.dictionaries(st.sampled_from(["Title", "A b", "x"]), st.text()))
def test_any_text_there_and_back(texts: dict[str, str]) -> None:
    kept = {keyword: text.replace("\0", "") for keyword, text in texts.items()}
    if all(not 0xD800 <= ord(c) < 0xE000 for text in texts.values() for c in text):
        assert texts_of(labelled(pixel(1), texts)) == kept


@pytest.mark.parametrize("keyword", ["", " a", "a ", "a  b", "a\0b", "x" * 80, "日"])
def test_keywords_are_those_of_png(keyword: str) -> None:
    with pytest.raises(ValueError, match="keyword"):
        labelled(pixel(1), {keyword: "text"})


@pytest.mark.parametrize("data", [b"", b"GIF8", pixel(1)[:-1], pixel(1) + b"\0"])
def test_what_is_no_whole_png_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="PNG"):
        labelled(data, {})


def test_names_of_files_are_plain() -> None:
    assert LABEL.file_name == "JM-1-0h00m33s366-frame1000.png"
    assert Label('../"\r\n', "", Fraction(7300), 5, None).file_name == "exhibit-2h01m40s000-frame5.png"
