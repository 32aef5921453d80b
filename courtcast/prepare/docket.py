"""Hearings and clips: what people put exhibits in order by. The intake has the exhibits themselves.

Whoever changes something of them is written down in the same step, where there is a record.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import sqlite3
from collections.abc import Callable, MutableMapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import msgspec

from courtcast.core import clip, listing
from courtcast.core.chain import Value
from courtcast.core.entries import Fact, fact, micro
from courtcast.evidence import clips, library
from courtcast.evidence.clips import Cut, named
from courtcast.evidence.database import Also
from courtcast.evidence.library import Change, Entry, Library
from courtcast.evidence.record import Record, stamp
from courtcast.evidence.texts import lines, one_line
from courtcast.prepare import lists
from courtcast.prepare.asked import moment_of
from courtcast.prepare.bundling import Admission, announce, give_up, keep, settle
from courtcast.prepare.kept import Kept
from courtcast.prepare.told import seen as seen_clip
from courtcast.prepare.way import Way
from courtcast.problems import Refused
from courtcast.wire.api import ChangeExhibit, Exhibit
from courtcast.wire.library import AddClip, AddHearing, CameraClock, ChangeClip, ChangeHearing, Clip, Hearing, Listing

Busy = Callable[[str, str], bool]
MOST_ERROR = 1e10
"""Seconds: a clock that was never set says 1970, or 1601."""


class Taken(NamedTuple):
    """What became of a list."""

    listing: Listing
    touched: Sequence[str] = ()
    """Ids of exhibits that were added or changed."""
    relinked: frozenset[str] = frozenset()
    """Of those, the ones that were given a fresh link."""


class Docket:
    """What the intake shares with it: `ways` by id and in running order, and `changing`, which is held while something
    is changed.

    record: where changes are written down, if anywhere; take_in: begins with an exhibit that is new in the library
    """

    def __init__(
        self,
        library: Library,
        record: Record | None,
        ways: MutableMapping[str, Way],
        *,
        changing: asyncio.Lock,
        on_change: Callable[[str], None],
        line_up: Callable[[], None],
        take_in: Callable[[Entry, Kept], None],
    ) -> None:
        self.library = library
        self.opened = ""
        """Id of the hearing that is open."""
        self._record = record
        self._ways = ways
        self._changing = changing
        self._on_change = on_change
        self._line_up = line_up
        self._take_in = take_in
        self._places: dict[str, int] = {}
        """Of the hearings, in their order."""
        self._hashes: dict[str, str] = {}
        """Of the files, by exhibit …"""
        self._alike: dict[str, set[str]] = {}
        """… and the other way round."""

    async def open(self) -> None:
        """Before anything else. Raises Refused where the database does not work."""
        await self._look()

    # hearings

    async def hearings(self) -> list[Hearing]:
        """The open one first, then by their days."""
        return [self._measured(one) for one in await self.library.hearings.list()]

    async def hearing(self, id_: str) -> Hearing:
        """Raises Refused (`hearing-unknown`), as do all that take an id of one."""
        for one in await self.hearings():
            if one.id == id_:
                return one
        raise Refused("hearing-unknown")

    async def add_hearing(self, asked: AddHearing, *, by: str = "", who: str = "") -> Hearing:
        """Raises Refused (`malformed`)."""
        id_ = secrets.token_hex(8)

        def made(db: sqlite3.Connection) -> Fact:
            return fact(stamp(), "hearing-made", **_of_hearing(db, id_), by=by, who=who)

        async with self._changing:
            hearing = await self.library.hearings.add(asked, id_=id_, also=self._tells(made))
            await self._look()
        return hearing

    async def change_hearing(self, id_: str, asked: ChangeHearing, *, by: str = "", who: str = "") -> Hearing:
        """Raises Refused (`malformed`)."""

        def changed(db: sqlite3.Connection) -> Fact:
            return fact(stamp(), "hearing-changed", **_of_hearing(db, id_), by=by, who=who)

        async with self._changing:
            hearing = await self.library.hearings.change(id_, asked, also=self._tells(changed))
            await self._look()
            self.sort()
        return self._measured(hearing)

    async def remove_hearing(self, id_: str, *, by: str = "", who: str = "") -> None:
        """Raises Refused (`hearing-open`, `hearing-not-empty`)."""
        async with self._changing:
            known = await self.hearing(id_)
            told = fact(stamp(), "hearing-removed", hearing=id_, case=known.case, by=by, who=who)
            await self.library.hearings.remove(id_, also=self._tells(lambda _: told))
            await self._look()

    async def open_hearing(self, id_: str, *, by: str = "", who: str = "") -> Hearing:
        """From this call's return on its exhibits are those of the room. Nothing of the former may be in the room."""

        def opened(db: sqlite3.Connection) -> Fact:
            return fact(stamp(), "hearing-opened", **_of_hearing(db, id_), by=by, who=who)

        async with self._changing:
            hearing = await self.library.hearings.open(id_, also=self._tells(opened))
            await self._look()
            self.sort()
        return self._measured(hearing)

    async def admit(self, made: Admission, folder: Path, *, by: str = "", who: str = "") -> Hearing:
        """The hearing of a bundle, with all its exhibits: from this call's return on, or not at all.

        folder: that of the exhibits

        Raises Refused: what the disk says. Then its files are taken away again.
        """

        def told(db: sqlite3.Connection) -> Fact:
            return fact(stamp(), "hearing-made", **_of_hearing(db, made.hearing.id), by=by, who=who)

        async with self._changing:
            await announce(self.library.db, made)
            try:
                await asyncio.to_thread(settle, made, folder)
                entries = await keep(self.library.db, made, also=self._tells(told))
            except Exception:  # cancelled, it is cleared away by the next process: a thread is not stopped
                await asyncio.to_thread(give_up, made, folder)
                raise
            await self._look()
            for entry in entries:
                self._take_in(entry, made.kept.get(entry.id) or Kept())
        for entry in entries:
            self._on_change(entry.id)
        return await self.hearing(made.hearing.id)

    # clips

    async def add_clip(self, exhibit: str, asked: AddClip, *, by: str = "", who: str = "") -> Clip:
        """Raises Refused (`exhibit-unknown`, `clip-…`, `malformed`)."""
        async with self._changing:
            way = self._way(exhibit)
            cut = Cut(
                id=secrets.token_hex(8),
                name=named(asked.name),
                ranges=clip.ranges(asked.ranges, ends_at(way)),
                agreed=lines("agreed", asked.agreed),
            )
            told = clip_fact("clip-made", way.entry, cut, by=by, who=who)
            await self.library.clips.add(exhibit, cut, also=self._tells(lambda _: told))
            await self._again(way)
        return seen_clip(cut)

    async def change_clip(self, exhibit: str, id_: str, asked: ChangeClip, *, by: str = "", who: str = "") -> Clip:
        """Raises Refused (`exhibit-unknown`, `clip-…`, `malformed`)."""
        async with self._changing:
            way = self._way(exhibit)
            before = find(way.entry, id_)
            cut = Cut(
                id=before.id,
                name=before.name if asked.name is None else named(asked.name),
                ranges=before.ranges if asked.ranges is None else clip.ranges(asked.ranges, ends_at(way)),
                agreed=before.agreed if asked.agreed is None else lines("agreed", asked.agreed),
            )
            if cut != before:
                was = before.name if cut.name != before.name else None
                told = clip_fact("clip-changed", way.entry, cut, was=was, by=by, who=who)
                await self.library.clips.change(exhibit, cut, also=self._tells(lambda _: told))
                await self._again(way)
        return seen_clip(cut)

    async def remove_clip(self, exhibit: str, id_: str, *, by: str = "", who: str = "") -> None:
        """Raises Refused (`exhibit-unknown`, `clip-unknown`)."""
        async with self._changing:
            way = self._way(exhibit)
            cut = find(way.entry, id_)
            told = clip_fact("clip-removed", way.entry, cut, by=by, who=who)
            await self.library.clips.remove(exhibit, cut.id, also=self._tells(lambda _: told))
            await self._again(way)

    # lists

    async def list_of(self, id_: str) -> bytes:
        """A hearing's exhibits and clips for a spreadsheet: CSV. Raises Refused (`hearing-unknown`)."""
        await self.hearing(id_)
        return listing.write(row for way in self._of(id_) for row in lists.rows_of(way.seen()))

    async def take_list(
        self, id_: str, data: bytes, *, look: bool, busy: Busy = lambda _, __: False, by: str = "", who: str = ""
    ) -> Taken:
        """All of it, or nothing; with `look` it is only said what it would do.

        busy: that clip (exhibit, name) is on the screens
        Raises Refused (`hearing-unknown`, `list-…`, `clips-too-many`, `disk-full`).
        """
        read = await asyncio.to_thread(listing.read, data)
        async with self._changing:
            await self.hearing(id_)
            there = [lists.There(way.entry, way.seen(), ends_at(way)) for way in self._of(id_)]
            plan = lists.plan(read, there, id_, busy=busy)
            if look:
                return Taken(plan.listing)
            for row in plan.listing.rows:
                if row.problem:
                    raise Refused("list-line", line=row.line, why=row.problem)
            entries = {entry.id: entry for entry in await self._carry_out(id_, plan, by, who)}
        rows = []
        for row in plan.listing.rows:
            entry = entries.get(of := plan.of_line[row.line])
            rows.append(msgspec.structs.replace(row, known=of, ref=row.ref if entry is None else entry.ref))
        relinked = frozenset(id_ for id_, change in plan.changes.items() if change.link is not None)
        return Taken(msgspec.structs.replace(plan.listing, rows=rows), list(entries), relinked)

    async def _carry_out(self, hearing: str, plan: lists.Plan, by: str, who: str) -> list[Entry]:
        """In one step in the library; then the files are fetched. Gives what is new or another."""
        cuts = [(entry, cut, "clip-made") for entry in plan.adds for cut in entry.clips]
        for one in plan.cuts:
            cuts.append((self._way(one.exhibit).entry, one.cut, "clip-made" if one.new else "clip-changed"))

        def work(db: sqlite3.Connection) -> list[Entry]:
            added = {entry.id: library.insert(db, entry) for entry in plan.adds}
            for id_, change in plan.changes.items():
                library.update(db, id_, change)
            for one in plan.cuts:
                (clips.insert if one.new else clips.update)(db, one.exhibit, one.cut)
            if plan.order is not None:
                library.arrange(db, plan.order)
            facts = (clip_fact(kind, added.get(e.id, e), cut, by=by, who=who) for e, cut, kind in cuts)
            self._tells(*((lambda _, told=told: told) for told in facts))(db)
            touched = dict.fromkeys([*added, *plan.changes, *(one.exhibit for one in plan.cuts)])
            return [library.one(db, id_) for id_ in touched]

        entries = await self.library.db.run(work)
        for entry in entries:
            way, change = self._ways.get(entry.id), plan.changes.get(entry.id)
            if way is None:
                self._take_in(entry, Kept())
            elif change is not None and change.link is not None:
                await way.relink(entry)
            else:
                way.entry = entry
            self._on_change(entry.id)
        await self.arrange()
        return entries

    # what is said of exhibits; the intake asks, and holds `changing`

    async def describe(self, way: Way, asked: ChangeExhibit) -> None:
        """What people say of it, and where it stands. Parts of a joined one go with it to another hearing.

        Raises Refused (`exhibit-part`, `hearing-unknown`, `malformed`).
        """
        moves = asked.hearing is not None and asked.hearing != way.entry.hearing
        if moves:
            for other in self._ways.values():
                if way.entry.id in other.entry.parts:
                    raise Refused("exhibit-part", ref=other.entry.ref)
        change = Change(
            ref=None if asked.ref is None else one_line("ref", asked.ref) or way.entry.ref,
            title=None if asked.title is None else one_line("title", asked.title),
            position=asked.position,
            restricted=asked.restricted,
            hearing=asked.hearing,
            evidential=asked.evidential,
            source=None if asked.source is None else one_line("source", asked.source),
            received=asked.received if asked.received is msgspec.UNSET else moment_of(asked.received),
            remark=None if asked.remark is None else lines("remark", asked.remark),
            camera_clock=asked.camera_clock if asked.camera_clock is msgspec.UNSET else _clock(asked.camera_clock),
        )
        along = list(way.entry.parts) if moves else []
        way.entry = await self.library.change(way.entry.id, change, with_it=along)
        for id_ in along:
            await self._again(self._way(id_))
        if moves or asked.position is not None:
            await self.arrange()

    def of_parts(self, entry: Entry, parts: Sequence[Way]) -> str:
        """The hearing that one goes to which is joined from these. Raises Refused (`not-joinable`)."""
        if len(found := {part.entry.hearing for part in parts} | ({entry.hearing} - {""})) != 1:
            raise Refused("not-joinable", why="they do not belong to one hearing")
        return found.pop()

    async def arrange(self) -> None:
        """The ways are in the library's order again."""
        order = [entry.id for entry in await self.library.list()]
        self._put([self._ways[id_] for id_ in order if id_ in self._ways])

    def sort(self) -> None:
        """The open hearing's first; within a hearing they stay as they are, and who is new is the last."""
        self._put(sorted(self._ways.values(), key=lambda way: self._places.get(way.entry.hearing, len(self._places))))

    # files that are the same

    def seen(self, way: Way) -> Exhibit:
        """The exhibit, with those whose file is the same."""
        seen, sha256 = way.seen(), way.kept.sha256
        if not sha256 or len(same := self._alike.get(sha256, set()) - {way.entry.id}) == 0:
            return seen
        return msgspec.structs.replace(seen, same_as=sorted(same))

    def alike(self, way: Way) -> None:
        """Something of it has changed: its hash, it may be."""
        id_, sha256 = way.entry.id, way.kept.sha256 or ""
        before = self._hashes.get(id_, "")
        if sha256 == before:
            return
        self.apart(way)
        if sha256:
            self._hashes[id_] = sha256
            others = self._alike.setdefault(sha256, set())
            others.add(id_)
            self._say(others - {id_})

    def apart(self, way: Way) -> None:
        """Its file is none of these any more."""
        before = self._hashes.pop(way.entry.id, "")
        if before:
            others = self._alike[before]
            others.discard(way.entry.id)
            self._say(others)
            if not others:
                del self._alike[before]

    # inside

    def _of(self, hearing: str) -> list[Way]:
        return [way for way in self._ways.values() if way.entry.hearing == hearing]

    def _say(self, ids: set[str]) -> None:
        for id_ in sorted(ids):
            if id_ in self._ways:
                self._on_change(id_)

    def _way(self, id_: str) -> Way:
        way = self._ways.get(id_)
        if way is None:
            raise Refused("exhibit-unknown")
        return way

    async def _again(self, way: Way) -> None:
        way.entry = await self.library.get(way.entry.id)
        self._on_change(way.entry.id)

    async def _look(self) -> None:
        order = [one.id for one in await self.library.hearings.list()]
        self.opened, self._places = order[0], {id_: n for n, id_ in enumerate(order)}

    def _put(self, order: Sequence[Way]) -> None:
        ways = {way.entry.id: way for way in order}
        self._ways.clear()
        self._ways.update(ways)
        self._line_up()

    def _measured(self, hearing: Hearing) -> Hearing:
        size = sum(way.seen().bytes_fetched for way in self._ways.values() if _counts(way, hearing.id))
        return msgspec.structs.replace(hearing, bytes=size)

    def _tells(self, *said: Callable[[sqlite3.Connection], Fact]) -> Also:
        def work(db: sqlite3.Connection) -> None:
            if self._record is not None:
                self._record.entering(db, [tell(db) for tell in said])

        return work


def find(entry: Entry, id_: str) -> Cut:
    """A clip of an exhibit. Raises Refused (`clip-unknown`)."""
    for cut in entry.clips:
        if cut.id == id_:
            return cut
    raise Refused("clip-unknown", ref=entry.ref)


def ends_at(way: Way) -> Fraction | None:
    """Its duration, once it is known for good."""
    manifest = way.manifest
    return manifest.duration if manifest is not None and manifest.complete else None


def clip_fact(kind: str, entry: Entry, cut: Cut, *, by: str, who: str, **more: Value | None) -> Fact:
    """What the record says of it: its ranges as they are when it is cued."""
    ranges: list[Value] = [
        {"from": micro(float(one.start)), "to": micro(float(one.stop)), **({"silent": 1} if one.silent else {})}
        for one in cut.ranges
    ]
    return fact(
        stamp(), kind, exhibit=entry.id, ref=entry.ref, clip=cut.name, ranges=ranges, agreed=cut.agreed, by=by,
        who=who, **more,
    )  # fmt: skip


def _counts(way: Way, hearing: str) -> bool:
    """The bytes of a joined one are those of its parts."""
    return way.entry.hearing == hearing and not way.entry.parts


def _clock(clock: CameraClock | None) -> CameraClock | None:
    if clock is None:
        return None
    if not (math.isfinite(clock.error) and abs(clock.error) <= MOST_ERROR):
        raise Refused("malformed", why="the error of a clock is a number of seconds")
    return CameraClock(error=clock.error, declared=one_line("declared", clock.declared))


def _of_hearing(db: sqlite3.Connection, id_: str) -> dict[str, Value | None]:
    """Its note is the house's own, and is not written down."""
    row = db.execute("SELECT matter, court, day, came FROM hearings WHERE id = ?", (id_,)).fetchone()
    return {"hearing": id_, **dict(zip(("case", "court", "day", "came"), row, strict=True))}
