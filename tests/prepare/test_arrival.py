"""From a page or a folder to pictures: the whole way in, with everything real."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from courtcast.problems import Refused
from courtcast.wire.api import NewLink
from tests.prepare.media import Recipe, make
from tests.prepare.watch import kept, watching
from tests.stand_ins.evidence_server import serving
from tests.stand_ins.share_server import sharing

PLAYER = b'<!doctype html><title>Shared</title><video><source src="one.mp4" res="720"></video>'
TOKEN = "aB3dE6gH9jK2mN5"


async def test_the_recording_that_a_page_plays(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving({**clips, "share.html": PLAYER}) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("share.html", sig="secret"))
            ready = await watch.over(added.id)
            assert (ready.state, ready.problem, ready.choices) == ("ready", None, [])
            assert ready.sha256 == hashlib.sha256(clips["one.mp4"]).hexdigest()
            assert (ready.title, ready.url) == ("one.mp4", server.url("share.html"))
            assert ready.found == "Found on the page at 127.0.0.1."
            seen = await watch.intake.ask_link(added.id)
            assert (seen.answer.problem, seen.answer.changed) == (None, False), "the case check asks for the file"
        async with watching(tmp_path) as watch:
            assert (await watch.over(added.id)).state == "ready"
            assert (await kept(watch, added.id)).file == 1, "the page was never taken for another version of the file"


async def test_a_page_is_not_taken_for_the_file_when_fetching_goes_on(tmp_path: Path, clips: dict[str, bytes]) -> None:
    """A presenter that ended in the middle, and another one."""
    size = len(clips["one.mp4"])
    async with serving({**clips, "share.html": PLAYER}, rate=size / 2) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("share.html"))
            part = await watch.until(added.id, lambda exhibit: exhibit.bytes_fetched > size / 4)
        sent = server.sent
        server.rate = None
        async with watching(tmp_path) as watch:
            ready = await watch.over(added.id)
            assert ready.sha256 == hashlib.sha256(clips["one.mp4"]).hexdigest()
            assert (await kept(watch, added.id)).file == 1
        assert server.sent - sent < size - part.bytes_fetched / 2, "what was here was not fetched again"


async def test_a_page_whose_form_is_a_page_itself_leads_to_the_next_one(
    tmp_path: Path, clips: dict[str, bytes]
) -> None:
    page = b'<!doctype html><meta property="og:video" content="player.html"><video src="one.mp4"></video>'
    files = {**clips, "share.html": page, "player.html": b"<!doctype html><p>No"}
    async with serving(files) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("share.html"))
        assert (await watch.over(added.id)).state == "ready"


async def test_somebody_chooses_and_the_others_become_exhibits(tmp_path: Path, clips: dict[str, bytes]) -> None:
    files = {"CCTV/one.mp4": clips["one.mp4"], "two.mp4": clips["one.mp4"], "notes.txt": b"notes"}
    async with sharing({TOKEN: files}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url(TOKEN), ref="JM/1", title="Cameras", restricted=True)
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert failed.problem.type == "link-several"
        offered = {choice.name: choice.id for choice in failed.choices}
        assert list(offered) == ["one.mp4", "notes.txt", "two.mp4"]
        assert (failed.choices[0].says, failed.choices[0].size) == ("CCTV", len(clips["one.mp4"]))
        for wrong in ([], ["nothing"], [offered["one.mp4"]] * 2):
            with pytest.raises(Refused, match=r"link-choice-gone|malformed"):
                await watch.intake.take(added.id, wrong)
        await watch.intake.take(added.id, [offered["one.mp4"], offered["two.mp4"]])
        first, second = watch.intake.exhibits()
        assert (first.ref, first.title, first.choices) == ("JM/1", "Cameras", [])
        assert (second.ref, second.title, second.restricted) == ("2", "two.mp4", True)
        for exhibit in (first, second):
            assert (await watch.over(exhibit.id)).state == "ready"
            assert "#" not in (exhibit.url or "")
    async with sharing({TOKEN: {"two.mp4": b"x"}}) as server, watching(tmp_path) as watch:
        assert [(await watch.over(exhibit.id)).state for exhibit in watch.intake.exhibits()] == ["ready", "ready"]


@pytest.mark.parametrize(
    ("page", "type_"),
    [
        (b"<!doctype html><p>Nothing", "link-page-no-file"),
        (b"<!doctype html><input type=password>", "link-needs-login"),
    ],
)
async def test_a_page_that_leads_nowhere_is_said_and_another_link_helps(
    tmp_path: Path, clips: dict[str, bytes], page: bytes, type_: str
) -> None:
    async with serving({**clips, "share.html": page}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("share.html"))
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert failed.problem.type == type_
        assert "upload" in failed.problem.detail
        await watch.intake.relink(added.id, NewLink(server.url("one.mp4")))
        assert (await watch.until(added.id, lambda exhibit: exhibit.state == "ready")).found == ""


async def test_a_signed_link_that_has_ended_is_said_to_have(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        ended = "X-Amz-Date=20200101T000000Z&X-Amz-Expires=60"
        added = await watch.add(f"{server.url('one.mp4')}?status=403&{ended}")
        failed = await watch.over(added.id)
        assert failed.problem is not None
        assert (failed.problem.type, failed.link_ends) == ("link-expired", 1577836860.0)
        other = await watch.add(f"{server.url('one.mp4')}?{ended}")
        assert (await watch.over(other.id)).state == "ready", "this machine's clock is no judge of it"


async def test_a_recording_in_pieces(tmp_path: Path) -> None:
    """MPEG-TS, of which the pieces are nothing but cut; another process goes on with it."""
    data = make(tmp_path / "clip.ts", Recipe(frames=240, noise=True, audio="aac")).read_bytes()
    step = len(data) // 8 // 188 * 188
    pieces = {f"{n}.ts": data[n * step : None if n == 7 else (n + 1) * step] for n in range(8)}
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", *(line for name in pieces for line in ("#EXTINF:1,", name))]
    files = {**pieces, "list.m3u8": "\n".join([*lines, "#EXT-X-ENDLIST"]).encode()}
    async with serving(files, rate=len(data) / 3) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("list.m3u8"))
            early = await watch.until(added.id, lambda exhibit: exhibit.bytes_fetched > len(data) / 3)
            assert (early.state, early.bytes_total) == ("fetching", None)
        sent, server.rate = server.sent, None
        async with watching(tmp_path) as watch:
            ready = await watch.over(added.id)
            assert (ready.state, ready.problem, ready.frames) == ("ready", None, 240)
            assert ready.sha256 == hashlib.sha256(data).hexdigest()
            assert ready.found == "Came in pieces from 127.0.0.1."
            assert server.sent - sent < len(data) - early.bytes_fetched / 2
            seen = await watch.intake.ask_link(added.id)
            assert (seen.answer.problem, seen.answer.changed) == (None, False)
