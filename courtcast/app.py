"""The presenter, made and connected: the one place that knows every part."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
from aiohttp import web

from courtcast import https
from courtcast.control.api import make_app
from courtcast.control.auth import Auth
from courtcast.control.checkup import Checkup
from courtcast.control.desk import Desk
from courtcast.control.onlooker import Onlooker
from courtcast.control.retention import Retention
from courtcast.control.saved import BlankNote, load
from courtcast.control.services import Services
from courtcast.control.timekeeper import Timekeeper, steady
from courtcast.core.identity import Identity
from courtcast.deliver.screens import Screens
from courtcast.evidence import proxy
from courtcast.evidence.database import Database
from courtcast.evidence.library import Library
from courtcast.evidence.links.portal import load as load_portals
from courtcast.evidence.record import Record, load_signer
from courtcast.prepare.intake import Intake
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.settings import Settings, ready_folder, write_private
from courtcast.wire.assets import Assets

STOP_SECONDS = 3.0
"""How long open requests may take when the presenter ends."""
RUNNING = "presenter.json"
DATABASE = "courtcast.db"


class Running(msgspec.Struct, frozen=True):
    """For the commands beside a running presenter: where it answers. Lies in its data folder while it runs."""

    url: str
    pid: int


@dataclass(frozen=True)
class Presenter:
    """A running presenter."""

    url: str
    """Where the remote is, without a key."""
    sign_in_url: str
    """The same with a key that signs a clerk in once."""


def database(data: Path) -> Path:
    return data / DATABASE


def load_identity(data: Path, name: str) -> Identity:
    """This presenter's key and certificate: made once. Raises Refused `data-not-writable`."""
    file = data / "identity.pem"
    try:
        if file.exists():
            return Identity.from_pem(file.read_bytes())
        identity = Identity.make(name)
        write_private(file, identity.to_pem())
    except OSError:
        raise Refused("data-not-writable", path=data) from None
    except ValueError:
        raise Refused("data-damaged", path=data) from None
    return identity


@asynccontextmanager
async def open_record(data: Path, db: Database, program: str = "The presenter") -> AsyncIterator[Record]:
    """The record of this data folder; what it says of its beginning names the program."""
    started = {"version": version("courtcast"), "program": program}
    async with Record(db, load_signer(data), started=started) as record:
        yield record


@asynccontextmanager
async def intake(
    settings: Settings, db: Database, record: Record | None = None
) -> AsyncIterator[tuple[Intake, list[Desk], list[Screens]]]:
    """Everything up to the manifests. The desk that hears of changes is put into the list when there is one, and so are
    the screens that say what they decode."""
    listeners: list[Desk] = []
    shown_on: list[Screens] = []

    def changed(exhibit: str) -> None:
        for desk in listeners:
            desk.exhibit_changed(exhibit)

    def quiet() -> bool:
        return all(desk.state().shown is None for desk in listeners)

    def shown(exhibit: str) -> bool:
        return any((on := desk.state().shown) is not None and on.exhibit == exhibit for desk in listeners)

    def plays() -> frozenset[str] | None:
        return shown_on[0].plays() if shown_on else None

    store = FolderStore(settings.data / "renditions")
    guard = proxy.make(settings.allow_networks, settings.proxy, settings.ca)
    async with Intake(
        settings.data, Library(db), guard, store, changed,
        plays=plays, quiet=quiet, shown=shown, portals=load_portals(settings.data), record=record,
    ) as made:  # fmt: skip
        yield made, listeners, shown_on


@asynccontextmanager
async def presenter(settings: Settings) -> AsyncIterator[Presenter]:
    """Runs inside the context. Raises Refused where it cannot start, in words."""
    data = ready_folder(settings.data)
    assets = Assets.find()
    note = data / "blank"
    async with (
        Database(database(data)) as db,
        open_record(data, db) as record,
        intake(settings, db, record) as (exhibits, listeners, shown_on),
    ):
        clock = Timekeeper((await load(db, BlankNote(note))).mark)
        desks: list[Desk] = []

        def screen_changed(screen: str) -> None:
            for desk in desks:
                desk.screen_changed(screen)

        async with (
            Screens(
                identity=load_identity(data, settings.name),
                name=settings.name,
                db=db,
                clock=clock,
                renditions=exhibits.rendition,
                cues=exhibits.cues,
                store=FolderStore(data / "renditions"),
                interfaces=settings.interfaces,
                on_change=screen_changed,
                build=assets.build,
                monotonic=steady,
            ) as screens,
            Desk(db=db, intake=exhibits, screens=screens, clock=clock, note=note, record=record) as desk,
            Onlooker(db=db, record=record, desk=desk, intake=exhibits) as onlooker,
            Retention(db=db, record=record, intake=exhibits, data=data, room=desk) as retention,
            Checkup(db=db, intake=exhibits, screens=screens, desk=desk, data=data) as checkup,
        ):
            desks.append(desk)
            shown_on.append(screens)
            listeners.append(desk)
            hosts = () if settings.loopback else tuple(https.names_for(settings.host))
            auth = Auth(db, hosts=hosts, record=record)
            await auth.open()
            services = Services(
                intake=exhibits,
                docket=exhibits.docket,
                screens=screens,
                desk=desk,
                checkup=checkup,
                uploads=exhibits.uploads,
                auth=auth,
                record=record,
                onlooker=onlooker,
                retention=retention,
                assets=assets,
            )
            app = make_app(services)
            async with _site(app, settings) as url:
                file = data / RUNNING
                file.write_bytes(msgspec.json.encode(Running(url=url, pid=os.getpid())))
                try:
                    yield Presenter(url, f"{url}/?key={auth.new_key()}")
                finally:
                    with suppress(OSError):
                        file.unlink()


@asynccontextmanager
async def _site(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """The server, and the address to call it by. HTTPS wherever it can be reached from another machine."""
    tls = None if settings.loopback else https.context(settings.data, settings.host, settings.cert, settings.key)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refused("port-taken", port=settings.port) from None
            raise Refused("host-unusable", host=settings.host) from None
        port = runner.addresses[0][1]
        host = settings.host if settings.host not in https.ANY else next(iter(https.addresses()), "127.0.0.1")
        yield f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()


async def serve(settings: Settings) -> int:
    """`courtcast serve`: until it is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt instead
            break
    async with presenter(settings) as running:
        print(f"remote: {running.sign_in_url}", flush=True)
        await stop.wait()
    return 0
