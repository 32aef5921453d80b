"""Walks the way to one screen and says what it met. Every step has a limit; nothing on a display changes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import ifaddr

from courtcast.core.identity import Identity
from courtcast.deliver.address import Address, parse_address
from courtcast.deliver.discovery import Discovery
from courtcast.deliver.interfaces import offered_addresses
from courtcast.deliver.link import Link, LinkDown
from courtcast.deliver.pairing import card
from courtcast.deliver.peer import Peer, PeerFailed
from courtcast.deliver.trust import Pinned
from courtcast.doctor.hops import Port, Udp
from courtcast.problems import Refused
from courtcast.tasks import ended

CONNECT: Final = 4.0
"""Seconds for TCP: in a building it takes some milliseconds, and a lost packet is sent again after one and three."""
ALIVE: Final = 2.5
"""Seconds for a sign of life from another port."""
OTHERS: Final = (9, 22, 80, 443)
"""Ports of the machine that a firewall may treat in another way; that nothing listens there is an answer as well."""
LINKED: Final = 10.0
"""Seconds for the WebSocket."""
PAGE: Final = 3.0
"""Seconds for it to say that there is a page."""
FOUND: Final = 3.0
"""Seconds for receivers to answer by multicast."""

_NO_WAY: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM}


async def found() -> dict[str, tuple[str, list[str]]]:
    """Receivers that say by multicast that they are there: name and addresses (`host:port`), by id."""
    there: dict[str, tuple[str, list[str]]] = {}
    async with Discovery(
        [],
        lambda card, addresses, port: there.update({card.id: (card.name, [str(Address(a, port)) for a in addresses])}),
        lambda gone: None,
    ):
        await asyncio.sleep(FOUND)
    return there


async def port(where: Address) -> Port:
    """What becomes of a TCP connection."""
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(where.host, where.port)
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"
    except socket.gaierror:
        return "no-name"
    except OSError as error:
        if error.errno == errno.ETIMEDOUT:
            return "silent"
        return "nobody" if error.errno == errno.EHOSTUNREACH and is_neighbour(where.host) else "no-way"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return "open"


async def alive(host: str) -> bool:
    """Whether any other port gives a sign of life, be it a refusal."""
    answers = await asyncio.gather(*(_sign(host, other) for other in OTHERS))
    return any(answers)


async def _sign(host: str, other: int) -> bool:
    try:
        async with asyncio.timeout(ALIVE):
            _, writer = await asyncio.open_connection(host, other)
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def ours(where: Address) -> str:
    """This machine's address that leads there; empty where none does. Nothing is sent."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, number) as asking:
            asking.connect(address)
            return str(asking.getsockname()[0])
    except OSError:
        return ""


def is_neighbour(host: str) -> bool:
    """Whether an address lies in a network that this machine has a card in."""
    try:
        there = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            here = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            if there in ipaddress.ip_network(f"{here}/{ip.network_prefix}", strict=False):
                return True
    return False


async def tls(where: Address, certificate: bytes | None) -> str | None:
    """Why nobody says there who it is; None: somebody does, and it is the one that was paired, where one was."""
    try:
        await card(str(where), trust=certificate)
    except Refused as refused:
        return refused.type
    return None


async def link_and_udp(where: Address, pinned: Pinned, identity: Identity) -> tuple[str | None, Udp]:
    """The WebSocket, and channels over UDP to its page, as a presenter makes them. Only while none runs here: it has
    the same identity, and would be put out."""
    async with _linked(where, pinned, identity) as link:
        if not link.connected:
            return (link.problem.type if link.problem is not None else "screen-unreachable"), "unknown"
        if link.page == 0:
            return None, "taken" if link.taken is not None else "no-page"
        return None, await _udp(link, where)


@asynccontextmanager
async def _linked(where: Address, pinned: Pinned, identity: Identity) -> AsyncIterator[Link]:
    """Connected, and told of a page, as far as that comes about in time."""
    changed = asyncio.Event()
    link = Link(pinned, identity, where=lambda: [str(where)], on_page=lambda _: changed.set(), on_state=changed.set)
    running = asyncio.create_task(link.run(), name="link of doctor")
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINKED):
                while not link.connected and link.problem is None:
                    changed.clear()
                    await changed.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAGE):
                while link.connected and link.page == 0 and link.taken is None:
                    changed.clear()
                    await changed.wait()
        yield link
        await link.goodbye()
    finally:
        await ended(running)


async def _udp(link: Link, where: Address) -> Udp:
    peer = Peer(await asyncio.to_thread(offered_addresses, []))
    try:
        answer = await link.offer(link.page, await peer.offer())
        await peer.accept(answer, parse_address(str(where)).host)
    except PeerFailed:
        return "closed"
    except LinkDown:
        return "no-page"
    finally:
        await peer.close()
    return "open"
