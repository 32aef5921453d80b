"""Which path is tried when: the rules one by one, and thousands of random histories."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.deliver.ladder import (
    BACK_FIRST,
    BACK_LONGEST,
    DEAD,
    HEAD_START,
    LONGEST_WAIT,
    SUSPECT,
    Ladder,
    Step,
)


@pytest.fixture
def ladder() -> Ladder:
    """With a page since 100 s, and channels on offer."""
    ladder = Ladder()
    assert ladder.due(99) == []
    ladder.page_is(1, relays=True, now=100)
    assert ladder.due(100) == [Step.OFFER]
    return ladder


def test_channels_have_a_head_start(ladder: Ladder) -> None:
    assert ladder.next(100) == 100 + HEAD_START
    assert ladder.due(100 + HEAD_START - 0.01) == []
    assert ladder.due(100 + HEAD_START) == [Step.RELAY], "beside the offer, which goes on"
    assert ladder.due(110) == []


def test_channels_that_open_in_time_are_all_there_is(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    for now in range(101, 200):
        assert not ladder.silent(0.2)
        assert ladder.due(now) == []


def test_an_attempt_that_fails_sooner_needs_no_head_start(ladder: Ladder) -> None:
    ladder.channels_failed(100.4, 0.0)
    assert ladder.due(100.4) == [Step.RELAY]


def test_a_receiver_that_passes_nothing_on_is_not_asked() -> None:
    ladder = Ladder()
    ladder.page_is(1, relays=False, now=0)
    assert ladder.due(0) == [Step.OFFER]
    ladder.channels_failed(12, 0.0)
    assert ladder.due(12) == []
    assert ladder.due(13) == [Step.OFFER]


def test_channels_are_tried_in_the_background_less_and_less_often(ladder: Ladder) -> None:
    ladder.channels_failed(101, 0.0)
    ladder.due(101)
    ladder.relay_opened(102)
    now, pauses = 102.0, []
    for _ in range(8):
        at = ladder.next(now)
        assert at is not None
        assert ladder.due(at - 0.001) == []
        assert ladder.due(at) == [Step.OFFER]
        pauses.append(at - now)
        now = at + 12
        ladder.channels_failed(now, 0.0)
    assert pauses[0] == pytest.approx(BACK_FIRST)
    assert pauses == sorted(pauses)
    assert pauses[-1] == BACK_LONGEST
    ladder.channels_opened(now)
    ladder.relay_lost(now, 0.0)
    assert ladder.due(now + 100) == []


def test_what_worked_last_is_not_waited_for_when_the_link_comes_back(ladder: Ladder) -> None:
    ladder.due(103)
    ladder.relay_opened(104)
    ladder.channels_failed(112, 0.0)
    ladder.relay_lost(120, 0.5)
    ladder.page_is(0, relays=False, now=120)
    assert ladder.due(121) == []
    ladder.page_is(1, relays=True, now=123)
    assert set(ladder.due(123)) == {Step.OFFER, Step.RELAY}
    ladder.page_is(2, relays=True, now=130)
    assert set(ladder.due(130)) == {Step.OFFER, Step.RELAY}, "a page loaded anew as well"


def test_silent_channels_get_a_rescue_that_is_called_off_when_they_speak(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    assert not ladder.silent(SUSPECT)
    assert ladder.due(200) == []
    assert not ladder.silent(SUSPECT + 0.1)
    assert ladder.due(200) == [Step.OFFER]
    assert ladder.due(203) == [Step.RELAY]
    assert not ladder.silent(0.1)
    assert ladder.due(203.5) == [Step.CALM]
    assert ladder.due(204) == []


def test_dead_channels_are_given_up_and_offered_anew(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    assert ladder.silent(DEAD + 0.1)
    ladder.channels_lost(200, 0.0)
    assert ladder.due(200.3) == [Step.OFFER]


def test_a_link_that_is_lost_takes_nothing_from_channels(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.page_is(0, relays=False, now=150)
    assert ladder.due(150) == []
    ladder.page_is(1, relays=True, now=155)
    assert ladder.due(155) == []


def test_channels_that_break_at_once_are_not_steady(ladder: Ladder) -> None:
    now, waits = 101.0, []
    for _ in range(7):
        ladder.channels_opened(now)
        ladder.channels_lost(now + 1, 0.0)
        at = ladder.next(now + 1)
        assert at is not None
        waits.append(at - now - 1)
        now = at
        assert Step.OFFER in ladder.due(now)
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST_WAIT


def test_another_version_is_left_alone_until_the_page_is_another(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.channels_lost(101, 0.0)
    ladder.pause(121)
    assert ladder.due(120) == []
    assert ladder.next(102) is not None
    ladder.page_is(2, relays=True, now=105)
    assert ladder.due(105) == [Step.OFFER]


@dataclass
class World:
    """A network that lets through what it lets through, and a presenter that does what it is told."""

    ladder: Ladder
    udp: bool = True
    page: int = 1
    offering: bool = False
    relaying: bool = False
    channels: bool = False
    relay: bool = False
    silent_since: float | None = None

    def step(self, now: float, chance: float) -> None:
        self.ladder.page_is(self.page, relays=True, now=now)
        if self.channels and not self.udp and self.silent_since is None:
            self.silent_since = now
        if self.udp:
            self.silent_since = None
        silence = 0.0 if self.silent_since is None or self.relay else now - self.silent_since
        if self.ladder.silent(silence) and self.channels:
            self.channels = False
            self.ladder.channels_lost(now, chance)
        for step in self.ladder.due(now):
            if step is Step.OFFER:
                assert not self.offering, "one attempt at a time"
                self.offering = True
            elif step is Step.RELAY:
                assert not self.relaying
                assert not self.relay
                self.relaying = True
            else:
                self.offering = self.relaying = False

    def settle(self, now: float, chance: float) -> None:
        """What is under way comes to its end."""
        if self.offering:
            self.offering = False
            if self.udp and self.page:
                self.channels, self.silent_since = True, None
                self.ladder.channels_opened(now)
                if self.relay:
                    self.relay = False
                    self.ladder.relay_lost(now, chance)
            else:
                self.ladder.channels_failed(now, chance)
        if self.relaying:
            self.relaying = False
            if self.page:
                self.relay = True
                self.ladder.relay_opened(now)
                if self.channels:
                    self.channels = False
                    self.ladder.channels_lost(now, chance)
            else:
                self.ladder.relay_failed(now, chance)

    def lose_relay(self, now: float, chance: float) -> None:
        if self.relay:
            self.relay = False
            self.ladder.relay_lost(now, chance)


EVENTS = st.sampled_from(["block", "free", "page-gone", "page-new", "page-same", "relay-lost", "settle", "wait"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(EVENTS, st.floats(0.0, 8.0), st.floats(0.0, 1.0)), max_size=60))
def test_whatever_happened_a_page_is_reached_by_the_best_way_there_is(events: list[tuple[str, float, float]]) -> None:
    world = World(Ladder())
    now, last_page = 10.0, 1
    for event, after, chance in events:
        now += after
        match event:
            case "block":
                world.udp = False
            case "free":
                world.udp = True
            case "page-gone":
                world.page = 0
                world.lose_relay(now, chance)
            case "page-new":
                last_page += 1
                world.page = last_page
                world.channels = world.relay = world.offering = world.relaying = False
                world.ladder.called_off()
            case "page-same":
                world.page = last_page
            case "relay-lost":
                world.lose_relay(now, chance)
            case "settle":
                world.settle(now, chance)
        world.step(now, chance)
    # From here on the network stays as it is.
    world.page = last_page
    for _ in range(600):
        now += 0.25
        world.step(now, 0.5)
        world.settle(now, 0.5)
    assert (world.channels, world.relay) == ((True, False) if world.udp else (False, True))
    assert not world.offering
    assert not world.relaying
