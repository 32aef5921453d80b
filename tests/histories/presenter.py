"""One life of the presenter's program in a history: the real desk and talks, on clocks and a disk that are not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from courtcast.control.desk import Desk
from courtcast.control.saved import BlankNote, load
from courtcast.core.clock import Mark, RoomClock, restore
from courtcast.core.legs import Parts
from courtcast.core.rates import Rates
from courtcast.core.signing import Signer
from courtcast.deliver.day import Day
from courtcast.deliver.talk import Talk
from courtcast.evidence.database import Database, migrate
from courtcast.evidence.record import Record
from courtcast.wire.api import Screen
from courtcast.wire.screen import Stage
from tests.histories.loop import VirtualLoop

if TYPE_CHECKING:
    from tests.histories.world import World

SIGNER = Signer.make()
SCREENS = {"left": "jury", "bench": "judge"}
"""Screens and their zones."""


class MemoryDatabase(Database):
    """The real one, on a disk that is as slow as the history says and outlives every kill."""

    def __init__(self) -> None:
        self._thread = None  # type: ignore[assignment]
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection)


@dataclass
class Machine:
    """The presenter's: its clocks."""

    boot: str = "first"
    booted: float = 0.0
    wall: float = 1.8e9
    """Unix time of the world's second 0, as this machine believes."""


class Timekeeper:
    """`control.timekeeper`, with the machine's clocks."""

    def __init__(self, machine: Machine, now: Callable[[], float], mark: Mark | None) -> None:
        self._machine, self._now = machine, now
        self._clock: RoomClock = restore(mark, monotonic=self._steady(), wall=self._wall(), boot=machine.boot)

    def __call__(self) -> float:
        return self._clock.at(self._steady())

    def mark(self) -> Mark:
        return self._clock.mark(monotonic=self._steady(), wall=self._wall(), boot=self._machine.boot)

    def _steady(self) -> float:
        return self._now() - self._machine.booted + 1000.0

    def _wall(self) -> float:
        return self._machine.wall + self._now()


class Presenter:
    """One life of the presenter's program."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.loop = VirtualLoop(world.now, lambda: world.disk)
        self.desk: Desk | None = None
        self.since: Mark | None = None
        """The room clock when the life before last wrote."""
        self.met = False
        """Somebody has looked at the room that it found."""
        self.talks: dict[str, Talk] = {}
        self.pending: list[tuple[Any, asyncio.Task[Any]]] = []
        self.loop.create_task(self._start())

    async def _start(self) -> None:
        world = self.world
        saved = await load(world.db, BlankNote(world.note))
        clock = Timekeeper(world.machine, self.loop.time, saved.mark)
        self.clock, self.since = clock, saved.mark
        for screen in SCREENS:
            self.talks[screen] = Talk(
                screen,
                presenter="Court 4",
                manifests=lambda r: next((m for m in world.recordings.manifests.values() if m.rendition == r), None),
                fragments=world.recordings,
                clock=clock,
                monotonic=self.loop.time,
                build="",
                on_change=lambda screen=screen: self._changed(screen),  # type: ignore[misc]
                on_pumped=lambda: None,
                on_other_version=lambda: None,
            )
        record = Record(world.db, SIGNER)
        desk = Desk(
            db=world.db, intake=world.recordings, screens=self, clock=clock, note=world.note, record=record,  # type: ignore[arg-type]
        )  # fmt: skip
        await desk.__aenter__()
        self.desk = desk

    def _changed(self, screen: str) -> None:
        if self.desk is not None:
            self.desk.screen_changed(screen)

    # the screens, as `control.ports` has them

    def screens(self) -> list[Screen]:
        return [self.get(screen) for screen in SCREENS]

    def get(self, screen: str, /) -> Screen:
        talk = self.talks[screen]
        return Screen(
            id=screen, name=screen, zone=SCREENS[screen], address="", paired=True, online=talk.online,
        )  # fmt: skip

    def set_stages(self, stages: Mapping[str, Stage], /) -> None:
        for screen, stage in stages.items():
            self.talks[screen].set_stage(stage)

    def set_day(self, day: Day, /, *, go_ahead: bool) -> None:
        for talk in self.talks.values():
            talk.set_day(day)
            if talk.pump is not None:
                talk.pump.go_ahead(go_ahead)

    def capacity(self, screen: str, rendition: str, /) -> float:
        pump = self.talks[screen].pump
        return float("inf") if pump is None else pump.capacity(rendition)

    def watch(self, screens: Iterable[str], /) -> None:
        pass

    def wake(self) -> None:
        for talk in self.talks.values():
            if talk.pump is not None:
                talk.pump.wake()

    def rate(self, screen: str, /) -> float | None:
        return self.talks[screen].estimate.low

    def rates(self, screen: str, /) -> Rates | None:
        return self.talks[screen].estimate.rates

    def to_send(self, screen: str, rendition: str, start: float, end: float | None, parts: Parts = (), /) -> int | None:
        talk = self.talks[screen]
        if talk.pump is None or not talk.online:
            return None
        return talk.pump.lacking(rendition, start, end, sound=False, parts=parts)
