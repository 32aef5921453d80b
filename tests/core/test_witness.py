"""What a screen showed, from when to when, out of its reports."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from courtcast.core.entries import MICRO, fact
from courtcast.core.witness import LONGEST, Part, Sight, Stretch, Witness

RATE = 30


def at_frame(frame: int, *, playing: bool = False, exhibit: str = "a", **more: object) -> Sight:
    return Sight(exhibit, f"r-{exhibit}", frame, frame * MICRO // RATE, playing, 1.0 if playing else 0.0, **more)  # type: ignore[arg-type]


def hear(reports: list[tuple[float, Sight | None]]) -> list[Stretch]:
    """All that ended, from reports at times in seconds; at the end nobody listens any more."""
    witness, found = Witness(), []
    for at, sight in reports:
        found += witness.sees(round(at * MICRO), sight)
    return found + witness.stop(round(reports[-1][0] * MICRO))


def playing(since: float, first: int, seconds: float) -> list[tuple[float, Sight | None]]:
    steps = round(seconds * 4)
    return [(since + n / 4, at_frame(first + round(n / 4 * RATE), playing=True)) for n in range(steps + 1)]


def frames(stretch: Stretch) -> tuple[str, object, object]:
    fields = stretch.fields()
    return stretch.how, fields["from"], fields["to"]


def test_put_up_played_paused_and_taken_down() -> None:
    reports = [(0.0, None), (1.0, at_frame(90)), *playing(3.0, 90, 5.0), (8.1, at_frame(243)), (20.0, None)]
    found = hear(reports)
    assert [frames(one) for one in found] == [("still", 90, 90), ("played", 90, 240), ("still", 243, 243)]
    assert [(one.since / MICRO, one.until / MICRO) for one in found] == [(1.0, 3.0), (3.0, 8.1), (8.1, 20.0)]
    assert [one.ended for one in found] == ["changed", "changed", "blank"]


def test_a_jump_while_it_plays_begins_another() -> None:
    found = hear([*playing(0.0, 0, 2.0), *playing(2.2, 900, 2.0), *playing(4.4, 300, 1.0)])
    assert [frames(one) for one in found] == [("played", 0, 60), ("played", 900, 960), ("played", 300, 330)]


def test_it_may_stand_still_for_a_while_without_a_break_in_the_frames() -> None:
    """It stalled: no frame was left out."""
    late = [(at + 3.0, sight) for at, sight in playing(2.25, 67, 1.0)]
    found = hear([*playing(0.0, 0, 2.0), *late])
    assert len(found) == 1
    assert frames(found[0])[:2] == ("played", 0)


def test_steps_are_one_stretch_until_somebody_rests() -> None:
    steps = [(1.0 + n * 0.2, at_frame(100 + n)) for n in range(1, 11)]
    found = hear(
        [(0.0, at_frame(100)), *steps, (9.0, at_frame(110)), (9.2, at_frame(109)), (9.4, at_frame(108)), (20.0, None)]
    )
    assert [frames(one) for one in found] == [("still", 100, 100), ("stepped", 101, 110), ("stepped", 108, 109)]


def test_another_exhibit_begins_another() -> None:
    found = hear([(0.0, at_frame(5)), (1.0, at_frame(5, exhibit="b")), (2.0, None)])
    assert [(one.first.exhibit, one.ended) for one in found] == [("a", "changed"), ("b", "blank")]


def test_a_screen_that_falls_silent_showed_it_until_its_last_word() -> None:
    witness = Witness()
    for at, sight in playing(0.0, 0, 3.0):
        assert not witness.sees(round(at * MICRO), sight)
    (found,) = witness.silent()
    assert (found.until, found.ended, frames(found)) == (3 * MICRO, "silent", ("played", 0, 90))
    assert witness.shows is None
    assert witness.silent() == []


def test_what_goes_on_for_long_is_written_down_in_between() -> None:
    found = hear(playing(0.0, 0, 300.0))
    assert [one.ended for one in found] == ["goes-on", "goes-on", "stopped"]
    assert all(one.until - one.since <= LONGEST for one in found)
    assert [one.first.frame for one in found[1:]] == [one.last.frame for one in found[:-1]]


def test_stalls_are_counted_within_it() -> None:
    found = hear(
        [
            (0.0, at_frame(0, playing=True, stalls=2, stalled=MICRO)),
            (0.25, at_frame(7, playing=True, stalls=3, stalled=2 * MICRO)),
        ]
    )
    assert (found[0].fields()["stalls"], found[0].fields()["stalled"]) == (1, MICRO)


def test_any_reports_make_stretches_that_do_not_overlap_and_fit_the_table() -> None:
    for seed in range(200):
        random = Random(seed)
        at, witness, found = 0, Witness(), []
        for _ in range(80):
            at += random.choice([0, 20_000, 250_000, 3_000_000])
            sight = (
                None
                if random.random() < 0.1
                else at_frame(random.randrange(50), playing=random.random() < 0.5, exhibit=random.choice("ab"))
            )
            found += witness.silent() if random.random() < 0.02 else witness.sees(at, sight)
        found += witness.stop(at)
        for before, after in pairwise(found):
            assert before.since <= before.until <= after.since
        for one in found:
            fact(one.until, "shown", screen="s", name="Jury", zone="jury", ref="JM/1", **one.fields())


class TestClips:
    """Ranges 300 to 449 and 60 to 89, in that order."""

    PARTS = (Part(10 * MICRO, 15 * MICRO, 300, 449), Part(2 * MICRO, 3 * MICRO, 60, 89))

    def clip(self, frame: int, **more: object) -> Sight:
        return at_frame(frame, **{"playing": True, "parts": self.PARTS, **more})

    def test_each_range_is_one_stretch_with_its_own_frames(self) -> None:
        before = [(at, sight._replace(parts=self.PARTS)) for at, sight in playing(0.1, 300, 4.75) if sight is not None]
        found = hear([*before, (5.2, self.clip(63)), (5.45, self.clip(70)), (6.2, None)])
        assert [frames(one) for one in found] == [("played", 300, 449), ("played", 60, 70)]
        assert (found[0].first.media, found[0].last.media, found[1].first.media) == (10 * MICRO, 15 * MICRO, 2 * MICRO)
        assert found[0].until == found[1].since == round(5.1 * MICRO)
        assert [one.ended for one in found] == ["changed", "blank"]

    def test_over_a_seam_that_leads_on_a_little(self) -> None:
        parts = (Part(0, MICRO, 0, 29), Part(MICRO + 200_000, 3 * MICRO, 36, 89))
        found = hear([(0.8, self.clip(24, parts=parts)), (1.05, self.clip(38, parts=parts)), (1.3, None)])
        assert [frames(one) for one in found] == [("played", 24, 29), ("played", 36, 38)]

    def test_several_seams_between_two_reports(self) -> None:
        parts = (Part(5 * MICRO, 6 * MICRO, 150, 179), Part(0, 100_000, 0, 2), Part(9 * MICRO, 10 * MICRO, 270, 299))
        found = hear([(0.9, self.clip(177, parts=parts)), (1.15, self.clip(271, parts=parts)), (1.4, None)])
        assert [frames(one) for one in found] == [("played", 177, 179), ("played", 0, 2), ("played", 270, 271)]
        assert [one.since for one in found] == sorted(one.since for one in found)

    def test_somebody_went_to_the_next_range(self) -> None:
        found = hear([(0.0, self.clip(310)), (0.25, self.clip(317)), (0.5, self.clip(75)), (0.75, self.clip(82))])
        assert [frames(one) for one in found] == [("played", 310, 317), ("played", 75, 82)]

    def test_back_into_the_range_before(self) -> None:
        found = hear([(0.0, self.clip(80)), (0.25, self.clip(302)), (0.5, None)])
        assert [frames(one) for one in found] == [("played", 80, 80), ("played", 302, 302)]

    def test_a_frame_that_two_ranges_share(self) -> None:
        """The cut lies within it: the first ends with it, the second begins with it."""
        parts = (Part(0, 1_010_000, 0, 30), Part(1_010_000, 2 * MICRO, 30, 59))
        steps = [(n / 10, self.clip(27 + 3 * n, parts=parts)) for n in range(4)]
        assert [frames(one) for one in hear([*steps, (0.6, None)])] == [("played", 27, 30), ("played", 30, 36)]

    def test_a_range_that_begins_within_a_frame_that_is_still_up(self) -> None:
        parts = (Part(5 * MICRO, 6 * MICRO, 150, 179), Part(1_015_000, 2 * MICRO, 30, 59))
        steps = [
            (0.0, self.clip(179, parts=parts)),
            (0.04, self.clip(30, parts=parts)),
            (0.3, self.clip(38, parts=parts)),
        ]
        assert [frames(one) for one in hear([*steps, (0.6, None)])] == [("played", 179, 179), ("played", 30, 38)]

    def test_steps_over_a_seam_are_of_two_ranges(self) -> None:
        steps = [(n * 0.2, self.clip(frame, playing=False)) for n, frame in enumerate((447, 448, 449, 60, 61))]
        found = hear([*steps, (9.0, None)])
        assert [frames(one) for one in found] == [("stepped", 447, 449), ("stepped", 60, 61)]
