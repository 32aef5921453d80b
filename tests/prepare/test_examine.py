"""An exhibit looked at again before a hearing: every byte of it on the disk, and its link."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtcast.problems import Refused
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving


async def test_what_is_whole_and_what_is_not(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4", se="2026-12-01", sig="x"))
        await watch.over(added.id)
        intake = watch.intake
        copy = await intake.read_again(added.id, heal=False)
        assert (copy.complete, copy.intact, copy.prepared) == (True, True, True)
        seen = await intake.ask_link(added.id)
        assert (seen.answer.problem, seen.answer.changed) == (None, False)
        assert seen.ends == 1796083200.0
        with pytest.raises(Refused, match="exhibit-unknown"):
            await intake.read_again("nobody", heal=True)
        with pytest.raises(Refused, match="exhibit-unknown"):
            await intake.ask_link("nobody")


@pytest.mark.parametrize("what", ["spool", "fragment", "gone"])
async def test_one_bit_is_enough_and_it_is_fetched_again(tmp_path: Path, clips: dict[str, bytes], what: str) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        await watch.over(added.id)
        manifest = watch.intake.manifest(added.id)
        assert manifest is not None
        path = (
            next((tmp_path / "evidence" / added.id).iterdir())
            if what == "spool"
            else next(tmp_path.rglob(manifest.rows(0)[1].sha256))
        )
        if what == "gone":
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        copy = await watch.intake.read_again(added.id, heal=False)
        assert (copy.complete, copy.intact) == (True, False)
        assert watch.intake.get(added.id).state == "ready", "looking alone changes nothing"
        await watch.intake.read_again(added.id, heal=True)
        await watch.until(added.id, lambda exhibit: exhibit.state == "ready" and exhibit.problem is None)
        copy = await watch.intake.read_again(added.id, heal=True)
        assert (copy.complete, copy.intact, copy.prepared) == (True, True, True)


async def test_what_is_still_coming_is_not_whole(tmp_path: Path, clips: dict[str, bytes]) -> None:
    size = len(clips["one.mp4"])
    async with serving(clips, rate=size / 4.0) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        await watch.until(added.id, lambda exhibit: exhibit.showable)
        copy = await watch.intake.read_again(added.id, heal=True)
        assert (copy.complete, copy.intact, copy.prepared) == (False, None, False)
        assert watch.intake.get(added.id).state == "fetching"


async def test_another_file_at_its_link(tmp_path: Path, clips: dict[str, bytes]) -> None:
    async with serving(clips) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("one.mp4"))
        await watch.over(added.id)
        server.files["one.mp4"] = server.files["one.mp4"][:-1]
        assert (await watch.intake.ask_link(added.id)).answer.changed
        del server.files["one.mp4"]
        answer = (await watch.intake.ask_link(added.id)).answer
        assert answer.problem is not None
        assert answer.problem.type == "link-not-found"
