"""What the control side stands on, as protocols: the real things are made and connected in `courtcast.app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from courtcast.core.manifest import Manifest
from courtcast.wire.api import AddExhibit, ChangeExhibit, ChangeScreen, Exhibit, NewLink, Screen
from courtcast.wire.assets import Assets
from courtcast.wire.screen import Stage

if TYPE_CHECKING:
    from courtcast.control.auth import Auth
    from courtcast.control.desk import Desk
    from courtcast.control.events import Hub
    from courtcast.control.metrics import Counters


class Intake(Protocol):
    """Exhibits and their files (`prepare.intake`)."""

    async def add(self, request: AddExhibit, /) -> Exhibit: ...

    def exhibits(self) -> list[Exhibit]: ...

    def get(self, exhibit: str, /) -> Exhibit:
        """Raises Refused exhibit-unknown."""

    async def change(self, exhibit: str, change: ChangeExhibit, /) -> Exhibit: ...

    async def delete(self, exhibit: str, /) -> None: ...

    async def relink(self, exhibit: str, link: NewLink, /) -> Exhibit: ...

    def prefer(self, exhibit: str, /) -> None: ...

    def manifest(self, exhibit: str, /) -> Manifest | None: ...

    def rate(self, exhibit: str, /) -> float | None: ...

    async def still(
        self, exhibit: str, /, t: float | None = None, frame: int | None = None, width: int | None = None
    ) -> bytes: ...


class Screens(Protocol):
    """The screens (`deliver.screens`)."""

    def screens(self) -> list[Screen]: ...

    def get(self, screen: str, /) -> Screen:
        """Raises Refused screen-unknown."""

    async def add(self, address: str, /) -> Screen: ...

    async def pair(self, screen: str, code: str, /) -> Screen: ...

    async def change(self, screen: str, change: ChangeScreen, /) -> Screen: ...

    async def remove(self, screen: str, /) -> None: ...

    def set_stages(self, stages: Mapping[str, Stage], /) -> None: ...

    def watch(self, screens: Iterable[str], /) -> None: ...

    def picture(self, screen: str, /) -> bytes | None: ...

    def wake(self) -> None: ...

    def rate(self, screen: str, /) -> float | None: ...

    def to_send(self, screen: str, rendition: str, start: float, end: float | None, /) -> int | None: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that a request may need."""

    intake: Intake
    screens: Screens
    desk: Desk
    auth: Auth
    assets: Assets


SERVICES: web.AppKey[Services] = web.AppKey("services")
HUB: web.AppKey[Hub] = web.AppKey("hub")
COUNTERS: web.AppKey[Counters] = web.AppKey("counters")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
