"""A house with three exhibits and two screens, and somebody signed in by token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from courtcast.control.auth import issue_token
from courtcast.wire.api import Exhibit, Role
from tests.stand_ins.house import House, Shelf, Wall, house

API = "/api/v1"


class Caller:
    """The API as a program outside uses it."""

    def __init__(self, client: TestClient[Any, Any], tokens: dict[str, str]) -> None:
        self.client = client
        self.tokens = tokens

    def headers(self, role: Role = "clerk") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    async def send(self, method: str, path: str, *, role: Role = "clerk", **more: Any) -> ClientResponse:
        headers = {**self.headers(role), **more.pop("headers", {})}
        return await self.client.request(method, API + path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Any:
        response = await self.send("GET", path, **more)
        assert response.status == 200, await response.text()
        return await response.json()

    async def post(self, path: str, *, role: Role = "clerk", **body: Any) -> Any:
        response = await self.send("POST", path, role=role, json=body)
        assert response.status in (200, 201), await response.text()
        return await response.json()

    async def refused(
        self, method: str, path: str, status: int, type_: str, *, role: Role = "clerk", **more: Any
    ) -> dict[str, Any]:
        """The problem document, which has to be a good one."""
        response = await self.send(method, path, role=role, **more)
        return await problem(response, status, type_)


async def problem(response: ClientResponse, status: int, type_: str) -> dict[str, Any]:
    """RFC 9457: the media type, the members, and that it says what it should."""
    assert response.status == status, await response.text()
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = await response.json()
    assert document["type"] == type_
    assert document["status"] == status
    assert document["title"]
    assert document["detail"].endswith(".")
    return document


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    shelf, wall = Shelf(), Wall("jury", "judge")
    shelf.put("JM/1")
    shelf.put("JM/2", 60)
    shelf.put("JM/3", 4, complete=False)
    wall.light_up()
    async with house(tmp_path, shelf, wall) as running:
        for role in ("clerk", "advocate", "viewer"):
            running.tokens[role] = await issue_token(running.db, role)
        yield running


@pytest.fixture
async def call(place: House) -> AsyncIterator[Caller]:
    async with TestClient(TestServer(place.app, host="127.0.0.1")) as client:
        yield Caller(client, place.tokens)


@pytest.fixture
def ids(place: House) -> dict[str, str]:
    """Ids of the exhibits by reference."""
    return {exhibit.ref: exhibit.id for exhibit in place.shelf.exhibits()}


@pytest.fixture
def first(place: House) -> Exhibit:
    return place.shelf.exhibits()[0]


Eventually = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture
def eventually(place: House) -> Eventually:
    """Waits until something is so, looking again at everything that the desk tells (and in between)."""

    async def wait(good: Callable[[], Any]) -> None:
        told = asyncio.Event()
        unlisten = place.desk.listen(lambda _what, _id: told.set())
        try:
            async with asyncio.timeout(10):
                while not good():
                    told.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.05):
                            await told.wait()
        finally:
            unlisten()

    return wait
