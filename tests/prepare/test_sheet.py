"""Contact sheets of made and real recordings, through the real caged child."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from courtcast.prepare import cluster_heads
from courtcast.prepare import sheet as module
from courtcast.prepare.sheet import Joined, load, load_strip, make
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.sheet import Sheet
from tests.prepare.media import Recipe, number_of, with_edits
from tests.prepare.media import make as made
from tests.prepare.prepared import prepared, stored


async def sheet_of(path: Path, folder: Path, *, drawn: bool = False) -> tuple[Sheet, FolderStore]:
    clip, store = prepared(path), FolderStore(folder / "store")
    await stored(clip, store)
    return await make(store, clip.manifest, drawn=drawn), store


def cells(strip: bytes, sheet: Sheet) -> list[bytes]:
    """Luma of each small picture."""
    assert sheet.strip is not None
    with av.open(io.BytesIO(strip), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="gray")
    luma, stride = bytes(frame.planes[0]), frame.planes[0].line_size
    wide, high, columns = sheet.strip.width, sheet.strip.height, sheet.strip.columns
    assert frame.width == wide * columns
    assert frame.height == high * -(-len(sheet.strip.times) // columns)
    found = []
    for n in range(len(sheet.strip.times)):
        row, column = divmod(n, columns)
        lines = [(row * high + y) * stride + column * wide for y in range(high)]
        found.append(b"".join(luma[at : at + wide] for at in lines))
    return found


async def test_each_small_picture_is_the_keyframe_of_its_time(tmp_path: Path) -> None:
    path = made(tmp_path / "made.mp4", Recipe(frames=330, gop=15))
    sheet, store = await sheet_of(path, tmp_path)
    assert sheet.strip is not None
    assert (sheet.strip.width, sheet.strip.height) == (160, 120)
    assert sheet.strip.times == [n / 2 for n in range(22)]
    assert sheet.keyframes == sheet.strip.times
    strip = await load_strip(store, "00000000000000a1")
    numbers = [number_of(luma, 160, 120, 160) for luma in cells(strip, sheet)]
    assert numbers == [n * 15 for n in range(22)]
    assert await load(store, "00000000000000a1") == sheet, "it is kept"


@pytest.mark.parametrize("hidden", [False, True])
async def test_vp8_lies_in_clusters(tmp_path: Path, hidden: bool) -> None:
    options = {"auto-alt-ref": "1", "lag-in-frames": "16"} if hidden else {}
    recipe = Recipe(
        codec="libvpx", frames=90, gop=15, b_frames=0, audio="libopus", timescale=1000, video_options=options
    )
    sheet, store = await sheet_of(made(tmp_path / "made.webm", recipe), tmp_path)
    assert sheet.strip is not None
    assert sheet.strip.times == pytest.approx(sheet.keyframes, abs=0.001)
    numbers = [number_of(luma, 160, 120, 160) for luma in cells(await load_strip(store, "00000000000000a1"), sheet)]
    assert numbers == [round(at * 30) for at in sheet.strip.times]
    assert len(numbers) >= 3
    assert sheet.wave is not None


def test_what_is_no_cluster() -> None:
    for data in (b"", b"\0\0\0\x18moof", b"\x1f\x43\xb6\x75", b"\x1f\x43\xb6\x75\x84\xa0\x88ab"):
        with pytest.raises(ValueError, match=r"not a|cut off|without"):
            cluster_heads.head(data)


async def test_nothing_of_what_the_edit_list_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(with_edits(made(tmp_path / "whole.mp4", Recipe()).read_bytes(), 0, [(1200, 51_000)]))
    sheet, store = await sheet_of(path, tmp_path)
    assert sheet.strip is not None
    assert sheet.strip.times == [0.5]
    (only,) = cells(await load_strip(store, "00000000000000a1"), sheet)
    assert number_of(only, 160, 120, 160) == 30


async def test_loudness_lies_where_it_is_heard(tmp_path: Path) -> None:
    """A beep in the first tenth of each second."""
    hole = (Fraction(7, 2), Fraction(13, 2))
    path = made(tmp_path / "made.mp4", Recipe(frames=300, audio_hole=hole, rate=48_000))
    sheet, _ = await sheet_of(path, tmp_path)
    assert sheet.wave is not None
    assert sheet.wave.whole
    count = len(sheet.wave.peaks)
    loud = {n * 10 // count for n, peak in enumerate(sheet.wave.peaks) if peak > 60}
    assert loud == {0, 1, 2, 3, 7, 8, 9}
    for second in loud:
        begins = next(n for n, peak in enumerate(sheet.wave.peaks) if peak > 60 and n * 10 // count == second)
        assert begins * 10 / count == pytest.approx(second, abs=0.05)
    assert len(sheet.unrecorded) == 1
    assert sheet.unrecorded[0] == (pytest.approx(3.5, abs=0.1), pytest.approx(6.5, abs=0.1))
    assert sheet.silent == [(pytest.approx(3.1, abs=0.1), pytest.approx(7, abs=0.1))]


async def test_frames_that_are_missing(tmp_path: Path) -> None:
    pts = [n * 3000 + (0 if n < 40 else 180_000) for n in range(80)]
    path = made(tmp_path / "made.mp4", Recipe(frames=80, pts=pts, audio=None, b_frames=0))
    sheet, _ = await sheet_of(path, tmp_path)
    assert sheet.gaps == [(pytest.approx(39 / 30, abs=0.01), pytest.approx(40 / 30 + 2, abs=0.01))]
    assert sheet.wave is None


@pytest.mark.parametrize(
    ("name", "size", "pictures"),
    [
        ("video/portrait_4k60.mp4", (90, 160), range(1, 20)),
        ("video/pixel7_rot180.mp4", (160, 90), range(1, 20)),
        ("video/bear-vp9-odd-dimensions.webm", (160, 120), range(1, 3)),
        ("video/test_video_sync_av1.mp4", (160, 90), range(1, 40)),
        ("video/interlaced_sar_ac3.mp4", (160, 116), range(1, 20)),
        ("audio/two_alternate_tracks.mp4", None, range(0)),
    ],
)
async def test_real_recordings(
    shared_media: Path, tmp_path: Path, name: str, size: tuple[int, int] | None, pictures: range
) -> None:
    sheet, store = await sheet_of(shared_media / name, tmp_path, drawn=size is None)
    if size is None:
        assert sheet.strip is None
        assert sheet.wave is not None
        return
    assert sheet.strip is not None
    assert (sheet.strip.width, sheet.strip.height) == size
    assert len(sheet.strip.times) in pictures
    assert all(0 <= at <= sheet.duration for at in sheet.strip.times)
    assert len(cells(await load_strip(store, "00000000000000a1"), sheet)) == len(sheet.strip.times)


async def test_it_waits_while_something_is_on_the_screens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    clip, store = prepared(made(tmp_path / "made.mp4", Recipe(audio=None))), FolderStore(tmp_path / "store")
    await stored(clip, store)
    looks = iter([False] * 5)
    assert (await make(store, clip.manifest, quiet=lambda: next(looks, True))).strip is not None
    assert next(looks, None) is None


async def test_a_fragment_that_is_damaged_leaves_its_picture_out(tmp_path: Path) -> None:
    clip, store = prepared(made(tmp_path / "made.mp4", Recipe(frames=90, audio=None))), FolderStore(tmp_path / "store")
    track = clip.manifest.tracks[0]
    second = next(row for row in clip.manifest.rows(0) if row.keyframe and row.index)
    data = clip.fragments[0][second.index]
    at = data.index(b"mdat") + 4 + 30
    clip.fragments[0][second.index] = data[:at] + b"\xff" * (len(data) - at)
    await stored(clip, store)
    sheet = await make(store, clip.manifest)
    assert track.kind == "video"
    assert sheet.strip is not None
    assert 2 <= len(sheet.strip.times) <= 3


async def test_one_of_another_version_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    assert await load(store, "0a") is None
    await store.put("0a/sheet.json", b"{}")
    assert await load(store, "0a") is None
    await store.put("0a/sheet.json", b'{"version": 0, "sheet": {"duration": 1}}')
    assert await load(store, "0a") is None


async def test_joined_pieces_are_read_forwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BACK", 4)

    async def pieces():  # type: ignore[no-untyped-def]
        for n in range(10):
            yield bytes([n]) * 3

    source = Joined(pieces())
    assert await source.read(0, 4) == b"\0\0\0\1"
    assert await source.read(2, 3) == b"\0\1\1"
    assert await source.read(20, 20) == bytes([6, *[7] * 3, *[8] * 3, *[9] * 3])
    assert await source.read(30, 5) == b""
    with pytest.raises(Refused):
        await source.read(0, 1)
