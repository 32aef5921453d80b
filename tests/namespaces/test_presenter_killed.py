"""The presenter is killed while a clip plays, and started again: over channels, and where no UDP gets through.

The screen plays on from what it holds, from its own pixels and its own log of frames; no frame is out of its time.
"""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from courtcast.samples import make_clip
from tests.namespaces.rig import FAR, two_machines
from tests.namespaces.test_multicast_dropped import Presenter, program

pytestmark = [pytest.mark.browser, pytest.mark.namespaces, pytest.mark.alone]

RATE = 25
TIMES = int(os.environ.get("COURTCAST_KILLS", "2"))
"""How often it is killed. Fifty take ten minutes for each path."""
AWAY = 3.0
EACH = 12.0
"""Seconds of the clip for each time."""
SECONDS = int(30 + TIMES * EACH)
BACK = 3.0
"""Seconds from its return until it is attached …"""
SLACK = 3.0
"""… and more on a machine that has other work."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=SECONDS, width=320, height=180, rate=RATE,
        gop_seconds=2, bit_rate=300_000,
    )  # fmt: skip


def all_held(side: Presenter) -> dict[str, Any]:
    end = time.monotonic() + 40
    while True:
        shown = side.ask("display")
        held = shown["report"]["held"]
        if held and held[0][1] > SECONDS - 1:
            return shown
        assert time.monotonic() < end, shown["report"]
        time.sleep(0.3)


def phase(shown: dict[str, Any]) -> float:
    """Room clock at which the clip began, by the last frame in the page's log."""
    last = shown["frames"][-1]
    return float(last["clock"]) - float(last["media_time"])


@pytest.mark.long
@pytest.mark.parametrize("path", ["webrtc", "websocket"])
def test_the_screen_plays_on_and_the_presenter_is_back_in_time(tmp_path: Path, clip: Path, path: str) -> None:
    with two_machines() as (near, far):
        far.believe_in_a_way_out(near)
        if path == "websocket":
            for machine in (near, far):
                machine.drop_udp()
        here: list[str | Path] = ["tests.namespaces.hearing", tmp_path, clip, far.name, FAR]
        with program(near, *here, log=tmp_path / "near.log") as process:
            side = Presenter(process)
            begun = side.ask("begin")
            assert begun.get("path") == path, begun
            before = all_held(side)
            took = []
            for _ in range(TIMES):
                shown = side.ask("display")
                side.ask("kill")
                time.sleep(AWAY)
                alone = side.ask("display")
                assert alone["report"]["media_time"] - shown["report"]["media_time"] > AWAY - 0.5, "it plays on"
                assert abs(alone["number"] / RATE - alone["report"]["media_time"]) < 0.2, "the pixels say so as well"
                back = side.ask("start")
                assert "problem" not in back, back
                took.append(back["took"])
                assert back["path"] == path
                assert back["took"] < BACK + SLACK
                time.sleep(2.0)
                after = side.ask("display")
                assert after["report"]["stalls"] == before["report"]["stalls"]
                # Browser and presenter share two cores here: while one starts, the other's clock may fall behind by more
                # than it creeps up to. What was seen of it is told by the frames below.
                assert after["report"]["jumps"] <= before["report"]["jumps"] + 1
                steps = [two["media_time"] - one["media_time"] for one, two in pairwise(after["frames"])]
                assert min(steps) >= 0, "no frame comes twice"
                late = [frame["clock"] - frame["media_time"] - phase(before) for frame in after["frames"][-100:]]
                assert max(map(abs, late)) < 0.2, "each frame in its time, before and after"
                assert abs(after["number"] / RATE - after["report"]["media_time"]) < 0.2
            print(f"{path}: attached {max(took):.2f} s after its return at most, of {TIMES}")
