"""Evidence that is purged is gone: its files, what was made of them, and every mention but the record's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from courtcast.control import retention as retentions
from courtcast.control.retention import Retention
from courtcast.core.chain import Sound, verify
from courtcast.core.signing import Signer
from courtcast.evidence.record import Record
from courtcast.problems import Refused
from tests.control.conftest import Caller
from tests.core.tampering import lines_of
from tests.prepare.leaf_files import page, pdf
from tests.prepare.watch import Watch, grainy, watching
from tests.stand_ins.evidence_server import serving
from tests.stand_ins.house import House

SIGNER = Signer.make()


@asynccontextmanager
async def keeping(folder: Path, room: object | None = None) -> AsyncIterator[tuple[Watch, Retention, Record]]:
    async with (
        watching(folder) as watch,
        Record(watch.db, SIGNER) as record,
        Retention(db=watch.db, record=record, intake=watch.intake, data=folder, room=room) as retention,  # type: ignore[arg-type]
    ):
        yield watch, retention, record


async def kinds(record: Record) -> list[str]:
    return [entry.kind for entry in [one async for one in record.entries()] if "exhibit" in entry.what]


def files(folder: Path) -> list[Path]:
    return [file for part in ("evidence", "renditions") for file in (folder / part).rglob("*") if file.is_file()]


async def test_nothing_of_it_is_left_and_the_record_still_verifies(tmp_path: Path) -> None:
    clip = grainy(tmp_path / "clip.mp4", 90)
    data = tmp_path / "data"
    async with (
        serving({"clip.mp4": clip, "other.mp4": clip, "pages.pdf": pdf([page(), page()])}) as server,
        keeping(data) as (watch, retention, record),
    ):
        one = await watch.add(server.url("clip.mp4"), ref="JM/1")
        document = await watch.add(server.url("pages.pdf"), ref="JM/2")
        other = await watch.add(server.url("other.mp4"), ref="JM/3")
        for exhibit in (one, document, other):
            assert (await watch.over(exhibit.id)).state == "ready"
        watch.intake.detail(document.id, 0, (0.0, 0.0, 0.25, 0.25))
        async with asyncio.timeout(20):
            while watch.intake.detail(document.id, 0, (0.0, 0.0, 0.25, 0.25)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        before = set(files(data))
        gone = [await retention.purge(id_, by="clerk", who="x") for id_ in (one.id, document.id)]
        left = set(files(data))
        assert sum(purged.files for purged in gone) == len(before - left)
        assert gone[0].bytes > len(clip)
        assert left
        assert [exhibit.id for exhibit in watch.intake.exhibits()] == [other.id]
        spaces = {
            space
            for space in ("ways", "details", "recorded", "retention")
            for key, value in await watch.db.items(space)
            if one.id in (key, value.decode(errors="replace")) or document.id in (key, value.decode(errors="replace"))
        }
        assert spaces == set()
        assert await kinds(record) == ["deleted", "purged", "deleted", "purged"]
        exported = b"".join([piece async for piece in record.export()])
        assert isinstance(verify(lines_of(exported), key=SIGNER.key), Sound)
        with pytest.raises(Refused, match="exhibit-unknown"):
            await retention.purge(one.id, by="clerk", who="x")


async def test_what_is_due_goes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retentions, "LOOK_EVERY", 0.05)
    clip = grainy(tmp_path / "clip.mp4", 30)
    data = tmp_path / "data"
    async with serving({"clip.mp4": clip}) as server, keeping(data) as (watch, retention, record):
        ids = [(await watch.add(server.url("clip.mp4", n=n))).id for n in range(3)]
        for id_ in ids:
            await watch.over(id_)
        await retention.set(ids[0], time.time() + 0.3, by="clerk", who="x")
        await retention.set(ids[1], time.time() + 3600, by="clerk", who="x")
        await retention.set(ids[2], time.time() + 0.3, by="clerk", who="x")
        await retention.set(ids[2], None, by="clerk", who="x")
        async with asyncio.timeout(20):
            while "purged" not in await kinds(record):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert [exhibit.id for exhibit in watch.intake.exhibits()] == ids[1:]
        assert set(await retention.due()) == {ids[1]}
        assert await kinds(record) == ["retention"] * 4 + ["deleted", "purged"]


async def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = grainy(tmp_path / "clip.mp4", 30)
    data = tmp_path / "data"
    monkeypatch.setattr(retentions, "GONE_SECONDS", 0.2)
    monkeypatch.setattr(retentions.shutil, "rmtree", lambda *_, **__: None)
    async with serving({"clip.mp4": clip}) as server, keeping(data) as (watch, retention, record):
        one = await watch.add(server.url("clip.mp4"))
        await watch.over(one.id)
        with pytest.raises(Refused, match="purge-left"):
            await retention.purge(one.id, by="clerk", who="x")
        assert await kinds(record) == ["deleted"], "it is not said that it is gone"


async def test_over_the_api(place: House, call: Caller, ids: dict[str, str]) -> None:
    first, second = ids["JM/1"], ids["JM/2"]
    await call.refused("POST", f"/exhibits/{first}/purge", 403, "not-allowed", role="advocate", json={})
    await call.refused("POST", f"/exhibits/{first}/purge", 400, "malformed", json={"after": -1})
    after = time.time() + 9 * 24 * 3600
    assert await call.post(f"/exhibits/{second}/purge", after=after) == {
        "exhibit": second, "ref": "JM/2", "gone": False, "files": 0, "bytes": 0, "after": after,
    }  # fmt: skip
    assert await call.get("/retention") == {second: after}
    await call.post("/room/cue", exhibit=first)
    await call.post("/room/show")
    await call.refused("POST", f"/exhibits/{first}/purge", 409, "exhibit-shown", json={})
    await call.post("/room/blank")
    assert (await call.post(f"/exhibits/{first}/purge"))["gone"]
    assert [exhibit["ref"] for exhibit in await call.get("/exhibits")] == ["JM/2", "JM/3"]
