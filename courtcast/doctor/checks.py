"""The two checks, carried out by the presenter that runs on this machine; here they are asked for and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from courtcast.beside import Beside, beside
from courtcast.doctor.lines import Line
from courtcast.problems import Refused
from courtcast.wire.api import CaseCheckRequest, Check, CheckKind, Checks, RoomCheckRequest

LOOK_SECONDS = 0.25
LONGEST = {"case": 6 * 3600.0, "room": 180.0}
"""Seconds: nobody waits longer for a check at a terminal; the case is every byte of it."""


async def case_check(data: Path, until: float | None, console: Console) -> AsyncIterator[Line]:
    """Each link, each copy, and what is prepared of it."""
    async for line in _check(data, "case", CaseCheckRequest(until=until), console):
        yield line


async def room_check(data: Path, seconds: float | None, console: Console) -> AsyncIterator[Line]:
    """Each screen, its line, and the running order."""
    async for line in _check(data, "room", RoomCheckRequest(seconds=seconds), console):
        yield line


async def _check(data: Path, kind: CheckKind, asked: msgspec.Struct, console: Console) -> AsyncIterator[Line]:
    async with beside(data, "advocate", Refused("no-presenter", path=data)) as presenter:
        check = await _carried_out(presenter, kind, asked, console)
    for finding in check.findings:
        yield Line(finding.severity, finding.says, finding.do)
    for looked in check.looked:
        yield Line("plain", f"{looked.name}: {'; '.join(looked.says) or 'nothing to be said of it'}.")
    if not any(finding.severity == "stop" for finding in check.findings):
        yield Line("good", check.says)


async def _carried_out(presenter: Beside, kind: CheckKind, asked: msgspec.Struct, console: Console) -> Check:
    """Raises Refused where it cannot begin; where it did not come to its end, with what the presenter says of it."""
    begun = await presenter.call("POST", f"/checks/{kind}", Check, asked)
    try:
        async with asyncio.timeout(LONGEST[kind]):
            return await _followed(presenter, begun, console)
    except TimeoutError:
        await presenter.call("DELETE", "/checks", type(None))
        raise Refused("check-ended", why="It took too long.") from None
    except asyncio.CancelledError:
        await asyncio.shield(presenter.call("DELETE", "/checks", type(None)))
        raise


async def _followed(presenter: Beside, begun: Check, console: Console) -> Check:
    with Progress(TextColumn("{task.description}"), BarColumn(), console=console, transient=True) as progress:
        bar = progress.add_task(begun.doing, total=1.0)
        while True:
            state = await presenter.call("GET", "/checks", Checks)
            running, last = state.running, state.case if begun.kind == "case" else state.room
            if last is not None and last.begun == begun.begun:
                return last
            if running is None or running.begun != begun.begun:
                raise Refused("check-ended", why=state.said or "Another check took its place.")
            progress.update(bar, completed=running.progress, description=running.doing)
            await asyncio.sleep(LOOK_SECONDS)
