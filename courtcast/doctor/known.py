"""Which screens this presenter knows, from its data folder; and how it reaches them, where it runs just now."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from courtcast.app import RUNNING, Running, database
from courtcast.control.auth import SPACE as TOKENS
from courtcast.control.auth import digest, issue_token
from courtcast.deliver.screens import SPACE, Record
from courtcast.doctor.hops import Udp
from courtcast.evidence.database import Database
from courtcast.problems import Refused
from courtcast.wire.api import Screen

CALL: Final = 10.0
"""Seconds for the presenter that runs here to answer."""


async def records(data: Path) -> dict[str, Record]:
    """What is kept of each screen, by id. Nothing is made where there is nothing."""
    if not database(data).exists():
        return {}
    async with Database(database(data), presenter=False) as db:
        kept = await db.items(SPACE)
    known = {}
    for key, value in kept:
        try:
            known[key] = msgspec.json.decode(value, type=Record)
        except msgspec.MsgspecError:
            continue  # the presenter says so itself
    return known


async def in_use(data: Path) -> bool:
    """Whether a presenter runs on that folder."""
    if not database(data).exists():
        return False
    try:
        async with Database(database(data)):
            return False
    except Refused as refused:
        if refused.type != "data-in-use":
            raise
        return True


async def reached(data: Path) -> dict[str, Udp]:
    """How the presenter that runs here reaches its screens; of those it does not say, nothing is known."""
    try:
        running = msgspec.json.decode((data / RUNNING).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return {}
    async with Database(database(data), presenter=False) as db:
        secret = await issue_token(db, "viewer")
        try:
            screens = await _screens(data, running.url, secret)
        finally:
            await db.delete(TOKENS, digest(secret))
    return {screen.id: how(screen) for screen in screens}


def how(screen: Screen) -> Udp:
    """What a screen's state says of UDP."""
    problem = None if screen.problem is None else screen.problem.type
    if problem == "screen-taken":
        return "taken"
    if problem == "screen-no-page":
        return "no-page"
    if not screen.online or screen.path is None:
        return "unknown"
    return "open" if screen.path == "webrtc" else "closed"


async def _screens(data: Path, url: str, secret: str) -> list[Screen]:
    """None where the presenter does not answer."""
    own = data / "remote.pem"
    tls = ssl.create_default_context(cafile=str(own)) if own.exists() else None
    if tls is not None:
        tls.check_hostname = False  # it is this machine's own, found in the presenter's own folder
    try:
        async with (
            aiohttp.ClientSession(
                trust_env=False,
                headers={"Authorization": f"Bearer {secret}"},
                timeout=aiohttp.ClientTimeout(total=CALL),
                connector=aiohttp.TCPConnector(ssl=tls or True),
            ) as http,
            http.get(f"{url}/api/v1/screens") as answer,
        ):
            return msgspec.json.decode(await answer.read(), type=list[Screen])
    except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
        return []
