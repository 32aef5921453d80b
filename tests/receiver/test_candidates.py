"""Real addresses in the place of `.local` names, on what Chromium really answers."""

from __future__ import annotations

import re

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from receiver.candidates import MAX_ADDRESSES, MAX_CANDIDATES, with_real_addresses

CHROMIUM = "\r\n".join(
    [
        "v=0",
        "o=- 601108917592072608 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=candidate:1940918728 1 udp 2113937151 be354c9e-6e14-4f3e-a9dc-f66b15a748b9.local 33465 typ host generation 0 network-cost 999",
        "a=candidate:1958903160 1 udp 2113942271 003526c6-d03f-4bec-99a0-031c29bd9b7e.local 58554 typ host generation 0 network-cost 999",
        "a=ice-ufrag:+aTS",
        "a=ice-pwd:7b4J3L0mNzcq8MdIyeY5vBGP",
        "a=ice-options:trickle",
        "a=fingerprint:sha-256 66:C6:6B:04:98:65:F4:BF:89:81:C2:95:7D:63:C9:80:F0:83:6C:46:F7:DD:B5:CB:17:53:AE:9C:0A:C0:04:5E",
        "a=setup:active",
        "a=mid:0",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
        "",
    ]
)
"""The answer of Chromium 156 to an offer of two data channels, on a machine with one IPv4 and one IPv6 address."""


def candidates(sdp: str) -> list[tuple[str, int]]:
    """Host and port of each candidate, as the presenter's own library reads them."""
    media = SessionDescription.parse(sdp).media
    return [(candidate.ip, candidate.port) for section in media for candidate in section.ice_candidates]


def test_each_port_is_tried_at_each_address_the_reached_one_first() -> None:
    sdp = with_real_addresses(CHROMIUM, "10.0.0.7", ["fd00::7", "192.168.1.2", "10.0.0.7"])
    assert candidates(sdp) == [
        (address, port) for address in ("10.0.0.7", "192.168.1.2", "fd00::7") for port in (33465, 58554)
    ]


def test_everything_else_stays_as_it_is() -> None:
    sdp = with_real_addresses(CHROMIUM, "10.0.0.7", [])
    rest = [line for line in CHROMIUM.split("\r\n") if not line.startswith("a=candidate")]
    assert [line for line in sdp.split("\r\n") if not line.startswith("a=candidate")] == rest
    assert ".local" not in sdp


def test_priorities_fall_with_the_rank_and_foundations_differ() -> None:
    sdp = with_real_addresses(CHROMIUM, "10.0.0.7", [f"10.0.1.{n}" for n in range(20)])
    found = [candidate for section in SessionDescription.parse(sdp).media for candidate in section.ice_candidates]
    assert len({candidate.foundation for candidate in found}) == len(found) == 2 * MAX_ADDRESSES
    assert len({candidate.priority for candidate in found}) == len(found)
    for port in (33465, 58554):
        of_port = [candidate for candidate in found if candidate.port == port]
        assert of_port[0].ip == "10.0.0.7"
        assert [c.priority for c in of_port] == sorted((c.priority for c in of_port), reverse=True)


def test_real_candidates_are_left_alone() -> None:
    real = "a=candidate:1 1 udp 2113937151 127.0.0.1 4444 typ host generation 0"
    sdp = with_real_addresses(f"v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{real}\r\n", "10.0.0.7", [])
    assert real in sdp.split("\r\n")
    assert "10.0.0.7" not in sdp


def test_names_over_tcp_are_left_out() -> None:
    line = "a=candidate:1 1 tcp 1518280447 x.local 9 typ host tcptype active"
    assert "candidate" not in with_real_addresses(f"m=application 9 x y\r\n{line}\r\n", "10.0.0.7", [])


@pytest.mark.parametrize(
    ("reached", "addresses", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1"], ["127.0.0.1"]),
        ("::ffff:10.0.0.7", ["10.0.0.7", "::1", "fe80::1%eth0"], ["10.0.0.7"]),
        ("fd00::7%eth0", ["10.0.0.7", "fd00::8"], ["fd00::7", "fd00::8", "10.0.0.7"]),
        (None, ["fd00::7", "10.0.0.7"], ["10.0.0.7", "fd00::7"]),
        (None, ["127.0.0.1", "169.254.3.4"], []),
    ],
)
def test_which_addresses(reached: str | None, addresses: list[str], expected: list[str]) -> None:
    sdp = with_real_addresses(
        "m=a 9 b c\r\na=candidate:1 1 udp 2113937151 x.local 4444 typ host\r\n", reached, addresses
    )
    assert re.findall(r"2113\d+ (\S+) 4444", sdp) == expected


def test_many_ports_do_not_multiply_without_end() -> None:
    lines = [f"a=candidate:{n} 1 udp 2113937151 {n}.local {4000 + n} typ host" for n in range(100)]
    sdp = with_real_addresses("\r\n".join(["m=a 9 b c", *lines, ""]), "10.0.0.7", ["10.0.0.8"])
    assert sdp.count("a=candidate") == MAX_CANDIDATES


@given(st.text(max_size=300), st.lists(st.ip_addresses().map(str), max_size=12))
def test_whatever_a_page_says_it_comes_through(sdp: str, addresses: list[str]) -> None:
    assert ".local " not in with_real_addresses(sdp + "\na=candidate:1 1 udp 1 x.local 1 typ host", None, addresses)
