"""`/uploads`: tus 1.0.0 (https://tus.io/protocols/resumable-upload) with its extensions creation, creation-with-upload,
checksum, expiration and termination. What a body holds is never in memory as a whole.

Beside what tus says: an upload is an exhibit from its creation on, whose id stands in the header `Exhibit` of the
answer; `GET /uploads` lists what is known, so that whoever picks a file again finds how far it came; and 409 says
with `Upload-Offset` where to go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import formatdate

from aiohttp import ClientError, web

from courtcast.control.exhibits import take_out
from courtcast.control.routes import PREFIX, Call, Route
from courtcast.control.web import problem
from courtcast.core.authority import Action
from courtcast.evidence.upload import ALGORITHMS, LARGEST, Upload, checksum, said, whole_number
from courtcast.problems import Refused
from courtcast.wire.api import Sent

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
MEDIA = "application/offset+octet-stream"
IDLE_SECONDS = 30.0
"""Without a byte of a body that is being sent: a Wi-Fi that roams is back after some seconds."""


class Broken(Exception):
    """The body ended before its end; what came of it is kept."""


async def options(call: Call) -> web.Response:
    """What is understood here."""
    return web.Response(
        status=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(LARGEST),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


async def everything(call: Call) -> list[Sent]:
    """Those of exhibits and companions, whole ones too: whoever picks a folder again must not send it twice."""
    uploads = call.services.uploads
    return [
        Sent(
            id=one.id,
            exhibit=one.exhibit,
            bundle=one.bundle,
            name=one.name,
            path=one.path,
            length=one.length,
            offset=uploads.reached(one.id),
            fingerprint=one.fingerprint,
            set=one.set,
            sending=uploads.sending(one.id),
            expires=uploads.expires(one.id),
        )
        for one in uploads.all()
        if not one.expired
    ]


async def create(call: Call) -> web.Response:
    """Begins one; the request may bring its first bytes."""
    _version(call.request)
    headers = call.request.headers
    if "Upload-Defer-Length" in headers:
        raise Refused("malformed", why="how long the file is has to be said at once")
    length = whole_number("Upload-Length", headers.get("Upload-Length"))
    check = checksum(headers.get("Upload-Checksum"))
    told = said(headers.get("Upload-Metadata", ""))
    upload = await call.services.intake.receive(told, length)
    if upload.exhibit is not None:
        there = upload.exhibit == told.exhibit
        await call.services.onlooker.look(upload.exhibit, by=call.by, who=call.who, relinked=there)
    call.services.desk.order_changed()
    offset = 0
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() == MEDIA:
        try:
            offset = await call.services.uploads.append(upload.id, 0, _body(call.request), check)
        except (Refused, Broken):  # it is there all the same, and the client has to learn where
            offset = await call.services.uploads.offset(upload.id)
    return _answer(call, upload, 201, {"Location": f"{PREFIX}/uploads/{upload.id}", "Upload-Offset": str(offset)})


async def look(call: Call) -> web.Response:
    """How far it has come."""
    _version(call.request)
    upload = call.services.uploads.get(call.id)
    offset = await call.services.uploads.offset(call.id)
    sizes = {"Upload-Offset": str(offset), "Upload-Length": str(upload.length)}
    return _answer(call, upload, 200, sizes)


async def append(call: Call) -> web.Response:
    """The next bytes."""
    request, uploads = call.request, call.services.uploads
    _version(request)
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != MEDIA:
        raise Refused("upload-kind")
    upload = uploads.get(call.id)
    offset = whole_number("Upload-Offset", request.headers.get("Upload-Offset"))
    check = checksum(request.headers.get("Upload-Checksum"))
    if request.content_length is not None and offset + request.content_length > upload.length:
        raise Refused("upload-too-large", most=upload.length)
    try:
        reached = await uploads.append(call.id, offset, _body(request), check)
    except Refused as refused:
        if refused.type != "upload-offset":
            raise
        answer = problem(refused)
        answer.headers["Upload-Offset"] = str(refused.fields["here"])
        return answer
    except Broken:
        raise Refused("too-slow") from None
    return _answer(call, upload, 204, {"Upload-Offset": str(reached)})


async def terminate(call: Call) -> web.Response:
    """Gives it up. An exhibit that was begun by it goes too; one that was there before stays, and says so."""
    _version(call.request)
    upload = call.services.uploads.get(call.id)
    if upload.exhibit is None:
        await call.services.uploads.forget(upload.id)
        return web.Response(status=204)
    if call.services.uploads.whole(upload.id):
        raise Refused("upload-complete")
    if upload.instead:
        await call.services.uploads.forget(upload.id)
        await call.services.onlooker.look(upload.exhibit, by=call.by, who=call.who)
        return web.Response(status=204)
    await take_out(call, upload.exhibit)
    return web.Response(status=204)


async def instead(call: Call) -> web.Response:
    """For clients behind something that lets neither PATCH nor DELETE through."""
    named = call.request.headers.get("X-HTTP-Method-Override", "").upper()
    meant = {"PATCH": append, "DELETE": terminate, "HEAD": look}.get(named)
    if meant is None:
        raise Refused("method-not-allowed", method="POST")
    return await meant(call)


def _version(request: web.Request) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Refused("upload-version", version=VERSION)


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """What comes, as it comes. Raises Broken where it stops coming."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                data = await request.content.readany()
        except (TimeoutError, ConnectionError, ClientError, web.HTTPException) as error:
            raise Broken from error
        if not data:
            return
        yield data


def _answer(call: Call, upload: Upload, status: int, headers: dict[str, str]) -> web.Response:
    more = {"Cache-Control": "no-store"}
    if upload.exhibit is not None:
        more["Exhibit"] = upload.exhibit
    if (expires := call.services.uploads.expires(upload.id)) is not None:
        more["Upload-Expires"] = formatdate(expires, usegmt=True)
    return web.Response(status=status, headers={**headers, **more})


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer of tus says which version it is of, refusals too."""
    if request.path.startswith(f"{PREFIX}/uploads"):
        response.headers.setdefault("Tus-Resumable", VERSION)
        if response.status == 412:
            response.headers.setdefault("Tus-Version", VERSION)


_ACTION: Action = "exhibits"
_DISK = ("disk-full", "disk-too-small", "disk-failing", "data-not-writable")
_PIECE = (
    "malformed",
    "upload-version",
    "upload-kind",
    "upload-unknown",
    "upload-expired",
    "upload-offset",
    "upload-busy",
    "upload-checksum",
    "upload-too-large",
    "upload-not-now",
    "too-slow",
    *_DISK,
)

ROUTES = (
    Route(
        method="OPTIONS",
        path="/uploads",
        handler=options,
        says="What of tus is understood (Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm)",
        action=_ACTION,
        status=204,
    ),
    Route(
        method="GET",
        path="/uploads",
        handler=everything,
        says="Files that are being sent, or were, and how far they have come",
        action=_ACTION,
        gives=list[Sent],
    ),
    Route(
        method="POST",
        path="/uploads",
        handler=create,
        says="tus: begins an upload (Upload-Length, Upload-Metadata), which is an exhibit from now on",
        action=_ACTION,
        status=201,
        problems=(
            "malformed",
            "upload-version",
            "upload-too-large",
            "upload-empty",
            "upload-too-many",
            "upload-alone",
            "upload-complete",
            "exhibit-unknown",
            *_DISK,
        ),
    ),
    Route(
        method="HEAD",
        path="/uploads/{id}",
        handler=look,
        says="tus: how far an upload has come (Upload-Offset, Upload-Length, Upload-Expires)",
        action=_ACTION,
        problems=("upload-version", "upload-unknown", "upload-expired"),
    ),
    Route(
        method="PATCH",
        path="/uploads/{id}",
        handler=append,
        says="tus: the next bytes, from Upload-Offset on; with Upload-Checksum they count whole or not at all",
        action=_ACTION,
        status=204,
        problems=_PIECE,
    ),
    Route(
        method="DELETE",
        path="/uploads/{id}",
        handler=terminate,
        says="tus: gives an upload up that is not whole yet",
        action=_ACTION,
        status=204,
        problems=(
            "upload-version",
            "upload-unknown",
            "upload-expired",
            "upload-complete",
            "exhibit-shown",
            "exhibit-joined",
        ),
    ),
    Route(
        method="POST",
        path="/uploads/{id}",
        handler=instead,
        says="The same with X-HTTP-Method-Override: PATCH, DELETE or HEAD",
        action=_ACTION,
        status=204,
        problems=("method-not-allowed", "upload-complete", "exhibit-shown", *_PIECE),
    ),
)
