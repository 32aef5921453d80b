"""Intake as a whole: real server, real files, real children, and a process that may be killed at any time."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from pathlib import Path

import msgspec
import pytest

from courtcast.evidence.version import Version
from courtcast.prepare import way as way_module
from courtcast.prepare.kept import SPACE, Kept
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, ChangeExhibit, NewLink
from tests.prepare.watch import spools, watching
from tests.stand_ins.evidence_server import serving


@pytest.mark.parametrize("how", ["sig=secret", "ranges=no", "ranges=no&length=chunked", "ranges=no&length=no"])
async def test_from_a_link_to_pictures(tmp_path: Path, clips: dict[str, bytes], how: str) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(f"{server.url('one.mp4')}?{how}")
        assert (added.ref, added.title, added.url) == ("1", "one.mp4", server.url("one.mp4"))
        ready = await watch.over(added.id)
        assert (ready.state, ready.problem) == ("ready", None)
        assert ready.sha256 == hashlib.sha256(clips["one.mp4"]).hexdigest()
        assert ready.bytes_fetched == ready.bytes_total == len(clips["one.mp4"])
        assert (ready.frames, ready.showable, ready.kind) == (240, True, "video")
        assert ready.video is not None
        assert ready.audio is None
        manifest = watch.intake.manifest(added.id)
        assert manifest is not None
        assert manifest.complete
        assert watch.intake.rendition(manifest.rendition) is manifest
        assert watch.intake.rendition("0" * 16) is None
        png = await watch.intake.still(added.id, t=1.0, width=160)
        assert png.startswith(b"\x89PNG")
        assert png == await watch.intake.still(added.id, frame=30, width=160)
        for how in ({"t": 9.0}, {"t": -1.0}, {"t": float("nan")}, {"frame": 240}, {"frame": -1}):
            with pytest.raises(Refused, match="outside-exhibit"):
                await watch.intake.still(added.id, **how)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="outside-range"):
            await watch.intake.still(added.id, frame=0, width=1)
    assert watch.states()[-1] == "ready"


async def test_shown_while_it_is_still_coming_and_told_four_times_a_second_at_most(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 2.0) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        early = await watch.until(added.id, lambda exhibit: exhibit.showable)
        assert early.bytes_fetched < size / 2
        assert early.state == "fetching"
        assert (watch.intake.rate(added.id) or 0) > 0
        assert await watch.intake.still(added.id, frame=0)
        with pytest.raises(Refused, match="still-not-yet"):
            await watch.intake.still(added.id, t=7.9)
        await watch.over(added.id)
        assert watch.intake.rate(added.id) is None
        assert server.sent < size * 1.3
    assert watch.states() == ["waiting", "fetching", "preparing", "ready"] or watch.states() == [
        "waiting", "fetching", "ready"
    ]  # fmt: skip
    began, ended = watch.told[0][0], watch.told[-1][0]
    assert len(watch.told) <= 4 * (ended - began) + 8, "four a second, and a few changes of state"


@pytest.mark.parametrize("length", ["chunked", "no"])
@pytest.mark.parametrize("kind", ["faststart", "fragmented", "WebM"])
async def test_shown_while_it_comes_without_a_length(
    tmp_path: Path, linear: dict[str, bytes], kind: str, length: str
) -> None:
    size = len(linear[kind])
    async with serving(linear, rate=size / 3.0) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url(kind, ranges="no", length=length))
        early = await watch.until(added.id, lambda exhibit: exhibit.showable)
        assert (early.state, early.bytes_total) == ("fetching", None)
        assert early.bytes_fetched < size / 2
        manifest = watch.intake.manifest(added.id)
        assert await watch.intake.still(added.id, frame=0)
        ready = await watch.over(added.id)
        assert (ready.state, ready.bytes_total, ready.frames) == ("ready", size, 240)
        assert watch.intake.manifest(added.id) is manifest


async def test_an_index_at_the_end_of_a_file_without_a_length_is_waited_for(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 1.0) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4", ranges="no", length="chunked"))
        first = await watch.until(added.id, lambda exhibit: exhibit.showable)
        assert first.bytes_fetched == size
        assert (await watch.over(added.id)).state == "ready"


@pytest.mark.parametrize(
    ("link", "type_"),
    [
        ("nothing.mp4", "link-not-found"),
        ("one.mp4?status=403", "link-refused"),
        ("page.html", "link-needs-login"),
        ("empty.mp4", "link-empty"),
        ("one.mp4?cutat=3000&ranges=no", "link-cut-short"),
        ("one.mp4?redirect=loop", "link-redirect-loop"),
        ("one.mp4?redirect=http://192.168.0.1/", "link-forbidden-address"),
        ("text.mp4", "file-not-media"),
    ],
)
async def test_a_bad_link_ends_in_words_and_a_fresh_one_helps(
    tmp_path: Path, clips: dict[str, bytes], link: str, type_: str
) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(f"{server.address}/{link}", ref="JM/1", title="The car park")
        failed = await watch.over(added.id)
        assert failed.state == "failed"
        assert failed.problem is not None
        assert failed.problem.type == type_
        assert not failed.showable
        with pytest.raises(Refused):
            await watch.intake.still(added.id, frame=0)
        await watch.intake.relink(added.id, NewLink(server.url("one.mp4")))
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        assert (ready.ref, ready.title, ready.problem) == ("JM/1", "The car park", None)


@pytest.mark.parametrize("how", ["", "?ranges=no&length=chunked"])
async def test_a_recording_without_its_index_says_so_and_what_came_is_kept(
    tmp_path: Path, shared_media: Path, how: str
) -> None:
    data = (shared_media / "corrupt" / "karma_truncated_no_moov.mp4").read_bytes()
    async with serving({"karma.mp4": data}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("karma.mp4") + how)
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert failed.problem.type == "file-no-index"
        assert not failed.showable
    async with watching(tmp_path) as watch:
        assert (await watch.over(added.id)).problem == failed.problem
        assert (tmp_path / "evidence" / added.id / "1.spool").read_bytes() == data[: failed.bytes_fetched]


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://x.example/y", "http://"])
async def test_what_is_no_link_is_refused_at_once(tmp_path: Path, url: str) -> None:
    async with watching(tmp_path) as watch:
        with pytest.raises(Refused, match="link-malformed"):
            await watch.add(url)
        with pytest.raises(Refused, match="malformed"):
            await watch.intake.add(AddExhibit("http://x.example/", headers={"Range": "bytes=0-"}))
        with pytest.raises(Refused, match="malformed"):
            await watch.add("http://x.example/", sha256="123")
        with pytest.raises(Refused, match="malformed"):
            await watch.add("http://x.example/", ref="r" * 300)
        assert watch.intake.exhibits() == []


async def test_a_hash_that_was_given_is_confirmed_before_anything_can_be_shown(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    right = hashlib.sha256(clips["one.mp4"]).hexdigest()
    async with serving(clips, rate=len(clips["one.mp4"]) / 0.8) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"), sha256=right.upper())
        await watch.until(added.id, lambda exhibit: exhibit.prepared > 0)
        assert watch.intake.manifest(added.id) is None
        ready = await watch.over(added.id)
        assert ready.showable
        assert watch.intake.manifest(added.id) is not None
        assert not any(one.showable and one.sha256 is None for _, one in watch.told if one is not None)
    async with serving(clips) as server, watching(tmp_path / "other") as watch:
        added = await watch.add(server.url("two.mp4"), sha256=right)
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert failed.problem.type == "hash-mismatch"
        assert failed.sha256 == hashlib.sha256(clips["two.mp4"]).hexdigest()
        assert not failed.showable
        assert watch.intake.manifest(added.id) is None
        assert not any(one.showable for _, one in watch.told if one is not None)
        [spool] = (watch.folder / "evidence" / added.id).iterdir()
        assert spool.read_bytes() == clips["two.mp4"], "nothing is lost"
    async with serving(clips) as server, watching(tmp_path / "other") as watch:
        assert (await watch.over(added.id)).problem == failed.problem, "also after a restart"
        await watch.intake.relink(added.id, NewLink(server.url("one.mp4")))
        assert (await watch.until(added.id, lambda exhibit: exhibit.state == "ready")).sha256 == right


async def test_a_file_that_changes_underneath_is_fetched_anew_and_never_mixed(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    files = {"clip.mp4": clips["one.mp4"]}
    cut = len(files["clip.mp4"]) // 2
    async with serving(files, rate=len(files["clip.mp4"]) / 6.0) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("clip.mp4", cut=cut))
        before = await watch.until(added.id, lambda exhibit: exhibit.showable)
        first = watch.intake.manifest(added.id)
        assert first is not None
        server.files["clip.mp4"] = clips["two.mp4"]
        server.rate = None
        ready = await watch.over(added.id)
        assert ready.state == "ready"
        assert ready.sha256 == hashlib.sha256(clips["two.mp4"]).hexdigest()
        second = watch.intake.manifest(added.id)
        assert second is not None
        assert second.rendition != first.rendition
        assert watch.intake.rendition(first.rendition) is first, "screens that show it can go on"
        assert before.id == ready.id
    told = [(one.state, one.problem.type) for _, one in watch.told if one is not None and one.problem is not None]
    assert {type_ for _, type_ in told} == {"link-changed"}
    assert "fetching" in {state for state, _ in told}, "it is said as long as it is being fetched again"
    assert ready.problem is None


async def test_a_server_whose_file_changes_all_the_time_is_told_of(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4", etag="flap", cut=20_000))
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert failed.problem.type == "link-changed"


async def test_it_is_tried_again_by_itself(
    tmp_path: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_module, "AGAIN", (0.1,))
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4", status=503, times=5))
        await watch.until(added.id, lambda exhibit: exhibit.problem is not None)
        ready = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
        assert ready.problem is None
    told = [one.problem.type for _, one in watch.told if one is not None and one.problem is not None]
    assert set(told) == {"link-server"}


async def test_a_stopped_presenter_goes_on_where_it_was_with_the_same_rendition(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 1.0) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("one.mp4"))
            await watch.until(added.id, lambda exhibit: exhibit.showable and exhibit.bytes_fetched > size / 3)
            manifest = watch.intake.manifest(added.id)
            assert manifest is not None
            rows = {track.index: list(manifest.rows(track.index)) for track in manifest.tracks}
            held = watch.intake.get(added.id).bytes_fetched
        sent = server.sent
        async with watching(tmp_path) as watch:
            assert watch.intake.get(added.id).bytes_fetched >= held
            await watch.over(added.id)
            again = watch.intake.manifest(added.id)
            assert again is not None
            assert again.rendition == manifest.rendition
            assert all(list(again.rows(index))[: len(some)] == some for index, some in rows.items())
        assert server.sent - sent < size - held + 600_000
        asked = len(server.requests)
        async with watching(tmp_path) as watch:
            ready = await watch.over(added.id)
            assert (ready.state, ready.frames) == ("ready", 240)
            assert await watch.intake.still(added.id, frame=100)
        assert len(server.requests) == asked


async def test_a_file_of_the_same_name_is_not_taken_for_the_rest(tmp_path: Path, clips: dict[str, bytes]) -> None:
    """After a restart the server has another file of the same length, and says nothing of it."""
    size = len(clips["one.mp4"])
    other = bytes(size)
    async with serving(clips, rate=size / 1.0) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("one.mp4", etag="no"))
            await watch.until(added.id, lambda exhibit: exhibit.bytes_fetched > size / 3)
        server.files["one.mp4"] = other
        async with watching(tmp_path) as watch:
            failed = await watch.over(added.id)
            assert failed.problem is not None
            assert failed.problem.type == "file-not-media"
            assert spools(tmp_path, added.id) == ["1.spool", "2.spool"]


async def test_a_copy_that_was_damaged_on_the_disk_is_noticed(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("one.mp4"))
            await watch.over(added.id)
        [spool] = (tmp_path / "evidence" / added.id).iterdir()
        data = bytearray(spool.read_bytes())
        data[len(data) // 2] ^= 1
        spool.write_bytes(data)
        async with watching(tmp_path) as watch:
            await watch.until(added.id, lambda exhibit: exhibit.problem is not None)
            assert (await watch.until(added.id, lambda exhibit: exhibit.state == "ready")).problem is None
        told = [one.problem.type for _, one in watch.told if one is not None and one.problem is not None]
        assert set(told) == {"copy-damaged"}
        assert (tmp_path / "evidence" / added.id / "2.spool").read_bytes() == clips["one.mp4"]


async def test_a_file_that_cannot_be_read_is_not_read_again_at_every_start(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    async with serving(clips) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("text.mp4"))
            await watch.over(added.id)
        asked = len(server.requests)
        async with watching(tmp_path) as watch:
            failed = await watch.over(added.id)
            assert failed.problem is not None
            assert failed.problem.type == "file-not-media"
        assert len(server.requests) == asked


async def test_deleting_leaves_nothing_also_when_the_presenter_ends_in_the_middle(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 0.5) as server:
        async with watching(tmp_path) as watch:
            ready = await watch.add(server.url("one.mp4"))
            await watch.over(ready.id)
            coming = await watch.add(server.url("two.mp4"))
            await watch.until(coming.id, lambda exhibit: exhibit.showable)
            for one in (ready, coming):
                await watch.intake.delete(one.id)
                with pytest.raises(Refused, match="exhibit-unknown"):
                    watch.intake.get(one.id)
            assert watch.intake.exhibits() == []
            assert watch.told[-1][1] is None
            with pytest.raises(Refused, match="exhibit-unknown"):
                await watch.intake.delete(ready.id)
        async with watching(tmp_path) as watch:  # whatever was not yet cleared away is now
            rest = tmp_path / "evidence" / "0123456789abcdef"
            rest.mkdir()
            for _ in range(200):
                if not await watch.db.items("remains") and not await watch.db.items(SPACE):
                    break
                await asyncio.sleep(0.02)
        assert [path.name for path in (tmp_path / "evidence").iterdir()] == [rest.name], "others' files are left alone"
        assert not any((tmp_path / "renditions").rglob("*"))


async def test_the_running_order_and_the_words_can_be_changed(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        ids = [(await watch.add(server.url("one.mp4", n=n))).id for n in range(3)]
        await watch.intake.change(ids[2], ChangeExhibit(ref="  JM/7\u202e ", title="Car\r\npark", position=0))
        order = [(exhibit.id, exhibit.ref) for exhibit in watch.intake.exhibits()]
        assert order == [(ids[2], "JM/7"), (ids[0], "1"), (ids[1], "2")]
        assert watch.intake.get(ids[2]).title == "Car park"
        await watch.intake.change(ids[2], ChangeExhibit(title=""))
        assert watch.intake.get(ids[2]).title == "one.mp4"
        assert (await watch.intake.change(ids[1], ChangeExhibit(restricted=True))).restricted
        await watch.intake.change(ids[1], ChangeExhibit(ref="JM/8"))
        link = server.url("one.mp4", n=9)
        private = await watch.intake.add(AddExhibit(url=link, restricted=True))
        assert private.restricted, "before anybody could be sent it"
        with pytest.raises(Refused, match="exhibit-unknown"):
            await watch.intake.change("nobody", ChangeExhibit(ref="x"))
    async with watching(tmp_path) as watch:
        assert [exhibit.id for exhibit in watch.intake.exhibits()] == [ids[2], ids[0], ids[1], private.id]
        assert [exhibit.restricted for exhibit in watch.intake.exhibits()] == [False, False, True, True]


async def test_silent_servers_hold_nobody_up_and_whoever_is_wanted_least_of_all(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        for n in range(4):
            await watch.add(server.url("one.mp4", hang="answer", n=n))
        later = await watch.add(server.url("two.mp4", n=1))
        wanted = await watch.add(server.url("two.mp4"))
        assert watch.intake.get(wanted.id).state == "waiting"
        watch.intake.prefer(wanted.id)
        assert (await watch.until(wanted.id, lambda one: one.state == "ready", 60)).problem is None
        assert (await watch.until(later.id, lambda one: one.state == "ready", 60)).problem is None
    told = [(one.id, one.state) for _, one in watch.told if one is not None]
    begun = told.index((later.id, "fetching"))
    assert told.index((wanted.id, "fetching")) < begun, "before the other, which was there before"
    assert "failed" not in {state for _, state in told[:begun]}, "nobody waits until the silent ones are given up"


async def test_the_line_is_left_to_the_one_that_was_asked_for(tmp_path: Path, clips: dict[str, bytes]) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 2.0) as server, watching(tmp_path) as watch:
        others = [await watch.add(server.url("one.mp4", n=n)) for n in range(2)]
        for other in others:
            await watch.until(other.id, lambda exhibit: exhibit.bytes_fetched > 0)
        wanted = await watch.add(server.url("two.mp4"))
        watch.intake.prefer(wanted.id)
        await watch.until(wanted.id, lambda exhibit: exhibit.bytes_fetched > size / 8)
        before = sum(watch.intake.get(other.id).bytes_fetched for other in others)
        await watch.until(wanted.id, lambda exhibit: exhibit.bytes_fetched > size / 2)
        assert sum(watch.intake.get(other.id).bytes_fetched for other in others) == before
        for one in (wanted, *others):
            assert (await watch.over(one.id)).state == "ready"


PRESENTER = """
import asyncio, sys
from ipaddress import ip_network
from pathlib import Path
from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.library import Library
from courtcast.prepare.intake import Intake
from courtcast.prepare.store import FolderStore
from courtcast.wire.api import AddExhibit

async def main():
    data = Path(sys.argv[1])
    async with Database(data / "db") as db:
        guard = Guard([ip_network("127.0.0.0/8")])
        async with Intake(data, Library(db), guard, FolderStore(data / "renditions"), lambda _: None) as intake:
            print("ready", flush=True)
            for url in sys.argv[2:]:
                print((await intake.add(AddExhibit(url))).id, flush=True)
            await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_killed_at_any_time_nothing_acknowledged_is_lost(tmp_path: Path, clips: dict[str, bytes]) -> None:
    order = random.Random(4)
    rate = sum(len(clips[name]) for name in ("one.mp4", "two.mp4")) / 1.5
    acknowledged: list[str] = []
    async with serving(clips, rate=rate) as server:
        for round_ in range(4):
            urls = [server.url("one.mp4", n=round_), server.url("two.mp4", n=round_)] if round_ < 2 else []
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PRESENTER, str(tmp_path), *urls, stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
            await asyncio.sleep(order.uniform(0.0, 0.9))
            process.kill()
            acknowledged += (await process.stdout.read()).decode().split()
            await process.wait()
        server.rate = None
        async with watching(tmp_path) as watch:
            ids = [exhibit.id for exhibit in watch.intake.exhibits()]
            assert ids[: len(acknowledged)] == acknowledged or set(acknowledged) <= set(ids)
            for id_ in ids:
                ready = await watch.over(id_)
                assert ready.state == "ready", ready.problem
                name = ready.title
                assert ready.sha256 == hashlib.sha256(clips[name]).hexdigest()
                manifest = watch.intake.manifest(id_)
                assert manifest is not None
                assert manifest.frames == {"one.mp4": 240, "two.mp4": 210}[name]


def test_what_is_kept_reads_back() -> None:
    kept = Kept(file=3, version=Version(length=5), relinked=True, rendition="a" * 16, made_by="x")
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Kept) == kept
