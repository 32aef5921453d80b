"""The addresses of this machine that multicast DNS is spoken on."""

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
