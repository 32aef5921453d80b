"""Requests in, responses out: JSON bodies within bounds, and a problem document (RFC 9457) for all that goes wrong."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TypeVar

import msgspec
from aiohttp import web

from courtcast.control.services import COUNTERS, SERVICES, Handler
from courtcast.problems import Refused
from courtcast.wire.api import Exhibit, SafeReason

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0
PROBLEM_TYPE = "application/problem+json"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every response. Pages add their content policy."""

_WHERE = re.compile(r"at `\$([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 §3. `type` is one of the stable names of `courtcast.problems`."""

    type: str
    title: str
    status: int
    detail: str
    revision: int | None = None
    """Of the room now, where the request was given on another one."""
    safe_at: float | msgspec.UnsetType | None = msgspec.UNSET
    """With not-safe: Unix time (seconds) at which it will be; null where that cannot be said."""
    safe_reason: SafeReason | msgspec.UnsetType | None = msgspec.UNSET
    """With not-safe: what it waits for."""
    holds: float | msgspec.UnsetType | None = msgspec.UNSET
    """With not-safe: seconds of media that would play before a stop; null where that cannot be said."""


def respond(value: object, status: int = 200) -> web.Response:
    """JSON; nothing at all where there is nothing to say."""
    if value is None:
        return web.Response(status=204)
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def problem(refused: Refused, *, revision: int | None = None) -> web.Response:
    document = ProblemDocument(
        type=refused.type, title=refused.title, status=refused.status, detail=refused.detail, revision=revision
    )
    if isinstance(unsafe := refused.fields.get("exhibit"), Exhibit):
        document = msgspec.structs.replace(
            document, safe_at=unsafe.safe_at, safe_reason=unsafe.safe_reason, holds=unsafe.holds
        )
    return web.Response(
        body=msgspec.json.encode(document),
        status=refused.status,
        headers={"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store"},
    )


async def body(request: web.Request, kind: type[T]) -> T:
    """The request's JSON as a struct; no body at all is an empty object.

    Raises Refused malformed, too-large, too-slow.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await request.read()
    except TimeoutError:
        raise Refused("too-slow") from None
    except web.HTTPRequestEntityTooLarge:
        raise Refused("too-large") from None
    try:
        return msgspec.json.decode(data.strip() or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Refused("malformed", why=_in_words(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("malformed", why="it is not JSON") from None


async def raw(request: web.Request, most: int, large: Refused | None = None) -> bytes:
    """The body as it is. Raises Refused too-slow, and where it is too large what is given."""
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                data += piece
                if len(data) > most:
                    raise large or Refused("subtitles-too-large", most=most >> 20)
    except TimeoutError:
        raise Refused("too-slow") from None
    return bytes(data)


def _in_words(message: str) -> str:
    """What a validation found, in our own words."""
    if missing := _MISSING.search(message):
        return f"the field {missing[1]} is missing"
    if unknown := _UNKNOWN.search(message):
        return f"it has no field {unknown[1][:40]}"
    where = _WHERE.search(message)
    if where and where[1]:
        return f"the field {where[1].lstrip('.')[:60]} has another form"
    return "it has another form"


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: whatever happens inside ends as a problem document with the usual headers, and is counted."""
    try:
        response = await handler(request)
    except Refused as refused:
        response = problem(refused, revision=_revision(request) if refused.type == "moved-on" else None)
    except web.HTTPException as error:
        response = _translated(request, error)
    except (ConnectionError, asyncio.CancelledError):
        raise
    except Exception:
        log.exception("%s %s", request.method, request.path)
        response = problem(Refused("internal"))
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    request.app[COUNTERS].answered(response.status)
    return response


def _revision(request: web.Request) -> int:
    return request.app[SERVICES].desk.revision


def _translated(request: web.Request, error: web.HTTPException) -> web.Response:
    """aiohttp's own refusals (no such route, no such method, too large) in our words; redirects pass."""
    if error.status < 400:
        response = web.Response(status=error.status, headers=error.headers)
        response.headers.popall("Content-Type", None)
        return response
    if isinstance(error, web.HTTPMethodNotAllowed):
        response = problem(Refused("method-not-allowed", method=request.method))
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    by_status = {404: "not-found", 413: "too-large"}
    if error.status in by_status:
        return problem(Refused(by_status[error.status]))
    if error.status < 500:
        return problem(Refused("malformed", why="its form is not that of this call"))
    return problem(Refused("internal"))
