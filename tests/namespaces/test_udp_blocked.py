"""A clip that plays on another machine while UDP is blocked, let through, and blocked again.

The receiver and its Chromium run in one network namespace, the presenter's screens in another. What is on the display is
read from the bar code in the screen's own small pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from courtcast.samples import make_clip
from tests.namespaces.rig import two_machines
from tests.namespaces.test_multicast_dropped import Presenter, added, code_of, program, screen

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]

RATE = 25
SECONDS = 100
OVER = 3.0
"""Seconds until what comes over UDP comes over the link, once UDP is blocked …"""
SLACK = 3.0
"""… and more on a machine that has other work."""
LATE = 1.5
"""Seconds that a small picture may be behind: two a second are taken, and each has its way back."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=SECONDS, width=640, height=360, rate=RATE,
        gop_seconds=2, bit_rate=500_000,
    )  # fmt: skip


def until(side: Presenter, known: str, true: Callable[[dict[str, Any]], object], seconds: float) -> dict[str, Any]:
    """Asks four times a second. The picture goes on all the while."""
    end = time.monotonic() + seconds
    while True:
        state = side.ask("state", known)
        if true(state):
            return state
        assert time.monotonic() < end, state
        time.sleep(0.25)


def in_time(state: dict[str, Any]) -> bool:
    """The frame on the display is the one that belongs there now, or one of just before."""
    return state["number"] is not None and -0.1 <= state["expected"] - state["number"] / RATE <= LATE


def test_the_picture_comes_by_the_link_and_goes_over_and_back_without_a_jump(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "near").mkdir()
    with two_machines() as (near, far):
        near.drop_udp()
        far.drop_udp()
        near_program: list[str | Path] = ["tests.namespaces.player", tmp_path / "near", clip]
        with (
            screen(far, tmp_path / "far"),
            program(near, *near_program, log=tmp_path / "near.log") as process,
        ):
            side = Presenter(process)
            code = code_of(far, tmp_path / "far")
            known = added(side)["id"]
            assert "problem" not in side.ask("pair", known, code)
            begun = time.monotonic()
            until(side, known, lambda state: state["online"] and state["path"] == "websocket", 40)
            print(f"on the WebSocket {time.monotonic() - begun:.1f} s after pairing")
            side.ask("play", known, 3.0)
            state = until(side, known, lambda state: state["playing"] and in_time(state), 20)
            assert state["path"] == "websocket"
            state = until(side, known, lambda state: state["held"] and state["held"][0][1] > SECONDS - 1, 30)
            assert state["path"] == "websocket", "all of it came this way"
            before = state["jumps"], state["stalls"]

            for machine in (near, far):
                machine.let_udp_in()
            begun = time.monotonic()
            until(side, known, lambda state: state["online"] and state["path"] == "webrtc", 60)
            print(f"back on WebRTC {time.monotonic() - begun:.1f} s after UDP was let through")
            state = until(side, known, lambda state: state["expected"] > 0 and in_time(state), 10)
            assert (state["jumps"], state["stalls"]) == before

            for machine in (near, far):
                machine.drop_udp()
            begun = time.monotonic()
            until(side, known, lambda state: state["online"] and state["path"] == "websocket", 40)
            took = time.monotonic() - begun
            print(f"on the WebSocket {took:.1f} s after UDP was blocked")
            assert took < OVER + SLACK
            state = until(side, known, in_time, 10)
            assert state["playing"]
            assert (state["jumps"], state["stalls"]) == before
