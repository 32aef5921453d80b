"""The form of a route. One table of them makes the API and its description (`openapi.json`)."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from courtcast.control.auth import Principal
from courtcast.control.gate import admit
from courtcast.control.services import SERVICES, Handler, Services
from courtcast.control.web import body, respond
from courtcast.core.authority import Action
from courtcast.problems import Refused

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Query:
    """One parameter behind the question mark."""

    name: str
    kind: Literal["number", "integer", "string"]
    says: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that was let in."""

    request: web.Request
    services: Services
    principal: Principal
    body: Any = None
    """Of the type that the route takes."""

    @property
    def id(self) -> str:
        return self.request.match_info["id"]

    @property
    def by(self) -> str:
        """Who asked, as the room remembers it."""
        return self.principal.role

    @property
    def who(self) -> str:
        """Which of them, as the record remembers it."""
        return self.principal.who

    def number(self, name: str) -> float | None:
        """A number from the query. Raises Refused malformed."""
        text = self.request.query.get(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise Refused("malformed", why=f"{name} is not a number")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number from the query. Raises Refused malformed."""
        value = self.number(name)
        if value is None:
            return None
        if not value.is_integer():
            raise Refused("malformed", why=f"{name} is not a whole number")
        return int(value)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One call of the API."""

    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"]
    path: str
    """Below `PREFIX`."""
    handler: Callable[[Call], Awaitable[object]]
    """Gives what is answered as JSON (None: nothing), or a response of its own."""
    says: str
    action: Action
    takes: type[Any] | None = None
    lenient: bool = False
    """The handler reads the body itself, and takes whatever comes."""
    gives: Any = None
    status: int = 200
    media: str = "application/json"
    query: tuple[Query, ...] = ()
    problems: tuple[str, ...] = ()
    """Types of problems that belong to this call, beside those of every call."""

    def endpoint(self) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            principal = await admit(request, self.action)
            sent: object = None
            if self.takes is not None and not self.lenient:
                sent = await body(request, self.takes)
            answer = await self.handler(
                Call(request=request, services=request.app[SERVICES], principal=principal, body=sent)
            )
            return answer if isinstance(answer, web.StreamResponse) else respond(answer, self.status)

        return handle
