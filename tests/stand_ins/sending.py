"""The presenter's own application over the real intake, without screens: what uploads are sent to.

As a program (`python -m tests.stand_ins.sending`) it is made ready once, and then serves each data folder that is named on
its input from a fork of itself, so that it can be killed and started again quickly. It answers with the process's id and
its port.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from courtcast.app import open_record
from courtcast.control.api import make_app
from courtcast.control.auth import Auth, issue_token
from courtcast.control.checkup import Checkup
from courtcast.control.desk import Desk
from courtcast.control.onlooker import Onlooker
from courtcast.control.retention import Retention
from courtcast.control.saved import BlankNote, load
from courtcast.control.services import Services
from courtcast.control.timekeeper import Timekeeper
from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.library import Library
from courtcast.evidence.record import Record
from courtcast.prepare.intake import Intake
from courtcast.prepare.store import FolderStore
from courtcast.wire.api import Role
from courtcast.wire.assets import Assets
from tests.stand_ins.house import Wall

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**words: str) -> str:
    """As tus writes it."""
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in words.items())


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"}


class Sender:
    """A tus client of a few lines."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def begin(self, length: int, *, data: bytes | None = None, **words: str) -> aiohttp.ClientResponse:
        words.setdefault("filename", "one.mp4")
        headers = {**(TUS if data is None else PIECE), "Upload-Length": str(length)}
        headers["Upload-Metadata"] = metadata(**words)
        return await self.http.post(UPLOADS, data=data, headers=headers)

    async def new(self, length: int, **words: str) -> str:
        """Its address."""
        response = await self.begin(length, **words)
        assert response.status == 201, await response.text()
        return response.headers["Location"]

    async def send(
        self, where: str, offset: int, data: Any, headers: Mapping[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        return await self.http.patch(
            where, data=data, headers={**PIECE, "Upload-Offset": str(offset), **(headers or {})}
        )

    async def offset(self, where: str) -> int:
        response = await self.http.head(where, headers=TUS)
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        return int(response.headers["Upload-Offset"])

    async def exhibit(self, where: str) -> str:
        return (await self.http.head(where, headers=TUS)).headers["Exhibit"]


@dataclass
class Sending:
    """All of it, running."""

    url: str
    data: Path
    intake: Intake
    desk: Desk
    auth: Auth
    tokens: dict[str, str]
    record: Record
    db: Database

    def client(self, role: Role = "advocate") -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.url, headers={"Authorization": f"Bearer {self.tokens[role]}"})


@asynccontextmanager
async def sending(data: Path, *, quiet_of_tokens: bool = False) -> AsyncIterator[Sending]:
    async with Database(data / "courtcast.db") as db, open_record(data, db) as record:
        desks: list[Desk] = []

        def changed(exhibit: str) -> None:
            for desk in desks:
                desk.exhibit_changed(exhibit)

        async with Intake(
            data, Library(db), Guard([]), FolderStore(data / "renditions"), changed, record=record
        ) as intake:
            wall, note = Wall(), data / "blank"
            clock = Timekeeper((await load(db, BlankNote(note))).mark)
            async with (
                Desk(db=db, intake=intake, screens=wall, clock=clock, note=note, record=record) as desk,
                Onlooker(db=db, record=record, desk=desk, intake=intake) as onlooker,
                Retention(db=db, record=record, intake=intake, data=data, room=desk) as retention,
                Checkup(db=db, intake=intake, screens=wall, desk=desk, data=data) as checkup,
            ):
                desks.append(desk)
                auth = Auth(db, record=record)
                await auth.open()
                tokens = (
                    {}
                    if quiet_of_tokens
                    else {role: await issue_token(db, role) for role in ("clerk", "advocate", "viewer")}
                )
                services = Services(
                    intake=intake, docket=intake.docket, screens=wall, desk=desk, checkup=checkup, uploads=intake.uploads, auth=auth,
                    record=record, onlooker=onlooker, retention=retention, assets=Assets.find(),
                )  # fmt: skip
                runner = web.AppRunner(make_app(services), access_log=None, shutdown_timeout=1.0)
                await runner.setup()
                try:
                    await web.TCPSite(runner, "127.0.0.1", 0).start()
                    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                    yield Sending(url, data, intake, desk, auth, tokens, record, db)
                finally:
                    await runner.cleanup()


async def _serve(data: Path) -> None:
    async with sending(data, quiet_of_tokens=True) as running:
        print(os.getpid(), running.url.rpartition(":")[2], flush=True)
        await asyncio.Event().wait()


def main() -> None:
    for line in sys.stdin:
        if os.fork() == 0:
            sys.stdin.close()
            asyncio.run(_serve(Path(line.strip())))
            os._exit(0)


if __name__ == "__main__":
    main()
