"""Which path is tried when: the rules one by one, and thousands of random histories."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.deliver.ladder import (
    AGREE,
    BACK_FIRST,
    BACK_LONGEST,
    DEAD,
    HEAD_START,
    LONGEST_WAIT,
    RESCUE,
    STEADY,
    SUSPECT,
    Ladder,
    Signs,
    Step,
    given_up,
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
        ladder.channels_alive(now - 0.2)
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
    ladder.channels_alive(now + 100)
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


def test_a_screen_that_was_reached_over_the_link_before_a_restart_is_reached_so_at_once() -> None:
    ladder = Ladder(relay_worked=True)
    ladder.page_is(1, relays=True, now=0)
    assert set(ladder.due(0)) == {Step.OFFER, Step.RELAY}


def test_silent_channels_give_way_to_the_link_within_three_seconds(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.channels_alive(200)
    assert ladder.due(200 + RESCUE - 0.01) == []
    assert ladder.next(200) == 200 + RESCUE
    assert ladder.due(200 + RESCUE) == [Step.RELAY]
    ladder.relay_opened(200 + RESCUE + 0.1)
    assert ladder.due(200 + RESCUE + 0.1) == []
    assert ladder.next(200 + RESCUE + 0.1) == pytest.approx(200 + RESCUE + 0.1 + AGREE)
    assert ladder.due(200 + RESCUE + 0.1 + AGREE) == [Step.CHANGE]
    ladder.channels_lost(202.5, 0.0)
    assert ladder.due(202.5) == []
    assert ladder.next(202.5) == pytest.approx(202.5 + BACK_FIRST)
    assert RESCUE + 0.1 + AGREE < 3


def test_a_rescue_is_called_off_when_the_channels_speak_again(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.channels_alive(200)
    assert ladder.due(202) == [Step.RELAY]
    ladder.channels_alive(202.1)
    assert ladder.due(202.2) == [Step.CALM]
    ladder.channels_alive(205)
    assert ladder.due(205) == []


def test_after_an_outage_of_both_the_channels_stay(ladder: Ladder) -> None:
    """The link's path opens a moment before the channels speak again."""
    ladder.channels_opened(101)
    ladder.channels_alive(200)
    assert ladder.due(202) == [Step.RELAY]
    assert ladder.due(204) == [Step.OFFER]
    ladder.relay_opened(205.0)
    assert ladder.due(205.1) == []
    ladder.channels_alive(205.3)
    assert ladder.due(205.3) == [Step.CALM]
    ladder.relay_lost(205.3, 0.0)
    ladder.channels_alive(210)
    assert ladder.due(210) == []


def test_where_the_link_has_no_path_silent_channels_get_new_ones_beside_them(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.page_is(1, relays=False, now=101)
    ladder.channels_alive(200)
    assert ladder.due(200 + SUSPECT - 0.1) == []
    assert ladder.due(200 + SUSPECT) == [Step.OFFER]


def test_channels_that_break_again_and_again_are_tried_less_and_less_often(ladder: Ladder) -> None:
    now, waits = 101.0, []
    for _ in range(6):
        ladder.channels_opened(now)
        ladder.relay_lost(now, 0.0)
        now += STEADY / 2  # UDP works for so long
        ladder.channels_alive(now)
        now += RESCUE
        assert Step.RELAY in ladder.due(now)
        ladder.relay_opened(now)
        now += AGREE
        assert ladder.due(now) == [Step.CHANGE]
        ladder.channels_lost(now, 0.0)
        at = ladder.next(now)
        assert at is not None
        waits.append(at - now)
        now = at
        assert ladder.due(now) == [Step.OFFER]
    assert waits == sorted(waits)
    assert waits[-1] == BACK_LONGEST


def test_what_is_in_use_is_given_up_after_a_while() -> None:
    assert not given_up(DEAD)
    assert given_up(DEAD + 0.1)


def test_dead_channels_are_offered_anew(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.channels_lost(200, 0.0)
    assert ladder.due(200.3) == [Step.OFFER]


def test_words_and_acknowledgements_are_signs_of_life() -> None:
    signs = Signs(0.0)
    assert signs.last(words=4.9, count=1, busy=True, now=5.0) == 5.0, "an acknowledgement came"
    assert signs.last(words=4.9, count=1, busy=False, now=7.0) == 5.0
    assert signs.last(words=6.9, count=1, busy=False, now=7.0) == 6.9, "nothing is on its way: words are all there is"
    assert signs.last(words=4.9, count=2, busy=True, now=9.0) == 9.0, "a page that says nothing but is there"


def test_words_that_come_while_nothing_is_acknowledged_are_no_sign() -> None:
    signs = Signs(0.0)
    signs.last(words=10.0, count=1, busy=False, now=10.0)
    for now in (11.0, 12.0, 13.0):
        last = signs.last(words=now, count=1, busy=True, now=now)
    assert last == 11.0


def test_what_is_sent_into_silence_does_not_end_it() -> None:
    signs = Signs(0.0)
    signs.last(words=10.0, count=1, busy=False, now=10.0)
    assert signs.last(words=10.0, count=1, busy=True, now=11.9) == 10.0


def test_a_link_that_is_lost_takes_nothing_from_channels(ladder: Ladder) -> None:
    ladder.channels_opened(101)
    ladder.page_is(0, relays=False, now=150)
    assert ladder.due(150) == []
    ladder.page_is(1, relays=True, now=155)
    ladder.channels_alive(155)  # that the link had no page says nothing of them
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
    word: float = 0.0
    """When something came over the channels last."""
    changes: int = 0

    def step(self, now: float, chance: float) -> None:
        self.ladder.page_is(self.page, relays=True, now=now)
        if self.udp:
            self.word = now
        if self.channels:
            self.ladder.channels_alive(self.word)
            if given_up(now - self.word):
                self._lose_channels(now, chance)
        for step in self.ladder.due(now):
            if step is Step.OFFER:
                assert not self.offering, "one attempt at a time"
                self.offering = True
            elif step is Step.RELAY:
                assert not self.relaying
                assert not self.relay
                self.relaying = True
            elif step is Step.CHANGE:
                assert self.relay
                assert self.channels
                self._lose_channels(now, chance)
            else:
                self.offering = self.relaying = False
                self.lose_relay(now, chance)

    def settle(self, now: float, chance: float) -> None:
        """What is under way comes to its end."""
        if self.offering:
            self.offering = False
            if self.udp and self.page:
                self.channels, self.word = True, now
                self.ladder.channels_opened(now)
                self.lose_relay(now, chance)
            else:
                self.ladder.channels_failed(now, chance)
        if self.relaying:
            self.relaying = False
            if self.page:
                self.relay = True
                self.ladder.relay_opened(now)
            else:
                self.ladder.relay_failed(now, chance)

    def _lose_channels(self, now: float, chance: float) -> None:
        self.channels = False
        self.changes += 1
        self.ladder.channels_lost(now, chance)

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


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.7])
def test_a_gap_of_roaming_moves_nothing(seconds: float) -> None:
    world = World(Ladder())
    now = 10.0
    while now < 200:
        world.udp = now % 5 > seconds
        world.step(now, 0.5)
        world.settle(now, 0.5)
        now += 0.05
    assert (world.channels, world.changes) == (True, 0)


def test_udp_that_comes_and_goes_is_followed_without_haste() -> None:
    """Four seconds of each: of ten minutes, few moments bring a change."""
    world = World(Ladder())
    now = 10.0
    while now < 610:
        world.udp = now % 8 > 4
        world.step(now, 0.5)
        world.settle(now, 0.5)
        assert world.channels or world.relay or now < 14
        now += 0.05
    assert world.changes <= 600 / BACK_LONGEST + 4
