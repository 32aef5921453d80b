"""An inspection in words: what is said of what was done, and text of strangers that can do nothing."""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec
import pytest

from courtcast.control.dossier import dossier, paced, plain
from courtcast.core.pace import pace
from courtcast.problems import Refused
from courtcast.wire.api import Treatment
from courtcast.wire.inspection import Inspection, Opened, StreamFacts, Tag
from tests.control.conftest import API, Caller
from tests.stand_ins.house import House

PACE = pace([n * 1001 for n in range(100)], 30_000)
SEEN = Inspection(
    exhibit="e1", ref="JM/1", title="Doorbell", name="VID_1.mp4", url="https://share.example.org/VID_1.mp4",
    added=1_795_000_000.0, fetched=1_795_000_060.0, bytes=2_942_343, sha256="ab" * 32, expected=None, state="ready",
    problem=None, rendition="0a1b", made_by="courtcast 0.1.0 av 18.1.0 3", duration=12.5, frames=100,
    opened=Opened(
        container="mov", container_name="QuickTime / MOV", start=0.0, duration=12.5, bit_rate=2_541_856,
        streams=[
            StreamFacts(
                number=0, kind="video", sent=True, codec="hevc", codec_name="HEVC", codec_tag="hvc1", profile="Main 10",
                level=120, width=1920, height=1080, pixel_aspect=(1, 1), pixel_format="yuv420p10le", rotation=90,
                fields="progressive", colour=(9, 18, 9), full_range=False, time_base=(1, 600),
                tags=[Tag("encoder", "Lavf60.3.100"), Tag("timecode", "19:26:48:04")],
            ),
            StreamFacts(number=1, kind="data", tags=[Tag("timecode", "19:26:48:04")]),
        ],
        streams_total=2,
        tags=[
            Tag("com.apple.quicktime.location.ISO6709", "+51.5136-000.0984+012.3/"),
            Tag("com.apple.quicktime.model", "<script>alert(1)</script>"),
            Tag("creation_time", "1970-01-01T00:00:00.000000Z"),
            Tag("comment\N{RIGHT-TO-LEFT OVERRIDE}", "gpj.exe\N{RIGHT-TO-LEFT OVERRIDE}\0\r\n"),
        ],
        tags_total=8,
    ),
    unopened=None, pace=PACE,
    treatments=[
        Treatment(
            part="picture", done="converted", codec="HEVC", into="H.264", reasons=["The screens do not decode HEVC."],
            filters="format=pix_fmts=yuv420p", settings="-c:v libx264 -crf 11",
        ),
        Treatment(part="sound", done="unchanged", codec="AAC"),
    ],
    notes=[Refused("silence-added", seconds="1.5").problem()],
)  # fmt: skip


def said(seen: Inspection) -> dict[str, object]:
    return dossier(seen, lambda moment: f"at {moment:.0f}")


class TestWords:
    def test_in_short(self) -> None:
        gist = " ".join(said(SEEN)["gist"])  # type: ignore[arg-type]
        assert "2,942,343 bytes" in gist
        assert "No hash was given beforehand" in gist
        assert "The picture on the screens was converted from HEVC to H.264" in gist
        assert "The sound on the screens is the file's own (AAC), bit for bit" in gist
        assert "each is up for 33.367 ms, 29.97 a second (constant frame rate)" in gist
        assert "names a program that edits, converts or passes on recordings (Lavf60.3.100)" in gist
        assert "the file itself cannot prove" in gist

    @pytest.mark.parametrize(
        ("expected", "words"),
        [("ab" * 32, "It is the hash that was given beforehand"), ("cd" * 32, "this is not that file")],
    )
    def test_compared_with_what_was_given(self, expected: str, words: str) -> None:
        assert words in " ".join(said(msgspec.structs.replace(SEEN, expected=expected))["gist"])  # type: ignore[arg-type]

    def test_claims_of_its_origin_each_once(self) -> None:
        claims = {(claim.what, claim.value) for claim in said(SEEN)["claims"]}  # type: ignore[attr-defined]
        assert claims == {
            ("Place (GPS)", "51.51360° N, 0.09840° W (+51.5136-000.0984+012.3/)"),
            ("Device", "<script>alert(1)</script>"),
            ("Clock", "1970-01-01T00:00:00.000000Z (the clock was never set)"),
            ("Program", "Lavf60.3.100"),
            ("Timecode", "19:26:48:04"),
        }

    def test_a_stream(self) -> None:
        rows = dict(said(SEEN)["streams"][0]["rows"])  # type: ignore[index]
        assert rows["Codec"] == "HEVC (hvc1)"
        assert rows["Profile"] == "Main 10, level 120"
        assert rows["Rotation"] == "90° clockwise"
        assert rows["Colour"] == "primaries BT.2020, transfer HLG, matrix BT.2020, limited range"
        assert rows["Aspect"] == "1.778 : 1, square pixels"
        assert rows["Time base"] == "1/600 s"

    def test_a_variable_rate(self) -> None:
        found = pace([0, 33, 66, 1266, 1300], 1000)
        assert found is not None
        assert "shortest for 33 ms, the longest for 1200 ms" in paced(found)
        assert "variable frame rate" in paced(found)

    def test_nonsense_of_a_child_is_no_fault_of_ours(self) -> None:
        odd = StreamFacts(number=0, kind="video", width=5, height=5, pixel_aspect=(1, 0), colour=(999, -1, 7))
        assert SEEN.opened is not None
        opened = msgspec.structs.replace(SEEN.opened, streams=[odd])
        assert said(msgspec.structs.replace(SEEN, opened=opened))["streams"]

    def test_strangers_text_is_text(self) -> None:
        assert plain("gpj.exe\N{RIGHT-TO-LEFT OVERRIDE}\0\r\n") == "gpj.exe\N{REPLACEMENT CHARACTER}"
        assert plain("Łódź – 東京") == "Łódź – 東京"


class TestPage:
    async def page(self, call: Caller, exhibit: str) -> str:
        response = await call.send("GET", f"/exhibits/{exhibit}/inspection/page")
        assert (response.status, response.content_type) == (200, "text/html"), await response.text()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        return await response.text()

    async def test_it_says_all_and_runs_nothing(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        place.shelf.inspections[ids["JM/1"]] = SEEN
        page = await self.page(call, ids["JM/1"])
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert page.count("<script") == 1
        assert not re.search("[\u202a-\u202e\u2066-\u2069\0]", page)
        for words in (
            "ab" * 32,
            "51.51360° N",
            "libx264 -crf 11",
            "no sound for 1.5 s",
            "Not listed here: 1 more tag.",
            "33.367 ms",
        ):
            assert words in page, words

    async def test_one_that_could_not_be_opened(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        problem = Refused("file-no-index").problem()
        place.shelf.inspections[ids["JM/1"]] = msgspec.structs.replace(
            SEEN, opened=None, unopened=problem, pace=None, treatments=[], notes=[], state="failed", problem=problem
        )
        page = await self.page(call, ids["JM/1"])
        assert "could not be read" in page
        assert "ab" * 32 in page
        assert "Nothing: it was not prepared." in page

    async def test_not_before_all_of_it_is_here(self, call: Caller, ids: dict[str, str]) -> None:
        for path in ("inspection", "inspection/page"):
            await call.refused("GET", f"/exhibits/{ids['JM/3']}/{path}", 409, "inspection-not-yet")
        await call.refused("GET", "/exhibits/nobody/inspection", 404, "exhibit-unknown")

    async def test_nobody_sees_it_who_is_not_signed_in(self, call: Caller, ids: dict[str, str]) -> None:
        response = await call.client.get(f"{API}/exhibits/{ids['JM/1']}/inspection/page")
        assert response.status == 401


async def test_sheets_that_are_not_there(call: Caller, ids: dict[str, str]) -> None:
    await call.refused("GET", f"/exhibits/{ids['JM/3']}/sheet", 409, "sheet-not-yet")
    await call.refused("GET", f"/exhibits/{ids['JM/3']}/sheet/strip", 409, "sheet-not-yet")
    await call.refused("GET", f"/exhibits/{ids['JM/1']}/sheet/strip", 404, "sheet-no-pictures")
    assert Fraction((await call.get(f"/exhibits/{ids['JM/1']}/sheet"))["duration"]) == 10
