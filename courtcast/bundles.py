"""`courtcast export` and `courtcast import`: a hearing as one sealed bundle, with or without a running presenter."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from courtcast.app import database, open_record
from courtcast.beside import Beside, beside
from courtcast.control.retention import EVIDENCE
from courtcast.core.bundle import Bundle
from courtcast.core.signing import grouped, read_digits
from courtcast.evidence import bundle
from courtcast.evidence.database import Database
from courtcast.evidence.files import in_words
from courtcast.evidence.hearings import Hearings
from courtcast.evidence.library import Library
from courtcast.filesender import send_file
from courtcast.prepare import bundling
from courtcast.prepare.docket import Docket
from courtcast.problems import Refused
from courtcast.settings import ready_folder
from courtcast.tool import bar
from courtcast.wire.library import Hearing, TakeBundle, Taking

LOOK_SECONDS = 0.5
ROLE: Final = "advocate"


async def export(data: Path, out: Path, *, hearing: str | None, remarks: bool) -> int:
    """Writes it, and reads it again before it says so."""
    data = ready_folder(data)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused("bundle-there", path=out)
    part = out.with_name(f"{out.name}.part")
    try:
        try:
            await _export_alone(data, out, part, hearing, remarks=remarks)
        except Refused as problem:
            if problem.type != "data-in-use":
                raise
            await _export_beside(data, part, hearing, remarks=remarks)
        with bar() as progress, bundle.source(part) as found:
            says, key = bundle.look(found)
            task = progress.add_task("checking", total=sum(file.bytes for file in says.files()))
            await asyncio.to_thread(bundle.check, found, says, lambda done: progress.update(task, completed=done))
            if out.suffix != ".zip" and not part.is_dir():
                task = progress.add_task("unpacking", total=says.bytes)
                folder = out.with_name(f"{out.name}.unpacked")
                await asyncio.to_thread(
                    bundle.unpack, found, says, folder, lambda done: progress.update(task, completed=done)
                )
                part.unlink()
                part = folder
        await asyncio.to_thread(_settle, part, out)
    except BaseException:
        await asyncio.to_thread(_remove, part)
        raise
    _describe(says, key)
    Console(highlight=False).print(f"It is in {out}.", markup=False, soft_wrap=True)
    return 0


async def check(path: Path, key: str | None) -> int:
    """Whether a bundle is what was sealed, and what is in it."""
    with bar() as progress, bundle.source(path) as found:
        says, signer = await asyncio.to_thread(bundle.look, found, key=_key(key))
        task = progress.add_task("checking", total=sum(file.bytes for file in says.files()))
        await asyncio.to_thread(bundle.check, found, says, lambda done: progress.update(task, completed=done))
    _describe(says, signer)
    Console(highlight=False).print("Every file in it is what was sealed.")
    return 0


async def take_in(data: Path, path: Path, key: str | None) -> int:
    """Takes a bundle in, as a hearing of its own."""
    data, key = ready_folder(data), _key(key)
    with bundle.source(path) as found:
        says, signer = await asyncio.to_thread(bundle.look, found, key=key)
    try:
        await _take_alone(data, path, key)
    except Refused as problem:
        if problem.type != "data-in-use":
            raise
        await _take_beside(data, path, key)
    _describe(says, signer)
    Console(highlight=False).print("It is a hearing here now. Open it in the remote.")
    return 0


async def _export_alone(data: Path, out: Path, part: Path, hearing: str | None, *, remarks: bool) -> None:
    """No presenter is running."""
    async with Database(database(data)) as db, open_record(data, db, "courtcast export") as record:
        meant = _meant(await Hearings(db).list(), hearing)
        contents = await bundling.contents(db, data / EVIDENCE, meant.id, remarks=remarks)
        await record.write(bundling.handed_out(meant, contents))
        with bar() as progress:
            task = progress.add_task("writing", total=contents.says.bytes)
            say = lambda done: progress.update(task, completed=done)  # noqa: E731
            if out.suffix == ".zip":
                with part.open("xb") as file:
                    await asyncio.to_thread(bundle.write_zip, file, contents, record.signer, say)
                    file.flush()
                    os.fsync(file.fileno())
            else:
                await asyncio.to_thread(bundle.write_folder, part, contents, record.signer, say)


async def _export_beside(data: Path, part: Path, hearing: str | None, *, remarks: bool) -> None:
    """A presenter is running: it seals, and it writes it down."""
    async with beside(data, ROLE, Refused("data-in-use", path=data)) as presenter:
        meant = _meant(await presenter.call("GET", "/hearings", list[Hearing]), hearing)
        query = "" if remarks else "?remarks=0"
        with bar() as progress, part.open("xb") as file:
            task = progress.add_task("writing", total=meant.bytes or None)
            await presenter.stream(
                f"/hearings/{quote(meant.id)}/bundle{query}", file, lambda done: progress.update(task, completed=done)
            )
            file.flush()
            os.fsync(file.fileno())


async def _take_alone(data: Path, path: Path, key: str | None) -> None:
    folder = data / EVIDENCE
    async with Database(database(data)) as db, open_record(data, db, "courtcast import") as record:
        await asyncio.to_thread(bundling.clean, folder)
        with bar() as progress:
            task = progress.add_task("checking", total=None)
            taken = await asyncio.to_thread(
                bundling.take, path, folder, key=key,
                on_progress=lambda done, of: progress.update(task, completed=done, total=of),
            )  # fmt: skip
        try:
            docket = Docket(
                Library(db), record, {}, changing=asyncio.Lock(), on_change=lambda _: None, line_up=lambda: None,
                take_in=lambda entry, kept: None,
            )  # fmt: skip
            await docket.admit(bundling.admission(taken, folder, time.time()), folder)
        finally:
            await asyncio.to_thread(bundling.discard, taken)


async def _take_beside(data: Path, path: Path, key: str | None) -> None:
    """A presenter is running: the bundle is sent to it, as the remote does it. A folder is packed for that."""
    packed = data / f"import-{os.getpid()}.zip"
    try:
        if path.is_dir():
            await asyncio.to_thread(_pack, path, packed)
        async with beside(data, ROLE, Refused("data-in-use", path=data)) as presenter:
            await _send(presenter, packed if path.is_dir() else path, key)
    finally:
        await asyncio.to_thread(_remove, packed)


async def _send(presenter: Beside, path: Path, key: str | None) -> None:
    with bar() as progress:
        task = progress.add_task("sending", total=None)
        upload = await send_file(
            presenter, path, {"bundle": "yes"}, lambda here, whole: progress.update(task, completed=here, total=whole)
        )
        taking = await presenter.call("POST", "/bundles", Taking, TakeBundle(upload=upload, key=key))
        task = progress.add_task("checking", total=None)
        while taking.state == "checking":
            await asyncio.sleep(LOOK_SECONDS)
            taking = await presenter.call("GET", f"/bundles/{upload}", Taking)
            progress.update(task, completed=taking.done, total=taking.bytes or None)
    if taking.problem is not None:
        raise Refused.of(taking.problem)
    if taking.state != "done":
        raise Refused("upload-cancelled")


def _meant(hearings: Sequence[Hearing], asked: str | None) -> Hearing:
    """Raises Refused hearing-which."""
    fit = [one for one in hearings if (one.open if asked is None else asked in (one.id, one.case))]
    if len(fit) != 1:
        names = ", ".join(f"{one.case or 'without a name'} ({one.id})" for one in hearings)
        raise Refused("hearing-which", name=asked, names=names)
    return fit[0]


def _key(text: str | None) -> str | None:
    """Raises Refused digits-malformed."""
    if text is None:
        return None
    if (key := read_digits(text)) is None:
        raise Refused("digits-malformed", option="--key")
    return key


def _pack(folder: Path, out: Path) -> None:
    """Its sealed description as it is."""
    with bundle.source(folder) as found, out.open("xb") as file:
        says, _ = bundle.look(found)
        bundle.pack(found, says, file)


def _settle(part: Path, out: Path) -> None:
    if out.is_dir():
        out.rmdir()  # it is empty
    part.replace(out)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def _describe(says: Bundle, key: str) -> None:
    console = Console(highlight=False)
    about = ", ".join(filter(None, (says.hearing.case, says.hearing.court, says.hearing.day)))
    console.print(about or "A hearing without a name", markup=False)
    table = Table("", "", "", box=None, show_header=False)
    for one in says.exhibits:
        size = in_words(one.file.bytes) if one.file is not None else "joined"
        table.add_row(one.ref, one.title, size)
    console.print(table)
    console.print(f"Sealed with {grouped(key)}", markup=False, soft_wrap=True)
