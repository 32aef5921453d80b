"""The API's calls about the two checks, and the sheet of what they found, for a printer."""

from __future__ import annotations

import time

from aiohttp import web

from courtcast.control.checkup import spoken
from courtcast.control.pages import sheet
from courtcast.control.routes import Call, Query, Route
from courtcast.core.checks import ORDER
from courtcast.problems import Refused
from courtcast.wire.api import CaseCheckRequest, Check, Checks, RoomCheckRequest

WORDS = {"stop": "Stands in the way", "look": "To be looked at", "note": "Good to know"}
"""What a colour means: a sheet may be printed without any."""
TITLES = {"case": "Case check", "room": "Room check"}


async def everything(call: Call) -> Checks:
    return call.services.checkup.state


async def case(call: Call) -> Check:
    asked: CaseCheckRequest = call.body
    return call.services.checkup.case(asked.until, by=call.by)


async def room(call: Call) -> Check:
    asked: RoomCheckRequest = call.body
    return call.services.checkup.room(asked.seconds, by=call.by)


async def cancel(call: Call) -> None:
    call.services.checkup.cancel()


async def page(call: Call) -> web.Response:
    """The last results on one sheet, or the one of a kind."""
    kind = call.request.query.get("kind")
    if kind not in (None, *TITLES):
        raise Refused("malformed", why="kind is case or room")
    state = call.services.checkup.state
    found = [check for check in (state.case, state.room) if check is not None and kind in (None, check.kind)]
    return sheet(
        call.request,
        "checks.html",
        checks=[_printed(check) for check in found],
        printed=spoken(time.time()),
        missing=TITLES[kind] if kind else "check",
    )


def _printed(check: Check) -> dict[str, object]:
    of = {grave: [one for one in check.findings if one.severity == grave] for grave in ORDER}
    groups = [(grave, WORDS[grave], findings) for grave, findings in of.items() if findings]
    return {
        "title": TITLES[check.kind],
        "when": spoken(check.ended or check.begun),
        "until": None if check.until is None else spoken(check.until),
        "by": check.by,
        "says": check.says,
        "worst": groups[0][0] if groups else "good",
        "groups": groups,
        "looked": check.looked,
    }


ROUTES = (
    Route(
        method="GET",
        path="/checks",
        handler=everything,
        says="The check that runs, and the last result of each kind",
        action="look",
        gives=Checks,
    ),
    Route(
        method="POST",
        path="/checks/case",
        handler=case,
        says="Begins the case check: links, copies on the disk, what is prepared",
        action="exhibits",
        takes=CaseCheckRequest,
        gives=Check,
        status=202,
        problems=("check-running",),
    ),
    Route(
        method="POST",
        path="/checks/room",
        handler=room,
        says="Begins the room check: screens, what they play, their lines, disks, clocks, the running order",
        action="present",
        takes=RoomCheckRequest,
        gives=Check,
        status=202,
        problems=("check-running", "check-not-now", "outside-range"),
    ),
    Route(
        method="DELETE",
        path="/checks",
        handler=cancel,
        says="Cancels the check that runs",
        action="present",
        status=204,
    ),
    Route(
        method="GET",
        path="/checks/page",
        handler=page,
        says="What the checks found, on a sheet that can be printed",
        action="look",
        media="text/html",
        query=(Query("kind", "string", "`case` or `room`; both where it is left out"),),
    ),
)
