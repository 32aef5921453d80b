"""Contact sheets and inspections as the intake gives them: by themselves, once, over restarts, for what failed too."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from courtcast.prepare import afterwards
from courtcast.problems import Refused
from courtcast.wire.api import NewLink
from tests.prepare.media import Recipe, make
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "SOON", 0.05)


async def test_made_by_itself_and_not_again(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        ready = await watch.until(added.id, lambda exhibit: exhibit.sheet)
        assert ready.state == "ready"
        sheet = await watch.intake.sheet(added.id)
        assert sheet.strip is not None
        assert (await watch.intake.strip(added.id)).startswith(b"\xff\xd8\xff")
        assert sheet.keyframes
    (kept,) = (tmp_path / "renditions").glob("*/sheet.json")
    made = kept.stat().st_mtime_ns
    async with watching(tmp_path) as watch:
        await watch.until(added.id, lambda exhibit: exhibit.sheet)
        assert await watch.intake.sheet(added.id) == sheet
        assert kept.stat().st_mtime_ns == made
        await watch.intake.delete(added.id)
        async with asyncio.timeout(10):
            while kept.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_not_before_it_is_there(tmp_path: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "SOON", 60.0)
    async with serving(clips) as server, watching(tmp_path) as watch:
        ready = await watch.over((await watch.add(server.url("one.mp4"))).id)
        assert not ready.sheet
        for asked in (watch.intake.sheet, watch.intake.strip):
            with pytest.raises(Refused) as refused:
                await asked(ready.id)
            assert refused.value.type == "sheet-not-yet"


async def test_inspected_as_it_is_and_as_it_was_converted(tmp_path: Path, clips: dict[str, bytes]) -> None:
    files = {
        "converted.mpg": make(tmp_path / "b.mpg", Recipe(codec="mpeg2video", audio="mp2", timescale=30)).read_bytes(),
        **clips,
    }
    async with serving(files) as server, watching(tmp_path / "data") as watch:
        plain = await watch.over((await watch.add(server.url("one.mp4"), ref="JM/1")).id)
        seen = await watch.intake.inspection(plain.id)
        assert (seen.ref, seen.sha256, seen.bytes) == ("JM/1", plain.sha256, len(clips["one.mp4"]))
        assert seen.fetched is not None
        assert seen.pace is not None
        assert seen.pace.constant
        assert seen.opened is not None
        assert [(one.filters, one.settings) for one in seen.treatments] == [("", "")] * len(seen.treatments)
        other = await watch.over((await watch.add(server.url("converted.mpg"))).id)
        picture, sound = (await watch.intake.inspection(other.id)).treatments
        assert picture.settings.startswith("-c:v libx264 -preset veryfast")
        assert "-crf 11" in picture.settings
        assert sound.settings.startswith("-c:a flac")
        assert sound.filters == "aformat=sample_fmts=s16"


async def test_one_that_failed_is_inspected_as_far_as_it_opens(tmp_path: Path, shared_media: Path) -> None:
    cut = (shared_media / "corrupt" / "karma_truncated_no_moov.mp4").read_bytes()
    async with serving({"cut.mp4": cut}) as server, watching(tmp_path) as watch:
        failed = await watch.over((await watch.add(server.url("cut.mp4"))).id)
        assert failed.state == "failed"
        seen = await watch.intake.inspection(failed.id)
        assert (seen.opened, seen.pace, seen.treatments) == (None, None, [])
        assert seen.unopened is not None
        assert seen.unopened.type == "file-no-index"
        assert (seen.sha256, seen.bytes) == (failed.sha256, len(cut))


async def test_another_file_behind_the_link_has_another_sheet(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        await watch.until(added.id, lambda exhibit: exhibit.sheet)
        (spool,) = (tmp_path / "evidence" / added.id).glob("*.spool")
        spool.write_bytes(b"x" * spool.stat().st_size)
        await watch.intake.read_again(added.id, heal=True)
        assert not watch.intake.get(added.id).sheet
        await watch.until(added.id, lambda exhibit: exhibit.sheet)
        await watch.intake.relink(added.id, NewLink(server.url("one.mp4")))
        assert watch.intake.get(added.id).sheet, "the same evidence"
