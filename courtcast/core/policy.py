"""What to send to one screen next.

The order, first to last:

1. of leaves, the one that is up, and then the sharper part of it that is looked at (`detail`), if there is one; of what
   is shown, from the keyframe at or before the playhead (or the first one that can be in time, `core.aim`) to
   `SHOWN_FIRST` seconds beyond it;
2. what is cued, from its keyframe to `CUE_FIRST` seconds beyond its place;
3. the rest of what is shown, up to the end of its clip, then the same of what is cued;
4. what lies behind the playhead, nearest first, then beyond the clip's end: somebody may want to see it again;
5. the beginning of every exhibit of the day in running order, so that whatever is cued next is there at once;
6. the whole of each of them, in the same order. What is restricted is not among them.

Where a clip is on, its ranges are all there is of it in 1. to 4.: ahead in their order, each from its keyframe, and
behind the playhead in the reverse. The rest of the exhibit is of the day, or comes last of all.

The sum of it all, held or not, stops at the bytes that the page is willing to hold, in memory or, for what may lie
there, on its disk; so nothing is sent that the page would have to throw away something better for. Manifest rows and
init segments go right before the first fragment that needs them. Sound goes before the picture of the same time, and
only to the screen that is the room's sound.

What is only foreseen (`core.manifest`) cannot be sent, and is passed over.

Nothing here remembers anything but `Known`, which says what the page has or has coming; a seek therefore changes what
is next at once. Pure: the playhead comes in as media time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import merge

import msgspec

from courtcast.core.legs import Leg, played
from courtcast.core.manifest import Manifest
from courtcast.core.need import Need, Place, at_or_before, first_from, place_of, places_of, tracks_for
from courtcast.core.spans import Spans
from courtcast.wire.media import Row, Track
from courtcast.wire.screen import Holdings

SHOWN_FIRST = 10.0
"""Seconds of media: the outage that a screen survives before anything else is thought of."""
CUE_FIRST = 5.0
"""Seconds of media that make a cue start and go on until its rest is there."""
DAY_FIRST = 10.0
"""Seconds of media of each exhibit of the day that go before the whole of any."""
BACK = 10.0
"""Seconds: what lies behind is sent in stretches of this length, the nearest first."""
ROWS = 64
"""Manifest rows in one message: about one piece of the media stream."""
BUDGET_SHARE = 0.95
"""Of the page's budget: bytes are counted without what the page spends on keeping them."""

Key = tuple[str, int]
"""(rendition, track)."""


class SendRows(msgspec.Struct, frozen=True, tag="rows"):
    """A part of the manifest: rows `first` … `end` - 1 of one track; none at all only says how long it is."""

    rendition: str
    track: int
    first: int
    end: int


class SendInit(msgspec.Struct, frozen=True, tag="init"):
    rendition: str
    track: int


class SendFragment(msgspec.Struct, frozen=True, tag="fragment"):
    rendition: str
    track: int
    index: int


Send = SendRows | SendInit | SendFragment


class Known:
    """What the page has, or has coming, on the path that is open now."""

    def __init__(self) -> None:
        self.rows: dict[Key, Spans] = {}
        self.inits: set[Key] = set()
        self.fragments: dict[Key, Spans] = {}
        self.told: set[str] = set()
        """Renditions whose manifest was complete in the last rows that were sent."""
        self.returned: dict[Key, Spans] = {}
        """What the page held and gave back: sent again only where it is needed first."""

    @classmethod
    def of(cls, holdings: Holdings) -> Known:
        """As the page says. Both ends of its ranges are included."""
        known = cls()
        for holding in holdings.tracks:
            key = holding.rendition, holding.track
            if holding.init:
                known.inits.add(key)
            known.fragments[key] = Spans((first, last + 1) for first, last in holding.fragments)
        for rendition, ranges in holdings.rows.items():
            for track, first, last in ranges:
                known.rows.setdefault((rendition, track), Spans()).add(first, last + 1)
        return known

    def has(self, send: Send) -> bool:
        key = send.rendition, send.track
        if isinstance(send, SendInit):
            return key in self.inits
        if isinstance(send, SendFragment):
            return send.index in self.fragments.get(key, ())
        rows = self.rows.get(key)
        return rows is not None and not any(rows.missing(send.first, send.end))

    def add(self, send: Send, *, complete: bool = False) -> None:
        """It is on its way. `complete`: with the rows went the word that there will be no more."""
        key = send.rendition, send.track
        if isinstance(send, SendInit):
            self.inits.add(key)
        elif isinstance(send, SendFragment):
            self.fragments.setdefault(key, Spans()).add(send.index, send.index + 1)
        else:
            self.rows.setdefault(key, Spans()).add(send.first, send.end)
            if complete:
                self.told.add(send.rendition)

    def forget(self, send: Send) -> None:
        """It did not come to be held after all."""
        key = send.rendition, send.track
        if isinstance(send, SendInit):
            self.inits.discard(key)
        elif isinstance(send, SendFragment):
            self.fragments.get(key, Spans()).discard(send.index, send.index + 1)
        else:
            self.rows.get(key, Spans()).discard(send.first, send.end)


class View(msgspec.Struct, frozen=True):
    """All that the decision is made from."""

    shown: Need | None
    cue: Need | None
    sound: bool
    known: Known
    budget: int = 0
    """Bytes that the page is willing to hold in memory; 0: it did not say."""
    disk: int = 0
    """Bytes that it may use of its disk."""
    day: Sequence[Manifest] = ()
    """The exhibits that may lie there, in running order; those that are shown or cued may be among them."""
    detail: Need | None = None
    """A part of the leaf that is shown, sharper than the leaf."""

    @property
    def lasting(self) -> frozenset[str]:
        """Renditions that may lie on the page's disk."""
        return frozenset(manifest.rendition for manifest in self.day) if self.disk else frozenset()


def next_send(view: View) -> Send | None:
    """The one thing to send now; None while the page has all that it should."""
    return next(sends(view), None)


def sends(view: View) -> Iterator[Send]:
    """All that is still to be sent, in order. Lazy: what `view.known` learns meanwhile is heeded, so one walk serves
    for many decisions as long as nothing else of the view changes."""
    known = view.known
    needs = [need for need in (view.shown, view.detail, view.cue) if need is not None]
    yield from _news([need.manifest for need in needs], known)
    for need in needs:
        yield from _inits(need.manifest, known, sound=view.sound)
    tiers = _Tiers(view)
    # Where all of it fits there is no need to add up what is held, nor to look at it: hours of it, once a second.
    sizes: dict[str, int] = {}
    for need in needs:
        size = sizes.get(need.manifest.rendition, 0) + _size(need, sound=view.sound)
        sizes[need.manifest.rendition] = min(need.manifest.bytes, size)
    fits, room = tiers.room(sizes)
    spare = tiers.memory - sum(sizes.values())
    for need, track, row, urgent in _in_order(view, needs, known if fits else Known()):
        if not tiers.take(need.manifest.rendition, row.bytes):
            if tiers.full:
                break
            continue
        key = need.manifest.rendition, track.index
        if row.index in known.fragments.get(key, ()):
            continue
        if not urgent and row.index in known.returned.get(key, ()):
            continue
        yield from _before(need.manifest, track, row.index, known)
        yield SendFragment(*key, row.index)
    for need in needs:
        for track in tracks_for(need.manifest, sound=view.sound):
            yield from _rows(need.manifest, track, 0, len(need.manifest.rows(track.index)), known)
    if room >= 0:
        yield from _ahead(view, needs, room, spare)


def ranged(view: View) -> dict[Key, Spans]:
    """Of clips that are shown or cued, all that their ranges need: the rest of these tracks is only sent ahead."""
    needs = [need for need in (view.shown, view.detail, view.cue) if need is not None]
    whole = {need.manifest.rendition for need in needs if not need.parts}
    found: dict[Key, Spans] = {}
    for need in needs:
        if need.manifest.rendition not in whole:
            for track in tracks_for(need.manifest, sound=view.sound):
                spans = found.setdefault((need.manifest.rendition, track.index), Spans())
                for place in places_of(need.whole, track, 0.0):
                    spans.add(place.start, place.end)
    return found


def firsts(view: View) -> dict[Key, Spans]:
    """What is needed first (1. and 2. of the order), held or not: while a screen lacks of it, others may wait."""
    found: dict[Key, Spans] = {}
    for need in (view.shown, view.detail, view.cue):
        if need is None:
            continue
        for track in tracks_for(need.manifest, sound=view.sound):
            spans = found.setdefault((need.manifest.rendition, track.index), Spans())
            for place in places_of(need, track, SHOWN_FIRST if need is view.shown else CUE_FIRST):
                spans.add(*((0, place.count) if need is view.detail else (place.start, place.first)))
    return found


class _Tiers:
    """How much still fits into the page's memory, and onto its disk. Both keep the most wanted: what does not fit into
    one of them closes it for all that comes later."""

    def __init__(self, view: View) -> None:
        self.memory = view.budget * BUDGET_SHARE if view.budget else float("inf")
        self.disk = view.disk * BUDGET_SHARE
        self._lasting = view.lasting

    @property
    def full(self) -> bool:
        return self.memory < 0 and (self.disk < 0 or not self._lasting)

    def take(self, rendition: str, size: int) -> bool:
        """Room for one more; False where neither has it."""
        self.memory = self.memory - size if size <= self.memory else -1.0
        if rendition in self._lasting:
            self.disk = self.disk - size if size <= self.disk else -1.0
            return self.memory >= 0 or self.disk >= 0
        return self.memory >= 0

    def room(self, sizes: Mapping[str, int]) -> tuple[bool, float]:
        """Whether these renditions fit, and what is then left beside them in the larger of the two."""
        lasting = sum(size for rendition, size in sizes.items() if rendition in self._lasting)
        every = sum(sizes.values())
        on_disk = self.disk - lasting if self._lasting else -1.0
        fits = every <= self.memory or (every - lasting <= self.memory and on_disk >= 0)
        return fits, max(self.memory - every, on_disk)


def _ahead(view: View, needs: Sequence[Need], room: float, spare: float) -> Iterator[Send]:
    """The exhibits of the day, without those that are seen to already, as far as there is room for them. Of clips the
    rest is still to be seen to; what is not of the day may only lie in memory, where so much is to spare."""
    known = view.known
    apart = {need.manifest.rendition for need in needs if not need.parts}
    others = [manifest for manifest in view.day if manifest.rendition not in apart]
    apart.update(manifest.rendition for manifest in others)
    last = {need.manifest.rendition: need.manifest for need in needs if need.manifest.rendition not in apart}
    yield from _news(others, known)
    firsts, rests = [], []
    for manifest in others:
        tracks = tracks_for(manifest, sound=view.sound)
        seconds = Fraction(DAY_FIRST) + manifest.origin
        ends = [first_from(manifest.rows(track.index), float(seconds * track.timescale)) for track in tracks]
        counts = [len(manifest.rows(track.index)) for track in tracks]
        firsts.append((manifest, [(track, 0, end) for track, end in zip(tracks, ends, strict=True)]))
        rests.append((manifest, list(zip(tracks, ends, counts, strict=True))))
    for manifest in last.values():
        if (spare := spare - manifest.bytes) >= 0:
            tracks = tracks_for(manifest, sound=view.sound)
            rests.append((manifest, [(track, 0, len(manifest.rows(track.index))) for track in tracks]))
    for manifest, stretches in (*firsts, *rests):
        size = sum(manifest.size(track.index, first, end) for track, first, end in stretches)
        # Where all of it fits what is there need not be looked at one by one, see above.
        there = known.fragments if size <= room else {}
        keys = [(manifest.rendition, track.index) for track, _, _ in stretches]
        given = {key: Spans(there.get(key, ())) for key in keys}
        left, room = room, room - size
        for _, track, row, _ in _stretch(Need(manifest, 0.0), stretches, given, False):
            if room < 0 and (left := left - row.bytes) < 0:
                return
            key = manifest.rendition, track.index
            if row.index in known.fragments.get(key, ()) or row.index in known.returned.get(key, ()):
                continue
            yield from _before(manifest, track, row.index, known)
            yield SendFragment(*key, row.index)


def lacking(need: Need, known: Known, *, sound: bool) -> int:
    """Bytes from the playhead (its keyframe) to the end that the page does not have."""
    total = 0
    for track in tracks_for(need.manifest, sound=sound):
        held = known.fragments.get((need.manifest.rendition, track.index), Spans())
        for span in Spans((place.start, place.end) for place in places_of(need, track, SHOWN_FIRST)):
            total += sum(need.manifest.size(track.index, *gap) for gap in held.missing(*span))
    return total


def _size(need: Need, *, sound: bool) -> int:
    """Bytes of what is needed of it: of a clip, its ranges."""
    if not need.parts:
        return need.manifest.bytes
    return lacking(need.whole, Known(), sound=sound)


def held(manifest: Manifest, known: Known, *, sound: bool) -> tuple[int, int]:
    """Bytes of a rendition that the page has, and bytes that there are."""
    total = lacks = 0
    for track in tracks_for(manifest, sound=sound):
        count = len(manifest.rows(track.index))
        total += manifest.size(track.index, 0, count)
        spans = known.fragments.get((manifest.rendition, track.index), Spans())
        lacks += sum(manifest.size(track.index, *gap) for gap in spans.missing(0, count))
    return total - lacks, total


def _news(manifests: Sequence[Manifest], known: Known) -> Iterator[Send]:
    """That a manifest is complete by now, where the page knows a part of it: it cannot reach the end without."""
    started = {rendition for rendition, _ in known.rows}
    for manifest in manifests:
        if manifest.rendition in started and manifest.complete and manifest.rendition not in known.told:
            for track in manifest.tracks[:1]:
                count = len(manifest.rows(track.index))
                yield SendRows(manifest.rendition, track.index, count, count)


def _inits(manifest: Manifest, known: Known, *, sound: bool) -> Iterator[Send]:
    """Init segments that came damaged where the fragments behind them did not: nothing plays without."""
    for track in tracks_for(manifest, sound=sound):
        key = manifest.rendition, track.index
        if known.fragments.get(key) and key not in known.inits and not track.leaves:
            yield SendInit(*key)


def _before(manifest: Manifest, track: Track, index: int, known: Known) -> Iterator[Send]:
    """What the page has to have before a fragment."""
    yield from _rows(manifest, track, index, min(index + ROWS, len(manifest.rows(track.index))), known)
    if (manifest.rendition, track.index) not in known.inits and not track.leaves:
        yield SendInit(manifest.rendition, track.index)


def _rows(manifest: Manifest, track: Track, first: int, end: int, known: Known) -> Iterator[Send]:
    held = known.rows.get((manifest.rendition, track.index), Spans())
    for low, high in list(manifest.made(track.index).within(first, end)):
        for start, stop in list(held.missing(low, high)):
            for at in range(start, stop, ROWS):
                yield SendRows(manifest.rendition, track.index, at, min(at + ROWS, stop))


def _in_order(view: View, needs: Sequence[Need], skipped: Known) -> Iterator[tuple[Need, Track, Row, bool]]:
    """All fragments but the skipped ones, each once, with whether it is needed first."""
    given = {key: Spans(spans) for key, spans in skipped.fragments.items()}
    places: list[list[list[tuple[Track, Place]]]] = []
    """Of each need, each leg, each track."""
    for need in needs:
        tracks = tracks_for(need.manifest, sound=view.sound)
        lines = [places_of(need, track, SHOWN_FIRST if need is view.shown else CUE_FIRST) for track in tracks]
        places.append([list(zip(tracks, leg, strict=True)) for leg in zip(*lines, strict=True)])
    if view.detail is not None:
        # Whoever looks closer waits for this one leaf, and then for what they look at; other leaves can wait.
        for need, line in zip(needs, places, strict=True):
            for leg in line[:1]:
                if need is view.shown:
                    yield from _stretch(need, [(t, p.start, min(p.start + 1, p.first)) for t, p in leg], given, True)
                elif need is view.detail:
                    yield from _stretch(need, [(t, 0, p.count) for t, p in leg], given, True)
    for need, line in zip(needs, places, strict=True):
        for leg in line:
            yield from _stretch(need, [(t, p.start, p.first) for t, p in leg], given, True)
    for need, line in zip(needs, places, strict=True):
        for leg in line:
            yield from _stretch(need, [(t, p.first, p.end) for t, p in leg], given, False)
    for need, line in zip(needs, places, strict=True):
        if need.parts:
            yield from _played(need, view.sound, given)
            continue
        for leg in line:
            yield from _backwards(need, leg, given)
            yield from _stretch(need, [(t, p.end, p.count) for t, p in leg], given, False)


def _played(need: Need, sound: bool, given: dict[Key, Spans]) -> Iterator[tuple[Need, Track, Row, bool]]:
    """Of a clip what lies behind the playhead, the nearest first, in stretches that go forward in themselves."""
    tracks = tracks_for(need.manifest, sound=sound)
    for start, stop in played(need.parts, need.at):
        high = stop
        while high > start:
            low = max(start, high - BACK)
            one = [(track, place_of(need, track, Leg(0.0, low, high), None)) for track in tracks]
            yield from _stretch(need, [(t, p.start, p.end) for t, p in one], given, False)
            high = low


def _backwards(
    need: Need, tracks: list[tuple[Track, Place]], given: dict[Key, Spans]
) -> Iterator[tuple[Need, Track, Row, bool]]:
    """From the playhead back to the start, in stretches that go forward in themselves."""
    back = 0
    none = Spans()
    while any(any(given.get((need.manifest.rendition, t.index), none).missing(0, p.start)) for t, p in tracks):
        back += 1
        stretch = []
        for track, place in tracks:
            rows = need.manifest.rows(track.index)
            low = at_or_before(rows, place.at - back * BACK * track.timescale)
            stretch.append((track, min(low, place.start), place.start))
            place.start = min(low, place.start)
        yield from _stretch(need, stretch, given, False)


def _stretch(
    need: Need, tracks: list[tuple[Track, int, int]], given: dict[Key, Spans], urgent: bool
) -> Iterator[tuple[Need, Track, Row, bool]]:
    """Some of each track, by time; at the same time sound first. What an earlier stretch gave is left out."""
    lines = []
    for track, first, end in tracks:
        spans = given.setdefault((need.manifest.rendition, track.index), Spans())
        fresh = list(spans.missing(first, end))
        spans.add(first, end)
        lines.append(_line(need.manifest, track, fresh))
    for _, _, _, track, row in merge(*lines, key=lambda entry: entry[:3]):
        yield need, track, row, urgent


def _line(
    manifest: Manifest, track: Track, ranges: list[tuple[int, int]]
) -> Iterator[tuple[float, int, int, Track, Row]]:
    """Rows of one track as (seconds, rank of the track, index, …); never out of order by index."""
    rows, seconds, rank = manifest.rows(track.index), 0.0, int(track.kind == "video")
    made = manifest.made(track.index)
    for begin, stop in ranges:
        for first, end in list(made.within(begin, stop)):
            for index in range(first, end):
                row = rows[index]
                seconds = max(seconds, row.start / track.timescale)
                yield seconds, rank, index, track, row
