"""All screens that this presenter knows: found, typed in or paired; what each is told, and what each says of itself.

One supervised task for each paired screen keeps its way open (link → offer → channels) and runs its pump. A screen
that is late, slow or gone holds up no other: they share nothing but the clock and the manifests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from courtcast.problems import Refused
from courtcast.wire.api import ChangeScreen, Screen
from courtcast.wire.screen import Stage


class Screens:
    """Context manager: what is inside it is found, connected and fed.

    `clock` is the room clock in seconds; `renditions` gives the live manifest of a rendition; `interfaces` are the
    addresses of this machine to use (empty: all that lead to other machines); `on_change` is called, with a screen's
    id, after anything that `screens()` shows of it has changed.
    """

    def __init__(
        self,
        *,
        identity: Any,
        name: str,
        db: Any,
        clock: Callable[[], float],
        renditions: Callable[[str], Any],
        store: Any,
        interfaces: Sequence[str] = (),
        on_change: Callable[[str], None] = lambda _: None,
        build: str = "",
    ) -> None:
        self._on_change = on_change

    async def __aenter__(self) -> Screens:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def screens(self) -> list[Screen]:
        """Every screen known, by name."""
        return []

    def get(self, screen: str) -> Screen:
        """One of them. Raises Refused screen-unknown."""
        raise Refused("screen-unknown")

    async def add(self, address: str) -> Screen:
        """Asks who answers at a typed address. Raises Refused address-malformed, screen-unreachable."""
        raise Refused("screen-unreachable")

    async def pair(self, screen: str, code: str) -> Screen:
        """Pins the screen by the code on it. Raises Refused pairing-*, screen-unknown, screen-unreachable."""
        raise Refused("screen-unknown")

    async def change(self, screen: str, change: ChangeScreen) -> Screen:
        """Another name or zone for it here (the room's sound is the room's affair). Raises Refused screen-unknown."""
        raise Refused("screen-unknown")

    async def remove(self, screen: str) -> None:
        """Forgets it, pin and all, and closes what is open. Raises Refused screen-unknown."""
        raise Refused("screen-unknown")

    def set_stages(self, stages: Mapping[str, Stage]) -> None:
        """What each screen should do now; goes out at once to those that are there, and to the others when they come."""

    def watch(self, screens: Iterable[str]) -> None:
        """The screens whose small pictures somebody looks at; the others send none."""

    def picture(self, screen: str) -> bytes | None:
        """The last small picture (JPEG) of what is really on the display."""
        return None

    def wake(self) -> None:
        """Manifests have grown: there may be more to send."""

    def rate(self, screen: str) -> float | None:
        """Bytes a second that its line carried lately, on the cautious side; None before anything was measured."""
        return None

    def to_send(self, screen: str, rendition: str, start: float, end: float | None) -> int | None:
        """Bytes of a rendition between two media times that the screen does not hold yet; None where it is offline."""
        return None
