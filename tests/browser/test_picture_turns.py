"""A clip's ranges, played in their order: which frames are on the display, read from pixels, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from courtcast.samples import CELLS, HEIGHT, make_clip, read_cells
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, is_black, scene, screens, stage

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]

RATE = 30
RANGES = [(285, 330), (97, 135), (395, 425)]
"""Frames, each up to before the second: out of order, and beginning at other places of a GOP."""
HELD_MOST = 0.4
"""Seconds that the last frame of a range may stand where one player has to seek."""


NOTE = """() => { window.noted = [];
  const look = () => {
    const { playing, frame, blank } = bench.state();
    if ((!playing && frame < 420 && frame >= 395) || (!playing && frame < 395) || blank) window.noted.push([frame, blank]);
    if (frame !== 424) requestAnimationFrame(look);
  }; look(); }"""
"""Notes when it does not play before the clip is over."""

LISTEN = """async () => {
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  const code = `registerProcessor("heard", class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (samples?.some((one) => Math.abs(one) > 1e-4)) {
        const loud = [...samples.keys()].filter((n) => Math.abs(samples[n]) > 1e-4);
        this.port.postMessage([currentFrame + loud[0], currentFrame + loud.at(-1) + 1]);
      }
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const found = new Map();
  const tap = () => {
    for (const { video, sound } of bench.players) {
      if (!sound || found.has(video) || video.readyState < 2) continue;
      const one = { from: null, to: null, volume: 0 };
      found.set(video, one);
      const node = new AudioWorkletNode(context, "heard", { numberOfOutputs: 0 });
      node.port.onmessage = ({ data: [from, to] }) => {
        one.from ??= from / context.sampleRate;
        one.to = to / context.sampleRate;
        one.volume = Math.max(one.volume, video.volume);
      };
      context.createMediaStreamSource(video.captureStream()).connect(node);
    }
  };
  while (bench.state().frame !== 424) {
    tap();
    await new Promise((go) => setTimeout(go, 20));
  }
  await new Promise((go) => setTimeout(go, 400));
  return [...found.values()].filter(({ from }) => from !== null)
    .map(({ from, to, volume }) => ({ from, seconds: to - from, volume }));
}"""
"""What is heard of each player: when it begins, seconds of the listener, and how long it goes on."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clip]:
    folder = tmp_path_factory.mktemp("turns")
    return {
        name: Clip.of(make_clip(
            folder / f"{number}.mp4", seconds=16, width=640, height=360, gop_seconds=2, bit_rate=1_000_000, b_frames=b_frames
        ), number)
        for number, (name, b_frames) in enumerate((("with B-frames", 2), ("without", 0)), 1)
    }  # fmt: skip


def cut(
    clip: Clip,
    frame: int,
    clock: float = 0,
    rate: float = 0,
    ranges: Sequence[tuple[int, int]] = RANGES,
    silent: Sequence[int] = (),
) -> dict[str, Any]:
    """A scene of these ranges, at a frame of one of them."""
    parts = [
        {"start": clip.pts[first], "stop": clip.pts[stop], "silent": number in silent}
        for number, (first, stop) in enumerate(ranges)
    ]
    return {**scene(clip, clip.pts[frame], clock, rate, end=parts[-1]["stop"]), "ranges": parts}


async def ready(screen: Screen, clip: Clip, frame: int, **more: Any) -> None:
    """It stands on a frame of the clip, with what it plays held."""
    await screen.do("load", clip.rendition)
    await screen.do("apply", stage(shown=cut(clip, frame, **more.pop("how", {})), **more))
    await screen.until(f"bench.state().frame === {frame}")


async def seen(screen: Screen) -> list[int | None]:
    """Numbers that were in front since `watch`, in order; None for black."""
    return [read_cells(row) if row else None for row in await screen.page.evaluate("window.seen")]


def frames(ranges: Sequence[tuple[int, int]]) -> list[int]:
    return [number for first, stop in ranges for number in range(first, stop)]


def in_order(numbers: Sequence[int | None], ranges: Sequence[tuple[int, int]], *, whole: bool) -> None:
    """Nothing but frames of the ranges, as they follow each other. `whole`: each from its first to its last, but for what a
    busy machine drops."""
    wanted = frames(ranges)
    places = [wanted.index(number) for number in numbers if number in wanted]
    assert len(places) == len(numbers), [number for number in numbers if number not in wanted]
    assert places == sorted(places), numbers
    for first, stop in ranges if whole else ():
        assert {first, first + 1, first + 2} & set(numbers), (first, numbers)
        assert {stop - 1, stop - 2, stop - 3} & set(numbers), (stop, numbers)


async def gaps(screen: Screen, ranges: Sequence[tuple[int, int]]) -> list[float]:
    """Seconds from the last frame of each range to the first of the next that came onto the display."""
    shown = await screen.do("frames", 1000)
    of = [
        next(at for at, (first, stop) in enumerate(ranges) if first <= round(one["media_time"] * RATE) < stop)
        for one in shown
    ]
    return [
        late["clock"] - soon["clock"]
        for (soon, one), (late, two) in pairwise(zip(shown, of, strict=True))
        if one != two
    ]


@pytest.mark.parametrize("kind", ["with B-frames", pytest.param("without", marks=pytest.mark.long)])
@pytest.mark.parametrize("most", [3, 1])
async def test_only_the_ranges_are_seen_in_their_order(clips: dict[str, Clip], kind: str, most: int) -> None:
    clip = clips[kind]
    async with screens([clip], options=f"most={most}") as [screen]:
        await ready(screen, clip, 285, sound=True)
        await screen.do("watch", CELLS, 0, HEIGHT)
        clock = await screen.now() + 0.2
        await screen.do("apply", stage(shown=cut(clip, 285, clock, 1), sound=True))
        await screen.until("bench.state().playing")
        await screen.page.evaluate(NOTE)
        await screen.until("bench.state().frame === 424")
        noted = await screen.page.evaluate("window.noted")
        await asyncio.sleep(0.5)
        assert await screen.code() == 424
        numbers = await seen(screen)
        logged = [round(frame["media_time"] * RATE) for frame in await screen.do("frames", 1000)]
        assert set(numbers) <= set(frames(RANGES)), "never black, and nothing else of the recording"
        state = await screen.state()
        assert (state["stalls"]["count"], state["jumps"], state["playing"]) == (0, 0, False)
        assert noted == [], "nobody stopped it at a seam"
        in_order(logged, RANGES, whole=most > 1)
        found = await gaps(screen, RANGES)
        assert len(found) == 2
        assert max(found) < (0.2 if most > 1 else 2 * HELD_MOST), found


async def test_at_twice_the_rate(clips: dict[str, Clip]) -> None:
    clip = clips["with B-frames"]
    async with screens([clip]) as [screen]:
        await ready(screen, clip, 285)
        await screen.do("watch", CELLS, 0, HEIGHT)
        clock = await screen.now() + 0.2
        await screen.do("apply", stage(shown=cut(clip, 285, clock, 2)))
        await screen.until("bench.state().frame === 424")
        assert await screen.now() - clock < sum(stop - first for first, stop in RANGES) / RATE / 2 + 0.3
        in_order(await seen(screen), RANGES, whole=False)
        assert (await screen.state())["stalls"]["count"] == 0


async def test_pauses_seeks_and_steps(clips: dict[str, Clip]) -> None:
    clip = clips["with B-frames"]
    async with screens([clip]) as [screen]:
        await ready(screen, clip, 320)
        # The next range's first picture is there before anybody asks for it.
        await screen.until("document.querySelectorAll('video').length === 2")
        await asyncio.sleep(0.3)
        await screen.do("watch", CELLS, 0, HEIGHT)
        for frame in (329, 97, 98, 97, 329, 134, 395):  # steps over the seams, to and fro
            await screen.do("apply", stage(shown=cut(clip, frame)))
            await screen.until(f"bench.state().frame === {frame}")
            assert await screen.code() == frame
        assert await seen(screen) == [320, 329, 97, 98, 97, 329, 134, 395]
        # It plays, is sought into another range, and passes on from there.
        await screen.do("apply", stage(shown=cut(clip, 285, await screen.now() + 0.15, 1)))
        await screen.until("bench.state().frame > 290 && bench.state().frame < 330")
        await screen.do("watch", CELLS, 0, HEIGHT)
        await screen.do("apply", stage(shown=cut(clip, 125, await screen.now() + 0.15, 1)))
        await screen.until("bench.state().frame > 400")
        numbers = await seen(screen)
        assert set(numbers) <= set(frames(RANGES))
        assert not set(numbers) & {*range(97, 125), *range(320, 330)}
        # The room stops it on a seam: just before, and just behind.
        for frame in (134, 395):
            await screen.do("apply", stage(shown=cut(clip, 115, await screen.now() + 0.15, 1)))
            await screen.until("bench.state().frame >= 130 && bench.state().frame <= 134")
            await screen.do("watch", CELLS, 0, HEIGHT)
            await asyncio.sleep((134 - int((await screen.state())["frame"])) / RATE)
            await screen.do("apply", stage(shown=cut(clip, frame)))
            await screen.until(f"bench.state().frame === {frame}")
            await asyncio.sleep(0.4)
            assert await screen.code() == frame
            assert set(await seen(screen)) <= set(frames(RANGES))
            assert not (await screen.state())["playing"]
        # Black comes at once, also in the middle of one, and takes the sound with it.
        await screen.do("apply", stage(shown=cut(clip, 320, await screen.now(), 1), sound=True))
        await screen.until("bench.state().playing")
        await screen.do("apply", stage(shown=cut(clip, 320, await screen.now(), 1), sound=True, blank=True))
        assert is_black(await screen.page.screenshot())
        assert not (await screen.state())["sound"]
        assert await screen.page.evaluate("bench.players.every(({ video }) => video.muted || video.paused)")


async def test_a_cue_of_the_same_recording_keeps_its_player(clips: dict[str, Clip]) -> None:
    clip = clips["with B-frames"]
    async with screens([clip]) as [screen]:
        await ready(screen, clip, 300)
        cue = scene(clip, clip.pts[200])
        await screen.do("apply", stage(shown=cut(clip, 300, await screen.now() + 0.2, 1), cue=cue))
        await screen.until("bench.state().cue_ready && bench.state().frame > 400")
        assert (await screen.state())["cue_ready"]
        assert await screen.page.evaluate("document.querySelectorAll('video').length") <= 3
        await screen.do("apply", stage(shown=cue))
        await screen.until("bench.state().frame === 200")
        assert await screen.code() == 200


async def test_pictures_that_cannot_be_moved_are_cut(shared_media: Path) -> None:
    """WebM: nothing behind a range is in the buffer at all."""
    clip = Clip.of(shared_media / "video/tears_of_steel.webm", 3)
    pts = clip.pts
    ranges = [(30, 45), (10, 25)]
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=cut(clip, ranges[0][0], await screen.now() + 0.6, 1, ranges)))
        await screen.until("bench.state().frame === 24")
        await asyncio.sleep(0.3)
        assert (await screen.state())["frame"] == 24
        times = {round(one["media_time"], 4) for one in await screen.do("frames", 1000)}
        assert times <= {round(pts[number], 4) for number in frames(ranges)}


@pytest.mark.parametrize("most", [3, 1])
async def test_the_sound_of_each_range_is_whole_and_no_other(clips: dict[str, Clip], most: int) -> None:
    """Of the second range there is none, as agreed; the picture goes on."""
    clip = clips["with B-frames"]
    async with screens([clip], options=f"most={most}") as [screen]:
        await ready(screen, clip, 285, sound=True, how={"silent": [1]})
        clock = await screen.now() + 0.8
        await screen.do("apply", stage(shown=cut(clip, 285, clock, 1, silent=[1]), sound=True, volume=0.5))
        heard = await screen.page.evaluate(LISTEN)
        assert (await screen.state())["frame"] == 424
        lengths = [(stop - first) / RATE for number, (first, stop) in enumerate(RANGES) if number != 1]
        assert [voice["seconds"] for voice in heard] == pytest.approx(lengths, abs=0.05), heard
        begins = [0.0, (RANGES[0][1] - RANGES[0][0] + RANGES[1][1] - RANGES[1][0]) / RATE]
        apart = heard[1]["from"] - heard[0]["from"]
        assert apart == pytest.approx(begins[1], abs=0.12), heard
        assert all(voice["volume"] == pytest.approx(0.5) for voice in heard)
        assert await screen.page.evaluate("bench.up().webkitAudioDecodedByteCount") == 0, (
            "the picture's own player has none"
        )
