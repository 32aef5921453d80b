"""The room clock on a real machine: killed and begun anew, and set wrong in between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from courtcast.control.timekeeper import Timekeeper, steady
from courtcast.core.clock import Mark

PROGRAM = """
import json, sys, time, msgspec
from courtcast.control.timekeeper import Timekeeper, steady
from courtcast.core.clock import Mark
clock = Timekeeper(msgspec.json.decode(sys.stdin.readline(), type=Mark))
before, room, after = steady(), clock(), steady()
print(json.dumps({"mark": msgspec.to_builtins(clock.mark()), "room": room, "steady": (before + after) / 2}), flush=True)
time.sleep(60)
"""


def killed(mark: Mark) -> tuple[Mark, float]:
    """A presenter's clock from a mark, after a kill -9: its own mark, and what it had been ahead of `steady`."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(msgspec.to_builtins(mark)) + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    return msgspec.convert(told["mark"], Mark), told["room"] - told["steady"]


def test_an_anchor_means_the_same_instant_after_each_kill() -> None:
    mark, first = killed(Mark(boot="another boot", offset=0.0, clock=5e5, wall=time.time() - 7.0))
    for _ in range(3):
        mark, ahead = killed(mark)
        assert ahead == pytest.approx(first, abs=0.002)  # between two readings of a busy machine; the sum is exact
        assert Timekeeper(mark).mark().offset == mark.offset
    assert 0 <= Timekeeper(mark)() - 5e5 - 7.0 < 60


@pytest.mark.parametrize("by", [-5 * 3600.0, -0.3, 0.3, 5 * 3600.0])
def test_setting_the_wall_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    clock = Timekeeper()
    mark = clock.mark()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + by)
    assert abs(clock() - steady() - mark.offset) < 0.05
    assert Timekeeper(mark).mark().offset == mark.offset
    assert Timekeeper(clock.mark()).mark().offset == mark.offset


def test_it_goes_on_while_the_machine_sleeps() -> None:
    """What can be seen of that without sleeping: it is the clock of which the system says so."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has one monotonic clock")
    before, now, after = time.clock_gettime(time.CLOCK_BOOTTIME), steady(), time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= now <= after
