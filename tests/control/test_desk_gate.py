"""Play while it is not safe: refused, with the time at which it will be; carried out where somebody says so."""

from __future__ import annotations

import time

import msgspec
import pytest

from tests.control.conftest import Caller, Eventually
from tests.stand_ins.house import House

LACKING = 30_000_000


async def show(call: Caller, exhibit: str) -> None:
    await call.post("/room/cue", exhibit=exhibit)
    await call.post("/room/show")


async def test_play_is_refused_and_says_when_and_why(place: House, call: Caller, ids: dict[str, str]) -> None:
    place.wall.missing = LACKING
    await show(call, ids["JM/1"])
    before = await call.get("/room")
    document = await call.refused("POST", "/room/play", 409, "not-safe", json={})
    assert 30 < document["safe_at"] - time.time() < 45
    assert document["safe_reason"] == "line"
    assert document["holds"] == 0.0
    after = await call.get("/room")
    assert (after["playing"], after["revision"]) == (False, before["revision"])


async def test_anyway_plays_at_once_and_says_how_long_it_holds(
    place: House, call: Caller, ids: dict[str, str], eventually: Eventually
) -> None:
    place.wall.missing = LACKING
    await show(call, ids["JM/1"])
    assert (await call.post("/room/play", anyway=True))["playing"]
    await eventually(lambda: place.desk.exhibit(ids["JM/1"]).holds is not None)
    exhibit = await call.get(f"/exhibits/{ids['JM/1']}")
    assert (exhibit["safe"], exhibit["holds"]) == (False, 0.0)


async def test_what_is_safe_plays(place: House, call: Caller, ids: dict[str, str]) -> None:
    await show(call, ids["JM/1"])
    assert (await call.post("/room/play"))["playing"]


async def test_show_and_play_in_one_go_is_held_back_too(place: House, call: Caller, ids: dict[str, str]) -> None:
    place.wall.missing = LACKING
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.refused("POST", "/room/show", 409, "not-safe", json={"play": True})
    assert (await call.get("/room"))["shown"] is None
    await call.post("/room/show", play=True, anyway=True)
    # Another exhibit while one plays: the gate looks at the one that would start.
    await call.post("/room/cue", exhibit=ids["JM/2"])
    await call.refused("POST", "/room/show", 409, "not-safe", json={"play": True})


async def test_what_plays_already_is_left_alone(place: House, call: Caller, ids: dict[str, str]) -> None:
    await show(call, ids["JM/1"])
    first = await call.post("/room/play")
    place.wall.missing = LACKING
    assert (await call.post("/room/play"))["revision"] == first["revision"]


async def test_a_stranger_answer_comes_before_readiness(place: House, call: Caller, ids: dict[str, str]) -> None:
    """Who looked at another room is told that, not how safe this one is."""
    place.wall.missing = LACKING
    await show(call, ids["JM/1"])
    await call.refused("POST", "/room/play", 409, "moved-on", json={"revision": 1000})


async def test_nothing_measured_is_no_time(
    place: House, call: Caller, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.wall.missing = LACKING
    monkeypatch.setattr(place.wall, "rate", lambda _screen: None)
    await show(call, ids["JM/1"])
    document = await call.refused("POST", "/room/play", 409, "not-safe", json={})
    assert document["safe_at"] is None


async def test_where_no_screen_is_there_nobody_is_kept_waiting(place: House, call: Caller, ids: dict[str, str]) -> None:
    for screen in list(place.wall.known):
        place.wall.known[screen] = msgspec.structs.replace(place.wall.known[screen], online=False)
    await show(call, ids["JM/1"])
    assert (await call.post("/room/play"))["playing"]


async def test_the_screen_that_is_last_is_named(
    place: House, call: Caller, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    """One screen lacks it all, the other nothing: that is no line that they share."""
    monkeypatch.setattr(place.wall, "to_send", lambda screen, *_: LACKING if screen == "judge" else 0)
    place.desk.exhibit_changed(ids["JM/1"])
    await eventually(lambda: place.desk.exhibit(ids["JM/1"]).safe_reason is not None)
    exhibit = await call.get(f"/exhibits/{ids['JM/1']}")
    assert (exhibit["safe_reason"], exhibit["safe_screen"], exhibit["safe_never"]) == ("screen", "judge", False)


async def test_a_line_that_stands_still_will_not_do(
    place: House, call: Caller, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte a second: longer than a sitting."""
    place.wall.missing = LACKING
    monkeypatch.setattr(place.wall, "rate", lambda _screen: 1.0)
    await show(call, ids["JM/1"])
    document = await call.refused("POST", "/room/play", 409, "not-safe", json={})
    assert document["safe_at"] is None
    exhibit = await call.get(f"/exhibits/{ids['JM/1']}")
    assert (exhibit["safe_never"], exhibit["safe_reason"]) == (True, "line")
