"""The commands beside the presenter, whether or not one is running: `courtcast token`, `courtcast add`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from courtcast.app import database, intake, open_record
from courtcast.beside import Beside, beside
from courtcast.control.auth import issue_token
from courtcast.evidence.database import Database
from courtcast.filesender import send_file
from courtcast.problems import Refused
from courtcast.settings import Network, Settings, ready_folder
from courtcast.wire.api import AddExhibit, Exhibit, Role
from courtcast.wire.library import Hearing, Listing

LOOK_SECONDS = 0.25
LIST: Final = ".csv"
ADD: Final = "courtcast add"
ALL: Final = "/exhibits?hearing=all"


class Reach(NamedTuple):
    """The presenter's first half: that of one that runs, or of this process."""

    add: Callable[[AddExhibit], Awaitable[Exhibit]]
    everything: Callable[[], Awaitable[list[Exhibit]]]
    take: Callable[[str, bytes], Awaitable[Listing]]
    """A list, for a hearing's id."""
    hearings: Callable[[], Awaitable[list[Hearing]]]
    presenter: Beside | None = None
    """The one that runs: files are sent to it."""


async def token(data: Path, role: Role, name: str = "") -> int:
    """Prints a new token of that role; name: whose it is, for the record."""
    async with Database(database(ready_folder(data)), presenter=False) as db:
        print(await issue_token(db, role, name, recorded=True))
    return 0


async def add(
    data: Path,
    urls: Sequence[str],
    *,
    ref: str | None,
    title: str | None,
    sha256: str | None,
    restricted: bool,
    headers: Mapping[str, str],
    allow_networks: Sequence[Network],
    hearing: str | None = None,
    proxy: str | None = None,
    ca: Path | None = None,
) -> int:
    """Adds links, files of this machine, and lists of exhibits (CSV); stays until all are ready, or says why one never
    will be. hearing: id or case; else the open one."""
    if len(urls) > 1 and (ref or title or sha256):
        raise Refused("add-several")
    data = ready_folder(data)
    settings = Settings(data=data, allow_networks=tuple(allow_networks), proxy=proxy, ca=ca)

    async def work(reach: Reach) -> int:
        meant = await meant_hearing(reach.hearings, hearing)
        added: dict[str, Exhibit] = {}
        for url in urls:
            if not _is_file(url):
                request = AddExhibit(
                    url=url, ref=ref, title=title, headers=dict(headers), sha256=sha256, restricted=restricted,
                    hearing=meant.id,
                )  # fmt: skip
                exhibits = [await reach.add(request)]
            elif _is_list(url):
                exhibits = await _take(reach, meant, Path(url))
            else:
                words = {"ref": ref or "", "title": title or "", "restricted": "yes" if restricted else ""}
                exhibits = [await _send(reach, Path(url), {**words, "hearing": meant.id})]
            added.update({exhibit.id: exhibit for exhibit in exhibits})
        return await _follow(added, reach.everything)

    if any(_is_file(url) and not _is_list(url) for url in urls):
        async with _beside(data, Refused("no-presenter", path=data)) as reach:
            return await work(reach)
    try:
        async with _alone(settings, lists=any(_is_list(url) for url in urls)) as reach:
            return await work(reach)
    except Refused as problem:
        if problem.type != "data-in-use":
            raise
    async with _beside(data, Refused("data-in-use", path=data)) as reach:
        return await work(reach)


async def meant_hearing(hearings: Callable[[], Awaitable[Sequence[Hearing]]], named: str | None) -> Hearing:
    """That with this id or of this case; the open one where none is named. Raises Refused hearing-unknown,
    hearing-several."""
    known = await hearings()
    if named is None:
        return next(one for one in known if one.open)
    found = [one for one in known if one.id == named]
    found = found or [one for one in known if one.case and one.case.casefold() == named.strip().casefold()]
    if len(found) > 1:
        raise Refused("hearing-several", case=named, ids=", ".join(one.id for one in found))
    if not found:
        raise Refused("hearing-unknown")
    return found[0]


@asynccontextmanager
async def _alone(settings: Settings, *, lists: bool) -> AsyncIterator[Reach]:
    """No presenter is running: this process does the work of its first half. What it adds is written into the record by
    the next presenter; what only lists have, clips, by itself."""
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database(database(settings.data)))
        record = await stack.enter_async_context(open_record(settings.data, db, ADD)) if lists else None
        exhibits, _, _ = await stack.enter_async_context(intake(settings, db, record))

        async def everything() -> list[Exhibit]:
            return exhibits.everything()

        async def take(hearing: str, content: bytes) -> Listing:
            return (await exhibits.docket.take_list(hearing, content, look=False, by=ADD)).listing

        yield Reach(exhibits.add, everything, take, exhibits.docket.hearings)


@asynccontextmanager
async def _beside(data: Path, nobody: Refused) -> AsyncIterator[Reach]:
    """A presenter is running: it is asked."""
    async with beside(data, "advocate", nobody) as presenter:
        yield Reach(
            lambda request: presenter.call("POST", "/exhibits", Exhibit, request),
            lambda: presenter.call("GET", ALL, list[Exhibit]),
            lambda hearing, content: presenter.send(f"/hearings/{hearing}/list", content, Listing),
            lambda: presenter.call("GET", "/hearings", list[Hearing]),
            presenter,
        )


def _is_file(url: str) -> bool:
    return "://" not in url and Path(url).is_file()


def _is_list(url: str) -> bool:
    return _is_file(url) and Path(url).suffix.lower() == LIST


async def _take(reach: Reach, hearing: Hearing, file: Path) -> list[Exhibit]:
    """All of a list, or nothing."""
    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError:
        raise Refused("file-unreadable", path=file) from None
    taken = await reach.take(hearing.id, content)
    ids = dict.fromkeys(row.known for row in taken.rows)
    print(f"{file.name}: {taken.adds} added, {taken.changes} changed. {taken.note}".rstrip())
    return [exhibit for exhibit in await reach.everything() if exhibit.id in ids]


async def _send(reach: Reach, file: Path, words: dict[str, str]) -> Exhibit:
    """A file is sent to the presenter as the remote does it."""
    assert reach.presenter is not None
    with bar() as progress:
        task = progress.add_task(file.name, total=None)
        id_ = await send_file(
            reach.presenter, file, words, lambda here, whole: progress.update(task, completed=here, total=whole)
        )
    return await reach.presenter.call("GET", f"/exhibits/{id_}", Exhibit)


def bar() -> Progress:
    """Bytes that come, go or are looked at; gone when it is done."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(highlight=False),
        transient=True,
    )


async def _follow(added: Mapping[str, Exhibit], everything: Callable[[], Awaitable[list[Exhibit]]]) -> int:
    """Until each is ready or failed. Raises Refused where there is one, and it failed."""
    failed, left = 0, dict(added)
    with bar() as progress:
        bars = {one.id: progress.add_task(one.ref or one.title, total=one.bytes_total) for one in added.values()}
        while left:
            now = {exhibit.id: exhibit for exhibit in await everything()}
            for id_ in list(left):
                exhibit = now.get(id_)
                if exhibit is not None:
                    progress.update(bars[id_], completed=exhibit.bytes_fetched, total=exhibit.bytes_total)
                if exhibit is None or exhibit.state in ("ready", "failed"):  # None: somebody removed it
                    del left[id_]
                    progress.remove_task(bars[id_])
                    failed += exhibit is not None and _ended(progress.console, exhibit, alone=len(added) == 1)
            if left:
                await asyncio.sleep(LOOK_SECONDS)
    return 1 if failed else 0


def _ended(console: Console, exhibit: Exhibit, *, alone: bool) -> bool:
    """Says what became of it; whether it failed."""
    if exhibit.problem is not None and exhibit.state == "failed":
        for choice in exhibit.choices:
            console.print(", ".join(filter(None, (choice.name, choice.says))), markup=False)
        if alone:
            raise Refused.of(exhibit.problem)
        console.print(f"{exhibit.ref} {exhibit.title}: {exhibit.problem.detail}", markup=False)
        return True
    size = f"{(exhibit.bytes_total or 0) / 1e6:.1f} MB"
    length = f"{exhibit.duration or 0:.2f} s, {exhibit.frames or 0} frames, {size}"
    console.print(f"{exhibit.ref} {exhibit.title}: {length}", markup=False)
    console.print(f"SHA-256 {exhibit.sha256}")
    for note in exhibit.notes:
        console.print(note.detail, markup=False)
    return False
