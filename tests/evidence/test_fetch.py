"""Fetching from a server that may do anything: the file with the right hash, or the right words."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import ssl
from collections import Counter
from ipaddress import ip_network
from pathlib import Path

import pytest

from courtcast.core.identity import Identity
from courtcast.evidence import company
from courtcast.evidence.fetch import fetch
from courtcast.evidence.guard import Guard
from courtcast.evidence.hosts import Hosts
from courtcast.evidence.limits import Limits
from courtcast.evidence.links import Link
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.version import Version
from courtcast.problems import Refused
from tests.stand_ins.evidence_server import serving

DATA = random.Random(7).randbytes(3_000_000)
HASH = hashlib.sha256(DATA).hexdigest()
PAGE = b"\xef\xbb\xbf\n<!-- a portal -->\n<!DOCTYPE html><title>Sign in</title>" + b" " * 5000
FILES = {"clip.mp4": DATA, "page.html": PAGE, "page.mp4": PAGE, "empty.mp4": b"", "tiny.mp4": b"abc"}
HERE = Guard([ip_network("127.0.0.0/8")])
QUICK = Limits(
    connect=2.0,
    answer=0.8,
    idle=0.5,
    floor_bytes=4096,
    floor_seconds=0.6,
    patience=3.0,
    first_patience=0.7,
    backoff=0.01,
    backoff_most=0.05,
    undeclared=4_000_000,
)
WHOLE = [
    "",
    "ranges=no",
    "ranges=lie",
    "ranges=bare",
    "ranges=star",
    "length=chunked",
    "length=no",
    "length=chunked&ranges=no",
    "etag=no",
    "etag=weak",
    "cut=700000",
    "cut=700000&etag=no",
    "reset=900000",
    "cut=1500000&ranges=no&times=1",
    "cut=1500000&ranges=no&times=2",
    "status=503&times=1",
    "status=503&after=0&times=1",
    "hang=2000000&times=1",
    "redirect=1",
    "redirect=9",
    "fresh=1",
    "fresh=1&cut=500000",
    "type=text/html",
    "type=application/json",
    "wait=0.1",
    "modified=long&etag=no",
    "modified=long&etag=no&cut=700000",
    "modified=long&etag=weak&reset=700000",
    "modified=now&etag=no&cut=700000",
    "modified=long&etag=no&ifrange=no&cut=700000",
    "ifrange=no&cut=700000",
    "ifrange=no&reset=1200000&etag=no",
    "part=200000",
    "part=200000&etag=no",
    "over=300000&cut=700000",
    "multipart=1",
    "at=accept&every=2",
    "at=head&every=2",
    "at=head&times=1",
    "closes=1&part=400000",
    "early=1",
    "old=1",
    "old=1&length=no&ranges=no",
    "status=503&every=2&part=500000",
    "status=503&every=3&part=500000&after=0",
    "status=429&times=1&after=Sun, 06 Nov 1994 08:49:37 GMT",
    "reset=0&times=1",
    "reset=2999999",
    "cut=1&times=3",
    "cutat=2999999&times=2",
    "hang=answer&times=1",
    "length=more&part=500000",
    "most=1&refuse=503",
    "length=endless",
]
WORDS = {
    "nothing.mp4": "link-not-found",
    "empty.mp4": "link-empty",
    "empty.mp4?ranges=no": "link-empty",
    "empty.mp4?length=chunked": "link-empty",
    "empty.mp4?length=no&ranges=no": "link-empty",
    "page.html": "link-is-page",
    "page.mp4": "link-is-page",
    "page.mp4?type=application/octet-stream&length=chunked": "link-is-page",
    "clip.mp4?status=204": "link-empty",
    "clip.mp4?status=400": "link-refused",
    "clip.mp4?status=401": "link-refused",
    "clip.mp4?status=403": "link-refused",
    "clip.mp4?status=410": "link-not-found",
    "clip.mp4?status=451": "link-refused",
    "clip.mp4?status=418": "link-refused",
    "clip.mp4?status=429": "link-server",
    "clip.mp4?status=500": "link-server",
    "clip.mp4?status=503&after=9999": "link-server",
    "clip.mp4?status=304": "link-server",
    "clip.mp4?needs=secret": "link-refused",
    "clip.mp4?garbage=1": "link-server",
    "clip.mp4?headers=endless": "link-server",
    "clip.mp4?hang=answer": "link-unreachable",
    "clip.mp4?hang=500000&ranges=no": "link-unreachable",
    "clip.mp4?drip=200": "link-unreachable",
    "clip.mp4?cut=0": "link-cut-short",
    "clip.mp4?cutat=500000": "link-cut-short",
    "clip.mp4?cutat=500000&ranges=no": "link-cut-short",
    "clip.mp4?cutat=500000&length=chunked&ranges=no": "link-cut-short",
    "clip.mp4?redirect=loop": "link-redirect-loop",
    "clip.mp4?redirect=30": "link-redirect-loop",
    "clip.mp4?redirect=file:///etc/passwd": "link-malformed",
    "clip.mp4?redirect=ftp://127.0.0.1/clip.mp4": "link-malformed",
    "clip.mp4?redirect=http://": "link-malformed",
    "clip.mp4?redirect=": "link-malformed",
    "clip.mp4?redirect=http://10.0.0.1/clip.mp4": "link-forbidden-address",
    "clip.mp4?redirect=http://[::1]/clip.mp4": "link-forbidden-address",
    "clip.mp4?redirect=http://169.254.169.254/latest": "link-forbidden-address",
    "clip.mp4?redirect=http://0xa.1/": "link-forbidden-address",
    "clip.mp4?change=1&cut=500000": "link-changed",
    "clip.mp4?change=1&cut=1500000&etag=no&ranges=no": "link-changed",
    "clip.mp4?grow=1&cut=500000&etag=no": "link-changed",
    "clip.mp4?etag=flap&cut=500000": "link-changed",
    "clip.mp4?expire=1&cut=500000": "link-refused",
    "clip.mp4?status=403&body=xml": "link-refused",
    "clip.mp4?status=403&body=html": "link-refused",
    "clip.mp4?status=503&after=Fri, 01 Jan 2100 00:00:00 GMT": "link-server",
    "clip.mp4?status=404&body=html": "link-not-found",
    "clip.mp4?packed=gzip": "link-packed",
    "clip.mp4?packed=gzip&ranges=no": "link-packed",
    "clip.mp4?packed=br&length=chunked": "link-packed",
    "clip.mp4?length=endless&ranges=no": "link-endless",
    "clip.mp4?length=twice": "link-server",
    "clip.mp4?length=less": "link-server",
    "clip.mp4?length=more&ranges=no": "link-cut-short",
    "clip.mp4?part=1": "link-cut-short",
    "clip.mp4?length=chunked&chunk=bad": "link-server",
    "clip.mp4?at=accept": "link-unreachable",
    "clip.mp4?at=head": "link-unreachable",
    "clip.mp4?reset=0": "link-cut-short",
    "clip.mp4?change=1&cut=1500000&etag=no": "link-changed",
    "clip.mp4?change=1&part=700000&etag=weak": "link-changed",
    "clip.mp4?change=2&part=700000&modified=long&etag=no": "link-changed",
    "clip.mp4?change=1&part=700000&etag=no&ifrange=no": "link-changed",
}


async def fetched(
    folder: Path,
    url: str,
    *,
    guard: Guard = HERE,
    limits: Limits = QUICK,
    known: Version | None = None,
    held: Ranges | None = None,
    headers: dict[str, str] | None = None,
) -> str | None:
    """The hash of what came."""
    async with await Spool.open(folder / "spool", None if known is None else known.length, held) as spool:
        seen: list[int] = []
        async with asyncio.timeout(20):
            await fetch(Link(url, headers or {}), spool, guard, on_progress=seen.append, known=known, limits=limits)
        assert seen == sorted(seen)
        assert spool.complete
        return spool.sha256


@pytest.mark.parametrize("how", WHOLE)
async def test_the_whole_file_comes_in_spite_of_the_server(tmp_path: Path, how: str) -> None:
    async with serving(FILES) as server:
        assert await fetched(tmp_path, f"{server.url('clip.mp4')}?{how}") == HASH
    assert (tmp_path / "spool").read_bytes() == DATA


@pytest.mark.parametrize("link", WORDS)
async def test_what_cannot_be_fetched_is_said_in_the_right_words(tmp_path: Path, link: str) -> None:
    async with serving(FILES) as server:
        with pytest.raises(Refused) as refused:
            await fetched(tmp_path, f"{server.address}/{link}")
    assert refused.value.type == WORDS[link]


async def test_a_tiny_file_comes_too(tmp_path: Path) -> None:
    async with serving(FILES) as server:
        assert await fetched(tmp_path, server.url("tiny.mp4")) == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("url", "type_"),
    [
        ("http://127.0.0.1/x", "link-forbidden-address"),
        ("http://0x7f000001/x", "link-forbidden-address"),
        ("http://0177.0.0.1/x", "link-malformed"),
        ("http://2130706433/x", "link-malformed"),
        ("http://127.1/x", "link-malformed"),
        ("http://0/x", "link-malformed"),
        ("http://localhost/x", "link-forbidden-address"),
        ("http://[::1]/x", "link-forbidden-address"),
        ("http://[::ffff:127.0.0.1]/x", "link-forbidden-address"),
        ("http://[::ffff:7f00:1]/x", "link-forbidden-address"),
        ("http://[64:ff9b::7f00:1]/x", "link-forbidden-address"),
        ("http://user:word@10.0.0.1/x", "link-forbidden-address"),
        ("https://192.168.0.1/x", "link-forbidden-address"),
        ("http://１２７.0.0.1/x", "link-forbidden-address"),
        ("http://[fe80::1%25lo]/x", "link-forbidden-address"),
        ("ftp://example.com/x", "link-malformed"),
        ("file:///etc/passwd", "link-malformed"),
        ("//example.com/x", "link-malformed"),
        ("example.com/x", "link-malformed"),
        ("", "link-malformed"),
        ("http://", "link-malformed"),
        ("http:///x", "link-malformed"),
        ("http://exa mple.com/", "link-malformed"),
        ("http://example.com:99999/", "link-malformed"),
        ("http://example.com:0/", "link-malformed"),
        ("http://[::1/", "link-malformed"),
        ("http://xn--/", "link-malformed"),
        ("http://a..b/", "link-malformed"),
        (f"http://{'a' * 64}.example/", "link-malformed"),
        ("http://example.com/\r\nX-Evil: 1", "link-malformed"),
        ("http://example.com/" + "a" * 9000, "link-malformed"),
        ("javascript:alert(1)", "link-malformed"),
    ],
)
async def test_no_spelling_of_a_link_gets_past_the_gate(tmp_path: Path, url: str, type_: str) -> None:
    if "//localhost" in url:
        try:
            socket.getaddrinfo("localhost", 80)
        except socket.gaierror:
            pytest.skip("this machine has no address for the name localhost (no hosts file)")
    with pytest.raises(Refused) as refused:
        await fetched(tmp_path, url, guard=Guard())
    assert refused.value.type == type_


async def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/clip.mp4"
    with pytest.raises(Refused, match="link-unreachable"):
        await fetched(tmp_path, url)


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    identity = Identity.make("stand-in")
    (tmp_path / "both.pem").write_bytes(identity.to_pem())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "both.pem")
    async with serving(FILES, tls=context) as server:
        with pytest.raises(Refused, match="link-certificate"):
            await fetched(tmp_path, server.url("clip.mp4"))
        assert server.requests == []


async def test_the_first_request_brings_the_first_bytes_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    async with serving(FILES) as server:
        await fetched(tmp_path, server.url("clip.mp4"))
        assert [request.headers["range"] for request in server.requests] == ["bytes=0-"]
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_the_index_at_the_end_comes_first_and_nothing_twice(tmp_path: Path) -> None:
    """As a reader of an MP4 goes: its beginning, its index at the end, and then all that lies between."""
    data = random.Random(3).randbytes(6_000_000)
    index = len(data) - 400_000
    async with serving({"clip.mp4": data}, rate=2.5e6) as server, _open(tmp_path) as spool:
        loop = asyncio.get_running_loop()
        began = loop.time()
        task = asyncio.create_task(
            fetch(Link(server.url("clip.mp4")), spool, HERE, on_progress=lambda _: None, limits=QUICK)
        )
        assert await spool.read(0, 64) == data[:64]
        first = loop.time() - began
        for offset in range(index, len(data), 32_768):
            n = min(32_768, len(data) - offset)
            assert await spool.read(offset, n) == data[offset : offset + n]
        whole_index = loop.time() - began
        for offset in range(64, 1_500_000, 32_768):
            assert await spool.read(offset, 32_768) == data[offset : offset + 32_768]
        await task
        assert spool.sha256 == hashlib.sha256(data).hexdigest()
        assert all(request.range is not None for request in server.requests)
        assert server.sent < len(data) + 600_000, "what was under way when the order changed, no more"
        assert first < 1.0
        assert whole_index < 1.5, "the 0.16 s that 400 kB take on this line, not the 2.4 s of the whole file"
        connections = {request.connection for request in server.requests}
        assert len(connections) <= 6, "a few tries: they are very short here"


async def test_reads_all_over_the_file_are_served_in_turn(tmp_path: Path) -> None:
    order = random.Random(5)
    async with serving(FILES, rate=2e7) as server, _open(tmp_path) as spool:
        task = asyncio.create_task(
            fetch(Link(server.url("clip.mp4")), spool, HERE, on_progress=lambda _: None, limits=QUICK)
        )
        await spool.size()
        for _ in range(30):
            offset = order.randrange(len(DATA))
            assert await spool.read(offset, 20_000) == DATA[offset : offset + 20_000]
        await task
        assert spool.sha256 == HASH
        assert all(request.range is not None and request.sent for request in server.requests)


async def test_many_readers_at_once_on_a_server_that_cuts(tmp_path: Path) -> None:
    order = random.Random(6)
    async with serving(FILES) as server, _open(tmp_path) as spool:
        url = server.url("clip.mp4", cut=300_000)
        task = asyncio.create_task(fetch(Link(url), spool, HERE, on_progress=lambda _: None, limits=QUICK))
        await spool.size()
        offsets = [order.randrange(len(DATA)) for _ in range(40)]
        parts = await asyncio.gather(*(spool.read(offset, 5000) for offset in offsets))
        assert parts == [DATA[offset : offset + 5000] for offset in offsets]
        await task
        assert spool.sha256 == HASH


async def _part_of(folder: Path, ranges: list[tuple[int, int]], data: bytes = DATA) -> Ranges:
    async with await Spool.open(folder / "spool", len(data)) as spool:
        for start, end in ranges:
            await spool.write(Piece(start, data[start:end]))
        return await spool.flush()


@pytest.mark.parametrize("how", ["", "ranges=no", "etag=no", "etag=weak", "length=chunked"])
@pytest.mark.parametrize("tagged", [True, False])
async def test_fetching_goes_on_where_a_former_process_stopped(tmp_path: Path, how: str, tagged: bool) -> None:
    held = await _part_of(tmp_path, [(0, 1_000_000), (1_500_000, 2_000_000), (2_900_000, 3_000_000)])
    etag = f'"{HASH[:16]}"' if tagged else None
    async with serving(FILES) as server:
        url = f"{server.url('clip.mp4')}?{how}"
        known = Version(length=len(DATA), etag=etag)
        assert await fetched(tmp_path, url, held=held, known=known) == HASH
        if how in {"", "etag=no"}:
            assert server.sent < 1_400_000 + 6 * 65536 + 400_000


@pytest.mark.parametrize("how", ["", "etag=no", "ranges=no&etag=no"])
async def test_bytes_of_two_files_are_never_mixed(tmp_path: Path, how: str) -> None:
    other = random.Random(8).randbytes(len(DATA))
    ranges = [(0, 1_000_000), (2_500_000, 3_000_000)]
    held = await _part_of(tmp_path, ranges, other)
    async with serving(FILES) as server:
        known = Version(length=len(DATA), etag='"another"' if not how else None)
        with pytest.raises(Refused, match="link-changed"):
            await fetched(tmp_path, f"{server.url('clip.mp4')}?{how}", held=held, known=known)
    after = (tmp_path / "spool").read_bytes()
    assert all(after[start:end] == other[start:end] for start, end in ranges)


async def test_given_headers_go_to_the_first_origin_only(tmp_path: Path) -> None:
    async with serving(FILES) as first, serving(FILES) as second:
        headers = {"X-Key": "secret", "Authorization": "Bearer secret"}
        assert await fetched(tmp_path, first.url("clip.mp4", needs="secret"), headers=headers) == HASH
        await fetched(tmp_path, first.url("clip.mp4", redirect=second.url("clip.mp4")), headers=headers)
        assert all("secret" in request.headers["authorization"] for request in first.requests)
        assert second.requests
        assert not any({"x-key", "authorization"} & set(request.headers) for request in second.requests)


async def test_a_signed_link_is_asked_for_as_it_is_spelled(tmp_path: Path) -> None:
    async with serving(FILES) as server:
        query = "X-Sig=a%2Fb%2fc+d~e%20f%7E&empty=&k=%E2%82%AC"
        await fetched(tmp_path, f"{server.address}/clip.mp4?{query}#fragment")
        assert server.requests[0].target == f"/clip.mp4?{query}"


async def test_the_environment_leads_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    monkeypatch.delenv("no_proxy", raising=False)
    async with serving(FILES) as server:
        assert await fetched(tmp_path, server.url("clip.mp4")) == HASH


async def test_a_name_that_resolves_differently_the_second_time_is_judged_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name server is the network here, so it may be stood in for; the gate is ours and is not."""
    answers = iter(["127.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"])
    real = asyncio.get_running_loop().getaddrinfo

    async def lookup(host: str, port: int, **how: object) -> object:
        return await real(next(answers) if host == "evidence.example" else host, port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    async with serving(FILES) as server:
        port = server.address.rpartition(":")[2]
        url = f"http://evidence.example:{port}/clip.mp4"
        assert await fetched(tmp_path, url) == HASH
        with pytest.raises(Refused, match=r"link-forbidden-address.*10\.0\.0\.1"):
            await fetched(tmp_path, url)


async def test_cancelling_leaves_no_request_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with serving(FILES, rate=1e6) as server, _open(tmp_path) as spool:
        task = asyncio.create_task(
            fetch(Link(server.url("clip.mp4")), spool, HERE, on_progress=lambda _: None, limits=QUICK)
        )
        await spool.read(0, 1000)
        far = asyncio.create_task(spool.read(2_000_000, 1000))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        far.cancel()
        await asyncio.wait([far])
        assert {t for t in asyncio.all_tasks() if "fetch" in t.get_name()} == set()
    assert asyncio.all_tasks() <= before


async def test_the_line_is_filled_by_one_after_the_other(tmp_path: Path) -> None:
    """On a server without limit a whole file comes at the speed of this machine, hashed on the way."""
    big = random.Random(9).randbytes(40_000_000)
    async with serving({"big.mp4": big}) as server:
        began = asyncio.get_running_loop().time()
        assert await fetched(tmp_path, server.url("big.mp4")) == hashlib.sha256(big).hexdigest()
        assert asyncio.get_running_loop().time() - began < 15


def _open(folder: Path) -> _Opened:
    return _Opened(folder)


class _Opened:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> Spool:
        self._spool = await Spool.open(self._folder / "spool")
        return self._spool

    async def __aexit__(self, *_: object) -> None:
        await self._spool.close()


SHORT_TRIES = {"SETTLE": 0.05, "MEASURE": 0.15, "WORTH": 0.0}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """More connections are tried at once, so that small files show it."""
    for name, seconds in SHORT_TRIES.items():
        monkeypatch.setattr(company, name, seconds)


@pytest.mark.usefixtures("eager")
async def test_where_each_connection_is_held_back_there_are_more_and_the_file_is_right(tmp_path: Path) -> None:
    data = random.Random(11).randbytes(24_000_000)
    async with serving({"big.mp4": data}) as server:
        assert await fetched(tmp_path, server.url("big.mp4", each=8e6)) == hashlib.sha256(data).hexdigest()
        connections = Counter[int]()
        for request in server.requests:
            connections[request.connection] += request.sent
        assert 2 <= len(connections) <= 6
        assert max(connections.values()) < 0.8 * len(data)
        assert server.sent < len(data) + 4_000_000, "what was under way when the first one was cut, no more"
        assert all(request.headers.get("if-range") for request in server.requests[1:])


@pytest.mark.usefixtures("eager")
async def test_a_reader_from_the_front_is_served_by_all_of_them_together(tmp_path: Path) -> None:
    data = random.Random(12).randbytes(24_000_000)
    async with serving({"big.mp4": data}) as server, _open(tmp_path) as spool:
        url = server.url("big.mp4", each=8e6)
        task = asyncio.create_task(fetch(Link(url), spool, HERE, on_progress=lambda _: None, limits=QUICK))
        for offset in range(0, len(data), 100_000):
            assert await spool.read(offset, 100_000) == data[offset : offset + 100_000]
        await task
        assert len({request.connection for request in server.requests}) >= 2


@pytest.mark.usefixtures("eager")
async def test_a_line_that_one_fills_is_left_to_one(tmp_path: Path) -> None:
    data = random.Random(13).randbytes(16_000_000)
    async with serving({"big.mp4": data}, rate=16e6) as server:
        assert await fetched(tmp_path, server.url("big.mp4")) == hashlib.sha256(data).hexdigest()
        connections = {request.connection for request in server.requests}
        assert len(connections) <= 6, "a few tries: they are very short here"


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("refuse", ["503", "429", "403", "reset"])
async def test_a_server_that_will_have_one_connection_gets_one(tmp_path: Path, refuse: str) -> None:
    data = random.Random(14).randbytes(9_000_000)
    async with serving({"big.mp4": data}) as server:
        url = server.url("big.mp4", each=8e6, most=1, refuse=refuse)
        assert await fetched(tmp_path, url) == hashlib.sha256(data).hexdigest()
        assert len(server.requests) <= 6


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("how", ["etag=no", "etag=weak", "modified=now&etag=no"])
async def test_what_proves_no_version_comes_over_one_connection(tmp_path: Path, how: str) -> None:
    """Two requests at a time might be answered from two files."""
    data = random.Random(15).randbytes(6_000_000)
    async with serving({"big.mp4": data}) as server:
        assert await fetched(tmp_path, f"{server.url('big.mp4', each=8e6)}&{how}") == hashlib.sha256(data).hexdigest()
        assert len(server.requests) == 1


@pytest.mark.usefixtures("eager")
async def test_a_file_that_changes_under_several_connections_is_never_mixed(tmp_path: Path) -> None:
    data = random.Random(16).randbytes(9_000_000)
    async with serving({"big.mp4": data}) as server:
        with pytest.raises(Refused, match="link-changed"):
            await fetched(tmp_path, server.url("big.mp4", each=8e6, change=1))
    there = (tmp_path / "spool").read_bytes()
    assert there == data[: len(there)]


async def test_all_that_is_fetched_from_one_server_has_few_connections(tmp_path: Path) -> None:
    hosts = Hosts()
    async with serving(FILES, rate=2e7) as server:

        async def one(n: int) -> None:
            async with await Spool.open(tmp_path / str(n)) as spool:
                link = Link(server.url("clip.mp4", n=n))
                await fetch(link, spool, HERE, on_progress=lambda _: None, hosts=hosts, limits=QUICK)
                assert spool.sha256 == HASH

        most = 0
        tasks = [asyncio.create_task(one(n)) for n in range(9)]
        while not all(task.done() for task in tasks):
            most = max(most, server.busy["/clip.mp4"])
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        assert 2 <= most <= 6


async def test_a_server_that_asks_to_be_left_alone_is_left_alone_by_all(tmp_path: Path) -> None:
    hosts = Hosts()
    async with serving(FILES) as server:
        for name, type_ in (("clip.mp4?status=503&after=900", "link-server"), ("tiny.mp4", "link-busy")):
            async with await Spool.open(tmp_path / type_) as spool:
                with pytest.raises(Refused, match=type_):
                    await fetch(
                        Link(f"{server.address}/{name}"),
                        spool,
                        HERE,
                        on_progress=lambda _: None,
                        hosts=hosts,
                        limits=QUICK,
                    )
        assert len(server.requests) == 1
        assert 890 < hosts.rest(Link(server.url("tiny.mp4"))) <= 900


async def test_a_fetch_that_never_ends_ends(tmp_path: Path) -> None:
    async with serving(FILES, rate=1e5) as server:
        with pytest.raises(Refused, match="link-too-slow"):
            await fetched(tmp_path, server.url("clip.mp4"), limits=QUICK._replace(overall=0.3))
