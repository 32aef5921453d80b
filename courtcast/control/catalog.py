"""Exhibits as the room needs them: from the intake's own view of them to `core.room.Item`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from courtcast.control.ports import Intake
from courtcast.core.item import Clipped, Item
from courtcast.problems import Refused

NO_REASON = "Ask for a new link or a new copy."


class Catalog:
    """Gives an Item for an exhibit's id."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def __call__(self, exhibit: str) -> Item:
        """Raises Refused exhibit-unknown."""
        known = self._intake.get(exhibit)
        manifest = self._intake.manifest(exhibit)
        failed = None
        if known.state == "failed":
            failed = known.problem.detail if known.problem is not None else NO_REASON
        ref = known.ref or known.title or "This exhibit"
        subtitles = next((one.id for one in known.subtitles if one.chosen), None)
        if manifest is None:
            return Item(ref=ref, failed=failed, restricted=known.restricted, subtitles=subtitles)
        return Item(
            ref=ref,
            restricted=known.restricted,
            subtitles=subtitles,
            rendition=manifest.rendition,
            showable=manifest.showable,
            failed=failed,
            end=manifest.duration if manifest.complete else None,
            prepared=Fraction(manifest.prepared),
            foreseen=manifest.foreseen,
            reach=None if manifest.foreseen is None else manifest.made_until,
            timeline=manifest.timeline if manifest.frames else None,
            leaves=manifest.leaves,
            clips=tuple(Clipped(id=one.id, name=one.name, ranges=tuple(one.ranges)) for one in known.clips),
        )

    def items(self, exhibits: Iterable[str]) -> dict[str, Item]:
        """Those of them that exist."""
        found: dict[str, Item] = {}
        for exhibit in exhibits:
            try:
                found[exhibit] = self(exhibit)
            except Refused:
                continue
        return found
