"""Subtitles over the picture in real Chromium: with the frame that is on, and never over a black display."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]

SAID = "<b>Who</b> is there?"


def white(png: bytes) -> float:
    """Share of nearly white pixels in the lowest fifth of a screenshot."""
    with av.open(io.BytesIO(png)) as source:
        frame = next(source.decode(video=0)).reformat(format="gray")
    plane = bytes(frame.planes[0])
    low = plane[len(plane) * 4 // 5 :]
    return sum(level > 245 for level in low) / len(low)


async def test_they_follow_the_frame_that_is_on(tmp_path: Path) -> None:
    clip = Clip.of(make_clip(tmp_path / "clip.mp4", seconds=4, width=640, height=360, bit_rate=800_000), 7)

    def shown(frame: int, **more: Any) -> dict[str, Any]:
        at = {**scene(clip, clip.pts[frame] + 1e-4), "subtitles": "aa"}
        return stage(**{"shown": at, **more})

    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        cues = [[clip.pts[30], clip.pts[60], SAID], [clip.pts[60], clip.pts[60] + 1, "It is me.\nOpen the door."]]
        await screen.do(
            "say",
            {
                "id": "aa",
                "first": 0,
                "total": 2,
                "cues": [dict(zip(("start", "end", "text"), c, strict=True)) for c in cues],
            },
        )
        expected = {29: [], 30: [SAID], 59: [SAID], 60: ["It is me.", "Open the door."], 28: []}
        bright = {}
        for frame, lines in expected.items():
            await screen.do("apply", shown(frame))
            await screen.until(f"bench.state().frame === {frame}")
            assert await screen.do("said") == lines, frame
            bright[frame] = white(await screen.page.screenshot())
        assert bright[30] > bright[29] + 0.003
        assert bright[60] > bright[28] + 0.003

        # Black takes them with it, and so does another choice.
        await screen.do("apply", shown(60, blank=True))
        assert await screen.black_within(1, True)
        assert await screen.do("said") == []
        await screen.do("apply", shown(60))
        await screen.until("bench.said().length === 2")
        await screen.do("apply", stage(shown=scene(clip, clip.pts[60] + 1e-4)))
        assert await screen.do("said") == []

        # Playing: each comes with its first frame.
        start = await screen.now() + 0.2
        await screen.page.evaluate(
            """() => {
              window.heard = [];
              const add = bench.picture.log.onadd;
              bench.picture.log.onadd = () => { add(); heard.push([bench.state().frame, bench.said()[0] ?? ""]); };
            }"""
        )
        playing = {**scene(clip, clip.pts[20], start, 1.0), "subtitles": "aa"}
        await screen.do("apply", stage(shown=playing))
        await screen.until("bench.state().frame >= 70")
        heard = [(int(frame), text) for frame, text in await screen.page.evaluate("heard")]
        assert all(
            text == (SAID if 30 <= frame < 60 else "It is me." if 60 <= frame < 90 else "") for frame, text in heard
        )
        assert len({text for _, text in heard}) == 3
