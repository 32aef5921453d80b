"""How long the contact sheet of an hour takes, beside FFmpeg's own library making the same pictures in other ways.

    python -m bench.sheet [--minutes 60] [--keep FOLDER]

The recording is made here: 1080p30, a keyframe every half second, stereo AAC; twenty seconds of it are encoded and laid
one behind the other without encoding them again. It takes some minutes and a few gigabytes of disk.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from courtcast.core.manifest import Manifest
from courtcast.prepare import outline, sheet
from courtcast.prepare.job import prepare
from courtcast.prepare.store import FolderStore

SECONDS = 20
PERIOD = Fraction(SECONDS) + Fraction(1, 10)
"""Decoding begins a little before what is shown: without room for that, times would go back."""
RATE = 48_000


class File:
    """A file as a source."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.length = path.stat().st_size

    async def read(self, offset: int, n: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(n)


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


@contextmanager
def told(what: str) -> Iterator[None]:
    """Prints what it took: by the clock, and of processor with all children that have ended."""
    began, spent = time.monotonic(), sum(os.times()[:4])
    yield
    print(f"| {what} | {time.monotonic() - began:.2f} s | {sum(os.times()[:4]) - spent:.2f} s |", flush=True)


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
    return await prepare(
        File(path), exhibit="e1", rendition="00000000000000a1", store=store, on_rows=lambda _: None,
        on_probe=lambda _: None,
    )  # fmt: skip


async def run(folder: Path, minutes: int) -> None:
    short, long = folder / "short.mp4", folder / "long.mp4"
    if not long.exists():
        encode(short)
        repeat(short, minutes * 60 // SECONDS, long)
    print(f"{minutes} min, {long.stat().st_size / 1e6:.0f} MB\n\n| what | by the clock | processor |\n|---|---|---|")
    store = FolderStore(folder / "store")
    with told("prepared (no part of the sheet)"):
        manifest = await prepared(long, store)
    times = [at for _, at in sheet._keyframes(manifest)]
    places = [times[n] for n in outline.spread(times, float(manifest.duration or 0))]
    empty = sheet._listed(manifest, float(manifest.duration or 0), drawn=False)
    with told(f"{len(places)} pictures and what they show, in the cage"):
        await sheet._with_pictures(store, manifest, empty, lambda: True)
    with told("the sound, in the cage"):
        await sheet._with_sound(store, manifest, 1, empty, lambda: True)
    with told("all of the sheet"):
        made = await sheet.make(store, manifest)
    with told(f"{len(places)} pictures sought in the file by FFmpeg's library, in this process"):
        assert sought(long, places) == len(places)
    with told(f"all {len(times)} keyframes by FFmpeg's library, reading through the file"):
        assert scanned(long) == len(times)
    strip = await sheet.load_strip(store, manifest.rendition)
    size = len(await store.get(f"{manifest.rendition}/sheet.json"))
    print(f"\nstrip {len(strip) / 1000:.0f} kB, sheet {size / 1000:.0f} kB, {len(made.silent)} silent stretches")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="folder for the recording, to be used again")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(asked.keep or Path(folder), asked.minutes))


if __name__ == "__main__":
    main()
