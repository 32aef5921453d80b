"""One exhibit's way in: fetched and prepared at the same time, again where that may help, to a complete manifest.

What has to survive is written down when it is true on the disk and not before, so that the process may be killed at
any time: which version of the file the spool holds, which ranges of it, its hash once complete, and the rendition's
number. Preparing the same bytes again gives the same fragments, so a rendition keeps its number until its source
changes: screens that hold parts of it can go on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.evidence.files import in_words
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.library import Entry
from courtcast.evidence.links.upload import upload_of
from courtcast.evidence.spool import Spool
from courtcast.evidence.turns import Rank
from courtcast.evidence.version import Version
from courtcast.prepare import afterwards, another, inspection, messages, subtitles
from courtcast.prepare.cues import Cues
from courtcast.prepare.fetching import Fetching
from courtcast.prepare.frames import JOINS
from courtcast.prepare.house import House
from courtcast.prepare.job import Probe, Same, prepare
from courtcast.prepare.kept import MADE_BY, SPACE, Kept
from courtcast.prepare.leaves import instead
from courtcast.prepare.parts import Stale, Straight
from courtcast.prepare.plan import Needed
from courtcast.prepare.sought import Wish
from courtcast.prepare.source import Source
from courtcast.prepare.store import load_manifest
from courtcast.prepare.told import name as file_name
from courtcast.prepare.told import told, treatments
from courtcast.prepare.viewer import Original, drawn
from courtcast.problems import Refused
from courtcast.tasks import Work, together
from courtcast.wire.api import Exhibit, ExhibitState, Problem
from courtcast.wire.inspection import Inspection
from courtcast.wire.media import ManifestRows

log = logging.getLogger(__name__)

AGAIN = (5.0, 15.0, 30.0, 60.0)
"""Seconds before trying again by itself; the last one is repeated."""
PASSING = frozenset(
    (
        "link-unreachable",
        "link-unknown-host",
        "link-server",
        "link-cut-short",
        "disk-full",
        "disk-too-small",
        "disk-failing",
        "data-not-writable",
    )
)
"""Problems that may go away without anybody doing something in courtcast."""
LATER = frozenset(("office-document", "office-out-of-time"))
"""Problems that another start of the presenter may not have: LibreOffice was installed, the machine is less busy."""
NOTICES = frozenset(("link-changed", "link-other-file", "copy-damaged"))
"""Problems that are dealt with already; they are said until the exhibit is ready."""
GIVEN_UP = frozenset(("upload-cancelled", "upload-expired"))
"""Nothing more of it will come, and what came is of no use."""
LOCKED = frozenset(("document-locked", "document-wrong-password"))
"""Problems that a password may solve."""
VERSIONS = 3
"""Files that may be begun for one link: a server that changes it all the time is told of in words."""


class Coming(Source, Protocol):
    """A source that may still be on its way."""

    @property
    def complete(self) -> bool:
        """All of it is here."""

    async def size(self) -> int | None:
        """Bytes, once that is known, if ever. Raises Refused."""


class Way:
    """Made with what is known from before; `start` it, `close` it.

    on_change: at every change of state; on_progress: at every piece
    """

    def __init__(
        self, house: House, entry: Entry, kept: Kept, on_change: Callable[[], None], on_progress: Callable[[], None]
    ) -> None:
        self.entry = entry
        self.kept = kept
        self.state: ExhibitState = "waiting"
        self.problem: Problem | None = None
        self.position = 0
        self.pressing = 0
        self.spool: Spool | None = None
        self.recorded = 0
        """Bytes that a former process left, for as long as the spool is not open."""
        self.replaced: list[Manifest] = []
        """Manifests of renditions that somebody may still be showing."""
        self._house = house
        self._on_change = on_change
        self._on_progress = on_progress
        self._manifest: Manifest | None = None
        self._filling: Manifest | None = None
        """The one that the preparing in hand fills."""
        self._wish = Wish()
        self._fetching = Fetching(
            house,
            entry.id,
            keep=self._keep,
            rank=self._rank,
            on_version=self._answered,
            on_waiting=self._sender_waits,
            on_progress=on_progress,
        )
        self.may_read = self._fetching.may_read
        self._begun = 0
        self._sheet_of = ""
        """The rendition whose contact sheet is in the store."""
        self._noted = True
        """What is kept is as it was last written down, but for what has come since."""
        self._task: asyncio.Task[None] | None = None

    # what others see

    @property
    def cleared(self) -> bool:
        """Nothing stands against showing it: where a hash was given, the file has it."""
        return self.entry.sha256 is None or self.entry.sha256 == self.kept.sha256

    @property
    def manifest(self) -> Manifest | None:
        return self._manifest if self.cleared else None

    def behind(self, frame: int) -> tuple[Way, int]:
        """Whose picture this frame is, and its number there."""
        return self, frame

    async def original(self, frame: int) -> Original:
        """What the picture of that frame is decoded from. Raises Refused (still-not-yet, outside-exhibit)."""
        manifest, spool = self.manifest, self.spool
        if manifest is None or spool is None:
            raise Refused("still-not-yet")
        shown = next((one for one in treatments(self.kept) if one.part == "picture"), None)
        done = "unchanged" if shown is None else shown.done
        if (done == "drawn" and not manifest.leaves) or self.kept.redated:
            return await drawn(self._house.store, manifest, frame)
        return Original(
            instead.source(self.kept.probe, spool.path, spool),
            manifest,
            self._name(),
            converted=done != "unchanged",
            fields=shown is not None and JOINS in shown.filters,
            password=self.kept.password,
        )

    async def inspection(self) -> Inspection:
        """Raises Refused (inspection-not-yet)."""
        kept, spool = self.kept, self.spool
        if spool is None or kept.sha256 is None or not spool.complete:
            raise Refused("inspection-not-yet")
        found, refused = None, None
        try:
            found = await inspection.opened(
                spool, self._house.store, sha256=kept.sha256, rendition=kept.rendition, name=self._name(),
                cage=self._house.cage, moves=kept.need == "motion", password=kept.password,
            )  # fmt: skip
        except Refused as fault:
            refused = fault.problem()
        return inspection.told(
            self.seen(),
            self.entry,
            kept,
            manifest=self._manifest,
            name=self._name(),
            found=found,
            unopened=refused,
            uploads=self._house.uploads,
        )

    def _name(self) -> str:
        return file_name(self.entry, self.kept)

    def rate(self) -> float | None:
        """Bytes a second lately; None while nothing is being fetched."""
        return self._fetching.rate() if self.state == "fetching" else None

    def want(self, *places: float) -> None:
        """Media times that somebody wants to see, for as long as not all is made."""
        self._wish.put(*places)

    def seen(self) -> Exhibit:
        return told(
            self.entry,
            self.kept,
            self._manifest,
            self.state,
            self.problem,
            held=self._held(),
            cleared=self.cleared,
            sheet=self.has_sheet,
        )

    @property
    def has_sheet(self) -> bool:
        return self._sheet_of != "" and self.manifest is not None and self._sheet_of == self.manifest.rendition

    # its life

    def start(self) -> None:
        self._task = asyncio.create_task(self._go(), name=f"exhibit {self.entry.id}")

    async def close(self) -> None:
        """Ends what is under way; what came is kept."""
        await self._halt()
        await self._close_spool()

    async def relink(self, entry: Entry) -> None:
        """Goes on with another link. Where what is held proved to be no use, from the start."""
        await self._halt()
        former = upload_of(self.entry.link)
        self._house.uploads.let_go(self.entry.link)
        self.entry = entry
        self._fetching.arrival.forget(self.kept)
        if self.state == "ready":
            self.start()  # there may be something to do that nobody waits for
            return
        known = self.kept.version
        if (
            former is not None  # its bytes stand in no ledger
            or upload_of(entry.link) is not None
            or self.kept.problem is not None
            or (self.kept.sha256 is not None and not self.cleared)
        ):
            await self._begin_anew()
            with suppress(Refused):  # else before anything is begun
                await self._keep()
        elif known is not None and self._held():
            self.kept.relinked = True
            with suppress(Refused):  # as above
                await self._keep()
        self._begun = 0
        self._set("waiting", None)
        self.start()

    async def hear(self, sound: int) -> None:
        """That sound track from now on, once it is prepared. Raises Refused (`sound-unknown`, `disk-full`)."""
        another.check(another.tracks(self.kept), sound)
        self.kept.sound, self.kept.unheard = sound, None
        await self._keep()
        if self.state == "ready":
            await self._halt()
            self.start()

    async def change_subtitles(self, change: Callable[[Kept], None]) -> None:
        """Raises Refused, of the change or of the disk."""
        change(self.kept)
        await self._keep()
        self._on_change()

    async def unlock(self, password: str) -> None:
        """Goes on with a password, where that is what stood in the way; else it is kept for when it is needed."""
        if self.kept.password == password and self.kept.problem is None:
            return
        await self._halt()
        self.kept.password = password
        locked = self.kept.problem is not None and self.kept.problem.type in LOCKED
        if locked:
            self.kept.problem = None
        await self._keep()
        if locked:
            self._set("waiting", None)
        self.start()

    async def damaged(self) -> None:
        """The copy on the disk is not what was fetched any more."""
        await self._halt()
        await self._begin_anew()
        self._set("waiting", Refused("copy-damaged").problem())
        self.start()

    def remains(self) -> list[str]:
        """Renditions in the store, for clearing away."""
        return [number for number in (self.kept.rendition, *self.kept.former) if number]

    async def _halt(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _go(self) -> None:
        """Until it is ready, or nothing more can be done without somebody."""
        tried = 0
        while self.state != "ready":
            before = self._held()
            try:
                await self._once()
            except (Needed, Stale):
                self._retire()
                self.kept.rendition = ""  # another plan, another rendition
                continue
            except Refused as met:
                refused = await self._fetching.arrival.looked_behind(self.entry.link, self.kept, met)
                if refused is None:
                    continue
                if refused.type in {"link-changed", "link-other-file"} and self._begun < VERSIONS - 1:
                    self._begun += 1
                    await self._begin_anew()
                    self._set("waiting", refused.problem())
                    continue
                if self.spool is not None:
                    self.spool.fail(refused)
                    if refused.type == "disk-failing":  # what the system took may never have got there: read again
                        held = self.spool.held.total
                        await self._close_spool()
                        self.recorded = held
                self._set("failed", self._said(refused))
                if refused.type in GIVEN_UP:
                    await self._empty()
                if refused.type not in PASSING:
                    return
            except Exception:
                log.exception("exhibit %s", self.entry.id)
                self._set("failed", Refused("internal").problem())
                return
            else:
                break
            tried = 0 if self._held() > before else tried + 1
            pause = AGAIN[min(tried, len(AGAIN) - 1)] * random.uniform(1.0, 1.25)  # noqa: S311
            await asyncio.sleep(max(pause, self._house.hosts.rest(self.entry.link)))
        await self._hear()
        await self._afterwards()

    async def _once(self) -> None:
        kept = self.kept
        known = Refused.of(kept.problem) if kept.problem is not None and kept.made_by == MADE_BY else None
        upload = upload_of(self.entry.link)
        if known is not None and (upload is None or kept.sha256 is not None):
            raise known
        self._number()
        await self._keep(always=False)
        if self.spool is None:
            self.spool = await self._open_spool(upload)
        self.spool.revive()
        complete = self.spool.complete and kept.sha256 is not None
        if complete and not self.cleared:
            raise Refused("hash-mismatch")
        there = complete and not instead.lacking(kept.probe, self.spool.path)
        if there and (found := await load_manifest(self._house.store, kept.rendition)) is not None:
            self._manifest = found
            await self._finish()
            return
        spool = self.spool
        # What is sent here is taken to its end also where it cannot be shown: the disc may be gone tomorrow.
        held_back = [known] if known is not None else []
        works: list[Work] = [] if known is not None else [lambda: self._prepare(spool)]
        if upload is not None and works:
            works = [lambda: self._prepare_or(held_back, spool)]
        if not complete:
            works.append(lambda: self._fetch(spool))
        try:
            await together(*works)
        except BaseExceptionGroup as errors:
            raise _plainest(errors) from errors
        if held_back:
            raise held_back[0]
        await self._finish()

    async def _finish(self) -> None:
        self._set("ready", None)
        try:
            await self._clear_away()
        except Refused as refused:
            log.warning("exhibit %s: not all of what was replaced is gone: %s", self.entry.id, refused)

    async def _clear_away(self) -> None:
        """What this version of the file has replaced goes, but for renditions that somebody may still be showing."""
        if self.spool is not None:
            await asyncio.to_thread(_remove_others, self.spool.path)
        shown = {manifest.rendition for manifest in self.replaced}
        gone = [number for number in self.kept.former if number not in shown]
        for number in gone:
            await self._house.store.delete(number)
        if gone:
            self.kept.former = [number for number in self.kept.former if number in shown]
            await self._keep()

    def _number(self) -> None:
        """A rendition has a number, written down, before its first fragment."""
        if not self.kept.rendition or self.kept.made_by != MADE_BY:
            self._retire()
            self._noted = False
            self.kept.rendition = another.number()
            self.kept.heard = self.kept.sound
            self.kept.made_by = MADE_BY
            self.kept.problem = self.kept.tally = None

    async def _begin_anew(self) -> None:
        """Another file: its own spool and rendition. The former stay until all of this one is there."""
        await self._close_spool()
        self._retire()
        self.kept = Kept(
            file=self.kept.file + 1,
            former=self.kept.former,
            found=self.kept.found,
            password=self.kept.password,
            sound=self.kept.sound,
            subtitles=self.kept.subtitles,
            subtitled=self.kept.subtitled,
        )
        self._noted = False

    def _retire(self) -> None:
        if self.kept.rendition:
            self.kept.former.append(self.kept.rendition)
        if self._manifest is not None:
            self.replaced.append(self._manifest)
        self._manifest = None

    async def _open_spool(self, upload: str | None) -> Spool:
        """What came by a link stands in the ledger; of an upload, its mark says what was acknowledged."""
        path = self._house.folder / self.entry.id / f"{self.kept.file}.spool"
        length = self.kept.version.length if self.kept.version is not None else None
        if upload is not None:
            return await Spool.open(path, length, self._house.uploads.held(upload), sha256=self.kept.sha256)
        return await Spool.open(path, length, ledger=self._ledger(), sha256=self.kept.sha256)

    async def _close_spool(self) -> None:
        if self.spool is not None:
            self._house.uploads.let_go(self.entry.link)
            await self.spool.close()
            self.spool = None

    async def _empty(self) -> None:
        """What came goes from the disk."""
        name = self._name()
        await self._begin_anew()
        self.kept.version = Version(name=name)
        folder = self._house.folder / self.entry.id
        await asyncio.to_thread(_remove_others, folder / f"{self.kept.file}.spool")
        with suppress(Refused):  # else the next process does it
            await self._keep()

    # fetching

    async def _fetch(self, spool: Spool) -> None:
        await self._fetching.fetch(self.entry.link, self.kept, spool)
        await self._ledger().clear()
        if not self.cleared:
            raise Refused("hash-mismatch")
        self._set("preparing", self._notice())

    def _sender_waits(self, waits: bool) -> None:
        """Nobody sends the rest of an upload now, or somebody does again."""
        if waits:
            self._set("fetching", Refused("upload-waits").problem())
        elif self.problem is not None and self.problem.type == "upload-waits":
            self._set("fetching", None)

    def _answered(self, found: Version) -> None:
        self.kept.version, self._noted = found, False
        if self.spool is not None and not self.spool.complete:
            self._set("fetching", self._notice())

    async def _keep(self, *, always: bool = True) -> None:
        if self._noted and not always:
            return
        await self._house.db.put(SPACE, self.entry.id, msgspec.json.encode(self.kept))
        self._noted = True

    # preparing

    async def _prepare(self, spool: Coming, parts: Sequence[messages.Part] = ()) -> None:
        await spool.size()  # the server has answered; where it does not say how long the file is, the end will show
        async with self._house.preparing.turn(self._rank_to_prepare):
            if spool.complete:
                self._set("preparing", self._notice())
            try:
                found: list[Cues] = []
                told: list[Problem] = []
                read = (
                    await instead.read(spool, self._name(), spool.path, self._house.office, self._house.cage)
                    if isinstance(spool, Spool)
                    else instead.Read(spool)
                )
                made = await prepare(
                    read.source,
                    rendition=self.kept.rendition,
                    on_rows=self._rows,
                    on_probe=lambda probe: self._probed(read.probed(probe)),
                    on_subtitles=found.append,
                    on_note=told.append,
                    on_starts=self._began,
                    parts=parts,
                    on_manifest=self._made,
                    wish=None if parts or self.kept.straight else self._wish,
                    **self._same(self.kept.heard),
                )
            except Straight:
                self.kept.straight = True
                raise
            except Needed as needed:
                self.kept.need = needed.need if needed.need in ("seek", "motion") else self.kept.need
                raise
            except Refused as refused:
                if refused.type not in PASSING | LATER and not refused.type.startswith("link-"):
                    self.kept.problem = refused.problem()
                    await self._keep()
                raise
        self._manifest = made
        subtitles.of_file(self.kept, found)
        self.kept.told = told
        await self._keep()  # what it is, and what was done to it

    async def _prepare_or(self, held_back: list[Refused], spool: Spool) -> None:
        try:
            await self._prepare(spool)
        except Refused as refused:
            if refused.type in PASSING:
                raise
            held_back.append(refused)
            self._set("fetching", refused.problem())

    def _began(self, starts: list[Fraction]) -> None:
        """Where the files behind the first begin, where it is made of several."""

    def _same(self, heard: int | None) -> Same:
        """What is the same for each of its renditions."""
        return Same(
            exhibit=self.entry.id,
            store=self._house.store,
            cage=self._house.cage,
            name=self._name(),
            plays=self._house.plays(),
            need=self.kept.need,
            heard=heard,
            password=self.kept.password,
        )

    async def _hear(self) -> None:
        """Another sound than the one that is heard was chosen: it is prepared, and takes over."""
        while (sound := another.wanted(self.kept)) is not None:
            spool, before = self.spool, self._manifest
            if spool is None or before is None:
                return
            probes: list[Probe] = []
            try:
                rendition = another.number()
                self.kept.former.append(rendition)  # so that it is cleared away if it never takes over
                await self._keep()
                async with self._house.preparing.turn(self._rank_to_prepare):
                    made = await prepare(
                        spool,
                        rendition=rendition,
                        on_rows=lambda _: None,
                        on_probe=probes.append,
                        zero=another.zero(before),
                        **self._same(sound),
                    )
            except Exception as problem:
                self.kept.sound, self.kept.unheard = self.kept.heard, another.unmade(problem)
                self._on_change()
            else:
                await another.until_free(lambda: self._house.shown(self.entry.id))
                self._take_over(made, probes[0], sound)
            with suppress(Refused):  # else it is done once more by the next process
                await self._keep()

    def _take_over(self, made: Manifest, probe: Probe, sound: int) -> None:
        self._retire()
        self.kept.former.remove(made.rendition)
        self.kept.rendition, self.kept.heard, self.kept.probe = made.rendition, sound, probe
        self._manifest = made

    async def _afterwards(self) -> None:
        """What nobody waits for."""
        spool, manifest, made = self.spool, self.manifest, treatments(self.kept)
        if spool is None or manifest is None or not manifest.complete or self.kept.probe is None or manifest.leaves:
            return
        if await afterwards.sketch(self._house, self.entry.id, lambda: self.position, manifest, made):
            self._sheet_of = manifest.rendition
        self._on_change()
        as_it_is = all(one.done == "unchanged" for one in made if one.part == "picture")
        if self.kept.tally is not None or not as_it_is:
            return
        tally = await afterwards.confirm(
            self._house, self.entry.id, lambda: self.position, spool, manifest, name=self._name(), heard=self.kept.heard
        )
        if tally is not None:
            self.kept.tally = tally
            try:
                await self._keep()
            except Refused as refused:
                log.warning("exhibit %s: frames counted, and not written down: %s", self.entry.id, refused)
        self._on_change()

    def _probed(self, probe: Probe) -> None:
        self.kept.probe = probe
        self._on_change()

    def _made(self, manifest: Manifest) -> None:
        self._filling = manifest
        known = self._manifest
        if known is None or known.rendition != manifest.rendition or known.tracks != manifest.tracks:
            self._manifest = manifest
        self._on_change()

    def _rows(self, message: ManifestRows) -> None:
        """The manifest that is known already (from before a fresh link) is filled on, so that it never shrinks."""
        known = self._manifest
        if known is not None and known is not self._filling:
            for row in message.rows:
                there = known.rows(row.track)
                if row.index in known.made(row.track) and there[row.index] != row:
                    log.warning("exhibit %s: prepared again, and differently", self.entry.id)
                    self._manifest = self._filling
                    break
            else:
                known.add(message.rows)
                if self._filling is not None and _has_all(self._filling, known):
                    self._manifest = self._filling
        self._on_progress()

    # inside

    def _set(self, state: ExhibitState, problem: Problem | None) -> None:
        if (state, problem) != (self.state, self.problem):
            self.state, self.problem = state, problem
            self._on_change()

    def _notice(self) -> Problem | None:
        return self.problem if self.problem is not None and self.problem.type in NOTICES else None

    def _said(self, refused: Refused) -> Problem:
        """Where a link gives no more, people want to know first whether what came is lost."""
        problem, held = refused.problem(), self._held()
        if not refused.type.startswith("link-") or held == 0 or self.kept.sha256 is not None:
            return problem
        return Problem(problem.type, f"{problem.detail} {Refused('held-kept', held=in_words(held)).detail}")

    def _held(self) -> int:
        if self.spool is not None:
            return self.spool.held.total
        whole = self.kept.sha256 is not None and self.kept.version is not None
        return (self.kept.version.length or 0) if whole and self.kept.version is not None else self.recorded

    def _ledger(self) -> Ledger:
        return Ledger(self._house.db, self.entry.id, self.kept.file)

    def _rank(self) -> Rank:
        return Rank(self.pressing, self.position)

    def _rank_to_prepare(self) -> Rank:
        """What is all here takes a moment only, and does not wait for those that wait for their bytes."""
        waits = self.spool is not None and not self.spool.complete
        return Rank(min(self.pressing, 0 if waits else -1), self.position)


def _has_all(manifest: Manifest, known: Manifest) -> bool:
    """Nothing that is known would be missed."""
    return not any(
        any(manifest.made(track.index).missing(*some)) for track in known.tracks for some in known.made(track.index)
    )


def _remove_others(spool: Path) -> None:
    """Earlier versions of a file, beside the one that is held. What cannot be removed now is, the next time."""
    for path in instead.others(spool):
        with suppress(OSError):
            path.unlink()


def _plainest(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of two that failed together, the one that says why: words before faults, the link's before the file's."""
    flat: list[BaseException] = []
    for error in errors.exceptions:
        flat.append(_plainest(error) if isinstance(error, BaseExceptionGroup) else error)
    return min(
        flat,
        key=lambda error: (not isinstance(error, Refused), not str(error).startswith(("link-", "hash-", "upload-"))),
    )
