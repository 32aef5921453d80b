"""The API's calls about the record: the whole of it, sheets made from it, and when evidence is removed for good."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from aiohttp import web

from courtcast.control import paper
from courtcast.control.pages import sheet
from courtcast.control.paper import Seal
from courtcast.control.retention import Purged
from courtcast.control.routes import Call, Query, Route
from courtcast.core.account import shown, told
from courtcast.core.chain import Entry
from courtcast.core.entries import MICRO, Fact, fact
from courtcast.core.signing import grouped
from courtcast.evidence.record import stamp
from courtcast.problems import Refused

MOST_PRINTED = 20_000
"""Entries of a sheet: drawing them takes the processor from a hearing, half a minute of it for so many."""
FURTHEST = 100 * 366 * 24 * 3600.0
"""Seconds from now that a time for removal may lie ahead."""
DAY = Query("day", "string", "Only that day here, like 2026-11-30; else all of it")


class Head(msgspec.Struct, frozen=True):
    """How far the record is, and who signs it."""

    count: int
    head: str
    """Hash of the last entry."""
    key: str
    """Public key of this installation."""


class PurgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /exhibits/{id}/purge`."""

    after: float | None = None
    """Unix time (seconds) from which on it goes by itself; 0 takes that back. Left out, it goes now."""


async def whole(call: Call) -> web.StreamResponse:
    """Line by line; it ends in the closing checkpoint, and whatever does not was cut off."""
    pieces = call.services.record.export(_exported(call, "JSON Lines"))
    first = await anext(pieces)  # what refuses, does so before anything is answered
    response = web.StreamResponse(headers=_file("application/jsonl", "record", "jsonl"))
    await response.prepare(call.request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def head(call: Call) -> Head:
    link, key = await call.services.record.head()
    return Head(link.entries, link.head, key)


async def printed(call: Call) -> web.Response:
    title = _title(call, "What happened")
    entries, seal = await _entries(call, "PDF")
    body = await asyncio.to_thread(
        lambda: paper.record(list(told(entries, paper.moment)), seal, title=title, printed=stamp())
    )
    return web.Response(body=body, headers=_file("application/pdf", "record", "pdf"))


async def transcript(call: Call) -> web.Response:
    title = _title(call, "What was shown")
    entries, seal = await _entries(call, "transcript sheet")
    body = await asyncio.to_thread(lambda: paper.transcript(shown(entries), seal, title=title, printed=stamp()))
    return web.Response(body=body, headers=_file("application/pdf", "shown", "pdf"))


async def table(call: Call) -> web.Response:
    entries, _ = await _entries(call, "CSV")
    body = await asyncio.to_thread(lambda: paper.transcript_csv(shown(entries)))
    return web.Response(body=body, headers=_file("text/csv; charset=utf-8", "shown", "csv"))


async def page(call: Call) -> web.Response:
    """Where people get all of these."""
    link, key = await call.services.record.head()
    today = datetime.now().astimezone().date()
    return sheet(
        call.request,
        "record.html",
        key=grouped(key),
        head=grouped(link.head),
        count=link.entries,
        days=[
            (name, day.isoformat(), paper.spoken_day(day))
            for name, day in (("Today", today), ("Yesterday", today - timedelta(days=1)))
        ],
        now=paper.moment(stamp()),
    )


async def purge(call: Call) -> Purged:
    asked: PurgeRequest = call.body
    retention = call.services.retention
    if asked.after is None:
        gone = await retention.purge(call.id, by=call.by, who=call.who)
        call.services.desk.order_changed()
        return gone
    if asked.after != 0 and not 0 < asked.after < time.time() + FURTHEST:
        raise Refused("malformed", why="after is no time at which something can be removed")
    return await retention.set(call.id, asked.after or None, by=call.by, who=call.who)


async def due(call: Call) -> dict[str, float]:
    return await call.services.retention.due()


async def _entries(call: Call, form: str) -> tuple[Sequence[Entry], Seal]:
    """Those of the day that was asked for. That they are taken out is in the record first."""
    since, until = _span(_day(call))
    await call.services.record.tell(_exported(call, form))
    link, key = await call.services.record.head()
    entries = []
    async for entry in call.services.record.entries(since=since, until=until):
        entries.append(entry)
        if len(entries) > MOST_PRINTED:
            raise Refused("sheet-too-long")
    return entries, Seal(key, link.head, link.entries)


def _exported(call: Call, form: str) -> Fact:
    day = _day(call)
    return fact(stamp(), "exported", form=form, day=None if day is None else day.isoformat(), by=call.by, who=call.who)


def _day(call: Call) -> date | None:
    """Raises Refused malformed."""
    text = call.request.query.get("day")
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("malformed", why="day is a date like 2026-11-30") from None


def _span(day: date | None) -> tuple[int, int | None]:
    """In microseconds; where clocks are put forward or back that night, a day has 23 or 25 hours."""
    if day is None:
        return 0, None
    midnight: Callable[[date], datetime] = lambda one: datetime(one.year, one.month, one.day).astimezone()  # noqa: E731
    try:
        since, until = midnight(day), midnight(day + timedelta(days=1))
    except (OverflowError, ValueError, OSError):
        raise Refused("malformed", why="day is no day of this time") from None
    return max(0, round(since.timestamp() * MICRO)), max(0, round(until.timestamp() * MICRO))


def _title(call: Call, what: str) -> str:
    day = _day(call)
    return what if day is None else f"{what}, {paper.spoken_day(day)}"


def _file(kind: str, name: str, ending: str) -> dict[str, str]:
    now = datetime.now().astimezone()
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="courtcast-{name}-{now:%Y-%m-%d-%H%M}.{ending}"',
        "Cache-Control": "no-store",
    }


_SHEETS = (
    ("/audit/print", printed, "The record in plain words, for the court file", "application/pdf"),
    ("/audit/transcript", transcript, "What was shown: exhibit, from and to, when, to whom", "application/pdf"),
    ("/audit/transcript.csv", table, "The same for a spreadsheet", "text/csv"),
)

ROUTES = (
    Route(
        method="GET",
        path="/audit",
        handler=whole,
        says="The record as JSON Lines, for `courtcast audit verify`",
        action="record",
        media="application/jsonl",
        problems=("disk-full", "disk-failing", "not-recorded"),
    ),
    Route(
        method="GET",
        path="/audit/head",
        handler=head,
        says="How far the record is, and the key that signs it",
        action="record",
        gives=Head,
    ),
    *(
        Route(
            method="GET",
            path=path,
            handler=handler,
            says=says,
            action="record",
            media=media,
            query=(DAY,),
            problems=("sheet-too-long", "disk-full", "disk-failing", "not-recorded"),
        )
        for path, handler, says, media in _SHEETS
    ),
    Route(
        method="GET",
        path="/audit/page",
        handler=page,
        says="A page for people from which all of these are had",
        action="record",
        media="text/html",
    ),
    Route(
        method="POST",
        path="/exhibits/{id}/purge",
        handler=purge,
        says="Removes an exhibit's files for good, now or from some time on",
        action="purge",
        takes=PurgeRequest,
        gives=Purged,
        problems=("exhibit-unknown", "exhibit-shown", "purge-left"),
    ),
    Route(
        method="GET",
        path="/retention",
        handler=due,
        says="Which exhibits go by themselves, and when (Unix time)",
        action="record",
        gives=dict[str, float],
    ),
)
