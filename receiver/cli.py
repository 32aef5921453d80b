"""The commands of the screen appliance."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import platformdirs

from courtcast.core.pairing import group_code
from courtcast.problems import Refused
from receiver.agent import Agent, Settings
from receiver.store import Store

DEFAULT_PORT: Final = 8470
"""Where a presenter looks when an address is typed without a port (`courtcast.deliver.address`)."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 0, or with 1 and one clear line, or with 2 where the command itself is not understood."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("zeroconf").setLevel(logging.ERROR)
    given = build_parser().parse_args(arguments)
    try:
        given.command(given)
    except Refused as problem:
        print(f"courtcast-receiver: {problem.detail}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _run(given: argparse.Namespace) -> None:
    settings = Settings(
        data=given.data,
        name=given.name,
        zone=given.zone,
        port=given.port,
        interfaces=given.interface,
        page_port=given.page_port,
        chromium=given.chromium,
        kiosk=not given.no_kiosk,
        headless=given.headless,
        disk=None if given.disk is None else int(given.disk * 2**30),
    )
    store = Store.open(given.data, create=True)
    store.hold()
    agent = Agent(settings, store, say=lambda line: print(line, flush=True))
    asyncio.run(_until_told(agent))


async def _until_told(agent: Agent) -> None:
    """SIGTERM and SIGINT are how a screen is told to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    await agent.run(stopped)


def _code(given: argparse.Namespace) -> None:
    store = Store.open(given.data, create=False)
    tries = store.new_code() if given.new else store.tries()
    if tries.locked:
        raise Refused("receiver-locked")
    print(group_code(tries.code))


def _forget(given: argparse.Namespace) -> None:
    store = Store.open(given.data, create=False)
    pins = store.pins()
    if not pins:
        raise Refused("presenter-none")
    gone = [pin for pin in pins if given.all or given.presenter in {pin.name, pin.fingerprint[:16]}]
    if not gone:
        known = ", ".join(f"{pin.name} ({pin.fingerprint[:16]})" for pin in pins)
        raise Refused("presenter-unknown", name=given.presenter, known=known)
    for pin in gone:
        store.unpin(pin.fingerprint)
        print(f"forgotten: {pin.name}")


def build_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(prog="courtcast-receiver", description="The screen appliance of courtcast.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", _run, "show the screen until it is told to stop")
    run.add_argument("--name", default=socket.gethostname(), help="what people call this screen")
    run.add_argument("--zone", default="jury", help="who sees it: jury, witness, counsel, judge or public")
    run.add_argument("--port", type=_port, default=DEFAULT_PORT, help="for presenters; 0 takes a free one")
    run.add_argument(
        "--interface",
        type=_address,
        action="append",
        default=[],
        metavar="ADDRESS",
        help="address of this machine to use, more than once for more; all of them where none is given",
    )
    run.add_argument("--no-kiosk", action="store_true", help="print the page's address instead of opening it")
    run.add_argument("--headless", action="store_true", help="open it in a browser without a window")
    run.add_argument("--page-port", type=_port, metavar="PORT", help="of the page, on this machine only")
    run.add_argument(
        "--disk",
        type=_gibibytes,
        metavar="GIB",
        help="how much of its disk the exhibits of the day may take, 0 for none (default: half of what is free)",
    )
    run.add_argument("--chromium", type=Path, metavar="PATH", help="the browser to use")

    code = _command(commands, "code", _code, "print the pairing code now on this screen")
    code.add_argument("--new", action="store_true", help="another code; unlocks the screen after wrong tries")

    forget = _command(commands, "forget", _forget, "stop accepting a presenter")
    who = forget.add_mutually_exclusive_group(required=True)
    who.add_argument("presenter", nargs="?", help="its name, or the first digits of its fingerprint")
    who.add_argument("--all", action="store_true", help="every presenter")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, call: object, does: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
    command.add_argument(
        "--data",
        type=Path,
        default=platformdirs.user_data_path("courtcast-receiver"),
        metavar="DIR",
        help="folder of this screen (default: %(default)s)",
    )
    command.set_defaults(command=call)
    return command


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 65536:
        raise ValueError
    return number


def _gibibytes(text: str) -> float:
    number = float(text)
    if not 0 <= number < 2**20:
        raise ValueError
    return number


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


_port.__name__, _address.__name__, _gibibytes.__name__ = (
    "port",
    "IP address",
    "number of GiB",
)  # argparse names them where they refuse

if __name__ == "__main__":
    main()
