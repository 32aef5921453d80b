"""The API's calls about exhibits and screens."""

from __future__ import annotations

import struct
import time
import zlib
from fractions import Fraction
from urllib.parse import unquote

import msgspec
import pytest

from courtcast.prepare.labels import texts_of
from courtcast.wire.api import Exhibit
from tests.control.conftest import Caller, Eventually
from tests.stand_ins.house import CODE, House, grow, manifest


def frame_of(png: bytes) -> int:
    """The stand-in's still: its one pixel is the frame's number."""
    size = struct.unpack(">I", png[33:37])[0]
    return int.from_bytes(zlib.decompress(png[41 : 41 + size])[1:], "big")


class TestExhibits:
    async def test_from_link_to_gone(self, place: House, call: Caller) -> None:
        response = await call.send("POST", "/exhibits", json={"url": "https://example.org/a.mp4", "ref": "JM/9"})
        assert response.status == 201
        added = msgspec.convert(await response.json(), Exhibit)
        assert (added.ref, added.safe, added.safe_at) == ("JM/9", False, None)
        assert (await call.get(f"/exhibits/{added.id}"))["id"] == added.id
        changed = await call.send("PATCH", f"/exhibits/{added.id}", json={"title": "Doorbell", "position": 0})
        assert (await changed.json())["title"] == "Doorbell"
        assert next(iter(await call.get("/exhibits")))["id"] == added.id
        assert not (await changed.json())["restricted"]
        changed = await call.send("PATCH", f"/exhibits/{added.id}", json={"restricted": True})
        assert (await changed.json())["restricted"]
        await call.send("PATCH", f"/exhibits/{added.id}", json={"title": "Doorbell"})
        assert (await call.get(f"/exhibits/{added.id}"))["restricted"], "what is not named stays"
        await call.refused("PATCH", f"/exhibits/{added.id}", 400, "malformed", json={"restricted": "yes"})
        from_the_first = await call.post("/exhibits", url="https://example.org/c.mp4", restricted=True)
        assert from_the_first["restricted"]
        fresh = await call.post(f"/exhibits/{added.id}/link", url="https://example.org/b.mp4")
        assert fresh["url"] == "https://example.org/b.mp4"
        gone = await call.send("DELETE", f"/exhibits/{added.id}")
        assert (gone.status, await gone.read()) == (204, b"")
        await call.refused("GET", f"/exhibits/{added.id}", 404, "exhibit-unknown")

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "type_"),
        [
            ("GET", "/exhibits/nobody", None, 404, "exhibit-unknown"),
            ("PATCH", "/exhibits/nobody", {}, 404, "exhibit-unknown"),
            ("DELETE", "/exhibits/nobody", None, 404, "exhibit-unknown"),
            ("POST", "/exhibits/nobody/link", {"url": "https://a.b/"}, 404, "exhibit-unknown"),
            ("POST", "/exhibits/nobody/files", {"take": ["a"]}, 404, "exhibit-unknown"),
            ("POST", "/exhibits/nobody/files", {}, 400, "malformed"),
            ("GET", "/exhibits/nobody/still", None, 404, "exhibit-unknown"),
            ("POST", "/exhibits", {"url": "file:///etc/passwd"}, 422, "link-malformed"),
            ("POST", "/exhibits", {}, 400, "malformed"),
            ("POST", "/exhibits", {"url": 1}, 400, "malformed"),
            ("PUT", "/exhibits", {}, 405, "method-not-allowed"),
        ],
    )
    async def test_refusals(self, call: Caller, method: str, path: str, body: object, status: int, type_: str) -> None:
        await call.refused(method, path, status, type_, json=body)

    async def test_one_that_is_shown_stays(self, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show")
        document = await call.refused("DELETE", f"/exhibits/{ids['JM/1']}", 409, "exhibit-shown")
        assert "JM/1" in document["detail"]
        await call.post("/room/blank")
        assert (await call.send("DELETE", f"/exhibits/{ids['JM/1']}")).status == 204

    async def test_one_that_is_cued_leaves_the_cue(self, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/room/cue", exhibit=ids["JM/1"])
        assert (await call.send("DELETE", f"/exhibits/{ids['JM/1']}")).status == 204
        assert (await call.get("/room"))["cued"] is None

    async def test_one_that_failed_is_not_cued(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        place.shelf.fail(ids["JM/1"], "file-damaged")
        document = await call.refused("POST", "/room/cue", 409, "exhibit-failed", json={"exhibit": ids["JM/1"]})
        assert "Ask for a new copy" in document["detail"]

    async def test_one_that_has_nothing_to_show_yet(self, call: Caller) -> None:
        added = await call.post("/exhibits", url="https://example.org/a.mp4", ref="JM/9")
        document = await call.refused("POST", "/room/cue", 409, "not-showable", json={"exhibit": added["id"]})
        assert "JM/9" in document["detail"]

    async def test_one_that_is_still_coming(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        """Its end is not known when it goes up; when it is, the screens hear of it without a command."""
        await call.refused("POST", "/room/cue", 409, "still-not-yet", json={"exhibit": ids["JM/3"], "at": 9})
        await call.post("/room/cue", exhibit=ids["JM/3"], at=3)
        before = await call.post("/room/show")
        assert place.wall.told["jury"].shown is not None
        assert place.wall.told["jury"].shown.end is None
        grow(place.shelf.manifests[ids["JM/3"]], 8)
        place.shelf.manifests[ids["JM/3"]].finish(Fraction(8))
        place.desk.exhibit_changed(ids["JM/3"])
        assert place.wall.told["jury"].shown is not None
        assert place.wall.told["jury"].shown.end == 8.0
        assert (await call.get("/room"))["revision"] == before["revision"]
        assert (await call.post("/room/seek", to=7.5))["position_frame"] == 225

    async def test_a_file_that_is_not_the_one_named_leaves_the_screens(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        await call.post("/room/cue", exhibit=ids["JM/3"])
        await call.post("/room/show")
        place.shelf.fail(ids["JM/3"], "hash-mismatch")
        place.desk.exhibit_changed(ids["JM/3"])
        await eventually(lambda: place.desk.state().blank)
        assert place.wall.told["jury"].blank
        assert place.desk.state().by == "courtcast"

    async def test_the_room_waits_before_a_gap_and_asks_for_what_is_in_it(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        """What somebody sought is made first: a minute is foreseen, and 4 … 30 s are not there yet."""
        id_, whole = ids["JM/3"], manifest(ids["JM/3"], 60).rows(0)
        made = place.shelf.manifests[id_]
        made.foresee([msgspec.structs.replace(row, sha256="", bytes=0) for row in whole[8:]], Fraction(60))
        made.add(whole[60:])
        await call.post("/room/cue", exhibit=id_, at=3.2)
        await call.post("/room/show", play=True, anyway=True)
        await eventually(lambda: place.desk.state().waiting)
        waiting = await call.get("/room")
        assert 3.5 <= waiting["position"] <= 4.0
        assert place.shelf.wanted[id_] == (waiting["position"],)
        assert (await call.post("/room/cue", exhibit=id_, at=20))["cued"]["frame"] == 600
        assert place.shelf.wanted[id_] == (waiting["position"], 20.0), "what is seen comes first"
        made.add(whole[8:10])
        place.desk.exhibit_changed(id_)
        assert place.desk.state().waiting
        made.add(whole[10:16])
        place.desk.exhibit_changed(id_)
        going = await call.get("/room")
        assert (going["waiting"], going["anchor"]["media"]) == (False, waiting["position"])
        assert (await call.post("/room/seek", to=40))["waiting"] is False, "behind the gap it plays on"
        assert (await call.post("/room/seek", to=20))["playing"]
        await eventually(lambda: place.desk.state().waiting)
        assert (await call.get("/room"))["position"] == 20.0, "in it, it waits at once"

    async def test_the_room_waits_where_it_has_not_come_yet(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        """Nothing may be left out: it goes on from the very picture at which it had to wait."""
        await call.post("/room/cue", exhibit=ids["JM/3"], at=3.2)
        await call.post("/room/show", play=True, anyway=True)
        await eventually(lambda: place.desk.state().waiting)
        waiting = await call.get("/room")
        assert (waiting["playing"], waiting["anchor"]["rate"]) == (True, 0.0)
        assert 3.5 <= waiting["position"] <= 4.0
        told = place.wall.told["jury"].shown
        assert told is not None
        assert told.anchor.rate == 0.0
        grow(place.shelf.manifests[ids["JM/3"]], 5)
        place.desk.exhibit_changed(ids["JM/3"])
        assert place.desk.state().waiting
        grow(place.shelf.manifests[ids["JM/3"]], 9)
        place.desk.exhibit_changed(ids["JM/3"])
        going = await call.get("/room")
        assert (going["waiting"], going["anchor"]["rate"], going["revision"]) == (False, 1.0, waiting["revision"])
        assert going["anchor"]["media"] == waiting["position"]


class TestStill:
    async def still(self, call: Caller, exhibit: str, query: str) -> int:
        response = await call.send("GET", f"/exhibits/{exhibit}/still{query}")
        assert (response.status, response.content_type) == (200, "image/png"), await response.text()
        return frame_of(await response.read())

    @pytest.mark.parametrize(
        ("query", "frame"),
        [
            ("", 0), ("?t=0", 0), ("?t=1.2", 36), ("?t=0.333333", 10), ("?t=9.99", 299), ("?t=10", 299),
            ("?frame=7", 7), ("?frame=299&width=320", 299),
        ],
    )  # fmt: skip
    async def test_is_the_frame_that_a_screen_shows(
        self, call: Caller, ids: dict[str, str], query: str, frame: int
    ) -> None:
        assert await self.still(call, ids["JM/1"], query) == frame
        if query.startswith("?t="):
            await call.post("/room/cue", exhibit=ids["JM/1"], at=float(query[3:]))
            assert (await call.post("/room/show"))["position_frame"] == frame

    async def test_says_what_it_is_by_the_name_that_it_has_now(
        self, place: House, call: Caller, ids: dict[str, str]
    ) -> None:
        of = ids["JM/1"]
        place.shelf.kept[of] = msgspec.structs.replace(place.shelf.kept[of], sha256="cd" * 32)
        await call.send("GET", f"/exhibits/{of}/still?frame=37")
        await call.send("PATCH", f"/exhibits/{of}", json={"ref": "JM/7", "title": "Straße\u202e, front"})
        response = await call.send("GET", f"/exhibits/{of}/still?frame=37&width=320")
        told = texts_of(await response.read())
        assert (told["Exhibit reference"], told["Frame number"]) == ("JM/7", "37")
        assert (told["Media time"], told["Source SHA-256"]) == ("1.233333 s", "cd" * 32)
        headers = response.headers
        assert (headers["Exhibit-Reference"], headers["Frame-Number"]) == ("JM/7", "37")
        assert unquote(headers["Exhibit-Title"]).startswith("Straße")
        assert (headers["Media-Time"], headers["Source-SHA-256"]) == ("1.233333", "cd" * 32)
        assert headers["Content-Disposition"] == 'inline; filename="JM-7-0h00m01s233-frame37.png"'

    @pytest.mark.parametrize(
        ("ref", "query", "status", "type_"),
        [
            ("JM/1", "?t=10.1", 422, "outside-exhibit"),
            ("JM/1", "?t=-1", 422, "outside-exhibit"),
            ("JM/1", "?t=soon", 400, "malformed"),
            ("JM/1", "?t=nan", 400, "malformed"),
            ("JM/1", "?t=inf", 400, "malformed"),
            ("JM/1", "?frame=300", 422, "frame-unknown"),
            ("JM/1", "?frame=-1", 422, "frame-unknown"),
            ("JM/1", "?frame=1.5", 400, "malformed"),
            ("JM/1", "?t=1&frame=30", 400, "malformed"),
            ("JM/1", "?width=1", 422, "outside-range"),
            ("JM/1", "?width=100000", 422, "outside-range"),
            ("JM/3", "?t=9", 409, "still-not-yet"),
            ("JM/3", "?frame=900", 409, "still-not-yet"),
        ],
    )
    async def test_refusals(
        self, call: Caller, ids: dict[str, str], ref: str, query: str, status: int, type_: str
    ) -> None:
        await call.refused("GET", f"/exhibits/{ids[ref]}/still{query}", status, type_)


class TestReadiness:
    async def test_held_everywhere_is_safe(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        await eventually(lambda: place.desk.exhibit(ids["JM/1"]).safe)
        assert not place.desk.exhibit(ids["JM/3"]).safe or place.shelf.speed

    async def test_when_it_will_be(
        self, place: House, call: Caller, ids: dict[str, str], eventually: Eventually
    ) -> None:
        """30 MB at 1 MB/s, needed at once, take 30 s, and some more since lines are not trusted wholly."""
        place.wall.missing = 30_000_000
        place.desk.exhibit_changed(ids["JM/1"])
        await eventually(lambda: place.desk.exhibit(ids["JM/1"]).safe_at is not None)
        exhibit = await call.get(f"/exhibits/{ids['JM/1']}")
        assert not exhibit["safe"]
        assert 30 < exhibit["safe_at"] - time.time() < 45

    async def test_nobody_to_play_to(self, place: House, ids: dict[str, str], eventually: Eventually) -> None:
        await eventually(lambda: place.desk.exhibit(ids["JM/1"]).safe)
        for screen in list(place.wall.known):
            place.wall.known[screen] = msgspec.structs.replace(place.wall.known[screen], online=False)
        place.desk.exhibit_changed(ids["JM/1"])
        await eventually(lambda: not place.desk.exhibit(ids["JM/1"]).safe)


class TestScreens:
    async def test_from_address_to_gone(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        response = await call.send("POST", "/screens", json={"address": "127.0.0.1:8470"})
        assert response.status == 201
        id_ = (await response.json())["id"]
        assert id_ not in place.wall.told
        await call.refused("POST", f"/screens/{id_}/pair", 403, "pairing-wrong-code", json={"code": "0"})
        assert (await call.post(f"/screens/{id_}/pair", code=CODE))["paired"]
        assert place.wall.told[id_].blank
        changed = await call.send("PATCH", f"/screens/{id_}", json={"name": "Left", "zone": "jury"})
        assert ((await changed.json())["name"], (await changed.json())["zone"]) == ("Left", "jury")
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show", zones=["jury"])
        assert not place.wall.told[id_].blank
        await call.send("PATCH", f"/screens/{id_}", json={"zone": "public"})
        assert place.wall.told[id_].blank
        assert (await call.send("DELETE", f"/screens/{id_}")).status == 204
        assert id_ not in place.wall.told

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "type_"),
        [
            ("POST", "/screens/nobody/pair", {"code": "1"}, 404, "screen-unknown"),
            ("PATCH", "/screens/nobody", {}, 404, "screen-unknown"),
            ("DELETE", "/screens/nobody", None, 404, "screen-unknown"),
            ("GET", "/screens/nobody/picture", None, 404, "screen-unknown"),
            ("POST", "/screens", {"address": "nowhere"}, 422, "address-malformed"),
            ("POST", "/screens", {"adress": "x"}, 400, "malformed"),
            ("POST", "/screens/jury/pair", {}, 400, "malformed"),
        ],
    )
    async def test_refusals(self, call: Caller, method: str, path: str, body: object, status: int, type_: str) -> None:
        await call.refused(method, path, status, type_, json=body)

    async def test_the_rooms_sound(self, place: House, call: Caller) -> None:
        def sounds() -> list[str]:
            return [id_ for id_, stage in place.wall.told.items() if stage.sound]

        assert sounds() == ["jury"]
        assert (await (await call.send("PATCH", "/screens/judge", json={"sound": True})).json())["sound"]
        assert sounds() == ["judge"]
        await call.send("PATCH", "/screens/jury", json={"sound": False})
        assert sounds() == ["judge"]
        await call.send("PATCH", "/screens/judge", json={"sound": False})
        assert sounds() == []
        assert (await call.get("/room"))["sound_screen"] is None

    async def test_the_sound_goes_on_when_its_screen_is_removed(self, place: House, call: Caller) -> None:
        await call.send("DELETE", "/screens/jury")
        assert place.wall.told["judge"].sound

    async def test_one_that_comes_later(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        answer = await (await call.send("PATCH", "/screens/judge", json={"delay_ms": 120, "name": "Bench"})).json()
        assert (answer["delay_ms"], answer["name"]) == (120, "Bench")
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show", play=True)
        clocks = {id_: stage.shown.anchor.clock for id_, stage in place.wall.told.items() if stage.shown}
        assert clocks["judge"] - clocks["jury"] == pytest.approx(0.12)
        assert {screen["id"]: screen["delay_ms"] for screen in await call.get("/screens")} == {"jury": 0, "judge": 120}
        await call.refused("PATCH", "/screens/judge", 422, "outside-range", json={"delay_ms": 501, "name": "Nobody's"})
        await call.refused("PATCH", "/screens/judge", 400, "malformed", json={"delay_ms": 0.5})
        screens = {screen["id"]: screen for screen in await call.get("/screens")}
        assert (screens["judge"]["delay_ms"], screens["judge"]["name"]) == (120, "Bench")
        await call.send("DELETE", "/screens/judge")
        assert place.desk.state().revision == (await call.get("/room"))["revision"]
        assert not place.desk.screen("jury").delay_ms

    async def test_volume_of_one(self, place: House, call: Caller, ids: dict[str, str]) -> None:
        await call.post("/room/cue", exhibit=ids["JM/1"])
        await call.post("/room/show")
        await call.post("/room/volume", level=0.5, screen="judge")
        assert {id_: stage.volume for id_, stage in place.wall.told.items()} == {"jury": 1.0, "judge": 0.5}
        assert {screen["id"]: screen["volume"] for screen in await call.get("/screens")} == {"jury": 1.0, "judge": 0.5}

    async def test_only_the_clerk_changes_them(self, call: Caller) -> None:
        await call.refused("POST", "/screens", 403, "not-allowed", role="advocate", json={"address": "a:1"})
        await call.refused("DELETE", "/screens/jury", 403, "not-allowed", role="viewer")
