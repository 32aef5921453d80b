"""`courtcast doctor`: what is missing on this machine, in plain words."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import ifaddr
from rich.console import Console

from courtcast.problems import TABLE, Refused
from courtcast.settings import ready_folder

LEAST_FREE = 5 << 30
"""Bytes: an hour of 8 Mb/s evidence is 3.6 GB."""

Check = Callable[[], str]


def _python() -> str:
    return f"Python {sys.version.split()[0]}"


def _media() -> str:
    import av

    missing = [name for name in ("h264", "vp9", "libdav1d", "aac", "opus", "flac") if name not in av.codecs_available]
    if missing:
        raise LookupError(f"The media library lacks {', '.join(missing)}. Install PyAV from its wheel.")
    return f"Media library PyAV {av.__version__}"


def _network() -> str:
    found = sorted(
        str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4 and ip.ip != "127.0.0.1"
    )
    if not found:
        raise LookupError(TABLE["no-network"].detail)
    return f"Network: {', '.join(found)}"


def _folder(data: Path) -> str:
    ready_folder(data)
    free = shutil.disk_usage(data).free
    if free < LEAST_FREE:
        raise LookupError(f"Only {free / 1e9:.1f} GB are free for evidence in {data}. Free some space.")
    return f"Data folder {data}, {free / 1e9:.0f} GB free"


def _browser(chromium: Path | None) -> str:
    from receiver.kiosk import find_chromium

    return f"Browser for screens on this machine: {find_chromium(chromium)}"


async def doctor(data: Path, chromium: Path | None) -> int:
    """Prints one line for each check; 1 where something is missing."""
    console = Console(highlight=False)
    checks: list[Check] = [_python, _media, _network, lambda: _folder(data), lambda: _browser(chromium)]
    missing = 0
    for check in checks:
        try:
            console.print(f"[green]✓[/] {await asyncio.to_thread(check)}")
        except Refused as problem:
            console.print(f"[red]✗[/] {problem.detail}")
            missing += 1
        except LookupError as problem:
            console.print(f"[red]✗[/] {problem}")
            missing += 1
    console.print("Everything is here." if not missing else f"{missing} to put right.")
    return 1 if missing else 0
