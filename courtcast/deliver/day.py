"""The exhibits of the day as the screens' side needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from courtcast.core.manifest import Manifest
from courtcast.deliver.pump import Pump
from courtcast.wire import screen


class Day:
    """In running order, without what is restricted."""

    def __init__(self, exhibits: Iterable[tuple[str, Manifest | None]] = ()) -> None:
        """`exhibits`: ids, each with the manifest of what would be shown of it; None while there is none."""
        there = list(exhibits)
        self.manifests = tuple(manifest for _, manifest in there if manifest is not None)
        """Live: they grow."""
        self.message = screen.Day(
            wanted=[
                screen.Wanted(exhibit=exhibit, rendition=None if manifest is None else manifest.rendition)
                for exhibit, manifest in there
            ]
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Day) and self.message == other.message and self.manifests == other.manifests

    __hash__ = None  # type: ignore[assignment]


class _Talk(Protocol):
    """With one screen."""

    @property
    def online(self) -> bool: ...

    @property
    def pump(self) -> Pump | None: ...


def share(talks: Sequence[_Talk], *, go_ahead: bool) -> None:
    """The screens may share a line: none is sent what is for later while one lacks of what is on, or a line is being
    measured; and of what is on, none more than the first seconds while another has not got those. `go_ahead`: nothing
    else stands in the way."""
    pumps = [(talk.online, talk.pump) for talk in talks if talk.pump is not None]
    busy = any(online and (pump.behind or pump.padding) for online, pump in pumps)
    pressed = [pump for online, pump in pumps if online and pump.pressed]
    for _, pump in pumps:
        pump.go_ahead(go_ahead and not busy)
        pump.go_on(all(other is pump for other in pressed))
