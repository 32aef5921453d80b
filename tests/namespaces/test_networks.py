"""A clip on another machine's screen over the networks that courts have: another subnet, two cards, IPv6 alone.

The receiver and its Chromium run in one network namespace, the presenter's screens in another. What is on the display is
read from the bar code in the screen's own small pictures.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from courtcast.samples import make_clip
from tests.namespaces.rig import FAR, FAR_6, Machine, only_ipv6, run, two_cards, two_subnets
from tests.namespaces.test_multicast_dropped import Presenter, added, code_of, program, screen
from tests.namespaces.test_udp_blocked import RATE, in_time, until

pytestmark = [pytest.mark.browser, pytest.mark.namespaces]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=30, width=320, height=180, rate=RATE, gop_seconds=2,
        bit_rate=300_000,
    )  # fmt: skip


def plays(near: Machine, far: Machine, clip: Path, folder: Path, address: str | None) -> None:
    """By that typed address; None: as it is found."""
    (folder / "near").mkdir()
    here: list[str | Path] = ["tests.namespaces.player", folder / "near", clip]
    with screen(far, folder / "far"), program(near, *here, log=folder / "near.log") as process:
        side = Presenter(process)
        code = code_of(far, folder / "far")
        known = (side.ask("found") if address is None else added(side, address)).get("id")
        assert known, "found by itself"
        assert "problem" not in side.ask("pair", known, code)
        begun = time.monotonic()
        until(side, known, lambda state: state["online"], 40)
        assert side.ask("state", known)["path"] == "webrtc"
        print(f"on the channels {time.monotonic() - begun:.1f} s after pairing")
        side.ask("play", known, 2.0)
        state = until(side, known, lambda state: state["playing"] and in_time(state), 20)
        assert state["path"] == "webrtc"


@pytest.mark.long
def test_a_screen_on_another_subnet_by_its_typed_address(tmp_path: Path, clip: Path) -> None:
    with two_subnets() as (near, far):
        plays(near, far, clip, tmp_path, "10.77.2.2")


@pytest.mark.long
def test_machines_with_two_cards_each_find_the_line_that_they_share(tmp_path: Path, clip: Path) -> None:
    with two_cards() as (near, far):
        plays(near, far, clip, tmp_path, None)


@pytest.mark.long
def test_machines_with_two_cards_each_and_a_typed_address(tmp_path: Path, clip: Path) -> None:
    with two_cards() as (near, far):
        for machine in (near, far):
            machine.drop_multicast()
        plays(near, far, clip, tmp_path, FAR)


def test_where_there_is_ipv6_alone_a_screen_is_found_by_itself(tmp_path: Path, clip: Path) -> None:
    with only_ipv6() as (near, far):
        plays(near, far, clip, tmp_path, None)


def test_a_screen_is_reached_by_an_address_that_means_something_on_its_cable_alone(tmp_path: Path) -> None:
    """Link-local, with the presenter's own card named: over the link, since no browser shows such addresses."""
    with only_ipv6() as (near, far):
        (tmp_path / "near").mkdir()
        here: list[str | Path] = ["tests.namespaces.presenter", tmp_path / "near"]
        with screen(far, tmp_path / "far"), program(near, *here, log=tmp_path / "near.log") as process:
            side = Presenter(process)
            code = code_of(far, tmp_path / "far")
            known = added(side, f"[{link_local(far)}%line]:8470")["id"]
            assert "problem" not in side.ask("pair", known, code)
            told = side.ask("stage", known, 3)
            assert told["online"], told


def link_local(machine: Machine) -> str:
    shown = run(*machine.command("ip", "-6", "-o", "address", "show", "dev", "line", "scope", "link"))
    return shown.split("inet6 ")[1].split("/")[0]


@pytest.mark.long
def test_where_there_is_ipv6_alone_a_screen_is_reached_by_its_typed_address(tmp_path: Path, clip: Path) -> None:
    with only_ipv6() as (near, far):
        for machine in (near, far):
            machine.drop_multicast()
        plays(near, far, clip, tmp_path, f"[{FAR_6}]:8470")
