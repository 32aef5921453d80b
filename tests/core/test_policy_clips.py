"""What is sent of a clip: its ranges in their order, then what was played of it, and the rest of the exhibit last."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.aim import since
from courtcast.core.legs import Leg, along, legs
from courtcast.core.need import Need
from courtcast.core.policy import (
    BUDGET_SHARE,
    SHOWN_FIRST,
    Known,
    SendFragment,
    View,
    lacking,
    next_send,
    ranged,
    sends,
)
from courtcast.core.spans import Spans
from tests.core.test_clip import some_ranges
from tests.core.test_policy import CUED, PICTURE, SHOWN, drain, fragments, manifest, view

FAR = ((200.0, 212.0), (10.0, 16.0), (100.3, 101.0))
"""Far apart, and in no order of time."""
LONG = manifest(SHOWN, seconds=240, sound=False)
DAY = manifest("00000000000000dd", seconds=40, sound=False)
parts = some_ranges().map(lambda clip: tuple((float(one.start), float(one.stop)) for one in clip))


def order(seen: View) -> list[int]:
    """Fragments of the shown exhibit's picture."""
    return [index for rendition, track, index in fragments(drain(seen)) if (rendition, track) == (SHOWN, PICTURE)]


def test_the_ranges_in_their_order_each_from_its_keyframe() -> None:
    sent = order(view(Need(LONG, 200.0, FAR[-1][1], parts=FAR), sound=False))
    first, second, third = range(400, 424), range(20, 32), range(200, 202)
    assert sent[:38] == [*first, *second, *third]
    assert sorted(sent) == list(range(480)), "and then the rest"


def test_from_the_middle_what_lies_ahead_and_then_what_was_played() -> None:
    sent = order(view(Need(LONG, 12.1, FAR[-1][1], parts=FAR), sound=False))
    assert sent[:10] == [*range(24, 32), 200, 201], "the keyframe at 12 s, and the range after it"
    assert sent[10:14] == [20, 21, 22, 23], "what was played of this range"
    assert sorted(sent[14:38]) == list(range(400, 424)), "and of the one before"
    assert sent[14:18] == [404, 405, 406, 407], "the nearest first"


def test_what_is_cued_comes_before_the_rest_of_the_clip_and_the_day_before_the_rest_of_the_exhibit() -> None:
    cue = Need(manifest(CUED, seconds=40, sound=False), 0.0)
    seen = View(Need(LONG, 200.0, None, parts=FAR), cue, False, Known(), day=[DAY, LONG])
    sent = fragments(drain(seen))
    place = {name: at for at, name in enumerate(sent)}
    urgent = [place[SHOWN, PICTURE, index] for index in range(400, 420)]
    assert max(urgent) < place[CUED, PICTURE, 0] < place[SHOWN, PICTURE, 421], f"the first {SHOWN_FIRST:g} s"
    needed = {*range(400, 424), *range(20, 32), 200, 201}
    rest = min(at for (rendition, _, index), at in place.items() if rendition == SHOWN and index not in needed)
    assert max(place[SHOWN, PICTURE, index] for index in needed) < place[CUED, PICTURE, 79] < rest
    assert place[DAY.rendition, PICTURE, 0] < rest
    assert len(sent) == 480 + 80 + 80


def test_ten_seconds_come_first_also_over_a_seam() -> None:
    cue = Need(manifest(CUED, seconds=40, sound=False), 0.0)
    sent = fragments(drain(view(Need(LONG, 208.0, parts=FAR), cue, sound=False)))
    first = sent[: sent.index((CUED, PICTURE, 0))]
    assert [index for _, _, index in first] == [*range(416, 424), *range(20, 32)], "4 s here, 6 s there"


def test_at_its_end_the_last_frame_is_kept() -> None:
    sent = order(view(Need(LONG, 101.0, 101.0, parts=FAR), sound=False))
    assert sent[:2] == [200, 201]


def test_a_clip_is_all_that_a_full_page_is_sent() -> None:
    seen = view(Need(LONG, 200.0, parts=FAR), sound=False, budget=round(40 * 100_000 / BUDGET_SHARE))
    assert sorted(order(seen)) == [*range(20, 32), 200, 201, *range(400, 424)]


def test_a_seek_over_a_seam_changes_what_is_next_at_once() -> None:
    known = Known()
    walk = sends(view(Need(LONG, 200.0, parts=FAR), known=known, sound=False))
    for _ in range(6):
        known.add(next(walk), complete=True)
    seen = view(Need(LONG, 100.5, parts=FAR), known=known, sound=False)
    while not isinstance(send := next_send(seen), SendFragment):
        assert send is not None
        known.add(send, complete=True)
    assert send.index == 200


def test_what_is_lacking_is_lacking_of_the_ranges_once() -> None:
    near = ((10.0, 11.0), (11.5, 12.0))
    known = Known()
    assert lacking(Need(LONG, 10.0, parts=near), known, sound=False) == 4 * 100_000
    assert lacking(Need(LONG, 11.6, parts=near), known, sound=False) == 4 * 100_000, "its keyframe is at 10 s"
    known.fragments[SHOWN, PICTURE] = Spans([(20, 23)])
    assert lacking(Need(LONG, 10.0, parts=near), known, sound=False) == 100_000


def test_all_that_the_ranges_need() -> None:
    whole, clip = Need(LONG, 0.0), Need(LONG, 100.5, parts=FAR)
    assert ranged(view(whole)) == {}
    assert ranged(view(clip)) == {(SHOWN, PICTURE): Spans([(20, 32), (200, 202), (400, 424)])}
    assert ranged(view(clip, msgspec.structs.replace(clip, parts=((50.0, 51.0),)))) == {
        (SHOWN, PICTURE): Spans([(20, 32), (100, 102), (200, 202), (400, 424)])
    }
    assert ranged(view(clip, whole)) == {}, "somebody needs all of it"


@settings(max_examples=30, deadline=None)
@given(parts, st.integers(0, 1000), st.booleans(), st.integers(0, 6_000_000), st.booleans())
def test_all_is_sent_once_ahead_first_and_outside_last(
    clip: tuple[tuple[float, float], ...], share: int, sound: bool, budget: int, listed: bool
) -> None:
    made = manifest(SHOWN, seconds=61, origin=Fraction(1, 3))
    total = sum(stop - start for start, stop in clip)
    at = along(clip, clip[0][0], total * share / 1000)
    seen = View(Need(made, at, clip[-1][1], parts=clip), None, sound, Known(), budget, day=[made] if listed else [])
    sent = drain(seen)
    assert len(set(sent)) == len(sent), "nothing twice"
    picture = [index for _, track, index in fragments(sent) if track == PICTURE]
    needed = ranged(seen)[SHOWN, PICTURE]
    inside = [index in needed for index in picture]
    assert inside == sorted(inside, reverse=True)
    if budget:
        assert sum(made.rows(track)[index].bytes for _, track, index in fragments(sent)) <= budget * BUDGET_SHARE
    else:
        assert len(picture) == 122
        last = 0
        for leg in legs(clip, at):
            there = made.fragment_at(PICTURE, leg.start)
            assert there is not None
            last = max(last, picture.index(there))
            assert picture.index(there) >= 0
        assert last < len(needed)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 19))
def test_one_range_that_is_all_of_it_is_sent_as_the_exhibit_is(at: int) -> None:
    made = manifest(SHOWN, seconds=20, sound=False)
    one = order(view(Need(made, float(at), parts=((0.0, 20.0),)), sound=False))
    all_ = order(view(Need(made, float(at)), sound=False))
    ahead = 40 - (2 * at - 2 * at % 4)
    assert (one[:ahead], sorted(one)) == (all_[:ahead], sorted(all_))


class TestWhereToBegin:
    RATE = 200_000.0
    """Bytes a second that the recording has."""

    def asked(self, at: float, known: Known, rate: float, clip: tuple[tuple[float, float], ...] = FAR) -> float | None:
        return since(Need(LONG, at, parts=clip), known, rate, speed=1.0, sound=False)

    def test_where_all_comes_in_time_it_is_as_ever(self) -> None:
        known = Known()
        known.fragments[SHOWN, PICTURE] = Spans([(400, 424)])
        assert self.asked(200.0, known, self.RATE) is None

    def test_the_start_of_the_next_range_is_a_place_to_come_in(self) -> None:
        assert self.asked(211.0, Known(), 0.9 * self.RATE) == 10.0
        assert Need(LONG, 211.0, since=10.0, parts=FAR).legs == [Leg(1.0, 10.0, 16.0), Leg(7.0, 100.3, 101.0)]

    def test_a_keyframe_within_this_range_where_that_is_sooner(self) -> None:
        assert self.asked(205.0, Known(), 0.9 * self.RATE) == 206.0

    def test_a_later_range_that_begins_within_a_gop_costs_its_run_up(self) -> None:
        """From 11.4 s on its keyframe is at 10 s: with what the line carries it is there later than a keyframe after."""
        clip = ((200.0, 200.5), (11.4, 20.0))
        assert self.asked(200.0, Known(), self.RATE / 2, clip) == 14.0

    def test_what_comes_first_follows_it(self) -> None:
        need = Need(LONG, 211.0, since=10.0, parts=FAR)
        assert order(view(need, sound=False))[:14] == [*range(20, 32), 200, 201]

    @given(parts, st.floats(0, 1), st.floats(1e3, 1e7))
    def test_always_a_place_ahead_in_the_clip(
        self, clip: tuple[tuple[float, float], ...], share: float, rate: float
    ) -> None:
        total = sum(stop - start for start, stop in clip)
        at = along(clip, clip[0][0], total * share)
        found = self.asked(at, Known(), rate, clip)
        ahead = legs(clip, at)
        assert found is None or any(leg.start <= found < leg.stop for leg in ahead)
        assert found is None or found % 2 == 0 or found in [leg.start for leg in ahead[1:]]


@pytest.mark.parametrize("share", [0.5, 1.0, 1.1])
def test_a_clip_of_far_ranges_on_a_thin_line_is_sent_in_the_order_of_its_ranges(share: float) -> None:
    """Two hours of recording, ranges far apart and out of order, on a line that carries a part of what playing needs,
    in simulated time. What arrives is played, and what is late is left out."""
    made = manifest(SHOWN, seconds=7200, sound=False, size=100_000)
    clip = ((6000.0, 6030.0), (60.0, 100.0), (3000.7, 3020.0), (58.0, 60.0))
    total, rate = sum(stop - start for start, stop in clip), share * 200_000.0
    known, now, free, step = Known(), 0.0, 0.0, 0.05
    sent: list[int] = []
    coming: list[tuple[float, int]] = []
    held, shown = Spans(), 0.0
    while now < total:
        at = along(clip, clip[0][0], now)
        need = Need(made, at, clip[-1][1], parts=clip)
        queued = int(max(0.0, free - now) * rate)
        need = msgspec.structs.replace(need, since=since(need, known, rate, speed=1.0, sound=False, queued=queued))
        while free < now + step:
            send = next_send(View(need, None, False, known))
            if send is None:
                break
            left = lacking(need, known, sound=False)
            known.add(send, complete=True)
            if isinstance(send, SendFragment):
                if left:
                    sent.append(send.index)
                free = max(free, now) + 100_000 / rate
                coming.append((free, send.index))
        for _, index in [one for one in coming if one[0] <= now]:
            held.add(index, index + 1)
        coming = [one for one in coming if one[0] > now]
        here = int(at * 2)
        shown += step * (not any(held.missing(here - here % 4, here + 1)))
        now += step
    spans = [range(int(start * 2) - int(start * 2) % 4, int(stop * 2)) for start, stop in clip]
    numbers = [next((n for n, span in enumerate(spans) if index in span), -1) for index in sent]
    print(f"{share:.0%} of what it needs: {shown / total:.0%} of the clip shown, {len(sent)} fragments sent")
    assert -1 not in numbers, "nothing else, while there is something of the clip ahead to send"
    assert numbers == sorted(numbers), "and no range before the one before it"
    assert set(numbers) == {0, 1, 2, 3}
    assert shown / total > (0.4 if share < 1 else 0.85)
