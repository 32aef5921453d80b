"""Talking to the presenter that runs on this machine, from a command beside it: over its own API, with a token that is
made for this and taken away again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import aiohttp
import msgspec

from courtcast.app import RUNNING, Running, database
from courtcast.control.auth import SPACE, digest, issue_token
from courtcast.evidence.database import Database
from courtcast.problems import Refused
from courtcast.wire.api import Problem, Role

CALL_SECONDS = 60.0
FETCH_SECONDS = 600.0
STREAM_BLOCK = 1 << 20

T = TypeVar("T")


class Answer(NamedTuple):
    """What came back."""

    headers: Mapping[str, str]
    content: bytes


class Beside:
    """The running presenter's API."""

    def __init__(self, http: aiohttp.ClientSession, url: str, nobody: Refused) -> None:
        self._http, self._url, self._nobody = http, url, nobody

    async def call(self, method: str, path: str, gives: type[T], body: msgspec.Struct | None = None) -> T:
        """One call. Raises what it refuses, and `nobody` where it does not answer."""
        data = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = await self.request(method, path, headers, data)
        return msgspec.json.decode(answer.content or b"null", type=gives)

    async def send(self, path: str, content: bytes, gives: type[T]) -> T:
        """A file as it is. Raises likewise."""
        answer = await self.request("POST", path, {"Content-Type": "application/octet-stream"}, content)
        return msgspec.json.decode(answer.content, type=gives)

    async def request(self, method: str, path: str, headers: Mapping[str, str], data: bytes | None = None) -> Answer:
        """The same without its form being known. Raises what it refuses, and `nobody` where it does not answer."""
        try:
            async with self._http.request(method, f"{self._url}/api/v1{path}", data=data, headers=headers) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            raise self._nobody from None
        if answer.status >= 400:
            if not content:  # to a HEAD no words come
                raise Refused("upload-unknown")
            raise Refused.of(msgspec.json.decode(content, type=Problem))
        return Answer(answer.headers, content)

    async def stream(self, path: str, out: IO[bytes], on_progress: Callable[[int], None]) -> None:
        """What is large, into a file. Raises likewise, and Refused bundle-broken-off where it ends early.

        on_progress: gets the bytes that are there
        """
        limit, here = aiohttp.ClientTimeout(total=None, sock_read=CALL_SECONDS), 0
        try:
            async with self._http.get(f"{self._url}/api/v1{path}", timeout=limit) as answer:
                if answer.status >= 400:
                    raise Refused.of(msgspec.json.decode(await answer.read(), type=Problem))
                try:
                    async for data in answer.content.iter_chunked(STREAM_BLOCK):
                        await asyncio.to_thread(out.write, data)
                        on_progress(here := here + len(data))
                except (aiohttp.ClientError, TimeoutError):
                    raise Refused("bundle-broken-off") from None
        except (aiohttp.ClientError, TimeoutError):
            raise self._nobody from None

    async def fetch(self, path: str) -> bytes:
        """What is no JSON, as it is. Raises likewise."""
        limit = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        try:
            async with self._http.get(f"{self._url}/api/v1{path}", timeout=limit) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            raise self._nobody from None
        if answer.status >= 400:
            raise Refused.of(msgspec.json.decode(content, type=Problem))
        return content


@asynccontextmanager
async def beside(data: Path, role: Role, nobody: Refused) -> AsyncIterator[Beside]:
    """The presenter whose data folder this is. Raises `nobody` where none runs."""
    try:
        running = msgspec.json.decode((data / RUNNING).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        raise nobody from None
    certificate = data / "remote.pem"
    tls = ssl.create_default_context(cafile=str(certificate)) if certificate.exists() else None
    if tls is not None:
        tls.check_hostname = False  # it is this machine's own, found in the presenter's own folder
    async with Database(database(data), presenter=False) as db:
        secret = await issue_token(db, role, "this machine")
        try:
            async with aiohttp.ClientSession(
                trust_env=False,
                headers={"Authorization": f"Bearer {secret}"},
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
                connector=aiohttp.TCPConnector(ssl=tls or True),
            ) as http:
                yield Beside(http, running.url, nobody)
        finally:
            await db.delete(SPACE, digest(secret))
