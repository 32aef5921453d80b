"""Readiness of every exhibit: `core.readiness` with what the intake fetches and the screens report put in."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from courtcast.control.ports import Intake, Screens
from courtcast.core.readiness import NOT_KNOWN, Line, Readiness, readiness
from courtcast.core.room import Room, position
from courtcast.problems import Refused
from courtcast.wire.api import Exhibit

A_ROUND = 4
"""Exhibits that are looked at in a round beside those that matter now: counting what every screen holds takes time."""
SLACK = 2.0
"""Seconds that `safe_at` may wander before it is said anew."""


class Outlook:
    """Keeps the last answer for each exhibit."""

    def __init__(self, intake: Intake, screens: Screens) -> None:
        self._intake = intake
        self._screens = screens
        self._safe: dict[str, bool] = {}
        self._safe_at: dict[str, float | None] = {}
        self._next = 0

    def seen(self, exhibit: Exhibit) -> Exhibit:
        """The exhibit with its readiness filled in."""
        return msgspec.structs.replace(
            exhibit, safe=self._safe.get(exhibit.id, False), safe_at=self._safe_at.get(exhibit.id)
        )

    def look(self, room: Room, *, now: float, touched: Iterable[str]) -> list[str]:
        """One round at room clock `now`; gives the exhibits whose answer is another one than before."""
        exhibits = {exhibit.id: exhibit for exhibit in self._intake.exhibits()}
        for gone in self._safe.keys() - exhibits.keys():
            del self._safe[gone]
            self._safe_at.pop(gone, None)
        matter = {on.exhibit for on in (room.shown, room.cued) if on is not None}
        order = list(exhibits)
        turn = [order[(self._next + n) % len(order)] for n in range(min(A_ROUND, len(order)))]
        self._next = (self._next + len(turn)) % max(1, len(order))
        wanted = [id_ for id_ in dict.fromkeys((*matter, *list(touched)[:A_ROUND], *turn)) if id_ in exhibits]
        return [id_ for id_ in wanted if self._judge(exhibits[id_], room, now)]

    def _judge(self, exhibit: Exhibit, room: Room, now: float) -> bool:
        answer = self._readiness(exhibit, room, now)
        safe_at = None if answer.wait is None else time.time() + answer.wait
        before = self._safe_at.get(exhibit.id)
        known = exhibit.id in self._safe
        same_time = (safe_at is None) == (before is None) and abs((safe_at or 0.0) - (before or 0.0)) <= SLACK
        changed = not known or self._safe[exhibit.id] != answer.safe or not same_time
        self._safe[exhibit.id] = answer.safe
        if not same_time or not known:
            self._safe_at[exhibit.id] = safe_at
        return changed and (known or answer != NOT_KNOWN)

    def _readiness(self, exhibit: Exhibit, room: Room, now: float) -> Readiness:
        manifest = self._intake.manifest(exhibit.id)
        if manifest is None or not manifest.showable or exhibit.state == "failed":
            return NOT_KNOWN
        start = _start(exhibit.id, room, now)
        end = _end(exhibit, float(manifest.prepared), None if manifest.duration is None else float(manifest.duration))
        if end is None:
            return NOT_KNOWN
        lines: list[Line] = []
        for screen in self._screens.screens():
            if not (screen.paired and screen.online):
                continue
            try:
                missing = self._screens.to_send(screen.id, manifest.rendition, start, None)
            except Refused:
                continue
            if missing is not None:
                lines.append(Line(missing, self._screens.rate(screen.id)))
        left = 0 if manifest.complete else max(1, (exhibit.bytes_total or 0) - exhibit.bytes_fetched)
        upstream = Line(left, self._intake.rate(exhibit.id))
        return readiness(upstream=upstream, screens=lines, play_time=max(0.0, end - start))


def _start(exhibit: str, room: Room, now: float) -> float:
    """Where it would be played from."""
    if room.shown is not None and room.shown.exhibit == exhibit:
        return float(position(room, now) or 0)
    if room.cued is not None and room.cued.exhibit == exhibit:
        return float(room.cued.at)
    return 0.0


def _end(exhibit: Exhibit, prepared: float, duration: float | None) -> float | None:
    """Its duration; while it is being fetched, guessed from how many bytes its seconds have taken so far."""
    if duration is not None:
        return duration
    if not exhibit.bytes_total or not exhibit.bytes_fetched or not prepared:
        return None
    return prepared * max(1.0, exhibit.bytes_total / exhibit.bytes_fetched)
