"""A hearing of this presenter as a bundle, and a bundle as a hearing of this presenter.

What goes out is what was fetched or sent here, byte by byte, with all that people wrote down; nothing that was made of
it, which is made again where it comes in. What comes in is known by its upload, as if it had been sent from a disc.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from courtcast.core import bundle as form
from courtcast.core.bundle import Bundle, File, Hearing, beside_of, moment, name_of
from courtcast.core.clip import Range
from courtcast.core.entries import MICRO, Fact, fact
from courtcast.evidence import bundle, hearings, library
from courtcast.evidence.bundle import Contents, Held
from courtcast.evidence.clips import Cut, named
from courtcast.evidence.database import Also, Database, delete, put
from courtcast.evidence.files import refusal
from courtcast.evidence.library import Entry
from courtcast.evidence.links import Link
from courtcast.evidence.links.upload import link_of
from courtcast.evidence.mark import Mark
from courtcast.evidence.record import stamp
from courtcast.evidence.texts import lines, one_line
from courtcast.evidence.upload import Upload, clean_name, clean_path
from courtcast.evidence.uploads import SPACE as UPLOADS
from courtcast.evidence.uploads import places
from courtcast.evidence.version import Version
from courtcast.prepare.kept import SPACE as WAYS
from courtcast.prepare.kept import Kept
from courtcast.prepare.told import name, origin
from courtcast.problems import Refused
from courtcast.wire import library as wire

INCOMING = "incoming"
"""Folder beside the exhibits' own: what is being taken in, each in a folder of its own."""
REMAINS = "remains"
MOST_NAMED = 5
"""References in a sentence."""


class Taken(NamedTuple):
    """A bundle whose files are here, and are what was sealed."""

    says: Bundle
    key: str
    placed: Mapping[str, Path]


async def contents(db: Database, folder: Path, hearing: str, *, remarks: bool = True, media: bool = True) -> Contents:
    """Of a hearing.

    folder: that of the exhibits; remarks: with what people noted for themselves, which is nothing for the other side;
    media: with the files: without them it says what there is, and is no bundle that could be taken in

    Raises Refused: hearing-unknown, bundle-not-yet.
    """

    def read(connection: sqlite3.Connection) -> tuple[wire.Hearing, list[Entry]]:
        return hearings.one(connection, hearing), library.of(connection, hearing)

    of, entries = await db.run(read)
    kept = {id_: Kept.read(data) for id_, data in await db.items(WAYS)}
    uploads = [msgspec.json.decode(data, type=Upload) for _, data in await db.items(UPLOADS)]
    nothing = Kept()
    lacking = [entry.ref for entry in entries if not entry.parts and kept.get(entry.id, nothing).sha256 is None]
    if lacking:
        more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
        raise Refused("bundle-not-yet", refs=", ".join(lacking[:MOST_NAMED]) + more)
    held: list[Held] = []
    exhibits = []
    beside: dict[str, Held] = {}
    for number, entry in enumerate(entries, 1):
        files: list[Held] = []
        if not entry.parts:
            own = next((one for one in uploads if one.exhibit == entry.id), None)
            first = await asyncio.to_thread(_file, entry, number, kept[entry.id], own, folder)
            companions = () if own is None else _companions(own, uploads)
            for count, one in enumerate(companions, 1):
                beside.setdefault(one.id, _beside(first.file.at, count, one, folder))
            files = [first, *(beside[one.id] for one in companions)]
        held += files
        exhibits.append(_exhibit(entry, kept.get(entry.id, nothing), [one.file for one in files], remarks=remarks))
    others: dict[str, bytes] = {}
    says = Bundle(
        format=form.FORMAT,
        made=moment(time.time()) or 0,
        program=f"courtcast {version('courtcast')}",
        hearing=Hearing(case=of.case, court=of.court, day=of.day, note=of.note if remarks else ""),
        exhibits=exhibits,
        others=[File(at=at, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) for at, data in others.items()],
    )
    return Contents(says, held if media else [], others)


def handed_out(hearing: wire.Hearing, out: Contents, *, by: str = "", who: str = "") -> Fact:
    """What the record says of it."""
    return fact(
        stamp(), "bundle-out", hearing=hearing.id, case=hearing.case, exhibits=len(out.says.exhibits),
        bytes=out.says.bytes, by=by, who=who,
    )  # fmt: skip


def _file(entry: Entry, number: int, kept: Kept, own: Upload | None, folder: Path) -> Held:
    called = name(entry, kept)
    spool = folder / entry.id / f"{kept.file}.spool"
    try:
        length = spool.stat().st_size
    except OSError:
        raise Refused("exhibit-unreadable", name=entry.ref) from None
    file = File(
        at=name_of(number, entry.ref, entry.title, called),
        bytes=length,
        sha256=kept.sha256 or "",
        name=called,
        path="" if own is None else own.path,
        modified=None if own is None else moment(own.modified),
    )
    return Held(file, spool)


def _companions(own: Upload, uploads: Sequence[Upload]) -> list[Upload]:
    """Those that are all here, by their folder and name."""
    found = [one for one in uploads if own.set and one.exhibit is None and one.set == own.set and one.sha256]
    return sorted(found, key=lambda one: (one.path, one.name))


def _beside(recording: str, count: int, one: Upload, folder: Path) -> Held:
    """One that came with several exhibits is in the bundle once, with the first of them."""
    file = File(
        at=beside_of(recording.rpartition(".")[0] or recording, count, one.name),
        bytes=one.length,
        sha256=one.sha256 or "",
        name=one.name,
        path=one.path,
        modified=moment(one.modified),
    )
    return Held(file, places(folder, one.id)[1])


def _exhibit(entry: Entry, kept: Kept, files: Sequence[File], *, remarks: bool) -> form.Exhibit:
    clock = entry.camera_clock
    return form.Exhibit(
        id=entry.id,
        ref=entry.ref,
        title=entry.title,
        evidential=int(entry.evidential),
        restricted=int(entry.restricted),
        source=entry.source or origin(entry, kept),
        received=moment(entry.received),
        added=moment(entry.added) or 0,
        remark=entry.remark if remarks else "",
        camera_clock=None
        if clock is None
        else form.CameraClock(error=moment(clock.error) or 0, declared=clock.declared),
        clips=[
            form.Clip(
                name=cut.name,
                agreed=cut.agreed,
                ranges=[
                    form.Range(start=str(one.start), stop=str(one.stop), silent=int(one.silent)) for one in cut.ranges
                ],
            )
            for cut in entry.clips
        ],
        file=files[0] if files else None,
        beside=list(files[1:]),
        parts=list(entry.parts),
    )


def take(
    path: Path, folder: Path, *, key: str | None = None, on_progress: Callable[[int, int], None] = lambda _, of: None
) -> Taken:
    """Copies a bundle's evidence to a folder of its own here and checks all of it. Blocks.

    folder: that of the exhibits; on_progress: gets the bytes that are done, of how many; what it raises ends it

    Raises Refused, and nothing of it is left: see `evidence.bundle`.
    """
    place = folder / INCOMING / secrets.token_hex(8)
    try:
        with bundle.source(path) as found:
            says, signer = bundle.look(found, key=key)
            on_progress(0, says.bytes)
            placed = bundle.take(found, says, place, lambda done: on_progress(done, says.bytes))
            return Taken(says, signer, placed)
    except BaseException:
        bundle.remove(place)
        raise


def clean(folder: Path) -> None:
    """Takes away what a process that was killed was taking in. Blocks."""
    bundle.remove(folder / INCOMING)


def discard(taken: Taken) -> None:
    """What `take` put there, and nobody wants any more. Blocks."""
    for path in taken.placed.values():
        bundle.remove(path.parent)
        break


class Admission(NamedTuple):
    """What a bundle becomes here."""

    hearing: wire.Hearing
    entries: list[Entry]
    kept: dict[str, Kept]
    uploads: list[Upload]
    moves: list[tuple[Path, Path]]
    """Of each file: where it is, and where it goes."""


def admission(taken: Taken, folder: Path, now: float) -> Admission:
    """folder: that of the exhibits; now: Unix time, seconds."""
    says = taken.says.hearing
    hearing = wire.Hearing(
        id=secrets.token_hex(8), case=says.case, court=says.court, day=says.day, note=says.note, came=taken.key
    )
    ids = {one.id: secrets.token_hex(8) for one in taken.says.exhibits}
    made = Admission(hearing, [], {}, [], [])
    sets: dict[str, str] = {}
    for one in taken.says.exhibits:
        link = Link("")
        if one.file is not None:
            set_ = next((sets[file.at] for file in one.beside if file.at in sets), secrets.token_hex(8))
            own = _upload(one.file, ids[one.id], set_ if one.beside else "", now)
            link = link_of(own.id)
            made.uploads.append(own)
            made.moves.append((taken.placed[one.file.at], folder / ids[one.id] / "1.spool"))
            made.kept[ids[one.id]] = Kept(
                version=Version(length=one.file.bytes, name=own.name), sha256=one.file.sha256, fetched=now
            )
            for file in one.beside:
                if file.at not in sets:
                    sets[file.at] = set_
                    companion = _upload(file, None, set_, now)
                    made.uploads.append(companion)
                    made.moves.append((taken.placed[file.at], places(folder, companion.id)[1]))
        made.entries.append(_entry(one, ids, link, hearing.id, now))
    return made


def settle(made: Admission, folder: Path) -> None:
    """Puts every file in its place, each in one step. Blocks. Raises Refused: what the disk says."""
    try:
        for here, there in made.moves:
            there.parent.mkdir(parents=True, exist_ok=True)
            here.replace(there)
    except OSError as error:
        raise refusal(error, folder) from error
    for upload in made.uploads:
        Mark(places(folder, upload.id)[0]).write(upload.length)


async def announce(db: Database, made: Admission) -> None:
    """Before `settle`: what a process that is killed in the middle leaves is cleared away by the next one."""

    def work(connection: sqlite3.Connection) -> None:
        for entry in made.entries:
            put(connection, REMAINS, entry.id, b"[]")

    await db.run(work)


async def keep(db: Database, made: Admission, *, also: Also) -> list[Entry]:
    """After `settle`: from here on it is a hearing, all of it at once. also: what the record says of it."""

    def work(connection: sqlite3.Connection) -> list[Entry]:
        hearings.insert(connection, made.hearing)
        entries = []
        for entry in made.entries:
            entries.append(library.insert(connection, entry))
            delete(connection, REMAINS, entry.id)
        for id_, kept in made.kept.items():
            put(connection, WAYS, id_, msgspec.json.encode(kept))
        for upload in made.uploads:
            put(connection, UPLOADS, upload.id, msgspec.json.encode(upload))
        also(connection)
        return entries

    return await db.run(work)


def give_up(made: Admission, folder: Path) -> None:
    """Takes away what `settle` put in place. Blocks."""
    for _, there in made.moves:
        with suppress(OSError):
            there.unlink(missing_ok=True)
    for upload in made.uploads:
        Mark(places(folder, upload.id)[0]).remove()
    for entry in made.entries:
        with suppress(OSError):
            (folder / entry.id).rmdir()


def _upload(file: File, exhibit: str | None, set_: str, now: float) -> Upload:
    return Upload(
        id=secrets.token_hex(16),
        length=file.bytes,
        name=clean_name(file.name),
        path=clean_path(file.path),
        modified=None if file.modified is None else file.modified / MICRO,
        set=set_,
        exhibit=exhibit,
        began=now,
        heard=now,
        sha256=None if exhibit is not None else file.sha256,
    )


def _entry(one: form.Exhibit, ids: Mapping[str, str], link: Link, hearing: str, now: float) -> Entry:
    clock = one.camera_clock
    return Entry(
        id=ids[one.id],
        ref=one_line("ref", one.ref),
        title=one_line("title", one.title),
        link=link,
        sha256=None if one.file is None else one.file.sha256,
        added=now,
        restricted=bool(one.restricted),
        parts=tuple(ids[part] for part in one.parts),
        hearing=hearing,
        evidential=bool(one.evidential),
        source=one_line("source", one.source),
        received=(one.added if one.received is None else one.received) / MICRO,
        remark=lines("remark", one.remark),
        camera_clock=None
        if clock is None
        else wire.CameraClock(error=clock.error / MICRO, declared=one_line("declared", clock.declared)),
        clips=tuple(
            Cut(
                id=secrets.token_hex(8),
                name=named(clip.name),
                agreed=lines("agreed", clip.agreed),
                ranges=tuple(
                    Range(form.seconds(part.start), form.seconds(part.stop), bool(part.silent)) for part in clip.ranges
                ),
            )
            for clip in one.clips
        ),
    )
