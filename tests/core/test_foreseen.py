"""Fragments that are only foreseen: they have their place and their times, and count as there nowhere else."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core import aim
from courtcast.core.item import Item, moment
from courtcast.core.manifest import Manifest
from courtcast.core.policy import Known, Need, SendFragment, SendRows, View, held, lacking, sends
from courtcast.core.readiness import Curve
from courtcast.problems import Refused
from courtcast.wire.media import ManifestRows
from tests.core.test_manifest import audio_row, video_row, whole


def sparse(there: int = 2, sound: int = 8) -> Manifest:
    """Eight fragments, of which some are to come; the sound's are there."""
    manifest = whole(0)
    manifest.add([*(video_row(n) for n in range(there)), *(audio_row(n) for n in range(sound))])
    coming = [msgspec.structs.replace(video_row(n), sha256="", bytes=0) for n in range(there, 8)]
    manifest.foresee(coming, Fraction(4))
    return manifest


@given(st.permutations(range(2, 8)))
def test_they_are_filled_in_any_order(order: list[int]) -> None:
    manifest = sparse()
    assert (manifest.frames, manifest.counts, manifest.foreseen) == (40, [8, 8], 4)
    for n in order:
        assert not manifest.whole
        manifest.add([video_row(n)])
    straight = whole()
    assert manifest.whole
    assert manifest.rows_message() == straight.rows_message()
    assert manifest.timeline.pts == straight.timeline.pts
    assert (manifest.bytes, manifest.prepared) == (straight.bytes, straight.prepared)
    assert manifest.size(0, 2, 6) == straight.size(0, 2, 6)
    manifest.finish(Fraction(4))
    assert manifest.foreseen is None


def test_pictures_are_those_that_came() -> None:
    """Where decoding gave others than were foreseen."""
    manifest = sparse()
    other = msgspec.structs.replace(video_row(5), pts=[2600, 2650, 2700])
    manifest.add([other])
    assert manifest.frames == 38
    assert 2650 in manifest.timeline.pts
    assert 2800 not in manifest.timeline.pts


def test_how_far_it_is_made_from_a_place_on() -> None:
    manifest = sparse()
    manifest.add([video_row(5), video_row(6)])
    assert manifest.prepared == 1
    assert [manifest.made_until(Fraction(t)) for t in (0, 1, 2, Fraction(5, 2), 3, Fraction(7, 2))] == [
        1, 1, 2, Fraction(7, 2), Fraction(7, 2), Fraction(7, 2)
    ]  # fmt: skip
    assert sparse(sound=2).made_until(Fraction(3)) == 3, "sound that has not come so far is lacking"


def test_only_what_is_missing_with_more_behind_it_is_a_gap() -> None:
    """What grows from the beginning to the end may be played as it comes."""
    manifest = sparse(4)
    assert [manifest.gap_ahead(Fraction(t)) for t in (0, 1, 2, 3, 4)] == [False, False, True, True, False]
    manifest.add([video_row(6)])
    assert [manifest.gap_ahead(Fraction(t)) for t in (0, 1, 2, 3)] == [True] * 4, "the end waits for all else"
    manifest.add([video_row(n) for n in (4, 5)])
    assert [manifest.gap_ahead(Fraction(t)) for t in (0, 1, 2, 3)] == [False] * 4
    assert not whole(3).gap_ahead(Fraction(2)), "nothing is foreseen"


def test_what_is_foreseen_anew() -> None:
    manifest = sparse()
    later = [msgspec.structs.replace(video_row(n), sha256="", bytes=0, pts=[100 + n * 500]) for n in range(3, 6)]
    with pytest.raises(ValueError, match="comes next"):
        manifest.foresee([msgspec.structs.replace(later[0], index=9)], Fraction(3))
    manifest.foresee(later, Fraction(3))
    assert (manifest.counts[0], manifest.frames, manifest.foreseen) == (6, 18, 3)
    manifest.add([video_row(5)])
    with pytest.raises(ValueError, match="comes next"):
        manifest.foresee(later, Fraction(3))


def test_they_are_told_and_sent_to_nobody() -> None:
    manifest = sparse()
    manifest.add([video_row(4), video_row(5)])
    assert [row.index for row in manifest.rows_message().rows if row.track == 0] == [0, 1, 4, 5]
    known = Known()
    sent = []
    for send in sends(View(Need(manifest, 2.2), None, True, known)):
        known.add(send)
        sent.append(send)
    assert [send.index for send in sent if isinstance(send, SendFragment) and send.track == 0] == [4, 5, 0, 1]
    rows = sorted(
        n for send in sent if isinstance(send, SendRows) and send.track == 0 for n in range(send.first, send.end)
    )
    assert rows == [0, 1, 4, 5]
    assert lacking(Need(manifest, 0.0), known, sound=True) == 0
    assert held(manifest, known, sound=True)[0] == held(manifest, known, sound=True)[1]
    manifest.add([video_row(6)])
    assert [send for send in sends(View(Need(manifest, 2.2), None, True, known)) if isinstance(send, SendFragment)] == [
        SendFragment(manifest.rendition, 0, 6)
    ]


def test_nobody_comes_in_at_one() -> None:
    manifest = sparse(4)
    found = aim.since(Need(manifest, 0.1), Known(), 100.0, speed=1.0, sound=False)
    assert found is None or found < 2


def test_a_curve_follows() -> None:
    manifest = sparse()
    curve = Curve(manifest)
    before = curve.before(4.0)
    manifest.add([video_row(n) for n in range(2, 8)])
    curve.follow()
    assert curve.before(4.0) == before + 6000


def test_any_place_of_it_can_be_asked_for() -> None:
    manifest = sparse()
    item = Item(
        ref="A", prepared=Fraction(manifest.prepared), foreseen=manifest.foreseen, reach=manifest.made_until,
        timeline=manifest.timeline,
    )  # fmt: skip
    assert moment(item, 3.5) == Fraction(7, 2)
    assert item.until(Fraction(0)) == 1
    with pytest.raises(Refused, match="still-not-yet"):
        moment(item, 4.5)


def test_a_message_does_not_complete_what_has_gaps() -> None:
    manifest = sparse()
    full = whole()
    full.finish(Fraction(4))
    last: ManifestRows = full.rows_message({})
    manifest.merge(last)
    assert not manifest.complete
    manifest.add([video_row(n) for n in range(2, 8)])
    manifest.merge(last)
    assert manifest.complete


def test_what_does_not_come_is_forgotten() -> None:
    manifest = sparse(6)
    manifest.forget_foreseen()
    assert (manifest.counts[0], manifest.frames, manifest.foreseen) == (6, 30, None)
    assert manifest.whole
