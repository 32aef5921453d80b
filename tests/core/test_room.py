"""The room's rules: one by one, and held through arbitrary histories."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from courtcast.core import clip as clips
from courtcast.core import room as rooms
from courtcast.core import stage
from courtcast.core.item import Clipped, Item
from courtcast.core.room import START_AHEAD, ChooseSound, Command, Forget, Room, Withdraw, apply, blank, position
from courtcast.core.timeline import TOLERANCE, Timeline
from courtcast.problems import Refused
from courtcast.wire import api
from courtcast.wire.library import ClipRange
from courtcast.wire.screen import Anchor, Stage

SCALE = 30_000
ORIGIN = Fraction(1, 10)


def clipped(id_: str, name: str, *pairs: tuple[float, float]) -> Clipped:
    return Clipped(id=id_, name=name, ranges=tuple(ClipRange(start=start, stop=stop) for start, stop in pairs))


CLIPS = (
    clipped("k1", "the two", (0.5, 1.0), (2.0, 2.5)),
    clipped("k2", "backwards", (1.9, 2.002), (0.31, 1.0), (0.0, 0.31)),
    clipped("k3", "beyond", (0.25, 0.75), (2.9, 9.0)),
)


def item(ref: str, pts: list[int], duration: Fraction, *, complete: bool = True) -> Item:
    """An exhibit whose frames come up at these ticks of media time."""
    shifted = [tick + int(ORIGIN * SCALE) for tick in pts]
    return Item(
        ref=ref,
        rendition=f"{sum(map(ord, ref)):016x}",
        showable=True,
        end=duration if complete else None,
        prepared=duration,
        timeline=Timeline(shifted, SCALE, ORIGIN, duration if complete else None),
        clips=CLIPS,
    )


STEADY = item("JM/1", [n * 1000 for n in range(90)], Fraction(3))
"""3 s at 30 a second: frame n is up from n/30."""
VARIABLE = item("JM/2", [0, 1001, 1500, 9000, 9010, 30_000], Fraction(31_001, SCALE))
GROWING = item("JM/3", [n * 1001 for n in range(60)], Fraction(60_060, SCALE), complete=False)
PRIVATE = msgspec.structs.replace(STEADY, ref="JM/7", rendition="00000000000000bb", restricted=True)
SOUND = Item(
    ref="JM/4", rendition="00000000000000aa", showable=True, end=Fraction(72), prepared=Fraction(72), clips=CLIPS
)
WAITING = Item(ref="JM/5")
BROKEN = Item(ref="JM/6", failed="The recording is damaged and cannot be played.")
LATE = item("JM/8", [270, 1270, 2270], Fraction(3270, SCALE))
"""Its sound begins 9 ms before its picture."""
ITEMS = {"a": STEADY, "b": VARIABLE, "c": GROWING, "d": SOUND, "l": LATE, "r": PRIVATE, "w": WAITING, "x": BROKEN}


def catalog(exhibit: str) -> Item:
    try:
        return ITEMS[exhibit]
    except KeyError:
        raise Refused("exhibit-unknown") from None


def do(room: Room, *commands: Command, now: float = 100.0) -> Room:
    for command in commands:
        room = apply(room, command, now=now, by="clerk", catalog=catalog)
    return room


def refusal(room: Room, command: Command, now: float = 100.0) -> str:
    with pytest.raises(Refused) as refused:
        do(room, command, now=now)
    return refused.value.type


def cue(exhibit: str = "a", at: float | None = None, clip: str | None = None) -> api.CueRequest:
    return api.CueRequest(exhibit=exhibit, at=at, clip=clip)


SHOW, PLAY, PAUSE = api.ShowRequest(), api.PlayRequest(), api.PlainRequest()


def shown(exhibit: str = "a", at: float | None = None, clip: str | None = None) -> Room:
    return do(Room(), cue(exhibit, at, clip), SHOW)


def media(room: Room) -> Fraction:
    assert room.shown is not None
    return room.shown.media


class TestCue:
    def test_it_is_private(self) -> None:
        room = do(Room(), cue(at=1.2))
        assert room.shown is None
        assert room.revision == 1
        assert room.cued is not None
        assert room.cued.at == Fraction(6, 5)

    def test_the_same_again_changes_nothing(self) -> None:
        room = do(Room(), cue(at=1.2))
        assert do(room, cue(at=1.2)) is room

    def test_it_leaves_what_is_shown(self) -> None:
        room = do(shown("a"), cue("b"))
        assert (room.shown and room.shown.exhibit, room.cued and room.cued.exhibit) == ("a", "b")

    @pytest.mark.parametrize(
        ("command", "problem"),
        [
            (cue("nobody"), "exhibit-unknown"),
            (cue("w"), "not-showable"),
            (cue("x"), "exhibit-failed"),
            (cue("a", -0.1), "outside-exhibit"),
            (cue("a", 3.01), "outside-exhibit"),
            (cue("c", 30.0), "still-not-yet"),
            (cue("c", -1.0), "outside-exhibit"),
            (cue("a", float("nan")), "malformed"),
            (cue("a", float("inf")), "malformed"),
        ],
    )
    def test_refused(self, command: Command, problem: str) -> None:
        assert refusal(Room(), command) == problem

    def test_without_a_time_it_is_the_first_picture(self) -> None:
        room = do(Room(), cue("l"))
        assert room.cued is not None
        assert room.cued.at == Fraction(9, 1000)
        assert do(room, cue("l", 0.0)).cued == msgspec.structs.replace(room.cued, at=Fraction(0))

    def test_the_end_itself_is_inside(self) -> None:
        room = do(Room(), cue(at=3.0))
        assert room.cued is not None
        assert room.cued.at == 3


class TestShow:
    def test_puts_up_the_cued_moment_paused(self) -> None:
        room = shown(at=1.5)
        assert room.cued is None
        assert room.shown is not None
        assert (room.shown.media, room.shown.playing) == (Fraction(3, 2), False)
        state = stage.state(room, now=500.0, items=ITEMS)
        assert (state.position, state.position_frame, state.playing, state.blank) == (1.5, 45, False, False)

    def test_with_play_it_starts_a_little_ahead(self) -> None:
        room = do(Room(), cue(at=1.5), api.ShowRequest(play=True), now=100.0)
        assert stage.state(room, now=100.0, items=ITEMS).anchor == Anchor(1.5, 100.0 + START_AHEAD, 1.0)
        assert position(room, 100.1) == Fraction(3, 2)

    def test_with_nothing_cued(self) -> None:
        assert refusal(Room(), SHOW) == "nothing-cued"
        assert refusal(do(shown(), PLAY), SHOW) == "nothing-cued"

    def test_the_same_again_changes_nothing(self) -> None:
        room = shown(at=1.5)
        assert do(room, SHOW) is room
        playing = do(Room(), cue(), api.ShowRequest(play=True))
        assert do(playing, api.ShowRequest(play=True), now=101.0) is playing

    def test_of_another_exhibit_replaces_it_at_its_own_speed(self) -> None:
        room = do(shown("a"), api.RateRequest(rate=0.5), PLAY, cue("b", 0.05), SHOW)
        assert room.shown is not None
        assert (room.shown.exhibit, room.shown.playing, room.rate) == ("b", False, 1.0)

    def test_zones(self) -> None:
        room = do(Room(), cue(), api.ShowRequest(zones=["judge", "counsel"]))
        assert [zone for zone in ("jury", "judge", "counsel") if stage.sees(room, zone)] == ["judge", "counsel"]
        joined = do(room, api.ShowRequest(zones=["jury"]))
        assert all(stage.sees(joined, zone) for zone in ("jury", "judge", "counsel"))
        assert not stage.sees(joined, "public")

    @pytest.mark.parametrize("zones", [[], [""], ["z" * 65], [str(n) for n in range(17)]])
    def test_zones_that_are_none(self, zones: list[str]) -> None:
        assert refusal(do(Room(), cue()), api.ShowRequest(zones=zones)) == "malformed"


class TestBlank:
    def test_takes_everything_down_and_keeps_the_cue(self) -> None:
        room = do(shown("a"), cue("b"), PLAY, api.BlankRequest())
        assert room.shown is None
        assert room.cued is not None
        assert stage.state(room, now=1.0, items=ITEMS).blank

    def test_a_revision_never_stops_it(self) -> None:
        assert do(shown(), api.BlankRequest(revision=0)).shown is None

    def test_nothing_to_blank_changes_nothing(self) -> None:
        assert blank(Room(), None, by="clerk") == Room()

    def test_one_zone_keeps_the_rest_and_can_come_back(self) -> None:
        room = do(shown(), PLAY, api.BlankRequest(zones=["jury"]))
        assert (stage.sees(room, "jury"), stage.sees(room, "judge")) == (False, True)
        behind = stage.stage_for(room, screen="s", zone="jury")
        assert behind.blank
        assert behind.shown is not None
        assert behind.volume == 0.0
        assert stage.sees(do(room, api.ShowRequest(zones=["jury"])), "jury")

    def test_the_last_zone_that_sees_it_takes_it_down(self) -> None:
        room = do(Room(), cue(), api.ShowRequest(zones=["jury", "judge"]), api.BlankRequest(zones=["jury"]))
        assert room.shown is not None
        assert do(room, api.BlankRequest(zones=["judge", "public"])).shown is None

    def test_what_is_restricted_leaves_a_zone_with_its_blank(self) -> None:
        for exhibit, kept in (("a", True), ("r", False)):
            room = do(Room(), cue(exhibit), SHOW, api.BlankRequest(zones=["jury"]))
            dark, lit = (stage.stage_for(room, screen="s", zone=zone) for zone in ("jury", "judge"))
            assert (dark.shown is not None, dark.blank, lit.shown is not None) == (kept, True, True)
            again = stage.stage_for(do(room, api.ShowRequest(zones=["jury"])), screen="s", zone="jury")
            assert again.shown is not None
            assert not again.blank

    def test_the_mark_follows_the_exhibit(self) -> None:
        room = do(Room(), cue("r"), SHOW, cue("r"))
        assert (room.shown and room.shown.restricted, room.cued and room.cued.restricted) == (True, True)
        assert room == stage.decode(stage.encode(room))
        open_now = stage.refresh(room, {"r": STEADY})
        assert (open_now.shown and open_now.shown.restricted, open_now.revision) == (False, room.revision)

    def test_more_zones_than_there_can_be_are_all(self) -> None:
        assert blank(shown(), [str(n) for n in range(99)], by="clerk").shown is None

    def test_show_after_a_zone_was_blanked_shows_to_all(self) -> None:
        room = do(shown(), api.BlankRequest(zones=["jury"]), cue("b"), SHOW)
        assert stage.sees(room, "jury")


class TestPlayback:
    def test_nothing_shown(self) -> None:
        for command in (PLAY, PAUSE, api.SeekRequest(to=0), api.StepRequest(frames=1)):
            assert refusal(Room(), command) == "nothing-shown"

    def test_follows_the_anchor_and_pauses_where_it_is(self) -> None:
        room = do(shown(), PLAY, now=100.0)
        assert position(room, 101.0 + START_AHEAD) == 1
        paused = do(room, PAUSE, now=101.0 + START_AHEAD)
        assert media(paused) == 1
        assert position(paused, 999.0) == 1
        assert media(do(paused, PLAY, now=200.0)) == 1

    def test_play_again_changes_nothing(self) -> None:
        room = do(shown(), PLAY, now=100.0)
        assert do(room, PLAY, now=101.0) is room
        assert do(shown(), PAUSE) == shown()

    def test_holds_the_end_and_starts_over(self) -> None:
        room = do(shown(), PLAY, now=100.0)
        assert rooms.ends_at(room) == pytest.approx(103.0 + START_AHEAD)
        state = stage.state(room, now=200.0, items=ITEMS)
        assert (state.position, state.position_frame, state.ended, state.playing) == (3.0, 89, True, False)
        assert do(room, PAUSE, now=200.0) is room
        again = do(room, PLAY, now=200.0)
        assert (media(again), again.revision) == (0, room.revision + 1)

    def test_a_seek_after_the_end_rests(self) -> None:
        room = do(do(shown(), PLAY, now=100.0), api.SeekRequest(to=1.0), now=200.0)
        assert room.shown is not None
        assert (room.shown.playing, room.shown.media) == (False, 1)

    def test_without_a_known_end_it_goes_on(self) -> None:
        room = do(shown("c"), PLAY, now=100.0)
        assert rooms.ends_at(room) is None
        assert position(room, 110.0 + START_AHEAD) == 10
        ended = stage.refresh(room, {"c": msgspec.structs.replace(GROWING, end=Fraction(4))})
        assert (position(ended, 110.0), ended.revision) == (4, room.revision)

    def test_rate(self) -> None:
        room = do(do(shown(), PLAY, now=100.0), api.RateRequest(rate=0.5), now=101.0 + START_AHEAD)
        assert media(room) == 1
        assert position(room, 102.0 + START_AHEAD) == Fraction(3, 2)
        assert do(room, api.RateRequest(rate=0.5), now=103.0) is room
        for rate in (0.0, -1.0, 4.1, float("nan"), float("inf")):
            assert refusal(room, api.RateRequest(rate=rate)) == "outside-range"

    def test_volume(self) -> None:
        room = do(shown(), api.VolumeRequest(level=0.5), api.VolumeRequest(level=0.5, screen="s"))
        assert stage.stage_for(room, screen="s", zone="jury").volume == 0.25
        assert stage.stage_for(room, screen="t", zone="jury").volume == 0.5
        for level in (-0.1, 1.1, float("nan")):
            assert refusal(room, api.VolumeRequest(level=level)) == "outside-range"


class TestFrames:
    def test_a_written_decimal_means_the_frame(self) -> None:
        for written, frame in ((0.1, 3), (0.333333, 10), (1 / 3, 10), (0.33333, 9), (1.2, 36), (2.999, 89), (3.0, 89)):
            state = stage.state(do(shown(), api.SeekRequest(to=written)), now=0.0, items=ITEMS)
            assert (written, state.position_frame) == (written, frame)

    @given(st.integers(0, 89), st.integers(-200, 200))
    def test_step_moves_whole_frames_and_holds_the_ends(self, start: int, frames: int) -> None:
        room = do(shown(at=(start + 0.4) / 30), api.StepRequest(frames=frames))
        there = min(max(start + frames, 0), 89)
        if frames == 0:
            assert media(room) == Fraction(repr((start + 0.4) / 30))
        else:
            assert media(room) == Fraction(there, 30)
        assert STEADY.timeline is not None
        assert STEADY.timeline.frame_at(media(room)) == there

    def test_step_while_playing_rests(self) -> None:
        room = do(do(shown(), PLAY, now=100.0), api.StepRequest(frames=1), now=101.01 + START_AHEAD)
        assert room.shown is not None
        assert (room.shown.media, room.shown.playing) == (Fraction(31, 30), False)

    def test_step_back_from_the_end(self) -> None:
        assert media(do(do(shown(), PLAY, now=100.0), api.StepRequest(frames=-1), now=200.0)) == Fraction(88, 30)

    def test_no_frames(self) -> None:
        assert refusal(shown("d"), api.StepRequest(frames=1)) == "no-frames"

    @given(st.integers(0, 5), st.floats(0.0, 0.999))
    def test_the_stage_lies_inside_the_frame(self, frame: int, into: float) -> None:
        timeline = VARIABLE.timeline
        assert timeline is not None
        begins, ends = timeline.time_of(frame), timeline.end_of(frame)
        assert ends is not None
        t = float(begins + (ends - begins) * Fraction(into))
        # A float this close below the next frame's time means that time (`timeline.TOLERANCE`).
        assume(ends - Fraction(t) > 2 * TOLERANCE)
        scene = stage.stage_for(shown("b", max(0.0, t)), screen="s", zone="jury").shown
        assert scene is not None
        # As a page may reckon it: doubles all the way, without any tolerance.
        ticks = (scene.anchor.media + float(ORIGIN)) * SCALE
        assert sum(tick <= ticks for tick in timeline.pts) - 1 == frame


class TestRevision:
    def test_each_change_counts_one_and_says_who(self) -> None:
        room = apply(do(Room(), cue()), SHOW, now=1.0, by="advocate", catalog=catalog)
        assert (room.revision, room.by) == (2, "advocate")

    def test_two_remotes_at_once(self) -> None:
        room = shown()
        first = do(room, api.SeekRequest(to=1.0, revision=room.revision))
        assert refusal(first, api.SeekRequest(to=2.0, revision=room.revision)) == "moved-on"
        assert refusal(first, api.CueRequest(exhibit="nobody", revision=room.revision)) == "moved-on"


class TestExhibitsThatGo:
    def test_a_shown_one_stays(self) -> None:
        assert refusal(shown("a"), Forget(exhibit="a")) == "exhibit-shown"

    def test_a_cued_one_leaves_the_cue(self) -> None:
        assert do(do(shown("a"), cue("b")), Forget(exhibit="b")).cued is None

    def test_a_wrong_one_leaves_the_screens(self) -> None:
        room = do(shown("a"), cue("b"), Withdraw(exhibit="a"))
        assert room.shown is None
        assert room.cued is not None


class TestWaiting:
    """A recording that is still coming: 2.002 s of it are there."""

    def held(self, room: Room, now: float, **more: object) -> Room:
        return rooms.hold(room, msgspec.structs.replace(GROWING, **more), now)  # type: ignore[arg-type]

    def test_it_waits_short_of_what_has_come_and_goes_on_from_there(self) -> None:
        room = do(shown("c"), PLAY, now=100.0 - START_AHEAD)
        assert rooms.waits_at(room, GROWING, 100.0) == pytest.approx(1.502)
        assert self.held(room, 101.5) is room
        waiting = self.held(room, 101.6)
        assert waiting.shown is not None
        assert (waiting.shown.waiting, waiting.shown.media) == (True, Fraction(8, 5))
        assert (position(waiting, 500.0), waiting.revision) == (Fraction(8, 5), room.revision)
        assert self.held(waiting, 102.0, prepared=Fraction(4)) is waiting
        going = self.held(waiting, 105.0, prepared=Fraction(5))
        assert position(going, 106.0 + START_AHEAD) == Fraction(13, 5)

    def test_it_never_stands_beyond_what_has_come(self) -> None:
        room = do(shown("c"), PLAY, now=100.0)
        assert position(self.held(room, 200.0), 200.0) == GROWING.prepared

    def test_it_goes_on_when_the_end_is_known(self) -> None:
        waiting = self.held(do(shown("c"), PLAY, now=100.0), 102.0)
        complete = stage.refresh(waiting, {"c": msgspec.structs.replace(GROWING, end=GROWING.prepared)})
        assert position(self.held(complete, 103.0), 103.1 + START_AHEAD) == pytest.approx(1.95)

    def test_a_persons_pause_and_seek_come_first(self) -> None:
        waiting = self.held(do(shown("c"), PLAY, now=100.0), 102.0)
        assert do(waiting, PLAY, now=103.0) is waiting
        paused = do(waiting, PAUSE, now=103.0)
        assert stage.state(paused, now=104.0, items=ITEMS).playing is False
        assert self.held(paused, 104.0, prepared=Fraction(99)) is paused
        back = do(waiting, api.SeekRequest(to=0.5), now=103.0)
        assert position(back, 103.5 + START_AHEAD) == 1

    def test_it_waits_before_a_gap_and_goes_on_as_that_is_filled(self) -> None:
        """A minute of it is foreseen, of which the beginning and a part that somebody sought are there."""
        there = [(Fraction(0), Fraction(2)), (Fraction(40), Fraction(50))]

        def reach(t: Fraction) -> Fraction:
            return next((end for begin, end in there if begin <= t < end), t)

        item = msgspec.structs.replace(GROWING, prepared=Fraction(2), foreseen=Fraction(60), reach=reach)

        def play(at: float) -> Room:
            room = apply(Room(), cue("g", at), now=100.0, by="clerk", catalog=lambda _: item)
            ask = api.ShowRequest(play=True)
            return apply(room, ask, now=100.0 - START_AHEAD, by="clerk", catalog=lambda _: item)

        sought = play(45.0)
        assert rooms.waits_at(sought, item, 100.0) == pytest.approx(4.5)
        assert rooms.hold(sought, item, 104.4) is sought
        waiting = rooms.hold(sought, item, 104.6)
        assert waiting.shown is not None
        assert (waiting.shown.waiting, position(waiting, 110.0)) == (True, Fraction(248, 5))

        before = rooms.hold(play(20.0), item, 100.0)
        assert (before.shown and before.shown.waiting, position(before, 110.0)) == (True, 20)
        there.append((Fraction(20), Fraction(22)))
        assert rooms.hold(before, item, 111.0) is before
        there[-1] = (Fraction(20), Fraction(23))
        assert position(rooms.hold(before, item, 112.0), 113.0 + START_AHEAD) == 21

        last = rooms.hold(play(58.0), item, 100.0)
        there.append((Fraction(58), Fraction(119, 2)))
        going = rooms.hold(last, item, 113.0)
        assert going.shown is not None
        assert not going.shown.waiting, "for its last fragment only, which comes when all else is there"

    def test_complete_ones_never_wait(self) -> None:
        room = do(shown("a"), PLAY, now=100.0)
        assert rooms.waits_at(room, STEADY, 101.0) is None
        assert rooms.hold(room, STEADY, 102.9) is room


class TestSound:
    def test_the_first_paired_screen_until_somebody_chooses(self) -> None:
        assert rooms.pick_sound(Room(), []) == Room()
        room = rooms.pick_sound(Room(), ["s", "t"])
        assert (room.sound_screen, room.revision) == ("s", 0)
        assert rooms.pick_sound(room, ["a", "s"]) is room
        assert stage.stage_for(room, screen="s", zone="jury").sound
        assert not stage.stage_for(room, screen="t", zone="jury").sound

    def test_none_can_be_chosen(self) -> None:
        room = do(rooms.pick_sound(Room(), ["s"]), ChooseSound(screen=None))
        assert rooms.pick_sound(room, ["s"]) is room

    def test_one_that_is_gone_hands_it_on(self) -> None:
        room = do(Room(), ChooseSound(screen="s"))
        assert rooms.pick_sound(room, ["t"]).sound_screen == "t"
        assert rooms.pick_sound(rooms.pick_sound(room, []), ["u"]).sound_screen == "u"


class TestRefresh:
    def test_another_rendition_takes_over_when_it_reaches_as_far(self) -> None:
        room = shown("a", 2.0)
        behind = Item(ref="JM/1", rendition="00000000000000ff", showable=True, prepared=Fraction(1))
        assert stage.refresh(room, {"a": behind}) is room
        there = msgspec.structs.replace(behind, prepared=Fraction(5, 2))
        fresh = stage.refresh(room, {"a": there})
        assert fresh.shown is not None
        assert (fresh.shown.rendition, fresh.shown.end, fresh.revision) == ("00000000000000ff", 3, room.revision)


@pytest.mark.parametrize(
    "data", [b"", b"{}x", b'{"shown": {"exhibit": "a"}}', b'{"cued": {"exhibit": "a", "rendition": "r", "at": "1/0"}}']
)
def test_what_is_no_room_is_not_read(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        stage.decode(data)


ZONES = ("jury", "witness", "judge")
zones = st.none() | st.lists(st.sampled_from(ZONES), min_size=1, max_size=3)
seconds = st.floats(-0.5, 4.0) | st.sampled_from([0.0, 0.05, 1 / 3, 1.2, 3.0])


class Histories(RuleBasedStateMachine):
    """Any history of commands, by several hands, with time passing in between."""

    @initialize()
    def begin(self) -> None:
        self.room = Room()
        self.now = 1000.0
        self.ever_cued: set[str] = set()
        self.put_up = False
        """Show was carried out since the last blank of everything."""

    def command(self, command: Command) -> bool:
        """Carries it out; False where it was refused, and then nothing has happened."""
        before, written = self.room, stage.encode(self.room)
        try:
            self.room = apply(before, command, now=self.now, by="clerk", catalog=catalog)
        except Refused:
            assert stage.encode(before) == written
            return False
        assert self.room.revision - before.revision == (self.room is not before)
        if self.room is not before:
            assert msgspec.structs.replace(self.room, revision=0, by=None) != msgspec.structs.replace(
                before, revision=0, by=None
            )
        return True

    @rule(
        exhibit=st.sampled_from([*ITEMS, "nobody"]),
        at=st.none() | seconds,
        clip=st.sampled_from([None, "k1", "the two", "backwards", "k3", "nothing"]),
    )
    def cue(self, exhibit: str, at: float | None, clip: str | None) -> None:
        if self.command(api.CueRequest(exhibit=exhibit, at=at, clip=clip)):
            self.ever_cued.add(exhibit)
            assert self.room.cued is not None
            assert (clip is None) == (not self.room.cued.ranges)

    @rule(zones=zones, play=st.booleans())
    def show(self, zones: list[str] | None, play: bool) -> None:
        cued = self.room.cued
        if self.command(api.ShowRequest(zones=zones, play=play)):
            self.put_up = True
            if cued is not None:
                assert self.room.shown is not None
                assert (self.room.shown.exhibit, self.room.shown.media) == (
                    cued.exhibit,
                    (cued.ranges[0].start if cued.ranges else 0) if play and cued.at == cued.end else cued.at,
                )
                assert self.room.shown.playing == play

    @rule(zones=zones)
    def blank(self, zones: list[str] | None) -> None:
        assert self.command(api.BlankRequest(zones=zones, revision=-1))
        for zone in zones or ZONES:
            assert stage.stage_for(self.room, screen="s", zone=zone).blank
        if zones is None:
            self.put_up = False

    @rule(command=st.sampled_from([PLAY, PAUSE]))
    def play_or_pause(self, command: Command) -> None:
        if self.command(command):
            assert self.room.shown is not None

    @rule(to=seconds)
    def seek(self, to: float) -> None:
        self.command(api.SeekRequest(to=to))

    @rule(frames=st.integers(-100, 100))
    def step(self, frames: int) -> None:
        if self.command(api.StepRequest(frames=frames)):
            assert self.room.shown is not None
            assert not self.room.shown.playing

    @rule(rate=st.sampled_from([0.05, 0.25, 0.5, 1.0, 2.0, 5.0]))
    def rate(self, rate: float) -> None:
        before = position(self.room, self.now)
        if self.command(api.RateRequest(rate=rate)):
            assert position(self.room, self.now) == before

    @rule(screen=st.none() | st.sampled_from(["s", "t"]))
    def sound(self, screen: str | None) -> None:
        self.command(ChooseSound(screen=screen))

    def along(self) -> Fraction | None:
        """How far it is: in the clip, where one is on."""
        here, on = position(self.room, self.now), self.room.shown
        if here is None or on is None or not on.ranges:
            return here
        at = clips.clip_time(on.ranges, here)
        assert at is not None
        return at

    @rule(exhibit=st.sampled_from(list(ITEMS)))
    def forget(self, exhibit: str) -> None:
        self.command(Forget(exhibit=exhibit))

    @rule(back=st.integers(1, 3))
    def from_an_old_view(self, back: int) -> None:
        assert not self.command(api.PlayRequest(revision=self.room.revision - back))

    @rule()
    def look(self) -> None:
        if self.room.shown is not None:
            before = self.along()
            self.room = rooms.hold(self.room, ITEMS[self.room.shown.exhibit], self.now)
            after, here = self.along(), position(self.room, self.now)
            assert here is not None
            assert after is not None
            assert before is not None
            assert after <= before
            if not self.room.shown.ranges:
                assert after <= max(before, ITEMS[self.room.shown.exhibit].prepared)

    @rule(passes=st.floats(0.0, 2.0))
    def time_passes(self, passes: float) -> None:
        before = self.along()
        self.now += passes
        after = self.along()
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert before <= after <= before + Fraction(passes) * Fraction(self.room.rate) + Fraction(1, 10**6)

    @precondition(lambda self: self.room.shown is not None)
    @rule()
    def restart(self) -> None:
        self.room = stage.refresh(stage.decode(stage.encode(self.room)), ITEMS)

    @invariant()
    def kept_as_it_is(self) -> None:
        if hasattr(self, "room"):
            assert stage.decode(stage.encode(self.room)) == self.room

    @invariant()
    def nothing_up_by_accident(self) -> None:
        if not hasattr(self, "room"):
            return
        if self.room.shown is not None:
            assert self.put_up
            assert self.room.shown.exhibit in self.ever_cued
        for zone in ZONES:
            told: Stage = stage.stage_for(self.room, screen="s", zone=zone)
            assert told.blank != stage.sees(self.room, zone)
            assert told.revision == self.room.revision
            if not self.put_up:
                assert told.blank
                assert told.shown is None

    @invariant()
    def inside_the_exhibit(self) -> None:
        if not hasattr(self, "room"):
            return
        here = position(self.room, self.now)
        if here is not None and self.room.shown is not None:
            assert here >= 0
            if self.room.shown.ranges:
                assert clips.number_at(self.room.shown.ranges, here) is not None
                self.in_the_clip(here)
            else:
                assert self.room.shown.end is None or here <= self.room.shown.end

    def in_the_clip(self, here: Fraction) -> None:
        """Whoever is told this can tell where it is, with floats alone."""
        on, told = self.room.shown, stage.stage_for(self.room, screen="s", zone="jury").shown
        if on is None or told is None:
            return
        assert told.end == told.ranges[-1].stop
        inside = [one.start <= told.anchor.media < one.stop for one in told.ranges]
        assert sum(inside) == (told.anchor.media != told.end)
        state = stage.state(self.room, now=self.now, items=ITEMS)
        assert state.shown is not None
        assert state.shown.ranges == told.ranges
        assert state.shown.clip_at is not None
        assert state.clip_position == pytest.approx(float(clips.clip_time(on.ranges, here) or 0))
        if (timeline := ITEMS[on.exhibit].timeline) is not None and state.position_frame is not None:
            begins = timeline.time_of(state.position_frame)
            part = on.ranges[clips.number_at(on.ranges, here) or 0]
            assert begins < part.stop
            assert (timeline.end_of(state.position_frame) or part.stop) > part.start


Histories.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestHistories = Histories.TestCase
