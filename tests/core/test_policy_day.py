"""What is sent ahead of the whole day: after all that is shown or cued, in order, and never more than there is room."""

from __future__ import annotations

import os
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.core.manifest import Manifest
from courtcast.core.need import Need
from courtcast.core.policy import BUDGET_SHARE, DAY_FIRST, Known, Send, SendFragment, View, held, next_send, sends
from courtcast.wire.media import Row, Track

SCALE = 1000


def manifest(number: int, *, halves: int, size: int = 1000, sound: bool = True) -> Manifest:
    """Half-second fragments, a keyframe every two seconds; the sound has a tenth of the size."""
    kinds = ("video", "audio") if sound else ("video",)
    tracks = [
        Track(index=index, kind=kind, mime=kind, timescale=SCALE, init_sha256="i", init_bytes=10, first=0)  # type: ignore[arg-type]
        for index, kind in enumerate(kinds)
    ]
    made = Manifest(f"exhibit-{number}", f"{number:016x}", Fraction(0), tracks)
    for index in range(halves):
        made.add([Row(0, index, index * 500, 500, size, index % 4 == 0, "v", [index * 500])])
        if sound:
            made.add([Row(1, index, index * 500, 500, size // 10, True, "a")])
    made.finish(Fraction(halves, 2))
    return made


def drain(view: View) -> list[SendFragment]:
    """All that goes out, over a path that is quick and a page that keeps it."""
    sent: list[Send] = []
    while (send := next_send(view)) is not None:
        view.known.add(send, complete=True)
        sent.append(send)
        assert len(sent) < 5000, "it ends"
    assert len(set(sent)) == len(sent), "nothing twice"
    return [send for send in sent if isinstance(send, SendFragment)]


EXAMPLES = 200 if os.environ.get("COURTCAST_LONG") else 50
"""Many in `make test-all`: each adds up a whole day anew at every step."""
manifests = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([1, 700, 5000]), st.booleans()), max_size=6).map(
    lambda made: [manifest(n, halves=halves, size=size, sound=sound) for n, (halves, size, sound) in enumerate(made)]
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    day=manifests,
    on=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    sound=st.booleans(),
    memory=st.integers(1, 400_000),
    disk=st.sampled_from([0, 1, 30_000, 10**9]),
    private=st.booleans(),
)
def test_in_order_within_its_bounds_and_nothing_restricted_on_the_disk(
    day: list[Manifest], on: tuple[int, int], sound: bool, memory: int, disk: int, private: bool
) -> None:
    there = [*day, manifest(100, halves=30), manifest(101, halves=8)]
    shown, cue = (Need(there[at], 2.0) if at < len(there) else None for at in on)
    lasting = [one for one in there if not (private and one.rendition.endswith("64"))]  # the one before the last
    view = View(shown, cue, sound, Known(), memory, disk, lasting)
    sent = drain(view)
    on_now = {need.manifest.rendition for need in (shown, cue) if need is not None}
    first_ahead = next((at for at, send in enumerate(sent) if send.rendition not in on_now), len(sent))
    assert all(send.rendition not in on_now for send in sent[first_ahead:]), "what is shown and cued is through first"
    names = {one.rendition for one in lasting}
    assert {send.rendition for send in sent} <= names | on_now, "what is restricted goes nowhere before it is cued"
    sizes = {one.rendition: one for one in there}

    def total(some: list[SendFragment]) -> int:
        return sum(sizes[send.rendition].rows(send.track)[send.index].bytes for send in some)

    private_bytes = total([send for send in sent if send.rendition not in names])
    assert private_bytes <= memory * BUDGET_SHARE
    assert total(sent) - private_bytes <= max(memory, disk) * BUDGET_SHARE
    assert disk or total(sent) <= memory * BUDGET_SHARE
    ahead = [send for send in sent[first_ahead:] if send.track == 0]
    order = [one.rendition for one in lasting]
    ranks = [(send.index >= DAY_FIRST * 2, order.index(send.rendition), send.index) for send in ahead]
    assert ranks == sorted(ranks), "beginnings in running order, then the wholes in running order"
    if disk == 10**9:
        for one in lasting:
            have, there_is = held(one, view.known, sound=sound)
            assert have == there_is
    assert next_send(view) is None


def test_what_is_held_already_is_skipped_and_counts() -> None:
    day = [manifest(n, halves=40, sound=False) for n in range(3)]
    known = Known()
    drain(View(None, None, False, known, 0, 10**9, day[:2]))
    view = View(None, None, False, known, 1000, 110_000, day)
    assert [(send.rendition, send.index) for send in drain(view)] == [(day[2].rendition, index) for index in range(24)]


def test_the_whole_day_is_walked_quickly_once_it_is_there() -> None:
    """Fifty exhibits of a quarter of an hour: what is there is passed over in ranges, not one by one."""
    day = [manifest(n, halves=1800) for n in range(50)]
    known, steps = Known(), 0
    for one in day:
        for track in one.tracks:
            known.rows.setdefault((one.rendition, track.index), _all(one, track.index))
            known.fragments[one.rendition, track.index] = _all(one, track.index)
            known.inits.add((one.rendition, track.index))
        known.told.add(one.rendition)
    rows = type(day[0]).rows
    looked: list[int] = []

    class Counting(list[Row]):
        def __getitem__(self, at):  # type: ignore[no-untyped-def]
            looked.append(1)
            return super().__getitem__(at)

    for one in day:
        one._rows = [Counting(rows(one, track.index)) for track in one.tracks]
    steps = sum(1 for _ in sends(View(None, None, True, known, 0, 10**12, day)))
    assert steps == 0
    assert len(looked) < 50 * 2 * 20


def _all(one: Manifest, track: int):  # type: ignore[no-untyped-def]
    from courtcast.core.spans import Spans

    return Spans([(0, len(one.rows(track)))])
