"""The API's calls about screens."""

from __future__ import annotations

from aiohttp import web

from courtcast.control.room import ROOM_PROBLEMS
from courtcast.control.routes import Call, Query, Route
from courtcast.core.card import EndCard, ShowCard
from courtcast.core.entries import Fact, fact
from courtcast.core.room import ChooseSound, SetDelay
from courtcast.evidence.record import stamp
from courtcast.problems import Refused
from courtcast.wire.api import AddScreen, ChangeScreen, PairScreen, PlainRequest, RoomState, Screen


async def everything(call: Call) -> list[Screen]:
    return call.services.desk.screens()


async def add(call: Call) -> Screen:
    added = await call.services.screens.add(call.body.address)
    return _told(call, added.id)


async def pair(call: Call) -> Screen:
    call.services.screens.get(call.id)
    paired = await call.services.screens.pair(call.id, call.body.code)
    await call.services.record.tell(_of(call, "paired", paired, address=paired.address))
    return _told(call, call.id)


async def change(call: Call) -> Screen:
    asked: ChangeScreen = call.body
    call.services.screens.get(call.id)
    desk = call.services.desk
    if asked.delay_ms is not None:  # first: it is what may be refused
        await desk.command(SetDelay(screen=call.id, milliseconds=asked.delay_ms), by=call.by, who=call.who)
    if asked.name is not None or asked.zone is not None:
        changed = await call.services.screens.change(call.id, ChangeScreen(name=asked.name, zone=asked.zone))
        await call.services.record.tell(_of(call, "placed", changed))
    if asked.sound is True:
        await desk.command(ChooseSound(screen=call.id), by=call.by, who=call.who)
    elif asked.sound is False and desk.screen(call.id).sound:
        await desk.command(ChooseSound(screen=None), by=call.by, who=call.who)
    return _told(call, call.id)


async def remove(call: Call) -> None:
    known = call.services.screens.get(call.id)
    if known.paired:
        await call.services.record.write(_of(call, "unpaired", known))
    # Else a screen that is gone would go on making every start wait for it.
    await call.services.desk.command(SetDelay(screen=call.id, milliseconds=0), by=call.by, who=call.who)
    await call.services.screens.remove(call.id)
    call.services.desk.screen_changed(call.id)


async def picture(call: Call) -> web.Response:
    """Asking for it is looking at it: a screen sends pictures while somebody does."""
    call.services.screens.get(call.id)
    call.services.desk.look(call.id)
    jpeg = call.services.screens.picture(call.id)
    if jpeg is None:
        raise Refused("no-picture-yet")
    return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def card(call: Call) -> RoomState:
    asked: PlainRequest = call.body
    screen = call.services.screens.get(call.id)
    if not screen.paired or not screen.online:
        raise Refused("card-no-screen", name=screen.name)
    return await call.services.desk.command(ShowCard(screen=call.id, revision=asked.revision), by=call.by, who=call.who)


async def end_card(call: Call) -> RoomState:
    call.services.screens.get(call.id)
    return await call.services.desk.command(EndCard(screen=call.id), by=call.by, who=call.who)


def _of(call: Call, kind: str, screen: Screen, **more: str) -> Fact:
    said = {"screen": screen.id, "name": screen.name, "zone": screen.zone}
    return fact(stamp(), kind, **said, **more, by=call.by, who=call.who)


def _told(call: Call, screen: str) -> Screen:
    call.services.desk.screen_changed(screen)
    return call.services.desk.screen(screen)


ROUTES = (
    Route(
        method="GET",
        path="/screens",
        handler=everything,
        says="All screens: found, typed in, paired",
        action="look",
        gives=list[Screen],
    ),
    Route(
        method="POST",
        path="/screens",
        handler=add,
        says="A screen by its address",
        action="screens",
        takes=AddScreen,
        gives=Screen,
        status=201,
        problems=("address-malformed", "screen-unreachable"),
    ),
    Route(
        method="POST",
        path="/screens/{id}/pair",
        handler=pair,
        says="Pairs a screen by the code on it",
        action="screens",
        takes=PairScreen,
        gives=Screen,
        problems=(
            "screen-unknown",
            "screen-paired",
            "screen-unreachable",
            "pairing-wrong-code",
            "pairing-locked",
            "pairing-busy",
        ),
    ),
    Route(
        method="PATCH",
        path="/screens/{id}",
        handler=change,
        says="Another name or zone, whether it is the room's sound, how much later it comes",
        action="screens",
        takes=ChangeScreen,
        gives=Screen,
        problems=("screen-unknown", "outside-range"),
    ),
    Route(
        method="DELETE",
        path="/screens/{id}",
        handler=remove,
        says="Forgets a screen",
        action="screens",
        status=204,
        problems=("screen-unknown",),
    ),
    Route(
        method="GET",
        path="/screens/{id}/picture",
        handler=picture,
        says="A small picture of what is really on the display",
        action="look",
        media="image/jpeg",
        query=(Query("n", "integer", "The screen's `picture`; only keeps addresses apart"),),
        problems=("screen-unknown", "no-picture-yet"),
    ),
    Route(
        method="POST",
        path="/screens/{id}/card",
        handler=card,
        says="The test card with sound on this screen, for 30 s, while nothing is shown",
        action="present",
        takes=PlainRequest,
        gives=RoomState,
        problems=("screen-unknown", "card-no-screen", "card-not-now", *ROOM_PROBLEMS),
    ),
    Route(
        method="DELETE",
        path="/screens/{id}/card",
        handler=end_card,
        says="Takes the test card down again",
        action="present",
        gives=RoomState,
        problems=("screen-unknown", *ROOM_PROBLEMS),
    ),
)
