"""The test card's rules: only where nothing is shown, on one screen, and gone with blank, with show and with its time."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.card import CARD_SECONDS, CardUp, EndCard, ShowCard, still_up
from courtcast.core.item import Item
from courtcast.core.room import Command, Room, apply, blank
from courtcast.core.stage import decode, encode, stage_for, state
from courtcast.problems import Refused
from courtcast.wire import api

ITEM = Item(ref="JM/1", rendition="0" * 16, showable=True, end=Fraction(10), prepared=Fraction(10))


def after(room: Room, *commands: Command, now: float = 100.0) -> Room:
    for command in commands:
        room = apply(room, command, now=now, by="clerk", catalog=lambda _: ITEM)
    return room


CUE, SHOW = api.CueRequest(exhibit="e1"), api.ShowRequest()
UP = after(Room(), ShowCard(screen="jury"))


def test_it_is_on_one_screen_for_its_time() -> None:
    assert (UP.card, UP.revision) == (CardUp(screen="jury", until=100.0 + CARD_SECONDS), 1)
    jury = stage_for(UP, screen="jury", zone="jury", name="Jury left")
    assert jury.card is not None
    assert (jury.card.until, jury.card.name, jury.card.volume) == (130.0, "Jury left", 1.0)
    assert (jury.blank, jury.shown, jury.volume) == (True, None, 0.0)
    assert stage_for(UP, screen="judge", zone="judge").card is None
    assert state(UP, now=100.0, items={}).card == api.RoomCard(screen="jury", until=130.0)
    assert state(UP, now=130.0, items={}).card is None
    moved = after(UP, ShowCard(screen="judge"), now=110.0)
    assert moved.card == CardUp(screen="judge", until=140.0)
    assert stage_for(moved, screen="jury", zone="jury").card is None


def test_its_sound_is_as_loud_as_the_screen() -> None:
    room = after(UP, api.VolumeRequest(level=0.5), api.VolumeRequest(level=0.5, screen="jury"))
    jury = stage_for(room, screen="jury", zone="jury").card
    assert jury is not None
    assert jury.volume == 0.25


@pytest.mark.parametrize("zones", [None, [], ["public"], ["jury"]])
def test_any_blank_takes_it_away(zones: list[str] | None) -> None:
    black = blank(UP, zones, by="clerk")
    assert (black.card, black.revision) == (None, 2)


def test_a_show_takes_it_away_and_nothing_shown_lets_it_up() -> None:
    cued = after(UP, CUE)
    assert cued.card is not None, "a cue is private and touches no screen"
    shown = after(cued, SHOW)
    assert shown.card is None
    with pytest.raises(Refused, match="card-not-now"):
        after(shown, ShowCard(screen="jury"))
    only_jury = after(cued, api.ShowRequest(zones=["jury"]))
    with pytest.raises(Refused, match="card-not-now"):
        after(only_jury, ShowCard(screen="judge"))


def test_it_ends_when_told_so_and_only_there() -> None:
    assert after(UP, EndCard(screen="jury")).card is None
    other = after(UP, EndCard(screen="judge"))
    assert other == UP, "and a command that changes nothing has no revision"
    assert after(Room(), EndCard(screen="jury")) == Room()


def test_its_time_and_its_screen() -> None:
    assert still_up(UP.card, ["jury"], 129.9) == UP.card
    assert still_up(UP.card, ["jury"], 130.0) is None
    assert still_up(UP.card, ["judge"], 100.0) is None
    assert still_up(None, ["judge"], 100.0) is None


def test_a_command_on_an_older_room_is_refused() -> None:
    with pytest.raises(Refused, match="moved-on"):
        after(UP, ShowCard(screen="jury", revision=0))


def test_it_survives_being_written() -> None:
    assert decode(encode(UP)) == UP
    assert decode(encode(msgspec.structs.replace(UP, card=None))).card is None


commands = st.lists(
    st.sampled_from(
        [
            ShowCard(screen="jury"),
            ShowCard(screen="judge"),
            EndCard(screen="jury"),
            CUE,
            SHOW,
            api.ShowRequest(zones=["jury"]),
            api.PlayRequest(),
            api.PlainRequest(),
            api.SeekRequest(to=2.0),
            api.BlankRequest(),
            api.BlankRequest(zones=["jury"]),
            api.VolumeRequest(level=0.5),
        ]
    ),
    max_size=20,
)


@given(commands)
def test_a_card_is_never_up_together_with_anything_else(some: list[Command]) -> None:
    room, now = Room(), 100.0
    for command in some:
        now += 3.0
        before = room
        try:
            room = apply(room, command, now=now, by="clerk", catalog=lambda _: ITEM)
        except Refused:
            continue
        assert room.revision >= before.revision
        if isinstance(command, api.BlankRequest):
            assert room.card is None
        stages = [stage_for(room, screen=zone, zone=zone) for zone in ("jury", "judge")]
        up = [stage for stage in stages if stage.card is not None]
        assert len(up) <= 1
        if up:
            assert room.shown is None
            assert all(stage.shown is None and stage.blank for stage in stages)
            assert any(isinstance(asked, ShowCard) for asked in some)
