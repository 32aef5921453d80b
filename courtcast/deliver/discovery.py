"""Finding receivers on the network (RFC 6762, RFC 6763). A convenience: everything else works by typed address too."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from courtcast.deliver.interfaces import multicast_addresses
from courtcast.problems import Refused
from courtcast.tasks import ended
from courtcast.wire.link import LINK_PROTOCOL, SERVICE, Card

RESOLVE: Final = 3.0
"""Seconds for a receiver to say its address; it answers within one, or comes up again."""
LOOK_AGAIN: Final = 5.0
"""Seconds between looks at this machine's own addresses: a laptop joins the network after the program started."""
MAX_FOUND: Final = 256
"""Services looked at. Anybody can announce any number of them."""
MAX_TEXT: Final = 64
"""Characters of a name or a zone."""

_log = logging.getLogger(__name__)


class Discovery:
    """Context manager: calls `on_found(card, addresses, port)` for each receiver, and again when it has changed.

    `on_lost(id)` follows when it has said goodbye or has not been heard of for long. What is found is a claim: only
    pairing, and afterwards the pinned certificate, prove who it is. Neither callback may block or raise.

    `interfaces` are addresses of this machine; with none, all that it has.
    """

    def __init__(
        self,
        interfaces: Sequence[str],
        on_found: Callable[[Card, Sequence[str], int], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._interfaces = list(interfaces)
        self._on_found = on_found
        self._on_lost = on_lost
        self._ids: dict[str, str] = {}
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self._minder: asyncio.Task[None] | None = None
        self.problem: Refused | None = None
        """Why nothing can be found now (no-network); looked at again every few seconds."""

    async def __aenter__(self) -> Discovery:
        await self._look()
        self._minder = asyncio.create_task(self._mind(), name="discovery")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [task for task in (self._minder, *self._resolving.values()) if task is not None]
        await ended(*tasks)
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESOLVE):
                    await self._zeroconf.async_close()

    async def _mind(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            await self._look()

    async def _look(self) -> None:
        """Brings sockets and addresses of this machine together."""
        addresses = await asyncio.to_thread(multicast_addresses, self._interfaces)
        if not addresses:
            self._failed("no address")
            return
        alone = not self._interfaces and all(ipaddress.ip_address(address).is_loopback for address in addresses)
        version = IPVersion.All if any(":" in address for address in addresses) else IPVersion.V4Only
        try:
            if self._zeroconf is None:
                self._zeroconf = AsyncZeroconf(interfaces=addresses, ip_version=version)
                self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._heard])
            else:
                await self._zeroconf.async_update_interfaces(interfaces=addresses, ip_version=version)
        except (OSError, RuntimeError) as error:  # the latter: an address of IPv6 that has gone since
            self._failed(repr(error))
        else:
            if alone:  # screens on this machine itself are found all the same
                self._failed("loopback only")
            else:
                self.problem = None

    def _failed(self, why: str) -> None:
        if self.problem is None:
            self.problem = Refused("no-network")
            _log.warning("%s", self.problem.detail)
        _log.debug("receivers cannot be looked for: %s", why)

    def _heard(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            self._lost(name)
        elif name in self._ids or len(self._ids) + len(self._resolving) < MAX_FOUND:
            before = self._resolving.get(name)
            if before is not None:
                before.cancel()
            task = asyncio.create_task(self._resolve(zeroconf, service_type, name), name=f"resolve {name}")
            self._resolving[name] = task
            task.add_done_callback(lambda done: self._resolved(name, done))

    def _resolved(self, name: str, task: asyncio.Task[None]) -> None:
        if self._resolving.get(name) is task:
            del self._resolving[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("a receiver could not be looked at: %r", error)

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        if not await info.async_request(zeroconf, RESOLVE * 1000):
            return
        card = read_text(info.decoded_properties)
        addresses = info.parsed_scoped_addresses(IPVersion.All)
        if card is None or not addresses or not info.port:
            return
        before = self._ids.get(name)
        if before is not None and before != card.id:
            self._lost(name)
        self._ids[name] = card.id
        self._on_found(card, addresses, info.port)

    def _lost(self, name: str) -> None:
        task = self._resolving.pop(name, None)
        if task is not None:
            task.cancel()
        gone = self._ids.pop(name, None)
        if gone is not None and gone not in self._ids.values():
            self._on_lost(gone)


def read_text(properties: dict[str, str | None]) -> Card | None:
    """The TXT records of a receiver; None where they are no card."""
    identity, name, zone, protocol = (properties.get(key) or "" for key in ("id", "name", "zone", "protocol"))
    if not (0 < len(identity) <= MAX_TEXT and identity.isalnum() and protocol.isdecimal() and len(protocol) < 6):
        return None
    return Card(id=identity, name=name[:MAX_TEXT], zone=zone[:MAX_TEXT], protocol=int(protocol or LINK_PROTOCOL))
