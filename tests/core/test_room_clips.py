"""Clips in the room, rule by rule. That every law of the room holds with them as well is in test_room's histories."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from courtcast.core import room as rooms
from courtcast.core import stage
from courtcast.core.clip import Range
from courtcast.core.item import Item
from courtcast.core.room import START_AHEAD, Room, apply, position
from courtcast.core.timeline import Timeline
from courtcast.problems import Refused
from courtcast.wire import api
from courtcast.wire.library import ClipRange
from courtcast.wire.screen import Anchor
from tests.core.test_room import GROWING, ITEMS, PAUSE, PLAY, SHOW, STEADY, clipped, cue, do, media, refusal, shown

TWO = (Range(Fraction(1, 2), Fraction(1)), Range(Fraction(2), Fraction(5, 2)))
"""`the two` of the exhibits there: 0.5 to 1 and 2 to 2.5."""
PLAYING = api.ShowRequest(play=True)


def two(at: float | None = None) -> Room:
    return shown("a", at, "the two")


def seek(to: float) -> api.SeekRequest:
    return api.SeekRequest(to=to)


class TestCue:
    @pytest.mark.parametrize("named", ["k1", "the two"])
    def test_by_its_id_or_name_from_its_beginning(self, named: str) -> None:
        room = do(Room(), cue("a", clip=named))
        assert room.cued is not None
        assert (room.cued.at, room.cued.clip, room.cued.ranges, room.cued.end) == (
            Fraction(1, 2), "the two", TWO, Fraction(5, 2),
        )  # fmt: skip
        state = stage.state(room, now=0.0, items=ITEMS).cued
        assert state is not None
        assert (state.at, state.frame, state.clip, state.clip_at) == (0.5, 15, "the two", 0.0)
        assert state.ranges == [ClipRange(start=0.5, stop=1.0), ClipRange(start=2.0, stop=2.5)]

    def test_an_id_comes_before_a_name(self) -> None:
        item = msgspec.structs.replace(STEADY, clips=(clipped("one", "two", (0, 1)), clipped("two", "three", (1, 2))))
        room = apply(Room(), cue("a", clip="two"), now=0.0, by="clerk", catalog=lambda _: item)
        assert room.cued is not None
        assert room.cued.clip == "three"

    def test_at_a_place_of_it(self) -> None:
        room = do(Room(), cue("a", 2.2, "k1"))
        state = stage.state(room, now=0.0, items=ITEMS).cued
        assert state is not None
        assert (state.at, state.clip_at) == (2.2, 0.7)

    @pytest.mark.parametrize(
        ("exhibit", "at", "clip", "problem"),
        [
            ("a", None, "nobody's", "clip-unknown"),
            ("a", None, "", "clip-unknown"),
            ("a", 1.5, "k1", "outside-clip"),
            ("a", 9.0, "k1", "outside-exhibit"),
            ("a", None, "k3", "clip-outside"),
            ("w", None, "k1", "not-showable"),
            ("nobody", None, "k1", "exhibit-unknown"),
        ],
    )
    def test_refused(self, exhibit: str, at: float | None, clip: str, problem: str) -> None:
        assert refusal(Room(), cue(exhibit, at, clip)) == problem

    def test_of_what_has_not_come_yet(self) -> None:
        item = msgspec.structs.replace(GROWING, clips=(clipped("k", "later", (5.0, 6.0), (0.0, 1.0)),))
        with pytest.raises(Refused) as refused:
            apply(Room(), cue("c", clip="later"), now=0.0, by="clerk", catalog=lambda _: item)
        assert refused.value.type == "still-not-yet"

    def test_the_whole_exhibit_again(self) -> None:
        room = do(Room(), cue("a", clip="k1"), cue("a"))
        assert room.cued is not None
        assert (room.cued.clip, room.cued.ranges, room.cued.end) == (None, (), 3)

    def test_its_boundaries_are_frames_where_they_were_meant_to_be(self) -> None:
        item = msgspec.structs.replace(STEADY, clips=(clipped("k", "k", (0.333333, 0.666667)),))
        room = apply(Room(), cue("a", clip="k"), now=0.0, by="clerk", catalog=lambda _: item)
        assert room.cued is not None
        assert room.cued.ranges == (Range(Fraction(1, 3), Fraction(2, 3)),)


class TestPlayback:
    def test_over_the_seam_to_the_end(self) -> None:
        room = do(Room(), cue("a", clip="k1"), PLAYING, now=100.0 - START_AHEAD)
        told = [(100.25, 0.75, 22), (100.5, 2.0, 60), (100.75, 2.25, 67), (101.0, 2.5, 74), (300.0, 2.5, 74)]
        for now, at, frame in told:
            state = stage.state(room, now=now, items=ITEMS)
            assert (state.position, state.position_frame) == (at, frame)
            assert state.clip_position == min(now - 100, 1.0)
            assert state.ended == (now >= 101)
        assert rooms.ends_at(room) == pytest.approx(101.0)
        assert stage.until_end(room, 100.0) == pytest.approx(1.0)

    def test_after_the_end_it_plays_again_from_the_first_ranges_start(self) -> None:
        room = do(two(), PLAY, now=100.0)
        again = do(room, PLAY, now=200.0)
        assert (media(again), position(again, 200.5 + START_AHEAD)) == (Fraction(1, 2), 2)

    def test_paused_at_the_end_the_screens_are_told_so(self) -> None:
        room = rooms.settle(do(two(), PLAY, now=100.0), 200.0)
        scene = stage.stage_for(room, screen="s", zone="jury").shown
        assert scene is not None
        assert (scene.anchor, scene.end) == (Anchor(2.5, 0.0, 0.0), 2.5)

    def test_ranges_that_run_backwards_end_with_the_last_of_them(self) -> None:
        room = do(Room(), cue("a", clip="backwards"), PLAYING, now=100.0 - START_AHEAD)
        ends = 100.0 + 0.102 + 1.0
        assert rooms.ends_at(room) == pytest.approx(ends, abs=1e-5)
        assert not stage.state(room, now=ends - 0.01, items=ITEMS).ended
        state = stage.state(room, now=ends + 1, items=ITEMS)
        assert (state.ended, state.position_frame) == (True, 9)
        assert state.position == pytest.approx(0.31, abs=2e-6)

    def test_another_speed_counts_in_the_clip(self) -> None:
        room = do(do(two(), PLAY, now=100.0 - START_AHEAD), api.RateRequest(rate=0.5), now=100.25)
        assert position(room, 100.25) == Fraction(3, 4)
        assert position(room, 101.0) == Fraction(17, 8)
        assert rooms.ends_at(room) == pytest.approx(101.75)

    def test_paused_where_it_is_and_on_from_there(self) -> None:
        room = do(do(two(), PLAY, now=100.0 - START_AHEAD), PAUSE, now=100.75)
        assert media(room) == Fraction(9, 4)
        assert position(do(room, PLAY, now=200.0 - START_AHEAD), 200.1) == pytest.approx(2.35)

    def test_the_screens_have_the_ranges(self) -> None:
        item = clipped("k", "k", (2.0, 3.0), (0.0, 1.0))
        quiet = msgspec.structs.replace(
            item, ranges=(msgspec.structs.replace(item.ranges[0], silent=True), item.ranges[1])
        )
        room = apply(
            Room(), cue("a", clip="k"), now=0.0, by="clerk",
            catalog=lambda _: msgspec.structs.replace(STEADY, clips=(quiet,)),
        )  # fmt: skip
        cued = stage.stage_for(room, screen="s", zone="jury").cue
        up = stage.stage_for(do(room, SHOW), screen="s", zone="jury").shown
        assert cued is not None
        assert up is not None
        assert cued.ranges == up.ranges == list(quiet.ranges)
        assert (cued.end, up.end) == (1.0, 1.0)


class TestSeek:
    def test_within_the_clip(self) -> None:
        assert media(do(two(), seek(2.25))) == Fraction(9, 4)
        playing = do(do(two(), PLAY, now=100.0), seek(0.75), now=100.2)
        assert position(playing, 100.2 + START_AHEAD + 0.5) == Fraction(9, 4)

    def test_out_of_it_is_refused_with_the_nearest_place(self) -> None:
        for to, nearest in ((0.0, "0:00.500"), (1.4, "0:00.999"), (1.6, "0:02.000"), (2.9, "0:02.500")):
            with pytest.raises(Refused) as refused:
                do(two(), seek(to))
            assert (refused.value.type, refused.value.status) == ("outside-clip", 409)
            assert refused.value.detail.endswith(f"{nearest}.")

    def test_a_time_that_was_rounded_on_the_way_means_the_edge(self) -> None:
        assert media(do(two(), seek(0.4996))) == Fraction(1, 2)
        assert media(do(two(), seek(1.0))) == Fraction(999, 1000)
        assert media(do(two(), seek(2.5))) == Fraction(5, 2)


class TestStep:
    def test_over_the_seam_and_held_at_the_ends(self) -> None:
        room = do(two(), seek(29 / 30))
        assert media(do(room, api.StepRequest(frames=1))) == 2
        assert media(do(room, api.StepRequest(frames=1), api.StepRequest(frames=-1))) == Fraction(29, 30)
        assert media(do(room, api.StepRequest(frames=99))) == Fraction(74, 30)
        assert media(do(room, api.StepRequest(frames=-99))) == Fraction(1, 2)

    def test_back_from_the_end(self) -> None:
        room = do(do(two(), PLAY, now=100.0), api.StepRequest(frames=-1), now=200.0)
        assert media(room) == Fraction(73, 30)

    def test_while_it_plays_it_rests(self) -> None:
        room = do(do(two(), PLAY, now=100.0 - START_AHEAD), api.StepRequest(frames=1), now=100.499)
        assert media(room) == 2
        assert room.shown is not None
        assert not room.shown.playing


class TestWhatComesLater:
    def test_a_clip_that_was_changed_or_removed_meanwhile_stays_as_it_was_cued(self) -> None:
        room = do(Room(), cue("a", clip="k1"))
        other = {"a": msgspec.structs.replace(STEADY, clips=(clipped("k1", "the two", (0.0, 0.1)),))}
        assert stage.refresh(room, other) is room
        assert stage.refresh(do(room, SHOW), {"a": msgspec.structs.replace(STEADY, clips=())}) == do(room, SHOW)

    def test_an_end_that_comes_before_the_clips(self) -> None:
        room = do(shown("c", None, "k3"), PLAY, now=100.0 - START_AHEAD)
        assert rooms.ends_at(room) == pytest.approx(106.6)
        ended = stage.refresh(room, {"c": msgspec.structs.replace(GROWING, end=Fraction(4))})
        assert ended.shown is not None
        assert ended.shown.ranges == (Range(Fraction(1, 4), Fraction(3, 4)), Range(Fraction(29, 10), Fraction(4)))
        assert (rooms.ends_at(ended), ended.revision) == (pytest.approx(101.6), room.revision)
        gone = stage.refresh(room, {"c": msgspec.structs.replace(GROWING, end=Fraction(2))})
        assert position(gone, 200.0) == Fraction(3, 4)

    def test_where_it_was_beyond_an_end_it_is_at_the_nearest_place(self) -> None:
        room = do(shown("c", None, "backwards"))
        cut = stage.refresh(room, {"c": msgspec.structs.replace(GROWING, end=Fraction(19, 10))})
        assert media(cut) == Fraction(999, 1000)

    def test_it_waits_along_its_ranges(self) -> None:
        """2.002 s have come; the second range begins at 2.9."""
        room = do(shown("c", None, "k3"), PLAY, now=100.0 - START_AHEAD)
        assert rooms.waits_at(room, GROWING, 100.0) == pytest.approx(0.0)
        assert rooms.hold(room, GROWING, 100.0) is room
        waiting = rooms.hold(room, GROWING, 100.1)
        assert (position(waiting, 300.0), waiting.shown and waiting.shown.waiting) == (Fraction(35, 100), True)
        more = msgspec.structs.replace(GROWING, prepared=Fraction(5))
        assert rooms.hold(waiting, more, 200.0) is waiting, "2.5 s of the clip are there"
        enough = msgspec.structs.replace(GROWING, prepared=Fraction(6))
        going = rooms.hold(waiting, enough, 200.0)
        assert position(going, 200.4 + START_AHEAD) == Fraction(29, 10)

    def test_ranges_that_are_all_there_never_wait(self) -> None:
        room = do(shown("c", None, "backwards"), PLAY, now=100.0)
        assert rooms.waits_at(room, GROWING, 100.0) is None
        assert rooms.hold(room, GROWING, 101.0) is room

    def test_it_waits_in_the_range_that_it_is_in(self) -> None:
        room = do(shown("c", None, "k3"), PLAY, now=100.0 - START_AHEAD)
        assert position(rooms.hold(room, GROWING, 101.0), 300.0) == Fraction(29, 10)


def test_a_room_that_was_stored_before_there_were_ranges() -> None:
    old = (
        b'{"revision":7,"cued":{"exhibit":"a","rendition":"r","at":"6/5","end":"3","clip":"a name"},'
        b'"shown":{"exhibit":"a","rendition":"r","media":"1/2","clock":5.0,"playing":true,"end":"3","zones":null,'
        b'"clip":null,"first":"0"}}'
    )
    room = stage.decode(old)
    assert (room.cued and room.cued.ranges, room.shown and room.shown.ranges) == ((), ())
    assert position(room, 6.0) == Fraction(3, 2)
    assert stage.decode(stage.encode(two())) == two()


def test_leaves_of_a_clip_are_turned_in_its_order() -> None:
    item = Item(
        ref="JM/9", rendition="00000000000000cc", showable=True, leaves=True, end=Fraction(10), prepared=Fraction(10),
        timeline=Timeline(range(10), 1, Fraction(0), Fraction(10)), clips=(clipped("k", "k", (7, 9), (1, 2)),),
    )  # fmt: skip

    def give(room: Room, *commands: rooms.Command) -> Room:
        for command in commands:
            room = apply(room, command, now=0.0, by="clerk", catalog=lambda _: item)
        return room

    room = give(Room(), cue("p", clip="k"), SHOW)
    leaves = [media(give(room, api.StepRequest(frames=n))) for n in range(-1, 4)]
    assert leaves == [7, 7, 8, 1, 1]
    with pytest.raises(Refused, match=r"clip k\. The nearest one that is, is page 8"):
        give(room, seek(5.0))
