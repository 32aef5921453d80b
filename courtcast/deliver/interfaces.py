"""The addresses of this machine: where multicast DNS is spoken, and which a screen is offered."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import ifaddr


def multicast_addresses(wanted: Sequence[str]) -> list[str]:
    """IPv4 addresses of this machine, loopback last; with `wanted`, those of them that it has now.

    IPv4 only: courts' networks carry it everywhere, and a receiver announces its IPv6 addresses over it all the same.
    """
    here = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    chosen = [address for address in here if not wanted or address in wanted]
    return sorted(dict.fromkeys(chosen), key=lambda address: ipaddress.ip_address(address).is_loopback)


def offered_addresses(wanted: Sequence[str]) -> list[str]:
    """What a screen's page is offered as this machine's addresses: the wanted ones; empty: all but loopback.

    A machine that has nothing but loopback can have screens on itself only, and those are reached there.
    """
    if wanted:
        return list(wanted)
    here = [
        ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for it in ifaddr.get_adapters()
        for ip in it.ips
    ]
    outward = any(not (ip.is_loopback or ip.is_link_local) for ip in here)
    return [] if outward else [str(ip) for ip in here if ip.is_loopback and ip.version == 4]
