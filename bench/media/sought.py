"""A recording of ten minutes that is being converted, and somebody who seeks in it: `python -m bench.media.sought`.

A file can be named, and is made where it is not there: .asf has Windows Media with MP2, .mkv MPEG-4 part 2 with AC-3,
.avi with MP3, .mov with PCM.

Says for several places how long it takes from the wish until the fragment there is in the store, and until three
seconds with their sound are; and how long it takes another process until what was made is there again.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from courtcast.core.manifest import Manifest
from tests.prepare.media import draw
from tests.prepare.watch import Watch, watching
from tests.stand_ins.evidence_server import serving

SIZE = (1280, 720)
RATE = 25
MINUTES = 10
PLACES = (400.0, 250.0, 500.0, 100.0, 475.0)
"""Seconds."""
SOUND = 44_100
KINDS = {
    ".asf": ("wmv2", "mp2"),
    ".mkv": ("mpeg4", "ac3"),
    ".avi": ("mpeg4", "libmp3lame"),
    ".mov": ("mpeg4", "pcm_s16le"),
}


def make(path: Path) -> Path:
    """With a keyframe every four seconds, and sound that says nothing."""
    codec, sounding = KINDS[path.suffix]
    frames = [draw(number, *SIZE, noise=False) for number in range(2 * RATE)]
    with av.open(str(path), "w") as out:
        picture, sound = out.add_stream(codec, rate=RATE), out.add_stream(sounding, rate=SOUND)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        picture.codec_context.gop_size, picture.bit_rate, picture.codec_context.thread_count = 4 * RATE, 2_000_000, 2
        sound.layout = "stereo"
        heard = 0
        for number in range(MINUTES * 60 * RATE):
            frame = frames[number % len(frames)]
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(picture.encode(frame))
            while heard * RATE < number * SOUND:
                size = sound.codec_context.frame_size or 1152
                silence = av.AudioFrame(format=sound.format.name, layout="stereo", samples=size)
                silence.sample_rate = SOUND
                for plane in silence.planes:
                    plane.update(bytes(plane.buffer_size))
                out.mux(sound.encode(silence))
                heard += size
        out.mux(picture.encode(None))
        out.mux(sound.encode(None))
    return path


async def wait(good: Callable[[], bool], seconds: float = 120) -> float:
    """Seconds that it took."""
    began = time.perf_counter()
    async with asyncio.timeout(seconds):
        while not good():  # noqa: ASYNC110 (nobody tells of single fragments)
            await asyncio.sleep(0.005)
    return time.perf_counter() - began


async def seek(watch: Watch, exhibit: str) -> None:
    """Places one after the other."""

    def live() -> Manifest:
        manifest = watch.intake.manifest(exhibit)
        assert manifest is not None
        return manifest

    took = await wait(lambda: (known := watch.intake.manifest(exhibit)) is not None and known.foreseen is not None)
    print(f"known what there will be: after {took:.2f} s more", flush=True)
    for at in PLACES:
        watch.intake.want(exhibit, at)
        fragment = live().fragment_at(0, at)
        first = await wait(lambda fragment=fragment: fragment in live().made(0))  # type: ignore[misc]
        more = await wait(lambda at=at: live().made_until(Fraction(at)) >= at + 3)  # type: ignore[misc]
        there = len(live().made(0)), len(live().rows(0))
        print(
            f"at {at:.0f} s: its picture after {first:.2f} s, three seconds with sound after {first + more:.2f} s "
            f"({there[0]} of {there[1]} fragments were made)",
            flush=True,
        )
        await asyncio.sleep(3)


async def main() -> None:
    """The whole of it; a file that is named is taken, and made where it is not there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "ten.asf"
        data = (path if path.exists() else make(path)).read_bytes()
        print(
            f"{' and '.join(KINDS[path.suffix])} of {MINUTES} minutes, {SIZE[0]} × {SIZE[1]}, {RATE} pictures a "
            f"second, {len(data) / 1e6:.0f} MB"
        )
        async with serving({path.name: data}) as server:
            async with watching(Path(folder) / "data") as watch:
                began = time.perf_counter()
                exhibit = await watch.add(server.url(path.name))
                await watch.until(exhibit.id, lambda now: now.prepared > 0, 60)
                print(f"first fragment: after {time.perf_counter() - began:.2f} s", flush=True)
                await seek(watch, exhibit.id)
            async with watching(Path(folder) / "data") as watch:
                manifest = await again(watch, exhibit.id)
                known = len(manifest.made(0))
                more = await wait(lambda: len(manifest.made(0)) > known)
                print(f"and goes on after {more:.2f} s more")


async def again(watch: Watch, exhibit: str) -> Manifest:
    """Another process: what is there of it."""
    took = await wait(lambda: watch.intake.manifest(exhibit) is not None)
    manifest = watch.intake.manifest(exhibit)
    assert manifest is not None
    print(f"begun again: {len(manifest.made(0))} fragments are there after {took:.2f} s", flush=True)
    return manifest


if __name__ == "__main__":
    asyncio.run(main())
