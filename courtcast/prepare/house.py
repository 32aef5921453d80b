"""What all exhibits' ways in share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from courtcast.evidence.database import Database
from courtcast.evidence.guard import Guard
from courtcast.evidence.hosts import Hosts
from courtcast.evidence.library import Library
from courtcast.evidence.links.found import Web
from courtcast.evidence.links.portal import Portal
from courtcast.evidence.turns import Turns
from courtcast.evidence.uploads import Uploads
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.leaves.office import Office
from courtcast.prepare.store import Store


class House(NamedTuple):
    """Made once; see `intake`."""

    folder: Path
    library: Library
    guard: Guard
    uploads: Uploads
    store: Store
    cage: Cage
    office: Office
    fetching: Turns
    hosts: Hosts
    preparing: Turns
    counting: Turns
    plays: Callable[[], frozenset[str] | None]
    """What all screens decode; None while none has said anything."""
    quiet: Callable[[], bool]
    """Nothing is on the screens: there is time for what nobody waits for."""
    shown: Callable[[str], bool]
    """That exhibit is on the screens."""
    portals: Sequence[Portal] = ()

    @property
    def web(self) -> Web:
        """What links are looked behind with."""
        return Web(self.guard, portals=self.portals)

    @property
    def db(self) -> Database:
        return self.library.db
