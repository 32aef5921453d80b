"""What the desk has sent ahead: the exhibits in running order, and nothing that is restricted."""

from __future__ import annotations

from courtcast.problems import Refused
from tests.control.conftest import Caller, Eventually
from tests.stand_ins.house import House

LACKING = 30_000_000


def wanted(place: House) -> list[str]:
    return [wanted.exhibit for wanted in place.wall.day.message.wanted]


async def test_the_day_is_the_running_order(place: House, call: Caller, ids: dict[str, str]) -> None:
    assert wanted(place) == [ids["JM/1"], ids["JM/2"], ids["JM/3"]]
    assert place.wall.day.manifests == tuple(place.shelf.manifests[id_] for id_ in wanted(place))
    assert place.wall.go_ahead
    await call.send("PATCH", f"/exhibits/{ids['JM/3']}", json={"position": 0})
    assert wanted(place) == [ids["JM/3"], ids["JM/1"], ids["JM/2"]]
    await call.send("DELETE", f"/exhibits/{ids['JM/1']}")
    assert wanted(place) == [ids["JM/3"], ids["JM/2"]]


async def test_what_is_not_prepared_yet_is_named_all_the_same(
    place: House, call: Caller, ids: dict[str, str], eventually: Eventually
) -> None:
    """A presenter that was just started does not know every manifest yet; its screens hold them already."""
    added = await call.post("/exhibits", url="https://example.org/a.mp4", ref="JM/9")
    assert place.wall.day.message.wanted[-1].exhibit == added["id"]
    assert place.wall.day.message.wanted[-1].rendition is None
    place.shelf.put("JM/8")
    place.desk.exhibit_changed("JM/8")
    await eventually(lambda: place.wall.day.message.wanted[-1].rendition is not None)


async def test_what_is_restricted_is_not_of_the_day_from_the_answer_on(
    place: House, call: Caller, ids: dict[str, str]
) -> None:
    await call.send("PATCH", f"/exhibits/{ids['JM/2']}", json={"restricted": True})
    assert wanted(place) == [ids["JM/1"], ids["JM/3"]]
    await call.post("/room/cue", exhibit=ids["JM/2"])
    await call.post("/room/show", zones=["jury", "judge"])
    assert all(stage.shown is not None for stage in place.wall.told.values())
    await call.post("/room/blank", zones=["jury"])
    assert place.wall.told["jury"].shown is None, "it leaves with the blank"
    assert place.wall.told["judge"].shown is not None
    await call.send("PATCH", f"/exhibits/{ids['JM/2']}", json={"restricted": False})
    assert wanted(place) == [ids["JM/1"], ids["JM/2"], ids["JM/3"]]


async def test_the_line_is_not_spent_while_what_is_shown_is_in_doubt(
    place: House, call: Caller, ids: dict[str, str], eventually: Eventually
) -> None:
    place.wall.missing = LACKING
    await call.post("/room/cue", exhibit=ids["JM/1"])
    await call.post("/room/show")
    await eventually(lambda: not place.wall.go_ahead)
    place.wall.missing = 0
    await eventually(lambda: place.wall.go_ahead)
    place.wall.missing = LACKING
    await eventually(lambda: not place.wall.go_ahead)
    await call.post("/room/blank")
    await eventually(lambda: place.wall.go_ahead)


async def test_what_turned_out_to_be_another_file_goes_off_the_disks(
    place: House, ids: dict[str, str], eventually: Eventually
) -> None:
    place.shelf.fail(ids["JM/1"], Refused("hash-mismatch").type)
    place.desk.exhibit_changed(ids["JM/1"])
    await eventually(lambda: wanted(place) == [ids["JM/2"], ids["JM/3"]])
