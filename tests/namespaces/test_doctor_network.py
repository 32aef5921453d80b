"""`courtcast doctor` names the hop that fails on the way to a screen, and what to ask for.

A real receiver with its Chromium on one machine, the command on another, and between them whatever a court's network
does to packets.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.namespaces.rig import FAR, NEAR, Machine, run, two_machines
from tests.namespaces.test_multicast_dropped import ROOT, Presenter, code_of, program, screen

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]

MOST = 90.0


def doctor(near: Machine, data: Path, *more: str) -> str:
    """What it said of the network, as one line of words."""
    command = near.command(sys.executable, "-m", "courtcast.cli", "doctor", "--data", str(data), *more)
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=MOST, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    said = " ".join(done.stdout.split())
    _, network, rest = said.partition("Network: ")
    return network + rest


def pair(near: Machine, data: Path, code: str) -> None:
    data.mkdir()
    run(*near.command(sys.executable, "-m", "tests.namespaces.paired", str(data), FAR, code))


@pytest.mark.long
def test_each_hop_is_named_where_it_fails(tmp_path: Path) -> None:
    data = tmp_path / "near"
    with two_machines() as (near, far):
        with screen(far, tmp_path / "far"):
            pair(near, data, code_of(far, tmp_path / "far"))

            said = doctor(near, data)
            good = f"Jury ({FAR}:8470) is reached: found by itself, address, TCP 8470, TLS, WebSocket, UDP."
            assert good in said
            assert "not" not in said.partition(good)[2].replace("Everything", ""), said

            for machine in (near, far):
                machine.drop_udp()
            said = doctor(near, data)
            assert (
                f"is reached: address, TCP 8470, TLS, WebSocket. ! Jury ({FAR}:8470): UDP does not get through." in said
            )
            assert f"Ask for UDP between {NEAR} and {FAR}" in said
            assert "is not found by itself" in said
            for machine in (near, far):
                machine.let_udp_in()

            for machine in (near, far):
                machine.drop_multicast()
            said = doctor(near, data)
            assert "is reached: address, TCP 8470, TLS, WebSocket, UDP." in said
            assert "is not found by itself: multicast does not get through" in said

            with far.silenced():
                said = doctor(near, data)
                assert f"is not reached: address: nothing answers at {FAR}." in said or "nobody has" in said

            far.drop_tcp(8470)
            said = doctor(near, data)
            assert "is not reached: port: the machine answers, but TCP 8470 is dropped on the way." in said
            assert f"Ask for TCP 8470 from {NEAR} to {FAR} (docs/network.md)." in said
            run(*far.command("nft", "delete", "table", "inet", "noport"))

        said = doctor(near, data)
        assert "is not reached: port: the machine answers, but nothing listens on TCP 8470." in said

        said = doctor(near, tmp_path / "other", "--screen", "10.77.0.99")
        assert "The screen at 10.77.0.99:8470 is not reached: address: nobody has 10.77.0.99 on this network." in said

        said = doctor(near, tmp_path / "other", "--screen", "192.168.7.7")
        assert "address: no way leads from this machine to 192.168.7.7." in said


@pytest.mark.alone
@pytest.mark.long
def test_a_presenter_that_runs_is_asked_and_loses_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=60, width=320, height=180, rate=25, bit_rate=300_000)
    with two_machines() as (near, far):
        far.believe_in_a_way_out(near)
        here: list[str | Path] = ["tests.namespaces.hearing", tmp_path, clip, far.name, FAR]
        with program(near, *here, log=tmp_path / "near.log") as process:
            side = Presenter(process)
            assert side.ask("begin").get("path") == "webrtc"
            before = side.ask("display")["report"]
            said = doctor(near, tmp_path / "presenter")
            assert f"Jury ({FAR}:8470) is reached: found by itself, address, TCP 8470, TLS, WebSocket, UDP." in said
            after = side.ask("display")["report"]
            assert after["playing"]
            assert (after["jumps"], after["stalls"]) == (before["jumps"], before["stalls"])
            assert side.ask("path")["path"] == "webrtc"


def test_where_no_screen_is_found_it_is_said_what_that_means(tmp_path: Path) -> None:
    with two_machines() as (near, _):
        assert "No screen is found by itself" in doctor(near, tmp_path / "near")
