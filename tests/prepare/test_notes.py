"""What an exhibit says of itself that stands in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.core.manifest import Manifest
from courtcast.evidence.spool import Spool
from courtcast.prepare import afterwards
from courtcast.prepare.tally import Tally
from tests.prepare.media import Recipe, make
from tests.prepare.test_tally import spoiled
from tests.prepare.watch import kept, watching
from tests.stand_ins.evidence_server import serving


async def test_silence_that_was_added_is_said_and_is_no_conversion(tmp_path: Path, clips: dict[str, bytes]) -> None:
    late = make(tmp_path / "late.mp4", Recipe(audio_start=Fraction(3, 2))).read_bytes()
    async with serving({"late.mp4": late, **clips}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("late.mp4"))
        ready = await watch.over(added.id)
        assert [note.type for note in ready.notes] == ["silence-added"]
        assert "no sound for 1.5 s" in ready.notes[0].detail
        assert (ready.state, ready.problem, ready.converted) == ("ready", None, False)
        assert (await watch.over((await watch.add(server.url("one.mp4"))).id)).notes == []
    async with watching(tmp_path) as watch:
        assert (await watch.over(added.id)).notes == ready.notes, "also after a restart"


async def test_frames_are_counted_once_by_decoding_and_a_difference_is_said(
    tmp_path: Path, clips: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(afterwards, "QUIET", 0.1)
    counted: list[str] = []
    really = afterwards.count

    async def count(
        source: Spool, manifest: Manifest, quiet: Callable[[], bool], *, name: str, heard: int | None
    ) -> Tally:
        counted.append(manifest.exhibit)
        return await really(source, manifest, quiet, name=name, heard=heard)

    monkeypatch.setattr(afterwards, "count", count)
    made = make(tmp_path / "made.webm", Recipe(codec="libvpx-vp9", audio=None, frames=60))
    files = {"spoiled.webm": spoiled(made, 40).read_bytes(), **clips}
    async with serving(files) as server, watching(tmp_path) as watch:
        bad, good = await watch.add(server.url("spoiled.webm")), await watch.add(server.url("one.mp4"))
        said = await watch.until(bad.id, lambda exhibit: exhibit.notes != [])
        assert [note.type for note in said.notes] == ["frames-differ"]
        assert (said.state, said.problem, said.frames) == ("ready", None, 60)
        async with asyncio.timeout(20):
            while (await kept(watch, good.id)).tally != Tally(frames=240):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert watch.intake.get(good.id).notes == []
    async with watching(tmp_path) as watch:
        assert (await watch.over(bad.id)).notes == said.notes
        await asyncio.sleep(0.5)
        assert sorted(counted) == sorted([bad.id, good.id]), "not again"
