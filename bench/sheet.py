"""How long the contact sheet of an hour takes, beside FFmpeg's own library making the same pictures in other ways.

    python -m bench.sheet [--minutes 60] [--keep FOLDER] [--pictures] [--write]

The recording is made here: 1080p30, a keyframe every half second, stereo AAC; twenty seconds of it are encoded and laid
one behind the other without encoding them again. It takes some minutes and a few gigabytes of disk. Pictures are made
`RUNS` times; given are medians, and the span.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import statistics
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path

import av

from bench.figures import Figures, write_between
from bench.media.run import RENDITION
from bench.media.source import OnDisk
from courtcast.core.manifest import Manifest
from courtcast.prepare import outline, sheet
from courtcast.prepare.job import prepare
from courtcast.prepare.store import FolderStore, load_manifest

SECONDS = 20
PERIOD = Fraction(SECONDS) + Fraction(1, 10)
"""Decoding begins a little before what is shown: without room for that, times would go back."""
RATE = 48_000
RUNS = 3
MOST = 5.0
"""Seconds for the pictures."""
ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- figures: python -m bench.sheet -->", "<!-- end of figures: python -m bench.sheet -->"


def encode(path: Path) -> None:
    """The twenty seconds: FFmpeg's moving test picture, and a tone that comes and goes."""
    graph = av.filter.Graph()
    source = graph.add("testsrc2", "size=1920x1080:rate=30")
    sink = graph.add("buffersink")
    source.link_to(sink)
    graph.configure()
    with av.open(str(path), "w") as out:
        video = out.add_stream(
            "libx264", rate=30, options={"preset": "veryfast", "crf": "23", "x264-params": "scenecut=0"}
        )
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        video.codec_context.gop_size = 15
        audio = out.add_stream("aac", rate=RATE)
        audio.layout = "stereo"
        for n in range(SECONDS * 30):
            frame = graph.pull()
            assert isinstance(frame, av.VideoFrame)
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 30)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for first in range(0, SECONDS * RATE, 1024):
            sound = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            level = 0.4 if first // RATE % 4 < 2 else 0.0
            data = struct.pack("<1024f", *(level * math.sin((first + n) / 20) for n in range(1024)))
            for plane in sound.planes:
                plane.update(data)
            sound.sample_rate, sound.pts, sound.time_base = RATE, first, Fraction(1, RATE)
            out.mux(audio.encode(sound))
        out.mux(audio.encode(None))


def repeat(path: Path, times: int, into: Path) -> None:
    """The same packets again and again, each time later."""
    with av.open(str(path)) as source:
        streams = [source.streams.video[0], source.streams.audio[0]]
        packets = [packet for packet in source.demux(streams) if packet.size]
        with av.open(str(into), "w") as out:
            copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
            for n in range(times):
                for packet in packets:
                    base = packet.time_base
                    shift = int(n * PERIOD / base)
                    again = av.Packet(bytes(packet))
                    again.stream, again.time_base = copies[packet.stream_index], base
                    again.pts, again.dts = (packet.pts or 0) + shift, (packet.dts or 0) + shift
                    again.duration, again.is_keyframe = packet.duration, packet.is_keyframe
                    out.mux_one(again)


Taken = tuple[float, float]
"""Seconds by the clock, and of processor with all children that have ended."""


async def taken(work: Callable[[], Awaitable[object]], runs: int) -> list[Taken]:
    found: list[Taken] = []
    for _ in range(runs):
        began, spent = time.monotonic(), sum(os.times()[:4])
        await work()
        found.append((time.monotonic() - began, sum(os.times()[:4]) - spent))
    return found


def told(figures: Figures, what: str, runs: list[Taken], most: float | None = None) -> None:
    clock, processor = (sorted(run[n] for run in runs) for n in (0, 1))
    spread = f" ({clock[0]:.2f}–{clock[-1]:.2f})" if len(runs) > 1 else ""
    measured = f"{statistics.median(clock):.2f}{spread} s, of processor {statistics.median(processor):.2f} s"
    reached = None if most is None else statistics.median(clock) <= most
    figures.add(what, measured, "" if most is None else f"≤ {most:g} s", reached)


def sought(path: Path, places: list[float]) -> int:
    """FFmpeg's library in one process: seek in the file, decode the keyframe, scale it."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for place in places:
            container.seek(int(place * av.time_base))
            frame = next(container.decode(stream))
            assert isinstance(frame, av.VideoFrame)
            frame.reformat(width=160, height=90, format="rgb24")
            count += 1
    return count


def scanned(path: Path) -> int:
    """The same, reading all of the file, and decoding every keyframe."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            assert isinstance(frame, av.VideoFrame)
            frame.reformat(width=160, height=90, format="rgb24")
            count += 1
    return count


async def prepared(path: Path, store: FolderStore) -> Manifest:
    source = OnDisk(path)
    try:
        return await prepare(
            source, exhibit="e1", rendition=RENDITION, store=store, on_rows=lambda _: None, on_probe=lambda _: None
        )
    finally:
        source.close()


async def run(folder: Path, minutes: int, *, whole: bool) -> Figures:
    """`whole`: with what takes minutes, the sound and reading through the file."""
    short, long = folder / "short.mp4", folder / "long.mp4"
    if not long.exists():
        encode(short)
        repeat(short, minutes * 60 // SECONDS, long)
    print(f"{minutes} min, {long.stat().st_size / 1e6:.0f} MB", flush=True)
    figures, store = Figures(), FolderStore(folder / "store")
    manifest = await load_manifest(store, RENDITION) or await prepared(long, store)
    times = [at for _, at in sheet._keyframes(manifest)]
    places = [times[n] for n in outline.spread(times, float(manifest.duration or 0))]
    empty = sheet._listed(manifest, float(manifest.duration or 0), drawn=False)

    async def pictures() -> None:
        made = await sheet._with_pictures(store, manifest, empty, lambda: True)
        assert made.strip is not None
        assert len(made.strip.times) == len(places)

    async def sound() -> None:
        await sheet._with_sound(store, manifest, 1, empty, lambda: True)

    async def by_library() -> None:
        assert sought(long, places) == len(places)

    async def by_reading() -> None:
        assert scanned(long) == len(times)

    told(figures, f"{len(places)} pictures and what they show, in the cage", await taken(pictures, RUNS), MOST)
    what = f"{len(places)} pictures sought in the file by FFmpeg's library, without a cage"
    told(figures, what, await taken(by_library, RUNS))
    if whole:
        told(figures, "all of its sound, in the cage", await taken(sound, 1))
        what = f"all {len(times)} keyframes by FFmpeg's library, reading through the file"
        told(figures, what, await taken(by_reading, 1))
    strip = await sheet.load_strip(store, RENDITION)
    print(f"strip {len(strip) / 1000:.0f} kB")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="folder for the recording, to be used again")
    parser.add_argument("--pictures", action="store_true", help="only those, which take seconds")
    parser.add_argument("--write", action="store_true", help="the figures into docs/performance.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(run(asked.keep or Path(folder), asked.minutes, whole=not asked.pictures))
    if asked.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, figures.table())
    return 0 if all(row[3] is not False for row in figures.rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
