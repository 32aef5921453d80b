"""The addresses of this machine: where to listen, what to announce, what to put into answers."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import ifaddr

from courtcast.problems import Refused


def own_addresses(wanted: Sequence[str] = ()) -> list[str]:
    """Addresses that other machines may reach this one at, IPv4 first; with `wanted`, those of them that are here now.

    Loopback only where it was asked for, or where there is nothing else. Link-local addresses of IPv6 are left out:
    they mean something only together with an interface of the other machine. Those of IPv4 (169.254.…) are what two
    machines on one cable have, and count where there is nothing better.
    """
    here = [
        ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]
    if wanted:
        chosen = [ip for ip in here if str(ip) in wanted]
    else:
        chosen = [ip for ip in here if not (ip.is_loopback or ip.is_link_local)]
        chosen = chosen or [ip for ip in here if ip.is_link_local and ip.version == 4]
        chosen = chosen or [ip for ip in here if ip.is_loopback and ip.version == 4]
    return [str(ip) for ip in sorted(dict.fromkeys(chosen), key=lambda ip: ip.version)]


def bind(wanted: Sequence[str], port: int) -> list[socket.socket]:
    """Listening sockets on the wanted addresses, or on all; one port for all of them (0: a free one).

    Raises Refused port-taken, interface-unknown.
    """
    sockets: list[socket.socket] = []
    try:
        for host in wanted or ("0.0.0.0", "::"):  # noqa: S104 (a screen is there to be reached)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            try:
                listening = socket.create_server((host, port), family=family)
            except OSError as error:
                if host == "::":
                    continue  # a machine without IPv6 is a machine all the same
                raise _why(host, port) from error
            listening.setblocking(False)
            sockets.append(listening)
            port = listening.getsockname()[1]
    except BaseException:
        for listening in sockets:
            listening.close()
        raise
    return sockets


def _why(host: str, port: int) -> Refused:
    """A socket could not be bound: because of its port, or because of its address?"""
    if host not in own_addresses([host]) and not ipaddress.ip_address(host).is_unspecified:
        return Refused("interface-unknown", address=host)
    return Refused("port-taken", port=port)
