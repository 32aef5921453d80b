"""Through a court's proxy that looks into TLS: a real one, with an authority of its own."""

from __future__ import annotations

import hashlib
import random
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from courtcast.doctor.outside import outside
from courtcast.evidence.ask import Asker, Trouble
from courtcast.evidence.fetch import fetch
from courtcast.evidence.guard import Forbidden, Guard
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link
from courtcast.evidence.proxy import Proxy, ProxyGuard, make
from courtcast.evidence.spool import Spool
from courtcast.problems import Refused
from tests.evidence.spellings import ODD, REFUSED
from tests.stand_ins.evidence_server import EvidenceServer, serving
from tests.stand_ins.proxy import Authority, proxying
from tests.stand_ins.proxy import Proxy as Running

DATA = random.Random(11).randbytes(900_000)
HASH = hashlib.sha256(DATA).hexdigest()
QUICK = Limits(connect=1.0, answer=2.0, idle=1.0, first_patience=1.0, backoff=0.01, backoff_most=0.05)
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What resolves here: nothing but what a test puts in, as behind many proxies."""
    known: dict[str, str] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host in known:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host], port or 0))]
        if host is not None and host.replace(".", "").isdigit():
            return real(host, port, *args, **more)
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return known


@asynccontextmanager
async def court(authority: Authority, **how: Any) -> AsyncIterator[tuple[EvidenceServer, Running]]:
    """A server that is known to the proxy alone, by two names, and the proxy."""
    async with (
        serving({"clip.mp4": DATA}) as server,
        proxying({"evidence.example": server.address, "other.example": server.address}, authority, **how) as proxy,
    ):
        yield server, proxy


async def fetched(folder: Path, url: str, guard: Guard, headers: Mapping[str, str] | None = None) -> str | None:
    async with await Spool.open(folder / "spool") as spool:
        await fetch(Link(url, dict(headers or {})), spool, guard, on_progress=lambda _: None, limits=QUICK)
        return spool.sha256


async def refused(url: str, guard: Guard) -> str:
    try:
        async with Asker(Link(url), guard, QUICK) as asker:
            (await asker.ask(0)).response.close()
    except Refused as problem:
        return problem.type
    except Trouble as trouble:
        return trouble.problem.type
    return "came"


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_file_comes_through_it(tmp_path: Path, authority: Authority, scheme: str) -> None:
    async with court(authority) as (server, proxy):
        guard = make((), proxy.address, authority.write(tmp_path))
        url = f"{scheme}://evidence.example/clip.mp4?cut=400000"
        assert await fetched(tmp_path, url, guard, {"X-Key": "for the server"}) == HASH
        assert proxy.asked[0] == ("evidence.example:443" if scheme == "https" else url)
        assert all(request.headers["x-key"] == "for the server" for request in server.requests)
        assert all(request.headers["host"] == "evidence.example" for request in server.requests)


async def test_its_authority_has_to_be_given(tmp_path: Path, authority: Authority) -> None:
    async with court(authority) as (server, proxy):
        url = "https://evidence.example/clip.mp4"
        assert await refused(url, make((), proxy.address)) == "proxy-certificate"
        assert await refused(url, make((), proxy.address, Authority().write(tmp_path))) == "proxy-certificate"
        assert server.requests == []


async def test_it_may_ask_who_one_is(tmp_path: Path, authority: Authority) -> None:
    async with court(authority, needs="clerk:pass word") as (server, proxy):
        ca = authority.write(tmp_path)
        known = proxy.address.replace("//", "//clerk:pass%20word@")
        for scheme in ("https", "http"):
            url = f"{scheme}://evidence.example/clip.mp4"
            assert await refused(url, make((), proxy.address, ca)) == "proxy-sign-in"
            assert await refused(url, make((), known, ca)) == "came"
        assert not any("proxy-authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("status", "https", "http"),
    [(403, "proxy-refused", "link-refused"), (502, "link-unreachable", "link-server"), (503, "proxy-refused", "link-server")],
)  # fmt: skip
async def test_it_may_let_nothing_through(
    tmp_path: Path, authority: Authority, status: int, https: str, http: str
) -> None:
    async with court(authority, refuses=status) as (_, proxy):
        guard = make((), proxy.address, authority.write(tmp_path))
        assert await refused("https://evidence.example/clip.mp4", guard) == https
        assert await refused("http://evidence.example/clip.mp4", guard) == http


async def test_it_may_not_be_there(authority: Authority) -> None:
    async with court(authority) as (_, proxy):
        pass
    assert await refused("https://evidence.example/x", make((), proxy.address)) == "proxy-unreachable"
    assert await refused("https://evidence.example/x", make((), "http://proxy.example:80")) == "proxy-unreachable"


async def test_it_is_found_by_its_name(tmp_path: Path, authority: Authority, names: dict[str, str]) -> None:
    async with court(authority) as (_, proxy):
        names["proxy.example"] = "127.0.0.1"
        address = proxy.address.replace("127.0.0.1", "proxy.example")
        assert (
            await refused("https://evidence.example/clip.mp4", make((), address, authority.write(tmp_path))) == "came"
        )


async def test_where_numbers_lead_cannot_be_seen_and_so_none_are_let_through(authority: Authority) -> None:
    """Whatever is allowed, and public ones too."""
    async with court(authority) as (_, proxy):
        guard = make(EVERYWHERE, proxy.address)
        hosts = [f"[{address}]" if ":" in address else address for address in REFUSED.split()] + [
            "8.8.8.8",
            "[2606:4700::1]",
        ]
        for host in hosts:
            assert await refused(f"http://{host}/x", guard) == "link-literal-address"
        for link in ODD:
            assert await refused(link, guard) in {"link-literal-address", "link-malformed"}, ascii(link)
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "ⓛocalhost", "intranet", "printer.local", "db.internal", "router.lan",
     "box.home.arpa", "1.0.0.127.in-addr.arpa", "x.onion"],
)  # fmt: skip
async def test_names_that_never_mean_a_public_server(authority: Authority, host: str) -> None:
    async with court(authority) as (_, proxy):
        assert await refused(f"http://{host}/x", make((), proxy.address)) == "link-forbidden-address"
        assert proxy.connections == 0


async def test_a_name_that_leads_here_into_a_network_that_is_not_allowed(
    authority: Authority, names: dict[str, str]
) -> None:
    async with court(authority) as (server, proxy):
        names["evidence.example"] = "10.0.0.9"
        assert await refused("http://evidence.example/clip.mp4", make((), proxy.address)) == "link-forbidden-address"
        assert proxy.connections == 0
        allowing = make((ip_network("10.0.0.0/8"),), proxy.address)
        assert await refused("http://evidence.example/clip.mp4", allowing) == "came"
        names["evidence.example"] = "8.8.8.8"
        assert await refused("http://evidence.example/clip.mp4", make((), proxy.address)) == "came"
        assert server.requests


async def test_where_a_link_leads_on_to_is_judged_in_the_same_way(authority: Authority) -> None:
    async with court(authority) as (_, proxy):
        guard = make((), proxy.address)
        link = "http://evidence.example/clip.mp4?redirect="
        assert await refused(link + "http://other.example/clip.mp4", guard) == "came"
        assert await refused(link + "http://127.0.0.1/", guard) == "link-literal-address"
        assert await refused(link + "http://localhost/", guard) == "link-forbidden-address"
        assert await refused(link + "http://unknown.example/", guard) == "link-server"
        assert not any("127.0.0.1" in target.partition("?")[0] for target in proxy.asked)


def test_its_gate_admits_nothing_else() -> None:
    guard = ProxyGuard(Proxy.parse("http://127.0.0.1:3128"), EVERYWHERE)

    def made(address: str, port: int) -> bool:
        try:
            guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))).close()
        except Forbidden:
            return False
        return True

    assert made("127.0.0.1", 3128)
    assert not any(made(*other) for other in [("127.0.0.1", 3129), ("127.0.0.2", 3128), ("8.8.8.8", 3128)])


async def test_what_the_system_has_set_is_used_where_that_is_asked_for(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="proxy-not-set"):
        make((), "system")
    async with court(authority) as (server, proxy):
        monkeypatch.setenv("https_proxy", proxy.address)
        url = server.url("clip.mp4")
        assert await refused(url, make((ip_network("127.0.0.0/8"),))) == "came"
        assert proxy.connections == 0, "nobody asked for it"
        guard = make((), "system", authority.write(tmp_path))
        assert await refused("https://evidence.example/clip.mp4", guard) == "came"
        assert proxy.connections == 1


async def test_an_authority_may_be_given_without_a_proxy(tmp_path: Path, authority: Authority) -> None:
    here = (ip_network("127.0.0.0/8"),)
    async with serving({"clip.mp4": DATA}, tls=authority.context("127.0.0.1")) as server:
        assert await refused(server.url("clip.mp4"), make(here)) == "link-certificate"
        assert await refused(server.url("clip.mp4"), make(here, ca=authority.write(tmp_path))) == "came"
    (tmp_path / "none.pem").write_text("none")
    for file in (tmp_path / "none.pem", tmp_path / "nothing.pem"):
        with pytest.raises(Refused, match="certificate-file"):
            make((), ca=file)


@pytest.mark.parametrize(
    ("text", "shown", "user", "password"),
    [
        ("http://proxy.example:8080", "proxy.example:8080", "", ""),
        ("proxy.example:3128", "proxy.example:3128", "", ""),
        ("http://10.0.0.1:3128/", "10.0.0.1:3128", "", ""),
        ("http://court%5Cclerk:a%40b@proxy.example:8080", "proxy.example:8080", "court\\clerk", "a@b"),
    ],
)
def test_how_a_proxy_is_written(text: str, shown: str, user: str, password: str) -> None:
    proxy = Proxy.parse(text)
    assert (proxy.shown, proxy.user, proxy.password) == (shown, user, password)


@pytest.mark.parametrize("text", ["", "socks5://h:1", "https://h:1", "http://h:1/path", "http://h:1?x", "http://h:0"])
def test_what_is_no_proxy(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        Proxy.parse(text)


async def test_doctor_tells_of_it(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    async def marks(proxy: str | None = None, ca: Path | None = None) -> list[str]:
        return [line.mark async for line in outside(proxy, ca)]

    assert await marks() == []
    assert await marks("system") == ["stop"]
    async with court(authority) as (_, proxy):
        assert await marks(proxy.address, authority.write(tmp_path)) == ["good", "good"]
        monkeypatch.setenv("https_proxy", proxy.address)
        assert await marks() == ["note"]
        assert await marks("system") == ["good"]
    assert await marks(proxy.address, tmp_path / "nothing.pem") == ["stop", "stop"]
