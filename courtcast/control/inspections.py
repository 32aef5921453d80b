"""The API's calls about what a file says of itself, and the page for a printer."""

from __future__ import annotations

import time
from datetime import datetime

from aiohttp import web

from courtcast.control.dossier import dossier
from courtcast.control.pages import sheet
from courtcast.control.routes import Call, Route
from courtcast.wire.inspection import Inspection


async def inspection(call: Call) -> Inspection:
    return await call.services.intake.inspection(call.id)


async def page(call: Call) -> web.Response:
    """The same in words."""
    found = await call.services.intake.inspection(call.id)
    return sheet(call.request, "inspection.html", printed=spoken(time.time()), **dossier(found, spoken))


def spoken(moment: float) -> str:
    """Saturday 28 November 2026, 17:00:03 GMT, by this machine's own wall clock."""
    return f"{datetime.fromtimestamp(moment).astimezone():%A %d %B %Y, %H:%M:%S %Z}"


ROUTES = (
    Route(
        method="GET",
        path="/exhibits/{id}/inspection",
        handler=inspection,
        says="What the file says of itself, and what was done with it",
        action="look",
        gives=Inspection,
        problems=("exhibit-unknown", "inspection-not-yet"),
    ),
    Route(
        method="GET",
        path="/exhibits/{id}/inspection/page",
        handler=page,
        says="The same in words, on a page that can be printed",
        action="look",
        media="text/html",
        problems=("exhibit-unknown", "inspection-not-yet"),
    ),
)
