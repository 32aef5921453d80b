"""The API's calls about sealed bundles: a hearing goes out as one, and comes in as one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from io import RawIOBase
from typing import Final

from aiohttp import web

from courtcast.control.routes import Call, Query, Route
from courtcast.evidence import bundle
from courtcast.prepare import bundling
from courtcast.problems import Refused
from courtcast.wire.library import TakeBundle, Taking

WRITE_SECONDS: Final = 60.0
"""That whoever fetches a bundle may take for one piece of it."""


class _Pipe(RawIOBase):
    """What is written to it on a thread goes out on the loop, one piece at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Callable[[bytes], object]) -> None:
        self._loop, self._send = loop, send

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        asyncio.run_coroutine_threadsafe(self._send(piece), self._loop).result()  # type: ignore[arg-type]
        return len(piece)


async def fetch(call: Call) -> web.StreamResponse:
    """The whole hearing as a zip, as it is written. That it is handed out is in the record first."""
    services = call.services
    hearing = await services.docket.hearing(call.id)
    query = call.request.query
    contents = await services.bundles.contents(
        call.id, remarks=query.get("remarks") != "0", media=query.get("media") != "0"
    )
    await services.record.tell(bundling.handed_out(hearing, contents, by=call.by, who=call.who))
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{_file_name(hearing.case, contents.says.made)}"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)

    async def send(data: bytes) -> None:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(data)

    pipe = _Pipe(asyncio.get_running_loop(), send)
    try:
        await asyncio.to_thread(bundle.write_zip, pipe, contents, services.record.signer)
    except (Refused, ConnectionError, TimeoutError, CancelledError):
        # Its head is out: only an end that is missing can say that this is not all.
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


async def begin(call: Call) -> Taking:
    asked: TakeBundle = call.body
    return call.services.bundles.begin(asked.upload, asked.key, by=call.by, who=call.who)


async def everything(call: Call) -> list[Taking]:
    return call.services.bundles.all()


async def one(call: Call) -> Taking:
    return call.services.bundles.get(call.id)


async def call_off(call: Call) -> None:
    await call.services.bundles.call_off(call.id)


def _file_name(case: str, made: int) -> str:
    """ASCII, as headers want it."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", case).strip("-")[:60] or "hearing"
    return f"{words}-{datetime.fromtimestamp(made / 1_000_000, UTC):%Y-%m-%d}.zip"


ROUTES = (
    Route(
        method="GET",
        path="/hearings/{id}/bundle",
        handler=fetch,
        says="The hearing as one sealed bundle, a zip: every file as it came, what was written down, hashes, a seal",
        action="exhibits",
        query=(
            Query("remarks", "integer", "0 leaves out what people noted for themselves"),
            Query("media", "integer", "0 leaves out the files: it only says what there is"),
        ),
        problems=("hearing-unknown", "bundle-not-yet", "exhibit-unreadable"),
    ),
    Route(
        method="POST",
        path="/bundles",
        handler=begin,
        says="Takes in a bundle that was sent here (tus, with `bundle: yes`): it is checked whole before it is used",
        action="exhibits",
        takes=TakeBundle,
        gives=Taking,
        status=202,
        problems=("malformed", "upload-unknown", "upload-expired", "upload-no-bundle", "bundle-coming"),
    ),
    Route(
        method="GET",
        path="/bundles",
        handler=everything,
        says="Bundles that are being taken in, or were since this presenter was started",
        action="look",
        gives=list[Taking],
    ),
    Route(
        method="GET",
        path="/bundles/{id}",
        handler=one,
        says="How far one has come, and what became of it",
        action="look",
        gives=Taking,
        problems=("upload-unknown",),
    ),
    Route(
        method="DELETE",
        path="/bundles/{id}",
        handler=call_off,
        says="Calls it off; what was sent stays",
        action="exhibits",
        status=204,
        problems=("upload-unknown",),
    ),
)
