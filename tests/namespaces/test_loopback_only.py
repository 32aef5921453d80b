"""A machine without any network, as in a rehearsal on a train: everything on it finds and reaches everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.namespaces.rig import lone_machine

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]

ROOT = Path(__file__).resolve().parents[2]
MOST = 120.0


def test_a_machine_that_has_only_loopback_reaches_its_own_screen(tmp_path: Path) -> None:
    with lone_machine() as machine:
        command = machine.command(sys.executable, "-m", "tests.namespaces.alone", str(tmp_path))
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=MOST, check=False)
        assert (done.returncode, done.stdout.strip()) == (0, "webrtc"), done.stderr
