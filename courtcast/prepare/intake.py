"""Every exhibit's way in: one task for each, from its link to a manifest that is complete."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.evidence.database import delete
from courtcast.evidence.guard import Guard
from courtcast.evidence.hosts import Hosts
from courtcast.evidence.ledger import forget, totals
from courtcast.evidence.library import Entry, Library
from courtcast.evidence.links import Link
from courtcast.evidence.links.found import choosing
from courtcast.evidence.links.portal import Portal
from courtcast.evidence.links.upload import link_of, upload_of
from courtcast.evidence.record import Record
from courtcast.evidence.texts import lines, one_line
from courtcast.evidence.turns import Turns
from courtcast.evidence.upload import Said, Upload
from courtcast.evidence.uploads import Uploads
from courtcast.evidence.verify import is_intact
from courtcast.prepare import messages, sent, sidecar, subtitles
from courtcast.prepare.asked import link_to, moment_of, sha256_of
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.docket import Docket
from courtcast.prepare.examine import Copy, Seen, ask_link, read_again
from courtcast.prepare.house import House
from courtcast.prepare.joined import Joined, check, proposed
from courtcast.prepare.kept import SPACE, Kept
from courtcast.prepare.leaves.details import Details, Wanted
from courtcast.prepare.leaves.frame import Part
from courtcast.prepare.leaves.office import Office
from courtcast.prepare.moments import Stills, frame_meant
from courtcast.prepare.sheet import load, load_strip
from courtcast.prepare.store import Store
from courtcast.prepare.told import choices
from courtcast.prepare.viewer import Viewer
from courtcast.prepare.way import Way
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, ChangeExhibit, Choice, Exhibit, NewLink
from courtcast.wire.inspection import Inspection
from courtcast.wire.screen import Cue
from courtcast.wire.sheet import Sheet

log = logging.getLogger(__name__)

FETCHED_AT_ONCE = 3
"""More would share the line among so many that the first one is late. Dead and dripping ones lend their turn."""
PREPARED_AT_ONCE = 3
"""Each is a process of its own that waits for bytes most of the time."""
PROGRESS_SECONDS = 0.25
"""Between two changes that only say how much has come."""
FIRST_SECONDS = 20.0
"""How long the line is left to an exhibit that was asked for, at most: its server may be slower than the line."""
FIRST_PREPARED = 10.0
"""Seconds of media after which it shares the line again: enough to begin with."""
MAX_PASSWORD = 1024
"""Characters."""
REMAINS = "remains"
"""Space of what deleted exhibits left: renditions that are still to be cleared away."""


class Intake:
    """An async context manager that owns everything between links and manifests.

    data: the spools lie in its folder `evidence`; on_change: called with an exhibit's id at every change of what
    `exhibits` says of it (also when it is gone), four times a second at most for progress; plays: what all screens
    decode (see `plan.make`), None while none has said anything; quiet: nothing is on the
    screens, so that there is time for what nobody waits for; shown: that exhibit is on them; portals: those that there
    is a key for; record: where changes of hearings and clips are written down, if anywhere
    """

    def __init__(
        self,
        data: Path,
        library: Library,
        guard: Guard,
        store: Store,
        on_change: Callable[[str], None],
        *,
        plays: Callable[[], frozenset[str] | None] = lambda: None,
        quiet: Callable[[], bool] = lambda: True,
        shown: Callable[[str], bool] = lambda _: False,
        portals: Sequence[Portal] = (),
        record: Record | None = None,
    ) -> None:
        self._house = House(
            folder=data / "evidence",
            library=library,
            guard=guard,
            uploads=Uploads(library.db, data / "evidence"),
            store=store,
            cage=Cage(),
            office=Office(),
            fetching=Turns(FETCHED_AT_ONCE),
            hosts=Hosts(),
            preparing=Turns(PREPARED_AT_ONCE),
            counting=Turns(1),
            plays=plays,
            quiet=quiet,
            shown=shown,
            portals=portals,
        )
        self._open = AsyncExitStack()
        self._on_change = on_change
        self._ways: dict[str, Way] = {}
        """In running order."""
        self._viewer = Viewer(self._house.cage)
        self._stills = Stills(self._viewer)
        self._details = Details(self._house.db, store, self._draw, self._changed)
        self._pressing = 0
        self._first: Way | None = None
        """The others read nothing while it is this one's line."""
        self._progress: dict[str, asyncio.TimerHandle] = {}
        self._changing = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._inspecting = asyncio.Lock()
        self.docket = Docket(
            library, record, self._ways, changing=self._changing, on_change=on_change, line_up=self._line_up,
            take_in=lambda entry, kept: self._take_in(entry, kept).start(),
        )  # fmt: skip
        """The hearings, and the clips of exhibits."""
        self._background: set[asyncio.Task[None]] = set()

    # what there is

    @property
    def uploads(self) -> Uploads:
        """Files that are being sent here."""
        return self._house.uploads

    @property
    def opened(self) -> str:
        """Id of the hearing that is open."""
        return self.docket.opened

    def exhibits(self, hearing: str | None = None) -> list[Exhibit]:
        """Of a hearing, else of the open one, in running order. `safe` and `safe_at` are left to whoever knows the
        screens."""
        meant = self.opened if hearing is None else hearing
        return [self.docket.seen(way) for way in self._ways.values() if way.entry.hearing == meant]

    def everything(self) -> list[Exhibit]:
        """Of all hearings; the open one's first."""
        return [self.docket.seen(way) for way in self._ways.values()]

    def get(self, id_: str) -> Exhibit:
        """Of whichever hearing. Raises Refused (`exhibit-unknown`), as do all that take an id and say nothing else."""
        return self.docket.seen(self._way(id_))

    def origin(self, id_: str) -> str:
        """From where it was received, where somebody wrote that down; else empty."""
        return self._way(id_).entry.source

    def manifest(self, id_: str) -> Manifest | None:
        """The live manifest. None while there is none to show from: nothing prepared, or a given hash unconfirmed."""
        way = self._ways.get(id_)
        return None if way is None else way.manifest

    def rendition(self, rendition: str) -> Manifest | None:
        """The manifest of a rendition, also of one that was replaced since."""
        for way in self._ways.values():
            for manifest in (way.manifest, *way.replaced):
                if manifest is not None and manifest.rendition == rendition:
                    return manifest
        return self._details.manifest(rendition)

    def detail(self, id_: str, leaf: int, part: Part) -> str | None:
        """The rendition that is exactly this part of a leaf, sharper than the leaf; None where there is none, or none
        yet: then it is made, and `on_change` says so when it is there."""
        way = self._ways.get(id_)
        if way is None or way.manifest is None or not way.manifest.leaves or not 0 <= leaf < way.manifest.frames:
            return None
        return self._details.get(Wanted(id_, way.manifest.rendition, leaf, part))

    def rate(self, id_: str) -> float | None:
        """Bytes a second at which the exhibit came lately; None while nothing is being fetched."""
        way = self._ways.get(id_)
        return None if way is None else way.rate()

    async def still(
        self, id_: str, t: float | None = None, frame: int | None = None, width: int | None = None
    ) -> bytes:
        """PNG of the frame that is up at t, or of this frame; of the first one where neither is given.

        Raises Refused (`still-not-yet`, `outside-exhibit`, `outside-range`, and what reading the file says).
        """
        way = self._way(id_)
        if way.manifest is None:
            raise Refused("still-not-yet")
        way, meant = way.behind(frame_meant(way.manifest, t, frame))
        return await self._stills.get(await way.original(meant), meant, width)

    async def inspection(self, id_: str) -> Inspection:
        """Raises Refused (`inspection-not-yet`)."""
        async with self._inspecting:
            return await self._way(id_).inspection()

    async def sheet(self, id_: str) -> Sheet:
        """Raises Refused (`sheet-not-yet`)."""
        way = self._way(id_)
        found = await load(self._house.store, way.kept.rendition) if way.has_sheet else None
        if found is None:
            raise Refused("sheet-not-yet")
        return found

    async def strip(self, id_: str) -> bytes:
        """The small pictures of the sheet, as JPEG. Raises Refused (`sheet-not-yet`, `sheet-no-pictures`)."""
        if (await self.sheet(id_)).strip is None:
            raise Refused("sheet-no-pictures")
        try:
            return await load_strip(self._house.store, self._way(id_).kept.rendition)
        except KeyError:
            raise Refused("sheet-not-yet") from None

    def joins(self) -> list[list[str]]:
        """Ids of exhibits that look like parts of one recording each, in order."""
        return proposed(self._ways.values())

    # what people ask for

    async def add(self, request: AddExhibit) -> Exhibit:
        """Raises Refused (`link-malformed`, `malformed`, `not-joinable`, `exhibit-unknown`, `hearing-unknown`,
        `disk-full`)."""
        if request.join and (request.url or request.headers or request.sha256):
            raise Refused("malformed", why="an exhibit has a link, or is joined from others")
        entry = Entry(
            id=secrets.token_hex(8),
            ref=one_line("ref", request.ref),
            title=one_line("title", request.title),
            link=Link("") if request.join else link_to(request.url, request.headers),
            sha256=sha256_of(request.sha256),
            added=time.time(),
            restricted=request.restricted,
            parts=tuple(request.join),
            hearing=request.hearing or "",
            evidential=request.evidential,
            source=one_line("source", request.source),
            received=moment_of(request.received),
            remark=lines("remark", request.remark),
        )
        async with self._changing:
            if entry.parts:
                parts = [self._way(id_) for id_ in entry.parts]
                check(parts)
                restricted = entry.restricted or any(part.entry.restricted for part in parts)
                hearing = self.docket.of_parts(entry, parts)
                entry = msgspec.structs.replace(entry, restricted=restricted, hearing=hearing)
            way = self._take_in(await self._house.library.add(entry), Kept())
            way.start()
        self._on_change(entry.id)
        return way.seen()

    async def receive(self, said: Said, length: int) -> Upload:
        """A file is about to be sent: it is an exhibit from now on, or the file of one that is there already, or a
        companion. Raises Refused: see `Uploads.begin`; malformed, exhibit-unknown, upload-complete."""
        said = said._replace(ref=one_line("ref", said.ref), title=one_line("title", said.title))
        async with self._changing:
            way = self._way(said.exhibit) if said.exhibit and not said.companion else None
            if way is not None and way.entry.parts:
                raise Refused("malformed", why="a joined exhibit has no file of its own; its parts have")
            if way is not None and way.kept.sha256 is not None:
                raise Refused("upload-complete")
            upload = await sent.begin(self.uploads, said, length)
            if upload.exhibit is None:
                return upload
            if way is not None:
                await self._relink(way, link_of(upload.id))
                return upload
            entry, kept = sent.entry(upload, said)
            try:
                way = self._take_in(await self._house.library.add(entry), kept)
            except Refused:
                await self.uploads.forget(upload.id)
                raise
            way.start()
        self._on_change(entry.id)
        return upload

    async def change(self, id_: str, request: ChangeExhibit) -> Exhibit:
        async with self._changing:
            way = self._way(id_)
            if request.sound is not None:
                await way.hear(request.sound)
            if request.subtitles is not msgspec.UNSET:
                chosen = request.subtitles
                await way.change_subtitles(lambda kept: subtitles.choose(kept, chosen))
            await self.docket.describe(way, request)
            if request.password is not None:
                await way.unlock(_password(request.password))
                await self._stills.forget(way.kept.rendition)
        self._on_change(id_)
        return self.get(id_)

    async def delete(self, id_: str) -> None:
        """From this call's return on it is gone, whatever happens; its files are cleared away behind it."""
        async with self._changing:
            way = self._way(id_)
            for other in self._ways.values():
                if id_ in other.entry.parts:
                    raise Refused("exhibit-joined", ref=other.entry.ref)
            await self._house.library.delete(id_, remains=msgspec.json.encode(way.remains()))
            del self._ways[id_]
            if (upload := upload_of(way.entry.link)) is not None:
                with suppress(Refused):  # else the next process does it
                    await self.uploads.forget(upload)
            self._share_line(way)
            self._line_up()
            self.docket.apart(way)
            if (timer := self._progress.pop(id_, None)) is not None:
                timer.cancel()
        self._on_change(id_)
        await self._details.forget(id_)
        for rendition in way.remains():
            await self._stills.forget(rendition)
        await way.close()
        self._own(self._clear(id_, way.remains()), f"clearing {id_}")

    async def relink(self, id_: str, request: NewLink) -> Exhibit:
        """A fresh link for the same evidence: goes on from what is held where it is the same file."""
        link = link_to(request.url, request.headers)
        async with self._changing:
            way = self._way(id_)
            await self._relink(way, link)
        return way.seen()

    async def take(self, id_: str, files: Sequence[str]) -> Exhibit:
        """Of the files behind its link the first one is meant; each of the others becomes an exhibit behind the last.

        Raises Refused (`link-choice-gone`, `malformed`, `disk-full`).
        """
        if not files or len(set(files)) < len(files):
            raise Refused("malformed", why="take names each file once")
        async with self._changing:
            way = self._way(id_)
            entry, meant = way.entry, _meant(way, files)
            for choice, link in meant[1:]:
                other = Entry(
                    id=secrets.token_hex(8), ref="", title=choice.name, link=link, added=time.time(),
                    restricted=entry.restricted, hearing=entry.hearing, evidential=entry.evidential,
                    source=entry.source, received=entry.received,
                )  # fmt: skip
                self._take_in(await self._house.library.add(other), Kept()).start()
            await way.relink(await self._house.library.relink(id_, meant[0][1]))
        for changed in list(self._ways):
            self._on_change(changed)
        return way.seen()

    async def add_subtitles(self, id_: str, data: bytes, *, title: str = "", language: str = "") -> Exhibit:
        """Those of an SRT or WebVTT file; they are not shown by that.

        Raises Refused (`subtitles-…`, `malformed`, `disk-full`)."""
        self._way(id_)
        read = await asyncio.to_thread(
            sidecar.read, data, title=one_line("title", title), language=one_line("language", language)
        )
        async with self._changing:
            way = self._way(id_)
            await way.change_subtitles(lambda kept: subtitles.add(kept, read))
        return way.seen()

    async def remove_subtitles(self, id_: str, which: str) -> Exhibit:
        """Those that were added. Raises Refused (`subtitles-unknown`)."""
        async with self._changing:
            way = self._way(id_)
            await way.change_subtitles(lambda kept: subtitles.remove(kept, which))
        return way.seen()

    def cues(self, which: str) -> Sequence[Cue] | None:
        """A list of subtitles, of whichever exhibit; None where there is none such."""
        for way in self._ways.values():
            if (found := subtitles.find(way.kept.subtitles, which)) is not None:
                return found.cues
        return None

    def prefer(self, id_: str) -> None:
        """This exhibit is wanted now (it was cued): its turn comes before all others', the line is its own at first."""
        way = self._ways.get(id_)
        if way is None or way.state == "ready" or way.entry.hearing != self.opened:
            return
        self._pressing -= 1
        way.pressing = self._pressing
        self._first = way
        asyncio.get_running_loop().call_later(FIRST_SECONDS, self._share_line, way)
        self._line_up()

    def want(self, id_: str, *places: float) -> None:
        """Somebody wants to see these places of it (media time, seconds; the most urgent first), instead of those said
        before: what of them is still to be made is next."""
        way = self._ways.get(id_)
        if way is not None and way.state != "ready":
            way.want(*places)

    async def ask_link(self, id_: str) -> Seen:
        """Whether its link still leads to what was fetched, by asking there now.

        Raises Refused (`exhibit-unknown`), also for what is joined and has no link.
        """
        if self._way(id_).entry.parts:
            raise Refused("exhibit-unknown")
        return await ask_link(self._way(id_), self._house.web)

    async def read_again(self, id_: str, *, heal: bool) -> Copy:
        """Whether what is on the disk of it is what was fetched and prepared. Where it is not, and `heal`, it is
        fetched again from now on."""
        way = self._way(id_)
        async with self._looking:
            copy = await read_again(way, self._house.store)
        if heal and not copy.good and self._ways.get(id_) is way:
            log.warning("exhibit %s: its copy is not what it was", id_)
            await way.damaged()
        return copy

    # its life

    async def __aenter__(self) -> Self:
        """Everything that was under way goes on. Raises Refused where the database does not work."""
        db = self._house.db
        await self._open.enter_async_context(self._house.cage)
        await self._open.enter_async_context(self._house.office)
        await self._open.enter_async_context(self._viewer)
        await self._details.open()
        self._open.push_async_callback(self._details.close)
        kept = dict(await db.items(SPACE))
        recorded = await totals(db)
        await self.docket.open()
        entries = await self._house.library.list()
        for entry in entries:
            way = self._take_in(entry, Kept.read(kept.get(entry.id)))
            way.recorded = recorded.get((entry.id, way.kept.file), 0)
            self.docket.alike(way)
            if way.kept.sha256 is not None and way.kept.problem is None:
                self._own(self._look_again(way, way.kept.sha256), f"looking at {entry.id} again")
        for id_, remains in await db.items(REMAINS):
            self._own(self._clear(id_, msgspec.json.decode(remains, type=list[str])), f"clearing {id_}")
        await self.uploads.open({entry.id: upload_of(entry.link) for entry in entries})
        self._open.push_async_callback(self.uploads.close)
        self.uploads.on_beside = self._beside
        for way in self._ways.values():
            if (upload := upload_of(way.entry.link)) is not None:
                way.recorded = self.uploads.held(upload).total
            way.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._progress.values():
            timer.cancel()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*(way.close() for way in self._ways.values()))
        if self._background:
            await asyncio.wait(self._background)
        await self._open.aclose()

    # inside

    async def _draw(self, id_: str, leaf: int, part: Part) -> tuple[messages.Image, bytes]:
        return await self._viewer.part(await self._way(id_).original(leaf), leaf, part)

    def _way(self, id_: str) -> Way:
        way = self._ways.get(id_)
        if way is None:
            raise Refused("exhibit-unknown")
        return way

    def _take_in(self, entry: Entry, kept: Kept) -> Way:
        shared = self._house, entry, kept, lambda: self._changed(entry.id), lambda: self._moved(entry.id)
        way = Joined(*shared, part=self._ways.get) if entry.parts else Way(*shared)
        self._ways[entry.id] = way
        self.docket.sort()
        return way

    async def _relink(self, way: Way, link: Link) -> None:
        former = upload_of(way.entry.link)
        await way.relink(await self._house.library.relink(way.entry.id, link))
        if former is not None:
            await self.uploads.forget(former)
        self._on_change(way.entry.id)

    def _beside(self, companion: Upload) -> None:
        self._own(sent.subtitle(companion, self.uploads, self.add_subtitles), f"companion {companion.id}")

    def _line_up(self) -> None:
        for position, way in enumerate(self._ways.values()):
            way.position = position
            (way.may_read.set if self._first in {None, way} else way.may_read.clear)()
        self._house.fetching.look()
        self._house.preparing.look()

    def _share_line(self, way: Way) -> None:
        if self._first is way:
            self._first = None
            self._line_up()

    def _changed(self, id_: str) -> None:
        first = self._first
        if first is not None and (
            first.state in {"preparing", "ready", "failed"} or first.seen().prepared >= FIRST_PREPARED
        ):
            self._share_line(first)
        if (timer := self._progress.pop(id_, None)) is not None:
            timer.cancel()
        if (way := self._ways.get(id_)) is not None:
            self.docket.alike(way)
            self._on_change(id_)

    def _moved(self, id_: str) -> None:
        """Says so at the end of each quarter of a second in which there was something to say."""
        if id_ not in self._progress:
            loop = asyncio.get_running_loop()
            self._progress[id_] = loop.call_later(PROGRESS_SECONDS, self._changed, id_)

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s", task.get_name(), exc_info=error)

    async def _look_again(self, way: Way, sha256: str) -> None:
        """A file that was complete in a former process: is it still the same? One after the other, at leisure."""
        async with self._looking:
            path = self._house.folder / way.entry.id / f"{way.kept.file}.spool"
            if not await is_intact(path, sha256) and self._ways.get(way.entry.id) is way:
                log.warning("exhibit %s: its file is not what it was", way.entry.id)
                await way.damaged()

    async def _clear(self, id_: str, renditions: list[str]) -> None:
        """Removes what a deleted exhibit left; what does not work now is done by the next process."""
        for rendition in renditions:
            await self._house.store.delete(rendition)
        await asyncio.to_thread(shutil.rmtree, self._house.folder / id_, ignore_errors=True)

        def clear(connection: sqlite3.Connection) -> None:
            forget(connection, id_)
            delete(connection, SPACE, id_)
            delete(connection, REMAINS, id_)

        await self._house.db.run(clear)


def _meant(way: Way, files: Sequence[str]) -> list[tuple[Choice, Link]]:
    """Those files of the choice, each as a link that means it. Raises Refused (`link-choice-gone`)."""
    found = way.kept.found
    offered = {} if found is None else {choice.id: choice for choice in choices(found)}
    if found is None or not offered.keys() >= set(files):
        raise Refused("link-choice-gone")
    return [(offered[file], choosing(way.entry.link, found.kind, file)) for file in files]


def _password(text: str) -> str:
    if not 0 < len(text) <= MAX_PASSWORD or "\0" in text:
        raise Refused("malformed", why=f"a password has 1 to {MAX_PASSWORD} characters")
    return text
