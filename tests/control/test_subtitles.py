"""Subtitles are added, chosen by somebody, and then named in the stage of every screen that shows the exhibit."""

from __future__ import annotations

from tests.control.conftest import Caller
from tests.stand_ins.house import House

SRT = "1\n00:00:01,000 --> 00:00:02,000\nOpen the door\n".encode("utf-16")


async def test_from_a_file_to_the_stage(place: House, call: Caller, ids: dict[str, str]) -> None:
    path = f"/exhibits/{ids['JM/1']}"

    def named() -> list[tuple[str | None, str | None]]:
        stages = place.wall.told.values()
        return [(s.cue and s.cue.subtitles, s.shown and s.shown.subtitles) for s in stages]

    added = await call.send("POST", f"{path}/subtitles?title=By+hand&language=en", data=SRT)
    assert added.status == 201
    (one,) = (await added.json())["subtitles"]
    assert (one["title"], one["language"], one["cues"], one["added"], one["chosen"]) == (
        "By hand",
        "en",
        1,
        True,
        False,
    )
    await call.post("/room/cue", exhibit=ids["JM/1"])
    assert named() == [(None, None)] * 2, "nobody has chosen them"
    await call.send("PATCH", path, json={"subtitles": one["id"]})
    assert named() == [(one["id"], None)] * 2
    shown = await call.post("/room/show")
    assert named() == [(None, one["id"])] * 2
    await call.send("PATCH", path, json={"title": "Another"})
    assert named() == [(None, one["id"])] * 2, "what is not named stays"
    await call.send("PATCH", path, json={"subtitles": None})
    assert named() == [(None, None)] * 2, "at once, also on the screens"
    assert (await call.get("/room"))["revision"] == shown["revision"]
    gone = await call.send("DELETE", f"{path}/subtitles/{one['id']}")
    assert (await gone.json())["subtitles"] == []


async def test_refusals(call: Caller, ids: dict[str, str]) -> None:
    path = f"/exhibits/{ids['JM/1']}"
    await call.refused("POST", f"{path}/subtitles", 422, "subtitles-unreadable", data=b"\0\1\2")
    await call.refused("POST", f"{path}/subtitles", 413, "subtitles-too-large", data=b"x" * (3 << 20))
    await call.refused("POST", f"{path}/subtitles", 403, "not-allowed", data=SRT, role="viewer")
    await call.refused("PATCH", path, 422, "subtitles-unknown", json={"subtitles": "0" * 16})
    await call.refused("DELETE", f"{path}/subtitles/{'0' * 16}", 422, "subtitles-unknown")
    await call.refused("POST", "/exhibits/nobody/subtitles", 404, "exhibit-unknown", data=SRT)
