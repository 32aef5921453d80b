"""Telling the network that there is a screen (RFC 6762, RFC 6763). A convenience: its address can be typed as well."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from courtcast.problems import Refused
from courtcast.wire.link import SERVICE, Card

LOOK_AGAIN: Final = 5.0
"""Seconds between looks at this machine's own addresses: a cable is plugged in, DHCP gives another one."""
GOODBYE: Final = 2.0
"""Seconds to take the announcement back when stopping."""

_log = logging.getLogger(__name__)


class Announcement:
    """Context manager. `addresses` gives this machine's addresses, each time anew. Nothing here stops the screen.

    here: it is for this machine alone, so that loopback is all it needs
    """

    def __init__(self, card: Card, port: int, addresses: Callable[[], Sequence[str]], *, here: bool = False) -> None:
        self._card = card
        self._port = port
        self._addresses = addresses
        self._here = here
        self._said: list[str] = []
        self._zeroconf: AsyncZeroconf | None = None
        self._registered = False
        self._minder: asyncio.Task[None] | None = None
        self._warned = False

    async def __aenter__(self) -> Announcement:
        self._minder = asyncio.create_task(self._mind(), name="announcement")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._minder is not None:
            self._minder.cancel()
            await asyncio.gather(self._minder, return_exceptions=True)
        if self._zeroconf is not None:
            with contextlib.suppress(TimeoutError, OSError, Error):
                async with asyncio.timeout(GOODBYE):
                    await self._zeroconf.async_unregister_all_services()
                    await self._zeroconf.async_close()

    async def _mind(self) -> None:
        while True:
            try:
                await self._say(list(await asyncio.to_thread(self._addresses)))
            except (OSError, RuntimeError, Error) as error:  # RuntimeError: an address of IPv6 that has gone since
                self._warn(f"This screen cannot be found by itself, only by its address: {error!r}")
            await asyncio.sleep(LOOK_AGAIN)

    async def _say(self, addresses: list[str]) -> None:
        lonely = not self._here and all(ipaddress.ip_address(address).is_loopback for address in addresses)
        if lonely:
            self._warn(Refused("no-network").detail)
        # IPv4 where there is any: courts' networks carry it everywhere, and what is announced holds both.
        multicast = [address for address in addresses if ipaddress.ip_address(address).version == 4] or addresses
        if not multicast or addresses == self._said:
            return
        version = IPVersion.All if ":" in multicast[0] else IPVersion.V4Only
        info = self._info(addresses)
        if self._zeroconf is None:
            self._zeroconf = AsyncZeroconf(interfaces=multicast, ip_version=version)
        else:
            await self._zeroconf.async_update_interfaces(interfaces=multicast, ip_version=version)
        if self._registered:
            await (await self._zeroconf.async_update_service(info))
        else:
            await (await self._zeroconf.async_register_service(info, strict=False))
            self._registered = True
        self._said = addresses
        self._warned = lonely

    def _info(self, addresses: Sequence[str]) -> AsyncServiceInfo:
        """The instance is called by the screen's id: two screens may have one name, and ids are never shared."""
        card = self._card
        return AsyncServiceInfo(
            SERVICE,
            f"{card.id}.{SERVICE}",
            port=self._port,
            properties={"id": card.id, "name": card.name, "zone": card.zone, "protocol": str(card.protocol)},
            server=f"courtcast-{card.id}.local.",
            parsed_addresses=list(addresses),
        )

    def _warn(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("%s", why)
