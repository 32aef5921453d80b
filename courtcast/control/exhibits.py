"""The API's calls about exhibits."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from urllib.parse import quote

from aiohttp import web

from courtcast.control.desk import HOUSE
from courtcast.control.routes import Call, Query, Route
from courtcast.control.web import raw
from courtcast.core.item import frame_at, moment
from courtcast.core.room import Forget
from courtcast.prepare import sidecar
from courtcast.prepare.labels import Label, labelled, source_hash
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, ChangeExhibit, Exhibit, NewLink, TakeFiles

STILL_SECONDS = 20.0
"""A browser opens six connections at most: a still that never comes must not stand in the way of a blank."""
ALL = "all"
"""In the place of a hearing's id."""
NARROWEST, WIDEST = 16, 8192
"""Pixels of a still's `width`."""


async def everything(call: Call) -> list[Exhibit]:
    hearing = call.request.query.get("hearing")
    if hearing is None or hearing == call.services.desk.opened:
        return call.services.desk.exhibits()
    if hearing == ALL:
        return call.services.intake.everything()
    await call.services.docket.hearing(hearing)
    return call.services.intake.exhibits(hearing)


async def joins(call: Call) -> list[list[str]]:
    return call.services.intake.joins()


async def one(call: Call) -> Exhibit:
    return call.services.desk.exhibit(call.id)


async def add(call: Call) -> web.StreamResponse | Exhibit:
    if not (call.body.url or call.body.join):
        raise Refused("malformed", why="an exhibit has a link (url), or is joined from others (join)")
    added = await call.services.intake.add(call.body)
    await call.services.onlooker.look(added.id, by=call.by, who=call.who)
    call.services.desk.order_changed()
    return call.services.desk.exhibit(added.id)


async def change(call: Call) -> Exhibit:
    there = call.services.intake.get(call.id)
    if call.body.hearing is None or call.body.hearing == there.hearing:
        await call.services.intake.change(call.id, call.body)
    else:
        await _move(call, there)
    await call.services.onlooker.look(call.id, by=call.by, who=call.who)
    call.services.desk.order_changed()
    call.services.desk.exhibit_changed(call.id)
    return call.services.desk.exhibit(call.id)


async def _move(call: Call, exhibit: Exhibit) -> None:
    """To another hearing, with its parts, and not while any of them is in the room."""
    await call.services.docket.hearing(call.body.hearing)
    parts = [part.id for part in exhibit.parts]
    for part in parts:
        await call.services.desk.forget(part)
    await call.services.desk.after(
        Forget(exhibit=exhibit.id), lambda: call.services.intake.change(exhibit.id, call.body), by=HOUSE
    )
    for part in parts:
        await call.services.onlooker.look(part, by=call.by, who=call.who)


async def remove(call: Call) -> None:
    await take_out(call, call.id)


async def take_out(call: Call, exhibit: str) -> None:
    """Off the list, and recorded before. Raises Refused: exhibit-unknown, exhibit-joined, exhibit-shown."""
    call.services.intake.get(exhibit)
    for other in call.services.intake.everything():  # before the room lets go of it
        if any(part.id == exhibit for part in other.parts):
            raise Refused("exhibit-joined", ref=other.ref)
    await call.services.desk.forget(exhibit)
    await call.services.onlooker.goes(exhibit, by=call.by, who=call.who)
    await call.services.intake.delete(exhibit)
    call.services.desk.order_changed()


async def relink(call: Call) -> Exhibit:
    await call.services.intake.relink(call.id, call.body)
    await call.services.onlooker.look(call.id, by=call.by, who=call.who, relinked=True)
    return call.services.desk.exhibit(call.id)


async def take(call: Call) -> Exhibit:
    await call.services.intake.take(call.id, call.body.take)
    call.services.desk.order_changed()
    return call.services.desk.exhibit(call.id)


async def add_subtitles(call: Call) -> Exhibit:
    """The body is the file itself."""
    data = await raw(call.request, sidecar.MOST)
    query = call.request.query
    await call.services.intake.add_subtitles(
        call.id, data, title=query.get("title", ""), language=query.get("language", "")
    )
    return call.services.desk.exhibit(call.id)


async def remove_subtitles(call: Call) -> Exhibit:
    await call.services.intake.remove_subtitles(call.id, call.request.match_info["subtitles"])
    return call.services.desk.exhibit(call.id)


async def still(call: Call) -> web.Response:
    """The frame is settled here, by the same rule as for the screens; the intake only decodes it."""
    t, frame, width = call.number("t"), call.integer("frame"), call.integer("width")
    if t is not None and frame is not None:
        raise Refused("malformed", why="t and frame say the same thing; one of them is enough")
    if width is not None and not NARROWEST <= width <= WIDEST:
        raise Refused("outside-range", what="The width", low=NARROWEST, high=WIDEST)
    item = call.services.desk.catalog(call.id)
    if item.failed is not None:
        raise Refused("exhibit-failed", ref=item.ref, why=item.failed)
    if frame is None:
        t = t or 0.0
        frame = frame_at(item, moment(item, t))
    elif frame < 0 or item.timeline is None or frame >= len(item.timeline):
        raise Refused("still-not-yet") if frame >= 0 and item.end is None else Refused("frame-unknown")
    try:
        async with asyncio.timeout(STILL_SECONDS):
            png = await call.services.intake.still(call.id, t=t if frame is None else None, frame=frame, width=width)
    except TimeoutError:
        raise Refused("still-not-yet") from None
    label = _label(call, frame, t)
    return web.Response(body=labelled(png, label.texts()), content_type="image/png", headers=_headers(label))


def _label(call: Call, frame: int | None, t: float | None) -> Label:
    """As the exhibit is called now: what was decoded earlier is labelled anew."""
    exhibit, timeline = call.services.intake.get(call.id), call.services.desk.catalog(call.id).timeline
    known = timeline is not None and frame is not None and frame < len(timeline)
    time = timeline.time_of(frame) if timeline is not None and frame is not None and known else Fraction(t or 0)
    return Label(exhibit.ref, exhibit.title, time, frame or 0, source_hash(exhibit, frame or 0))


def _headers(label: Label) -> dict[str, str]:
    """The same for programs. Text is UTF-8, percent-encoded: headers hold no other."""
    said = {
        "Exhibit-Reference": quote(label.reference),
        "Exhibit-Title": quote(label.title),
        "Media-Time": f"{float(label.time):.6f}",
        "Frame-Number": str(label.frame),
        "Source-SHA-256": label.sha256 or "",
    }
    named = {"Content-Disposition": f'inline; filename="{label.file_name}"', "Cache-Control": "no-store"}
    return {**{name: text for name, text in said.items() if text}, **named}


ROUTES = (
    Route(
        method="GET",
        path="/exhibits",
        handler=everything,
        says="The open hearing's exhibits, in running order",
        action="look",
        gives=list[Exhibit],
        query=(Query("hearing", "string", "Id of another hearing; `all` for those of all hearings"),),
        problems=("hearing-unknown",),
    ),
    Route(
        method="POST",
        path="/exhibits",
        handler=add,
        says="Adds an exhibit from a link, or joins others that are parts of one recording",
        action="exhibits",
        takes=AddExhibit,
        gives=Exhibit,
        status=201,
        problems=(
            "link-malformed",
            "link-forbidden-address",
            "disk-full",
            "not-joinable",
            "exhibit-unknown",
            "hearing-unknown",
        ),
    ),
    Route(
        method="GET",
        path="/joins",
        handler=joins,
        says="Ids of exhibits whose names say that they are parts of one recording, in order",
        action="look",
        gives=list[list[str]],
    ),
    Route(
        method="GET",
        path="/exhibits/{id}",
        handler=one,
        says="One exhibit",
        action="look",
        gives=Exhibit,
        problems=("exhibit-unknown",),
    ),
    Route(
        method="PATCH",
        path="/exhibits/{id}",
        handler=change,
        says="Another reference, title, place in the running order, hearing, sound track; what is said of it",
        action="exhibits",
        takes=ChangeExhibit,
        gives=Exhibit,
        problems=(
            "exhibit-unknown",
            "sound-unknown",
            "subtitles-unknown",
            "hearing-unknown",
            "exhibit-shown",
            "exhibit-part",
        ),
    ),
    Route(
        method="DELETE",
        path="/exhibits/{id}",
        handler=remove,
        says="Removes an exhibit and all that was fetched of it",
        action="exhibits",
        status=204,
        problems=("exhibit-unknown", "exhibit-shown", "exhibit-joined"),
    ),
    Route(
        method="POST",
        path="/exhibits/{id}/link",
        handler=relink,
        says="A fresh link for the same evidence",
        action="exhibits",
        takes=NewLink,
        gives=Exhibit,
        problems=("exhibit-unknown", "link-malformed", "link-forbidden-address"),
    ),
    Route(
        method="POST",
        path="/exhibits/{id}/files",
        handler=take,
        says="Which of the files behind its link are meant: the first is this exhibit, the others become exhibits",
        action="exhibits",
        takes=TakeFiles,
        gives=Exhibit,
        problems=("exhibit-unknown", "link-choice-gone", "malformed"),
    ),
    Route(
        method="POST",
        path="/exhibits/{id}/subtitles",
        handler=add_subtitles,
        says="Adds subtitles: the body is an SRT or WebVTT file; they are shown once they are chosen",
        action="exhibits",
        gives=Exhibit,
        status=201,
        query=(
            Query("title", "string", "What they are called"),
            Query("language", "string", "A code of ISO 639 or BCP 47"),
        ),
        problems=(
            "exhibit-unknown",
            "subtitles-unreadable",
            "subtitles-too-large",
            "subtitles-too-many",
            "malformed",
            "too-slow",
        ),
    ),
    Route(
        method="DELETE",
        path="/exhibits/{id}/subtitles/{subtitles}",
        handler=remove_subtitles,
        says="Removes subtitles that were added",
        action="exhibits",
        gives=Exhibit,
        problems=("exhibit-unknown", "subtitles-unknown"),
    ),
    Route(
        method="GET",
        path="/exhibits/{id}/still",
        handler=still,
        says="Exactly the frame shown at a time, from the source",
        action="look",
        media="image/png",
        query=(
            Query("t", "number", "Seconds of media time; 0 where neither t nor frame is given"),
            Query("frame", "integer", "Number of the frame, from 0"),
            Query("width", "integer", "Scales the picture to this many pixels"),
        ),
        problems=(
            "exhibit-unknown",
            "outside-exhibit",
            "frame-unknown",
            "outside-range",
            "still-not-yet",
            "exhibit-failed",
        ),
    ),
)
