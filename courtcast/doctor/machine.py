"""What this machine has to have."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from courtcast.doctor.lines import Line
from courtcast.problems import Refused
from courtcast.settings import ready_folder

LEAST_FREE = 5 << 30
"""Bytes: an hour of 8 Mb/s evidence is 3.6 GB."""

Look = Callable[[], str]


async def machine(data: Path, chromium: Path | None) -> AsyncIterator[Line]:
    """One line for each thing that is needed."""
    looks: list[Look] = [_python, _media, lambda: _folder(data), lambda: _browser(chromium)]
    for look in looks:
        try:
            yield Line("good", await asyncio.to_thread(look))
        except Refused as problem:
            yield Line("stop", problem.detail)
        except LookupError as problem:
            yield Line("stop", str(problem))


def _python() -> str:
    return f"Python {sys.version.split()[0]}"


def _media() -> str:
    import av

    missing = [name for name in ("h264", "vp9", "libdav1d", "aac", "opus", "flac") if name not in av.codecs_available]
    if missing:
        raise LookupError(f"The media library lacks {', '.join(missing)}. Install PyAV from its wheel.")
    return f"Media library PyAV {av.__version__}"


def _folder(data: Path) -> str:
    ready_folder(data)
    free = shutil.disk_usage(data).free
    if free < LEAST_FREE:
        raise LookupError(f"Only {free / 1e9:.1f} GB are free for evidence in {data}. Free some space.")
    return f"Data folder {data}, {free / 1e9:.0f} GB free"


def _browser(chromium: Path | None) -> str:
    from receiver.kiosk import find_chromium

    return f"Browser for screens on this machine: {find_chromium(chromium)}"
