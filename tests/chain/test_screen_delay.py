"""One screen later or earlier than the room, through the API and real pages; and the sound, moved to another screen."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

import pytest

from courtcast.demo.line import ThinLine
from courtcast.samples import make_clip
from tests.stand import Stand, read_code, stand

pytestmark = [pytest.mark.browser, pytest.mark.alone]

AHEAD = """async () => {
  const found = [];
  for (let n = 0; n < 30; n += 1) {
    const video = [...document.querySelectorAll("video")].find((one) => !one.paused && one.checkVisibility({
      opacityProperty: true, visibilityProperty: true }));
    if (video) found.push(video.currentTime - (performance.timeOrigin + performance.now()) / 1000);
    await new Promise((go) => setTimeout(go, 50));
  }
  return found;
}"""
"""The visible player's clock against the machine's, which two browsers on it share."""


async def lag(running: Stand) -> float:
    """Seconds that the second screen is behind the first."""
    one, other = await asyncio.gather(*(page.evaluate(AHEAD) for page in running.pages))
    assert one
    assert other
    return statistics.median(one) - statistics.median(other)


@pytest.mark.long
async def test_a_screen_comes_later_and_earlier_and_back(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=60, width=480, height=270, bit_rate=600_000)
    async with stand(tmp_path) as running, ThinLine(clip, rate=40e6) as line:
        exhibit = await running.add(line.url)
        await running.cue_and_show(exhibit, at=1.0)
        second = running.ids[1]
        await running.api.call("PATCH", f"/screens/{second}", delay_ms=200)
        await running.api.room("play", anyway=True)
        await running.until("both to play", lambda screen: screen.report and screen.report.playing)
        await asyncio.sleep(2)
        found = [await lag(running)]
        for delay in (-100, 0):  # while it plays
            await running.api.call("PATCH", f"/screens/{second}", delay_ms=delay)
            await asyncio.sleep(4)
            found.append(await lag(running))
        print("behind by", [f"{1000 * one:+.1f} ms" for one in found], "asked: +200, -100, 0")
        assert found == pytest.approx([0.2, -0.1, 0.0], abs=0.05)

        await running.api.call("PATCH", f"/screens/{second}", sound=True)
        screens = await running.until(
            "the sound to move", lambda screen: screen.report and screen.report.sound == (screen.id == second)
        )
        assert [screen.sound for screen in screens] == [False, True]

        # At rest both stand on the same frame, and black is black at once.
        await running.api.call("PATCH", f"/screens/{second}", delay_ms=500)
        state = await running.api.room("pause")
        await running.shows(exhibit.id, state.position_frame)
        assert {await read_code(page) for page in running.pages} == {state.position_frame}
        await running.api.room("blank")
        await running.until("black", lambda screen: screen.report and screen.report.blank)
        assert {await read_code(page) for page in running.pages} == {None}
