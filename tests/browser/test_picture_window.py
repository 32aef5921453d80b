"""What is in the browser's buffer: a window of whole GOPs under a budget, whatever is held when."""

from __future__ import annotations

import asyncio
import random
from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage
from tests.prepare.media import Recipe, make

pytestmark = [pytest.mark.browser, ONE_LOOP]

FULLEST = "Math.max(...bench.windows.map((window) => window.bytes))"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("window")
    made = make_clip(folder / "a.mp4", seconds=24, width=640, height=360, gop_seconds=2, bit_rate=2_000_000, b_frames=2)
    return Clip.of(made)


@pytest.mark.alone
async def test_a_clip_larger_than_the_budget_plays_and_is_sought_exactly(clip: Clip) -> None:
    budget = sum(row.bytes for row in clip.rows.rows if row.track == clip.picture.index) // 4
    chance = random.Random(6)
    async with screens([clip], options=f"budget={budget}") as [screen]:
        await screen.do("load", clip.rendition)
        for _ in range(15):
            number = chance.randrange(len(clip.pts))
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            assert await screen.code() == number
            assert await screen.page.evaluate(FULLEST) <= budget
        # Played through more than two windows.
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 10, clock, 1)))
        last = len(clip.pts) - 1
        await screen.until(f"bench.state().frame === {last}", 20)
        assert await screen.code() == last
        state = await screen.state()
        assert state["stalls"]["count"] == 0
        assert state["jumps"] == 0
        assert state["problem"] is None
        assert await screen.page.evaluate(FULLEST) <= budget


async def test_a_gop_larger_than_the_budget_is_a_named_problem(clip: Clip) -> None:
    async with screens([clip], options="budget=100000") as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, 1)))
        await screen.until("bench.state().problem === 'gop-too-large'")
        assert (await screen.state())["blank"]


@pytest.mark.long
async def test_a_budget_that_the_browser_does_not_grant_is_lowered(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "heavy.mp4", seconds=18, width=320, height=180, gop_seconds=1, bit_rate=100_000_000, sound=False
    )
    heavy = Clip.of(path)
    whole = sum(row.bytes for row in heavy.rows.rows)
    assert whole > 180 << 20
    async with screens([heavy], options=f"budget={1 << 30}") as [screen]:
        await screen.do("load", heavy.rendition)
        await screen.do("apply", stage(shown=scene(heavy, 0.5)))
        await screen.until("bench.state().frame === 15")
        await screen.until(f"{FULLEST} > {100 << 20}", 20)
        for number in (500, 20, 530, 250):
            await screen.do("apply", stage(shown=scene(heavy, heavy.pts[number])))
            await screen.until(f"bench.state().frame === {number}", 20)
            assert await screen.code() == number
        assert (await screen.state())["problem"] is None
        assert await screen.page.evaluate(FULLEST) < 158 << 20


async def test_gops_arrive_in_any_order_and_half(clip: Clip) -> None:
    picture = clip.picture.index
    first, second = clip.fragment_at(0), clip.fragment_at(12)
    async with screens([clip]) as [screen]:
        await screen.do("learn", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, 0.2)))
        await screen.do("give", clip.rendition, picture, first, first + 2)
        await screen.until("bench.state().frame === 6")
        # A seek elsewhere while the rest of that GOP is on its way; then back, into what was left unfinished.
        await screen.do("apply", stage(shown=scene(clip, 12.2)))
        await screen.do("give", clip.rendition, picture, second, second + 6)
        await screen.until("bench.state().frame === 366")
        assert await screen.code() == 366
        await screen.do("apply", stage(shown=scene(clip, 1.5)))
        await asyncio.sleep(0.2)
        await screen.do("give", clip.rendition, picture, first + 2, second)
        await screen.until("bench.state().frame === 45")
        assert await screen.code() == 45
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 10, clock, 1)))
        await screen.until("bench.state().media_time > 12.6")
        assert (await screen.state())["stalls"]["count"] == 0


async def test_a_fragment_that_cannot_be_decoded_ends_in_a_problem_and_not_in_a_busy_page(clip: Clip) -> None:
    picture = clip.picture.index
    bad = clip.fragment_at(0)
    data = bytearray(clip.pieces[picture, bad])
    at = data.index(b"mdat") + 4
    data[at:] = bytes(index * 89 % 251 for index in range(len(data) - at))
    broken = clip.with_piece(picture, bad, bytes(data))
    async with screens([broken]) as [screen]:
        await screen.do("load", broken.rendition)
        await screen.do("apply", stage(shown=scene(broken, 0.1)))
        await screen.until("bench.state().problem === 'decoder'")
        await asyncio.sleep(4.5)
        state = await screen.state()
        assert state["problem"] == "decoder"
        assert state["blank"]
        assert len(await screen.page.evaluate("bench.windows.map(() => 0)")) <= 3
        # Another exhibit is shown as if nothing had been.
        await screen.do("apply", stage())
        assert (await screen.state())["problem"] is None


@pytest.mark.parametrize("late", [pytest.param(0.5, marks=pytest.mark.long), 2.0])
@pytest.mark.parametrize("sound", [False, True])
async def test_a_picture_that_begins_late_is_black_before_it_and_reached(
    tmp_path: Path, late: float, sound: bool
) -> None:
    path = tmp_path / "late.mp4"
    make(path, Recipe(frames=60, video_start=Fraction(late), audio_seconds=Fraction(late + 2)))
    clip = Clip.of(path)
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, 0), sound=sound))
        await asyncio.sleep(0.7)
        assert (await screen.state())["blank"]
        assert await screen.black_within(0.1, True)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 0, clock, 1), sound=sound))
        await screen.until("!bench.state().blank", 6)
        when = await screen.now() - clock
        assert late - 0.15 < when < late + 0.4
        await screen.until("bench.state().frame === 59", 6)
        # After a cover Chromium takes the first pictures for as long as the cover was and may falter once it is over;
        # with sound its clock sometimes leaps at the start, which is one jump.
        state = await screen.state()
        if late < 1:
            assert state["jumps"] <= int(sound)
            assert state["stalls"]["count"] <= int(sound)
