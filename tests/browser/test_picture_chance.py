"""Stages in any order and at any pace: whatever came before, the last one is what stands on the display."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from courtcast.samples import make_clip
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, scene, screens, stage

pytestmark = [pytest.mark.browser, ONE_LOOP]

BURSTS = 25
SETTLE = 5
"""Looks, a fifth of a second apart."""
PLAYERS_MOST = 3
"""What is up, what is to come up, the cue."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("chance")
    made = [
        make_clip(folder / f"{name}.mp4", seconds=12, width=640, height=360, gop_seconds=gop, bit_rate=1_000_000)
        for name, gop in (("a", 4), ("b", 1))
    ]
    return [Clip.of(path, number + 1) for number, path in enumerate(made)]


class Room:
    """Asks at random for what a room can ask for."""

    def __init__(self, clips: list[Clip], seed: int) -> None:
        self._clips, self._chance = clips, random.Random(seed)
        self.shown: Clip | None = None
        self.frame = 0
        self.since: float | None = None
        """Room clock at which it began to play, None while paused."""
        self.cue: tuple[Clip, int] | None = None
        self.blank = False
        self.sound = False

    def stage(self) -> dict[str, Any]:
        shown = cue = None
        if self.shown is not None:
            playing = self.since is not None
            shown = scene(self.shown, self.shown.pts[self.frame], self.since or 0.0, 1.0 if playing else 0.0)
        if self.cue is not None:
            cue = scene(self.cue[0], self.cue[0].pts[self.cue[1]])
        return stage(shown=shown, cue=cue, blank=self.blank or shown is None, sound=self.sound)

    def move(self, now: float) -> None:
        """One command."""
        chance, most = self._chance, 330
        match chance.randrange(10):
            case 0 | 1 if self.shown is not None:
                self.frame = min(most, max(0, self._at(now) + chance.choice((-2, -1, -1, 1, 1, 1, 3))))
                self.since = None
            case 2 | 3 if self.shown is not None:
                self.frame = chance.randrange(most)
                self.since = None if self.since is None else now + 0.15
            case 4 if self.shown is not None:
                self.frame, self.since = self._at(now), now + 0.15
            case 5 if self.shown is not None:
                self.frame, self.since = self._at(now), None
            case 6:
                self.cue = (chance.choice(self._clips), chance.randrange(most))
            case 7 if self.cue is not None:
                self.shown, self.frame = self.cue
                self.since, self.cue, self.blank = None, None, False
            case 8:
                self.blank = not self.blank
            case 9 if chance.random() < 0.3:
                self.sound = not self.sound
            case _:
                self.shown, self.frame, self.since = chance.choice(self._clips), chance.randrange(most), None

    def rest(self, now: float) -> None:
        """Paused, so that there is one frame to look for."""
        self.frame, self.since = (self._at(now), None) if self.shown is not None else (0, None)

    def _at(self, now: float) -> int:
        assert self.shown is not None
        played = 0 if self.since is None else max(0, int((now - self.since) * 30))
        return min(len(self.shown.pts) - 1, self.frame + played)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2)])
async def test_the_last_stage_stands(clips: list[Clip], seed: int) -> None:
    chance = random.Random(seed)
    async with screens(clips) as [screen]:
        for clip in clips:
            await screen.do("load", clip.rendition)
        room = Room(clips, seed)
        for _ in range(BURSTS):
            for _ in range(chance.randrange(1, 7)):
                room.move(await screen.now())
                await screen.do("apply", room.stage())
                await asyncio.sleep(chance.choice((0, 0, 0.02, 0.1, 0.5)))
            room.rest(await screen.now())
            await screen.do("apply", room.stage())
            await stands(screen, room)


async def stands(screen: Screen, room: Room) -> None:
    """Waits for what the room asks for, and reads it from the pixels."""
    if room.shown is None or room.blank:
        await screen.until("bench.state().blank")
        assert await screen.code() is None
    else:
        wanted = f"bench.state().exhibit === '{room.shown.rows.exhibit}' && bench.state().frame === {room.frame}"
        for _ in range(SETTLE):
            await screen.until(f"{wanted} && !bench.state().blank")
            await asyncio.sleep(0.2)
            if await screen.code() == room.frame and await screen.page.evaluate(wanted):
                break
        else:
            pytest.fail(f"frame {room.frame} does not stand: {await screen.code()}, {await screen.state()}")
    players = await screen.page.evaluate("document.querySelectorAll('video').length")
    assert players <= PLAYERS_MOST
    state = await screen.state()
    assert state["problem"] is None
    assert not state["playing"]
