"""Photographs and documents through the API: turned, never played, and a part of them on the screens."""

from __future__ import annotations

from courtcast.control.outlook import Outlook
from courtcast.core.room import Room
from tests.control.conftest import Caller, Eventually
from tests.stand_ins.house import House, Shelf, Wall

PART = [0.25, 0.5, 0.5, 0.25]


async def test_a_document_is_turned(place: House, call: Caller) -> None:
    id_ = place.shelf.put_leaves("JM/9").id
    await call.post("/room/cue", exhibit=id_)
    shown = await call.post("/room/show", play=True)
    assert (shown["playing"], shown["position"], shown["position_frame"], shown["view"]) == (False, 0, 0, None)
    document = await call.refused("POST", "/room/play", 409, "nothing-to-play", json={})
    assert "JM/9" in document["detail"]
    assert (await call.post("/room/step", frames=2))["position_frame"] == 2
    assert (await call.post("/room/seek", to=1))["position"] == 1
    await call.refused("POST", "/room/seek", 422, "outside-leaves", json={"to": 9})


async def test_a_part_of_it_goes_to_the_screens(place: House, call: Caller, eventually: Eventually) -> None:
    id_ = place.shelf.put_leaves("JM/9").id
    await call.refused("POST", "/room/view", 409, "nothing-shown", json={"view": PART})
    await call.post("/room/cue", exhibit=id_, at=1)
    await call.post("/room/show")
    assert (await call.post("/room/view", view=PART))["view"] == PART
    scenes = [stage.shown for stage in place.wall.told.values()]
    assert [scene and (scene.view, scene.detail) for scene in scenes] == [(tuple(PART), None)] * 2
    revision = place.desk.revision
    place.shelf.details[id_, 1, (0.25, 0.5, 0.5, 0.25)] = "00000000000000dd"
    place.desk.exhibit_changed(id_)
    await eventually(
        lambda: all(stage.shown and stage.shown.detail == "00000000000000dd" for stage in place.wall.told.values())
    )
    assert place.desk.revision == revision, "nothing that anybody asked for has changed"
    assert (await call.post("/room/step", frames=1))["view"] is None
    assert all(stage.shown and stage.shown.detail is None for stage in place.wall.told.values())
    await call.refused("POST", "/room/view", 422, "outside-range", json={"view": [0, 0, 0.001, 1]})
    await call.refused("POST", "/room/view", 400, "malformed", json={"view": [0.9, 0, 0.5, 1]})
    await call.refused("POST", "/room/view", 403, "not-allowed", role="viewer", json={"view": PART})


def test_it_is_ready_where_the_leaf_is_held() -> None:
    shelf, wall = Shelf(), Wall("jury", "judge")
    wall.light_up()
    id_ = shelf.put_leaves("JM/9").id
    outlook = Outlook(shelf, wall)
    outlook.look(Room(), now=0.0, touched=())
    assert outlook.seen(shelf.get(id_)).safe
    wall.missing = 300_000
    outlook.look(Room(), now=1.0, touched=())
    seen = outlook.seen(shelf.get(id_))
    assert (seen.safe, seen.safe_never, seen.holds, seen.safe_reason) == (False, False, None, "screen")
    assert seen.safe_at is not None
    wall.missing = 10**12
    outlook.look(Room(), now=2.0, touched=())
    assert not outlook.seen(shelf.get(id_)).safe_never
