"""One file and what was made of it, measured against the pinned decoder. A program of its own: a file that ends it ends
nothing else.

`python -m bench.media.measure FILE [STORE RENDITION TREATMENTS]` prints `Measured` as JSON.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import msgspec

from bench.media.leaves import compared
from courtcast.core.manifest import Manifest
from courtcast.prepare import boxes, kinds, plan, probe
from courtcast.prepare.filling import HOLE
from courtcast.prepare.store import FolderStore, fragment_name, init_name, load_manifest
from courtcast.prepare.tally import own_times
from courtcast.problems import Refused
from courtcast.wire.api import Treatment
from courtcast.wire.media import Track
from tests.prepare.likeness import colour_of, joined, pictures, ssim

SAMPLED = 12
"""Pictures of a conversion that are compared, at least, spread over its length."""
_TRIED = 400
"""Packets of a file that was refused which are given to the decoder to see whether it makes anything of them."""


class Measured(msgspec.Struct, kw_only=True):
    """What was found. Times are milliseconds."""

    header: int | None = None
    """Pictures that the container's header promises."""
    packets: int = 0
    """Coded pictures that the demuxer gives."""
    discarded: int = 0
    """Of these, left out by the edit list."""
    decoded: int = 0
    """Pictures that the pinned decoder gives inside the edit list."""
    heard: int = 0
    """Samples of sound that it gives."""
    listed: int | None = None
    """Frames of the manifest."""
    late: float | None = None
    """Worst difference between a frame's time in the manifest and in the decoder."""
    offset: float | None = None
    """Worst change of the distance between picture and sound."""
    likeness: list[float] = []
    """SSIM of luma of the pictures compared."""
    leaves: bool = False
    """It is no recording: `decoded` and `listed` are leaves."""
    colours: str = ""
    """Matrix and range of both sides of that comparison."""
    note: str = ""


class Heard(NamedTuple):
    """When something of the sound begins, in seconds, and how many samples it has; 0 where that is not known."""

    at: Fraction
    samples: int


class Original:
    """The file as FFmpeg's demuxer and decoder have it, of the streams that are sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.demuxer = kinds.sniff(file, path.stat().st_size, path.name).demuxer
            opened = probe.open_file(file, kinds.Kind(self.demuxer), seeking=False)
            with opened.container:
                picture, sound = plan.choose(opened.streams)
        self.picture = None if picture is None else picture.number
        self.sound = None if sound is None else sound.number

    def _open(self) -> Any:
        return av.open(str(self.path), format=self.demuxer, metadata_errors="replace")

    def packets(self, number: int) -> tuple[int, int]:
        """Of a stream: how many, and how many of them are not to be seen."""
        with self._open() as container:
            marks = [packet.is_discard for packet in container.demux(container.streams[number]) if packet.size]
        return len(marks), sum(marks)

    def header(self, number: int) -> int | None:
        with self._open() as container:
            return container.streams[number].frames or None

    def times(self, number: int) -> list[Fraction | None]:
        """Of the pictures inside the edit list, in seconds; where a bare stream has none, at its own rate."""
        with self._open() as container:
            stream = container.streams[number]
            stream.thread_type = "AUTO"
            rate = stream.guessed_rate or Fraction(25)
            found = [
                None if frame.pts is None else frame.pts * (frame.time_base or stream.time_base)
                for frame in _decoded(container, stream)
            ]  # fmt: skip
        return [n / rate for n in range(len(found))] if not any(found[1:]) else found

    def coded_sound(self, number: int) -> list[Heard]:
        """As the file has it."""
        with self._open() as container:
            stream = container.streams[number]
            return [
                Heard(packet.pts * packet.time_base, 0)
                for packet in container.demux(stream)
                if packet.size and packet.pts is not None
            ]

    def decoded_sound(self, number: int) -> list[Heard]:
        """What has no time of its own comes directly behind the one before."""
        found: list[Heard] = []
        with self._open() as container:
            stream = container.streams[number]
            for frame in _decoded(container, stream):
                behind = found[-1].at + Fraction(found[-1].samples, frame.sample_rate) if found else Fraction(0)
                at = behind if frame.pts is None else frame.pts * (frame.time_base or stream.time_base)
                found.append(Heard(at, frame.samples))
        return found


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """What comes before and behind damage is decoded all the same."""
    with suppress(av.error.InvalidDataError, av.error.EOFError):
        for packet in container.demux(stream):
            with suppress(av.error.InvalidDataError, av.error.EOFError):
                yield from stream.codec_context.decode(packet if packet.size else None)


class Rendition(NamedTuple):
    """What was made of it."""

    manifest: Manifest
    inits: list[bytes]
    fragments: list[list[bytes]]

    @classmethod
    async def load(cls, store: FolderStore, rendition: str) -> Rendition:
        manifest = await load_manifest(store, rendition)
        assert manifest is not None
        inits = [await store.get(init_name(rendition, track)) if track.init_bytes else b"" for track in manifest.tracks]
        fragments = [
            [await store.get(fragment_name(rendition, row)) for row in manifest.rows(track.index)]
            for track in manifest.tracks
        ]
        return cls(manifest, inits, fragments)

    def file(self, track: Track, path: Path) -> Path:
        """A track as a file."""
        path.write_bytes(self.inits[track.index] + b"".join(self.fragments[track.index]))
        return path

    def first_picture(self) -> Fraction:
        """Seconds, on MSE time."""
        return Fraction(self.manifest.timeline.pts[0], self.manifest.timescale)

    def sound(self) -> list[Heard] | None:
        """Its units, on MSE time, without what was added."""
        track = next((track for track in self.manifest.tracks if track.kind == "audio"), None)
        if track is None:
            return None
        added = [span for row in self.manifest.rows(track.index) for span in row.added]
        rate = 0 if 'codecs="flac"' not in track.mime else track.timescale
        return [
            Heard(Fraction(sample.pts, track.timescale), sample.duration if rate else 0)
            for data in self.fragments[track.index]
            for sample in boxes.samples_of(data)
            if not any(start <= sample.pts < end for start, end in added)
        ]


def measure(path: Path, made: Rendition | None, treatments: Sequence[Treatment], scratch: Path) -> Measured:
    """Raises Refused where the file cannot even be opened as what it seems to be."""
    if made is not None and made.manifest.leaves:
        count, likeness, by = compared(path, made.fragments[0])
        return Measured(decoded=count, listed=made.manifest.frames, likeness=likeness, leaves=True, colours=by)
    original = Original(path)
    found = Measured()
    times: list[Fraction | None] = []
    if original.picture is not None:
        found.header = original.header(original.picture)
        found.packets, found.discarded = original.packets(original.picture)
        times = original.times(original.picture)
        found.decoded = len(times)
    if made is None:
        return found
    found.listed = made.manifest.frames
    by_part = {treatment.part: treatment for treatment in treatments}
    if original.picture is not None:
        found.late = _late(made, times)
        if by_part["picture"].done == "converted":
            _compare(original, made, by_part["picture"], scratch, found)
    if original.sound is not None:
        exact = by_part["sound"].done == "unchanged"
        theirs = original.coded_sound(original.sound) if exact else original.decoded_sound(original.sound)
        found.heard = sum(one.samples for one in theirs) or len(theirs)
        ours = made.sound()
        first = next((at for at in times if at is not None), None)
        shift = None if first is None or not made.manifest.frames else made.first_picture() - first
        if ours is not None:
            found.offset = _moved(theirs, ours, shift, exact=exact)
            if exact and len(ours) != len(theirs):
                found.note = f"{len(ours)} of {len(theirs)} units of sound"
    return found


def _late(made: Rendition, times: Sequence[Fraction | None]) -> float | None:
    """Milliseconds; None where the counts differ or the decoder gives no times."""
    ours = [Fraction(at, made.manifest.timescale) for at in own_times(made.manifest)]
    if len(ours) != len(times):
        return None
    both = [(one, other) for one, other in zip(ours, sorted(t for t in times if t is not None), strict=False)]
    if len(both) != len(times):
        return None
    return float(max((abs(one - other) for one, other in both), default=Fraction(0)) * 1000)


def _moved(theirs: Sequence[Heard], ours: Sequence[Heard], shift: Fraction | None, *, exact: bool) -> float | None:
    """Milliseconds by which sound lies elsewhere beside its picture than in the file, at worst. Without a picture: by
    which it drifts. Units that are the same are compared one by one; decoded sound where it begins and behind each
    hole: in between samples are counted, by those who play it as by us, whatever jitter their stamps have."""
    if not theirs or not ours:
        return None
    if exact:
        moved = [own.at - their.at for own, their in zip(ours, theirs, strict=False)]
    else:
        moved = _moved_runs(theirs, ours)
    base = moved[0] if shift is None else shift
    return float(max(abs(one - base) for one in moved) * 1000)


def _moved_runs(theirs: Sequence[Heard], ours: Sequence[Heard]) -> list[Fraction]:
    """By how much each run of samples without a hole lies elsewhere, in seconds."""
    longest = max(ours, key=lambda one: one.samples)
    rate = next(
        (
            Fraction(longest.samples) / (behind.at - one.at)
            for one, behind in pairwise(ours)
            if one.samples == longest.samples
        ),
        None,
    )
    starts = list(accumulate((one.samples for one in ours), initial=0))
    moved, place, before, until = [], 0, 0, None
    for their in theirs:
        if rate is None or until is None or abs(their.at - until) > HOLE:
            while place + 1 < len(ours) and starts[place + 1] <= before:
                place += 1
            behind = Fraction(before - starts[place]) / rate if rate else Fraction(0)
            moved.append(ours[place].at + behind - their.at)
        before += their.samples
        until = their.at + (Fraction(their.samples) / rate if rate else 0)
        if rate is None:
            break
    return moved


def _compare(original: Original, made: Rendition, done: Treatment, scratch: Path, found: Measured) -> None:
    track = made.manifest.tracks[made.manifest.video or 0]
    ours = pictures(str(made.file(track, scratch / "converted.mp4")))
    source = _pictures(original)
    if any("two fields" in reason for reason in done.reasons):
        source = joined(source)
    count = made.manifest.frames
    wanted = {round(n * (count - 1) / (SAMPLED - 1)) for n in range(SAMPLED)}
    for number, (one, other) in enumerate(zip(source, ours, strict=False)):
        if number in wanted:
            found.colours = f"{colour_of(one)} → {colour_of(other)}"
            found.likeness.append(ssim(one, other))


def _pictures(original: Original) -> Iterator[av.VideoFrame]:
    with original._open() as container:
        yield from _decoded(container, container.streams[original.picture])


def decodes(path: Path) -> Measured:
    """Whether FFmpeg by itself, whatever it takes the file for, decodes anything of it."""
    found = Measured()
    failures = suppress(av.error.FFmpegError, ValueError, OSError)
    with failures, av.open(str(path), metadata_errors="replace") as container:
        for number, packet in enumerate(container.demux()):
            if number >= _TRIED:
                break
            with suppress(av.error.FFmpegError):
                for frame in packet.decode():
                    found.decoded += isinstance(frame, av.VideoFrame)
                    found.heard += frame.samples if isinstance(frame, av.AudioFrame) else 0
    return found


def main(arguments: list[str]) -> Measured:
    av.logging.set_level(None)
    path = Path(arguments[0])
    if len(arguments) == 1:
        return decodes(path)
    folder, rendition, done = arguments[1:]
    made = asyncio.run(Rendition.load(FolderStore(Path(folder)), rendition))
    try:
        return measure(path, made, msgspec.json.decode(done, type=list[Treatment]), Path(folder))
    except Refused as refused:
        return Measured(note=f"opened by the product, and here: {refused.detail}")


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(sys.argv[1:])))
