"""The room outlives the presenter: kill -9 in the middle, and the same state with the same anchor afterwards."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from courtcast.control.auth import issue_token
from courtcast.control.saved import KEY, NOTE_BYTES, SPACE, BlankNote, load
from courtcast.core.room import Room
from courtcast.evidence.database import Database
from tests.control.conftest import API
from tests.stand_ins.house import Shelf, Wall, house

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """The house as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.session = session

    async def call(self, method: str, path: str, **body: Any) -> Any:
        response = await self.session.request(method, API + path, json=body or None)
        assert response.status == 200, await response.text()
        return await response.json()

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def running(data: Path, token: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stand_ins.house", str(data), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            port = (await process.stdout.readline()).split()[0].decode()
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
            yield Program(process, session)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def clerk(data: Path) -> str:
    async with Database(data / "courtcast.db") as db:
        return await issue_token(db, "clerk")


async def test_killed_while_playing(tmp_path: Path) -> None:
    token = await clerk(tmp_path)
    shelf = Shelf()
    long = shelf.put("JM/2", 60).id
    async with running(tmp_path, token) as program:
        await program.call("POST", "/room/cue", exhibit=long, at=5)
        await program.call("POST", "/room/show")
        before = await program.call("POST", "/room/play")
        await program.call("POST", "/room/cue", exhibit=long, at=30)
        await program.kill()
    async with running(tmp_path, token) as program:
        after = await program.call("GET", "/room")
        assert (after["anchor"], after["revision"]) == (before["anchor"], before["revision"] + 1)
        assert (after["cued"]["at"], after["playing"]) == (30.0, True)
        assert after["clock"] > before["clock"]
        assert after["position"] - 5 == pytest.approx(after["clock"] - before["anchor"]["clock"], abs=1e-6)
        await program.kill()


async def test_a_screens_delay_outlives_a_kill(tmp_path: Path) -> None:
    token = await clerk(tmp_path)
    async with running(tmp_path, token) as program:
        first, other = await program.call("GET", "/screens")
        assert (await program.call("PATCH", f"/screens/{other['id']}", delay_ms=-40))["delay_ms"] == -40
        await program.kill()
    async with running(tmp_path, token) as program:
        found = {screen["id"]: screen["delay_ms"] for screen in await program.call("GET", "/screens")}
        assert found == {first["id"]: 0, other["id"]: -40}
        await program.kill()


@pytest.mark.long
async def test_killed_right_after_a_blank(tmp_path: Path) -> None:
    """Acknowledged means that it holds, whatever of it has reached the disk."""
    token = await clerk(tmp_path)
    exhibit = Shelf().put("JM/1").id
    for _ in range(3):
        async with running(tmp_path, token) as program:
            await program.call("POST", "/room/cue", exhibit=exhibit)
            await program.call("POST", "/room/show", play=True)
            await program.call("POST", "/room/blank")
            await program.kill()
        async with running(tmp_path, token) as program:
            assert (await program.call("GET", "/room"))["blank"]
            await program.kill()


async def test_a_blank_that_the_database_did_not_take_holds_all_the_same(tmp_path: Path) -> None:
    token = await clerk(tmp_path)
    exhibit = Shelf().put("JM/1").id
    async with running(tmp_path, token) as program:
        await program.call("POST", "/room/cue", exhibit=exhibit)
        up = await program.call("POST", "/room/show", play=True)
        other = sqlite3.connect(tmp_path / "courtcast.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        down = await program.call("POST", "/room/blank")
        assert down["revision"] == up["revision"] + 1
        assert BlankNote(tmp_path / "blank").read() == down["revision"]
        await program.kill()
        other.execute("ROLLBACK")
        other.close()
    async with Database(tmp_path / "courtcast.db") as db:
        data = await db.get(SPACE, KEY)
        assert data is not None
        assert msgspec.json.decode(data)["room"]["shown"] is not None  # the database knows nothing of it
    async with running(tmp_path, token) as program:
        after = await program.call("GET", "/room")
        assert (after["blank"], after["shown"]) == (True, None)
        assert after["revision"] > down["revision"]
        await program.kill()


async def test_what_was_shown_goes_to_the_screens_before_its_file_is_looked_at_again(tmp_path: Path) -> None:
    """After a restart an exhibit is prepared anew; screens that hold it must not go black meanwhile."""
    shelf, wall = Shelf(), Wall("jury")
    exhibit = shelf.put("JM/1").id
    wall.light_up()
    async with house(tmp_path, shelf, wall) as before:
        await before.desk.command(msgspec.convert({"exhibit": exhibit, "at": 2}, _cue()), by="clerk")
        await before.desk.command(_show(), by="clerk")
        told = wall.told["jury"]
    shelf.manifests.clear()
    again = Wall("jury")
    again.light_up()
    async with house(tmp_path, shelf, again):
        assert again.told["jury"] == told


def _cue() -> Any:
    from courtcast.wire.api import CueRequest

    return CueRequest


def _show() -> Any:
    from courtcast.wire.api import ShowRequest

    return ShowRequest()


async def test_a_room_that_cannot_be_read_begins_blank(tmp_path: Path) -> None:
    async with Database(tmp_path / "courtcast.db") as db:
        for data in (b"", b"{}", b'{"mark": {}, "room": {}}', b"\xff"):
            await db.put(SPACE, KEY, data)
            assert (await load(db, BlankNote(tmp_path / "blank"))).room == Room()


def test_the_note(tmp_path: Path) -> None:
    path = tmp_path / "blank"
    note = BlankNote(path)
    assert note.read() == 0
    for revision in (7, 123456, 8):
        note.write(revision)
        note.flush()
        assert BlankNote(path).read() == revision
        assert path.stat().st_size == NOTE_BYTES
    path.write_bytes(b"not a number")
    assert note.read() == 0
    missing = BlankNote(tmp_path / "no" / "folder" / "blank")
    missing.write(1)
    missing.flush()
    assert missing.read() == 0
