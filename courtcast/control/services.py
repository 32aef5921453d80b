"""Everything that a request may need, made and connected in `courtcast.app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from courtcast.control.auth import Auth
from courtcast.control.checkup import Checkup
from courtcast.control.desk import Desk
from courtcast.control.events import Hub
from courtcast.control.metrics import Counters
from courtcast.control.onlooker import Onlooker
from courtcast.control.ports import Intake, Screens
from courtcast.control.retention import Retention
from courtcast.evidence.record import Record
from courtcast.evidence.uploads import Uploads
from courtcast.prepare.docket import Docket
from courtcast.wire.assets import Assets


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that a request may need."""

    intake: Intake
    docket: Docket
    screens: Screens
    desk: Desk
    checkup: Checkup
    uploads: Uploads
    auth: Auth
    record: Record
    onlooker: Onlooker
    retention: Retention
    assets: Assets


SERVICES: web.AppKey[Services] = web.AppKey("services")
HUB: web.AppKey[Hub] = web.AppKey("hub")
COUNTERS: web.AppKey[Counters] = web.AppKey("counters")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
