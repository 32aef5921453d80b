"""Hearings and clips over the API, against the real application and intake: what the room sees, and what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from courtcast.core.account import told
from tests.control.conftest import problem
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender, Sending, sending

pytestmark = pytest.mark.timeout(60)
API = "/api/v1"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return grainy(tmp_path_factory.mktemp("film") / "film.mp4", 90)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Sending]:
    async with sending(tmp_path) as running:
        yield running


class Caller:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def do(self, method: str, path: str, **body: Any) -> Any:
        response = await self.http.request(method, API + path, json=body or None)
        assert response.status < 300, await response.text()
        return await response.json() if response.status != 204 else None

    async def refused(self, method: str, path: str, status: int, type_: str, **body: Any) -> str:
        response = await self.http.request(method, API + path, json=body or None)
        return str((await problem(response, status, type_))["detail"])

    async def refs(self, hearing: str = "") -> list[str]:
        return [one["ref"] for one in await self.do("GET", f"/exhibits{hearing and f'?hearing={hearing}'}")]


@pytest.fixture
async def call(place: Sending) -> AsyncIterator[Caller]:
    async with place.client("clerk") as http:
        yield Caller(http)


async def ready(place: Sending, call: Caller, film: bytes, **words: str) -> str:
    """Id of an exhibit that came as a file."""
    sender = Sender(call.http)
    response = await sender.begin(len(film), data=film, **words)
    id_ = await sender.exhibit(response.headers["Location"])
    async with asyncio.timeout(20):
        while place.intake.get(id_).state != "ready":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return id_


async def entries(place: Sending, *kinds: str) -> list[dict[str, Any]]:
    found = [one async for one in place.record.entries()]
    assert all(line.says for line in told(found, str))
    return [{"kind": one.kind, **one.what} for one in found if one.kind in kinds]


async def test_each_hearing_has_exhibits_of_its_own(place: Sending, call: Caller) -> None:
    (first,) = await call.do("GET", "/hearings")
    assert (first["open"], first["exhibits"]) == (True, 0)
    other = await call.do("POST", "/hearings", case="R v Martin", court="Leeds", day="2026-12-01")
    link = "https://evidence.invalid/one.mp4"
    one = await call.do("POST", "/exhibits", url=link, ref="JM/1")
    two = await call.do("POST", "/exhibits", url=link, ref="JM/2", hearing=other["id"], source="Police", received=5.5)
    assert (one["hearing"], two["hearing"]) == (first["id"], other["id"])
    assert (one["source"], one["received"], one["evidential"]) == ("evidence.invalid", None, True)
    assert (two["source"], two["received"]) == ("Police", 5.5)
    assert (await call.refs(), await call.refs(other["id"]), await call.refs("all")) == (
        ["JM/1"], ["JM/2"], ["JM/1", "JM/2"],
    )  # fmt: skip
    assert (await call.do("GET", f"/exhibits/{two['id']}"))["ref"] == "JM/2"
    await call.refused("GET", "/exhibits?hearing=x", 404, "hearing-unknown")
    await call.refused("POST", "/exhibits", 404, "hearing-unknown", url=link, hearing="x")
    await call.refused("POST", "/room/cue", 409, "exhibit-elsewhere", exhibit=two["id"])
    await call.refused("DELETE", f"/hearings/{other['id']}", 409, "hearing-not-empty")
    await call.refused("DELETE", f"/hearings/{first['id']}", 409, "hearing-open")
    opened = await call.do("POST", f"/hearings/{other['id']}/open")
    assert (opened["open"], opened["exhibits"]) == (True, 1)
    assert await call.refs() == ["JM/2"]
    assert [(one["id"], one["open"]) for one in await call.do("GET", "/hearings")] == [
        (other["id"], True), (first["id"], False),
    ]  # fmt: skip
    moved = await call.do("PATCH", f"/exhibits/{one['id']}", hearing=other["id"], position=0)
    assert moved["hearing"] == other["id"]
    assert await call.refs() == ["JM/1", "JM/2"]
    await call.do("DELETE", f"/hearings/{first['id']}")
    changed = await call.do("PATCH", f"/hearings/{other['id']}", day="", note="my own")
    assert (changed["case"], changed["day"], changed["note"]) == ("R v Martin", "", "my own")
    kinds = ("hearing-made", "hearing-opened", "hearing-changed", "hearing-removed", "moved")
    assert [(one["kind"], one["hearing"], one["by"]) for one in await entries(place, *kinds)] == [
        ("hearing-made", other["id"], "clerk"), ("hearing-opened", other["id"], "clerk"),
        ("moved", other["id"], "clerk"), ("hearing-removed", first["id"], "clerk"),
        ("hearing-changed", other["id"], "clerk"),
    ]  # fmt: skip


async def test_what_is_said_of_an_exhibit_and_what_the_record_says_of_that(place: Sending, call: Caller) -> None:
    one = await call.do("POST", "/exhibits", url="https://evidence.invalid/one.mp4", ref="JM/1")
    path = f"/exhibits/{one['id']}"
    clock = {"error": -90.5, "declared": "by the shop's owner"}
    changed = await call.do(
        "PATCH", path, evidential=False, source="Shop", received=1e9, remark="ask\nagain", camera_clock=clock
    )
    assert {name: changed[name] for name in ("evidential", "source", "received", "remark", "camera_clock")} == {
        "evidential": False, "source": "Shop", "received": 1e9, "remark": "ask\nagain", "camera_clock": clock,
    }  # fmt: skip
    assert (await call.do("PATCH", path, title="x"))["camera_clock"] == clock
    bare = await call.do("PATCH", path, received=None, camera_clock=None, source="")
    assert (bare["received"], bare["camera_clock"], bare["source"]) == (None, None, "evidence.invalid")
    for wrong in ({"remark": "x" * 5000}, {"camera_clock": {"error": 1e300}}, {"received": 1e300}):
        await call.refused("PATCH", path, 400, "malformed", **wrong)
    first, second = await entries(place, "described")
    del first["by"], first["who"], second["by"], second["who"]
    of = {"kind": "described", "exhibit": one["id"], "ref": "JM/1", "evidential": 0, "remark": 1}
    assert first == {
        **of, "origin": "Shop", "received": 10**15, "clock": -90_500_000, "declared": "by the shop's owner",
    }  # fmt: skip
    assert second == of, "and never the words of a remark"


async def test_clips_are_made_changed_and_removed(place: Sending, call: Caller, film: bytes) -> None:
    id_ = await ready(place, call, film, ref="JM/1")
    path = f"/exhibits/{id_}/clips"
    ranges = [{"start": 1.2, "stop": 2.0, "silent": True}, {"start": 0.1, "stop": 0.3, "silent": False}]
    made = await call.do("POST", path, name=" The  door ", ranges=ranges, agreed="by both")
    assert (made["name"], made["ranges"], made["agreed"], made["duration"]) == ("The door", ranges, "by both", 1.0)
    exhibit = await call.do("GET", f"/exhibits/{id_}")
    assert exhibit["clips"] == [made]
    await call.refused("POST", path, 409, "clip-name-taken", name="The door", ranges=ranges)
    await call.refused("POST", path, 422, "clip-name", name=" ", ranges=ranges)
    await call.refused("POST", path, 422, "clip-empty", name="x", ranges=[])
    await call.refused("POST", path, 422, "clip-outside", name="x", ranges=[{"start": 0, "stop": 99}])
    await call.refused("POST", "/exhibits/x/clips", 404, "exhibit-unknown", name="x", ranges=ranges)
    clip = f"{path}/{made['id']}"
    changed = await call.do("PATCH", clip, name="Door", ranges=ranges[:1])
    assert (changed["name"], changed["ranges"], changed["agreed"]) == ("Door", ranges[:1], "by both")
    await call.do("PATCH", clip)
    await call.refused("PATCH", f"{path}/x", 404, "clip-unknown", name="y")
    await call.do("DELETE", clip)
    assert place.intake.get(id_).clips == []
    first = {"from": 1_200_000, "to": 2_000_000, "silent": 1}
    said = await entries(place, "clip-made", "clip-changed", "clip-removed")
    assert [(one["kind"], one["clip"], one.get("was"), one["ranges"], one["by"]) for one in said] == [
        ("clip-made", "The door", None, [first, {"from": 100_000, "to": 300_000}], "clerk"),
        ("clip-changed", "Door", "The door", [first], "clerk"),
        ("clip-removed", "Door", None, [first], "clerk"),
    ]


async def test_the_room_is_left_before_another_hearing_is_opened(place: Sending, call: Caller, film: bytes) -> None:
    (first,) = await call.do("GET", "/hearings")
    other = await call.do("POST", "/hearings", case="R v Other")
    id_ = await ready(place, call, film, ref="JM/1")
    elsewhere = await ready(place, call, film, ref="JM/9", hearing=other["id"])
    same = place.intake.get(id_).same_as, place.intake.get(elsewhere).same_as
    assert same == ([elsewhere], [id_]), "the very file is here twice"
    assert (await call.do("GET", "/hearings"))[1]["bytes"] == len(film)
    async with place.client("clerk").ws_connect(f"{API}/events") as events:
        state = await events.receive_json()
        assert (state["hearing"], [one["id"] for one in state["exhibits"]]) == (first["id"], [id_])
        await call.do("POST", "/room/cue", exhibit=id_)
        await call.do("POST", "/room/show")
        await call.refused("POST", f"/hearings/{other['id']}/open", 409, "hearing-in-use")
        await call.refused("PATCH", f"/exhibits/{id_}", 409, "exhibit-shown", hearing=other["id"])
        await call.do("POST", "/room/blank")
        await call.do("POST", "/room/cue", exhibit=id_)
        await call.do("PATCH", f"/exhibits/{elsewhere}", title="nobody hears of it")
        await call.do("POST", f"/hearings/{other['id']}/open")
        assert (await call.do("GET", "/room"))["cued"] is None
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1].get("hearing") is None:
            heard.append(await events.receive_json(timeout=10))
        assert heard[-1]["hearing"] == other["id"]
        assert heard[-1]["order"] == [elsewhere]
        assert [one["title"] for one in heard[-1]["exhibits"]] == ["nobody hears of it"]
        assert all(one["id"] == id_ for event in heard[:-1] for one in event.get("exhibits", []))
    await call.refused("POST", "/room/cue", 409, "exhibit-elsewhere", exhibit=id_)
    await call.do("DELETE", f"/exhibits/{id_}")
    assert place.intake.get(elsewhere).same_as == []


async def test_parts_of_a_recording_stay_with_it(place: Sending, call: Caller, film: bytes) -> None:
    parts = [await ready(place, call, film, ref=ref) for ref in ("JM/1", "JM/2")]
    other = await call.do("POST", "/hearings")
    await call.refused("POST", "/exhibits", 422, "not-joinable", join=parts, hearing=other["id"])
    whole = await call.do("POST", "/exhibits", join=parts, ref="JM/3")
    await call.refused("PATCH", f"/exhibits/{parts[0]}", 409, "exhibit-part", hearing=other["id"])
    await call.do("PATCH", f"/exhibits/{whole['id']}", hearing=other["id"])
    assert (await call.refs(), await call.refs(other["id"])) == ([], ["JM/3", "JM/1", "JM/2"])


async def test_it_is_all_there_after_a_restart(tmp_path: Path, film: bytes) -> None:
    async with sending(tmp_path) as place, place.client("clerk") as http:
        call = Caller(http)
        other = await call.do("POST", "/hearings", case="R v Other")
        id_ = await ready(place, call, film, ref="JM/1", hearing=other["id"])
        made = await call.do("POST", f"/exhibits/{id_}/clips", name="x", ranges=[{"start": 0.1, "stop": 0.7}])
        await call.do("POST", f"/hearings/{other['id']}/open")
    async with sending(tmp_path) as place, place.client("clerk") as http:
        call = Caller(http)
        (exhibit,) = await call.do("GET", "/exhibits")
        assert (exhibit["hearing"], exhibit["clips"]) == (other["id"], [made])
        assert len(await entries(place, "clip-made", "hearing-opened")) == 2
