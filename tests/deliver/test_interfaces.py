"""Which of a machine's addresses count: lists of adapters as the system gives them."""

from __future__ import annotations

from collections.abc import Callable

import ifaddr
import pytest

from courtcast.deliver.interfaces import multicast_addresses, offered_addresses
from receiver.interfaces import own_addresses

Has = Callable[..., None]
LO, LO_6, LINK_6 = "127.0.0.1", "::1", "fe80::5"


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Has:
    """This machine has these addresses now."""

    def given(*addresses: str) -> None:
        ips = [ifaddr.IP((it, 0, 0) if ":" in it else it, 24, "card") for it in addresses]
        monkeypatch.setattr(ifaddr, "get_adapters", lambda: [ifaddr.Adapter("card", "card", ips)])

    return given


def test_multicast_is_spoken_over_ipv4_where_that_leads_anywhere(has: Has) -> None:
    has(LO, LO_6, LINK_6, "fd00:77::1", "10.77.0.1")
    assert multicast_addresses([]) == ["10.77.0.1", LO]


def test_multicast_is_spoken_over_ipv6_where_there_is_nothing_else(has: Has) -> None:
    has(LO, LO_6, LINK_6, "fd00:77::1")
    assert multicast_addresses([]) == ["fd00:77::1", LO]
    assert multicast_addresses(["fd00:77::1"]) == ["fd00:77::1"]


def test_on_loopback_alone_it_stays_there(has: Has) -> None:
    has(LO, LO_6)
    assert multicast_addresses([]) == [LO]
    assert offered_addresses([]) == [LO]
    assert own_addresses() == [LO]


def test_a_screen_has_the_addresses_that_others_reach_it_at(has: Has) -> None:
    has(LO, LO_6, LINK_6, "fd00:77::2", "10.77.0.2", "10.99.0.1")
    assert own_addresses() == ["10.77.0.2", "10.99.0.1", "fd00:77::2"]
    assert own_addresses(["10.99.0.1"]) == ["10.99.0.1"]


def test_two_machines_on_one_cable_have_what_they_gave_themselves(has: Has) -> None:
    has(LO, LO_6, LINK_6, "169.254.7.7")
    assert own_addresses() == ["169.254.7.7"]
    assert offered_addresses([]) == [], "all but loopback"
    assert multicast_addresses([]) == ["169.254.7.7", LO]


def test_a_better_address_than_that_comes_first(has: Has) -> None:
    has(LO, "169.254.7.7", "fd00:77::2")
    assert own_addresses() == ["fd00:77::2"]


def test_the_wanted_ones_are_offered(has: Has) -> None:
    has(LO, "10.77.0.1")
    assert offered_addresses(["10.77.0.1"]) == ["10.77.0.1"]
    assert offered_addresses([]) == []
