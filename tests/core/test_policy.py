"""What to send next: properties over made-up manifests, and the order of a few told in full."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.manifest import Manifest
from courtcast.core.need import Need
from courtcast.core.policy import (
    BUDGET_SHARE,
    CUE_FIRST,
    ROWS,
    SHOWN_FIRST,
    Known,
    Send,
    SendFragment,
    SendInit,
    SendRows,
    View,
    firsts,
    lacking,
    next_send,
    sends,
)
from courtcast.core.spans import Spans
from courtcast.core.timeline import exact
from courtcast.wire.media import Row, Track
from courtcast.wire.screen import Holding, Holdings

SHOWN, CUED = "00000000000000aa", "00000000000000bb"
SCALE = 90_000
PICTURE, SOUND = 0, 1


def manifest(
    rendition: str,
    *,
    seconds: float = 30.0,
    gop: int = 4,
    size: int = 100_000,
    sound: bool = True,
    origin: Fraction = Fraction(0),
    complete: bool = True,
) -> Manifest:
    """Fragments of half a second, a keyframe in every `gop`-th of the picture; sound of a tenth of the size."""
    first = int(origin * SCALE)
    tracks = [Track(index=0, kind="video", mime="v", timescale=SCALE, init_sha256="i", init_bytes=700, first=first)]
    if sound:
        tracks.append(
            Track(index=1, kind="audio", mime="a", timescale=48_000, init_sha256="j", init_bytes=700, first=0)
        )
    made = Manifest("exhibit", rendition, origin, tracks)
    for index in range(int(seconds * 2)):
        pts = [first + index * SCALE // 2 + n * SCALE // 30 for n in range(15)]
        start = pts[0]
        made.add([Row(0, index, start, SCALE // 2, size, index % gop == 0, f"v{index}", pts)])
        if sound:
            made.add([Row(1, index, index * 24_000, 24_000, size // 10, True, f"a{index}")])
    if complete:
        made.finish(Fraction(int(seconds * 2), 2))
    return made


def view(
    shown: Need | None = None,
    cue: Need | None = None,
    *,
    sound: bool = True,
    known: Known | None = None,
    budget: int = 0,
) -> View:
    return View(shown, cue, sound, known or Known(), budget)


def drain(seen: View, complete: set[str] | None = None, limit: int = 5000) -> list[Send]:
    """Takes what is next until nothing is, as a pump does over a path that is quick."""
    sent: list[Send] = []
    while (send := next_send(seen)) is not None:
        sent.append(send)
        seen.known.add(send, complete=complete is None or send.rendition in complete)
        assert len(sent) < limit, "it ends"
    return sent


def fragments(sent: list[Send], track: int | None = None) -> list[tuple[str, int, int]]:
    return [
        (send.rendition, send.track, send.index)
        for send in sent
        if isinstance(send, SendFragment) and track in (None, send.track)
    ]


needs = st.builds(
    lambda rendition, seconds, gop, sound, origin, at, end: Need(
        manifest(rendition, seconds=seconds, gop=gop, sound=sound, origin=origin),
        min(at, seconds),
        None if end is None else min(end, seconds),
    ),
    st.just(SHOWN),
    st.sampled_from([0.5, 3.0, 12.0, 45.0]),
    st.integers(1, 12),
    st.booleans(),
    st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1001, 30000)]),
    st.floats(0, 45),
    st.none() | st.floats(0, 45),
)


@settings(max_examples=150, deadline=None)
@given(needs, st.booleans(), st.floats(0, 20), st.integers(0, 6_000_000))
def test_all_is_sent_once_and_after_what_it_needs(need: Need, sound: bool, cued_at: float, budget: int) -> None:
    cue = Need(manifest(CUED, seconds=20.0), cued_at)
    seen = view(need, cue, sound=sound, budget=budget)
    sent = drain(seen)
    assert len(set(sent)) == len(sent), "nothing twice"
    rows: set[tuple[str, int, int]] = set()
    inits: set[tuple[str, int]] = set()
    total = 0
    for send in sent:
        if isinstance(send, SendRows):
            assert send.end - send.first <= ROWS
            rows |= {(send.rendition, send.track, index) for index in range(send.first, send.end)}
        elif isinstance(send, SendInit):
            inits.add((send.rendition, send.track))
        else:
            assert (send.rendition, send.track, send.index) in rows
            assert (send.rendition, send.track) in inits
            owner = need.manifest if send.rendition == SHOWN else cue.manifest
            total += owner.rows(send.track)[send.index].bytes
    if not sound:
        assert all(send.track == PICTURE for send in sent)
    for owner in (need.manifest, cue.manifest):
        tracks = [track.index for track in owner.tracks if sound or track.kind == "video"]
        everything = {(owner.rendition, track, index) for track in tracks for index in range(len(owner.rows(track)))}
        assert everything <= rows, "the page knows the whole of what there is, even what it cannot hold"
        if budget == 0:
            assert everything <= set(fragments(sent))
    if budget:
        assert total <= budget * BUDGET_SHARE


@settings(max_examples=100, deadline=None)
@given(needs, st.booleans(), st.none() | st.floats(0, 20))
def test_what_is_needed_first_goes_before_all_else_and_holds_the_playhead(
    need: Need, sound: bool, cued_at: float | None
) -> None:
    cue = None if cued_at is None else Need(manifest(CUED, seconds=20.0), cued_at)
    seen = view(need, cue, sound=sound)
    first = firsts(seen)
    sent = fragments(drain(seen))
    pressing = [index in first[rendition, track] for rendition, track, index in sent]
    assert pressing == sorted(pressing, reverse=True)
    assert sum(pressing) == sum(len(spans) for spans in first.values())
    rows = need.manifest.rows(PICTURE)
    ticks = (exact(need.at) + need.manifest.origin) * SCALE
    here = max((row.index for row in rows if row.start <= ticks), default=0)
    if need.end is None or need.at < need.end:
        assert here in first[SHOWN, PICTURE]


@settings(max_examples=100, deadline=None)
@given(needs)
def test_the_playhead_comes_first_from_its_keyframe(need: Need) -> None:
    sent = drain(view(need, sound=False))
    picture = fragments(sent, PICTURE)
    keyframe = need.manifest.keyframe_before(PICTURE, need.at)
    assert keyframe is not None
    first = [index for _, _, index in picture]
    assert first[0] == keyframe
    here = need.manifest.fragment_at(PICTURE, need.at)
    if here is not None:
        assert first[: here - keyframe + 1] == list(range(keyframe, here + 1)), "nothing in between"


@settings(max_examples=60, deadline=None)
@given(needs, st.data())
def test_whatever_is_held_is_not_sent_and_the_order_of_the_rest_stays(need: Need, data: st.DataObject) -> None:
    cue = Need(manifest(CUED, seconds=8.0), 2.0)
    whole = fragments(drain(view(need, cue)))
    known = Known()
    held = [name for name in whole if data.draw(st.booleans())]
    for name in held:
        known.add(SendFragment(*name))
    rest = fragments(drain(view(need, cue, known=known)))
    assert rest == [name for name in whole if name not in set(held)]


def test_the_order_of_shown_and_cue() -> None:
    shown, cue = Need(manifest(SHOWN, seconds=40), 20.2), Need(manifest(CUED, seconds=40), 9.0)
    order = fragments(drain(view(shown, cue, sound=False)))
    place = {name: at for at, name in enumerate(order)}

    def spot(rendition: str, seconds: float) -> int:
        return place[rendition, PICTURE, int(seconds * 2)]

    assert order[0] == (SHOWN, PICTURE, 40)
    last_needed = max(spot(SHOWN, t) for t in (20, 24, 20 + SHOWN_FIRST - 0.5))
    cue_first = [spot(CUED, 8), spot(CUED, 9), spot(CUED, 9 + CUE_FIRST - 0.5)]
    assert last_needed < min(cue_first)
    assert cue_first == sorted(cue_first)
    assert max(cue_first) < spot(SHOWN, 31) < spot(SHOWN, 39.5)
    assert spot(SHOWN, 39.5) < spot(CUED, 15) < spot(CUED, 39.5)
    assert spot(CUED, 39.5) < spot(SHOWN, 19.5), "behind the playhead is last"
    assert spot(SHOWN, 19.5) < spot(SHOWN, 0)


def test_sound_comes_before_the_picture_of_the_same_time() -> None:
    order = fragments(drain(view(Need(manifest(SHOWN, seconds=8), 0.0))))
    assert order[:6] == [(SHOWN, track, index) for index in range(3) for track in (SOUND, PICTURE)]


def test_a_screen_without_sound_gets_none_and_gets_it_once_it_is_the_rooms_sound() -> None:
    need, known = Need(manifest(SHOWN, seconds=8), 0.0), Known()
    assert fragments(drain(view(need, sound=False, known=known)), SOUND) == []
    later = drain(view(need, sound=True, known=known))
    assert {send.track for send in later} == {SOUND}
    assert len(fragments(later)) == 16


def test_a_seek_changes_what_is_next_at_once() -> None:
    made, known = manifest(SHOWN, seconds=60), Known()
    walk = sends(view(Need(made, 0.0), known=known, sound=False))
    for _ in range(6):
        known.add(next(walk), complete=True)
    after = next_send(view(Need(made, 41.0), known=known, sound=False))
    assert isinstance(after, SendRows), "rows of that place first"
    known.add(after, complete=True)
    assert next_send(view(Need(made, 41.0), known=known, sound=False)) == SendFragment(SHOWN, PICTURE, 80)


def test_a_walk_heeds_what_becomes_known_meanwhile() -> None:
    known = Known()
    walk = sends(view(Need(manifest(SHOWN, seconds=8), 0.0), known=known, sound=False))
    for _ in range(3):
        known.add(next(walk), complete=True)
    assert known.has(SendFragment(SHOWN, PICTURE, 0))
    for index in range(1, 5):
        known.add(SendFragment(SHOWN, PICTURE, index))
    assert next(walk) == SendFragment(SHOWN, PICTURE, 5)


def test_the_same_exhibit_shown_and_cued_is_sent_once() -> None:
    made = manifest(SHOWN, seconds=40)
    order = fragments(drain(view(Need(made, 0.0), Need(made, 30.0), sound=False)))
    assert len(order) == len(set(order)) == 80
    assert order.index((SHOWN, PICTURE, 60)) < order.index((SHOWN, PICTURE, 40)), "the cue's start before the rest"


def test_a_clip_that_ends_sooner() -> None:
    order = [
        index for _, _, index in fragments(drain(view(Need(manifest(SHOWN, seconds=40), 10.0, 14.0), sound=False)))
    ]
    assert set(order[:8]) == set(range(20, 28))
    assert set(order[8:28]) == set(range(20)), "behind the playhead before what lies beyond the clip"
    assert order[28:] == list(range(28, 80))


def test_the_page_is_told_once_that_there_will_be_no_more() -> None:
    made, known = manifest(SHOWN, seconds=4, complete=False), Known()
    need = Need(made, 0.0)
    for send in drain(view(need, known=known, sound=False), complete=set()):
        assert isinstance(send, (SendRows, SendInit, SendFragment))
    assert next_send(view(need, known=known, sound=False)) is None
    made.finish(Fraction(4))
    news = next_send(view(need, known=known, sound=False))
    assert news == SendRows(SHOWN, PICTURE, 8, 8)
    known.add(news, complete=True)
    assert next_send(view(need, known=known, sound=False)) is None


def test_what_the_page_gave_back_is_sent_again_only_where_it_is_needed_first() -> None:
    made, known = manifest(SHOWN, seconds=60), Known()
    drain(view(Need(made, 0.0), known=known, sound=False))
    known.fragments[SHOWN, PICTURE] = Spans([(0, 2), (3, 100), (101, 120)])
    known.returned[SHOWN, PICTURE] = Spans([(2, 3), (100, 101)])
    assert fragments(drain(view(Need(made, 0.0), known=known, sound=False))) == [(SHOWN, PICTURE, 2)]
    assert fragments(drain(view(Need(made, 48.0), known=known, sound=False))) == [(SHOWN, PICTURE, 100)]


def test_an_init_segment_that_came_damaged_is_sent_again_though_all_fragments_are_held() -> None:
    seen = view(Need(manifest(SHOWN, seconds=8.0), 2.0), sound=True)
    drain(seen)
    for track in (PICTURE, SOUND):
        seen.known.forget(SendInit(SHOWN, track))
        assert drain(seen) == [SendInit(SHOWN, track)]


def test_more_is_sent_as_the_manifest_grows() -> None:
    made = manifest(SHOWN, seconds=0.5, complete=False)
    known, need = Known(), Need(made, 0.0)
    assert len(fragments(drain(view(need, known=known, sound=False), complete=set()))) == 1
    made.add([Row(0, 1, SCALE // 2, SCALE // 2, 1000, False, "v1", [])])
    assert fragments(drain(view(need, known=known, sound=False), complete=set())) == [(SHOWN, PICTURE, 1)]


def test_nothing_prepared_yet_and_nothing_on() -> None:
    empty = Manifest("exhibit", SHOWN, Fraction(0), [])
    assert next_send(view(Need(empty, 0.0))) is None
    assert next_send(view()) is None


def test_holdings_are_read_with_both_ends_included() -> None:
    known = Known.of(
        Holdings(
            tracks=[Holding(rendition=SHOWN, track=0, init=True, fragments=[(0, 2), (5, 5)])],
            rows={SHOWN: [(0, 0, 9)]},
        )
    )
    assert [known.has(SendFragment(SHOWN, 0, index)) for index in range(7)] == [1, 1, 1, 0, 0, 1, 0]
    assert known.has(SendInit(SHOWN, 0))
    assert not known.has(SendInit(SHOWN, 1))
    assert known.has(SendRows(SHOWN, 0, 0, 10))
    assert not known.has(SendRows(SHOWN, 0, 9, 11))


def test_what_is_lacking_up_to_the_end() -> None:
    made, known = manifest(SHOWN, seconds=10, size=1000), Known()
    assert lacking(Need(made, 5.0), known, sound=False) == 12 * 1000, "from the keyframe at 4 s"
    assert lacking(Need(made, 5.0), known, sound=True) == 12 * 1000 + 10 * 100
    assert lacking(Need(made, 5.0, 6.0), known, sound=False) == 4 * 1000
    for send in drain(view(Need(made, 5.0), known=known)):
        assert send is not None
    assert lacking(Need(made, 0.0), known, sound=True) == 0


def test_a_recording_of_six_hours_at_eight_megabits_is_sent_around_the_playhead_within_the_pages_memory() -> None:
    long = manifest(SHOWN, seconds=6 * 3600, size=500_000, sound=False)
    budget = 1 << 30
    for at in (0.0, 3 * 3600.0, 6 * 3600.0):
        seen = view(Need(long, at), budget=budget)
        walked: list[Send] = []
        for send in sends(seen):
            seen.known.add(send)
            walked.append(send)
        sent = fragments(walked)
        held = len(sent) * 500_000
        assert 0.9 * budget * BUDGET_SHARE < held <= budget
        index = min(int(at * 2), 2 * 6 * 3600 - 1)
        assert sent[0] == (SHOWN, PICTURE, index - index % 4), "the playhead's keyframe is first"
        needed = range(index, min(index + int(2 * SHOWN_FIRST), 2 * 6 * 3600))
        assert {(SHOWN, PICTURE, one) for one in needed} <= {*sent[: len(needed) + 4]}
