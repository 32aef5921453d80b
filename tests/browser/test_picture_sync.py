"""Two screens in two browser processes on one anchor, stalls, and coming in late."""

from __future__ import annotations

import asyncio
import statistics
from typing import Any

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, scene, screens, stage

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("sync")
    return Clip.of(make_clip(folder / "a.mp4", seconds=40, width=640, height=360, bit_rate=1_000_000, b_frames=2))


async def errors(screen: Screen, media: float, clock: float, seconds: float) -> list[float]:
    """How late its clock is against an anchor, read twenty times a second: seconds."""
    return list(
        await screen.page.evaluate(
            """async ([media, clock, seconds]) => {
              const late = [], end = performance.now() + 1000 * seconds;
              while (performance.now() < end) {
                const before = bench.clock.now(), here = bench.up().currentTime, after = bench.clock.now();
                const [numerator, denominator] = [...bench.windows].pop().origin();
                late.push(media + (before + after) / 2 - clock - (here - numerator / denominator));
                await new Promise((go) => setTimeout(go, 50));
              }
              return late;
            }""",
            [media, clock, seconds],
        )
    )


async def two_on_one_anchor(clip: Clip) -> tuple[list[list[float]], list[dict[str, Any]]]:
    async with screens([clip], 2) as pair:
        await asyncio.gather(*(screen.do("load", clip.rendition) for screen in pair))
        for number, screen in enumerate(pair):
            await screen.do("apply", stage(shown=scene(clip, 1), sound=number == 0))
            await screen.until("!bench.state().blank")
        clock = await pair[0].now() + 0.15
        for number, screen in enumerate(pair):
            await screen.do("apply", stage(shown=scene(clip, 1, clock, 1), sound=number == 0))
        await asyncio.sleep(8)
        late = await asyncio.gather(*(errors(screen, 1, clock, 6) for screen in pair))
        states = [await screen.state() for screen in pair]
    return late, states


async def test_two_browsers_keep_on_one_anchor_with_sound_on_one(clip: Clip) -> None:
    late, states = await two_on_one_anchor(clip)
    if any(state["jumps"] or state["stalls"]["count"] for state in states):
        # Two browsers decode on the two cores that other programs use too: starved once, it is measured once more.
        late, states = await two_on_one_anchor(clip)
    assert [state["jumps"] for state in states] == [0, 0]
    assert [state["stalls"]["count"] for state in states] == [0, 0]
    assert [state["sound"] for state in states] == [True, False]
    # What `make bench` measures is 5 ms at the 99th percentile; here, on a machine that does other things too:
    assert all(abs(statistics.median(one)) < 0.01 for one in late), [statistics.median(one) for one in late]
    assert abs(statistics.median(late[0]) - statistics.median(late[1])) < 0.01


async def test_a_screen_that_comes_late_comes_in_where_the_room_is(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        clock = await screen.now() - 7
        await screen.do("apply", stage(shown=scene(clip, 1, clock, 1)))
        await screen.until("bench.state().playing && !bench.state().blank")
        await asyncio.sleep(1)
        late = await errors(screen, 1, clock, 1)
        assert abs(statistics.median(late)) < 0.1
        code = await screen.code()
        assert code is not None
        assert abs(code / 30 - 1 - (await screen.now() - clock)) < 0.3
        assert (await screen.state())["stalls"]["count"] == 0

        # A presenter that comes back with the same anchor, in other words, moves nothing.
        await screen.page.evaluate(
            "() => { window.moved = 0; for (const name of ['seeking', 'pause']) "
            "bench.up().addEventListener(name, () => window.moved++); }"
        )
        await screen.do("apply", stage(shown=scene(clip, 3, clock + 2, 1), revision=9))
        await asyncio.sleep(0.5)
        assert await screen.page.evaluate("window.moved") == 0
        # A seek while it plays.
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 30, clock, 1), revision=10))
        await screen.until("bench.state().playing && bench.state().media_time > 29.9")
        await asyncio.sleep(0.6)
        assert abs(statistics.median(await errors(screen, 30, clock, 0.6))) < 0.1
        assert (await screen.state())["jumps"] == 0
        # Back by less than it would take to wait for the room: what the room sees comes first.
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 28, clock, 1), revision=11))
        await screen.until("bench.state().playing && bench.state().media_time < 29.5", 1.5)
        await asyncio.sleep(0.6)
        assert abs(statistics.median(await errors(screen, 28, clock, 0.6))) < 0.1


async def test_running_dry_is_a_stall_and_the_rest_puts_it_back_in_time(clip: Clip) -> None:
    sound = next(track.index for track in clip.rows.tracks if track.kind == "audio")
    picture, dry = clip.picture.index, clip.fragment_at(4)
    async with screens([clip]) as [screen]:
        await screen.do("learn", clip.rendition)
        await screen.do("give", clip.rendition, picture, 0, dry)
        await screen.do("apply", stage(shown=scene(clip, 2.5)))
        await screen.until("!bench.state().blank")
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 2.5, clock, 1)))
        await screen.until("bench.state().stalls.count === 1")
        assert not (await screen.state())["playing"]
        code = await screen.code()
        assert code is not None
        assert 3.5 * 30 <= code <= 4 * 30  # what it holds stays up
        await asyncio.sleep(1)
        await screen.do("give", clip.rendition, picture, dry, clip.rows.counts[picture])
        await screen.until("bench.state().playing")
        await asyncio.sleep(1.5)
        assert abs(statistics.median(await errors(screen, 2.5, clock, 0.6))) < 0.1
        state = await screen.state()
        assert state["stalls"]["count"] == 1
        assert 0.8 < state["stalls"]["seconds"] < 5
        assert state["jumps"] <= 2
        assert await screen.page.evaluate(f"bench.vault.fragment('{clip.rendition}', {sound}, 0)") is None
