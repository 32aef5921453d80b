"""The web application: the table of routes, and everything around it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from courtcast.control import (
    audit,
    checks,
    clips,
    exhibits,
    hearings,
    inspections,
    pages,
    room,
    screens,
    sheets,
    uploads,
)
from courtcast.control.events import Hub
from courtcast.control.gate import check_origin, drop_cookie, set_cookie
from courtcast.control.metrics import CONTENT_TYPE, Counters, render
from courtcast.control.openapi import describe
from courtcast.control.routes import PREFIX, Call, Route
from courtcast.control.services import COUNTERS, HUB, SERVICES, Services
from courtcast.control.web import MAX_BODY, body, problems, respond
from courtcast.problems import Refused
from courtcast.wire.api import Role

__all__ = ["ROUTES", "Services", "make_app"]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /session`: a key that was not used yet, or a token."""

    key: str


class Session(msgspec.Struct, frozen=True):
    """Who one is here."""

    role: Role


async def events(call: Call) -> web.StreamResponse:
    """A WebSocket tells where it comes from; other pages must not listen."""
    return await call.request.app[HUB].serve(call.request, call.principal)


async def who(call: Call) -> Session:
    return Session(call.principal.role)


async def sign_out(call: Call) -> web.Response:
    await call.services.auth.sign_out(call.principal)
    call.request.app[HUB].close(call.principal)
    response = web.Response(status=204)
    drop_cookie(call.request, response)
    return response


ROUTES: tuple[Route, ...] = (
    *exhibits.ROUTES,
    *hearings.ROUTES,
    *clips.ROUTES,
    *sheets.ROUTES,
    *inspections.ROUTES,
    *screens.ROUTES,
    *room.ROUTES,
    *checks.ROUTES,
    *audit.ROUTES,
    *uploads.ROUTES,
    Route(
        method="GET",
        path="/events",
        handler=events,
        says="The whole state, then every change: WebSocket, else server-sent events",
        action="look",
        media="text/event-stream",
        problems=("too-many",),
    ),
    Route(method="GET", path="/session", handler=who, says="Who one is here", action="look", gives=Session),
    Route(method="DELETE", path="/session", handler=sign_out, says="Signs out", action="look", status=204),
)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """`POST /session`: for programs that keep cookies; people use the link."""
    check_origin(request, request.app[SERVICES].auth)
    signed_in = await request.app[SERVICES].auth.sign_in((await body(request, SignIn)).key)
    if signed_in is None:
        raise Refused("not-signed-in")
    response = respond(Session(signed_in[1]), 201)
    set_cookie(request, response, signed_in[0])
    return response


async def healthz(request: web.Request) -> web.StreamResponse:
    """Answers while the event loop turns."""
    return respond({"status": "ok", "build": request.app[SERVICES].assets.build})


async def metrics(request: web.Request) -> web.StreamResponse:
    text = render(request.app[SERVICES].desk, request.app[COUNTERS], len(request.app[HUB]))
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


async def _end_streams(app: web.Application) -> None:
    app[HUB].close()


def make_app(services: Services) -> web.Application:
    """The presenter's web application; whoever runs it closes what the services are made of."""
    app = web.Application(middlewares=[problems], client_max_size=MAX_BODY)
    app[SERVICES] = services
    app[COUNTERS] = Counters()
    app[HUB] = Hub(services.desk, services.assets.build)
    app.on_shutdown.append(_end_streams)
    app.on_response_prepare.append(uploads.sign)
    for route in ROUTES:
        app.router.add_route(route.method, PREFIX + route.path, route.endpoint())
    description = msgspec.json.encode(describe(ROUTES))

    async def openapi(_: web.Request) -> web.StreamResponse:
        return web.Response(body=description, content_type="application/json")

    app.router.add_post(f"{PREFIX}/session", sign_in)
    app.router.add_get(f"{PREFIX}/openapi.json", openapi)
    for prefix in ("", PREFIX):
        app.router.add_get(f"{prefix}/healthz", healthz)
        app.router.add_get(f"{prefix}/metrics", metrics)
    pages.setup(app, services.assets)
    return app
