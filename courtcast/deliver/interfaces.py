"""The addresses of this machine: where multicast DNS is spoken, and which a screen is offered."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import ifaddr


def multicast_addresses(wanted: Sequence[str]) -> list[str]:
    """Addresses of this machine, loopback last; with `wanted`, those of them that it has now.

    IPv4 where it leads to other machines, since courts' networks carry it everywhere, and a receiver announces its IPv6
    addresses over it all the same; IPv6 where there is nothing else.
    """
    here = [str(ip) for ip in _here() if not wanted or str(ip) in wanted]
    four = [address for address in here if ipaddress.ip_address(address).version == 4]
    six = [address for address in here if address not in four and not _local(address)]
    chosen = four if not six or any(not ipaddress.ip_address(address).is_loopback for address in four) else four + six
    return sorted(dict.fromkeys(chosen), key=lambda address: ipaddress.ip_address(address).is_loopback)


def offered_addresses(wanted: Sequence[str]) -> list[str]:
    """What a screen's page is offered as this machine's addresses: the wanted ones; empty: all but loopback.

    A machine that has nothing but loopback can have screens on itself only, and those are reached there. Addresses of
    IPv4 that two machines on one cable give themselves (169.254.…) lead to each other.
    """
    if wanted:
        return list(wanted)
    here = _here()
    outward = any(not (ip.is_loopback or (ip.is_link_local and ip.version == 6)) for ip in here)
    return [] if outward else [str(ip) for ip in here if ip.is_loopback and ip.version == 4]


def all_addresses() -> list[str]:
    """All that this machine has now."""
    return [str(ip) for ip in _here()]


def _here() -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return [
        ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]


def _local(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return ip.is_loopback or ip.is_link_local
