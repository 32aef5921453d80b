"""Counting by decoding: for real and made recordings the manifest's frames are the decoder's, and a difference is found."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

import av
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare import tally as module
from courtcast.prepare.tally import Tally, compare, count
from courtcast.problems import Refused
from tests.prepare.media import Recipe, make, with_edits
from tests.prepare.prepared import prepared
from tests.prepare.sources import Local


async def tally(path: Path) -> tuple[Tally, int]:
    """Of the file, and how many frames its manifest lists."""
    manifest = prepared(path).manifest
    return await count(Local(path), manifest), manifest.frames


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("VID_20191220_170832.mp4", 41),
        ("android_fragmented.mp4", 932),
        ("bear-vp9-odd-dimensions.webm", 30),
        ("chapters_444.mkv", 150),
        ("roadtrip-vp92-10bit.webm", 72),
    ],
)
async def test_real_recordings(shared_media: Path, name: str, frames: int) -> None:
    assert await tally(shared_media / "video" / name) == (Tally(frames=frames), frames)


@pytest.mark.parametrize(
    "recipe",
    [Recipe(), Recipe(video_start=Fraction(3, 2)), Recipe(frames=5, gop=1, b_frames=0, audio=None)],
    ids=["b-frames", "picture late", "few"],
)
async def test_made_recordings(tmp_path: Path, recipe: Recipe) -> None:
    assert await tally(make(tmp_path / "made.mp4", recipe)) == (Tally(frames=recipe.frames), recipe.frames)


async def test_what_the_edit_list_leaves_out_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(with_edits(make(tmp_path / "whole.mp4", Recipe()).read_bytes(), 0, [(1200, 51_000)]))
    assert await tally(path) == (Tally(frames=36), 36)


def spoiled(path: Path, number: int) -> Path:
    """A recording of which one packet keeps its first bytes, which are all that is looked at, and nothing else."""
    with av.open(str(path)) as container:
        packet = [bytes(packet) for packet in container.demux(video=0) if packet.size][number]
    data = path.read_bytes()
    at = data.index(packet)
    path.write_bytes(data[: at + 3] + b"\xff" * (len(packet) - 3) + data[at + len(packet) :])
    return path


async def test_a_picture_that_does_not_decode_is_missed(tmp_path: Path) -> None:
    path = make(tmp_path / "spoiled.webm", Recipe(codec="libvpx-vp9", audio=None, frames=60))
    found, listed = await tally(spoiled(path, 40))
    assert listed == 60
    assert found.frames is not None
    assert found.frames < 60
    assert found.first == 40
    note = found.note(listed)
    assert note is not None
    assert note.type == "frames-differ"
    assert f"lists 60 pictures, but decoding it gives {found.frames}" in note.detail
    assert "from frame 40 on" in note.detail


async def test_a_child_that_is_lost_leaves_it_unconfirmed(tmp_path: Path) -> None:
    path = make(tmp_path / "made.mp4", Recipe(frames=120))
    source = Local(path, there=70_000)
    counting = asyncio.create_task(count(source, prepared(path).manifest))
    await source.asked.wait()
    (child,) = [c for c in psutil.Process().children() if "courtcast.prepare.child" in " ".join(c.cmdline())]
    child.kill()
    await source.arrive(1 << 30)
    found = await counting
    assert found == Tally(frames=None)
    note = found.note(120)
    assert note is not None
    assert note.type == "frames-unconfirmed"


async def test_it_runs_at_idle_priority_and_ends_when_it_is_given_up(tmp_path: Path) -> None:
    path = make(tmp_path / "made.mp4", Recipe(frames=120))
    source = Local(path, there=70_000)
    counting = asyncio.create_task(count(source, prepared(path).manifest))
    await source.asked.wait()
    (child,) = [c for c in psutil.Process().children() if "courtcast.prepare.child" in " ".join(c.cmdline())]
    assert child.nice() == 19
    counting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await counting
    assert not child.is_running()


async def test_it_waits_while_something_is_on_the_screens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.05)
    path = make(tmp_path / "made.mp4", Recipe(frames=120))
    source, quiet = Local(path), asyncio.Event()
    counting = asyncio.create_task(count(source, prepared(path).manifest, quiet.is_set))
    await asyncio.sleep(1.5)
    assert source.reads == []
    assert not counting.done()
    quiet.set()
    assert await counting == Tally(frames=120)


async def test_what_the_source_says_is_passed_on(tmp_path: Path) -> None:
    path = make(tmp_path / "made.mp4", Recipe(frames=120))
    source = Local(path)
    source.fails_at = 1000
    with pytest.raises(Refused) as refused:
        await count(source, prepared(path).manifest)
    assert refused.value.type == "link-cut-short"


TIMES = st.lists(st.integers(0, 10_000), min_size=1, max_size=40).map(sorted)


@given(TIMES, st.data())
def test_the_same_pictures_in_any_order_are_the_same(listed: list[int], data: st.DataObject) -> None:
    assert compare(data.draw(st.permutations(listed)), listed) == Tally(frames=len(listed))


@given(TIMES, st.data())
def test_one_that_is_missing_or_moved_is_found_where_it_is(listed: list[int], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(listed) - 1))
    shown = list(listed)
    gone = shown.pop(number)
    found = compare(shown, listed)
    assert found.frames == len(listed) - 1
    assert found.first is not None
    assert found.first >= number
    moved = compare([*shown, gone + 20_000], listed)
    assert moved.frames == len(listed)
    assert moved.first is not None


def test_no_picture_at_all() -> None:
    assert compare([], [5, 9]) == Tally(frames=0, first=0)
    assert Tally(frames=3).note(3) is None
