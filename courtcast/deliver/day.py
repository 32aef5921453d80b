"""The exhibits of the day as the screens' side needs them."""

from __future__ import annotations

from collections.abc import Iterable

from courtcast.core.manifest import Manifest
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
