"""The one place where a screen's parts are made and connected."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from courtcast.core.pairing import Tries, group_code
from courtcast.problems import Refused
from courtcast.wire.assets import Assets
from courtcast.wire.link import Card, Idle
from receiver.announce import Announcement
from receiver.interfaces import bind, own_addresses
from receiver.kiosk import Kiosk, check_desktop, find_chromium
from receiver.listener import Listener
from receiver.pages import LOOPBACK, Pages
from receiver.pairing import PACE, PairingDesk
from receiver.pulse import Pulse
from receiver.relay import Relay
from receiver.store import Pin, Store
from receiver.tls import Gate

LOOK: Final = 0.5
"""Seconds between looks whether `code --new` or `forget` has changed something, and whether the page is alive."""
SHOWN: Final = 2
"""Addresses that stand on the screen at most."""

BROWSER: Final = "browser"
"""Folder of the browser's profile, in that of the screen's data."""
DISK_SHARE: Final = 0.5
"""Of what is free on the screen's disk: how much of it the exhibits of the day may take."""

_log = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `courtcast-receiver run` was told."""

    data: Path
    name: str
    zone: str
    port: int
    interfaces: Sequence[str] = ()
    """Addresses of this machine to listen on, announce and give to presenters; none: all of them."""
    page_port: int | None = None
    chromium: Path | None = None
    kiosk: bool = True
    headless: bool = False
    disk: int | None = None
    """Bytes of its disk that the page may use for the day; None: half of what is free."""


class Agent:
    """One screen. Everything that can be refused is refused before anything is announced."""

    def __init__(self, settings: Settings, store: Store, say: Callable[[str], None], *, pace: float = PACE) -> None:
        self._settings = settings
        self._store = store
        self._say = say
        self._browser = self._find_browser()
        identity = store.identity(settings.name)
        self._pins: dict[str, Pin] = {}
        self._tries: Tries = store.tries()
        self._version = store.version()
        self._card = Card(id=identity.id, name=settings.name, zone=settings.zone)
        self._assets = Assets.find()
        self._gate = Gate(identity)
        self._relay = Relay(
            self._card,
            addresses=self._addresses,
            later=lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call),
            on_change=self._show_idle,
            forget=self._forget,
            on_holder=self._keep_holder,
        )
        self._desk = PairingDesk(
            store, identity.certificate, on_pinned=self.look_again, on_change=self.look_again, pace=pace
        )
        self._pages = Pages(self._relay, self._assets, self._page_key(), disk=self._disk)
        self._listener = Listener(self._card, self._gate, self._desk, self._relay, lambda: self._pins)
        self._port = 0
        self._hung = 0
        """Number of the page's session that hangs now."""
        self.look_again()

    @property
    def port(self) -> int:
        """Where presenters reach it, once it runs."""
        return self._port

    async def run(self, stopped: asyncio.Event) -> None:
        """Until it is told to stop. Raises Refused where it cannot begin."""
        with contextlib.ExitStack() as unused:
            outside = bind(self._settings.interfaces, self._settings.port)
            for listening in outside:
                unused.callback(listening.close)
            self._port = outside[0].getsockname()[1]
            inside = self._bind_page()
            unused.callback(inside.close)
            self.look_again()
            self._hold_as_before()
            await self._pages.start(inside)
            await self._listener.start(outside)
            unused.pop_all()
        try:
            await self._serve(stopped)
        finally:
            self._relay.stop()
            await asyncio.gather(self._listener.stop(), self._pages.stop())

    async def _serve(self, stopped: asyncio.Event) -> None:
        alone = _loopback_only(self._settings.interfaces)
        here = alone and bool(self._settings.interfaces)
        async with Announcement(self._card, self._port, self._addresses, here=here), asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._listener.reap()), group.create_task(self._watch_store())]
            tasks.append(group.create_task(self._watch_page()))
            if self._browser is not None:
                kiosk = Kiosk(
                    self._browser,
                    self._settings.data / BROWSER,
                    self._pages.url,
                    lambda: self._relay.page != 0,
                    page_hangs=lambda: self._relay.page != 0 and self._relay.page == self._hung,
                    keep=lambda: bool(self._pins),
                    headless=self._settings.headless,
                    loopback=alone,
                    six=all(":" in address for address in self._addresses()),
                )
                tasks.append(group.create_task(kiosk.run()))
            else:
                self._say(f"screen: {self._pages.url}")
            _log.info("%s (%s) is at %s", self._card.name, self._card.zone, self._where())
            await stopped.wait()
            for task in tasks:
                task.cancel()

    async def _watch_store(self) -> None:
        """`code --new` and `forget` are other programs: what they change is taken up here."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                version = await asyncio.to_thread(self._store.version)
                if version != self._version:
                    self._version = version
                    self.look_again()
                else:
                    self._show_idle()  # the address that stands on it may have changed
            except Refused as problem:
                _log.error("%s", problem.detail)

    async def _watch_page(self) -> None:
        """A kiosk acts on what is found here; a browser of somebody's own is theirs to mind, so it is only told."""
        clock, pulse, told = asyncio.get_running_loop().time, Pulse(), 0
        while True:
            await asyncio.sleep(LOOK)
            page = self._relay.page
            self._hung = page if pulse.hangs(page, self._relay.signs, clock()) else 0
            if self._hung not in {0, told}:
                # Once for each page: one in the background of somebody's browser is woken once a minute.
                told = page
                _log.error("the page gives no sign of life any more: it hangs, or its window is in the background")

    def look_again(self) -> None:
        """Brings the gate, the links and the page in line with what is on the disk."""
        self._pins = {pin.fingerprint: pin for pin in self._store.pins()}
        self._tries = self._store.tries()
        self._gate.trust(pin.certificate for pin in self._pins.values())
        self._relay.revoke(list(self._pins.values()))
        self._show_idle()

    def _forget(self, pinned: str) -> None:
        self._store.unpin(pinned)
        self.look_again()

    def _hold_as_before(self) -> None:
        """A receiver that died in a hearing is back before its presenter: nobody else slips in between."""
        holder = self._pins.get(self._store.kept("holder") or "")
        if holder is not None:
            self._relay.hold_for(holder)

    def _keep_holder(self, holder: Pin | None) -> None:
        """For a restart only: where the disk cannot be written, the screen goes on without."""
        try:
            self._store.keep("holder", "" if holder is None else holder.fingerprint)
        except Refused as problem:
            _log.error("%s", problem.detail)

    def _show_idle(self) -> None:
        locked = self._tries.locked
        self._relay.show_idle(
            Idle(
                name=self._card.name,
                zone=self._card.zone,
                code=None if locked else group_code(self._tries.code),
                paired=len(self._pins),
                linked=bool(self._relay.linked),
                locked=locked,
                pairing=self._desk.with_,
                address=self._where(),
                build=self._assets.build,
            )
        )

    def _addresses(self) -> list[str]:
        return own_addresses(self._settings.interfaces)

    def _where(self) -> str:
        """What to type in where discovery does not work. Which of two cards leads to a presenter is not known here."""
        hosts = self._addresses()[:SHOWN] or [LOOPBACK]
        return " or ".join(f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}" for host in hosts)

    def _find_browser(self) -> Path | None:
        if not self._settings.kiosk:
            return None
        if not self._settings.headless:
            check_desktop()
        return find_chromium(self._settings.chromium)

    def _disk(self) -> int:
        """Bytes that the page may use: those that it uses already are in the browser's folder."""
        if self._settings.disk is not None:
            return self._settings.disk
        try:
            used = sum(file.stat().st_size for file in (self._settings.data / BROWSER).rglob("*") if file.is_file())
            return int((shutil.disk_usage(self._settings.data).free + used) * DISK_SHARE)
        except OSError:
            return 0

    def _page_key(self) -> str:
        """The same after a restart, so that a page in a browser of one's own finds its receiver again."""
        key = self._store.kept("page-key")
        if key is None:
            key = secrets.token_urlsafe(24)
            self._store.keep("page-key", key)
        return key

    def _bind_page(self) -> socket.socket:
        """On the port given; else on that of last time; else on any."""
        given = self._settings.page_port
        if given is not None:
            try:
                return bind([LOOPBACK], given)[0]
            except Refused as problem:
                raise Refused("page-port-taken", port=given) from problem
        last = int(self._store.kept("page-port") or 0)
        try:
            listening = bind([LOOPBACK], last)[0]
        except Refused:
            listening = bind([LOOPBACK], 0)[0]
        self._store.keep("page-port", str(listening.getsockname()[1]))
        return listening


def _loopback_only(interfaces: Sequence[str]) -> bool:
    addresses = own_addresses(interfaces)
    return bool(addresses) and all(ipaddress.ip_address(address).is_loopback for address in addresses)
