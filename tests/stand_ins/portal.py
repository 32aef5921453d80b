"""An evidence portal with a partner API in the shapes of Axon Evidence's, and a store that it leads on to. A real program.

It gives a token for the right key, shows cases that are shared with it, and hands files out by addresses of another origin
that hold for one request each where `once` is set. Start it with `portal`.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.stand_ins.served import part

PARTNER, CLIENT, SECRET = "3f0c1e5a-0000-4000-8000-00000000000a", "client-1", "s3cret/+="
CASE = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Evidence:
    """One piece: its id, what it is called, and its files by their ids, each a name and its bytes."""

    id: str
    title: str
    files: Mapping[str, tuple[str, bytes]]


@dataclass
class Portal:
    """What it has and what it was asked.

    lasts: `expires_in` of its tokens; ends: they end after so many requests, whatever was said
    """

    cases: Mapping[str, list[Evidence]]
    lasts: object = 3600
    ends: int | None = None
    address: str = ""
    store: str = ""
    tokens: dict[str, int] = field(default_factory=dict)
    """And how often each was used."""
    asked: list[str] = field(default_factory=list)
    stored: list[web.Request] = field(default_factory=list)
    signed: dict[str, bytes] = field(default_factory=dict)
    answer: str | None = None
    """What the API says instead of what it should."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append("token")
        right = {
            "grant_type": "client_credentials",
            "partner_id": PARTNER,
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
        if dict(form) != right:
            return web.json_response({"error": "invalid_client"}, status=401)
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = 0
        return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": self.lasts})

    def _may(self, request: web.Request) -> None:
        self.asked.append(request.path)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or request.match_info["partner"] != PARTNER:
            raise web.HTTPUnauthorized
        self.tokens[token] += 1
        if self.ends is not None and self.tokens[token] > self.ends:
            raise web.HTTPUnauthorized
        if self.answer is not None:
            raise web.HTTPOk(text=self.answer, content_type="application/json")

    async def case(self, request: web.Request) -> web.Response:
        self._may(request)
        if request.match_info["case"] not in self.cases:
            raise web.HTTPForbidden
        found = self.cases[request.match_info["case"]]
        data = [{"type": "evidence", "id": evidence.id} for evidence in found]
        return web.json_response({"meta": {"count": len(data)}, "data": data})

    def _evidence(self, request: web.Request) -> Evidence:
        for evidence in itertools.chain.from_iterable(self.cases.values()):
            if evidence.id == request.match_info["evidence"]:
                return evidence
        raise web.HTTPNotFound

    async def evidence(self, request: web.Request) -> web.Response:
        self._may(request)
        evidence = self._evidence(request)
        files = [
            {"type": "file", "id": id_, "attributes": {"fileName": name, "size": len(data), "contentType": "video/mp4"}}
            for id_, (name, data) in evidence.files.items()
        ]
        about = {
            "type": "evidence",
            "id": evidence.id,
            "attributes": {"title": evidence.title},
            "relationships": {"files": {"data": files}},
        }
        return web.json_response({"data": about})

    async def file(self, request: web.Request) -> web.Response:
        self._may(request)
        evidence = self._evidence(request)
        name, data = evidence.files[request.match_info["file"]]
        path = f"/{next(self._numbers)}/{name}"
        self.signed[path] = data
        raise web.HTTPFound(f"{self.store}{path}?X-Amz-Signature=x")

    async def stored_file(self, request: web.Request) -> web.Response:
        self.stored.append(request)
        data = self.signed[request.path]
        return part(request, data)


@asynccontextmanager
async def portal(cases: Mapping[str, list[Evidence]], **how: Any) -> AsyncIterator[Portal]:
    """The portal and its store, each on a port of its own."""
    made = Portal(cases, **how)
    api, store = web.Application(), web.Application()
    api.router.add_post("/api/oauth2/token", made.token)
    api.router.add_get("/api/v2/agencies/{partner}/cases/{case}/relationships/evidence", made.case)
    api.router.add_get("/api/v2/agencies/{partner}/evidence/{evidence}", made.evidence)
    api.router.add_get("/api/v1/agencies/{partner}/evidence/{evidence}/files/{file}", made.file)
    store.router.add_get("/{path:.*}", made.stored_file)
    runners = [web.AppRunner(app, access_log=None) for app in (api, store)]
    try:
        for runner in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.address, made.store = (f"http://127.0.0.1:{runner.addresses[0][1]}" for runner in runners)
        yield made
    finally:
        for runner in runners:
            await runner.cleanup()
