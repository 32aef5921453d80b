"""Lists over the API: all of one, or nothing; and what a hearing gives changes nothing when it is taken again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from courtcast.core import listing
from tests.control.conftest import problem
from tests.control.test_hearings import API, Caller, entries, ready
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sending, sending

pytestmark = pytest.mark.timeout(60)
LINK = "https://evidence.invalid/"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return grainy(tmp_path_factory.mktemp("film") / "film.mp4", 90)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Sending]:
    async with sending(tmp_path) as running:
        yield running


@pytest.fixture
async def call(place: Sending) -> AsyncIterator[Caller]:
    async with place.client("clerk") as http:
        yield Caller(http)


async def take(call: Caller, hearing: str, data: bytes, *, look: bool = False) -> dict[str, Any]:
    response = await call.http.post(f"{API}/hearings/{hearing}/list{'?look=1' if look else ''}", data=data)
    assert response.status == 200, await response.text()
    taken: dict[str, Any] = await response.json()
    return taken


async def give(call: Caller, hearing: str) -> bytes:
    response = await call.http.get(f"{API}/hearings/{hearing}/list")
    assert (response.status, response.content_type) == (200, "text/csv")
    return await response.read()


async def test_a_list_becomes_exhibits_with_clips(place: Sending, call: Caller) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    data = (
        "Reference;Title;Link;Evidence;From;Received;Clip;Start;Stop;Silent\r\n"
        f"JM/1;Überwachung;{LINK}1?sig=%2F;;Police;2026-11-03 14:30+00:00;;;;\r\n"
        f"JM/1;;;;;;The door;0:01.2;83,5;yes\r\n"
        f";;;;;;The door;90;91;\r\n"
        f";Plan of the house;{LINK}2;no;;;;;;\r\n"
    ).encode("cp1252")
    seen = await take(call, hearing["id"], data, look=True)
    assert (seen["adds"], seen["changes"], seen["problems"]) == (2, 0, 0)
    assert "Windows-1252" in seen["note"]
    assert [(row["line"], row["ref"], row["known"]) for row in seen["rows"]] == [
        (2, "JM/1", None), (3, "JM/1", None), (4, "JM/1", None), (5, "", None),
    ]  # fmt: skip
    assert await call.refs() == []
    taken = await take(call, hearing["id"], data)
    one, two = await call.do("GET", "/exhibits")
    assert [row["known"] for row in taken["rows"]] == [one["id"]] * 3 + [two["id"]]
    assert taken["rows"][3]["ref"] == two["ref"] == "2"
    assert (one["title"], one["source"], one["received"], one["evidential"]) == (
        "Überwachung",
        "Police",
        1793716200.0,
        True,
    )
    assert [(part["start"], part["stop"], part["silent"]) for part in one["clips"][0]["ranges"]] == [
        (1.2, 83.5, True), (90.0, 91.0, False),
    ]  # fmt: skip
    assert (two["title"], two["evidential"], two["source"]) == ("Plan of the house", False, "evidence.invalid")
    said = await entries(place, "received", "clip-made")
    assert [(entry["kind"], entry["ref"], entry["by"]) for entry in said] == [
        ("clip-made", "JM/1", "clerk"), ("received", "JM/1", "clerk"), ("received", "2", "clerk"),
    ]  # fmt: skip


async def test_what_is_given_changes_nothing_when_it_is_taken(place: Sending, call: Caller, film: bytes) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    id_ = await ready(place, call, film, ref="=JM/1", filename="Film, \u201eacht\u201c.mp4")
    other = await call.do(
        "POST", "/exhibits", url=f"{LINK}1?secret=x", ref="JM/2", title="-1", source="=quoted", received=1.000001,
        evidential=False, remark='two\nlines; "x", y',
    )  # fmt: skip
    await call.do("POST", "/exhibits", url=f"{LINK}2", ref="JM/2")
    ranges = [{"start": 1.1, "stop": 2.123456789, "silent": True}, {"start": 0, "stop": 1.1}]
    for name in ("The door", "@home"):
        await call.do("POST", f"/exhibits/{id_}/clips", name=name, ranges=ranges, agreed="by both, 3 May")
    before, given = await call.do("GET", "/exhibits"), await give(call, hearing["id"])
    assert b"secret" not in given
    taken = await take(call, hearing["id"], given)
    assert (taken["adds"], taken["changes"], taken["problems"], taken["note"]) == (0, 0, 0, "")
    after = await call.do("GET", "/exhibits")
    for exhibit in (*before, *after):
        for name in ("state", "problem", "safe", "safe_at"):
            del exhibit[name]
    assert after == before
    assert await give(call, hearing["id"]) == given
    # and what is changed in it is changed
    edited = given.replace(b"The door", b"The gate").replace(b"'=quoted", b"Police")
    assert (await take(call, hearing["id"], edited))["changes"] == 2
    assert (await call.do("GET", f"/exhibits/{other['id']}"))["source"] == "Police"
    names = [cut["name"] for cut in (await call.do("GET", f"/exhibits/{id_}"))["clips"]]
    assert names == ["The door", "@home", "The gate"], "what a list does not name stays"
    fresh = f"ref,url,title\r\nJM/2,{LINK}1?secret=y,\r\n".encode()
    assert (await take(call, hearing["id"], fresh))["changes"] == 1
    assert (await call.do("GET", f"/exhibits/{other['id']}"))["title"] == "1"
    assert [entry["ref"] for entry in await entries(place, "relinked")] == ["JM/2"]


async def test_a_list_of_all_of_them_sets_the_running_order(call: Caller) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    rows = [f"{n},{LINK}{n}" for n in "abc"]
    await take(call, hearing["id"], "\n".join(["ref,url", *rows]).encode())
    taken = await take(call, hearing["id"], "\n".join(["ref,url", rows[2], f"new,{LINK}d", rows[0], rows[1]]).encode())
    assert "running order" in taken["note"]
    assert await call.refs() == ["c", "new", "a", "b"]
    taken = await take(call, hearing["id"], "\n".join(["ref,url", rows[1], f"last,{LINK}e"]).encode())
    assert (taken["note"], taken["adds"]) == ("", 1)
    assert await call.refs() == ["c", "new", "a", "b", "last"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("JM/9,x,,", "no exhibit JM/9 yet"),
        ("JM/9,x,file:///etc/passwd,", "not a link"),
        (f"JM/9,x,{LINK},abc", "64 hexadecimal"),
        (f"JM/9,x,{LINK},,perhaps", "neither yes nor no"),
        (f"JM/9,x,{LINK},,yes,03/11/2026", "is no day or time"),
        (f"JM/9,{'x' * 300},{LINK}", "longer than 200"),
        (f"JM/9,x,{LINK},,,,cut,1,1", "has to stop after it starts"),
        (f"JM/9,x,{LINK},,,,cut,1,", "a start and a stop"),
        (f"JM/9,x,{LINK},,,,,1,2", "no name of a clip"),
        ('JM/9,"x', "quotation mark"),
        (f"JM/9,x,{LINK},,,,,,,,,,", ""),
        (f"JM/9,x,{LINK},,,,,,,,,,more", "more cells"),
        (f"JM/1,another title,{LINK}", "twice"),
        (",,,,,,cut,1,2\n", "no exhibit"),
    ],
)
async def test_a_line_that_cannot_be_taken_is_said_with_its_number_and_nothing_is_done(
    call: Caller, line: str, says: str
) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    heading = "ref,title,url,sha256,evidential,received,clip,start,stop\n"
    first = "" if line.startswith(",,") else f"JM/1,one,{LINK}1\n"
    data = f"{heading}{first}{line}".encode()
    seen = await take(call, hearing["id"], data, look=True)
    if not says:
        assert seen["problems"] == 0
        return
    assert seen["problems"] >= 1
    assert says in next(row["problem"] for row in seen["rows"] if row["line"] == (3 if first else 2))
    response = await call.http.post(f"{API}/hearings/{hearing['id']}/list", data=data)
    document = await problem(response, 422, "list-line")
    assert document["detail"].startswith(f"Line {3 if first else 2}: ")
    assert document["detail"].endswith(" Nothing of the list was taken in.")
    assert await call.refs() == []


async def test_what_is_no_list_or_too_long(call: Caller) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    for data, status, type_ in (
        (b"nothing", 422, "list-heading"),
        (b"PK\x03\x04", 422, "list-unreadable"),
        (b"ref\n" + b"x" * listing.MOST_BYTES, 413, "list-too-long"),
    ):
        response = await call.http.post(f"{API}/hearings/{hearing['id']}/list", data=data)
        await problem(response, status, type_)
    response = await call.http.post(f"{API}/hearings/x/list", data=b"ref\n")
    await problem(response, 404, "hearing-unknown")
    await call.refused("GET", "/hearings/x/list", 404, "hearing-unknown")


async def test_a_clip_that_is_on_the_screens_stays_as_it_is(place: Sending, call: Caller, film: bytes) -> None:
    (hearing,) = await call.do("GET", "/hearings")
    id_ = await ready(place, call, film, ref="JM/1")
    cut = await call.do("POST", f"/exhibits/{id_}/clips", name="door", ranges=[{"start": 0.5, "stop": 1.5}])
    await call.do("POST", "/room/cue", exhibit=id_, clip="door")
    await call.do("POST", "/room/show")
    await call.refused("PATCH", f"/exhibits/{id_}/clips/{cut['id']}", 409, "clip-shown", name="x")
    await call.refused("DELETE", f"/exhibits/{id_}/clips/{cut['id']}", 409, "clip-shown")
    seen = await take(call, hearing["id"], b"ref,clip,start,stop\nJM/1,door,0.5,1.4\n", look=True)
    assert "on the screens" in seen["rows"][0]["problem"]
    await take(call, hearing["id"], b"ref,clip,start,stop\nJM/1,door,0.5,1.5\n")
    await call.do("POST", "/room/blank")
    assert (await take(call, hearing["id"], b"ref,clip,start,stop\nJM/1,door,0.5,1.4\n"))["changes"] == 1
    cued, shown = await entries(place, "cued", "put-up")
    assert cued["clip"] == shown["clip"] == "door"
