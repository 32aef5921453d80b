"""The API's calls about hearings."""

from __future__ import annotations

from courtcast.control.routes import Call, Route
from courtcast.core.room import Leave
from courtcast.wire.library import AddHearing, ChangeHearing, Hearing


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
)
