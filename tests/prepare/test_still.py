"""Stills: exactly the counted frame, as a display would show it, also while the file still arrives."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import still
from courtcast.prepare.still import shown
from courtcast.prepare.viewer import Original, Viewer
from courtcast.problems import Refused
from tests.prepare.likeness import kept, pictures, ssim
from tests.prepare.media import Recipe, make, number_of, with_edits
from tests.prepare.prepared import prepared
from tests.prepare.sources import Local
from tests.prepare.test_recording import KINDS


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    async with Cage() as cage, Viewer(cage) as made:
        yield made


def opened(png: bytes) -> av.VideoFrame:
    assert png.startswith(b"\x89PNG")
    with av.open(io.BytesIO(png), "r") as container:
        return next(container.decode(video=0))


def number(png: bytes) -> int:
    frame = opened(png)
    plane = frame.reformat(format="gray").planes[0]
    return number_of(bytes(plane), frame.width, frame.height, plane.line_size)


@pytest.mark.parametrize("kind", KINDS)
async def test_exactly_the_frame(tmp_path: Path, viewer: Viewer, kind: str) -> None:
    extension, recipe = KINDS[kind]
    path = make(tmp_path / f"made.{extension}", recipe)
    manifest = prepared(path).manifest
    source = Local(path)
    last = manifest.frames - 1
    for n in (last // 2, last // 2 + 1, 0, last, last // 2, 1, last // 3):
        assert number(await viewer.png(Original(source, manifest), n)) == n


async def test_trimmed_in_the_middle_of_a_gop(tmp_path: Path, viewer: Viewer) -> None:
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(with_edits(make(tmp_path / "whole.mp4", Recipe()).read_bytes(), 0, [(1200, 51_000)]))
    manifest = prepared(path).manifest
    for n in (0, 1, 14, 15, 35):
        assert number(await viewer.png(Original(Local(path), manifest), n)) == n + 15


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("pixel7_rot180.mp4", (1920, 1080)),
        ("portrait_4k60.mp4", (2160, 3840)),
        ("android_fragmented.mp4", (320, 240)),
        ("bear-vp9-odd-dimensions.webm", (161, 121)),
        ("roadtrip-vp92-10bit.webm", (426, 240)),
    ],
)
async def test_as_a_display_shows_it(shared_media: Path, viewer: Viewer, name: str, size: tuple[int, int]) -> None:
    path = shared_media / "video" / name
    manifest = prepared(path).manifest
    frame = opened(await viewer.png(Original(Local(path), manifest), 3))
    assert (frame.width, frame.height) == size
    small = opened(await viewer.png(Original(Local(path), manifest), 3, 100))
    assert (small.width, small.height) == (100, round(100 * size[1] / size[0]))


async def test_never_larger_than_it_is(tmp_path: Path, viewer: Viewer) -> None:
    path = make(tmp_path / "made.mp4", Recipe())
    frame = opened(await viewer.png(Original(Local(path), prepared(path).manifest), 0, 5000))
    assert (frame.width, frame.height) == (320, 240)


async def test_pixels_with_another_aspect(tmp_path: Path, viewer: Viewer) -> None:
    path = make(tmp_path / "wide.mp4", Recipe(video_options={"x264-params": "sar=3/2:scenecut=0"}))
    frame = opened(await viewer.png(Original(Local(path), prepared(path).manifest), 0))
    assert (frame.width, frame.height) == (480, 240)


@pytest.mark.parametrize("extension", ["mkv", pytest.param("mp4", marks=pytest.mark.long)])
async def test_while_the_file_arrives(tmp_path: Path, viewer: Viewer, extension: str) -> None:
    """What was prepared can be seen, though the end of the file (of an MKV: with its cues) is not there."""
    container = {"movflags": "faststart"} if extension == "mp4" else {}
    path = make(tmp_path / f"made.{extension}", Recipe(frames=300, noise=True, container=container))
    manifest = prepared(path).manifest
    source = Local(path, there=path.stat().st_size // 2)
    for n in (0, 40, 75, 30):
        assert number(await viewer.png(Original(source, manifest), n)) == n
    with pytest.raises(Refused) as refused:
        await viewer.png(Original(source, manifest), 299)
    assert refused.value.type == "still-not-yet"
    await source.arrive(1 << 30)
    assert number(await viewer.png(Original(source, manifest), 299)) == 299


@pytest.mark.parametrize("frame", [-1, 60, 1000])
async def test_no_such_frame(tmp_path: Path, viewer: Viewer, frame: int) -> None:
    path = make(tmp_path / "made.mp4", Recipe())
    with pytest.raises(Refused) as refused:
        await viewer.png(Original(Local(path), prepared(path).manifest), frame)
    assert refused.value.type == "outside-exhibit"


async def test_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "made.mp4", Recipe())
    assert number(await still(Original(Local(path), prepared(path).manifest), 17)) == 17


async def test_a_second_one_is_quick_and_more_sources_than_are_kept_open(tmp_path: Path, viewer: Viewer) -> None:
    paths = [make(tmp_path / f"{n}.mp4", Recipe(frames=40, gop=20, width=960, height=540)) for n in range(3)]
    made = [prepared(path, rendition=f"{n:016x}").manifest for n, path in enumerate(paths)]
    for _ in range(2):
        for path, manifest in zip(paths, made, strict=True):
            assert number(await viewer.png(Original(Local(path), manifest), 21, 480)) == 21
    source = Local(paths[2])
    begun = time.monotonic()
    assert number(await viewer.png(Original(source, made[2]), 39, 480)) == 39
    assert time.monotonic() - begun < 3  # a sanity bound: 0.1 s on an idle machine
    # The file stays open: nothing of its index is read again.
    assert len(source.reads) <= 2


async def test_two_fields_are_joined_as_they_are_for_the_screens(shared_media: Path, viewer: Viewer) -> None:
    path = shared_media / "video" / "interlaced_sar_ac3.mp4"
    made = prepared(path)
    screens = list(pictures(kept(made, 0)))
    for n in (0, 7, made.manifest.frames - 1):
        as_shown = await viewer.png(Original(Local(path), made.manifest, converted=True, fields=True), n)
        combed = await viewer.png(Original(Local(path), made.manifest, converted=True), n)
        wide, high = opened(as_shown).width, opened(as_shown).height
        screen = shown(screens[n], Fraction(wide, high) * Fraction(screens[n].height, screens[n].width), None)
        assert ssim(opened(as_shown), screen) > 0.98
        assert ssim(opened(combed), screen) < ssim(opened(as_shown), screen)


async def test_a_still_of_hdr_says_so(shared_media: Path, viewer: Viewer) -> None:
    path = shared_media / "video" / "iphone_hevc10_editlist.mp4"
    made = prepared(path)
    hdr = await viewer.png(Original(Local(path), made.manifest, converted=True), 1, 320)
    assert b"cICP" + bytes((9, 18, 0, 1)) in hdr[:100]
    assert opened(hdr).width == 320
