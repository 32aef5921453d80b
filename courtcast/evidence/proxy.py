"""The way out through a court's compulsory proxy, for evidence alone.

Behind a proxy it is the proxy that finds servers by their names and connects to them, so that the gate cannot see the
numbers that links lead to. What is left to judge here, is: sockets are made to the proxy and to nothing else; a link
that names its server by number is refused, and so is a name that never means a public server, and a name that leads
here to an address that is not permitted. A name that does not resolve here is allowed, since behind many proxies none
does (docs/security.md says what that leaves unchecked).
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from urllib.request import getproxies

from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from courtcast.evidence.guard import Forbidden, Guard, Network, literal
from courtcast.evidence.links.direct import parse
from courtcast.problems import Refused

SYSTEM = "system"
"""In the place of an address: what this system has set, for https rather than for http."""
LOOK_UP = 2.0
"""Seconds that a name may take to resolve here; behind a proxy most never do."""
ADMITTED = 30.0
"""Seconds for which a name is not looked up again: a file is fetched with many requests."""
NEVER_PUBLIC = frozenset(("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "onion"))
"""Last labels for what is not public (RFC 6761, 6762, 7686; ICANN's `.internal`, and what it keeps back)."""
_ARPA = ("home.arpa", "in-addr.arpa", "ip6.arpa")


class Proxy(NamedTuple):
    """Where it is, without a user; and who we are, where it asks."""

    url: URL
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """`http://[USER:PASSWORD@]HOST:PORT`, or a bare `HOST:PORT`. Raises ValueError."""
        try:
            url = parse(text if "://" in text else f"http://{text}")
        except Refused:
            raise ValueError(text) from None
        if url.scheme != "http" or url.raw_path not in {"", "/"} or url.query_string:
            raise ValueError(text)
        bare = URL.build(scheme="http", host=url.host or "", port=url.port)
        return cls(bare, unquote(url.raw_user or ""), unquote(url.raw_password or ""))

    @classmethod
    def of_system(cls) -> Proxy:
        """Raises Refused (`proxy-not-set`)."""
        found = getproxies()
        for kind in ("https", "http", "all"):
            try:
                return cls.parse(found[kind])
            except (KeyError, ValueError):
                continue
        raise Refused("proxy-not-set")

    @property
    def shown(self) -> str:
        return f"{self.url.host}:{self.url.port}"


def make(allowed: Sequence[Network], proxy: str | None = None, ca: Path | None = None) -> Guard:
    """The gate for evidence, as the settings have it. Raises Refused (`proxy-not-set`, `certificate-file`)."""
    tls = None if ca is None else believing(ca)
    if proxy is None:
        return Guard(allowed, tls=tls)
    try:
        meant = Proxy.of_system() if proxy == SYSTEM else Proxy.parse(proxy)
    except ValueError:
        raise Refused("proxy-not-set") from None
    return ProxyGuard(meant, allowed, tls=tls)


def believing(ca: Path) -> ssl.SSLContext:
    """In what this system believes, and in the authorities of that file (PEM). Raises Refused (`certificate-file`)."""
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError):
        raise Refused("certificate-file", path=ca) from None
    return context


class ProxyGuard(Guard):
    """Makes sockets to the proxy, and to nothing else whatever is allowed.

    allowed: networks that names may lead to here
    """

    def __init__(self, proxy: Proxy, allowed: Sequence[Network] = (), *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(allowed, tls=tls)
        self.proxy: URL = proxy.url
        self._who = proxy
        host = literal(proxy.url.host or "")
        self._addresses = set() if host is None else {str(host)}
        self._admitted: dict[str, float] = {}
        """Names, and until when (of the loop's clock) they need not be looked up again."""

    async def admit(self, url: URL) -> None:
        host, now = (url.host or "").rstrip(".").lower(), asyncio.get_running_loop().time()
        if literal(host) is not None:
            raise Refused("link-literal-address", host=url.host)
        if self._admitted.get(host, now) > now:
            return
        addresses = await self._look_up(host)
        for address in addresses:
            self.check(address)
        if not addresses and (host.rpartition(".")[2] in NEVER_PUBLIC or "." not in host or host.endswith(_ARPA)):
            raise Refused("link-forbidden-address", host=url.host)
        self._admitted = {name: until for name, until in self._admitted.items() if until > now}
        self._admitted[host] = now + ADMITTED

    def resolver(self) -> AbstractResolver:
        return _Resolver(self.proxy.host or "", self._addresses)

    def headers_for_proxy(self) -> Mapping[str, str]:
        if not self._who.user:
            return {}
        named = base64.b64encode(f"{self._who.user}:{self._who.password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {named}"}

    def socket_factory(self, addr_info: AddrInfoType) -> socket.socket:
        family, type_, proto, _, sockaddr = addr_info
        address, port = str(sockaddr[0]), sockaddr[1]
        if address not in self._addresses or port != self.proxy.port:
            raise Forbidden(address)
        return socket.socket(family=family, type=type_, proto=proto)

    async def _look_up(self, host: str) -> list[str]:
        """Where the name leads as seen from here; empty where it leads nowhere."""
        try:
            async with asyncio.timeout(LOOK_UP):
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            return []
        return [re.sub(r"%.*", "", str(info[4][0])) for info in found]


class _Resolver(AbstractResolver):
    """Knows the proxy's name and no other; notes where it leads, for the gate."""

    def __init__(self, host: str, addresses: set[str]) -> None:
        self._host, self._addresses = host, addresses
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host != self._host:
            raise OSError(None, f"only the proxy is looked up here, not {host}")
        found = await self._system.resolve(host, port, family)
        self._addresses.update(result["host"] for result in found)
        return found

    async def close(self) -> None:
        await self._system.close()
