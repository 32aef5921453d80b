"""The address of a receiver as people type it and as it is kept: `host`, `host:port`, `[v6]:port`."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from courtcast.problems import Refused

DEFAULT_PORT = 8470
"""Where receivers listen unless told otherwise."""

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")


class Address(NamedTuple):
    """Host (a name, or an IP address without brackets) and TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """What somebody typed. Raises Refused address-malformed."""
    typed = text.strip()
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", typed)
    if bracketed is not None:
        host, port = bracketed.groups()
        if not _is_ip(host, 6):
            raise Refused("address-malformed")
    elif _is_ip(typed, 6):
        host, port = typed, None
    else:
        host, colon, port = typed.partition(":")
        # A name of digits and dots only is a mistyped IPv4 address, and resolvers read some of them in surprising ways.
        if not (_is_ip(host, 4) or (_NAME.fullmatch(host) and not re.fullmatch(r"[\d.]+", host))):
            raise Refused("address-malformed")
        if colon and not re.fullmatch(r"[0-9]{1,5}", port):
            raise Refused("address-malformed")
    number = int(port) if port else DEFAULT_PORT
    if not 0 < number < 65536:
        raise Refused("address-malformed")
    return Address(host, number)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False
