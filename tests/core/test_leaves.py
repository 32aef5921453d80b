"""Photographs and documents in the room: they rest, are turned, and a part of them may fill the displays."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import item as items
from courtcast.core import stage
from courtcast.core.item import SMALLEST_VIEW, Item
from courtcast.core.room import Command, Room, apply, position
from courtcast.core.timeline import Timeline
from courtcast.problems import Refused
from courtcast.wire import api


def leaves(count: int, *, complete: bool = True) -> Item:
    end = Fraction(count)
    return Item(
        ref="JM/1",
        rendition="00000000000000aa",
        showable=True,
        end=end if complete else None,
        prepared=end,
        timeline=Timeline(range(count), 1, Fraction(0), end if complete else None),
        leaves=True,
    )


CLIP = Item(
    ref="JM/3",
    rendition="00000000000000cc",
    showable=True,
    end=Fraction(3),
    prepared=Fraction(3),
    timeline=Timeline([n * 1000 for n in range(90)], 30_000, Fraction(0), Fraction(3)),
)
ITEMS = {"document": leaves(4), "growing": leaves(3, complete=False), "photo": leaves(1), "clip": CLIP}
SHOW, PLAY, PAUSE = api.ShowRequest(), api.PlayRequest(), api.PlainRequest()
PART = (0.25, 0.5, 0.5, 0.25)


def do(room: Room, *commands: Command) -> Room:
    for command in commands:
        room = apply(room, command, now=100.0, by="clerk", catalog=ITEMS.__getitem__)
    return room


def shown(exhibit: str = "document", at: float | None = None) -> Room:
    return do(Room(), api.CueRequest(exhibit=exhibit, at=at), SHOW)


def refusal(room: Room, command: Command) -> str:
    with pytest.raises(Refused) as refused:
        do(room, command)
    return refused.value.type


def at(room: Room) -> tuple[Fraction | None, int | None]:
    return position(room, 200.0), stage.state(room, now=200.0, items=ITEMS).position_frame


class TestTurning:
    def test_it_cannot_be_played(self) -> None:
        assert refusal(shown(), PLAY) == "nothing-to-play"

    def test_shown_to_be_played_it_rests(self) -> None:
        room = do(Room(), api.CueRequest(exhibit="document"), api.ShowRequest(play=True))
        assert room.shown is not None
        assert not room.shown.playing
        assert do(room, api.ShowRequest(play=True)) is room
        assert do(room, PAUSE) is room

    def test_steps_turn_pages_within_what_there_is(self) -> None:
        turned = [do(shown(at=1), api.StepRequest(frames=by)) for by in (1, -1, 9, -9, 0)]
        assert [at(room) for room in turned] == [(2, 2), (0, 0), (3, 3), (0, 0), (1, 1)]

    @pytest.mark.parametrize(("to", "leaf"), [(0, 0), (1, 1), (2.6, 2), (3.9999999, 3), (4, 3)])
    def test_a_seek_rests_on_a_leaf(self, to: float, leaf: int) -> None:
        room = do(shown(), api.SeekRequest(to=to))
        assert at(room) == (leaf, leaf)
        assert not stage.state(room, now=200.0, items=ITEMS).ended

    def test_what_is_not_there(self) -> None:
        assert refusal(shown(), api.SeekRequest(to=5)) == "outside-leaves"
        assert refusal(shown(), api.SeekRequest(to=-1)) == "outside-leaves"
        assert refusal(shown("growing"), api.SeekRequest(to=4)) == "leaf-not-yet"

    def test_a_cue_rests_on_a_leaf(self) -> None:
        assert at(shown(at=2.5)) == (2, 2)


class TestView:
    def test_it_goes_to_the_screens_and_into_the_state(self) -> None:
        room = do(shown(), api.ViewRequest(view=PART))
        scene = stage.stage_for(room, screen="s", zone="jury").shown
        assert scene is not None
        assert scene.view == stage.state(room, now=200.0, items=ITEMS).view == PART
        assert do(room, api.ViewRequest(view=PART)) is room
        whole = do(room, api.ViewRequest())
        assert whole.shown is not None
        assert whole.shown.view is None
        assert whole.revision == room.revision + 1

    def test_needs_something_shown(self) -> None:
        assert refusal(Room(), api.ViewRequest(view=PART)) == "nothing-shown"

    @pytest.mark.parametrize(
        "command",
        [api.StepRequest(frames=1), api.SeekRequest(to=3), api.CueRequest(exhibit="photo")],
        ids=["step", "seek", "another"],
    )
    def test_another_leaf_is_whole(self, command: Command) -> None:
        room = do(shown(), api.ViewRequest(view=PART), command)
        if isinstance(command, api.CueRequest):
            assert room.shown is not None
            assert room.shown.view == PART
            room = do(room, SHOW)
        assert room.shown is not None
        assert room.shown.view is None

    @pytest.mark.parametrize("command", [api.StepRequest(frames=0), api.SeekRequest(to=0.4)])
    def test_the_same_leaf_keeps_it(self, command: Command) -> None:
        room = do(shown(), api.ViewRequest(view=PART), command)
        assert room.shown is not None
        assert room.shown.view == PART

    def test_a_recording_keeps_it(self) -> None:
        steps = (api.StepRequest(frames=3), api.SeekRequest(to=2), PLAY, PAUSE)
        room = do(shown("clip"), api.ViewRequest(view=PART), *steps)
        assert room.shown is not None
        assert room.shown.view == PART

    @pytest.mark.parametrize(
        ("view", "problem"),
        [
            ((0.0, 0.0, 1 / 65, 0.5), "outside-range"),
            ((0.0, 0.0, 0.5, 0.0), "outside-range"),
            ((0.0, 0.0, 1.1, 1.0), "outside-range"),
            ((0.6, 0.0, 0.5, 1.0), "malformed"),
            ((-0.1, 0.0, 0.5, 1.0), "malformed"),
            ((float("nan"), 0.0, 0.5, 1.0), "malformed"),
            ((0.0, 0.0, float("inf"), 1.0), "malformed"),
        ],
    )
    def test_refused(self, view: items.Part, problem: str) -> None:
        assert refusal(shown(), api.ViewRequest(view=view)) == problem

    @given(*itertools.repeat(st.floats(0, 1), 4))
    def test_whatever_is_taken_lies_within(self, left: float, top: float, width: float, height: float) -> None:
        try:
            part = items.part((left, top, width, height))
        except Refused:
            return
        x, y, w, h = part or (0.0, 0.0, 1.0, 1.0)
        assert min(x, y) >= 0
        assert max(x + w, y + h) <= 1 + 1e-12
        assert min(w, h) >= SMALLEST_VIEW - 2e-6

    def test_it_outlives_the_presenter(self) -> None:
        room = do(shown(), api.ViewRequest(view=PART))
        assert stage.decode(stage.encode(room)) == room
