"""Addresses as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.deliver.address import DEFAULT_PORT, parse_address
from courtcast.problems import Refused


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ("10.0.0.7", "10.0.0.7", DEFAULT_PORT),
        (" 10.0.0.7:9000 ", "10.0.0.7", 9000),
        ("jury-left.court.example", "jury-left.court.example", DEFAULT_PORT),
        ("screen:1", "screen", 1),
        ("[fd00::7]:8471", "fd00::7", 8471),
        ("[fd00::7]", "fd00::7", DEFAULT_PORT),
        ("fd00::7", "fd00::7", DEFAULT_PORT),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
    ],
)
def test_what_is_an_address(typed: str, host: str, port: int) -> None:
    assert parse_address(typed) == (host, port)
    assert parse_address(str(parse_address(typed))) == (host, port)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "https://10.0.0.7", "10.0.0.7:", "10.0.0.7:0", "10.0.0.7:65536", "10.0.0.7:８４７０", "10.0.0.256", "10.0.7",
     "1234", "a b", "user@host", "host/path", "[10.0.0.7]:80", "[fd00::7", "fd00::7]:80", "-x", "x" * 64, "a..b", "host:80:90"],
)  # fmt: skip
def test_what_is_none(typed: str) -> None:
    with pytest.raises(Refused, match="address-malformed"):
        parse_address(typed)


@given(st.text(max_size=40))
def test_nothing_typed_does_more_than_be_refused(typed: str) -> None:
    try:
        address = parse_address(typed)
    except Refused:
        return
    assert parse_address(str(address)) == address
