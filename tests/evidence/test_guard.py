"""The gate: numbers in every spelling that a socket may be given."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.evidence.guard import Forbidden, Guard
from courtcast.problems import Refused

REFUSED = """
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.1.2.3 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1
192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0.0.0.0
::ffff:192.168.1.1 ::ffff:c0a8:101 ::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
64:ff9b::8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 64:ff9b:1::10.0.0.1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:db8:ffff::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1
2002:c0a8:101::1 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00::1 fd00:ec2::254 fdff::1
fe80::1 fe80::1%1 fe80::1%lo febf::1 fec0::1 feff::1 ff00::1 ff02::1 ff02::fb ff0e::1
2a00:1450:4001::5efe:127.0.0.1 2a00:1450:4001::200:5efe:10.0.0.1 2a00:1450:4001::5efe:192.168.0.1
"""

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255
172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255
::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450:4001::5efe:8.8.8.8 3ffe::1
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_no_way_into_networks_that_were_not_allowed(address: str) -> None:
    with pytest.raises(Refused) as refused:
        Guard().check(address)
    assert refused.value.type == "link-forbidden-address"
    assert address in refused.value.detail


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_pass(address: str) -> None:
    Guard().check(address)


@pytest.mark.parametrize("text", ["", "localhost", "0x7f.1", "127.1", "2130706433", "::g", "1.2.3.4.5"])
def test_what_is_no_numeric_address_does_not_pass(text: str) -> None:
    with pytest.raises(Refused):
        Guard([ip_network("0.0.0.0/0"), ip_network("::/0")]).check(text)


@pytest.mark.parametrize(
    ("network", "passes", "still_refused"),
    [
        ("127.0.0.0/8", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "8.8.8.8"], ["10.0.0.1", "::1", "::127.0.0.1"]),
        ("10.1.0.0/16", ["10.1.2.3"], ["10.2.0.1", "127.0.0.1", "2002:a01:203::1", "64:ff9b::10.1.2.3"]),
        ("::1/128", ["::1"], ["127.0.0.1", "::2"]),
        ("fd12::/16", ["fd12::1"], ["fd13::1", "fe80::1"]),
        ("fe80::/10", ["fe80::1", "fe80::1%1"], ["fec0::1"]),
        ("64:ff9b::/96", ["64:ff9b::8.8.8.8"], ["64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"]),
        ("2002::/16", ["2002:808:808::1"], ["2002:7f00:1::1", "2002:a00:1::"]),
    ],
)
def test_allowing_a_network_opens_that_network_only(network: str, passes: list[str], still_refused: list[str]) -> None:
    guard = Guard([ip_network(network)])
    for address in passes:
        guard.check(address)
    for address in still_refused:
        with pytest.raises(Refused):
            guard.check(address)


@given(st.ip_addresses(v=6))
def test_what_python_calls_private_is_refused_as_well(address: IPv6Address) -> None:
    if Guard().permits(address):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_never_widens_what_is_permitted(inner: IPv4Address) -> None:
    guard = Guard([ip_network("64:ff9b::/96"), ip_network("2002::/16")])
    permitted = guard.permits(inner)
    assert guard.permits(ip_address(f"::ffff:{inner}")) == permitted
    if not permitted and int(inner) > 1:
        assert not guard.permits(ip_address(f"64:ff9b::{inner}"))
        assert not guard.permits(IPv6Address((0x2002 << 112) | (int(inner) << 80) | 1))


def test_the_socket_is_only_made_where_the_gate_is_open() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    with pytest.raises(Forbidden) as forbidden:
        Guard().socket_factory(info)
    assert forbidden.value.address == "127.0.0.1"
    with Guard([ip_network("127.0.0.0/8")]).socket_factory(info) as made:
        assert made.family == socket.AF_INET
