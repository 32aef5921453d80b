"""Programs on a machine whose network is not connected: they say so in one sentence, and go on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from courtcast.problems import TABLE
from tests.namespaces.rig import lone_machine

pytestmark = pytest.mark.namespaces

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = TABLE["no-network"].detail


@pytest.mark.parametrize(
    ("module", "arguments", "ready"),
    [
        ("courtcast.cli", ("serve", "--port", "0"), "remote: http://127.0.0.1:"),
        (
            "receiver.cli",
            ("run", "--name", "N", "--zone", "z", "--port", "0", "--no-kiosk"),
            "screen: http://127.0.0.1:",
        ),
    ],
    ids=["presenter", "screen"],
)
async def test_it_says_so_and_goes_on(tmp_path: Path, module: str, arguments: Sequence[str], ready: str) -> None:
    with lone_machine() as machine:
        process = await asyncio.create_subprocess_exec(
            *machine.command(sys.executable, "-m", module, *arguments, "--data", str(tmp_path / "data")),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            async with asyncio.timeout(60):
                assert (await process.stdout.readline()).decode().startswith(ready)
                said = ""
                while SENTENCE not in said:
                    line = (await process.stderr.readline()).decode()
                    assert line, said
                    said += line
            assert process.returncode is None
        finally:
            process.terminate()
            rest = (await process.communicate())[1].decode()
        assert (said + rest).count(SENTENCE) == 1, "once"
        assert "Traceback" not in said + rest


def test_doctor_says_so(tmp_path: Path) -> None:
    with lone_machine() as machine:
        command = machine.command(sys.executable, "-m", "courtcast.cli", "doctor", "--data", str(tmp_path))
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert SENTENCE in " ".join(done.stdout.split())
