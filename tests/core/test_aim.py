"""From where to send to a screen that is late: by cases told in full, and by what a screen sees in the end."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.aim import since
from courtcast.core.need import Need
from courtcast.core.policy import Known, SendFragment, View, next_send
from courtcast.core.spans import Spans
from tests.core.test_policy import PICTURE, SHOWN, manifest

# 200 kB a second in fragments of half a second, a keyframe every two seconds.
CLIP = manifest(SHOWN, seconds=60, sound=False)
RATE = 200_000.0


def holding(*ranges: tuple[int, int]) -> Known:
    known = Known()
    known.fragments[SHOWN, PICTURE] = Spans(ranges)
    return known


def asked(
    at: float, known: Known, rate: float, *, end: float | None = None, speed: float = 1.0, queued: int = 0
) -> float | None:
    return since(Need(CLIP, at, end), known, rate, speed=speed, sound=True, queued=queued)


class TestWhereToBegin:
    def test_where_all_comes_in_time_it_is_as_ever(self) -> None:
        assert asked(10.0, holding((0, 40)), RATE) is None
        assert asked(10.0, holding(), 100 * RATE) is None

    def test_while_it_stands_nothing_is_too_late(self) -> None:
        assert asked(10.0, holding(), RATE / 10, speed=0.0) is None

    def test_before_anything_is_known_of_the_line(self) -> None:
        assert asked(10.0, holding(), 0.0) is None

    def test_on_a_line_as_quick_as_the_recording_what_was_missed_is_never_caught_up_with(self) -> None:
        assert asked(11.0, holding((0, 20)), RATE) == 12.0

    def test_a_quick_line_catches_up_sooner_than_the_next_keyframe_comes(self) -> None:
        assert asked(10.1, holding((0, 20)), 5 * RATE) is None

    def test_what_is_begun_is_ended_where_that_wins_little(self) -> None:
        # Half a second of one GOP to go against the next one in a second.
        assert asked(11.0, holding((0, 22)), 2 * RATE) is None

    def test_what_is_on_its_way_before_it_counts(self) -> None:
        assert asked(10.1, holding((0, 20)), 5 * RATE, queued=3_000_000) == 12.0

    def test_a_line_at_half_of_what_is_needed_comes_in_where_a_second_can_be_seen(self) -> None:
        assert asked(10.0, holding(), RATE / 2) == 12.0

    def test_faster_playing_is_later(self) -> None:
        assert asked(10.1, holding((0, 20)), 3 * RATE) is None
        assert asked(10.1, holding((0, 20)), 3 * RATE, speed=4.0) is not None

    def test_beyond_the_clip_nothing_is_looked_for(self) -> None:
        assert asked(11.0, holding((0, 20)), RATE, end=12.0) is None

    def test_sound_that_is_wanted_counts(self) -> None:
        both = manifest(SHOWN, seconds=60, gop=2)
        known = holding((0, 120))
        found = [since(Need(both, 10.0), known, RATE / 40, speed=1.0, sound=sound) for sound in (False, True)]
        assert found[0] is None
        assert found[1] is not None

    @given(
        at=st.floats(0, 59), rate=st.floats(1e3, 1e7), held=st.lists(st.tuples(st.integers(0, 119), st.integers(1, 30)))
    )
    def test_always_a_keyframe_beyond_the_playhead(self, at: float, rate: float, held: list[tuple[int, int]]) -> None:
        found = asked(at, holding(*((first, first + count) for first, count in held)), rate)
        assert found is None or (found > at and found % 2 == 0)


def seen(rate: float, *, aims: bool) -> float:
    """Share of a minute that a screen shows, which held nothing when Play was pressed."""
    known, now, shown, step = Known(), 0.0, 0.0, 0.05
    coming: list[tuple[float, int]] = []
    held, line_free = Spans(), 0.0
    while now < 58.0:
        need = Need(CLIP, now)
        if aims:
            queued = int(max(0.0, line_free - now) * rate)
            need = msgspec.structs.replace(need, since=since(need, known, rate, speed=1.0, sound=False, queued=queued))
        while line_free < now + step:
            send = next_send(View(need, None, False, known))
            if send is None:
                break
            known.add(send, complete=True)
            if isinstance(send, SendFragment):
                line_free = max(line_free, now) + CLIP.rows(PICTURE)[send.index].bytes / rate
                coming.append((line_free, send.index))
        for _, index in [one for one in coming if one[0] <= now]:
            held.add(index, index + 1)
        coming = [one for one in coming if one[0] > now]
        index = int(now * 2)
        if not any(held.missing(index - index % 4, index + 1)):
            shown += step
        now += step
    return shown / 58.0


@pytest.mark.parametrize(("share", "least"), [(0.5, 0.4), (0.8, 0.7), (0.95, 0.85)])
def test_a_screen_on_too_thin_a_line_shows_what_the_line_carries(share: float, least: float) -> None:
    without, found = (seen(share * RATE, aims=aims) for aims in (False, True))
    print(f"{share:.0%} of what it needs: shown {found:.0%}, without {without:.0%}")
    assert found >= least
    assert found > without
