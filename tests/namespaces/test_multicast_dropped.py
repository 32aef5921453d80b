"""A screen on another machine, its browser with default settings (its addresses masked as `….local`), and no multicast.

The receiver and its Chromium run in one network namespace, the presenter's screens in another.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from courtcast.core.pairing import read_code
from tests.namespaces.rig import FAR, Machine, arguments, two_machines

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]

ROOT = Path(__file__).resolve().parents[2]
PORT = 8470
STOP = 10.0


class Presenter:
    """The near machine's program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, *words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the presenter ended"
        said: dict[str, Any] = json.loads(answer)
        return said


@contextmanager
def program(machine: Machine, *command: str | Path, log: Path) -> Iterator[subprocess.Popen[str]]:
    """One of ours, on a machine, until the context ends."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            machine.command(sys.executable, "-m", *map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@contextmanager
def screen(far: Machine, folder: Path) -> Iterator[subprocess.Popen[str]]:
    receiver = ["receiver.cli", "run", "--data", folder, "--name", "Jury", "--zone", "jury", "--port", str(PORT)]
    with program(far, *receiver, "--headless", log=folder.with_suffix(".log")) as process:
        yield process


@contextmanager
def presenter(near: Machine, folder: Path) -> Iterator[Presenter]:
    folder.mkdir()
    with program(near, "tests.namespaces.presenter", folder, log=folder.with_suffix(".log")) as process:
        yield Presenter(process)


def code_of(far: Machine, folder: Path) -> str:
    """What stands on the screen, once the receiver is up."""
    for _ in range(100):
        shown = subprocess.run(
            far.command(sys.executable, "-m", "receiver.cli", "code", "--data", str(folder)),
            capture_output=True,
            text=True,
            check=False,
            timeout=STOP,
            cwd=ROOT,
        )
        if shown.returncode == 0 and (code := read_code(shown.stdout)) is not None:
            return code
        time.sleep(0.1)
    raise AssertionError(shown.stderr)


def browser_of(receiver: subprocess.Popen[str]) -> list[str]:
    """The command line of the browser that a receiver minds (`nsenter` becomes the program itself)."""
    for _ in range(100):
        children = Path(f"/proc/{receiver.pid}/task/{receiver.pid}/children").read_text().split()
        for child in children:
            line = list(arguments(int(child)))
            if any(argument.startswith("--user-data-dir=") for argument in line):
                return line
        time.sleep(0.1)
    raise AssertionError("no browser")


def connects(far: Machine, process: subprocess.Popen[str], near: Presenter, folder: Path, known: str) -> None:
    """Pairs, and a Stage arrives at the page: over channels whose addresses nobody could ask for."""
    assert "problem" not in near.ask("pair", known, code_of(far, folder))
    line = browser_of(process)
    assert not any("WebRtcHideLocalIpsWithMdns" in argument for argument in line), "addresses are masked"
    told = near.ask("stage", known, 7)
    assert told.get("online"), told
    assert told["path"] == "webrtc"
    again = near.ask("stage", known, 8)
    assert again["took"] < 2


@pytest.mark.long
def test_a_screen_found_before_multicast_is_dropped(tmp_path: Path) -> None:
    """On a line that leads nowhere else: the page's answer holds no address, and the page reaches the presenter."""
    with (
        two_machines() as (near, far),
        screen(far, tmp_path / "far") as process,
        presenter(near, tmp_path / "near") as side,
    ):
        found = side.ask("find")
        assert found.get("address") == f"{FAR}:{PORT}", found
        for machine in (near, far):
            machine.drop_multicast()
        connects(far, process, side, tmp_path / "far", found["id"])


def test_a_screen_whose_address_was_typed_where_multicast_was_never_let_through(tmp_path: Path) -> None:
    """And the presenter's own firewall lets nothing in: only real addresses in the page's answer lead anywhere."""
    with two_machines() as (near, far):
        for machine in (near, far):
            machine.drop_multicast()
        far.believe_in_a_way_out(near)
        near.let_nobody_in()
        with screen(far, tmp_path / "far") as process, presenter(near, tmp_path / "near") as side:
            code_of(far, tmp_path / "far")
            found = added(side)
            connects(far, process, side, tmp_path / "far", found["id"])
            assert near.multicasts_dropped() > 0, "the screen's browser did try to tell its name, in vain"


def added(side: Presenter, address: str = FAR) -> dict[str, Any]:
    """Typed in, once the receiver listens."""
    for _ in range(100):
        found = side.ask("add", address)
        if "problem" not in found:
            return found
        time.sleep(0.1)
    raise AssertionError(found)
