"""Recordings whose own clock jumps, or says nothing: each picture once, time goes on, and it is said."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from courtcast.prepare.steady import Steady
from courtcast.prepare.tally import count
from courtcast.wire.api import Exhibit
from tests.prepare.media import Recipe, make, number_of
from tests.prepare.watch import Watch, watching
from tests.stand_ins.evidence_server import serving

CLIP = Recipe(frames=60, width=160, height=120)


def part(folder: Path, name: str, start: int, **more: object) -> bytes:
    """Two seconds that begin so late on the recording's own clock."""
    made = replace(CLIP, video_start=Fraction(start), audio_start=Fraction(start), **more)  # type: ignore[arg-type]
    return make(folder / name, made).read_bytes()


async def looked_at(folder: Path, name: str, data: bytes, look: Callable[[Exhibit], None]) -> None:
    """Prepares it, compares times with what decoding gives, and looks at some pictures of it."""
    async with serving({name: data}) as server, watching(folder) as watch:
        ready = await watch.over((await watch.add(server.url(name))).id)
        assert ready.state == "ready", ready.problem
        manifest = watch.intake.manifest(ready.id)
        assert manifest is not None
        times = [manifest.timeline.time_of(n) for n in range(manifest.frames)]
        assert all(one < other for one, other in pairwise(times))
        spool = watch.intake._ways[ready.id].spool
        assert spool is not None
        counted = await count(spool, manifest, name=name)
        assert (counted.frames, counted.first) == (ready.frames, None)
        look(ready)
        await numbers(watch, ready)


async def numbers(watch: Watch, ready: Exhibit) -> None:
    """The pictures are the right ones, also behind a jump."""
    assert ready.frames is not None
    for frame in (0, 59, 60 % ready.frames, ready.frames - 1):
        png = await watch.intake.still(ready.id, frame=frame)
        with av.open(io.BytesIO(png)) as source:
            grey = next(source.decode(video=0)).reformat(format="gray")
        plane = grey.planes[0]
        assert number_of(bytes(plane), grey.width, grey.height, plane.line_size) == frame % 60


@dataclass
class Unit:
    """What a packet has of time."""

    stream_index: int
    pts: int | None
    dts: int | None
    duration: int = 0


VIDEO = SimpleNamespace(index=0, type="video", time_base=Fraction(1, 1000), average_rate=Fraction(25))
SOUND = SimpleNamespace(index=1, type="audio", time_base=Fraction(1, 1000), average_rate=None)


def through(*units: Unit) -> tuple[Steady, list[Unit]]:
    steady = Steady([VIDEO, SOUND])
    return steady, list(steady.through(units))  # type: ignore[arg-type]


def both(start: int, seconds: int = 2) -> list[Unit]:
    """Sound comes a little ahead of its picture, as in files."""
    pictures = [Unit(0, start + n * 40, start + n * 40, 40) for n in range(25 * seconds)]
    sounds = [Unit(1, start + n * 20, start + n * 20, 20) for n in range(50 * seconds)]
    return sorted(pictures + sounds, key=lambda unit: (unit.dts or 0) - (300 if unit.stream_index else 0))


@pytest.mark.parametrize("starts", [(0, 9_000_000), (9_000_000, 0), (5000, 5000, 5000), (0, 9_000_000, 100)])
def test_sound_and_picture_stay_together_over_a_jump(starts: tuple[int, ...]) -> None:
    steady, units = through(*(unit for start in starts for unit in both(start)))
    assert len(steady.joined) == len(starts) - 1
    for track in (0, 1):
        times = [unit.dts or 0 for unit in units if unit.stream_index == track]
        assert len(times) == (50 if track == 0 else 100) * len(starts)
        steps = [other - one for one, other in pairwise(times)]
        assert all(0 < step < 100 for step in steps)
    firsts = [[u.dts for u in units if u.stream_index == track][:: (100 if track else 50)] for track in (0, 1)]
    assert firsts[0] == firsts[1]


@pytest.mark.parametrize("late", [-400, -20, 20, 400])
def test_sound_and_picture_that_begin_apart_behind_a_jump_stay_together(late: int) -> None:
    """`late`: milliseconds of the sound behind the picture, after the jump."""
    behind = [Unit(u.stream_index, (u.pts or 0) + late * u.stream_index, (u.dts or 0) + late * u.stream_index, u.duration) for u in both(100)]  # fmt: skip
    steady, units = through(*both(9_000_000), *behind)
    assert len(steady.joined) == 1
    pictures, sounds = ([u.dts or 0 for u in units if u.stream_index == track] for track in (0, 1))
    assert sounds[100] - pictures[50] == late
    assert pictures[50] - pictures[49] >= 40
    assert sounds[100] - sounds[99] >= 20
    assert min(pictures[50] - pictures[49] - 40, sounds[100] - sounds[99] - 20) == 0


def test_pictures_shown_before_the_first_that_is_decoded_lie_behind_the_jump() -> None:
    """As in streams that were cut anywhere: B pictures follow the keyframe that they are shown before."""
    first = [Unit(0, n * 40, n * 40, 40) for n in range(50)]
    order = [3, 1, 2, 6, 4, 5]
    second = [Unit(0, 7000 + shown * 40, 6000 + n * 40 + 900, 40) for n, shown in enumerate(order)]
    _, units = through(
        *(Unit(u.stream_index, (u.pts or 0) + 90_000, (u.dts or 0) + 90_000, 40) for u in first), *second
    )
    times = sorted(unit.pts or 0 for unit in units)
    assert [other - one for one, other in pairwise(times)] == [40] * 55
    assert times[50:] == sorted(unit.pts or 0 for unit in units[50:])


def test_a_clock_that_stands_still_for_a_while_and_catches_up() -> None:
    times = [*range(0, 2000, 40), *([2000] * 10), *range(2400, 4000, 40)]
    steady, units = through(*(Unit(0, time, time, 40) for time in times))
    assert [unit.dts for unit in units[60:]] == times[60:]
    assert steady.joined == []
    assert steady.undated == 9


def test_one_wrong_time_moves_nothing_behind_it() -> None:
    good = [Unit(0, n * 40, n * 40, 40) for n in range(100)]
    good[50] = Unit(0, 80_000_000, 80_000_000, 40)
    _, units = through(*good)
    assert [unit.dts for unit in units[51:]] == [n * 40 for n in range(51, 100)]
    assert units[50].dts is not None
    assert 49 * 40 < units[50].dts < 51 * 40 + 1


def test_sound_that_is_away_for_an_hour_is_no_jump() -> None:
    pictures = [Unit(0, n * 1000, n * 1000, 1000) for n in range(4000)]
    steady, units = through(Unit(1, 0, 0, 20), *pictures, Unit(1, 3_999_000, 3_999_000, 20))
    assert (steady.joined, steady.gaps) == ([], [])
    assert units[-1].dts == 3_999_000


def types(exhibit: Exhibit) -> list[str]:
    return [note.type for note in exhibit.notes if note.type != "silence-added"]


@pytest.mark.parametrize("first", [0, 20_000])
async def test_a_clock_that_begins_anew_is_joined(tmp_path: Path, first: int) -> None:
    data = part(tmp_path, "a.ts", first) + part(tmp_path, "b.ts", 5 if first else 20_000)

    def look(ready: Exhibit) -> None:
        assert ready.frames == 120
        assert ready.duration is not None
        assert 3.9 < ready.duration < 4.6
        assert types(ready) == ["clock-jumps"]
        assert "5:33:2" in ready.notes[0].detail
        assert "26:3" not in ready.notes[0].detail
        assert "at 0:02." in ready.notes[0].detail

    await looked_at(tmp_path / "data", "a.ts", data, look)


async def test_a_gap_is_kept(tmp_path: Path) -> None:
    data = part(tmp_path, "a.ts", 0) + part(tmp_path, "b.ts", 40)

    def look(ready: Exhibit) -> None:
        assert ready.frames == 120
        assert ready.duration is not None
        assert 41.5 < ready.duration < 42.5
        assert types(ready) == ["clock-gap"]
        assert "for 38 s from 0:0" in ready.notes[0].detail

    await looked_at(tmp_path / "data", "a.ts", data, look)


async def test_a_counter_that_runs_over(tmp_path: Path) -> None:
    data = part(tmp_path, "a.ts", (1 << 33) // 90_000 - 1)

    def look(ready: Exhibit) -> None:
        assert ready.frames == 60
        assert ready.duration is not None
        assert 1.9 < ready.duration < 2.3
        assert types(ready) == []

    await looked_at(tmp_path / "data", "a.ts", data, look)


async def test_matroska_that_goes_back(tmp_path: Path) -> None:
    data = bytearray(part(tmp_path, "a.mkv", 0, gop=15, container={"cluster_time_limit": "500"}))
    clusters = []
    at = 0
    while (at := data.find(b"\x1f\x43\xb6\x75", at + 1)) > 0:
        clusters.append(data.index(b"\xe7", at, at + 24))
    assert len(clusters) >= 4
    for place in clusters[-2:]:
        size = data[place + 1] & 0x7F
        time = int.from_bytes(data[place + 2 : place + 2 + size], "big")
        data[place + 2 : place + 2 + size] = (time - 900).to_bytes(size, "big")

    def look(ready: Exhibit) -> None:
        assert ready.frames == 60
        assert types(ready) == ["clock-jumps"]

    await looked_at(tmp_path / "data", "a.mkv", bytes(data), look)


async def test_pictures_without_a_time(tmp_path: Path) -> None:
    """Of an FLV every time is taken away."""
    data = bytearray(part(tmp_path, "a.flv", 0, audio=None, b_frames=0))
    at = 13
    while at + 15 < len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        data[at + 4 : at + 8] = struct.pack(">I", 0)
        at += 11 + size + 4

    def look(ready: Exhibit) -> None:
        assert ready.frames == 60
        assert ready.duration is not None
        assert 1.7 < ready.duration < 2.3
        assert types(ready) == ["clock-missing"]

    await looked_at(tmp_path / "data", "a.flv", bytes(data), look)
