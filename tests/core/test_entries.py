"""The table of entries: documented, in words, and nothing else gets in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import account
from courtcast.core.account import shown, told
from courtcast.core.chain import Entry, Link, Malformed, write
from courtcast.core.entries import KINDS, LATE, MOST_TEXT, fact, table, text

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/record.md"
SAMPLES: dict[str, Any] = {
    "by": "clerk", "who": "J. Martin (0f1e2d3c)", "exhibit": "a1", "ref": "JM/1", "title": "Door", "frame": 36,
    "media": 1_200_000, "screen": "s1", "name": "Left", "zone": "jury", "zones": ["jury", "judge"], "how": "played",
    "from": 0, "to": 90, "media_from": 0, "media_to": 3_000_000, "since": 1_000_000, "ended": "silent", "type": "not-decoded",
    "part": [250_000, 250_000, 500_000, 500_000], "kind": "played", "form": "PDF", "problem": "link-not-found",
    "sha256": "ab" * 32, "key": "cd" * 32, "version": "1", "program": "The presenter", "role": "viewer", "source": "https://x",
    "rendition": "ef" * 8, "made_by": "courtcast 1", "treatments": [{"part": "picture", "done": "converted"}],
    "clip": "The door", "was": "Door", "ranges": [{"from": 0, "to": 1_500_000}, {"from": 2_000_000, "to": 2_500_000, "silent": 1}], "agreed": "by both",
    "hearing": "b1", "case": "R v Martin", "court": "Leeds", "came": "ab" * 32, "origin": "Police", "received": 1_000_000,
    "evidential": 1, "clock": -90_000_000, "declared": "by the operator", "remark": 1,
    "address": "10.0.0.7:8470", "file": "a.mp4", "expected": "ab" * 32, "day": "2026-11-30",
}  # fmt: skip


def test_the_document_has_each_kind_and_field() -> None:
    found = re.search(r"<!-- kinds -->\n(.*)<!-- end of kinds -->", DOCUMENT.read_text(), re.DOTALL)
    assert found
    assert found[1] == table(), "python -c 'from courtcast.core.entries import table; print(table())'"


def test_each_kind_has_a_sentence_that_says_all_is_well_with_any_of_its_fields() -> None:
    for name, kind in KINDS.items():
        if name in account.UNSAID:
            continue
        full = {field: SAMPLES.get(field, 1) for field in kind.fields}
        for what in (full, {**full, LATE: 5_000_000}):
            (line,) = told([Entry(3, 1_000_000, name, what)], lambda at: f"<{at}>")
            assert line.says.endswith((".", ".)")), line.says
            assert "None" not in line.says
        sparse = {
            field: value
            for field, value in full.items()
            if field
            not in (
                "who",
                "frame",
                "media",
                "title",
                "zones",
                "source",
                "ref",
                "part",
                "screen" if name in ("volume", "sound-moved") else "",
            )
        }
        for what in (sparse, {}, {**full, "since": "x", "part": [1], "moved": "y"}):
            assert next(line.says for line in told([Entry(3, 1_000_000, name, what)], str)).endswith(".")
        assert shown([Entry(3, 1_000_000, name, {})]) == []


def test_what_is_not_in_the_table_is_no_fact() -> None:
    for wrong in (
        lambda: fact(0, "thought"),
        lambda: fact(0, "cued", mood="good"),
        lambda: fact(0, "checkpoint", key="x"),
    ):
        with pytest.raises(Malformed):
            wrong()
    assert fact(7, "cued", exhibit="a", frame=None, by="", who="x").what == {"exhibit": "a", "who": "x"}
    assert fact(7, "put-up", playing=True).what == {"playing": 1}


@given(st.text())
def test_any_text_is_made_fit(words: str) -> None:
    line = text(words)
    assert len(line) <= MOST_TEXT
    assert "\n" not in line
    write(Link(), at=0, kind="cued", what={"title": line})


def piece(screen: str, since: float, until: float, first: int, last: int, **more: Any) -> Entry:
    what = {
        "screen": screen, "name": screen.title(), "zone": screen, "exhibit": "a", "ref": "JM/1", "rendition": "r",
        "how": "played", "since": round(since * 1e6), "from": first, "to": last, "media_from": first * 1000,
        "media_to": last * 1000, "ended": "changed", **more,
    }  # fmt: skip
    return Entry(0, round(until * 1e6), "shown", what)


def test_pieces_are_joined_and_screens_named_together() -> None:
    entries = [
        Entry(0, 0, "received", {"exhibit": "a", "ref": "JM/1", "title": "Door"}),
        piece("jury", 1, 121, 0, 3600, ended="goes-on", sound=1),
        piece("judge", 1.1, 121.1, 3, 3603, ended="goes-on"),
        piece("jury", 121, 140, 3600, 4170),
        piece("judge", 121.1, 140.1, 3603, 4172, stalls=2),
        piece("jury", 150, 160, 0, 300),
        piece("witness", 300, 310, 0, 300),
    ]
    rows = shown(entries)
    assert [(row.first, row.last, row.screens, row.sound, row.breaks) for row in rows] == [
        (0, 4172, ("Jury", "Judge"), ("Jury",), 2),
        (0, 300, ("Jury",), (), 0),
        (0, 300, ("Witness",), (), 0),
    ]
    assert (rows[0].title, rows[0].since, rows[0].until) == ("Door", 1_000_000, 140_100_000)
