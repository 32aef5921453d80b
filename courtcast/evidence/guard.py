"""The one gate between this machine's network and the addresses that links lead to.

Whatever a link looks like (octal, hexadecimal, a name that resolves differently the second time, a redirect), in the
end a socket is made for one numeric address, and every socket of the fetcher is made here. So only numbers are judged,
and they are judged once, at the last moment. A link that names its server by number is judged before that as well, so
that nothing at all is done for it.

Public is what the IANA special-purpose registries leave over. The table is our own: `ipaddress.is_global` lets
multicast, NAT64 (64:ff9b::/96), 6to4 (2002::/16) and site-local addresses (fec0::/10) through.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver
from yarl import URL

from courtcast.evidence.links.direct import HEXADECIMAL
from courtcast.problems import Refused

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

NOT_PUBLIC_V4 = tuple(
    IPv4Network(prefix)
    for prefix in (
        "0.0.0.0/8",  # this network, RFC 791; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carriers' NAT, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link-local, RFC 3927; cloud metadata
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.31.196.0/24",  # AS112, RFC 7535
        "192.52.193.0/24",  # AMT relays, RFC 7450
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "192.175.48.0/24",  # AS112, RFC 7534
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved, RFC 1112; broadcast
    )
)

GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
"""All that IANA gives out (RFC 4291 §2.4); everything outside is refused: ::, ::1, 64:ff9b::/96, fc00::/7, fe80::/10,
fec0::/10, ff00::/8, and what has no meaning yet."""

NOT_PUBLIC_V6 = tuple(
    IPv6Network(prefix)
    for prefix in (
        "2001::/23",  # protocol assignments, RFC 2928: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 7526
        "2620:4f:8000::/48",  # AS112, RFC 7534
        "3fff::/20",  # documentation, RFC 9637
    )
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: whoever runs the translator says where in it the IPv4 address stands."""
_NAT64_PLACES = ((48, 40), (56, 32), (64, 24))
"""Where RFC 6052 §2.2 puts it: behind a prefix of so many bits, around bits 64 to 71, and before so many that are 0."""
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
"""First half of an ISATAP interface identifier, RFC 5214 §6.1."""


class Forbidden(PermissionError):
    """Raised in place of making a socket. An OSError, because that is what connectors pass on."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, "address not allowed", address)
        self.address = address


def embedded(address: IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that a packet to this address may end at, besides the address itself."""
    low = int(address) & 0xFFFFFFFF
    found: list[IPv4Address] = []
    if address in _COMPATIBLE or address in _TRANSLATED or address in _NAT64:
        found.append(IPv4Address(low))
    if address in _NAT64_LOCAL:
        found.append(IPv4Address(low))
        found.extend(_split(int(address), bits) for bits, rest in _NAT64_PLACES if int(address) % (1 << rest) == 0)
    if address in _SIX_TO_FOUR:
        found.append(IPv4Address((int(address) >> 80) & 0xFFFFFFFF))
    if address in _TEREDO:
        found.append(IPv4Address((int(address) >> 64) & 0xFFFFFFFF))
        found.append(IPv4Address(low ^ 0xFFFFFFFF))
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(IPv4Address(low))
    return found


def _split(address: int, bits: int) -> IPv4Address:
    """The IPv4 address behind a prefix of so many bits, without the eight bits in the middle that mean nothing."""
    without = (address >> 64) << 56 | address & ((1 << 56) - 1)  # 120 bits
    return IPv4Address((without >> (120 - bits - 32)) & 0xFFFFFFFF)


def literal(host: str) -> Address | None:
    """The address, where a link names its server by number, in whatever spelling; None where by name."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if HEXADECIMAL.fullmatch(host) else None
    except OSError:
        return None


class Guard:
    """Lets through public addresses and the networks that were allowed, nothing else.

    tls: whom to believe, where that is not what this system says; see `proxy` for a way out that is not straight
    """

    proxy: URL | None = None
    """Where all requests go first."""

    def __init__(self, allowed: Sequence[Network] = (), *, tls: ssl.SSLContext | None = None) -> None:
        self._allowed = tuple(allowed)
        self.tls = tls

    async def admit(self, url: URL) -> None:
        """Before anything else is done for a link, or for where it leads to. Raises Refused (`link-…`)."""
        address = literal(url.host or "")
        if address is not None and not self.permits(address):
            raise Refused("link-forbidden-address", host=url.host)
        if HEXADECIMAL.fullmatch(url.host or ""):
            raise Refused("link-malformed")

    def resolver(self) -> AbstractResolver | None:
        """What turns names into addresses; None is the system's own."""
        return None

    def headers_for_proxy(self) -> Mapping[str, str]:
        """Who we are, where the proxy asks for that."""
        return {}

    def permits(self, address: Address) -> bool:
        """An address carried inside another has to be permitted as well as the one around it."""
        if isinstance(address, IPv6Address):
            if address in _MAPPED:  # the kernel speaks plain IPv4 to these
                return self.permits(IPv4Address(int(address) & 0xFFFFFFFF))
            address = IPv6Address(int(address))  # without its zone
            if self._is_allowed(address):
                return all(self.permits(inner) for inner in embedded(address) if int(inner) > 1)
            public = address in GLOBAL_UNICAST_V6 and not any(address in prefix for prefix in NOT_PUBLIC_V6)
            return public and all(self.permits(inner) for inner in embedded(address))
        return self._is_allowed(address) or not any(address in prefix for prefix in NOT_PUBLIC_V4)

    def check(self, address: str) -> None:
        """Raises Refused (`link-forbidden-address`) unless the numeric address, as sockets spell it, is permitted."""
        try:
            permitted = self.permits(ip_address(address))
        except ValueError:
            permitted = False
        if not permitted:
            raise Refused("link-forbidden-address", host=address)

    def socket_factory(self, addr_info: AddrInfoType) -> socket.socket:
        """For `aiohttp.TCPConnector(socket_factory=…)`: a socket for this address, or `Forbidden`."""
        family, type_, proto, _, sockaddr = addr_info
        address = str(sockaddr[0])
        try:
            self.check(address)
        except Refused:
            raise Forbidden(address) from None
        return socket.socket(family=family, type=type_, proto=proto)

    def _is_allowed(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._allowed)
