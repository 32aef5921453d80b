"""`make bench-seen`: random moments of recordings of every plan, and of real ones, as they stand on a page of Chromium.

`python -m bench.media.seen [--pairs N] [--seed N] [--write] [FOLDER]`. Made recordings carry a number in each picture,
which is read off the page's pixels. Of real ones the picture on the page must look more like the frame that belongs to
that moment, as the pinned decoder gives it, than like the one before or behind it; where neighbours are too much alike
to tell, the moment is passed over and counted.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bench.figures import write_between
from bench.media import numbered
from courtcast.prepare.plan import Needed
from courtcast.problems import Refused
from tests.prepare.media import number_of
from tests.prepare.mse import Player, player
from tests.prepare.pixels import HEIGHT, WIDTH, apart, decoded
from tests.prepare.prepared import Prepared, prepared

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT.parent / "shared/media/video"
BEGIN, END = "<!-- figures: make bench-seen -->", "<!-- end of figures: make bench-seen -->"
PAIRS = 300
ALIKE = 1.0
"""Mean difference of luma between neighbours (see `change`), in levels, below which they cannot be told apart."""
FAR = 0.35
"""How far towards a neighbour the picture may lie: 0 is on the right frame, 1 on the neighbour, and from half way on it
would be nearer to that one."""
TRIES = 6
"""Moments looked at for each that is wanted of a real recording, where neighbours are alike."""


class Moment(NamedTuple):
    """One of a recording."""

    frame: int
    right: bool | None
    """None where its neighbours are too much alike."""
    said: str = ""


class Result(NamedTuple):
    """Of one recording."""

    name: str
    plan: str
    moments: list[Moment]

    @property
    def looked(self) -> int:
        return sum(moment.right is not None for moment in self.moments)

    @property
    def right(self) -> int:
        return sum(moment.right is True for moment in self.moments)

    @property
    def passed_over(self) -> int:
        return len(self.moments) - self.looked


def ready(path: Path) -> Prepared:
    """By another plan where that turns out to be needed. Raises Refused."""
    try:
        return prepared(path)
    except Needed as needed:
        return prepared(path, need=needed.need)


def plan_of(made: Prepared) -> str:
    return "; ".join(
        f"{one.part} {one.done}" + (f" → {one.into}" if one.into else "") for one in made.looked.treatments
    )


def frames_at(made: Prepared, times: Sequence[float]) -> list[int]:
    """What belongs to these moments of the recording."""
    found = [made.manifest.timeline.frame_at(time) for time in times]
    return [frame for frame in found if frame is not None]


def times_of(made: Prepared, count: int, rng: random.Random) -> list[float]:
    """Anywhere between the first picture and the end."""
    begin, end = float(made.manifest.timeline.time_of(0)), float(made.manifest.duration or 0)
    return [rng.uniform(begin, end - 1e-3) for _ in range(count)]


def seen(chromium: Player, made: Prepared, frame: int) -> list[list[int]]:
    """Rows of luma on the page once it has sought there, turned as it is displayed."""
    chromium.call("seek", float(made.manifest.timeline.middle_of(frame) + made.manifest.origin))
    luma = chromium.call("luma", WIDTH, HEIGHT)
    return [luma[row * WIDTH : (row + 1) * WIDTH] for row in range(HEIGHT)]


def upright(rows: list[list[int]], degrees: int) -> list[list[int]]:
    """As it was before it was turned clockwise."""
    for _ in range(-degrees // 90 % 4):
        rows = [list(row) for row in zip(*rows[::-1], strict=True)]
    return rows


def _flat(rows: list[list[int]]) -> bytes:
    return bytes(chain.from_iterable(rows))


def look_at_numbered(chromium: Player, one: numbered.Numbered, count: int, rng: random.Random) -> Result:
    """Reads the number in the picture at `count` random moments."""
    made = ready(one.path)
    chromium.load(made, sound=False)
    turned = made.looked.video.rotation if made.looked.video is not None else 0
    moments = []
    for frame in frames_at(made, times_of(made, count, rng)):
        rows = upright(seen(chromium, made, frame), turned)
        found = number_of(_flat(rows), len(rows[0]), len(rows), len(rows[0]))
        moments.append(Moment(frame, found == frame + one.first, f"picture {found} for {frame + one.first}"))
    return Result(one.name, plan_of(made), moments)


def look_at_real(chromium: Player, path: Path, count: int, rng: random.Random) -> Result:
    """Compares with the source's own pictures. Raises Refused."""
    made = ready(path)
    moments: list[Moment] = []
    last = made.manifest.frames - 1
    wanted = frames_at(made, times_of(made, TRIES * count, rng))
    source = decoded(path, {near for n in wanted for near in (n - 1, n, n + 1) if 0 <= near <= last})
    loaded = False
    for n in wanted:
        if sum(moment.right is not None for moment in moments) == count:
            break
        others = [near for near in (n - 1, n + 1) if near in source]
        if not others or min(differ(source[n], source[other]) for other in others) < ALIKE:
            moments.append(Moment(n, None))
            continue
        if not loaded:
            chromium.load(made, sound=False)
            loaded = True
        moments.append(_compared(_flat(seen(chromium, made, n)), n, others, source))
    return Result(path.name, plan_of(made), moments)


def _compared(picture: bytes, n: int, others: Sequence[int], source: dict[int, bytes]) -> Moment:
    for other in others:
        if (way := towards(picture, source[n], source[other])) > FAR:
            return Moment(n, False, f"frame {n}: {way:.2f} of the way to {other}, {apart(picture, source[n]):.2f} off")
    return Moment(n, True)


def towards(picture: bytes, one: bytes, other: bytes) -> float:
    """Where a picture lies on the way from one to the other. What two programs that scale and convert do to all three
    goes in other directions, and does not count."""
    way, gone = change(one, other), change(one, picture)
    return sum(w * g for w, g in zip(way, gone, strict=True)) / sum(w * w for w in way)


def change(one: bytes, other: bytes) -> list[float]:
    """What is different, but for brightness and contrast all over: two programs convert these by other tables, and a
    fade is made of them."""
    plain = _centred([float(value) for value in one])
    found = _centred([b - a for a, b in zip(one, other, strict=True)])
    power = sum(p * p for p in plain)
    gain = sum(p * f for p, f in zip(plain, found, strict=True)) / power if power else 0.0
    return [f - gain * p for p, f in zip(plain, found, strict=True)]


def differ(one: bytes, other: bytes) -> float:
    """By how much, in levels."""
    found = change(one, other)
    return sum(abs(value) for value in found) / len(found)


def _centred(values: list[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def look(chromium: Player, folder: Path, media: Path | None, pairs: int, rng: random.Random) -> Iterator[Result]:
    """At so many moments of all recordings, at least."""
    real = [] if media is None else sorted(path for path in media.iterdir() if path.is_file())
    names = (*numbered.RECIPES, *numbered.CUSTOM)
    each = -(-pairs // (len(names) + len(real)))
    done = 0
    for name in names:
        result = look_at_numbered(chromium, numbered.made(folder, name), each, rng)
        done += result.looked
        yield result
    for number, path in enumerate(real):
        share = max(1, -(-(pairs - done) // (len(real) - number)))
        try:
            result = look_at_real(chromium, path, share, rng)
        except Refused as refused:
            print(f"  {path.name}: {refused.type}", flush=True)
            continue
        done += result.looked
        yield result


def table(results: Sequence[Result], seed: int) -> str:
    looked, right = sum(one.looked for one in results), sum(one.right for one in results)
    passed = sum(one.passed_over for one in results)
    lines = [
        f"{right} of {looked} moments right (seed {seed}); {passed} more passed over: their neighbours look alike.",
        "",
        "| recording | plan | right | passed over |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.plan} | {one.right} of {one.looked} | {one.passed_over or ''} |" for one in results),
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=MEDIA, help="real recordings")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--write", action="store_true", help="the table into docs/performance.md")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    media = arguments.folder if arguments.folder.is_dir() else None
    results = []
    with tempfile.TemporaryDirectory(prefix="courtcast-seen-") as folder, player() as chromium:
        for result in look(chromium, Path(folder), media, arguments.pairs, random.Random(arguments.seed)):
            print(f"  {result.name}: {result.right} of {result.looked}, {result.passed_over} passed over", flush=True)
            for moment in result.moments:
                if moment.right is False:
                    print(f"    WRONG {moment.said}", flush=True)
            results.append(result)
    text = table(results, arguments.seed)
    print(text.split("\n", 1)[0])
    if arguments.write:
        write_between(ROOT / "docs/performance.md", BEGIN, END, text)
    enough = sum(one.looked for one in results) >= arguments.pairs
    return 0 if enough and all(one.right == one.looked for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
