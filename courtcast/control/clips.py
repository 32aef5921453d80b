"""The API's calls about clips."""

from __future__ import annotations

from courtcast.control.routes import Call, Route
from courtcast.problems import Refused
from courtcast.wire.library import AddClip, ChangeClip, Clip


async def add(call: Call) -> Clip:
    return await call.services.docket.add_clip(call.id, call.body, by=call.by, who=call.who)


async def change(call: Call) -> Clip:
    _not_shown(call)
    return await call.services.docket.change_clip(call.id, _clip(call), call.body, by=call.by, who=call.who)


async def remove(call: Call) -> None:
    _not_shown(call)
    await call.services.docket.remove_clip(call.id, _clip(call), by=call.by, who=call.who)


def shown(call: Call) -> tuple[str, str] | None:
    """Exhibit and name of the clip that is on the screens."""
    on = call.services.desk.state().shown
    return None if on is None or on.clip is None else (on.exhibit, on.clip)


def _clip(call: Call) -> str:
    return call.request.match_info["clip"]


def _not_shown(call: Call) -> None:
    """The room keeps the ranges of what is on; what stands in the library would not be what is seen."""
    for clip in call.services.intake.get(call.id).clips:
        if clip.id == _clip(call) and (call.id, clip.name) == shown(call):
            raise Refused("clip-shown", name=clip.name)


_PROBLEMS = (
    "exhibit-unknown",
    "clip-name",
    "clip-name-taken",
    "clip-empty",
    "clip-backwards",
    "clip-outside",
    "clip-overlap",
    "clip-too-many",
    "malformed",
)
ROUTES = (
    Route(
        method="POST",
        path="/exhibits/{id}/clips",
        handler=add,
        says="Adds a clip: parts of the exhibit that are played as one",
        action="exhibits",
        takes=AddClip,
        gives=Clip,
        status=201,
        problems=(*_PROBLEMS, "clips-too-many"),
    ),
    Route(
        method="PATCH",
        path="/exhibits/{id}/clips/{clip}",
        handler=change,
        says="Another name, other parts, another agreement",
        action="exhibits",
        takes=ChangeClip,
        gives=Clip,
        problems=(*_PROBLEMS, "clip-unknown", "clip-shown"),
    ),
    Route(
        method="DELETE",
        path="/exhibits/{id}/clips/{clip}",
        handler=remove,
        says="Removes a clip; the exhibit stays as it is",
        action="exhibits",
        status=204,
        problems=("exhibit-unknown", "clip-unknown", "clip-shown"),
    ),
)
