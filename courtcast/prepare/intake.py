"""Every exhibit's way in: one task for each, from its link to a manifest that is complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from courtcast.core.manifest import Manifest
from courtcast.evidence.guard import Guard
from courtcast.evidence.library import Library
from courtcast.prepare.store import Store
from courtcast.wire.api import AddExhibit, ChangeExhibit, Exhibit, NewLink


class Intake:
    """An async context manager that owns everything between links and manifests.

    data: the spools lie in its folder `evidence`; on_change: called with an exhibit's id at every change of what
    `exhibits` says of it (also when it is gone), four times a second at most for progress
    """

    def __init__(
        self,
        data: Path,
        library: Library,
        guard: Guard,
        store: Store,
        on_change: Callable[[str], None],
    ) -> None:
        raise NotImplementedError

    async def add(self, request: AddExhibit) -> Exhibit:
        """Raises Refused (`link-malformed`, `malformed`, `disk-full`)."""
        raise NotImplementedError

    def exhibits(self) -> list[Exhibit]:
        """In running order. `safe` and `safe_at` are left to whoever knows the screens."""
        raise NotImplementedError

    def get(self, id_: str) -> Exhibit:
        """Raises Refused (`exhibit-unknown`), as do all that take an id and say nothing else."""
        raise NotImplementedError

    async def change(self, id_: str, request: ChangeExhibit) -> Exhibit:
        raise NotImplementedError

    async def delete(self, id_: str) -> None:
        raise NotImplementedError

    async def relink(self, id_: str, request: NewLink) -> Exhibit:
        """A fresh link for the same evidence: goes on from what is held where it is the same file."""
        raise NotImplementedError

    def prefer(self, id_: str) -> None:
        """This exhibit is wanted now (it was cued): it goes before all others that wait for their turn."""
        raise NotImplementedError

    def manifest(self, id_: str) -> Manifest | None:
        """The live manifest, None while there is none or no such exhibit."""
        raise NotImplementedError

    def rendition(self, rendition: str) -> Manifest | None:
        """The manifest of a rendition, also of one that was replaced since."""
        raise NotImplementedError

    def rate(self, id_: str) -> float | None:
        """Bytes a second at which the exhibit came lately; None when nothing is coming."""
        raise NotImplementedError

    async def still(
        self, id_: str, t: float | None = None, frame: int | None = None, width: int | None = None
    ) -> bytes:
        """PNG of the frame that is up at t, or of this frame; of the first one where neither is given.

        Raises Refused (`still-not-yet`, `outside-exhibit`, `exhibit-unknown`, and what reading the file says).
        """
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError
