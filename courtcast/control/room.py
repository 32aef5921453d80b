"""The API's calls about the room: what is cued, shown, played, blanked."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from courtcast.control.routes import Call, Route
from courtcast.wire import api
from courtcast.wire.api import RoomState

BLANK_BODY_SECONDS = 0.25
"""A blank does not wait longer for the rest of its own request."""

ROOM_PROBLEMS = ("moved-on", "not-recorded", "disk-full", "disk-failing")


async def state(call: Call) -> RoomState:
    return call.services.desk.state()


async def blank(call: Call) -> RoomState:
    """Whatever the body is: if it does not name zones, all of them are meant."""
    after = call.services.desk.blank(await _zones(call.request), by=call.by, who=call.who)
    await call.services.desk.blank_holds()
    return after


async def command(call: Call) -> RoomState:
    return await call.services.desk.command(call.body, by=call.by, who=call.who)


async def volume(call: Call) -> RoomState:
    asked: api.VolumeRequest = call.body
    if asked.screen is not None:
        call.services.screens.get(asked.screen)
    after = await call.services.desk.command(asked, by=call.by, who=call.who)
    if asked.screen is not None:
        call.services.desk.screen_changed(asked.screen)
    return after


async def _zones(request: web.Request) -> list[str] | None:
    if not request.can_read_body:
        return None
    try:
        async with asyncio.timeout(BLANK_BODY_SECONDS):
            data = await request.read()
        return msgspec.json.decode(data, type=api.BlankRequest).zones
    except Exception:
        return None


def _command(path: str, takes: type, says: str, *problems: str) -> Route:
    return Route(
        method="POST",
        path=path,
        handler=command,
        says=says,
        action="present",
        takes=takes,
        gives=RoomState,
        problems=(*problems, *ROOM_PROBLEMS),
    )


ROUTES = (
    Route(
        method="GET",
        path="/room",
        handler=state,
        says="The room's state with its revision",
        action="look",
        gives=RoomState,
    ),
    Route(
        method="POST",
        path="/room/blank",
        handler=blank,
        says="Takes everything down, or makes zones black; takes any body",
        action="blank",
        takes=api.BlankRequest,
        lenient=True,
        gives=RoomState,
    ),
    _command(
        "/room/cue",
        api.CueRequest,
        "Makes a moment of an exhibit, or a clip of it, ready, unseen",
        "exhibit-unknown",
        "clip-unknown",
        "clip-outside",
        "clip-overlap",
        "outside-clip",
        "exhibit-failed",
        "not-showable",
        "outside-exhibit",
        "still-not-yet",
        "outside-leaves",
        "leaf-not-yet",
    ),
    _command("/room/show", api.ShowRequest, "Puts up what is ready, paused (or playing)", "nothing-cued", "not-safe"),
    _command("/room/play", api.PlayRequest, "Plays what is shown", "nothing-shown", "nothing-to-play", "not-safe"),
    _command("/room/pause", api.PlainRequest, "Pauses what is shown", "nothing-shown"),
    _command(
        "/room/seek",
        api.SeekRequest,
        "Goes to a media time; of images and documents to a leaf",
        "nothing-shown",
        "outside-exhibit",
        "outside-clip",
        "still-not-yet",
        "outside-leaves",
        "leaf-not-yet",
    ),
    _command("/room/step", api.StepRequest, "Moves by whole frames, and rests there", "nothing-shown", "no-frames"),
    _command(
        "/room/view", api.ViewRequest, "Fills the displays with a part of the picture", "nothing-shown", "outside-range"
    ),
    _command("/room/rate", api.RateRequest, "Sets the speed", "outside-range"),
    Route(
        method="POST",
        path="/room/volume",
        handler=volume,
        says="Sets the volume of the room or of one screen",
        action="present",
        takes=api.VolumeRequest,
        gives=RoomState,
        problems=("outside-range", "screen-unknown", *ROOM_PROBLEMS),
    ),
)
