"""Files that ask for too much, through the real caged child: each shows, or says why not in one sentence; within limits,
and nothing else is lost by it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from pathlib import Path

import pytest
import pytest_asyncio

from bench.media.run import Outcome, run
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import prepare, still
from courtcast.prepare.store import FolderStore
from courtcast.prepare.viewer import Original
from courtcast.wire.media import ManifestRows
from tests.prepare import absurd
from tests.prepare.leaf_files import page, pdf
from tests.prepare.sources import Local


@pytest_asyncio.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage(warm=False) as kept:
        yield kept


async def outcome(cage: Cage, path: Path) -> Outcome:
    """And afterwards the same presenter reads another file."""
    found = await run(path, FolderStore(path.parent / "store"), cage)
    assert not found.fault
    small = path.with_name("small.gif")
    small.write_bytes(absurd.gif(16, 16, 2))
    assert (await run(small, FolderStore(path.parent / "other"), cage)).manifest is not None
    return found


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "PNG, all of it": lambda: absurd.png(65_000, 65_000),
    "PNG that moves": lambda: absurd.png(65_000, 65_000, moves=True),
    "TIFF": lambda: absurd.tiff(65_000, 65_000),
    "GIF that moves": lambda: absurd.gif(65_535, 65_535, 3),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
async def test_too_many_pixels(cage: Cage, tmp_path: Path, kind: str) -> None:
    found = await outcome(cage, written(tmp_path / "large", TOO_LARGE[kind]()))
    assert found.problem is not None
    assert found.problem.type == "picture-too-large"
    assert "65" in found.problem.detail


@pytest.mark.long
async def test_as_many_pixels_as_may_be(cage: Cage, tmp_path: Path) -> None:
    found = await outcome(cage, written(tmp_path / "large.png", absurd.png(24_000, 24_000)))
    assert found.manifest is not None


@pytest.mark.long
async def test_an_animation_of_a_hundred_thousand_pictures(cage: Cage, tmp_path: Path) -> None:
    found = await outcome(cage, written(tmp_path / "long.gif", absurd.gif(64, 64, 100_000)))
    assert found.manifest is not None
    assert (found.manifest.frames, found.manifest.duration) == (100_000, 2000)


@pytest.mark.long
async def test_an_animation_of_8k(cage: Cage, tmp_path: Path) -> None:
    found = await outcome(cage, written(tmp_path / "8k.gif", absurd.gif(7680, 4320, 60, hundredths=5)))
    assert found.manifest is not None
    assert (found.manifest.frames, found.manifest.duration) == (60, 3)


class Peak:
    """Of the memory of the cage's children."""

    def __init__(self, cage: Cage) -> None:
        self._cage = cage
        self.megabytes = 0

    def look(self) -> None:
        for child in self._cage._children:
            status = Path(f"/proc/{child.process.pid}/status")
            if status.exists():
                line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "VmHWM 0")
                self.megabytes = max(self.megabytes, int(line.split()[1]) // 1024)


@pytest.mark.long
async def test_a_thousand_pages(cage: Cage, tmp_path: Path) -> None:
    """The first is there at once, the memory is that of a few, and one of the last is drawn without those before it."""
    path = written(tmp_path / "long.pdf", pdf([page(width=595, height=842)] * 1000))
    source, store, peak, times = Local(path), FolderStore(tmp_path / "store"), Peak(cage), []

    def told(_: ManifestRows) -> None:
        times.append(time.monotonic())
        peak.look()

    began = time.monotonic()
    manifest = await prepare(
        source, exhibit="e", rendition="0a", store=store, on_rows=told, on_probe=lambda _: None, cage=cage
    )
    assert (manifest.frames, manifest.duration) == (1000, 1000)
    assert times[0] - began < 10  # a sanity bound: 0.5 s on an idle machine
    assert peak.megabytes < 400
    turned = time.monotonic()
    assert (await still(Original(source, manifest, converted=True), 899, 640, cage=cage)).startswith(b"\x89PNG")
    assert time.monotonic() - turned < 10
    print(f"first page {times[0] - began:.2f} s, all {times[-1] - began:.1f} s, {peak.megabytes} MB")


@pytest.mark.parametrize("make", [absurd.many_in_mp4, absurd.many_in_mkv])
async def test_more_streams_than_are_read(cage: Cage, tmp_path: Path, make: Callable[[Path, int], Path]) -> None:
    found = await outcome(cage, make(tmp_path / ("many." + make.__name__[-3:]), 3000))
    assert found.problem is not None
    assert found.problem.type == "streams-too-many"


FILMS: dict[str, tuple[Callable[[Path], Path], int | str]] = {
    "a billion pictures a second, MP4": (lambda a: absurd.film(a / "a.mp4", base=Fraction(1, 10**9)), 20),
    "a billion pictures a second, MKV": (lambda a: absurd.film(a / "a.mkv", base=Fraction(1, 10**9)), 20),
    "a million hours": (lambda a: absurd.film(a / "a.mkv", at=lambda n: n * 180_000_000, base=Fraction(1)), "format-"),
    "streams that hold nothing": (lambda a: absurd.film(a / "a.mkv", sounds=3), 20),
    "nothing at all, MKV": (lambda a: absurd.film(a / "a.mkv", pictures=0), "file-"),
    "nothing at all, MP4": (lambda a: absurd.film(a / "a.mp4", pictures=0), "file-"),
    "one picture": (lambda a: absurd.film(a / "a.mp4", pictures=1), 1),
}
"""What to make, and how many pictures come out of it, or how the problem is called."""


@pytest.mark.parametrize("kind", FILMS)
async def test_rates_and_times(cage: Cage, tmp_path: Path, kind: str) -> None:
    make, comes = FILMS[kind]
    found = await outcome(cage, make(tmp_path))
    if isinstance(comes, str):
        assert found.problem is not None
        assert found.problem.type.startswith(comes)
    else:
        assert found.manifest is not None, found.problem
        assert found.manifest.frames == comes
