"""The commands beside the presenter, whether or not one is running: `courtcast token`, `courtcast add`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from courtcast.app import database, intake
from courtcast.beside import beside
from courtcast.control.auth import issue_token
from courtcast.evidence.database import Database
from courtcast.filesender import send_file
from courtcast.problems import Refused
from courtcast.settings import Network, Settings, ready_folder
from courtcast.wire.api import AddExhibit, Exhibit, Role

LOOK_SECONDS = 0.25

Look = Callable[[str], Awaitable[Exhibit]]
Add = Callable[[AddExhibit], Awaitable[Exhibit]]


async def token(data: Path, role: Role, name: str = "") -> int:
    """Prints a new token of that role; name: whose it is, for the record."""
    async with Database(database(ready_folder(data)), presenter=False) as db:
        print(await issue_token(db, role, name, recorded=True))
    return 0


async def add(
    data: Path,
    url: str,
    *,
    ref: str | None,
    title: str | None,
    sha256: str | None,
    restricted: bool,
    headers: Mapping[str, str],
    allow_networks: Sequence[Network],
    proxy: str | None = None,
    ca: Path | None = None,
) -> int:
    """Adds the link, or the file of this machine; stays until the exhibit is ready, or says why it never will be."""
    if "://" not in url and Path(url).is_file():
        words = {"ref": ref or "", "title": title or "", "restricted": "yes" if restricted else ""}
        return await _send(data, Path(url), words)
    request = AddExhibit(url=url, ref=ref, title=title, headers=dict(headers), sha256=sha256, restricted=restricted)
    data = ready_folder(data)
    settings = Settings(data=data, allow_networks=tuple(allow_networks), proxy=proxy, ca=ca)
    try:
        async with _alone(settings) as (send, look):
            return await _follow(await send(request), look)
    except Refused as problem:
        if problem.type != "data-in-use":
            raise
    async with _beside(data) as (send, look):
        return await _follow(await send(request), look)


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[tuple[Add, Look]]:
    """No presenter is running: this process does the work of its first half."""
    async with Database(database(settings.data)) as db, intake(settings, db) as (exhibits, _, _):

        async def look(id_: str) -> Exhibit:
            return exhibits.get(id_)

        yield exhibits.add, look


@asynccontextmanager
async def _beside(data: Path) -> AsyncIterator[tuple[Add, Look]]:
    """A presenter is running: it is asked."""
    async with beside(data, "advocate", Refused("data-in-use", path=data)) as presenter:
        yield (
            lambda request: presenter.call("POST", "/exhibits", Exhibit, request),
            lambda id_: presenter.call("GET", f"/exhibits/{id_}", Exhibit),
        )


async def _send(data: Path, file: Path, words: dict[str, str]) -> int:
    """A presenter has to be running: a file is sent to it as the remote does it."""
    async with beside(ready_folder(data), "advocate", Refused("no-presenter", path=data)) as presenter:
        with bar() as progress:
            task = progress.add_task(file.name, total=None)
            id_ = await send_file(
                presenter, file, words, lambda here, whole: progress.update(task, completed=here, total=whole)
            )
        look: Look = lambda id_: presenter.call("GET", f"/exhibits/{id_}", Exhibit)  # noqa: E731
        return await _follow(await look(id_), look)


def bar() -> Progress:
    """Bytes that come, go or are looked at; gone when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(highlight=False),
        transient=True,
    )


async def _follow(exhibit: Exhibit, look: Look) -> int:
    console = Console(highlight=False)
    with bar() as progress:
        task = progress.add_task(exhibit.ref, total=exhibit.bytes_total)
        while exhibit.state not in ("ready", "failed"):
            await asyncio.sleep(LOOK_SECONDS)
            exhibit = await look(exhibit.id)
            progress.update(task, completed=exhibit.bytes_fetched, total=exhibit.bytes_total)
    if exhibit.problem is not None and exhibit.state == "failed":
        for choice in exhibit.choices:
            console.print(", ".join(filter(None, (choice.name, choice.says))), markup=False)
        raise Refused.of(exhibit.problem)
    size = f"{(exhibit.bytes_total or 0) / 1e6:.1f} MB"
    console.print(f"{exhibit.ref} {exhibit.title}: {exhibit.duration or 0:.2f} s, {exhibit.frames or 0} frames, {size}")
    console.print(f"SHA-256 {exhibit.sha256}")
    for note in exhibit.notes:
        console.print(note.detail)
    return 0
