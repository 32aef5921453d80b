"""Photographs, documents and parts of a picture on the display: the right leaf, upright, in its place, read from pixels."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, is_black, scene, screens, stage

pytestmark = [pytest.mark.browser, ONE_LOOP]

Colour = tuple[int, int, int]
RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 180, 20), (30, 30, 220), (210, 200, 20)
BLACK, WHITE, PINK = (0, 0, 0), (255, 255, 255), (240, 120, 240)
DISPLAY = (1280, 720)


def quarters(width: int, height: int, colours: tuple[Colour, Colour, Colour, Colour]) -> Image.Image:
    """Top left, top right, bottom left, bottom right."""
    picture = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for number, colour in enumerate(colours):
        left, top = number % 2 * half[0], number // 2 * half[1]
        picture.paste(colour, (left, top, left + half[0], top + half[1]))
    return picture


def coded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def lying(picture: Image.Image) -> bytes:
    """As a camera writes it that was held upright: turned, and said to be so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return coded(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, subsampling=0, exif=exif)


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


async def display(screen: Screen) -> Image.Image:
    return Image.open(io.BytesIO(await screen.page.screenshot())).convert("RGB")


def near(one: Any, other: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 16


def corners(picture: Image.Image, box: tuple[int, int, int, int]) -> list[Any]:
    """The middles of a rectangle's quarters, in the order of `quarters`."""
    left, top, right, bottom = box
    across, down = (right - left) / 4, (bottom - top) / 4
    return [picture.getpixel((int(left + x * across), int(top + y * down))) for y in (1, 3) for x in (1, 3)]


def box(picture: Image.Image) -> tuple[int, int, int, int]:
    """What of the display is not black."""
    return picture.convert("L").point(lambda level: 255 * (level > 8)).getbbox() or (0, 0, 0, 0)


async def test_leaves_stand_upright_turn_at_once_and_leave_with_the_blank() -> None:
    first, second = (RED, GREEN, BLUE, YELLOW), (BLUE, RED, YELLOW, GREEN)
    third = (YELLOW, BLUE, GREEN, RED)
    book = Clip.of_leaves(
        [
            lying(quarters(360, 480, first)),
            coded(quarters(640, 360, second), "WEBP", lossless=True),
            coded(quarters(400, 400, third), "PNG"),
            b"\xff\xd8 this is no picture",
            coded(quarters(640, 360, first), "PNG"),
        ],
        7,
        (640, 480),
    )
    async with screens([book]) as [screen]:
        await screen.do("load", book.rendition)
        await screen.do("apply", stage(cue=scene(book, 0)))
        await screen.until("bench.state().cue_ready")
        assert is_black(await screen.page.screenshot())
        assert [row["init"] for row in (await screen.page.evaluate("bench.vault.holdings()"))["tracks"]] == [True]
        took = await screen.page.evaluate(
            "async (next) => { bench.apply(next); return bench.until(() => !bench.state().blank, 5000); }",
            stage(shown=scene(book, 0.000001)),
        )
        assert took < 100
        up = await display(screen)
        assert box(up) == (370, 0, 910, 720)
        assert all(map(near, corners(up, box(up)), first))

        # The next one was decoded already: it is there with the page's next frame.
        await screen.until("bench.picture.state().decoded === 1")
        await screen.page.wait_for_timeout(300)
        for leaf, wanted, frame in ((1, second, (0, 0, 1280, 720)), (2, third, (280, 0, 1000, 720))):
            state = await screen.page.evaluate(
                "(next) => { bench.apply(next); return bench.state(); }", stage(shown=scene(book, leaf + 0.000001))
            )
            assert (state["frame"], state["media_time"], state["blank"], state["playing"]) == (leaf, leaf, False, False)
            up = await display(screen)
            assert (box(up), all(map(near, corners(up, frame), wanted))) == (frame, True)
            await screen.page.wait_for_timeout(200)
        await screen.until("bench.frames(9).length === 3")
        assert [frame["media_time"] for frame in await screen.do("frames", 9)] == [0, 1, 2]
        assert (await screen.page.evaluate("bench.picture.still(480).then(({width, height}) => [width, height])")) == [
            480,
            480,
        ]

        # One that is broken is black and named; the others are not affected.
        await screen.do("apply", stage(shown=scene(book, 3)))
        await screen.until("bench.state().problem === 'leaf-undecodable'")
        assert (await screen.state())["blank"]
        assert is_black(await screen.page.screenshot())
        await screen.do("apply", stage(shown=scene(book, 9)))
        await screen.until("bench.state().frame === 4 && !bench.state().blank")
        assert (await screen.state())["problem"] is None
        assert near((await display(screen)).getpixel((320, 180)), RED)

        await screen.do("apply", stage(shown=scene(book, 4), blank=True))
        assert await screen.black_within(0.2, True)
        await screen.do("apply", stage(shown=scene(book, 4)))
        assert near((await display(screen)).getpixel((320, 180)), RED)


async def test_what_has_not_come_yet_leaves_what_is_up_and_black_where_nothing_is() -> None:
    book = Clip.of_leaves(
        [coded(Image.new("RGB", (64, 36), colour), "PNG") for colour in (RED, GREEN)], 8, (64, 36)
    )  # fmt: skip
    async with screens([book]) as [screen]:
        # What it is, is not known yet when it is shown.
        await screen.do("apply", stage(shown=scene(book, 0)))
        await screen.do("learn", book.rendition)
        assert (await screen.state())["blank"]
        await screen.do("give", book.rendition, 0, 0, 1)
        await screen.until("!bench.state().blank")
        assert await screen.page.evaluate("document.querySelectorAll('video').length") == 0
        await screen.do("apply", stage(shown=scene(book, 1)))
        await screen.page.wait_for_timeout(100)
        assert ((await screen.state())["frame"], near((await display(screen)).getpixel((9, 9)), RED)) == (0, True)
        await screen.do("give", book.rendition, 0, 1, 2)
        await screen.until("bench.state().frame === 1")
        assert near((await display(screen)).getpixel((9, 9)), GREEN)


async def test_a_part_fills_the_display_and_its_detail_takes_exactly_its_place() -> None:
    page = Clip.of_leaves(
        [coded(quarters(2000, 3000, (RED, GREEN, BLUE, YELLOW)), "JPEG", quality=90)], 9, (2000, 3000)
    )
    exact = Clip.of_leaves([coded(noise(*DISPLAY), "PNG")], 10, DISPLAY)
    sharp = Clip.of_leaves([coded(quarters(1440, 1080, (PINK, WHITE, WHITE, PINK)), "PNG")], 11, (1440, 1080))
    async with screens([page, exact, sharp]) as [screen]:
        await screen.do("load", page.rendition)
        await screen.do("load", exact.rendition)
        whole = scene(page, 0)
        await screen.do("apply", stage(shown=whole))
        await screen.until("!bench.state().blank")
        assert box(await display(screen)) == (400, 0, 880, 720)

        # A part of another shape than the display: contained, and nothing outside of it is seen.
        part = [0.25, 0.25, 0.5, 0.25]
        await screen.do("apply", stage(shown={**whole, "view": part, "detail": sharp.rendition}))
        up = await display(screen)
        place = box(up)
        assert place == (160, 0, 1120, 720)
        left, top, right, bottom = place
        assert near(up.getpixel((left + 4, bottom - 50)), RED)
        assert near(up.getpixel((right - 4, bottom - 50)), GREEN)
        before = await screen.page.evaluate("bench.picture.part")

        await screen.do("load", sharp.rendition)
        await screen.until(f"bench.picture.part !== {before!r}")
        up = await display(screen)
        assert box(up) == place
        assert all(map(near, corners(up, place), (PINK, WHITE, WHITE, PINK)))
        assert all(near(up.getpixel(at), PINK) for at in ((left, top), (right - 1, bottom - 1)))

        await screen.do("apply", stage(shown=whole))
        up = await display(screen)
        assert all(map(near, corners(up, box(up)), (RED, GREEN, BLUE, YELLOW)))

        # With exactly the display's pixels nothing is smoothed away.
        await screen.do("apply", stage(shown=scene(exact, 0)))
        await screen.until("bench.state().exhibit === 'exhibit-10' && !bench.state().blank")
        assert (await display(screen)).tobytes() == noise(*DISPLAY).tobytes()


async def test_a_part_of_a_recording_is_the_same_from_the_player_and_from_decoded_pictures(tmp_path: Path) -> None:
    clip = Clip.of(make_clip(tmp_path / "a.mp4", seconds=2, width=640, height=480, bit_rate=2_000_000))
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        at, next_ = scene(clip, clip.pts[20]), scene(clip, clip.pts[21])
        await screen.do("apply", stage(shown=at))
        await screen.until("bench.state().frame === 20")
        whole = await display(screen)
        assert box(whole)[::2] == (160, 1120)

        # The lower right quarter, which has the display's width: twice as large.
        part = [0.5, 0.6, 0.5, 0.375]
        await screen.do("apply", stage(shown={**at, "view": part}))
        zoomed = await display(screen)
        assert (await screen.state())["frame"] == 20
        wanted = whole.crop((640, 432, 1120, 702)).resize(DISPLAY, Image.Resampling.BILINEAR)
        assert apart(zoomed, wanted) < 3

        # A step keeps it, whoever shows the picture.
        await screen.until(f"bench.picture.projector.proved('{clip.rendition}')")
        await screen.do("apply", stage(shown={**next_, "view": part}))
        await screen.until("bench.state().frame === 21 && bench.picture.projector.front !== null", 2)
        film = await display(screen)
        await screen.until("bench.picture.projector.front === null")
        assert apart(film, await display(screen)) < 1
        # Another picture and another part come together.
        await screen.do("apply", stage(shown=at))
        await screen.until("bench.state().frame === 20")
        assert apart(await display(screen), whole) < 0.5


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures' levels."""
    return sum(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True)) / (3 * one.width * one.height)
