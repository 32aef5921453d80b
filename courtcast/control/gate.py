"""Who may come in to what: the principal of a request, and the pages that a browser may be sent here from."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from courtcast.control.auth import SESSION_SECONDS, Auth, Principal
from courtcast.control.services import SERVICES
from courtcast.core.authority import Action, check
from courtcast.problems import Refused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit(request: web.Request, action: Action) -> Principal:
    """Raises Refused not-signed-in, other-origin, not-allowed."""
    principal = await recognise(request)
    if principal is None:
        raise Refused("not-signed-in")
    if principal.by_cookie:
        check_origin(request, request.app[SERVICES].auth)
    check(principal.role, action)
    return principal


async def recognise(request: web.Request) -> Principal | None:
    """Whose request it is, if anybody's."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    bearer = secret.strip() if scheme.lower() == "bearer" else None
    return await request.app[SERVICES].auth.who(bearer=bearer, cookie=request.cookies.get(cookie_name(request)))


def check_origin(request: web.Request, auth: Auth) -> None:
    """For requests that a browser signs by itself: only our own pages may make them change anything.

    The host must be an address or one of our names (a name that somebody else points here is not ours: DNS rebinding).
    SameSite does not tell ports apart, the origin does. Raises Refused other-origin.
    """
    if not _is_ours(request.host, auth):
        raise Refused("other-origin")
    if request.method in SAFE_METHODS and request.headers.get("Upgrade") is None:
        return
    origin = request.headers.get("Origin")
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise Refused("other-origin")
    elif origin.lower() != f"{request.scheme}://{request.host}".lower():
        raise Refused("other-origin")


def cookie_name(request: web.Request) -> str:
    """With the port, since cookies do not tell ports apart and a machine may run two presenters."""
    name = f"courtcast-{_port(request)}"
    return f"__Host-{name}" if request.secure else name


def set_cookie(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=int(SESSION_SECONDS),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )


def drop_cookie(request: web.Request, response: web.StreamResponse) -> None:
    response.del_cookie(cookie_name(request), path="/", httponly=True, samesite="Strict", secure=request.secure)


def _port(request: web.Request) -> int:
    where = None if request.transport is None else request.transport.get_extra_info("sockname")
    return int(where[1]) if isinstance(where, tuple) else 0


def _is_ours(host: str, auth: Auth) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in auth.hosts:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
