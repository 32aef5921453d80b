"""The picture stands on exactly the frame that was asked for: read from pixels, never only from its own word."""

from __future__ import annotations

import asyncio
import random
import statistics
from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import GRID, ONE_LOOP, Clip, Screen, distance, scene, screens, stage, thumbs

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]


async def stands_on(screen: Screen, number: int, pictures: list[bytes]) -> float:
    """Waits for the frame and compares its pixels with the decoder's; milliseconds until it was there."""
    took = await screen.until(f"bench.state().frame === {number}")
    seen = await screen.do("points", *GRID)
    near = range(max(0, number - 8), min(len(pictures), number + 9))
    apart = {candidate: distance(seen, pictures[candidate]) for candidate in near}
    assert apart[number] <= min(apart.values()) + 0.02, f"frame {number} asked: {apart}"
    assert apart[number] < 6
    return took


@pytest.mark.long
async def test_seeks_and_steps_in_long_gops_with_b_frames(shared_media: Path) -> None:
    path = shared_media / "video/sintel_trailer-720p.mp4"
    clip, pictures = Clip.of(path), thumbs(path)
    pts, chance = clip.pts, random.Random(4)
    assert len(pts) == len(pictures)
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for _ in range(50):
            number = chance.randrange(len(pts))
            inside = pts[number] + chance.random() * 0.03
            await screen.do("apply", stage(shown=scene(clip, inside)))
            await stands_on(screen, number, pictures)
        number = 700
        await screen.do("apply", stage(shown=scene(clip, pts[number])))
        await stands_on(screen, number, pictures)
        forward = []
        for step in [1] * 25 + [-1] * 25:
            number += step
            await screen.do("apply", stage(shown=scene(clip, pts[number])))
            took = await stands_on(screen, number, pictures)
            if step > 0:
                forward.append(took)
        # By a seek each of these would decode up to 260 pictures; from decoded ones they take a drawing.
        assert statistics.median(forward) < 200


@pytest.mark.parametrize(
    "name",
    [
        "android_fragmented.mp4",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("VID_20191220_170832.mp4", "portrait_4k60.mp4")),
    ],
)
async def test_every_kind_of_timing(shared_media: Path, name: str) -> None:
    path = shared_media / "video" / name
    clip, pictures = Clip.of(path), thumbs(path)
    pts = clip.pts
    numbers = sorted({0, 1, 2, len(pts) // 3, len(pts) // 2, len(pts) - 2, len(pts) - 1})
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for number in numbers + numbers[::-1]:
            await screen.do("apply", stage(shown=scene(clip, pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            assert (await screen.state())["media_time"] == pytest.approx(pts[number], abs=1e-6)
        if "portrait" not in name:  # that one is turned on its way to the display, the decoder's picture is not
            await screen.do("apply", stage(shown=scene(clip, pts[numbers[3]])))
            await stands_on(screen, numbers[3], pictures)


async def test_vp8_in_webm_is_sought_and_stepped_by_the_player(shared_media: Path) -> None:
    """It comes in clusters, of which the film knows nothing: it stands back, and the player does it."""
    path = shared_media / "video/tears_of_steel.webm"
    clip, pictures = Clip.of(path), thumbs(path)
    pts, chance = clip.pts, random.Random(6)
    assert clip.picture.mime.startswith("video/webm")
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for number in (47, 0, *(chance.randrange(len(pts)) for _ in range(6)), 20, 21, 22, 21, 20, 19):
            await screen.do("apply", stage(shown=scene(clip, pts[number])))
            await stands_on(screen, number, pictures)


async def test_seeks_that_come_faster_than_they_can_be_done(tmp_path: Path) -> None:
    clip = Clip.of(make_clip(tmp_path / "a.mp4", seconds=20, width=640, height=360, gop_seconds=10, bit_rate=1_000_000))
    chance = random.Random(5)
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for _ in range(5):
            for _ in range(8):
                number = chance.randrange(600)
                await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            assert await screen.code() == number


@pytest.mark.long
async def test_deliberate_steps_find_their_frame_standing_ready(tmp_path: Path) -> None:
    """Forward and back, in a GOP of ten seconds: no other frame is seen in between, and nobody waits for a decoder."""
    clip = Clip.of(make_clip(tmp_path / "a.mp4", seconds=20, width=640, height=360, gop_seconds=10, bit_rate=1_000_000))
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[280])))
        await screen.until("bench.state().frame === 280")
        asked, took = [280], []
        for step in [1] * 8 + [-1] * 8:
            await asyncio.sleep(1.2)
            asked.append(asked[-1] + step)
            await screen.do("apply", stage(shown=scene(clip, clip.pts[asked[-1]])))
            took.append(await screen.until(f"bench.state().frame === {asked[-1]}"))
            assert await screen.code() == asked[-1]
        seen = [round(frame["media_time"] * 30) for frame in await screen.do("frames", 100)]
        assert [number for place, number in enumerate(seen) if place == 0 or number != seen[place - 1]] == asked
        assert statistics.median(took) < 100, f"as slow as a seek: {took}"


async def test_steps_with_sound_on_screen_stay_silent_and_exact(tmp_path: Path) -> None:
    clip = Clip.of(make_clip(tmp_path / "a.mp4", seconds=10, width=640, height=360, gop_seconds=5, bit_rate=1_000_000))
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[100]), sound=True))
        await screen.until("bench.state().frame === 100")
        await screen.page.evaluate(
            """() => { window.heard = 0;
              const hear = (event) => { if (!event.target.muted) window.heard++; };
              document.addEventListener('playing', hear, true); }"""
        )
        for number in range(101, 116):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number]), sound=True))
            await screen.until(f"bench.state().frame === {number}")
            assert await screen.code() == number
        assert await screen.page.evaluate("window.heard") == 0
