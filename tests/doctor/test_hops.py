"""What is said of the way to a screen: the first hop that fails, and what to ask for."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from courtcast.core.identity import Identity
from courtcast.deliver.screens import Record
from courtcast.doctor import probe
from courtcast.doctor.hops import PAGE, Hops, lines
from courtcast.doctor.known import how
from courtcast.doctor.network import targets
from courtcast.problems import Refused
from courtcast.wire.api import Problem, Screen
from courtcast.wire.link import Card

GOOD = Hops(name="Jury", host="10.77.0.2", port=8470, ours="10.77.0.1", found=True, udp="open")


def said(**changes: object) -> list[tuple[str, str]]:
    """The marks and the whole sentences."""
    found = lines(msgspec.structs.replace(GOOD, **changes))
    return [(line.mark, f"{line.says} {line.do}".strip()) for line in found]


def test_where_nothing_fails_one_line_says_what_was_reached() -> None:
    assert said() == [
        ("good", "Jury (10.77.0.2:8470) is reached: found by itself, address, TCP 8470, TLS, WebSocket, UDP.")
    ]


@pytest.mark.parametrize(
    ("changes", "hop", "words"),
    [
        ({"tcp": "no-name", "host": "jury.local"}, "address", "Type the numbers"),
        ({"tcp": "nobody"}, "address", "nobody has 10.77.0.2 on this network"),
        ({"tcp": "no-way"}, "address", "ask for a route to 10.77.0.2"),
        ({"tcp": "silent"}, "address", "Ask for TCP 8470 from 10.77.0.1 to 10.77.0.2"),
        ({"tcp": "silent", "alive": True}, "port", "Ask for TCP 8470 from 10.77.0.1 to 10.77.0.2"),
        ({"tcp": "refused"}, "port", "Look whether the receiver runs there"),
        ({"tls": "screen-certificate"}, "TLS", "exempt TCP 8470"),
        ({"tls": "screen-unreachable"}, "TLS", "cuts TLS 1.3"),
        ({"link": "screen-revoked"}, "WebSocket", "Pair it again"),
        ({"link": "screen-unreachable"}, "WebSocket", "WebSockets on TCP 8470"),
    ],
)
def test_the_first_hop_that_fails_is_named(changes: dict[str, object], hop: str, words: str) -> None:
    ((mark, sentence),) = said(**changes)
    assert mark == "stop"
    assert re.search(rf"\b{hop}: ", sentence)
    assert words in sentence


def test_udp_that_does_not_get_through_stands_in_nobodys_way() -> None:
    (good, udp) = said(udp="closed")
    assert good[0] == "good"
    assert "UDP" not in good[1]
    assert udp[0] == "look"
    assert "Ask for UDP between 10.77.0.1 and 10.77.0.2" in udp[1]
    assert PAGE in udp[1]


def test_a_screen_that_is_not_found_by_itself_is_one_all_the_same() -> None:
    (good, multicast) = said(found=False)
    assert "found by itself" not in good[1]
    assert multicast[0] == "note"
    assert "UDP 5353" in multicast[1]


@pytest.mark.parametrize("udp", ["unpaired", "no-page", "taken", "unknown"])
def test_what_could_not_be_tried_is_not_said_to_work_or_to_fail(udp: str) -> None:
    (_, more) = said(udp=udp)
    assert more[0] in ("note", "look")
    assert "Ask for UDP" not in more[1]


def test_the_page_that_is_pointed_at_is_there() -> None:
    assert (Path(__file__).parents[2] / PAGE).is_file()


def test_each_screen_is_looked_for_once_at_the_address_where_it_was_last() -> None:
    card = Card(id="a", name="Jury", zone="jury")
    kept = {"a": Record(card=card, address="10.0.0.7:8470", certificate=Identity.make("x").certificate)}
    found = {"a": ("Jury", ["10.0.0.8:8470"]), "b": ("Witness", ["10.0.0.9:8470", "[fd00::9]:8470"])}
    made = targets(kept, found, ["10.0.0.7", "10.0.0.9:8470", "fd00::7"])
    assert [(str(target.where), target.name) for target in made] == [
        ("10.0.0.7:8470", "Jury"), ("[fd00::7]:8470", ""), ("10.0.0.9:8470", "Witness"),
    ]  # fmt: skip
    assert [target.pinned is not None for target in made] == [True, False, False]
    with pytest.raises(Refused):
        targets({}, {}, ["no address"])


@pytest.mark.parametrize(
    ("fields", "udp"),
    [
        ({"online": True, "path": "webrtc"}, "open"),
        ({"online": True, "path": "websocket"}, "closed"),
        ({"problem": Problem(type="screen-no-page", detail="")}, "no-page"),
        ({"problem": Problem(type="screen-taken", detail="")}, "taken"),
        ({}, "unknown"),
    ],
)
def test_a_presenter_that_runs_is_asked(fields: dict[str, object], udp: str) -> None:
    assert how(msgspec.structs.replace(Screen(id="a", name="J", zone="z", address=""), **fields)) == udp


def test_neighbours_are_those_in_a_network_of_ours() -> None:
    assert probe.is_neighbour("127.0.0.9")
    assert not probe.is_neighbour("240.0.0.1")
    assert not probe.is_neighbour("a.name")
