"""kill -9 in the middle of an upload: what was acknowledged is there, a MiB at most has to be sent again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import select
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from courtcast.control.auth import issue_token
from courtcast.evidence.database import Database
from tests.prepare.watch import grainy
from tests.stand_ins.sending import Sender, checksum

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20


class Presenter:
    """Started again and again from one process that is ready to."""

    def __init__(self, mother: asyncio.subprocess.Process, data: Path) -> None:
        self._mother, self._data = mother, data
        self.url, self._pid = "", 0

    async def start(self) -> None:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(f"{self._data}\n".encode())
        async with asyncio.timeout(30):
            pid, port = (await self._mother.stdout.readline()).split()
        self._pid, self.url = int(pid), f"http://127.0.0.1:{int(port)}"

    def kill(self) -> None:
        """Returns when it is gone: until then its folder is in use."""
        if self._pid:
            with suppress(ProcessLookupError):
                ends = os.pidfd_open(self._pid)
                os.kill(self._pid, signal.SIGKILL)
                select.select([ends], [], [], 10)
                os.close(ends)
        self._pid = 0


@asynccontextmanager
async def presenting(data: Path) -> AsyncIterator[Presenter]:
    mother = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stand_ins.sending", stdin=-1, stdout=-1, cwd=ROOT
    )
    presenter = Presenter(mother, data)
    try:
        yield presenter
    finally:
        presenter.kill()
        mother.kill()
        await mother.wait()


def recording(folder: Path, size: int) -> bytes:
    """A clip with a box behind it that means nothing."""
    clip = grainy(folder / "clip.mp4", 60)
    padding = random.Random(size).randbytes(size - len(clip) - 8)
    return clip + (len(padding) + 8).to_bytes(4, "big") + b"free" + padding


@pytest.mark.timeout(120)
async def test_killed_at_twenty_moments(tmp_path: Path) -> None:
    rng = random.Random(20)
    data = recording(tmp_path, 24 * MIB)
    async with Database(tmp_path / "courtcast.db") as db:
        headers = {"Authorization": f"Bearer {await issue_token(db, 'advocate')}"}
    acknowledged, again, kills, where = 0, 0, 0, ""
    async with presenting(tmp_path) as presenter:
        while acknowledged < len(data):
            await presenter.start()
            async with aiohttp.ClientSession(presenter.url, headers=headers) as http:
                sender = Sender(http)
                where = where or await sender.new(len(data))
                here = await sender.offset(where)
                assert here >= acknowledged, "what was acknowledged is there"
                spool = next((tmp_path / "evidence").glob("*/*.spool"), None)
                lost = 0 if spool is None else spool.stat().st_size - here
                assert 0 <= lost <= MIB, "what came and was not noted"
                again += lost
                acknowledged = here
                enough = here + rng.randrange(MIB * 2) if kills < 20 else len(data)
                with suppress(aiohttp.ClientError):
                    while acknowledged < len(data):
                        if rng.random() < 0.5:
                            size = rng.choice((1000, 65_536, MIB))
                            piece = data[acknowledged : acknowledged + size]
                            answer = await sender.send(where, acknowledged, piece, checksum(piece))
                        else:
                            answer = await sender.send(where, acknowledged, cut(data, acknowledged, enough, presenter))
                        assert answer.status == 204
                        acknowledged = int(answer.headers["Upload-Offset"])
                        if acknowledged >= enough and kills < 20:
                            presenter.kill()
                presenter.kill()
                kills += 1
        await presenter.start()
        async with aiohttp.ClientSession(presenter.url, headers=headers) as http:
            id_ = await Sender(http).exhibit(where)
            async with asyncio.timeout(20):
                while True:
                    exhibit = await (await http.get(f"/api/v1/exhibits/{id_}")).json()
                    if exhibit["state"] == "ready":
                        break
                    await asyncio.sleep(0.05)
            assert exhibit["sha256"] == hashlib.sha256(data).hexdigest()
            assert exhibit["frames"] == 60
    assert kills >= 20


async def cut(data: bytes, at: int, kill_at: int, presenter: Presenter) -> AsyncIterator[bytes]:
    """The rest of the file in one body; on the way the presenter is killed."""
    while at < len(data):
        yield data[at : at + 100_000]
        at += 100_000
        await asyncio.sleep(0)
        if at >= kill_at and kill_at < len(data):
            presenter.kill()
