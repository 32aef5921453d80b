"""The whole chain through the commands and the HTTP API alone: a link becomes the same picture on two screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from courtcast.demo.line import ThinLine
from courtcast.samples import make_clip
from courtcast.wire.api import Exhibit
from tests.stand import Stand, read_code, stand

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

RATE = 30
SECONDS = 24


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keyframes every 2 s, B-frames, sound; its index at the end, as cameras write it."""
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(
        folder / "clip.mp4", seconds=SECONDS, rate=RATE, width=640, height=360, bit_rate=1_500_000, b_frames=2,
        index_first=False,
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    async with stand(tmp_path_factory.mktemp("stand")) as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exhibit(running: Stand, clip: Path) -> AsyncIterator[Exhibit]:
    async with ThinLine(clip, rate=40e6) as line:
        yield await running.add(line.url, ref="JM/1")


async def codes(running: Stand, frame: int | None) -> list[int | None]:
    """What stands in each screen's pixels, waiting a moment for the display to follow the report."""
    for _ in range(50):
        seen = [await read_code(page) for page in running.pages]
        if all(code == frame for code in seen):
            break
        await asyncio.sleep(0.02)
    return seen


async def test_a_link_becomes_an_exhibit(exhibit: Exhibit) -> None:
    assert exhibit.state == "ready"
    assert exhibit.problem is None
    assert exhibit.frames == SECONDS * RATE
    assert exhibit.duration == pytest.approx(SECONDS, abs=0.1)
    assert exhibit.sha256 is not None
    assert exhibit.bytes_fetched == exhibit.bytes_total
    assert not exhibit.converted


async def test_cue_is_private_and_show_puts_it_up_paused(running: Stand, exhibit: Exhibit) -> None:
    state = await running.api.room("cue", exhibit=exhibit.id, at=5.0)
    assert state.cued is not None
    assert state.cued.frame == 150
    await running.until("the cue", lambda screen: screen.report and screen.report.cue_ready)
    assert await codes(running, None) == [None, None]
    state = await running.api.room("show")
    assert not state.playing
    await running.shows(exhibit.id, 150)
    assert await codes(running, 150) == [150, 150]


async def test_seek_and_step_are_exact_on_both(running: Stand, exhibit: Exhibit) -> None:
    await running.cue_and_show(exhibit)
    for to in (0.0, 7.013, 3.999, 4.0, 23.9, 11.5, 0.033):
        state = await running.api.room("seek", to=to)
        assert state.position_frame == int(to * RATE + 1e-9)
        await running.shows(exhibit.id, state.position_frame)
        assert await codes(running, state.position_frame) == [state.position_frame] * 2
    await running.api.room("seek", to=12.0)
    for way in (1, 1, -1, -1, -1, 5, -60, 61):
        state = await running.api.room("step", frames=way)
        await running.shows(exhibit.id, state.position_frame)
        assert await codes(running, state.position_frame) == [state.position_frame] * 2


async def test_both_play_together_and_pause_on_the_same_frame(running: Stand, exhibit: Exhibit) -> None:
    await running.cue_and_show(exhibit, at=1.0)
    state = await running.api.room("play", anyway=True)
    assert state.playing
    await asyncio.sleep(3)
    one, other = [await page.evaluate("() => window.courtcast.snapshot()") for page in running.pages]
    assert one["playing"]
    assert abs(one["media_time"] - other["media_time"]) < 0.5
    state = await running.api.room("pause")
    assert state.position == pytest.approx(4.0, abs=1.5)
    await running.shows(exhibit.id, state.position_frame)
    assert await codes(running, state.position_frame) == [state.position_frame] * 2


async def test_it_plays_to_its_end_and_holds_the_last_frame(running: Stand, exhibit: Exhibit) -> None:
    last = SECONDS * RATE - 1
    await running.cue_and_show(exhibit, at=SECONDS - 1.5)
    await running.api.room("play", anyway=True)
    await running.shows(exhibit.id, last)
    assert await codes(running, last) == [last, last]
    screens = await running.paired()
    assert all(screen.report and screen.report.stalls.count == 0 for screen in screens)


async def test_blank_is_black_and_wins(running: Stand, exhibit: Exhibit) -> None:
    await running.cue_and_show(exhibit, at=2.0)
    await running.api.room("play", anyway=True)
    state = await running.api.room("blank")
    assert state.blank
    assert state.shown is None
    await running.until("black", lambda screen: screen.report and screen.report.blank)
    assert await codes(running, None) == [None, None]


async def test_a_reloaded_page_comes_back_to_the_right_frame(running: Stand, exhibit: Exhibit) -> None:
    state = await running.cue_and_show(exhibit, at=9.0)
    await running.pages[0].reload()
    await asyncio.sleep(0.3)
    await running.shows(exhibit.id, state.position_frame)
    assert await codes(running, state.position_frame) == [state.position_frame] * 2


async def test_a_page_reloaded_while_playing_comes_in_where_the_room_is(running: Stand, exhibit: Exhibit) -> None:
    await running.cue_and_show(exhibit, at=2.0)
    anchor = (await running.api.room("play", anyway=True)).anchor
    assert anchor is not None
    await asyncio.sleep(1)
    page = running.pages[0]
    await page.reload()
    await page.wait_for_function("() => window.courtcast?.frames(30).length >= 30", timeout=15_000)
    for frame in (await page.evaluate("() => window.courtcast.frames(10)"))[-10:]:
        assert frame["media_time"] == pytest.approx(anchor.media + frame["clock"] - anchor.clock, abs=0.25)
    state = await running.api.room("pause")
    await running.shows(exhibit.id, state.position_frame)
    assert await codes(running, state.position_frame) == [state.position_frame] * 2


async def test_only_the_rooms_sound_has_a_sound_track(running: Stand, exhibit: Exhibit) -> None:
    await running.api.call("PATCH", f"/screens/{running.ids[1]}", sound=True)
    await running.cue_and_show(exhibit, at=1.0)
    await running.until("sound on one", lambda s: s.report and s.report.sound == (s.id == running.ids[1]))
    decoded = "() => Math.max(...[...document.querySelectorAll('video')].map((v) => v.webkitAudioDecodedByteCount))"
    await running.api.room("play", anyway=True)
    await asyncio.sleep(1.5)
    sound = [await page.evaluate(decoded) for page in running.pages]
    await running.api.room("pause")
    assert sound[0] == 0
    assert sound[1] > 0
