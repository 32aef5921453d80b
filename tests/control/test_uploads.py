"""`/uploads` as tus 1.0 has it, against the real application, intake and cage."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from courtcast.control import uploads as control
from courtcast.core.account import told as told_of
from courtcast.evidence import reception as reception_module
from courtcast.evidence import upload as upload_module
from courtcast.evidence import uploads as uploads_module
from courtcast.evidence.upload import EXPIRES
from courtcast.wire.api import Exhibit
from tests.control.conftest import problem
from tests.prepare.watch import grainy
from tests.small_disk import small_disk
from tests.stand_ins.sending import PIECE, TUS, UPLOADS, Sender, Sending, checksum, metadata, sending

pytestmark = pytest.mark.timeout(60)
SRT = b"1\n00:00:01,000 --> 00:00:02,000\nStop there.\n"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return grainy(tmp_path_factory.mktemp("clip") / "clip.mp4", 90)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Sending]:
    async with sending(tmp_path) as running:
        yield running


@pytest.fixture
async def sender(place: Sending) -> AsyncIterator[Sender]:
    async with place.client() as http:
        yield Sender(http)


async def until(place: Sending, id_: str, so: Callable[[Exhibit], Any]) -> Exhibit:
    async with asyncio.timeout(20):
        while not so(exhibit := place.intake.get(id_)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return exhibit


async def test_a_file_in_two_pieces_becomes_an_exhibit(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip), filename="Überwachung 三.mp4", ref="JM/1", title="The car park")
    id_ = await sender.exhibit(where)
    begun = place.intake.get(id_)
    assert (begun.ref, begun.title, begun.bytes_total, begun.url) == ("JM/1", "The car park", len(clip), None)
    assert begun.upload == where.rpartition("/")[2]
    half = len(clip) // 2
    first = await sender.send(where, 0, clip[:half])
    assert (first.status, first.headers["Upload-Offset"]) == (204, str(half))
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert "GMT" in first.headers["Upload-Expires"]
    assert place.intake.get(id_).state == "fetching"
    assert await sender.offset(where) == half
    last = await sender.send(where, half, clip[half:])
    assert (last.status, last.headers["Upload-Offset"]) == (204, str(len(clip)))
    ready = await until(place, id_, lambda exhibit: exhibit.state == "ready")
    assert (ready.frames, ready.sha256, ready.upload) == (90, hashlib.sha256(clip).hexdigest(), None)
    assert await sender.offset(where) == len(clip)
    inspection = await place.intake.inspection(id_)
    assert (inspection.name, inspection.url) == ("Überwachung 三.mp4", "")


async def test_it_can_be_seen_while_it_still_comes(
    place: Sending, sender: Sender, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from dataclasses import replace

    from tests.prepare.media import Recipe, make

    recipe = replace(Recipe(frames=240, noise=True), container={"movflags": "faststart"})
    data = make(tmp_path_factory.mktemp("linear") / "it.mp4", recipe).read_bytes()
    where = await sender.new(len(data))
    assert (await sender.send(where, 0, data[: len(data) * 3 // 4])).status == 204
    early = await until(place, await sender.exhibit(where), lambda exhibit: exhibit.showable)
    assert early.state == "fetching"


@pytest.mark.parametrize("path", ["", "/x"])
async def test_what_is_understood(sender: Sender, path: str) -> None:
    if path:
        response = await sender.http.head(UPLOADS + path, headers=TUS)
        assert response.status == 404
        return
    response = await sender.http.options(UPLOADS)
    assert response.status == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert set(response.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "expiration", "termination"
    }  # fmt: skip
    assert response.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"
    assert int(response.headers["Tus-Max-Size"]) > 10**12


async def test_with_its_first_bytes(place: Sending, sender: Sender, clip: bytes) -> None:
    response = await sender.begin(len(clip), data=clip[:1000])
    assert (response.status, response.headers["Upload-Offset"]) == (201, "1000")
    damaged = await sender.http.post(
        UPLOADS, data=b"abc", headers={**PIECE, "Upload-Length": "9", **checksum(b"xyz"), "Upload-Metadata": ""}
    )
    assert (damaged.status, damaged.headers["Upload-Offset"]) == (201, "0")
    whole = await sender.begin(len(clip), data=clip)
    await until(place, whole.headers["Exhibit"], lambda exhibit: exhibit.state == "ready")


async def test_a_wrong_offset_says_where_to_go_on(sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip))
    await sender.send(where, 0, clip[:500])
    for offset in (0, 400, 600, len(clip)):
        refused = await sender.send(where, offset, b"" if offset == len(clip) else b"abc")
        await problem(refused, 409, "upload-offset")
        assert refused.headers["Upload-Offset"] == "500"
        assert refused.headers["Tus-Resumable"] == "1.0.0"
    assert await sender.offset(where) == 500


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_damaged_piece_counts_for_nothing(sender: Sender, clip: bytes, algorithm: str) -> None:
    where = await sender.new(len(clip))
    await problem(await sender.send(where, 0, clip[:999], checksum(clip[:1000], algorithm)), 460, "upload-checksum")
    assert await sender.offset(where) == 0
    assert (await sender.send(where, 0, clip[:1000], checksum(clip[:1000], algorithm))).status == 204
    assert await sender.offset(where) == 1000
    for header in ("md5 abc", "sha1 ?", "sha256", "", "sha512 aaaa"):
        refused = await sender.send(where, 1000, b"abc", {"Upload-Checksum": header})
        assert refused.status in (400, 460)
    assert await sender.offset(where) == 1000


async def test_a_piece_with_a_checksum_may_be_larger_than_memory_for_it(
    place: Sending, sender: Sender, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "STAGED", 1000)
    where = await sender.new(len(clip))
    assert (await sender.send(where, 0, clip, checksum(clip))).status == 204
    ready = await until(place, await sender.exhibit(where), lambda exhibit: exhibit.state == "ready")
    assert ready.sha256 == hashlib.sha256(clip).hexdigest()
    assert not list((place.data / "evidence" / "uploads").glob("tmp*"))


async def test_too_large(sender: Sender, clip: bytes) -> None:
    await problem(await sender.begin(1 << 41), 413, "upload-too-large")
    await problem(await sender.begin(1 << 39), 507, "disk-too-small")
    where = await sender.new(1000)
    await problem(await sender.send(where, 0, clip[:1001]), 413, "upload-too-large")

    async def drip() -> AsyncIterator[bytes]:
        yield clip[:900]
        yield clip[900:1800]

    await problem(await sender.send(where, 0, drip()), 413, "upload-too-large")
    assert await sender.offset(where) == 1000


@pytest.mark.parametrize(
    ("headers", "status", "type_"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "upload-version"),
        ({"Upload-Length": "-1"}, 400, "malformed"),
        ({"Upload-Length": "many"}, 400, "malformed"),
        ({"Upload-Length": "0"}, 422, "upload-empty"),
        ({"Upload-Defer-Length": "1"}, 400, "malformed"),
        ({"Upload-Metadata": "filename ###"}, 400, "malformed"),
        ({"Upload-Metadata": "filename YQ==,filename YQ=="}, 400, "malformed"),
        ({"Upload-Metadata": metadata(set="a b")}, 400, "malformed"),
        ({"Upload-Metadata": metadata(ref="r" * 300)}, 400, "malformed"),
        ({"Upload-Metadata": metadata(companion="yes", set="x")}, 422, "upload-alone"),
        ({"Upload-Metadata": metadata(exhibit="nothing")}, 404, "exhibit-unknown"),
    ],
)
async def test_what_is_no_upload_is_refused_at_once(
    place: Sending, sender: Sender, headers: dict[str, str], status: int, type_: str
) -> None:
    response = await sender.http.post(UPLOADS, headers={**TUS, "Upload-Length": "9", **headers})
    await problem(response, status, type_)
    assert place.intake.exhibits() == []
    assert place.intake.uploads.all() == []
    if status == 412:
        assert response.headers["Tus-Version"] == "1.0.0"


async def test_pieces_that_are_none(sender: Sender) -> None:
    where = await sender.new(10)
    await problem(
        await sender.http.patch(where, data=b"abc", headers={**TUS, "Upload-Offset": "0"}), 415, "upload-kind"
    )
    await problem(await sender.http.patch(where, data=b"abc", headers=PIECE), 400, "malformed")
    await problem(await sender.http.post(where, data=b"abc", headers=PIECE), 405, "method-not-allowed")
    sent = await sender.http.post(
        where, data=b"abc", headers={**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    )
    assert (sent.status, sent.headers["Upload-Offset"]) == (204, "3")


async def test_who_may(place: Sending, sender: Sender) -> None:
    async with aiohttp.ClientSession(place.url) as nobody, place.client("viewer") as viewer:
        for http, status, type_ in ((nobody, 401, "not-signed-in"), (viewer, 403, "not-allowed")):
            await problem(await Sender(http).begin(9), status, type_)
        where = await sender.new(9)
        for http, status in ((nobody, 401), (viewer, 403)):
            assert (await Sender(http).send(where, 0, b"abc")).status == status
            assert (await http.delete(where, headers=TUS)).status == status
            assert (await http.get(UPLOADS)).status == status
    secret = await place.auth.sign_in(place.auth.new_key())
    assert secret is not None
    port = place.url.rpartition(":")[2]
    async with aiohttp.ClientSession(
        place.url, cookies={f"courtcast-{port}": secret[0]}, cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as page:
        other = await page.post(UPLOADS, headers={**TUS, "Upload-Length": "9", "Origin": "http://elsewhere.example"})
        await problem(other, 403, "other-origin")
        assert (await page.post(UPLOADS, headers={**TUS, "Upload-Length": "9", "Origin": place.url})).status == 201


async def test_given_up(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip))
    id_ = await sender.exhibit(where)
    await sender.send(where, 0, clip[:1000])
    assert (await sender.http.delete(where, headers=TUS)).status == 204
    assert place.intake.exhibits() == []
    assert (await sender.http.head(where, headers=TUS)).status == 404
    await problem(await sender.send(where, 1000, clip[1000:]), 404, "upload-unknown")
    async with asyncio.timeout(5):
        while (place.data / "evidence" / id_).exists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not list((place.data / "evidence" / "uploads").iterdir())
    whole = await sender.begin(len(clip), data=clip)
    await problem(await sender.http.delete(whole.headers["Location"], headers=TUS), 409, "upload-complete")


async def test_given_up_in_the_place_of_a_link(place: Sending, sender: Sender, clip: bytes) -> None:
    """The exhibit was there before: with its place in the order, its reference, and all that was said of it."""
    added = {"url": "http://127.0.0.1:9/x.mp4", "ref": "JM/4"}
    dead = await (await sender.http.post("/api/v1/exhibits", json=added)).json()
    await until(place, dead["id"], lambda exhibit: exhibit.state == "failed")
    where = await sender.new(len(clip), exhibit=dead["id"])
    await sender.send(where, 0, clip[:1000])
    assert (await sender.http.delete(where, headers=TUS)).status == 204
    stays = await until(place, dead["id"], lambda exhibit: exhibit.state == "failed")
    assert (stays.ref, stays.problem and stays.problem.type) == ("JM/4", "upload-cancelled")
    again = await sender.new(len(clip), exhibit=dead["id"])
    assert (await sender.send(again, 0, clip)).status == 204
    await until(place, dead["id"], lambda exhibit: exhibit.state == "ready")


async def test_an_exhibit_that_is_removed_takes_its_upload_with_it(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip))
    await sender.send(where, 0, clip[:1000])
    await place.intake.delete(await sender.exhibit(where))
    assert (await sender.http.head(where, headers=TUS)).status == 404
    assert await (await sender.http.get(UPLOADS)).json() == []


async def test_what_nobody_sends_on_expires(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip), filename="cctv.mp4")
    id_ = await sender.exhibit(where)
    await sender.send(where, 0, clip[:1000])
    await place.intake.uploads.expire(time.time() + EXPIRES - 60)
    assert await sender.offset(where) == 1000
    await place.intake.uploads.expire(time.time() + EXPIRES + 60)
    assert (await sender.http.head(where, headers=TUS)).status == 410
    await problem(await sender.send(where, 1000, clip[1000:]), 410, "upload-expired")
    failed = await until(place, id_, lambda exhibit: exhibit.state == "failed")
    assert failed.problem is not None
    assert (failed.problem.type, failed.title) == ("upload-expired", "cctv.mp4")
    async with asyncio.timeout(5):
        while list((place.data / "evidence" / id_).glob("*.spool")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_one_of_two_senders_wins(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip))
    going = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield clip[:300_000]
        await going.wait()
        yield clip[300_000:]

    first = asyncio.create_task(sender.send(where, 0, slow()))
    async with asyncio.timeout(5):
        while await sender.offset(where) == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await problem(await sender.send(where, await sender.offset(where), clip[300_000:]), 423, "upload-busy")
    going.set()
    assert (await first).status == 204
    ready = await until(place, await sender.exhibit(where), lambda exhibit: exhibit.state == "ready")
    assert ready.sha256 == hashlib.sha256(clip).hexdigest()


async def test_a_sender_that_went_quiet_is_taken_over(
    place: Sending, sender: Sender, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "QUIET_SECONDS", 0.2)
    where = await sender.new(len(clip))
    going = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield clip[:300_000]
        await going.wait()
        yield b"\0" * 1000

    first = asyncio.create_task(sender.send(where, 0, slow()))
    waits = await until(place, await sender.exhibit(where), lambda exhibit: exhibit.problem is not None)
    assert waits.problem is not None
    assert (waits.state, waits.problem.type) == ("fetching", "upload-waits")
    here = await sender.offset(where)
    assert (await sender.send(where, here, clip[here:])).status == 204
    going.set()
    assert (await first).status == 423
    ready = await until(place, await sender.exhibit(where), lambda exhibit: exhibit.state == "ready")
    assert ready.sha256 == hashlib.sha256(clip).hexdigest()


async def test_a_body_that_stops_is_kept_so_far(
    place: Sending, sender: Sender, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "IDLE_SECONDS", 0.2)
    where = await sender.new(len(clip))

    async def stuck() -> AsyncIterator[bytes]:
        yield clip[:5000]
        await asyncio.sleep(1)

    await problem(await sender.send(where, 0, stuck()), 408, "too-slow")
    assert await sender.offset(where) == 5000
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await sender.send(where, 5000, stuck())
    async with asyncio.timeout(5):
        while await sender.offset(where) < 10_000:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_cannot_be_shown_is_received_to_its_end_all_the_same(place: Sending, sender: Sender) -> None:
    data = b"words " * 50_000
    where = await sender.new(len(data), filename="cam.dav")
    id_ = await sender.exhibit(where)
    await sender.send(where, 0, data[:200_000])
    said = await until(place, id_, lambda exhibit: exhibit.problem is not None)
    assert said.problem is not None
    assert (said.state, said.problem.type) == ("fetching", "file-not-media")
    assert (await sender.send(where, 200_000, data[200_000:])).status == 204
    failed = await until(place, id_, lambda exhibit: exhibit.state == "failed")
    assert (failed.sha256, failed.problem) == (hashlib.sha256(data).hexdigest(), said.problem)
    assert (await place.intake.inspection(id_)).bytes == len(data)


async def test_companions_are_kept_beside_their_recording_and_subtitles_can_be_chosen(
    place: Sending, sender: Sender, clip: bytes
) -> None:
    whole = await sender.begin(
        len(clip), data=clip, filename="cam1.mp4", relativePath="disc/cam1.mp4", set="s1", lastModified="1700000000000"
    )
    id_ = whole.headers["Exhibit"]
    for name, data in (("player.exe", b"MZ" + bytes(3000)), ("index.db", b""), ("cam1.en.srt", SRT)):
        made = await sender.begin(
            len(data), data=data or None, filename=name, relativePath=f"disc/{name}", set="s1", companion="yes"
        )
        assert made.status == 201
        assert "Exhibit" not in made.headers
    assert [exhibit.id for exhibit in place.intake.exhibits()] == [id_]
    exhibit = await until(place, id_, lambda exhibit: exhibit.state == "ready" and exhibit.subtitles)
    assert [(one.title, one.language, one.chosen) for one in exhibit.subtitles] == [("cam1.en.srt", "en", False)]
    inspection = await place.intake.inspection(id_)
    assert [(one.path, one.name, one.bytes) for one in inspection.companions] == [
        ("disc", "cam1.en.srt", len(SRT)), ("disc", "index.db", 0), ("disc", "player.exe", 3002)
    ]  # fmt: skip
    assert inspection.companions[0].sha256 == hashlib.sha256(SRT).hexdigest()
    assert (inspection.path, inspection.modified) == ("disc", 1700000000.0)
    page = await (await sender.http.get(f"/api/v1/exhibits/{id_}/inspection/page")).text()
    assert "disc/player.exe" in page
    assert "never opened" in page
    listed = await (await sender.http.get(UPLOADS)).json()
    assert [(one["name"], one["offset"] == one["length"]) for one in listed] == [
        ("cam1.mp4", True), ("player.exe", True), ("index.db", True), ("cam1.en.srt", True)
    ]  # fmt: skip
    assert len(list((place.data / "evidence" / "uploads").glob("*.file"))) == 3
    await place.intake.delete(id_)
    assert not list((place.data / "evidence" / "uploads").iterdir())


async def test_a_file_in_the_place_of_a_link(place: Sending, sender: Sender, clip: bytes) -> None:
    dead = await (
        await sender.http.post("/api/v1/exhibits", json={"url": "http://127.0.0.1:9/x.mp4", "ref": "JM/4"})
    ).json()
    await until(place, dead["id"], lambda exhibit: exhibit.state == "failed")
    where = await sender.new(len(clip), exhibit=dead["id"])
    assert await sender.exhibit(where) == dead["id"]
    assert (await sender.send(where, 0, clip)).status == 204
    ready = await until(place, dead["id"], lambda exhibit: exhibit.state == "ready")
    assert (ready.ref, ready.sha256) == ("JM/4", hashlib.sha256(clip).hexdigest())
    await problem(await sender.begin(9, exhibit=dead["id"]), 409, "upload-complete")


async def test_the_record_says_where_it_came_from(place: Sending, sender: Sender, clip: bytes) -> None:
    where = await sender.new(len(clip), filename="cam.mp4", relativePath="disc/Cam 1/cam.mp4", ref="JM/1")
    assert (await sender.send(where, 0, clip)).status == 204
    id_ = await sender.exhibit(where)
    await until(place, id_, lambda exhibit: exhibit.state == "ready")
    async with place.client() as http:
        added = await http.post("/api/v1/exhibits", json={"url": "https://cam.invalid/gone.mp4", "ref": "JM/2"})
        other = (await added.json())["id"]
        assert (await sender.begin(9, filename="two.mp4", exhibit=other)).status == 201
        third = await sender.new(9, filename="three.mp4")
        assert (await http.delete(third, headers=TUS)).status == 204
        last = await sender.exhibit(await sender.new(9, filename="", ref="JM/4"))
    await until(place, last, lambda exhibit: exhibit.state == "fetching")
    entries = [entry async for entry in place.record.entries()]
    told = [
        (entry.kind, *(entry.what.get(field) for field in ("ref", "source", "file", "by")))
        for entry in entries
        if entry.kind in ("received", "relinked", "deleted")
    ]
    here = "sent here from a disc or a computer"
    assert told == [
        ("received", "JM/1", here, "disc/Cam 1/cam.mp4", "advocate"),
        ("received", "JM/2", "https://cam.invalid/gone.mp4", None, "advocate"),
        ("relinked", "JM/2", here, "two.mp4", "advocate"),
        ("received", told[3][1], here, "three.mp4", "advocate"),
        ("deleted", told[3][1], None, None, "advocate"),
        ("received", "JM/4", here, None, "advocate"),
    ]
    said = [line.says for line in told_of((one for one in entries if one.kind in ("received", "relinked")), str)]
    assert said[0].endswith("added JM/1, cam.mp4, sent here from a disc or a computer (disc/Cam 1/cam.mp4).")
    assert " gave the file for JM/2" in said[2]
    assert said[2].endswith(", sent here from a disc or a computer (two.mp4).")


async def test_what_is_purged_leaves_nothing_of_what_was_sent(place: Sending, sender: Sender, clip: bytes) -> None:
    """Its bytes, its mark, what is known of it, and the companions that nothing else needs."""
    ids = []
    for n in (1, 2):
        where = await sender.new(len(clip), filename=f"{n}.mp4", set="disc-1")
        half = len(clip) // n  # the second stays half sent
        assert (await sender.send(where, 0, clip[:half])).status == 204
        ids.append(await sender.exhibit(where))
    beside = await sender.new(5, filename="player.exe", set="disc-1", companion="yes")
    assert (await sender.send(beside, 0, b"never")).status == 204
    unsent = await sender.new(9, filename="index.dat", set="disc-1", companion="yes")
    assert (await sender.send(unsent, 0, b"half")).status == 204
    await until(place, ids[0], lambda exhibit: exhibit.state == "ready")

    async def left() -> tuple[int, int, int]:
        there = [file for file in (place.data / "evidence").rglob("*") if file.is_file()]
        rows = await place.db.items("uploads")
        return len(rows), sum(file.suffix == ".file" for file in there), len(there)

    assert (await left())[:2] == (4, 2)
    for n, (id_, then) in enumerate(zip(ids, [(3, 2), (0, 0)], strict=True)):
        async with place.client("clerk") as http:
            answer = await http.post(f"/api/v1/exhibits/{id_}/purge", json={})
            gone = await answer.json()
        assert answer.status == 200, gone
        assert gone["gone"]
        assert gone["bytes"] >= len(clip) // 2
        assert (await left())[:2] == then
        assert not (place.data / "evidence" / id_).exists()
        assert gone["files"] >= (2, 6)[n]
    assert await left() == (0, 0, 0)
    assert await place.db.items("ways") == []
    assert (await sender.http.head(beside, headers=TUS)).status == 404


async def test_too_many_at_once(place: Sending, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_OPEN", 2)
    assert upload_module.MOST_OPEN > 2
    first = await sender.new(10)
    await sender.new(10)
    await problem(await sender.begin(10), 429, "upload-too-many")
    await sender.http.delete(first, headers=TUS)
    await sender.new(10)


async def test_a_disk_that_is_full_in_the_middle_says_so_and_goes_on(
    tmp_path: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from courtcast.prepare import way

    monkeypatch.setattr(way, "AGAIN", (0.2,))
    with small_disk(tmp_path / "disk", "16m") as disk:
        async with sending(disk) as place, place.client() as http:
            sender = Sender(http)
            await problem(await sender.begin(9 << 20), 507, "disk-too-small")
            where = await sender.new(len(clip))
            id_ = await sender.exhibit(where)
            await sender.send(where, 0, clip[:1000])
            filler = disk / "filler"
            free = 16 << 20
            with filler.open("wb", buffering=0) as file:
                try:
                    while free > 0:
                        free -= file.write(bytes(4096))
                except OSError:
                    pass
            await problem(await sender.send(where, 1000, clip[1000:]), 507, "disk-full")
            full = await until(place, id_, lambda exhibit: exhibit.state == "failed")
            assert full.problem is not None
            assert full.problem.type in ("disk-full", "disk-too-small")
            here = await sender.offset(where)
            assert 1000 <= here < len(clip)
            filler.unlink()
            async with asyncio.timeout(10):
                while (sent := await sender.send(where, here, clip[here:])).status != 204:
                    here = await sender.offset(where)
                    await asyncio.sleep(0.1)
            assert sent.headers["Upload-Offset"] == str(len(clip))
            ready = await until(place, id_, lambda exhibit: exhibit.state == "ready")
            assert ready.sha256 == hashlib.sha256(clip).hexdigest()


async def test_a_file_is_sent_from_the_command_line_and_goes_on_where_it_was_broken_off(
    place: Sending, sender: Sender, clip: bytes, tmp_path: Path
) -> None:
    from courtcast.beside import Beside
    from courtcast.filesender import PIECE as MOST
    from courtcast.filesender import send_file
    from courtcast.problems import Refused

    path = tmp_path / "From a stick.mp4"
    path.write_bytes(clip + b"\0\0\0\x08free" * (2 * MOST // 8))
    told: list[int] = []

    class Stop(Exception):
        pass

    def enough(here: int, _: int) -> None:
        told.append(here)
        if here > 0 and len(told) < 4:
            raise Stop

    presenter = Beside(sender.http, place.url, Refused("no-presenter", path=tmp_path))
    with pytest.raises(Stop):
        await send_file(presenter, path, {"ref": "JM/7"}, enough)
    assert told == [0, MOST]
    id_ = await send_file(presenter, path, {"ref": "JM/7"}, lambda here, _: told.append(here))
    assert told[2] == MOST
    ready = await until(place, id_, lambda exhibit: exhibit.state == "ready")
    assert (ready.ref, ready.title) == ("JM/7", "From a stick.mp4")
    assert ready.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert await send_file(presenter, path, {}, lambda *_: None) == id_
    with pytest.raises(Refused, match="file-unreadable"):
        await send_file(presenter, tmp_path / "gone.mp4", {}, lambda *_: None)
