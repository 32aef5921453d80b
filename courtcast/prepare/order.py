"""What the fragments of a picture that is converted will be, before it is: so that any part of it can be made next.

It follows from when the file's packets say that its pictures are shown, and from the rules by which a run from the
beginning to the end would cut them. Where decoding gives other pictures, these are put into the fragments that were
foreseen; where that leaves one empty, it is given up, and all is made from the beginning to the end. Pure.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages, sounds
from courtcast.prepare.boxes import Sample
from courtcast.prepare.cut import KEY_EVERY, STRETCH, Cutter
from courtcast.prepare.messages import Entry
from courtcast.wire.media import Row, Track

_MOST = 150_000
"""Fragments, a day or more: what is said of them goes to the child in one message (`messages.MOST_JSON`)."""


class Scan(msgspec.Struct, frozen=True):
    """When pictures are shown, and keyframes, in the file's ticks, ascending."""

    timescale: int
    pictures: list[int]
    keys: list[int]
    last: int
    """Ticks for which the last picture is shown."""
    sounds: messages.Sounds | None = None
    """Where sound lies that can be made in another order, too."""


class Outline(msgspec.Struct, frozen=True):
    """The stretches of a picture from one of them on, and their fragments."""

    entries: list[tuple[Entry, int]]
    """Where each begins, and the index of its first fragment."""
    rows: list[Row]
    """Foreseen: see `core.manifest`."""
    duration: tuple[int, int]
    """Seconds of media time that it will all last."""
    sound: sounds.Outline | None = None
    """None where its sound can only be made from the beginning to the end, or there is none."""

    def lay(self, manifest: Manifest) -> bool:
        """Behind what is made of it; False where that is something else."""
        assert manifest.video is not None
        there = manifest.made_first(manifest.video)
        known = manifest.rows(manifest.video)[self.rows[0].index : there]
        if any(row.index and row.start != made.start for row, made in zip(self.rows, known, strict=False)):
            return False
        if self.sound is not None and not self.sound.fits(manifest):
            return False
        manifest.foresee([row for row in self.rows if row.index >= there], Fraction(*self.duration))
        if self.sound is not None:
            self.sound.lay(manifest, Fraction(*self.duration))
        return True


def read(message: messages.Scanned, data: bytes) -> Scan | None:
    """None where the file does not say. Raises ValueError where the message is not what it says."""
    count = message.pictures + message.keyframes
    if len(data) != 8 * count or message.timescale <= 0:
        raise ValueError("not so many times")
    times = struct.unpack(f">{count}q", data)
    if not message.pictures or not message.keyframes:
        return None
    return Scan(
        message.timescale,
        sorted(times[: message.pictures]),
        sorted(times[message.pictures :]),
        max(1, message.last),
        message.sounds,
    )


def foresee(scan: Scan, track: Track, origin: Fraction, begin: Entry | None, index: int) -> Outline | None:
    """From an entry on (from the first picture, where None), whose first fragment has this index; None where there are
    no two stretches, or more fragments than can be told of. For long recordings it takes a second or two."""
    if track.timescale != scan.timescale:
        return None
    entries = list(_entries(scan, begin))
    if len(entries) < 2:
        return None
    bounds = [bisect_left(scan.pictures, entry.at) for entry in entries] + [len(scan.pictures)]
    end = scan.pictures[-1] + scan.last
    if scan.sounds is not None:
        start, samples = scan.sounds.runs[-1]
        end = max(end, ceil(Fraction(start + samples, scan.sounds.rate) * scan.timescale))
    found: list[tuple[Entry, int]] = []
    rows: list[Row] = []
    for entry, (first, stop) in zip(entries, pairwise(bounds), strict=True):
        at = index + len(rows)
        found.append((entry, at))
        times = [*scan.pictures[first:stop], scan.pictures[stop] if stop < len(scan.pictures) else end]
        rows += _rows(times, track.index, at, track.shift, scan.timescale)
    if len(rows) > _MOST:
        return None
    duration = Fraction(end + track.shift, scan.timescale) - origin
    return Outline(found, rows, (duration.numerator, duration.denominator))


def _entries(scan: Scan, begin: Entry | None) -> Iterator[Entry]:
    """Each is the first keyframe that is far enough behind the one before (see `picture_lane`)."""
    last = begin or Entry(scan.keys[0], scan.keys[0])
    yield last
    before = scan.keys[0]
    for key in scan.keys:
        if key - last.at >= STRETCH * scan.timescale:
            last = Entry(key, before)
            yield last
        before = key


def _rows(times: Sequence[int], track: int, index: int, shift: int, timescale: int) -> Iterator[Row]:
    """Of one stretch. `times`: of its pictures, and the end of the last."""
    samples: list[Sample] = []
    keyed: int | None = None
    for at, after in pairwise(times):
        key = keyed is None or at - keyed >= KEY_EVERY * timescale
        keyed = at if key else keyed
        samples.append(Sample(at + shift, at + shift, after - at, key, True, b""))
    cutter = Cutter(timescale, first=index == 0)
    for n, piece in enumerate((*cutter.push(samples), *cutter.flush())):
        yield Row(track, index + n, piece.start, piece.duration, 0, piece.keyframe, "", piece.pts)


def order(manifest: Manifest, outline: Outline, sought: int) -> messages.Order:
    """What is still to be made, with the stretch of fragment `sought` first, then what comes behind it.

    The last stretch is always among it, since its last fragment waits for all else.
    """
    assert manifest.video is not None
    track, sound = manifest.tracks[manifest.video], outline.sound
    ahead: list[messages.Stretch] = []
    behind: list[messages.Stretch] = []
    ends = [(entry.at, index) for entry, index in outline.entries[1:]]
    for number, ((entry, index), (end, stop)) in enumerate(
        zip(outline.entries, [*ends, (None, len(manifest.rows(track.index)))], strict=True)
    ):
        rows = manifest.rows(track.index)[index:stop]
        have = next((n for n, row in enumerate(rows) if not row.sha256), len(rows))
        heard = None
        if sound is not None:
            begins = Fraction(rows[0].start if number else 0, track.timescale)
            ends_at = None if end is None else Fraction(end + track.shift, track.timescale)
            heard = sound.hearing(manifest, begins, ends_at)
        if have == len(rows) and heard is None and end is not None:
            continue
        stretch = messages.Stretch(
            entry=entry,
            end=end,
            index=index,
            starts=[row.start - track.shift for row in rows],
            keys=[row.keyframe for row in rows],
            have=have,
            sound=heard,
        )
        (ahead if stop > sought and (have < len(rows) or heard is not None) else behind).append(stretch)
    there = [manifest.made_first(one.index) for one in manifest.tracks]
    return messages.Order(stretches=[*ahead, *behind], fragments=there, heard=sound is None)


def stretch_of(manifest: Manifest, outline: Outline, fragment: int) -> range:
    """The fragments of the stretch in which one is."""
    assert manifest.video is not None
    starts = [index for _, index in outline.entries] + [len(manifest.rows(manifest.video))]
    return next((range(one, other) for one, other in pairwise(starts) if fragment < other), range(0))


def lacking(manifest: Manifest, outline: Outline, places: Sequence[float]) -> int | None:
    """The fragment that is needed first by those who want to see these places (media time), and go on from there: each
    place before what comes behind any. None where there is none that could be made next."""
    assert manifest.video is not None
    made, last = manifest.made(manifest.video), len(manifest.rows(manifest.video)) - 1
    starts = [at for at in (manifest.fragment_at(manifest.video, place) for place in places) if at is not None]
    stops = [*(stretch_of(manifest, outline, at).stop for at in starts), *(last for _ in starts)]
    for start, stop in zip(starts * 2, stops, strict=True):
        # The last one comes when all else is there; what lies before the outline is not made anew.
        for first, _ in made.missing(max(start, outline.entries[0][1]), min(stop, last)):
            return first
        if outline.sound is not None and outline.sound.lacks(manifest, start, min(stop, last)):
            return start
    return None
