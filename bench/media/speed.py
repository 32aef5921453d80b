"""`make bench-media`: converting and re-wrapping, side by side with the `ffmpeg` program, in one run.

`python -m bench.media.speed [--write] [PART…]`; parts: convert, first, rewrap. Both get the same file, codec, filters
and number of threads, in turn; medians of `RUNS` runs. Ours is the whole job: child, pipe, hashes, store.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import av

from bench.figures import Figures, write_between
from bench.media import clips
from bench.media.run import run
from courtcast.prepare import encode, recording
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.store import FolderStore

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- figures: make bench-media -->", "<!-- end of figures: make bench-media -->"
RUNS = 3
SPEED = 0.9
"""Times ffmpeg's speed for a conversion, at least."""
FIRST = 3.0
"""Seconds until the first converted fragment, at most."""
COPY = 0.4
"""Times the speed of `ffmpeg -c copy` to a file for re-wrapping, at least."""
RATE = 200.0
"""MB/s of re-wrapping, at least."""
BIG = 500_000_000
"""Bytes of the file that is re-wrapped, at least."""

Timed = Callable[[], Awaitable[float]]


def version(ffmpeg: str) -> str:
    """Of the program, in short."""
    said = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True).stdout
    return "ffmpeg " + said.split()[2]


async def _program(*arguments: str) -> float:
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(*arguments, stdin=subprocess.DEVNULL)
    if await child.wait():
        raise RuntimeError(" ".join(arguments))
    return time.perf_counter() - began


async def _ours(path: Path, folder: Path, cage: Cage) -> float:
    """Seconds until all of it is in the store."""
    store = FolderStore(folder / "store")
    try:
        outcome = await run(path, store, cage)
        if outcome.ready is None:
            raise RuntimeError(f"{path.name}: {outcome.problem}")
        return outcome.ready
    finally:
        shutil.rmtree(folder / "store", ignore_errors=True)


async def in_turn(one: Timed, other: Timed) -> tuple[list[float], list[float]]:
    """So that a slower minute of the machine is both's."""
    ones, others = [], []
    for _ in range(RUNS):
        ones.append(await one())
        others.append(await other())
    return ones, others


def _spread(values: Sequence[float], digits: int = 2) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def conversion(ffmpeg: str, source: Path, out: Path) -> list[str]:
    """The program's arguments for what `picture_lane` does: the same encoder, settings, keyframes and threads."""
    kind, threads = encode.H264, str(recording.THREADS)
    options = [word for name, value in kind.options.items() for word in (f"-{name}", value)]
    return [
        *(ffmpeg, "-nostdin", "-v", "error", "-y", "-threads", threads, "-i", str(source), "-map", "0:v:0"),
        *("-vsync", "passthrough", "-c:v", kind.encoder, "-crf", kind.quality, *options),
        *("-force_key_frames", "expr:gte(t,n_forced)", "-pix_fmt", "yuv420p", "-threads", threads),
        *("-f", "mp4", str(out)),
    ]  # fmt: skip


async def convert(folder: Path, cage: Cage, ffmpeg: str | None, figures: Figures) -> None:
    for name, ending, clip in (("XviD", "avi", clips.XVID), ("WMV", "wmv", clips.WMV)):
        source = clips.make(folder / f"clip.{ending}", clip)
        what = f"{name}, 1080p, {clip.seconds * clip.times} s: converted"
        if ffmpeg is None:
            figures.add(what, f"{await _ours(source, folder, cage):.2f} s", "no ffmpeg here to compare with")
            continue
        command = conversion(ffmpeg, source, folder / "out.mp4")
        ours, theirs = await in_turn(lambda s=source: _ours(s, folder, cage), lambda c=command: _program(*c))  # type: ignore[misc]
        ratio = statistics.median(theirs) / statistics.median(ours)
        figures.add(
            what,
            f"{_spread(ours)} s, ffmpeg {_spread(theirs)} s: {ratio:.2f} × its speed",
            f"≥ {SPEED} × its speed",
            ratio >= SPEED,
        )


async def first(folder: Path, cage: Cage, ffmpeg: str | None, figures: Figures) -> None:
    for name, ending, clip in (("XviD", "avi", clips.XVID), ("WMV", "wmv", clips.WMV)):
        source = clips.make(folder / f"minute.{ending}", clip._replace(times=60 // clip.seconds))
        waits = []
        for _ in range(RUNS):
            store = FolderStore(folder / "store")
            outcome = await run(source, store, cage, only_first=True)
            shutil.rmtree(folder / "store", ignore_errors=True)
            assert outcome.first is not None
            waits.append(outcome.first)
        figures.add(
            f"{name}, 1080p, a minute: first converted fragment in the store",
            f"{_spread(waits)} s",
            f"≤ {FIRST:g} s",
            max(waits) <= FIRST,
        )


async def rewrap(folder: Path, cage: Cage, ffmpeg: str | None, figures: Figures) -> None:
    source = clips.make(folder / "intra.mp4", clips.INTRA)
    size = source.stat().st_size
    assert size >= BIG, size
    what = f"H.264, keyframes only, {size / 1e6:.0f} MB: re-wrapped, hashed, in the store"

    async def copied() -> float:
        out = folder / "out.mp4"
        assert ffmpeg is not None
        took = await _program(ffmpeg, "-nostdin", "-v", "error", "-y", "-i", str(source), "-c", "copy", str(out))
        out.unlink()
        return took

    if ffmpeg is None:
        ours = [await _ours(source, folder, cage) for _ in range(RUNS)]
        theirs = []
    else:
        ours, theirs = await in_turn(lambda: _ours(source, folder, cage), copied)
    rate = size / 1e6 / statistics.median(ours)
    figures.add(what, f"{rate:.0f} MB/s, {_spread(ours)} s", f"≥ {RATE:.0f} MB/s", rate >= RATE)
    if theirs:
        ratio = statistics.median(theirs) / statistics.median(ours)
        figures.add(
            "the same, `ffmpeg -c copy` to a file",
            f"{_spread(theirs)} s: ours has {ratio:.2f} × its speed",
            f"≥ {COPY} × its speed",
            ratio >= COPY,
        )


PARTS = {"convert": convert, "first": first, "rewrap": rewrap}


async def measure(names: Sequence[str], figures: Figures, ffmpeg: str | None) -> None:
    """The parts named; all where none is."""
    with tempfile.TemporaryDirectory(prefix="courtcast-speed-", ignore_cleanup_errors=True) as name:
        async with Cage() as cage:
            for part, measured in PARTS.items():
                if not names or part in names:
                    print(f"{part}:", flush=True)
                    await measured(Path(name), cage, ffmpeg, figures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS])
    parser.add_argument("--write", action="store_true", help="the figures into docs/performance.md")
    arguments = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    ours = "ours with FFmpeg's libavcodec {}.{}.{} in PyAV {}".format(
        *av.library_versions["libavcodec"], av.__version__
    )
    versions = f"{version(ffmpeg) if ffmpeg else 'no ffmpeg program'}; {ours}; {recording.THREADS} thread each"
    print(versions, flush=True)
    if ffmpeg is None:
        print("There is no ffmpeg program here: nothing is compared with it.", file=sys.stderr)
    figures = Figures()
    asyncio.run(measure(arguments.parts, figures, ffmpeg))
    if arguments.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, f"{versions}.\n\n{figures.table()}")
    return 0 if all(row[3] is not False for row in figures.rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
