"""Steps from decoded pictures: the frame asked for, with the player's own pixels, and no other one ever in front."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import av
import pytest

from courtcast.samples import CELLS, HEIGHT, make_clip, read_cells
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, is_black, scene, screens, stage
from tests.prepare.media import Recipe, make

pytestmark = [pytest.mark.browser, ONE_LOOP]

BORDER = 150
"""The frame of `clip` at which its second GOP begins."""
FRONT = "bench.picture.projector.front?.number"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    made = make_clip(
        tmp_path_factory.mktemp("film") / "a.mp4",
        seconds=15, width=640, height=360, gop_seconds=5, bit_rate=1_000_000, b_frames=2,
    )  # fmt: skip
    return Clip.of(made)


async def rests(screen: Screen, clip: Clip, number: int) -> None:
    """The room rests there, and the pictures around are decoded."""
    await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
    await screen.until(f"bench.state().frame === {number}")
    await screen.until(f"bench.picture.projector.proved('{clip.rendition}')")
    await filled(screen)


async def filled(screen: Screen) -> None:
    """The window is as full as it gets."""
    before, now = -1, await pictures(screen)
    while now != before or now == 0:
        await asyncio.sleep(0.4)
        before, now = now, await pictures(screen)


async def pictures(screen: Screen) -> int:
    return int(await screen.page.evaluate("bench.picture.projector.held.pictures"))


async def watch(screen: Screen) -> None:
    await screen.do("watch", CELLS, 0, HEIGHT)


async def seen(screen: Screen) -> list[int | None]:
    """Every number that was in front since `watch`, in order; None for black."""
    levels = await screen.page.evaluate("window.seen")
    return [read_cells(row) if row else None for row in levels]


async def step_as_seen(screen: Screen, clip: Clip, numbers: list[int]) -> None:
    """Each step is asked for as soon as the one before it is on the display."""
    for number in numbers:
        await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
        await screen.until(f"bench.state().frame === {number}")
        await screen.page.evaluate("new Promise((go) => requestAnimationFrame(go))")


async def test_hurried_steps_across_the_border_of_two_gops(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, BORDER - 5)
        await watch(screen)
        way = [*range(BORDER - 4, BORDER + 13), *range(BORDER + 11, BORDER - 20, -1)]
        for number in way:
            await step_as_seen(screen, clip, [number])
            assert await screen.code() == number
            assert await screen.page.evaluate(FRONT) in (number, None)
        assert await seen(screen) == [BORDER - 5, *way]
        said = [round(frame["media_time"] * 30) for frame in await screen.do("frames", 200)]
        assert said == [BORDER - 5, *way]
        # The player comes to the same frame unseen, and the canvas leaves without a trace.
        await screen.until(f"{FRONT} === undefined")
        await asyncio.sleep(0.2)
        assert await screen.code() == way[-1]
        assert (await seen(screen))[-1] == way[-1]
        assert len(await seen(screen)) == len(way) + 1
        assert len(await screen.do("frames", 200)) == len(way) + 1


@pytest.mark.parametrize("way", [1, -1])
async def test_a_key_that_is_held_down(clip: Clip, way: int) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, BORDER - 10 * way)
        await watch(screen)
        asked = [BORDER - 10 * way + way * step for step in range(1, 25)]
        await screen.page.evaluate(
            """async (stages) => { for (const one of stages) { bench.apply(one);
              await new Promise((go) => setTimeout(go, 33)); } }""",
            [stage(shown=scene(clip, clip.pts[number])) for number in asked],
        )
        await screen.until(f"bench.state().frame === {asked[-1]}")
        assert await screen.code() == asked[-1]
        shown = [number for number in await seen(screen) if number is not None]
        assert len(shown) == len(await seen(screen)), "never black"
        assert shown == sorted(shown, reverse=way < 0), "they come in their order"
        assert set(shown) <= {asked[0] - way, *asked}
        # not each has to be drawn: a busy machine draws fewer than it is asked for
        assert len(shown) > len(asked) // 3
        await screen.until(f"{FRONT} === undefined")
        assert await screen.code() == asked[-1]


async def test_a_step_before_anything_is_decoded_is_exact_all_the_same(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for number in (140, 20, 290):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            await watch(screen)
            way = [number + 1, number + 2, number + 1, number, number - 1, number - 2]
            await step_as_seen(screen, clip, way)
            assert await screen.code() == way[-1]
            assert await seen(screen) == [number, *way]


async def test_play_after_steps_starts_where_they_ended(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        for pause in (0.0, 1.5):
            await rests(screen, clip, 200)
            await step_as_seen(screen, clip, [199, 198, 197, 196, 195])
            assert await screen.page.evaluate(FRONT) == 195
            await asyncio.sleep(pause)
            assert await screen.page.evaluate(FRONT) == (195 if pause == 0 else None)
            await watch(screen)
            clock = await screen.now() + 0.15
            await screen.do("apply", stage(shown=scene(clip, clip.pts[195], clock, 1)))
            await screen.until(f"bench.state().playing && {FRONT} === undefined")
            await screen.until("bench.state().frame > 225")
            late = await screen.page.evaluate(
                "(from) => bench.state().media_time - from[0] - (bench.clock.now() - from[1])", [clip.pts[195], clock]
            )
            assert abs(late) < 0.3
            numbers = [number for number in await seen(screen) if number is not None]
            assert numbers == sorted(numbers)
            assert numbers[0] == 195
            assert await screen.page.evaluate("bench.picture.projector.held.pictures") == 0
            await screen.do("apply", stage(shown=scene(clip, clip.pts[240])))
            await screen.until("bench.state().frame === 240")


async def test_blank_comes_at_once_among_steps_and_the_frame_comes_back(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, 100)
        for number in (101, 102, 103, 104):
            await step_as_seen(screen, clip, [number])
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number]), blank=True))
            state = await screen.state()
            assert state["blank"]
            assert state["frame"] is None
            assert is_black(await screen.page.screenshot())
            await watch(screen)
            await screen.do("apply", stage(shown=scene(clip, clip.pts[number])))
            await screen.until(f"bench.state().frame === {number}")
            await asyncio.sleep(0.1)
            assert set(await seen(screen)) <= {None, number}
        # A step behind the black stands there when it goes.
        await screen.do("apply", stage(shown=scene(clip, clip.pts[104]), blank=True))
        await screen.do("apply", stage(shown=scene(clip, clip.pts[107]), blank=True))
        assert is_black(await screen.page.screenshot())
        await watch(screen)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[107])))
        await screen.until("bench.state().frame === 107")
        assert set(await seen(screen)) <= {None, 107}
        await screen.do("apply", stage())
        assert is_black(await screen.page.screenshot())
        assert await pictures(screen) == 0


async def test_the_small_picture_is_the_one_in_front(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, 100)
        await step_as_seen(screen, clip, [101, 102])
        levels = await screen.page.evaluate(
            """async ([cells, share]) => { const still = await bench.picture.still(480);
              const image = await createImageBitmap(still.blob), pen = new OffscreenCanvas(480, 270).getContext('2d');
              pen.drawImage(image, 0, 0);
              const row = pen.getImageData(0, Math.floor((270 * share) / 2), 480, 1).data;
              return Array.from({ length: cells }, (_, n) => row[4 * Math.floor(((n + 0.5) * 480) / cells) + 1]); }""",
            [CELLS, HEIGHT],
        )
        assert await screen.page.evaluate(FRONT) == 102, "the player was there already: nothing was tested"
        assert read_cells(levels) == 102


@pytest.mark.long
async def test_the_pictures_held_stay_within_their_bytes(clip: Clip) -> None:
    each = 640 * 360 * 3 // 2
    async with screens([clip], options=f"film={20 * each}") as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, 145)
        assert 10 <= await pictures(screen) <= 20
        await screen.page.evaluate(
            """() => { window.most = 0; const look = () => {
              window.most = Math.max(window.most, bench.picture.projector.held.pictures);
              requestAnimationFrame(look); }; look(); }"""
        )
        way = [*range(146, 180), *range(178, 130, -1)]
        await step_as_seen(screen, clip, way)
        assert await screen.code() == way[-1]
        assert await screen.page.evaluate("window.most") <= 20
        await rests(screen, clip, 20)
        assert await pictures(screen) <= 20
        await screen.do("apply", stage())
        assert await pictures(screen) == 0


async def test_nothing_is_decoded_while_it_plays_and_a_seek_away_ends_it(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        await screen.page.evaluate(
            """() => { window.given = 0; const decode = VideoDecoder.prototype.decode;
              VideoDecoder.prototype.decode = function (chunk) { window.given++; decode.call(this, chunk); }; }"""
        )
        await screen.do("load", clip.rendition)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(clip, 1, clock, 1)))
        await screen.until("bench.state().playing && bench.state().frame > 60")
        assert await screen.page.evaluate("window.given") == 0
        await rests(screen, clip, 140)
        assert await screen.page.evaluate("window.given") > 100
        # In the middle of decoding the room goes elsewhere: not one more is given, until it rests there.
        given = await screen.page.evaluate(
            """async ([there, away]) => { bench.apply(there);
              await bench.until(() => bench.state().frame === 290, 5000);
              const before = window.given;
              await bench.until(() => window.given > before + 20, 5000);
              bench.apply(away);
              const then = window.given;
              await bench.until(() => bench.state().frame === 30, 5000);
              return [then - before, window.given - then]; }""",
            [stage(shown=scene(clip, clip.pts[290])), stage(shown=scene(clip, clip.pts[30]))],
        )
        assert given[0] > 0
        assert given[1] == 0
        assert await screen.code() == 30


@pytest.mark.parametrize("how", ["missing", "unsupported", "failing"])
async def test_without_a_decoder_steps_are_exact_and_no_fault(clip: Clip, how: str) -> None:
    async with screens([clip], options="plain" if how == "missing" else "") as [screen]:
        if how == "unsupported":
            await screen.page.evaluate("VideoDecoder.isConfigSupported = async () => ({ supported: false })")
        elif how == "failing":
            await screen.page.evaluate(
                """() => { const Own = VideoDecoder; window.VideoDecoder = class extends Own {
                  constructor(given) { super(given); this.told = given.error; }
                  decode() { setTimeout(() => this.told(new DOMException('broken', 'EncodingError'))); } }; }"""
            )
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[BORDER])))
        await screen.until(f"bench.state().frame === {BORDER}")
        await asyncio.sleep(0.6)
        await watch(screen)
        way = [BORDER + step for step in (1, 2, 3, 2, 1, 0, -1, -2)]
        for number in way:
            await step_as_seen(screen, clip, [number])
            assert await screen.code() == number
        assert await seen(screen) == [BORDER, *way]
        assert await pictures(screen) == 0
        assert (await screen.state())["problem"] is None


LIMITED = "colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=off"
FULL = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m:fullrange=on"
MADE: dict[str, dict[str, Any]] = {
    "709-limited": {"video_options": {"x264-params": LIMITED}},
    "601-full": {"video_options": {"x264-params": FULL}, "pix_fmt": "yuvj420p"},
    "unsaid": {},
    "vp9": {"codec": "libvpx-vp9", "b_frames": 0, "video_options": {"deadline": "realtime", "cpu-used": "8"}},
    "odd-times": {"pts": [n * 3000 + (n % 3) * 700 for n in range(60)]},
}


async def pixels_of(clip: Clip, number: int) -> None:
    """Compares a frame as it comes from the decoded pictures with the same one in the player."""
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await rests(screen, clip, number)
        for frame in (number + 1, number + 2, number - 1):
            await screen.do("apply", stage(shown=scene(clip, clip.pts[frame])))
            await screen.until(f"bench.state().frame === {frame}")
            # A screenshot takes longer than the player needs to come to the frame: the canvas stays for it.
            await screen.page.evaluate("bench.picture.projector.hide = () => {}; window.one = bench.pixels()")
            one = await screen.page.screenshot()
            assert await screen.page.evaluate("window.one.film && bench.front() !== bench.up()"), "nothing was tested"
            await asyncio.sleep(1)
            await screen.page.evaluate("delete bench.picture.projector.hide; bench.picture.projector.hide()")
            await screen.until(f"bench.state().frame === {frame} && bench.front() === bench.up()")
            assert await screen.page.evaluate("bench.apart(window.one, bench.pixels())") <= 1
            assert differing(one, await screen.page.screenshot()) <= 2


def differing(one: bytes, other: bytes) -> int:
    """The most by which any level of two screenshots differs."""
    levels = []
    for png in (one, other):
        with av.open(io.BytesIO(png), "r") as source:
            picture = next(source.decode(video=0)).reformat(format="rgb24")
        levels.append(bytes(picture.planes[0]))
    one, other = levels
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in ("709-limited", "vp9") else pytest.mark.long) for name in MADE]
)
async def test_the_pixels_are_the_players_own(tmp_path: Path, name: str) -> None:
    path = tmp_path / "clip.mp4"
    make(path, Recipe(noise=True, **MADE[name]))
    await pixels_of(Clip.of(path), 25)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["VID_20191220_170832.mp4", "pixel7_rot180.mp4", "sintel_trailer-720p.mp4", "test_video_sync_av1.mp4"],
)
async def test_the_pixels_of_real_recordings(shared_media: Path, name: str) -> None:
    clip = Clip.of(shared_media / "video" / name)
    await pixels_of(clip, len(clip.pts) // 2)


async def test_a_recording_whose_pixels_would_differ_is_left_to_the_player(clip: Clip) -> None:
    async with screens([clip]) as [screen]:
        # As if this browser's decoder took other colours for granted than its player does.
        await screen.page.evaluate(
            """() => { const draw = OffscreenCanvasRenderingContext2D.prototype.drawImage;
              OffscreenCanvasRenderingContext2D.prototype.drawImage = function (source, ...more) {
                this.filter = source instanceof VideoFrame ? 'brightness(0.97)' : 'none';
                draw.call(this, source, ...more); }; }"""
        )
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, clip.pts[100])))
        await screen.until("bench.state().frame === 100")
        await asyncio.sleep(1)
        await watch(screen)
        await step_as_seen(screen, clip, [101, 102, 101, 100, 99])
        assert await seen(screen) == [100, 101, 102, 101, 100, 99]
        assert await pictures(screen) == 0
