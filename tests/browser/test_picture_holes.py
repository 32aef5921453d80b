"""A stretch that Chromium does not decode is left out, marked, and everything around it is as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage

pytestmark = [pytest.mark.browser, ONE_LOOP]

RATE = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder: Path = tmp_path_factory.mktemp("holes")
    return Clip.of(make_clip(folder / "a.mp4", seconds=16, width=640, height=360, gop_seconds=2, bit_rate=2_000_000))


def garbled(clip: Clip, media: float) -> Clip:
    """The same, with nonsense in the place of the coded pictures of one fragment."""
    track, index = clip.picture.index, clip.fragment_at(media)
    data = bytearray(clip.pieces[track, index])
    at = data.index(b"mdat") + 4
    data[at:] = bytes(index * 89 % 251 for index in range(len(data) - at))
    return clip.with_piece(track, index, bytes(data))


@pytest.mark.alone
@pytest.mark.parametrize("sound", [pytest.param(False, marks=pytest.mark.long), True])
async def test_playing_goes_over_what_cannot_be_decoded(clip: Clip, sound: bool) -> None:
    broken = garbled(clip, 8.9)
    async with screens([broken]) as [screen]:
        await screen.do("load", broken.rendition)
        clock = await screen.now() + 0.15
        await screen.do("apply", stage(shown=scene(broken, 6.0, clock, 1), sound=sound))
        await screen.until("bench.state().skipped.length > 0")
        state = await screen.state()
        assert state["skipped"] == [[8, 10]]
        await screen.until("!bench.state().blank && bench.state().media_time > 7.9 && bench.state().media_time < 8")
        await screen.until("bench.state().media_time >= 10")
        late = await screen.page.evaluate("bench.clock.now()") - clock - 4
        assert -0.1 < late < 1.0, "it is back soon after the stretch has passed"
        await screen.until("bench.state().media_time > 12")
        await screen.do("apply", stage(shown=scene(broken, 13.0), sound=sound))
        await screen.until("bench.state().frame === 390")
        assert await screen.code() == 390
        shown = {round(frame["media_time"] * RATE) for frame in await screen.page.evaluate("bench.picture.frames(900)")}
        assert not shown & set(range(240, 300)), "nothing of the stretch was on the display"
        assert len(set(range(182, 239)) - shown) <= 6, "all before it was, but for what a busy machine drops"
        state = await screen.state()
        assert state["problem"] is None
        # Into it, and out again.
        await screen.do("apply", stage(shown=scene(broken, 9.0), sound=sound))
        await screen.until("bench.state().frame === 239")
        assert await screen.code() == 239
        assert await screen.page.get_by_text("Picture missing").is_visible()
        await screen.do("apply", stage(shown=scene(broken, 10.0), sound=sound))
        await screen.until("bench.state().frame === 300")
        assert await screen.code() == 300
        assert not await screen.page.get_by_text("Picture missing").is_visible()
