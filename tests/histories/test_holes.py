"""A stretch that no decoder takes: left out with a mark, said, and everything around it is as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from courtcast.wire import api
from tests.conftest import NODE
from tests.histories.presenter import SCREENS
from tests.histories.world import Page, Pages, World

pytestmark = pytest.mark.skipif(not NODE.exists(), reason="there is no node beside this Python (make test sets it up)")


@pytest.fixture
def world(pages: Pages) -> Iterator[World]:
    made = World(pages, 1)
    yield made
    made.close()


class Hearing:
    """Somebody who gives commands, and a look at both screens."""

    def __init__(self, world: World, exhibit: str) -> None:
        self.world, self.exhibit = world, exhibit

    def do(self, command: Any, wait: float) -> None:
        presenter = self.world.presenter
        assert presenter is not None
        assert presenter.desk is not None
        presenter.loop.create_task(presenter.desk.command(command, by="clerk"))
        self.world.run(wait)

    def show(self, at: float = 0.0, *, play: bool = False) -> None:
        self.do(api.CueRequest(exhibit=self.exhibit, at=at), 1.0)
        self.do(api.ShowRequest(play=play, anyway=True), 0.5)

    @property
    def seen(self) -> list[Page]:
        return [self.world.pages[self.world.at[screen]] for screen in SCREENS]

    def reports(self) -> list[Any]:
        assert self.world.presenter is not None
        return [talk.report for talk in self.world.presenter.talks.values()]


@pytest.mark.parametrize("sound", [False, True])
def test_playing_goes_over_it(world: World, sound: bool) -> None:
    hearing = Hearing(world, world.recordings.record("D", 6, sound=sound, broken=[4]))
    hearing.show(play=True)
    world.run(6.0)
    for page, report in zip(hearing.seen, hearing.reports(), strict=True):
        numbers = [number for _, number, _ in page.shown if number is not None]
        assert numbers == sorted(numbers), "never back"
        assert not {*range(20, 30)} & {*numbers}, "nothing of the stretch that cannot be decoded"
        assert {*range(20)} <= {*numbers}, "all before it"
        assert {*range(35, 60)} <= {*numbers}, "all after it, but for what coming in again takes"
        marked = [when for when, _, mark in page.shown if mark]
        first = next(when for when, number, _ in page.shown if number == 10)
        assert first + 0.8 < marked[0] < first + 1.4
        assert not page.marked
        assert report.skipped == [(2.0, 3.0)]
        assert report.problem is None
        assert report.frame == 59


def test_resting_in_it_shows_the_last_picture_before_it_marked(world: World) -> None:
    hearing = Hearing(world, world.recordings.record("D", 6, broken=[5]))
    hearing.show(2.7)
    world.run(2.0)
    assert [(page.number, page.marked) for page in hearing.seen] == [(19, True), (19, True)]
    assert [report.frame for report in hearing.reports()] == [19, 19]
    hearing.do(api.SeekRequest(to=3.0), 1.0)
    assert [(page.number, page.marked) for page in hearing.seen] == [(30, False), (30, False)]
    hearing.do(api.SeekRequest(to=1.5), 1.0)
    assert [(page.number, page.marked) for page in hearing.seen] == [(15, False), (15, False)]


def test_at_the_beginning_it_is_black_and_named_and_the_rest_is_shown(world: World) -> None:
    hearing = Hearing(world, world.recordings.record("D", 6, broken=[0]))
    hearing.show()
    world.run(3.0)
    assert all(page.visible is None for page in hearing.seen)
    assert [report.problem for report in hearing.reports()] == ["decoder", "decoder"]
    hearing.do(api.SeekRequest(to=4.2), 1.0)
    assert [page.number for page in hearing.seen] == [42, 42]
    assert [report.problem for report in hearing.reports()] == [None, None]


def test_what_cannot_be_decoded_at_all_ends_in_a_problem(world: World) -> None:
    hearing = Hearing(world, world.recordings.record("D", 30, broken=range(60)))
    hearing.show(10.0, play=True)
    world.run(20.0)
    assert all(page.visible is None for page in hearing.seen)
    assert {report.problem for report in hearing.reports()} == {"decoder"}
    hearing.exhibit = world.exhibits[0]
    hearing.show(1.0)
    world.run(1.0)
    assert [page.number for page in hearing.seen] == [10, 10]
