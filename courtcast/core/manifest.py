"""The list of a rendition's fragments, as it grows: what there is to send, and where each time lies in it.

Rows are keyed by (track, index), never change, and may be added twice or out of order. Ticks are of each track's own
timescale on MSE time; `origin` is the MSE time of media time 0. Everything that is asked with a time takes and gives
seconds of media time.

Where it is known what a track's fragments will be, but not all of them are there, rows can be *foreseen*: they have
their place, their times and no hash (and no bytes), and are replaced as the fragments are made, in whatever order. They
are never sent to anybody.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from math import floor

from courtcast.core.spans import Spans
from courtcast.core.timeline import Time, Timeline, exact
from courtcast.wire.media import ManifestRows, Row, Track

_REORDERED = 16
"""Fragments. Where a group of reordered pictures is longer than a fragment, an earlier time may lie in a later one; no
codec reorders further than this many pictures."""


class Manifest:
    """One rendition. Live while it is being prepared: look at it again at every change."""

    def __init__(self, exhibit: str, rendition: str, origin: Fraction, tracks: Sequence[Track]) -> None:
        self.exhibit = exhibit
        self.rendition = rendition
        self.origin = origin
        self.tracks = list(tracks)
        """Sorted as given; `Track.index` is the place in this list."""
        self.complete = False
        self.duration: Fraction | None = None
        """Seconds of media time, once complete."""
        self.bytes = 0
        """Of all init segments and of the fragments known."""
        self.added = Fraction(0)
        """Seconds filled with units that the recording does not have (`Row.added`), in the fragments known."""
        self._rows: list[list[Row]] = [[] for _ in self.tracks]
        self._late: list[dict[int, Row]] = [{} for _ in self.tracks]
        self._ends: list[list[int]] = [[] for _ in self.tracks]
        """Running maximum of the rows' ends: ascending, so that it can be searched."""
        self._sums: list[list[int]] = [[0] for _ in self.tracks]
        """Bytes of all fragments before each."""
        self._pts: list[int] = []
        self._made: list[Spans] = [Spans() for _ in self.tracks]
        self.foreseen: Fraction | None = None
        """Seconds of media time that it will last, where rows are foreseen and it is not complete."""
        self.relaid = 0
        """How often known rows have changed their places: what was remembered of these does not hold any more."""
        if [track.index for track in self.tracks] != list(range(len(self.tracks))):
            raise ValueError("tracks have to be numbered from 0")
        self.bytes = sum(track.init_bytes for track in self.tracks)
        self.video = next((track.index for track in self.tracks if track.kind == "video"), None)
        """Index of the track with the pictures."""
        self.timeline = Timeline(self._pts, self.timescale, origin)
        """The counted frames known so far; grows with the manifest."""

    @classmethod
    def of(cls, message: ManifestRows) -> Manifest:
        """A manifest out of the first message that came of it."""
        manifest = cls(message.exhibit, message.rendition, Fraction(*message.origin), message.tracks)
        manifest.merge(message)
        return manifest

    @property
    def timescale(self) -> int:
        """Of the track with the pictures, else of the first one."""
        return self.tracks[self.video or 0].timescale if self.tracks else 1

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows in: known ones are passed over, those with a gap before them wait for it to close."""
        for row in rows:
            have = self._rows[row.track]
            if row.index < len(have):
                if row.index not in self._made[row.track]:
                    self._replace(row)
                continue
            late = self._late[row.track]
            late[row.index] = row
            while (following := late.pop(len(have), None)) is not None:
                self._append(following)

    def foresee(self, rows: Sequence[Row], duration: Fraction) -> None:
        """What the fragments of a track will be from the first of these on; earlier words of that are taken back.

        duration: seconds of media time. Raises ValueError where they do not go on from what is there.
        """
        if self.complete or not rows:
            return
        track, first = rows[0].track, rows[0].index
        have, made = self._rows[track], self._made[track]
        if not made or first > len(have) or list(made)[-1][1] > first:
            raise ValueError("not what comes next")
        for gone in have[first:]:
            self._forget_times(gone)
        del have[first:]
        have.extend(rows)
        self._pts += [pts for row in rows for pts in row.pts]
        self._pts.sort()
        self.foreseen = duration
        self._measure(track)

    def forget_foreseen(self) -> None:
        """What is foreseen behind all that is made will not come."""
        if self.complete:
            return
        for track, have in enumerate(self._rows):
            there = self.made_first(track)
            if there == len(self._made[track]) < len(have):
                for gone in have[there:]:
                    self._forget_times(gone)
                del have[there:]
                self._measure(track)
        self.foreseen = None if self.whole else self.foreseen

    def _replace(self, row: Row) -> None:
        rows = self._rows[row.track]
        before, rows[row.index] = rows[row.index], row
        self._made[row.track].add(row.index, row.index + 1)
        self.bytes += row.bytes
        self._note_added(row)
        if before.pts != row.pts:
            self._forget_times(before)
            for pts in row.pts:
                insort(self._pts, pts)
        if (before.start, before.duration) != (row.start, row.duration):
            self._measure(row.track)
        else:
            sums, behind = self._sums[row.track], row.index + 1
            sums[behind:] = [sum_ + row.bytes for sum_ in sums[behind:]]

    def _forget_times(self, row: Row) -> None:
        for pts in row.pts:
            del self._pts[bisect_right(self._pts, pts) - 1]

    def _measure(self, track: int) -> None:
        self.relaid += 1
        rows = self._rows[track]
        self._ends[track] = list(accumulate((row.start + row.duration for row in rows), max))
        self._sums[track] = list(accumulate((row.bytes for row in rows), initial=0))

    def _append(self, row: Row) -> None:
        self._rows[row.track].append(row)
        self._made[row.track].add(row.index, row.index + 1)
        ends = self._ends[row.track]
        end = row.start + row.duration
        ends.append(max(end, ends[-1]) if ends else end)
        self.bytes += row.bytes
        sums = self._sums[row.track]
        sums.append(sums[-1] + row.bytes)
        self._note_added(row)
        for pts in row.pts:
            # Nearly always at the end: only a fragment that had to be cut inside a reordering group comes before.
            insort(self._pts, pts)

    def _note_added(self, row: Row) -> None:
        self.added += Fraction(sum(end - start for start, end in row.added), self.tracks[row.track].timescale)

    def finish(self, duration: Fraction) -> None:
        """No more rows will come."""
        self.complete = True
        self.foreseen = None
        self.duration = duration
        self.timeline.duration = duration

    def merge(self, message: ManifestRows) -> None:
        """Take a message in. It is complete when the message says so and all rows are there."""
        self.add(message.rows)
        if message.complete and message.duration is not None and message.counts == self.counts and self.whole:
            self.finish(Fraction(message.duration))

    def rows(self, track: int) -> Sequence[Row]:
        """The fragments of one track, in order, without gaps; foreseen ones among them have no hash."""
        return self._rows[track]

    def made(self, track: int) -> Spans:
        """Which of them are there."""
        return self._made[track]

    def made_first(self, track: int) -> int:
        """How many of them are there from the first one on."""
        begun = next(iter(self._made[track]), (0, 0))
        return 0 if begun[0] else begun[1]

    @property
    def whole(self) -> bool:
        """None of them is only foreseen."""
        return all(len(made) == len(rows) for made, rows in zip(self._made, self._rows, strict=True))

    def size(self, track: int, first: int, end: int) -> int:
        """Bytes of the known fragments `first` … `end` - 1 of one track."""
        sums = self._sums[track]
        return sums[min(end, len(sums) - 1)] - sums[min(first, len(sums) - 1)]

    @property
    def leaves(self) -> bool:
        """Pictures that stand: media time counts them."""
        return any(track.leaves for track in self.tracks)

    @property
    def counts(self) -> list[int]:
        """Fragments of each track."""
        return [len(rows) for rows in self._rows]

    @property
    def frames(self) -> int:
        """Counted frames so far."""
        return len(self._pts)

    @property
    def showable(self) -> bool:
        """There is something to put up: the first fragment of the picture (of the sound, where there is no picture)."""
        return bool(self.tracks) and bool(self._made[self.video or 0])

    @property
    def prepared(self) -> float:
        """Seconds of media time that are there on every track that has begun."""
        return float(self.made_until(Fraction(0)))

    def made_until(self, t: Fraction) -> Fraction:
        """Media time up to which, from t on, all is there on every track that has begun; t where it is not there."""
        if self.duration is not None:
            return self.duration
        ends = [self._made_until(track.index, t) for track in self.tracks if self._made[track.index]]
        return max(min(ends), t) if ends else t

    def gap_ahead(self, t: Fraction) -> bool:
        """From t on there is nothing yet, or something is missing that does not come next: there is more behind it, or
        it is the very end, which waits for all else. What only grows has no gap."""
        if self.foreseen is None or self.video is None or t >= self.foreseen:
            return False
        index = bisect_right(self._ends[self.video], floor((t + self.origin) * self.tracks[self.video].timescale))
        count, made = len(self._rows[self.video]), self._made[self.video]
        missing = next(made.missing(index, count), None)
        if missing is None or self.made_until(t) <= t:
            return missing is not None
        return missing[1] < count or missing[0] == count - 1 > len(made)

    def _made_until(self, track: int, t: Fraction) -> Fraction:
        index = bisect_right(self._ends[track], floor((t + self.origin) * self.tracks[track].timescale))
        gap = next(self._made[track].missing(index, len(self._rows[track])), None)
        last = len(self._rows[track]) if gap is None else gap[0]
        return self.media_time(track, self._ends[track][last - 1]) if last else Fraction(0)

    def media_time(self, track: int, ticks: int) -> Fraction:
        """Seconds of media time of a track's ticks."""
        return Fraction(ticks, self.tracks[track].timescale) - self.origin

    def _scaled(self, track: int, t: Time) -> Fraction:
        """Media time t in a track's ticks, not rounded."""
        return (exact(t) + self.origin) * self.tracks[track].timescale

    def ticks(self, track: int, t: Time) -> int:
        """The last whole tick at or before media time t."""
        return floor(self._scaled(track, t))

    def fragment_at(self, track: int, t: Time) -> int | None:
        """The first fragment whose end lies after t; None where none does."""
        index = bisect_right(self._ends[track], self.ticks(track, t))
        return index if index < len(self._rows[track]) else None

    def keyframe_before(self, track: int, t: Time) -> int | None:
        """Index of the fragment to begin with for showing t: the last one that starts at or before t with a keyframe.

        The first keyframe where t lies before it; None while there is no row.
        """
        rows = self._rows[track]
        ticks = self.ticks(track, t)
        # Starts ascend among fragments that begin with a keyframe; between them they may not, so search by ends.
        at = min(bisect_right(self._ends[track], ticks), len(rows) - 1)
        while at > 0 and not (rows[at].keyframe and rows[at].start <= ticks):
            at -= 1
        return at if rows else None

    def gop(self, track: int, t: Time) -> range:
        """The fragments from the keyframe at or before t up to the next one (as far as they are known)."""
        start = self.keyframe_before(track, t)
        if start is None:
            return range(0)
        rows = self._rows[track]
        stop = start + 1
        while stop < len(rows) and not rows[stop].keyframe:
            stop += 1
        return range(start, stop)

    def fragments_between(self, track: int, t0: Time, t1: Time) -> range:
        """The known fragments that hold any moment of t0 <= t < t1, and those between them; keyframes are no matter."""
        rows = self._rows[track]
        first = bisect_right(self._ends[track], self.ticks(track, t0))
        end = self._scaled(track, t1)
        stop = at = first
        while at < len(rows) and at <= stop + _REORDERED:
            if rows[at].start < end:
                stop = at + 1
            elif rows[at].keyframe:
                break
            at += 1
        return range(first, stop)

    def rows_message(self, ranges: Mapping[int, range] | None = None) -> ManifestRows:
        """These rows (all where None) as a message; ranges reach no further than what there is."""
        if ranges is None:
            ranges = {track.index: range(len(self._rows[track.index])) for track in self.tracks}
        rows = [
            self._rows[track][index] for track, some in ranges.items() for index in some if index in self._made[track]
        ]
        return ManifestRows(
            exhibit=self.exhibit,
            rendition=self.rendition,
            origin=(self.origin.numerator, self.origin.denominator),
            tracks=list(self.tracks),
            rows=rows,
            complete=self.complete,
            counts=[self.made_first(track.index) for track in self.tracks],
            duration=None if self.duration is None else float(self.duration),
        )
