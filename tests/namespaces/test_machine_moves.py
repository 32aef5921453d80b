"""The presenter's machine changes its network, or sleeps, while a clip plays on another machine's screen.

The screen plays on from what it holds; the presenter is back without a jump. What is on the display is read from the bar
code in the screen's own small pictures.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from courtcast.samples import make_clip
from tests.namespaces.rig import NEAR, Machine, two_machines
from tests.namespaces.test_multicast_dropped import Presenter, added, code_of, program, screen
from tests.namespaces.test_udp_blocked import RATE, in_time, until

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]

ELSEWHERE = "10.77.0.9"
SLEEP = 20.0
BACK = 3.0
SLACK = 4.0
"""Seconds on a machine that has other work."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=120, width=320, height=180, rate=RATE, gop_seconds=2,
        bit_rate=200_000,
    )  # fmt: skip


@contextmanager
def playing(folder: Path, clip: Path) -> Iterator[tuple[Machine, Presenter, int, str, dict[str, Any]]]:
    """All of it is held and it plays: the presenter's machine, its program, that one's process, the screen, its state."""
    (folder / "near").mkdir()
    with two_machines() as (near, far):
        here: list[str | Path] = ["tests.namespaces.player", folder / "near", clip]
        with screen(far, folder / "far"), program(near, *here, log=folder / "near.log") as process:
            side = Presenter(process)
            code = code_of(far, folder / "far")
            known = added(side)["id"]
            assert "problem" not in side.ask("pair", known, code)
            until(side, known, lambda state: state["online"] and state["path"] == "webrtc", 40)
            side.ask("play", known, 2.0)
            until(side, known, lambda state: state["held"] and state["held"][0][1] > 119, 40)
            yield near, side, process.pid, known, until(side, known, in_time, 10)


@pytest.mark.long
def test_the_machine_gets_another_address(tmp_path: Path, clip: Path) -> None:
    with playing(tmp_path, clip) as (near, side, _, known, before):
        near.move(f"{NEAR}/24", f"{ELSEWHERE}/24")
        begun = time.monotonic()
        until(side, known, lambda state: state["from"] == ELSEWHERE, 10)
        until(side, known, lambda state: state["online"] and state["path"] == "webrtc", 40)
        took = time.monotonic() - begun
        print(f"back on WebRTC {took:.1f} s after the address changed")
        assert took < BACK + SLACK
        after = until(side, known, in_time, 10)
        assert (after["jumps"], after["stalls"]) == (before["jumps"], before["stalls"])


@pytest.mark.long
@pytest.mark.parametrize("seconds", [3.0, 5.0])
def test_an_outage_of_everything_moves_nothing(tmp_path: Path, clip: Path, seconds: float) -> None:
    """The path over the link is not taken for it: both are away, and both come back."""
    with playing(tmp_path, clip) as (near, side, _, known, before):
        with near.silenced():
            time.sleep(seconds)
        begun = time.monotonic()
        until(side, known, lambda state: state["online"] and in_time(state), 20)
        print(f"online {time.monotonic() - begun:.1f} s after an outage of {seconds:.0f} s")
        time.sleep(4.0)
        after = side.ask("state", known)
        assert (after["path"], after["which"]) == ("webrtc", before["which"])
        assert (after["jumps"], after["stalls"]) == (before["jumps"], before["stalls"])


@pytest.mark.long
def test_the_machine_stands_still_for_a_while(tmp_path: Path, clip: Path) -> None:
    """As a laptop whose lid was closed, but for the clock, which is another test's (`test_timekeeper`)."""
    with playing(tmp_path, clip) as (_, side, process, known, before):
        os.kill(process, signal.SIGSTOP)
        time.sleep(SLEEP)
        os.kill(process, signal.SIGCONT)
        begun = time.monotonic()
        after = until(side, known, lambda state: state["online"] and state["path"] == "webrtc" and in_time(state), 40)
        took = time.monotonic() - begun
        print(f"back on WebRTC, and its picture here, {took:.1f} s after it woke")
        assert took < BACK + SLACK
        assert (after["jumps"], after["stalls"]) == (before["jumps"], before["stalls"])
