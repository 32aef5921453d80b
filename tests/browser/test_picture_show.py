"""Cue, show, blank, sound, and the end: what may be on the display when, read from pixels."""

from __future__ import annotations

import asyncio

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, is_black, scene, screens, stage

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    long = make_clip(folder / "long.mp4", seconds=16, width=640, height=360, bit_rate=1_000_000, b_frames=2)
    short = make_clip(folder / "short.mp4", seconds=4, width=640, height=360, bit_rate=1_000_000)
    return [Clip.of(long, 1), Clip.of(short, 2)]


async def test_a_cued_frame_goes_up_at_once_and_never_before(clips: list[Clip]) -> None:
    long, short = clips
    async with screens(clips) as [screen]:
        for clip in clips:
            await screen.do("load", clip.rendition)
        await screen.do("apply", stage(cue=scene(long, long.pts[95])))
        await screen.until("bench.state().cue_ready")
        assert is_black(await screen.page.screenshot())
        assert (await screen.state())["media_time"] is None
        took = await screen.page.evaluate(
            """async (next) => { bench.apply(next); return bench.until(() => !bench.state().blank, 5000); }""",
            stage(shown=scene(long, long.pts[95])),
        )
        assert took < 250
        assert await screen.code() == 95
        assert not await screen.black_within(1, False)

        # Another exhibit is cued behind the one that is up, then takes its place.
        await screen.do("apply", stage(shown=scene(long, long.pts[95]), cue=scene(short, short.pts[7])))
        await screen.until("bench.state().cue_ready")
        assert await screen.code() == 95
        await screen.do("apply", stage(shown=scene(short, short.pts[7])))
        await screen.until("bench.state().frame === 7")
        assert await screen.code() == 7
        assert await screen.page.evaluate("document.querySelectorAll('video').length") == 1

        # The same exhibit cued at another place is a second player.
        await screen.do("apply", stage(shown=scene(short, short.pts[7]), cue=scene(short, short.pts[60])))
        await screen.until("bench.state().cue_ready")
        assert await screen.code() == 7
        await screen.do("apply", stage(shown=scene(short, short.pts[60])))
        await screen.until("bench.state().frame === 60")
        await screen.until("bench.frames(5).length >= 3")
        shown = await screen.do("frames", 5)
        assert [round(frame["media_time"] * 30) for frame in shown] == [95, 7, 60]


async def test_showing_what_was_not_cued_is_black_until_it_is_there(clips: list[Clip]) -> None:
    long, short = clips
    async with screens(clips) as [screen]:
        await screen.do("load", long.rendition)
        await screen.do("apply", stage(shown=scene(long, 1)))
        await screen.until("!bench.state().blank")
        await screen.do("apply", stage(shown=scene(short, 1)))
        assert (await screen.state())["blank"]
        assert is_black(await screen.page.screenshot())
        await screen.do("load", short.rendition)
        await screen.until("!bench.state().blank")
        assert await screen.code() == 30


async def test_blank_is_black_whatever_else_happens(clips: list[Clip]) -> None:
    long = clips[0]
    async with screens(clips) as [screen]:
        await screen.do("load", long.rendition)
        for _ in range(3):
            now = await screen.now()
            playing = scene(long, 2, now + 0.15, 1)
            await screen.do("apply", stage(shown=playing, sound=True))
            await screen.until("bench.state().playing")
            await asyncio.sleep(0.3)
            await screen.do("apply", stage(shown=playing, sound=True, blank=True))
            assert is_black(await screen.page.screenshot())
            state = await screen.state()
            assert state["blank"]
            assert not state["sound"]
            assert state["media_time"] is None
            # It comes back at the frame where the room is by now: it went on behind the black.
            await screen.do("apply", stage(shown=playing, sound=True))
            await screen.until("!bench.state().blank")
            late = await screen.page.evaluate(
                "([media, clock]) => media + bench.clock.now() - clock - bench.state().media_time",
                [2, playing["anchor"]["clock"]],
            )
            assert abs(late) < 0.3
        # A seek that cannot be done (nothing of it is held) does not keep black from coming either.
        await screen.page.evaluate("bench.vault.shelf && bench.up().dispatchEvent(new Event('waiting'))")
        await screen.do("apply", stage(shown=scene(long, 12.3)))
        await screen.do("apply", stage(shown=scene(long, 12.3), blank=True))
        assert is_black(await screen.page.screenshot())
        await screen.do("apply", stage())
        assert is_black(await screen.page.screenshot())
        assert await screen.page.evaluate("document.querySelectorAll('video').length") == 0


async def test_sound_track_only_where_the_room_sounds(clips: list[Clip]) -> None:
    long = clips[0]
    async with screens(clips) as [screen]:
        await screen.do("load", long.rendition)
        clock = await screen.now() + 0.2
        playing = scene(long, 0, clock, 1)
        await screen.do("apply", stage(shown=playing))
        await screen.until("bench.state().playing && !bench.state().blank")
        heard = "bench.up().webkitAudioDecodedByteCount"
        await asyncio.sleep(0.5)
        assert await screen.page.evaluate(heard) == 0
        # The room's sound moves here while it plays: the picture stays up, and goes on in another player.
        await screen.page.evaluate(
            """() => { window.blacks = 0;
              const look = () => { if (bench.state().blank) window.blacks++; requestAnimationFrame(look); }; look(); }"""
        )
        await screen.do("apply", stage(shown=playing, sound=True, volume=0.4))
        await screen.until("bench.state().sound")
        await asyncio.sleep(0.5)
        assert await screen.page.evaluate(heard) > 0
        assert await screen.page.evaluate("bench.up().volume") == pytest.approx(0.4)
        assert await screen.page.evaluate("bench.up().preservesPitch") is False
        assert await screen.page.evaluate("window.blacks") == 0
        assert abs((await screen.state())["late"]) < 0.1


async def test_pause_holds_the_rooms_frame(clips: list[Clip]) -> None:
    long = clips[0]
    async with screens(clips) as [screen]:
        await screen.do("load", long.rendition)
        await screen.do("apply", stage(shown=scene(long, 3)))
        await screen.until("!bench.state().blank")
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(long, 3, clock, 1)))
        await asyncio.sleep(1.5)
        # The room paused a little before and a little after where this screen is: both are exact.
        for frame in (128, 131):
            await screen.do("apply", stage(shown=scene(long, long.pts[frame])))
            assert await screen.page.evaluate("bench.up().paused || bench.until(() => bench.up().paused, 1000)")
            await screen.until(f"bench.state().frame === {frame}")
            assert await screen.code() == frame


async def test_the_last_frame_stays_up(clips: list[Clip]) -> None:
    long, short = clips
    async with screens(clips) as [screen]:
        for clip in clips:
            await screen.do("load", clip.rendition)
        last = len(short.pts) - 1
        clock = await screen.now() + 0.2
        await screen.do("apply", stage(shown=scene(short, 2.5, clock, 1), sound=True))
        await screen.until(f"bench.state().frame === {last}")
        await asyncio.sleep(0.7)
        assert await screen.code() == last
        state = await screen.state()
        assert not state["playing"]
        assert state["stalls"]["count"] == 0
        # A range that ends before the recording does: nothing behind its end is ever put up.
        end = long.pts[200]
        clock = await screen.now() + 0.2
        await screen.do("apply", stage(shown=scene(long, end - 1, clock, 1, end=end)))
        await screen.until("bench.state().frame === 199")
        await asyncio.sleep(0.7)
        assert await screen.code() == 199
        shown = await screen.do("frames", 40)
        assert max(frame["media_time"] for frame in shown) < end
        # Started over from the end, without a new picture in between.
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(short, 0, clock, 1)))
        await screen.until("bench.state().playing && !bench.state().blank")


async def test_the_small_picture_is_what_is_up(clips: list[Clip]) -> None:
    long = clips[0]
    async with screens(clips) as [screen]:
        await screen.do("load", long.rendition)
        assert await screen.page.evaluate("bench.picture.still(320)") is None
        await screen.do("apply", stage(shown=scene(long, 1)))
        await screen.until("!bench.state().blank")
        size = await screen.page.evaluate(
            """async () => { const still = await bench.picture.still(320);
              const image = await createImageBitmap(still.blob);
              return [still.width, still.height, image.width, image.height, still.blob.type, still.blob.size]; }"""
        )
        assert size[:5] == [320, 180, 320, 180, "image/jpeg"]
        assert size[5] < 48 << 10
        await screen.do("apply", stage(shown=scene(long, 1), blank=True))
        assert await screen.page.evaluate("bench.picture.still(320)") is None
