"""The record through the API: each act is in it before it is acknowledged, what the screens said of it, and who."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from typing import Any

import msgspec
import pypdfium2
import pytest

from courtcast.control import saved
from courtcast.core.chain import Sound, verify
from courtcast.core.entries import KINDS, LATE
from courtcast.evidence import record as records
from courtcast.wire.api import Problem, ScreenReport
from courtcast.wire.screen import Stalls
from tests.control.conftest import API, Caller, Eventually
from tests.core.tampering import lines_of
from tests.stand_ins.house import CODE, House

Entries = list[dict[str, Any]]


async def record(call: Caller) -> Entries:
    """All entries, from an export that verifies; each has only what the table has."""
    response = await call.send("GET", "/audit")
    assert response.status == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    data = await response.read()
    found = verify(lines_of(data), key=(await call.get("/audit/head"))["key"])
    assert isinstance(found, Sound), found
    entries = [json.loads(line)["entry"] for line in data.splitlines()[:-1]]
    for entry in entries:
        assert set(entry["what"]) <= KINDS[entry["kind"]].fields | {LATE}, entry
    return entries


async def of(call: Caller, *kinds: str) -> list[dict[str, Any]]:
    """With what each says; `kind` is the entry's own, also where it says another one's (`not-done`)."""
    return [{**entry["what"], "kind": entry["kind"]} for entry in await record(call) if entry["kind"] in kinds]


async def until(call: Caller, kind: str) -> list[dict[str, Any]]:
    """Waits until there is one of these."""
    async with asyncio.timeout(10):
        while not (found := await of(call, kind)):  # noqa: ASYNC110 (nothing tells when)
            await asyncio.sleep(0.05)
    return found


def show(place: House, screen: str, **report: Any) -> None:
    """As a screen would report it."""
    known = place.wall.known[screen]
    place.wall.known[screen] = msgspec.structs.replace(known, report=ScreenReport(**report))
    place.desk.screen_changed(screen)


async def test_each_act_in_the_room_is_in_it(place: House, call: Caller, ids: dict[str, str]) -> None:
    first = ids["JM/1"]
    await call.post("/room/cue", exhibit=first, at=1.2)
    await call.post("/room/show", zones=["jury"])
    await call.post("/room/play", role="advocate", anyway=True)
    await call.post("/room/pause")
    await call.post("/room/seek", to=5)
    await call.post("/room/step", frames=-3)
    await call.post("/room/view", view=[0.25, 0.25, 0.5, 0.5])
    await call.post("/room/rate", rate=0.5)
    await call.post("/room/volume", level=0.25)
    await call.post("/room/volume", level=0.5, screen="judge")
    await call.post("/room/blank")
    await call.post("/room/blank")
    kinds = ("cued", "put-up", "played", "paused", "sought", "stepped", "enlarged", "speed", "volume", "blanked")
    told = await of(call, *kinds)
    assert [one["kind"] for one in told] == [*kinds[:8], "volume", "volume", "blanked"]
    by_kind = {one["kind"]: one for one in told}
    assert by_kind["cued"] | {"who": ""} == {
        "kind": "cued", "exhibit": first, "ref": "JM/1", "frame": 36, "media": 1_200_000, "by": "clerk", "who": "",
    }  # fmt: skip
    assert (by_kind["put-up"]["zones"], by_kind["put-up"]["playing"]) == (["jury"], 0)
    assert (by_kind["played"]["by"], by_kind["played"]["anyway"]) == ("advocate", 1)
    assert by_kind["played"]["who"] != by_kind["cued"]["who"]
    assert (by_kind["sought"]["frame"], by_kind["stepped"]["frame"], by_kind["stepped"]["frames"]) == (150, 147, -3)
    assert by_kind["enlarged"]["part"] == [250_000, 250_000, 500_000, 500_000]
    assert (by_kind["speed"]["rate"], by_kind["volume"]["level"], by_kind["volume"]["name"]) == (500, 500, "Judge")
    assert (by_kind["blanked"]["exhibit"], by_kind["blanked"]["frame"]) == (first, 147)


async def test_what_is_refused_is_not_in_it(call: Caller, ids: dict[str, str]) -> None:
    await call.refused("POST", "/room/show", 409, "nothing-cued", json={})
    await call.refused("POST", "/room/cue", 404, "exhibit-unknown", json={"exhibit": "nobody"})
    await call.refused("POST", "/room/blank", 403, "not-allowed", role="viewer", json={})
    assert not await of(call, "cued", "put-up", "blanked", "not-done")


async def test_what_the_screens_said_is_in_it(
    place: House, call: Caller, ids: dict[str, str], eventually: Eventually
) -> None:
    first = ids["JM/1"]
    await call.post("/room/cue", exhibit=first)
    await call.post("/room/show")
    for screen in ("jury", "judge"):
        show(place, screen, exhibit=first, media_time=0.0, frame=0, blank=False)
        show(place, screen, exhibit=first, media_time=0.0, frame=0, blank=False, playing=True, sound=screen == "jury")
        show(place, screen, exhibit=first, media_time=0.4, frame=12, blank=False, playing=True, stalls=Stalls(1, 0.2))
    show(place, "jury", exhibit=first, media_time=0.4, frame=12, blank=False, skipped=[(2.0, 3.0)])
    show(place, "jury", exhibit=first, media_time=0.4, frame=12, blank=False, skipped=[(2.0, 3.0)])
    show(place, "jury", blank=True)
    place.wall.known["judge"] = msgspec.structs.replace(place.wall.known["judge"], online=False)
    place.desk.screen_changed("judge")
    told = await of(call, "appeared", "shown", "fault")
    assert [(one["kind"], one["screen"]) for one in told if one["kind"] == "appeared"] == [
        ("appeared", "jury"),
        ("appeared", "judge"),
    ]
    shown = [
        (one["screen"], one["how"], one["from"], one["to"], one["ended"]) for one in told if one["kind"] == "shown"
    ]
    assert shown == [
        ("jury", "still", 0, 0, "changed"), ("judge", "still", 0, 0, "changed"), ("jury", "played", 0, 12, "changed"),
        ("jury", "still", 12, 12, "blank"), ("judge", "played", 0, 12, "silent"),
    ]  # fmt: skip
    played = next(one for one in told if one["kind"] == "shown" and one["how"] == "played")
    assert (played["ref"], played["zone"], played["sound"], played["stalls"], played["stalled"]) == (
        "JM/1",
        "jury",
        1,
        1,
        200_000,
    )
    assert played["rendition"] == place.shelf.manifests[first].rendition
    faults = [one for one in told if one["kind"] == "fault"]
    assert [(one["type"], one["media_from"], one["media_to"]) for one in faults] == [
        ("not-decoded", 2_000_000, 3_000_000)
    ]


async def test_what_becomes_of_an_exhibit_is_in_it(place: House, call: Caller) -> None:
    added = await call.post(
        "/exhibits", role="advocate", url="https://example.org/a.mp4", ref="JM/9", title="Tür\u0007 監視"
    )
    id_ = added["id"]
    await call.send("PATCH", f"/exhibits/{id_}", json={"title": "Door"})
    await call.send("POST", f"/exhibits/{id_}/link", json={"url": "https://example.org/b.mp4"})
    place.shelf.kept[id_] = msgspec.structs.replace(
        place.shelf.kept[id_], state="ready", sha256="ab" * 32, bytes_total=7
    )
    place.desk.exhibit_changed(id_)
    complete = await until(call, "complete")
    assert (complete[0]["sha256"], complete[0]["bytes"]) == ("ab" * 32, 7)
    assert (await call.send("DELETE", f"/exhibits/{id_}")).status == 204
    told = [one for one in await of(call, "received", "renamed", "relinked", "deleted") if one["exhibit"] == id_]
    assert [(one["kind"], one["by"]) for one in told] == [
        ("received", "advocate"), ("renamed", "clerk"), ("relinked", "clerk"), ("deleted", "clerk"),
    ]  # fmt: skip
    assert (told[0]["title"], told[0]["source"]) == ("Tür  監視", "https://example.org/a.mp4")
    assert told[3]["sha256"] == "ab" * 32
    there = {one["ref"] for one in await of(call, "prepared")}
    assert there == {"JM/1", "JM/2"}, "what was there before anybody looked is told of once"
    failed = place.shelf.put("JM/5")
    place.shelf.fail(failed.id, "link-not-found")
    place.desk.exhibit_changed(failed.id)
    bad = await until(call, "failed")
    assert [(one["ref"], one["problem"]) for one in bad] == [("JM/5", "link-not-found")]


async def test_screens_and_people_are_in_it(place: House, call: Caller) -> None:
    place.wall.known["judge"] = msgspec.structs.replace(place.wall.known["judge"], paired=False)
    await call.post("/screens/judge/pair", code=CODE)
    await call.send("PATCH", "/screens/judge", json={"zone": "public", "delay_ms": 40})
    await call.send("DELETE", "/screens/judge")
    async with call.client.post(f"{API}/session", json={"key": place.auth.new_key("advocate")}) as response:
        assert response.status == 201
    told = await of(call, "paired", "placed", "delayed", "unpaired", "signed-in")
    assert [one["kind"] for one in told] == ["paired", "delayed", "placed", "delayed", "unpaired", "signed-in"] or [
        one["kind"] for one in told
    ] == ["paired", "delayed", "placed", "unpaired", "delayed", "signed-in"]
    assert told[-1]["by"] == "advocate"


async def test_a_blank_waits_for_no_disk_and_is_written_afterwards(
    place: House, call: Caller, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "SAVE_SECONDS", 0.2)
    monkeypatch.setattr(records, "MOMENT", 0)
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.post("/room/show")
    other = sqlite3.connect(place.data / "courtcast.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        began = asyncio.get_running_loop().time()
        assert (await call.post("/room/blank"))["blank"]
        assert asyncio.get_running_loop().time() - began < 5.0
        document = await call.refused("POST", "/room/cue", 503, "not-recorded", json={"exhibit": ids["JM/1"]})
        assert "not carried out" in document["detail"]
    finally:
        other.execute("ROLLBACK")
        other.close()
    told = await of(call, "blanked")
    assert len(told) == 1
    assert told[0]["late"] > 200_000
    assert [one["kind"] for one in await of(call, "cued")] == ["cued"], "what was refused is not in it"


async def test_a_command_that_a_blank_overtook_says_so(place: House, call: Caller, ids: dict[str, str]) -> None:
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.post("/room/show")
    overtaken = 0
    for _ in range(20):
        answer, _ = await asyncio.gather(
            call.send("POST", "/room/cue", json={"exhibit": ids["JM/1"], "at": 1}), call.send("POST", "/room/blank")
        )
        overtaken += answer.status == 409
        await call.post("/room/cue", exhibit=ids["JM/1"], at=2)
        await call.post("/room/show")
    told = await of(call, "cued", "not-done")
    done = [one for one in told if one["kind"] == "cued" and one.get("media") == 1_000_000]
    assert len(done) - len([one for one in told if one["kind"] == "not-done"]) == 20 - overtaken


async def test_who_may_have_it(call: Caller) -> None:
    for path in ("", "/head", "/print", "/transcript", "/transcript.csv", "/page"):
        assert (await call.send("GET", f"/audit{path}", role="advocate")).status == 200
        await call.refused("GET", f"/audit{path}", 403, "not-allowed", role="viewer")


@pytest.mark.parametrize("day", ["today", "2026-13-01", "0001-01-01", "9999-12-31"])
async def test_days_that_are_none(call: Caller, day: str) -> None:
    response = await call.send("GET", f"/audit/print?day={day}")
    assert response.status in (200, 400), await response.text()


async def test_sheets_for_people(place: House, call: Caller, ids: dict[str, str]) -> None:
    first = ids["JM/1"]
    place.shelf.kept[first] = msgspec.structs.replace(
        place.shelf.kept[first], title="Überwachung Дверь \u202eevil 監視"
    )
    place.desk.exhibit_changed(first)
    await call.post("/room/cue", exhibit=first)
    await call.post("/room/show", play=True, anyway=True)
    for screen in ("jury", "judge"):
        show(place, screen, exhibit=first, media_time=0.0, frame=0, blank=False, playing=True)
        show(place, screen, exhibit=first, media_time=0.4, frame=12, blank=False, playing=True)
        show(place, screen, blank=True)
    await asyncio.sleep(0.6)
    head = await call.get("/audit/head")
    text = await pdf_text(call, "/audit/print")
    assert "The clerk (" in text
    assert "JM/1" in text
    assert "[U+202E]" in text, "what turns letters round is written out"
    assert head["key"][:8] in text
    sheet = await pdf_text(call, "/audit/transcript")
    assert "frames 0 to 12" in sheet
    assert "Jury, Judge" in sheet.replace("\n", " ")
    response = await call.send("GET", "/audit/transcript.csv")
    rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert [(row["reference"], row["first_frame"], row["last_frame"], row["screens"]) for row in rows] == [
        ("JM/1", "0", "12", "Jury; Judge")
    ]
    forms = [one["form"] for one in await of(call, "exported")]
    assert forms[:3] == ["PDF", "transcript sheet", "CSV"]


async def pdf_text(call: Caller, path: str) -> str:
    response = await call.send("GET", path)
    assert response.headers["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(await response.read())
    return "\n".join(page.get_textpage().get_text_range() for page in document)


async def test_a_problem_of_a_screen_is_told_once(place: House, call: Caller, ids: dict[str, str]) -> None:
    problem = Problem("page-fault", "It broke.")
    for _ in range(3):
        show(place, "jury", exhibit=ids["JM/1"], media_time=0.0, frame=0, blank=False, problem=problem)
    show(place, "jury", exhibit=ids["JM/1"], media_time=0.0, frame=0, blank=False)
    show(place, "jury", exhibit=ids["JM/1"], media_time=0.0, frame=0, blank=False, problem=problem)
    assert [one["type"] for one in await of(call, "fault")] == ["page-fault", "page-fault"]
