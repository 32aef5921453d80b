"""The gate: numbers in every spelling that a socket may be given, and links in every spelling of a number."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from courtcast.evidence.ask import Asker
from courtcast.evidence.guard import Forbidden, Guard, embedded
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link, parse
from courtcast.problems import Refused
from tests.evidence.spellings import NAMES, ODD, PUBLIC, REFUSED, ZONED, links
from tests.stand_ins.evidence_server import serving

QUICK = Limits(connect=1.0, answer=2.0, idle=1.0)
NO_WAY = {"link-forbidden-address", "link-malformed"}


@pytest.mark.parametrize("address", [*REFUSED.split(), *ZONED])
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
        (
            "64:ff9b:1::/48",
            ["64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::", "64:ff9b:1:8:8:808::"],
            ["64:ff9b:1::10.0.0.1", "64:ff9b:1:a00:0:100::", "64:ff9b:1:0a:0:1::", "64:ff9b:1:0:a:0:100:0"],
        ),
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


@pytest.mark.parametrize("address", ["64:ff9b:1:c000:2:2100::", "64:ff9b:1:c0:0:221::", "64:ff9b:1:0:c0:2:2100:0"])
def test_an_address_behind_a_local_translator_is_found_wherever_it_stands(address: str) -> None:
    """The examples of RFC 6052 §2.4 for prefixes of 48, 56 and 64 bits."""
    assert IPv4Address("192.0.2.33") in embedded(IPv6Address(address))


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


# links, and not a socket made for them

_events: list[str] = []
_heard: list[bool] = []


def _hear(event: str, _: tuple[Any, ...]) -> None:
    if _heard and event.startswith("socket.") and event != "socket.gethostname":
        _events.append(event)


sys.addaudithook(_hear)


@contextmanager
def heard() -> Iterator[list[str]]:
    """What this process does with sockets meanwhile (PEP 578): the interpreter says so itself."""
    _events.clear()
    _heard.append(True)
    try:
        yield _events
    finally:
        _heard.clear()


async def answer(url: str, guard: Guard) -> str:
    """What comes of asking there: a problem's type."""
    try:
        async with Asker(Link(url), guard, QUICK) as asker:
            await asker.ask(0)
    except Refused as refused:
        return refused.type
    raise AssertionError(f"{url} was answered")


async def test_no_spelling_of_a_link_gets_past_the_gate_and_none_makes_a_socket() -> None:
    cases = [*links(), *ODD]
    assert len(cases) + len(NAMES) >= 150
    for link in cases:
        with heard() as events:
            assert await answer(link, Guard()) in NO_WAY, ascii(link)
        assert events == [], ascii(link)


async def test_nor_does_a_name_that_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver's answer is all that is made up here."""
    monkeypatch.setattr(
        socket, "getaddrinfo", resolving({(URL(f"http://{k}").raw_host or "").lower(): v for k, v in NAMES.items()})
    )
    for name in NAMES:
        with heard() as events:
            assert await answer(f"http://{name}/x", Guard()) == "link-forbidden-address", ascii(name)
        assert events == [], ascii(name)


async def test_the_number_that_is_judged_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads somewhere else whenever it is looked up: it is looked up once for each connection."""
    asked: list[str] = []
    open_, shut = "127.0.0.1", "127.0.0.2"

    def turning(host: str, port: int, *args: Any, **more: Any) -> Any:
        if host == "turning.example":
            asked.append(host)
            return resolving({host: [open_ if len(asked) % 2 else shut]})(host, port, *args, **more)
        return getaddrinfo(host, port, *args, **more)

    getaddrinfo = socket.getaddrinfo
    guard = Guard([ip_network(f"{open_}/32")])
    async with serving({"x": b"x"}, host=open_) as meant:
        port = int(meant.address.rpartition(":")[2])
        async with serving({"x": b"x"}, host=shut, port=port) as other:
            monkeypatch.setattr(socket, "getaddrinfo", turning)
            answers = []
            for _ in range(20):
                try:
                    async with Asker(Link(f"http://turning.example:{port}/x"), guard, QUICK) as asker:
                        (await asker.ask(0)).response.close()
                    answers.append("came")
                except Refused as refused:
                    answers.append(refused.type)
    assert answers == ["came", "link-forbidden-address"] * 10
    assert (len(asked), len(meant.requests), len(other.requests)) == (20, 10, 0)


def resolving(names: dict[str, list[str]]) -> Callable[..., Any]:
    """As `socket.getaddrinfo` answers."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = names.get(host.lower()) or names.get(host.lower().rstrip("."))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    return getaddrinfo


@pytest.mark.parametrize("base", ["http://8.8.8.8/a", "https://evidence.example/a?b"])
async def test_nor_does_any_of_them_as_where_a_link_leads_on_to(base: str) -> None:
    for link in [*links(), *ODD]:
        if "://" not in link or link.endswith("/x" + "y" * 9000):
            continue
        said = "its own server"
        try:
            url = parse(link, URL(base))
            await Guard().admit(url)
            assert url.host == URL(base).host, ascii(link)
        except Refused as refused:
            said = refused.type
        assert said in {*NO_WAY, "its own server"}, ascii(link)
