"""What may happen in a history, and what has to hold: the room as a few lines see it, beside the room that is real."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from courtcast.core.room import ChooseSound, position
from courtcast.problems import Refused
from courtcast.wire import api
from tests.histories.path import SLICE
from tests.histories.presenter import SCREENS
from tests.histories.world import Pages, World

SETTLES = 7.0
"""Seconds of a network that behaves after which all screens are where the room is."""
FRAME = 0.1
WHO = "clerk"


@dataclass(frozen=True)
class Model:
    """Who may see what, by the commands alone."""

    cued: str | None = None
    shown: str | None = None
    zones: frozenset[str] | None = None
    blanked: frozenset[str] = frozenset()

    def after(self, command: Any) -> Model:
        match command:
            case api.CueRequest(exhibit=exhibit):
                return replace(self, cued=exhibit)
            case api.ShowRequest(zones=zones):
                named = None if zones is None else frozenset(zones)
                if self.cued is not None:
                    return Model(None, self.cued, named)
                if named is None:
                    return self
                seen = None if self.zones is None else self.zones | named
                return replace(self, zones=seen, blanked=self.blanked - named)
            case api.BlankRequest(zones=zones):
                if not zones or self.shown is None:
                    return replace(self, shown=None, zones=None, blanked=frozenset())
                blanked = self.blanked | frozenset(zones)
                if self.zones is not None and self.zones <= blanked:
                    return replace(self, shown=None, zones=None, blanked=frozenset())
                return replace(self, blanked=blanked)
        return self

    def sees(self, zone: str) -> str | None:
        """The exhibit that a zone sees."""
        there = self.zones is None or zone in self.zones
        return self.shown if there and zone not in self.blanked else None


screens = st.sampled_from(sorted(SCREENS))
zones = st.none() | st.lists(st.sampled_from(sorted({*SCREENS.values(), "public"})), min_size=1, max_size=2)
waits = st.sampled_from([0.1, 0.1, 0.2, 0.4, 1.0, 2.0])
times = st.sampled_from([0.0, 0.1, 0.35, 0.999, 1.0, 1.5, 2.75, 3.9])
transport = st.one_of(
    st.just(api.PlayRequest(anyway=True)),
    st.just(api.PlainRequest()),
    st.builds(api.SeekRequest, to=times),
    st.builds(api.StepRequest, frames=st.integers(-3, 3)),
    st.builds(api.RateRequest, rate=st.sampled_from([0.5, 1.0, 2.0])),
    st.builds(ChooseSound, screen=st.none() | screens),
)
pages_troubles: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda on: {"type": "hidden", "on": on}, st.booleans()),
    st.builds(lambda on: {"type": "quota", "on": on}, st.sampled_from([None, 30_000, 20_000])),
    st.just({"type": "reload"}),
    st.just({"type": "second"}),
)


class Courtroom(RuleBasedStateMachine):
    """One history."""

    pages: ClassVar[Pages]
    worlds: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).worlds += 1
        self.world = World(self.pages, 7)
        self.world.on_started = self.adopt
        self.model = Model()
        self.lately: list[Model] = [self.model]
        """What it was since somebody looked."""
        self.ever: dict[str, set[str | None]] = {zone: set() for zone in SCREENS.values()}
        """What each zone was ever allowed to see."""
        self.looked = 0
        """So many of the words to the screens were looked at."""
        self.before: list[Model] = []
        """Models that were left by a blank that is perhaps not on any disk yet."""
        self.maybe: list[Model] = []
        """After a kill, until somebody has looked: what the room may be."""
        self.pending: list[Any] = []
        """Commands that were given and not answered."""
        self.coming = self.world.exhibits[2]

    def teardown(self) -> None:
        try:
            if not self.world.broken:
                self.heal()
        finally:
            self.world.close()

    # commands

    @rule(n=st.integers(0, 2), at=st.none() | times)
    def cue(self, n: int, at: float | None) -> None:
        self.command(api.CueRequest(exhibit=self.world.exhibits[n], at=at))

    @rule(zones=zones, play=st.booleans())
    def show(self, zones: list[str] | None, play: bool) -> None:
        self.command(api.ShowRequest(zones=zones, play=play, anyway=True))

    @rule(n=st.integers(0, 2), at=times, play=st.booleans(), wait=waits)
    def present(self, n: int, at: float, play: bool, wait: float) -> None:
        """The whole way at once: without it most histories show nothing."""
        self.command(api.CueRequest(exhibit=self.world.exhibits[n], at=at))
        self.world.run(SLICE)
        self.command(api.ShowRequest(play=play, anyway=True))
        self.world.run(wait)

    @rule(command=transport)
    def move(self, command: Any) -> None:
        self.command(command)

    @rule(zones=zones)
    def blank(self, zones: list[str] | None) -> None:
        self.note("blank", zones)
        presenter = self.world.presenter
        if presenter is None or presenter.desk is None:
            return
        desk, command = presenter.desk, api.BlankRequest(zones=zones)
        before = self.model

        def blank() -> None:
            if self.world.told() <= self.world.durable():
                self.before.clear()
            desk.blank(zones, by=WHO)
            self.before.append(before)
            self.becomes(self.model.after(command))

        self.world.do(blank)

    @rule(wait=waits)
    def wait(self, wait: float) -> None:
        self.note("wait", wait)
        self.world.run(wait)

    # faults

    @rule(screen=screens, page=st.sampled_from([0.1, 2.0, 8.0]), presenter=st.sampled_from([0.1, 2.0, 8.0]))
    def lose_path(self, screen: str, page: float, presenter: float) -> None:
        self.note("lose path", screen, page, presenter)
        if (path := self.world.usable(screen)) is not None and not path.lost:
            self.world.cut(path, page, presenter)

    @rule(
        screen=screens,
        first=st.sampled_from(["presenter", "page", "nobody"]),
        gap=st.sampled_from([0.0, 0.3, 1.5]),
        delay=st.sampled_from([0.0, 0.4]),
    )
    def second_path(self, screen: str, first: str, gap: float, delay: float) -> None:
        self.note("second path", screen, first, gap, delay)
        self.world.open_path(screen, first=first, gap=gap, delay=delay)

    @rule(screen=screens, out=st.sampled_from([0.0, 0.3, 0.9]), back=st.sampled_from([0.0, 0.3, 0.9]))
    def slow(self, screen: str, out: float, back: float) -> None:
        self.note("slow", screen, out, back)
        if (path := self.world.usable(screen)) is not None:
            path.out, path.back = SLICE + out, SLICE + back

    @rule(screen=screens, pieces=st.integers(1, 4))
    def damage(self, screen: str, pieces: int) -> None:
        self.note("damage", screen, pieces)
        if (path := self.world.usable(screen)) is not None:
            path.corrupt = pieces

    @rule(screen=screens, ago=st.integers(0, 2))
    def again(self, screen: str, ago: int) -> None:
        """The screen is told the same once more, or what was said before."""
        self.note("again", screen, ago)
        if (path := self.world.usable(screen)) is not None:
            self.world.do(path.repeat, ago)

    @rule(screen=screens, trouble=pages_troubles)
    def page(self, screen: str, trouble: dict[str, Any]) -> None:
        self.note("page", screen, trouble)
        match trouble["type"]:
            case "reload":
                self.world.reload(screen)
            case "second":
                self.world.open_page(screen)
            case _:
                self.world.tell(screen, trouble)

    @rule(after=st.sampled_from([0.1, 0.5, 3.0]), reboot=st.booleans())
    def kill(self, after: float, reboot: bool) -> None:
        self.note("kill", after, reboot)
        world = self.world
        if world.presenter is None:
            return
        possible = self.possible()
        world.kill()
        # What was not answered may be on the disk all the same; a blank that was not may have been lost.
        lost = world.told() > world.durable()
        models = [*self.maybe, *(self.before if lost else []), *possible]
        # The note of a blank says no more than that there was one: then all of the room is black.
        self.maybe = [*models, *(model.after(api.BlankRequest()) for model in models)]
        for page in world.pages.values():
            if lost:
                page.floor = min(world.durable(), world.durable() if page.floor is None else page.floor)
        self.pending.clear()
        self.before.clear()
        world.run(after)
        if reboot:
            world.machine.boot += "'"
            world.machine.booted = world.now
        world.start()
        world.run(0.3)

    @rule(by=st.none() | st.sampled_from([-40_000.0, -3.0, 5.0, 40_000.0]), disk=st.sampled_from([0.004, 0.3, 1.0]))
    def machine(self, by: float | None, disk: float) -> None:
        """The wall clock is set, or the disk is slow."""
        self.note("machine", by, disk)
        if by is not None:
            self.world.machine.wall += by
        else:
            self.world.disk = disk

    @precondition(lambda self: not self.world.recordings.manifests[self.coming].complete)
    @rule(seconds=st.integers(1, 2), end=st.booleans())
    def more_comes(self, seconds: int, end: bool) -> None:
        self.note("more", seconds, end)
        self.world.recordings.grow(self.coming, seconds)
        if end:
            self.world.recordings.finish(self.coming)
        if (presenter := self.world.presenter) is not None and presenter.desk is not None:
            self.world.do(presenter.desk.exhibit_changed, self.coming)

    # what has to hold

    @invariant()
    def only_what_was_shown(self) -> None:
        """Of what was said to the screens since the last look, and of what is on them."""
        models = [*self.lately, *self.possible(), *self.maybe]
        for screen, stage in self.world.stages[self.looked :]:
            said = None if stage.shown is None or stage.blank else stage.shown.exhibit
            assert said in {None, *(model.sees(SCREENS[screen]) for model in models)}, (
                f"{screen} is told to show {said}"
            )
        self.looked, self.lately = len(self.world.stages), [self.model]
        for page in self.world.pages.values():
            if page.visible is not None:
                exhibit = self.exhibit(page.visible)
                ever = self.ever[SCREENS[page.screen]] | {model.sees(SCREENS[page.screen]) for model in models}
                assert exhibit in ever, f"{page.screen} shows {exhibit}, which was never shown there"

    def heal(self) -> None:
        """Everything works again: from here on all screens come to where the room is, and stay there."""
        world = self.world
        self.note("heal")
        world.disk = 0.004
        world.start()
        for path in world.paths.values():
            path.out = path.back = SLICE
            if path.lost and not path.closed:
                world.cut(path, SLICE, 0.0)
        for screen in SCREENS:
            world.tell(screen, {"type": "hidden", "on": False})
            world.tell(screen, {"type": "quota", "on": None})
        world.run(SETTLES)
        assert not self.pending
        self.converged()
        self.command(api.PlainRequest())
        world.run(1.5)
        self.converged()
        self.blank(None)
        world.run(2 * SLICE)
        assert all(page.visible is None for page in world.pages.values()), "blank"
        world.run(0.5)
        self.converged()

    def converged(self) -> None:
        world = self.world
        presenter = world.presenter
        assert presenter is not None
        desk = presenter.desk
        assert desk is not None
        room = desk._room
        for screen, zone in SCREENS.items():
            page, talk = world.pages[world.at[screen]], presenter.talks[screen]
            assert talk.online, f"{screen} is not reached"
            assert page.revision == room.revision, f"{screen} is at {page.revision}, the room at {room.revision}"
            report = talk.report
            assert report is not None
            assert report.revision == room.revision
            assert report.problem is None, report.problem
            wanted = self.model.sees(zone)
            seen = None if page.visible is None else self.exhibit(page.visible)
            assert seen == wanted, f"{screen} shows {seen}, the room {wanted}"
            assert report.blank == (wanted is None)
            assert (room.shown is None) == (self.model.shown is None)
            if wanted is None or room.shown is None:
                continue
            timeline = world.recordings.manifests[wanted].timeline
            now = presenter.clock()
            here = position(room, now)
            assert here is not None
            frame = timeline.frame_at(here)
            assert frame is not None
            assert page.number is not None
            if room.shown.playing and not room.shown.waiting:
                assert abs(page.number - frame) <= 1, f"{screen} plays frame {page.number}, the room {frame}"
            else:
                assert page.number == frame, f"{screen} stands on frame {page.number}, the room on {frame}"

    # how

    def note(self, *words: object) -> None:
        self.world.note_down(" ".join(map(str, words)))

    def exhibit(self, rendition: str) -> str:
        return next(id_ for id_, m in self.world.recordings.manifests.items() if m.rendition == rendition)

    def command(self, command: Any) -> None:
        self.note(command)
        presenter = self.world.presenter
        if presenter is None or presenter.desk is None:
            return
        desk = presenter.desk

        async def give() -> None:
            with suppress(Refused):
                await desk.command(command, by=WHO)
                self.becomes(self.model.after(command))
            self.pending.remove(command)

        self.pending.append(command)
        presenter.loop.create_task(give())

    def becomes(self, model: Model) -> None:
        self.model = model
        self.lately.append(model)
        for zone, seen in self.ever.items():
            seen.add(model.sees(zone))

    def possible(self) -> list[Model]:
        """What the room may be by what was given and not answered yet."""
        found = {self.model}
        for command in self.pending:
            found |= {model.after(command) for model in found}
        return [*found]

    def adopt(self) -> None:
        """After a kill: the room is one of those that it may be."""
        presenter = self.world.presenter
        if presenter is None or presenter.desk is None or not self.maybe:
            return
        room = presenter.desk._room
        shown, cued = room.shown, room.cued
        found = Model(
            cued.exhibit if cued else None,
            shown.exhibit if shown else None,
            None if shown is None or shown.zones is None else frozenset(shown.zones),
            frozenset(room.blanked),
        )
        assert found in self.maybe, f"after the kill the room is {found}, not one of {self.maybe}"
        self.maybe.clear()
        self.becomes(found)
