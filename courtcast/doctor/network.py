"""The network as seen from this machine, and the way to each screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import ifaddr

from courtcast.app import load_identity
from courtcast.deliver.address import Address, parse_address
from courtcast.deliver.screens import Record
from courtcast.deliver.trust import Pinned
from courtcast.doctor import known, probe
from courtcast.doctor.hops import PAGE, Hops, Udp, lines
from courtcast.doctor.lines import Line
from courtcast.problems import TABLE
from courtcast.tasks import ended

NONE_FOUND = Line(
    "look",
    "No screen is found by itself: none is switched on here, or multicast does not get through.",
    f"Type the address that stands on the screen, here with --screen. To have them found, ask for UDP 5353 ({PAGE}).",
)


class Target:
    """One screen to look for: an address, and what is known of who should be there."""

    def __init__(self, address: str, *, screen: str = "", name: str = "", record: Record | None = None) -> None:
        self.where: Address = parse_address(address)
        self.screen, self.name = screen, name
        self.pinned = (
            None
            if record is None or record.certificate is None
            else Pinned(card=record.card, certificate=record.certificate)
        )


async def network(data: Path, typed: Sequence[str] = ()) -> AsyncIterator[Line]:
    """Own addresses, then screen by screen: those paired or typed here, and those that are found."""
    addresses = own_addresses()
    yield _own(addresses)
    if not addresses:
        return
    found = await probe.found()
    kept = await known.records(data)
    busy = await known.in_use(data)
    now = await known.reached(data) if busy else {}
    wanted = targets(kept, found, typed)
    if not found and not wanted:
        yield NONE_FOUND
        return
    walks = [asyncio.create_task(_walk(data, target, target.screen in found, busy, now)) for target in wanted]
    try:
        for walk in walks:
            for line in lines(await walk):
                yield line
    finally:
        await ended(*walks)


def own_addresses() -> list[str]:
    """Of this machine, IPv4 first; without loopback and what means something on one cable alone."""
    four = [str(ip.ip) for it in ifaddr.get_adapters() for ip in it.ips if ip.is_IPv4 and ip.ip != "127.0.0.1"]
    six = [ip.ip[0] for it in ifaddr.get_adapters() for ip in it.ips if ip.is_IPv6]
    return sorted(four) + sorted(ip for ip in six if not ip.startswith("fe80:") and ip != "::1")


def targets(
    kept: dict[str, Record], found: dict[str, tuple[str, list[str]]], typed: Sequence[str] = ()
) -> list[Target]:
    """Each screen once: at the address where it was reached last, else where it says that it is. Raises Refused
    address-malformed."""
    made = [
        Target(record.address, screen=screen, name=record.name or record.card.name, record=record)
        for screen, record in kept.items()
        if record.address
    ]
    made += [
        Target(addresses[0], screen=screen, name=name, record=kept.get(screen))
        for screen, (name, addresses) in found.items()
        if addresses and not (screen in kept and kept[screen].address)
    ]
    there = {target.where for target in made}
    made += [Target(address) for address in dict.fromkeys(typed) if parse_address(address) not in there]
    return sorted(made, key=lambda target: (target.pinned is None, target.name))


async def _walk(data: Path, target: Target, found: bool, busy: bool, now: dict[str, Udp]) -> Hops:
    """One hop after the other, to the first that fails."""
    where = target.where
    tcp = await probe.port(where)
    dead = tcp == "silent" and not await probe.alive(where.host)
    certificate = None if target.pinned is None else target.pinned.certificate
    tls = await probe.tls(where, certificate) if tcp == "open" else None
    link: str | None = None
    udp: Udp = "unpaired"
    if tcp == "open" and tls is None and target.pinned is not None:
        if busy:
            udp = now.get(target.screen, "unknown")
        else:
            identity = await asyncio.to_thread(load_identity, data, "courtcast")
            link, udp = await probe.link_and_udp(where, target.pinned, identity)
    return Hops(
        name=target.name,
        host=where.host,
        port=where.port,
        ours=await asyncio.to_thread(probe.ours, where),
        found=found if target.screen else None,
        tcp=tcp,
        alive=tcp == "silent" and not dead,
        tls=tls,
        link=link,
        udp=udp,
    )


def _own(addresses: Sequence[str]) -> Line:
    return Line("good", f"Network: {', '.join(addresses)}") if addresses else Line("stop", TABLE["no-network"].detail)
