"""The API's calls about hearings."""

from __future__ import annotations

from aiohttp import web

from courtcast.control import clips
from courtcast.control.routes import Call, Query, Route
from courtcast.control.web import raw
from courtcast.core import listing
from courtcast.core.room import Leave
from courtcast.wire.library import AddHearing, ChangeHearing, Hearing, Listing


async def everything(call: Call) -> list[Hearing]:
    return await call.services.docket.hearings()


async def one(call: Call) -> Hearing:
    return await call.services.docket.hearing(call.id)


async def add(call: Call) -> Hearing:
    return await call.services.docket.add_hearing(call.body, by=call.by, who=call.who)


async def change(call: Call) -> Hearing:
    return await call.services.docket.change_hearing(call.id, call.body, by=call.by, who=call.who)


async def remove(call: Call) -> None:
    await call.services.docket.remove_hearing(call.id, by=call.by, who=call.who)


async def open_(call: Call) -> Hearing:
    """No command but blank comes between the look at the screens and the change."""
    docket, desk = call.services.docket, call.services.desk
    known = await docket.hearing(call.id)
    if known.open:
        return known
    opened = await desk.after(
        Leave(), lambda: docket.open_hearing(call.id, by=call.by, who=call.who), by=call.by, who=call.who
    )
    desk.order_changed()
    return opened


async def listed(call: Call) -> web.Response:
    """For a spreadsheet."""
    data = await call.services.docket.list_of(call.id)
    named = {"Content-Disposition": 'attachment; filename="exhibits.csv"', "Cache-Control": "no-store"}
    return web.Response(body=data, content_type="text/csv", charset="utf-8", headers=named)


async def take_list(call: Call) -> Listing:
    """The body is the file itself. What is taken is written into the record before it is acknowledged."""
    data = await raw(call.request, listing.MOST_BYTES, listing.too_long())
    shown = clips.shown(call)
    taken = await call.services.docket.take_list(
        call.id, data, look=call.request.query.get("look", "") not in ("", "0"), by=call.by, who=call.who,
        busy=lambda exhibit, name: (exhibit, name) == shown,
    )  # fmt: skip
    for id_ in taken.touched:
        await call.services.onlooker.look(id_, by=call.by, who=call.who, relinked=id_ in taken.relinked)
    call.services.desk.order_changed()
    return taken.listing


ROUTES = (
    Route(
        method="GET",
        path="/hearings",
        handler=everything,
        says="All hearings: the open one, then by their days",
        action="look",
        gives=list[Hearing],
    ),
    Route(
        method="POST",
        path="/hearings",
        handler=add,
        says="Adds a hearing; it is not opened by that",
        action="exhibits",
        takes=AddHearing,
        gives=Hearing,
        status=201,
        problems=("malformed", "disk-full"),
    ),
    Route(
        method="GET",
        path="/hearings/{id}",
        handler=one,
        says="One hearing",
        action="look",
        gives=Hearing,
        problems=("hearing-unknown",),
    ),
    Route(
        method="PATCH",
        path="/hearings/{id}",
        handler=change,
        says="Another case, court, day or note",
        action="exhibits",
        takes=ChangeHearing,
        gives=Hearing,
        problems=("hearing-unknown", "malformed", "disk-full"),
    ),
    Route(
        method="DELETE",
        path="/hearings/{id}",
        handler=remove,
        says="Removes a hearing that has no exhibits",
        action="exhibits",
        status=204,
        problems=("hearing-unknown", "hearing-open", "hearing-not-empty"),
    ),
    Route(
        method="POST",
        path="/hearings/{id}/open",
        handler=open_,
        says="Opens it: its exhibits are those of the room. Not while something is shown; what is cued goes",
        action="present",
        gives=Hearing,
        problems=("hearing-unknown", "hearing-in-use", "moved-on", "disk-full"),
    ),
    Route(
        method="GET",
        path="/hearings/{id}/list",
        handler=listed,
        says="Its exhibits and clips as CSV, for a spreadsheet; links without their queries",
        action="look",
        media="text/csv",
        problems=("hearing-unknown",),
    ),
    Route(
        method="POST",
        path="/hearings/{id}/list",
        handler=take_list,
        says="Takes such a list (the body is the file): adds what is new, changes what is there; all of it, or nothing",
        action="exhibits",
        gives=Listing,
        query=(Query("look", "integer", "1 only says what the list would do"),),
        problems=(
            "hearing-unknown",
            "list-unreadable",
            "list-heading",
            "list-too-long",
            "list-line",
            "clips-too-many",
            "disk-full",
            "too-slow",
        ),
    ),
)
