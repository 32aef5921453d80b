"""The network as seen from this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import ifaddr

from courtcast.doctor.lines import Line
from courtcast.problems import TABLE


async def network() -> AsyncIterator[Line]:
    """Own addresses."""
    found = sorted(
        str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4 and ip.ip != "127.0.0.1"
    )
    yield Line("good", f"Network: {', '.join(found)}") if found else Line("stop", TABLE["no-network"].detail)
