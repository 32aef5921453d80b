"""What may befall a picture in a browser: no memory, a slow machine, a clip of a moment."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage

pytestmark = [pytest.mark.browser, ONE_LOOP]

RATE = 30
GOP = 2
"""Seconds."""
SPENT = """() => {
  const take = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (data) {
    const held = Math.max(...bench.windows.map((window) => window.bytes));
    if (window.spent && held + data.byteLength > window.spent) throw new DOMException("full", "QuotaExceededError");
    return take.call(this, data);
  };
}"""
"""A browser that holds as much as `window.spent` says, as far as the page can tell."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("troubles")
    return Clip.of(make_clip(folder / "a.mp4", seconds=16, width=640, height=360, gop_seconds=GOP, bit_rate=2_000_000))


@pytest.mark.long
async def test_no_memory_is_left_in_the_middle_of_playing(clip: Clip) -> None:
    track = clip.picture.index
    rows = [row for row in clip.rows.rows if row.track == track]
    gops: list[int] = []
    for row in rows:
        if row.keyframe:
            gops.append(0)
        gops[-1] += row.bytes
    async with screens([clip]) as [screen]:
        await screen.page.evaluate(SPENT)
        await screen.do("load", clip.rendition)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1)))
        await screen.until("bench.state().media_time > 1")
        await screen.page.evaluate(f"window.spent = {int(max(gops) * 1.4)}")
        # What is already in the buffer goes when the playhead jumps.
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 5.5, clock, 1)))
        last = len(clip.pts) - 1
        await screen.until(f"bench.state().frame === {last}", 25)
        assert await screen.now() - clock < 13, "it kept up with the room"
        assert await screen.code() == last
        assert (await screen.state())["problem"] is None
        for number in (10, 333, 200):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            assert await screen.code() == number


@pytest.mark.long
async def test_a_page_on_a_machine_that_hardly_runs_is_black_when_told_and_comes_back_in_time(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1)))
        await screen.until("bench.state().media_time > 0.5")
        throttle = await screen.page.context.new_cdp_session(screen.page)
        await throttle.send("Emulation.setCPUThrottlingRate", {"rate": 12})
        await asyncio.sleep(1.5)
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1), blank=True))
        assert await screen.black_within(2, True)
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1)))
        await throttle.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        await screen.until("!bench.state().blank")
        await asyncio.sleep(3)
        await screen.do("apply", stage(shown=scene(clip, 12.0)))
        await screen.until("bench.state().frame === 360")
        assert await screen.code() == 360


async def test_a_clip_of_a_tenth_of_a_second(tmp_path: Path) -> None:
    moment = Clip.of(make_clip(tmp_path / "a.mp4", seconds=0.1, width=640, height=360, rate=Fraction(RATE)))
    assert len(moment.pts) == 3
    async with screens([moment]) as [screen]:
        await screen.do("load", moment.rendition)
        for number in (0, 2, 1):
            await screen.do("apply", stage(shown=scene(moment, moment.pts[number] + 1e-6)))
            await screen.until(f"bench.state().frame === {number}")
            assert await screen.code() == number
        await screen.do("apply", stage(shown=scene(moment, 1e-6)))
        await screen.until("bench.state().frame === 0")
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(moment, 0, clock, 1, 0.1)))
        await screen.until("bench.state().frame === 2 && !bench.state().playing")
        await asyncio.sleep(0.3)
        assert await screen.code() == 2
        state = await screen.state()
        assert state["stalls"]["count"] == 0
        assert state["problem"] is None
