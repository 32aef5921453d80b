"""Real addresses in the place of the names that a browser hides its own behind. Pure.

A page that has no camera or microphone gives its host candidates as `<uuid>.local` (RFC 8839 §5.1; the mDNS ICE
candidates draft, §3.1). Whoever wants to resolve such a name needs multicast, which courts' networks drop. The receiver
runs on the same machine and knows its addresses.

Chromium binds such sockets to all addresses of a family, so each port is tried at each address: those the presenter
is known to reach first. Candidates over TCP are left out: the presenter's side takes UDP only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

MAX_ADDRESSES = 8
"""Each address costs the presenter checks for each port; a machine with more (bridges, tunnels) has them for others."""
MAX_CANDIDATES = 32
"""Lines for one media section, of those put in."""

_CANDIDATE = re.compile(
    r"a=candidate:(?P<foundation>\S+) (?P<component>\d+) (?P<transport>\S+) (?P<priority>\d+) "
    r"(?P<host>\S+) (?P<port>\d+) typ (?P<kind>\S+)(?P<rest>.*)"
)


def with_real_addresses(sdp: str, reached: str | None, addresses: Sequence[str]) -> str:
    """The SDP with each `.local` candidate put at real addresses: at `reached`, then at the others.

    `reached` is the address of this machine that the presenter's link came to. All else stays as it is.
    """
    order = _order(reached, addresses)
    lines = sdp.splitlines()
    return "\r\n".join(line for section in _sections(lines) for line in _rewrite(section, order)) + "\r\n"


def _order(reached: str | None, addresses: Sequence[str]) -> list[str]:
    """Each address once, those of the family of `reached` first; local ones only where they were reached."""
    known = [] if reached is None else [_plain(reached)]
    family = ipaddress.ip_address(known[0]).version if known else 4
    rest = [address for address in map(_plain, addresses) if not _is_local(address)]
    rest.sort(key=lambda address: ipaddress.ip_address(address).version != family)
    return list(dict.fromkeys([*known, *rest]))[:MAX_ADDRESSES]


def _plain(address: str) -> str:
    """Without a scope, and IPv4 out of its IPv6 mapping."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


def _is_local(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified


def _sections(lines: Sequence[str]) -> Iterator[list[str]]:
    section: list[str] = []
    for line in lines:
        if line.startswith("m="):
            yield section
            section = []
        section.append(line)
    yield section


def _rewrite(section: Sequence[str], addresses: Sequence[str]) -> Iterator[str]:
    """One section. The best address of every port comes before the second best of any, until there are enough."""
    hidden = [match for line in section if (match := _hidden(line)) is not None]
    put_in = [_at(match, address, rank) for rank, address in enumerate(addresses) for match in hidden if _udp(match)]
    pending = put_in[:MAX_CANDIDATES]
    for line in section:
        if _hidden(line) is None:
            yield line
        else:
            yield from pending
            pending = []


def _hidden(line: str) -> re.Match[str] | None:
    match = _CANDIDATE.fullmatch(line)
    return match if match is not None and match["host"].lower().rstrip(".").endswith(".local") else None


def _udp(candidate: re.Match[str]) -> bool:
    return candidate["transport"].lower() == "udp"


def _at(candidate: re.Match[str], address: str, rank: int) -> str:
    """The candidate at an address. Priority: RFC 8445 §5.1.2.1, with the local preference lowered by rank.

    Another base is another foundation (§5.1.1.3), so the rank is part of that.
    """
    priority = max(1, int(candidate["priority"]) - (rank << 8))
    foundation = f"{candidate['foundation']}{rank}"[-32:]
    return (
        f"a=candidate:{foundation} {candidate['component']} {candidate['transport']} {priority} "
        f"{address} {candidate['port']} typ {candidate['kind']}{candidate['rest']}"
    )
