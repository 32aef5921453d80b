"""The gate, once for real: on a machine that would answer at every address there is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.namespaces.everywhere import OPEN, PUBLIC, ROUNDS
from tests.namespaces.rig import lone_machine, run

pytestmark = pytest.mark.namespaces

ROOT = Path(__file__).resolve().parents[2]
NO_WAY = {"link-forbidden-address", "link-malformed"}


def test_nothing_is_reached_that_is_not_public() -> None:
    with lone_machine() as machine:
        run(*machine.command("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"))
        run(*machine.command("ip", "-6", "route", "add", "local", "::/0", "dev", "lo"))
        command = machine.command(sys.executable, "-m", "tests.namespaces.everywhere")
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["open"] == len(OPEN), "whatever is not stopped here would be answered"
    told = said["told"]
    straight = {link: what for link, what in told.items() if not link.startswith("→ ")}
    assert len(straight) >= 150
    assert {link: what for link, what in straight.items() if what not in NO_WAY} == {}
    assert said["straight"] == []
    through = {link for link, what in told.items() if what not in NO_WAY}
    assert all(PUBLIC in link or what == "link-redirect-loop" for link, what in told.items() if link in through), (
        through
    )
    assert set(said["on"]) == {PUBLIC}, "the server that leads on, and nobody else"
    assert said["turning"].count("came") >= 1
    assert said["turning"].count("link-forbidden-address") >= 1
    assert len(said["turning"]) == ROUNDS
    assert said["both"] == "came"
    assert set(said["public"]) == {PUBLIC}
