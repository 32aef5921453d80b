"""Clips through the API: shown as they were cued, and nothing else of the exhibit; in the record, range by range."""

from __future__ import annotations

import msgspec
import pytest

from courtcast.core.room import START_AHEAD
from courtcast.wire.api import ScreenReport
from courtcast.wire.library import Clip, ClipRange
from courtcast.wire.screen import Stage
from tests.control.conftest import Caller, Eventually
from tests.control.test_audit import of, show
from tests.stand_ins.house import House

RANGES = [ClipRange(start=4.0, stop=6.0), ClipRange(start=1.0, stop=2.5, silent=True), ClipRange(start=8.0, stop=10.0)]


@pytest.fixture
def clip(place: House, ids: dict[str, str]) -> str:
    """Id of a clip of JM/1."""
    exhibit = place.shelf.kept[ids["JM/1"]]
    made = Clip(id="c1", name="What was agreed", ranges=RANGES, agreed="The parties, on 3 May", duration=5.5)
    place.shelf.kept[exhibit.id] = msgspec.structs.replace(exhibit, clips=[made])
    return made.id


def told(place: House, screen: str = "jury") -> Stage:
    return place.wall.told[screen]


async def test_a_clip_is_cued_shown_and_steered(place: House, call: Caller, ids: dict[str, str], clip: str) -> None:
    cued = (await call.post("/room/cue", exhibit=ids["JM/1"], clip=clip))["cued"]
    assert (cued["at"], cued["frame"], cued["clip"], cued["clip_at"]) == (4.0, 120, "What was agreed", 0.0)
    assert cued["ranges"] == msgspec.to_builtins(RANGES)
    ready = told(place).cue
    assert ready is not None
    assert (ready.ranges, ready.end) == (RANGES, 10.0)
    shown = await call.post("/room/show")
    assert (shown["shown"]["clip"], shown["position"], shown["clip_position"]) == ("What was agreed", 4.0, 0.0)
    scene = told(place).shown
    assert scene is not None
    assert (scene.ranges, scene.end, scene.anchor.rate) == (RANGES, 10.0, 0.0)
    assert scene.anchor.media == pytest.approx(4.0)
    over = await call.post("/room/seek", to=5.98)
    assert (over["position_frame"], over["clip_position"]) == (179, pytest.approx(1.98))
    over = await call.post("/room/step", frames=1)
    assert (over["position"], over["position_frame"], over["clip_position"]) == (1.0, 30, 2.0)
    end = await call.post("/room/seek", to=10)
    assert (end["position"], end["position_frame"], end["clip_position"], end["ended"]) == (10.0, 299, 5.5, True)
    again = await call.post("/room/play")
    assert (again["anchor"]["media"], again["ended"]) == (4.0, False)


async def test_it_plays_over_its_seam(place: House, call: Caller, ids: dict[str, str], clip: str) -> None:
    await call.post("/room/cue", exhibit=ids["JM/1"], clip=clip, at=5.9)
    await call.post("/room/show", play=True)
    room = await call.get("/room")
    passed = max(0.0, room["clock"] - room["anchor"]["clock"])
    assert room["clip_position"] == pytest.approx(1.9 + passed, abs=1e-6)
    while room["clip_position"] < 2.05:
        room = await call.get("/room")
    assert 1.0 <= room["position"] < 2.5
    assert room["playing"]
    assert told(place).shown == told(place, "judge").shown
    assert START_AHEAD < 1.0


async def test_what_is_no_place_of_it_is_refused(place: House, call: Caller, ids: dict[str, str], clip: str) -> None:
    first = ids["JM/1"]
    await call.refused("POST", "/room/cue", 404, "clip-unknown", json={"exhibit": first, "clip": "another"})
    await call.refused("POST", "/room/cue", 404, "clip-unknown", json={"exhibit": ids["JM/2"], "clip": clip})
    await call.refused("POST", "/room/cue", 409, "outside-clip", json={"exhibit": first, "clip": clip, "at": 3.0})
    await call.post("/room/cue", exhibit=first, clip="What was agreed")
    before = await call.post("/room/show")
    document = await call.refused("POST", "/room/seek", 409, "outside-clip", json={"to": 3.5})
    assert "The nearest one that is, is 0:04.000." in document["detail"]
    after = await call.get("/room")
    assert (after["revision"], after["position"]) == (before["revision"], 4.0)


async def test_one_that_was_changed_meanwhile_stays_as_it_was_cued(
    place: House, call: Caller, ids: dict[str, str], clip: str, eventually: Eventually
) -> None:
    first = ids["JM/1"]
    await call.post("/room/cue", exhibit=first, clip=clip)
    other = Clip(id=clip, name="Another", ranges=[ClipRange(start=0.0, stop=1.0)], duration=1.0)
    place.shelf.kept[first] = msgspec.structs.replace(place.shelf.kept[first], clips=[other])
    place.tell()
    room = await call.post("/room/show")
    assert (room["shown"]["clip"], room["shown"]["ranges"]) == ("What was agreed", msgspec.to_builtins(RANGES))
    place.shelf.kept[first] = msgspec.structs.replace(place.shelf.kept[first], clips=[])
    place.tell()
    assert (await call.post("/room/step", frames=1))["position_frame"] == 121
    cued = (await call.post("/room/cue", exhibit=first))["cued"]
    assert (cued["clip"], cued["ranges"], cued["clip_at"]) == (None, [], None)


async def test_the_screens_need_less_for_it(
    place: House, call: Caller, ids: dict[str, str], clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All screens lack the whole exhibit but the clip: the exhibit is not safe, the clip is."""
    asked: list[object] = []

    def to_send(screen: str, rendition: str, start: float, end: float | None, parts: object = (), /) -> int:
        asked.append(parts)
        return 0 if parts else 10**9

    monkeypatch.setattr(place.wall, "to_send", to_send)
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.refused("POST", "/room/show", 409, "not-safe", json={"play": True})
    await call.post("/room/cue", exhibit=ids["JM/1"], clip=clip)
    assert (await call.post("/room/show", play=True))["playing"]
    assert [(4.0, 6.0), (1.0, 2.5), (8.0, 10.0)] in asked


async def test_the_record_has_its_ranges_and_each_that_was_shown(
    place: House, call: Caller, ids: dict[str, str], clip: str, eventually: Eventually
) -> None:
    first = ids["JM/1"]
    await call.post("/room/cue", exhibit=first, clip=clip)
    await call.post("/room/show", play=True)
    (cued,), (up,) = await of(call, "cued"), await of(call, "put-up")
    assert cued["clip"] == up["clip"] == "What was agreed"
    ranges = [(one["from"], one["to"], one.get("silent", 0)) for one in cued["ranges"]]
    assert ranges == [(4_000_000, 6_000_000, 0), (1_000_000, 2_500_000, 1), (8_000_000, 10_000_000, 0)]
    assert cued["ranges"] == up["ranges"]

    def playing(media: float) -> dict[str, object]:
        return {"blank": False, "playing": True, "exhibit": first, "media_time": media, "frame": round(media * 30)}

    for media in (5.7, 5.8, 1.1, 1.2):
        show(place, "jury", **playing(media))
    show(place, "jury", blank=True)
    place.wall.known["jury"] = msgspec.structs.replace(place.wall.known["jury"], report=ScreenReport(blank=True))
    found = await of(call, "shown")
    assert [(one["how"], one["from"], one["to"]) for one in found] == [("played", 171, 179), ("played", 30, 36)]
    assert [(one["media_from"], one["media_to"]) for one in found] == [(5_700_000, 6_000_000), (1_000_000, 1_200_000)]
