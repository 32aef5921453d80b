"""The checks through the API, over a shelf and a wall that are small; and the test card."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from courtcast.control import checkup as checkup_module
from courtcast.control.auth import issue_token
from courtcast.core.card import CARD_SECONDS
from courtcast.evidence.look import Seen as Answer
from courtcast.prepare.examine import Seen
from courtcast.problems import Refused
from tests.control.conftest import API, Caller, Eventually
from tests.stand_ins.house import TRACK, House, Shelf, Wall, house

DAY = 86400.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup_module, "TELL_SECONDS", 0.05)


async def done(call: Caller, kind: str, **asked: Any) -> Any:
    """Carries one out, and gives its result."""
    begun = await call.send("POST", f"/checks/{kind}", json=asked)
    assert begun.status == 202, await begun.text()
    assert (await begun.json())["state"] == "running"
    state = await over(call)
    assert state["said"] == ""
    return state[kind]


async def over(call: Caller) -> Any:
    """Waits until none runs."""
    end = time.monotonic() + 20
    while (state := await call.get("/checks"))["running"] is not None:
        assert time.monotonic() < end
        assert 0 <= state["running"]["progress"] <= 1
        assert state["running"]["doing"].endswith(".")
        await asyncio.sleep(0.02)
    return state


def found(check: Any) -> dict[str, list[str]]:
    """What it found: the names that each type is about."""
    about: dict[str, list[str]] = {}
    for finding in check["findings"]:
        about.setdefault(finding["type"], []).append(finding["about"])
    return about


class TestRoom:
    """The room check."""

    async def test_a_room_that_is_well(self, place: House, call: Caller) -> None:
        await call.send("DELETE", f"/exhibits/{place.shelf.exhibits()[2].id}")
        for id_, exhibit in place.shelf.kept.items():
            place.shelf.kept[id_] = msgspec.structs.replace(exhibit, url="https://evidence.example/clip.mp4")
        check = await done(call, "room", seconds=0.5)
        assert (check["findings"], check["says"]) == ([], "The room is ready.")
        assert (check["state"], check["progress"], check["by"]) == ("done", 1.0, "clerk")
        assert check["begun"] <= check["ended"] <= time.time()
        looked = {one["name"]: one["says"] for one in check["looked"]}
        assert "its line carries 40.0 Mb/s, measured for 10 s" in looked["Jury"]
        assert "display of 1920 × 1080" in looked["Jury"]
        assert "plays all that is prepared" in looked["Judge"]
        assert "safe from the first moment" in looked["JM/1"]

    async def test_what_is_wrong_is_found(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        wall = place.wall
        wall.unplayable = {TRACK.mime}
        wall.line = msgspec.structs.replace(wall.line, rate_kbit=900.0, loss=0.08, relayed=True)
        wall.known["judge"] = msgspec.structs.replace(wall.known["judge"], online=False)
        wall.known["new"] = msgspec.structs.replace(wall.known["jury"], id="new", name="New", paired=False)
        place.shelf.fail(ids["JM/2"], "file-damaged")
        about = found(await done(call, "room", seconds=0.5))
        assert about["screen-cannot-play"] == ["Jury"]
        assert about["screen-silent"] == ["Judge"]
        assert about["screen-not-paired"] == ["New"]
        assert about["file-problem"] == ["JM/2"]
        assert about["line-lossy"] == about["line-relayed"] == ["Jury"]
        assert about["line-slow"] == ["Jury"], "800 kb/s on average, and 15 % to spare"
        assert "line-not-measured" not in about

    async def test_never_while_something_is_shown(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show")
        await call.refused("POST", "/checks/room", 409, "check-not-now", json={})
        assert (await call.get("/checks"))["running"] is None

    async def test_it_ends_when_something_is_shown(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        assert (await call.send("POST", "/checks/room", json={"seconds": 30})).status == 202
        await call.post("/room/cue", exhibit=ids["JM/1"])
        assert (await call.get("/checks"))["running"] is not None, "a cue is private"
        await call.post("/room/show")
        state = await over(call)
        assert state["room"] is None
        assert state["said"] == checkup_module.SHOWN

    @pytest.mark.parametrize("seconds", [0, 0.4, 61, -1, 1e300])
    async def test_seconds_that_cannot_be(self, call: Caller, seconds: float) -> None:
        await call.refused("POST", "/checks/room", 422, "outside-range", json={"seconds": seconds})

    async def test_no_screens_and_nothing_to_show(self, tmp_path: Path) -> None:
        async with house(tmp_path, Shelf(), Wall()) as empty:
            empty.tokens["clerk"] = await issue_token(empty.db, "clerk")
            async with TestClient(TestServer(empty.app, host="127.0.0.1")) as client:
                about = found(await done(Caller(client, empty.tokens), "room"))
        assert set(about) == {"no-screen", "order-empty", "wall-unknown"}


class TestCase:
    """The case check."""

    async def test_what_is_wrong_is_found(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        shelf = place.shelf
        until = time.time() + DAY
        shelf.damaged = {ids["JM/2"]}
        shelf.links[ids["JM/1"]] = Seen(Answer(problem=Refused("link-not-found"), clock_off=0.1), until - 60)
        shelf.links[ids["JM/3"]] = Seen(Answer(clock_off=0.1), until - 60)
        check = await done(call, "case", until=until)
        about = found(check)
        assert about == {
            "copy-damaged": ["JM/2"],
            "link-ends": ["JM/3"],
            "file-not-whole": ["JM/3"],
            "link-dead-kept": ["JM/1"],
        }
        assert check["until"] == until
        assert shelf.healed == [ids["JM/2"]], "its link holds, so it is fetched again"
        assert check["says"] == "1 thing stands in the way of the hearing."
        assert [one["severity"] for one in check["findings"]] == ["stop", "look", "look", "note"]

    async def test_nothing_is_thrown_away_that_cannot_be_fetched_again(
        self, place: House, call: Caller, ids: dict[str, str]
    ) -> None:
        place.shelf.damaged = {ids["JM/2"]}
        place.shelf.links[ids["JM/2"]] = Seen(Answer(problem=Refused("link-not-found")), None)
        assert found(await done(call, "case"))["copy-damaged"] == ["JM/2"]
        assert place.shelf.healed == []

    @pytest.mark.parametrize("until", [0, -1, 1e12, None])
    async def test_a_hearing_at_no_time(self, call: Caller, until: float | None) -> None:
        """None: one that has begun a moment ago."""
        until = time.time() - 5 if until is None else until
        await call.refused("POST", "/checks/case", 400, "malformed", json={"until": until})

    async def test_a_day_where_nothing_is_said(self, call: Caller) -> None:
        assert (await done(call, "case"))["until"] == pytest.approx(time.time() + DAY, abs=30)


async def test_one_at_a_time_and_it_can_be_cancelled(call: Caller) -> None:
    assert (await call.send("POST", "/checks/room", json={"seconds": 30})).status == 202
    await call.refused("POST", "/checks/case", 409, "check-running", json={})
    await call.refused("POST", "/checks/room", 409, "check-running", json={})
    assert (await call.send("DELETE", "/checks")).status == 204
    state = await over(call)
    assert state["said"] == checkup_module.CANCELLED
    assert (await call.send("DELETE", "/checks")).status == 204, "nothing to cancel is no problem"
    assert (await done(call, "case"))["state"] == "done"


async def test_cancelled_before_it_began(place: House) -> None:
    """A task that is cancelled at once does not even begin; the next check must not wait for it for ever."""
    place.checkup.room(30.0, by="clerk")
    place.checkup.cancel()
    await asyncio.sleep(0.05)
    assert place.checkup.state.running is None
    assert place.checkup.state.said == checkup_module.CANCELLED


async def test_a_fault_of_its_own_is_said(place: House, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup_module.checks, "looked_at", lambda _: 1 / 0)
    await call.send("POST", "/checks/room", json={"seconds": 0.5})
    state = await over(call)
    assert state["said"] == checkup_module.BROKEN


async def test_the_last_results_outlive_the_presenter(tmp_path: Path) -> None:
    shelf, wall = Shelf(), Wall("jury")
    shelf.put("JM/1")
    wall.light_up()
    async with house(tmp_path, shelf, wall) as first:
        first.tokens["clerk"] = await issue_token(first.db, "clerk")
        async with TestClient(TestServer(first.app, host="127.0.0.1")) as client:
            before = await done(Caller(client, first.tokens), "case")
    async with (
        house(tmp_path, shelf, wall) as second,
        TestClient(TestServer(second.app, host="127.0.0.1")) as client,
    ):
        assert (await Caller(client, first.tokens).get("/checks"))["case"] == before


async def test_remotes_hear_how_far_it_is(call: Caller) -> None:
    async with call.client.ws_connect(f"{API}/events", headers=call.headers("viewer")) as socket:
        first = await socket.receive_json()
        assert first["checks"] == {"running": None, "case": None, "room": None, "said": ""}
        await call.send("POST", "/checks/room", json={"seconds": 0.6})
        heard: list[Any] = []
        async with asyncio.timeout(10):
            while not heard or heard[-1]["running"] is not None:
                event = await socket.receive_json()
                if event.get("checks"):
                    heard.append(event["checks"])
    assert [one["running"]["kind"] for one in heard if one["running"]] == ["room"] * (len(heard) - 1)
    steps = [one["running"]["progress"] for one in heard if one["running"]]
    assert steps == sorted(steps)
    assert heard[-1]["room"]["state"] == "done"


async def test_who_may_what(call: Caller) -> None:
    for method, path in (
        ("POST", "/checks/room"),
        ("POST", "/checks/case"),
        ("DELETE", "/checks"),
        ("POST", "/screens/jury/card"),
    ):
        await call.refused(method, path, 403, "not-allowed", role="viewer", json={})
    assert (await call.send("POST", "/checks/case", role="advocate", json={})).status == 202
    await call.get("/checks", role="viewer")


class TestPage:
    """The sheet for a printer."""

    async def test_it_says_the_same_in_words(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        place.shelf.fail(ids["JM/2"], "file-damaged")
        title = "<script>alert(1)</script>"
        place.shelf.kept[ids["JM/1"]] = msgspec.structs.replace(place.shelf.kept[ids["JM/1"]], ref=title)
        check = await done(call, "case")
        response = await call.send("GET", "/checks/page", role="viewer")
        text = await response.text()
        assert response.content_type == "text/html"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert title not in text
        plain = re.sub(r"<[^>]+>", " ", text)
        for finding in check["findings"]:
            assert finding["says"].split(":")[0].split("<")[0] in plain
            assert finding["do"] in plain
        assert "Stands in the way" in plain
        assert "Room check" not in plain

    async def test_before_any_check(self, call: Caller) -> None:
        assert "No check has been done yet." in await (await call.send("GET", "/checks/page")).text()
        assert "No room check has been done yet." in await (await call.send("GET", "/checks/page?kind=room")).text()
        await call.refused("GET", "/checks/page?kind=other", 400, "malformed")


class TestCard:
    """The test card on a screen."""

    async def test_up_and_down(self, place: House, call: Caller) -> None:
        room = await call.post("/screens/jury/card")
        assert room["card"] == {"screen": "jury", "until": pytest.approx(room["clock"] + CARD_SECONDS, abs=0.5)}
        assert room["blank"]
        told = place.wall.told
        assert told["jury"].card is not None
        assert (told["jury"].card.name, told["judge"].card) == ("Jury", None)
        room = await (await call.send("DELETE", "/screens/jury/card")).json()
        assert room["card"] is None
        assert place.wall.told["jury"].card is None

    async def test_blank_and_show(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/screens/jury/card")
        await call.post("/room/blank")
        assert place.wall.told["jury"].card is None
        await call.post("/screens/jury/card")
        await call.post("/room/cue", exhibit=ids["JM/1"])
        assert place.wall.told["jury"].card is not None
        await call.post("/room/show")
        assert place.wall.told["jury"].card is None
        await call.refused("POST", "/screens/jury/card", 409, "card-not-now", json={})

    async def test_refusals(self, place: House, call: Caller) -> None:
        await call.refused("POST", "/screens/nobody/card", 404, "screen-unknown", json={})
        await call.refused("DELETE", "/screens/nobody/card", 404, "screen-unknown")
        await call.refused("POST", "/screens/jury/card", 409, "moved-on", json={"revision": 99})
        place.wall.known["judge"] = msgspec.structs.replace(place.wall.known["judge"], online=False)
        await call.refused("POST", "/screens/judge/card", 409, "card-no-screen", json={})

    async def test_its_time(
        self, place: House, call: Caller, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("courtcast.core.card.CARD_SECONDS", 0.3)
        revision = (await call.post("/screens/jury/card"))["revision"]
        await eventually(lambda: place.wall.told["jury"].card is None)
        room = await call.get("/room")
        assert (room["card"], room["revision"]) == (None, revision)

    async def test_a_presenter_that_starts_again_brings_none_back(self, tmp_path: Path) -> None:
        shelf, wall = Shelf(), Wall("jury")
        wall.light_up()
        async with house(tmp_path, shelf, wall) as first:
            first.tokens["clerk"] = await issue_token(first.db, "clerk")
            async with TestClient(TestServer(first.app, host="127.0.0.1")) as client:
                await Caller(client, first.tokens).post("/screens/jury/card")
        async with house(tmp_path, shelf, wall) as second:
            assert second.wall.told["jury"].card is None
            assert second.desk.state().card is None

    async def test_a_screen_that_is_forgotten(self, place: House, call: Caller) -> None:
        await call.post("/screens/jury/card")
        await call.send("DELETE", "/screens/jury")
        assert (await call.get("/room"))["card"] is None
