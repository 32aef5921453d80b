"""A screen that comes later than the room, or earlier: for displays and loudspeakers that lag."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import room as rooms
from courtcast.core import stage
from courtcast.core.item import Item
from courtcast.core.room import MOST_DELAY, START_AHEAD, Command, Room, SetDelay, apply, blank
from courtcast.problems import Refused
from courtcast.wire import api
from courtcast.wire.screen import Anchor, Stage

ITEM = Item(ref="JM/1", rendition="r", showable=True, end=Fraction(60), prepared=Fraction(60))
delays = st.integers(-MOST_DELAY, MOST_DELAY)


def do(room: Room, *commands: Command, now: float = 100.0) -> Room:
    for command in commands:
        room = apply(room, command, now=now, by="t", catalog=lambda _: ITEM)
    return room


def late(room: Room, screen: str, milliseconds: int) -> Room:
    return do(room, SetDelay(screen=screen, milliseconds=milliseconds))


def told(room: Room, screen: str) -> Stage:
    return stage.stage_for(room, screen=screen, zone="jury")


def anchor(room: Room, screen: str) -> Anchor:
    shown = told(room, screen).shown
    assert shown is not None
    return shown.anchor


def playing(room: Room = Room()) -> Room:  # noqa: B008 - it is frozen
    return do(room, api.CueRequest(exhibit="a", at=5.0), api.ShowRequest(play=True))


@given(delay=delays)
def test_it_moves_the_clock_of_that_screen_only(delay: int) -> None:
    room = late(playing(), "s", delay)
    assert anchor(room, "t") == Anchor(5.0, 100.0 + START_AHEAD, 1.0)
    assert anchor(room, "s") == Anchor(5.0, pytest.approx(100.0 + START_AHEAD + delay / 1000), 1.0)
    assert stage.state(room, now=101.0, items={}).anchor == anchor(room, "t")
    assert told(room, "s").revision == told(room, "t").revision == room.revision


@given(delay=delays)
def test_where_it_rests_is_the_same_frame(delay: int) -> None:
    room = late(playing(), "s", delay)
    rested = do(room, api.PlainRequest(), now=103.0)
    assert anchor(rested, "s") == anchor(rested, "t")
    cued = late(do(Room(), api.CueRequest(exhibit="a", at=5.0)), "s", delay)
    assert told(cued, "s").cue == told(cued, "t").cue


@given(delay=delays)
def test_blank_is_never_late(delay: int) -> None:
    room = blank(late(playing(), "s", delay), None, by="t")
    assert (told(room, "s").blank, told(room, "s").shown, told(room, "s").volume) == (True, None, 0.0)
    zone = blank(late(playing(), "s", delay), ["jury"], by="t")
    assert told(zone, "s").blank


@given(one=delays, other=delays)
def test_a_start_leaves_time_for_the_screen_that_is_first(one: int, other: int) -> None:
    room = playing(late(late(Room(), "s", one), "t", other))
    first = min(anchor(room, screen).clock for screen in ("s", "t", "u"))
    assert first >= 100.0 + START_AHEAD - 1e-9
    sought = do(room, api.SeekRequest(to=20.0), now=120.0)
    assert min(anchor(sought, screen).clock for screen in ("s", "t", "u")) >= 120.0 + START_AHEAD - 1e-9


def test_it_counts_as_a_change_once_and_can_be_taken_back() -> None:
    before = playing()
    room = late(before, "s", 80)
    assert room.revision == before.revision + 1
    assert late(room, "s", 80) is room
    assert late(room, "s", 0).delays == before.delays == {}


@pytest.mark.parametrize("outside", [-MOST_DELAY - 1, MOST_DELAY + 1, 10**9])
def test_more_than_half_a_second_is_refused(outside: int) -> None:
    with pytest.raises(Refused) as refused:
        late(Room(), "s", outside)
    assert refused.value.type == "outside-range"


@given(delay=delays)
def test_it_is_kept_on_disk(delay: int) -> None:
    room = late(playing(), "s", delay)
    assert stage.decode(stage.encode(room)) == room


def test_a_room_from_before_there_were_delays_can_be_read() -> None:
    room = playing()
    without = stage.encode(room).replace(b'"delays":{},', b"")
    assert b"delays" not in without
    assert stage.decode(without) == room


def test_the_api_says_it() -> None:
    screen = api.Screen(id="s", name="Left", zone="jury", address="")
    assert rooms.heard(late(Room(), "s", -40), screen).delay_ms == -40
    assert rooms.heard(Room(), screen).delay_ms == 0
