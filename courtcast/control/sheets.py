"""The API's calls about contact sheets."""

from __future__ import annotations

from aiohttp import web

from courtcast.control.routes import Call, Route
from courtcast.wire.sheet import Sheet


async def sheet(call: Call) -> Sheet:
    return await call.services.intake.sheet(call.id)


async def strip(call: Call) -> web.Response:
    body = await call.services.intake.strip(call.id)
    return web.Response(body=body, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


ROUTES = (
    Route(
        method="GET",
        path="/exhibits/{id}/sheet",
        handler=sheet,
        says="Its contact sheet: keyframes, loudness, scenes, black, frozen and silent stretches, gaps",
        action="look",
        gives=Sheet,
        problems=("exhibit-unknown", "sheet-not-yet"),
    ),
    Route(
        method="GET",
        path="/exhibits/{id}/sheet/strip",
        handler=strip,
        says="The small pictures of the contact sheet, side by side",
        action="look",
        media="image/jpeg",
        problems=("exhibit-unknown", "sheet-not-yet", "sheet-no-pictures"),
    ),
)
