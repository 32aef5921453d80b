"""What a list that was prepared in a spreadsheet means for a hearing: which exhibits it adds, and what it changes.

A line's reference says which exhibit is meant. A column that the list does not have changes nothing. A cell that is
empty takes back a title, source, day or remark; an empty link or hash changes nothing, since exhibits have these of
their own. Clips that the list does not name stay. A list that names every exhibit of the hearing sets its running order
too. What a hearing gives as its list therefore changes nothing when it is taken.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from courtcast.core import clip, listing
from courtcast.core.listing import Broken, Row
from courtcast.evidence.clips import Cut, named
from courtcast.evidence.library import Change, Entry
from courtcast.evidence.links.upload import upload_of
from courtcast.evidence.texts import lines, one_line
from courtcast.prepare.asked import link_to, moment_of, sha256_of
from courtcast.problems import Refused
from courtcast.wire.api import Exhibit
from courtcast.wire.library import ClipRange, Listing, ListRow

OF_EXHIBIT = ("title", "url", "sha256", "evidential", "source", "received", "remark")
"""Columns that are the exhibit's own."""


class There(NamedTuple):
    """An exhibit of the hearing, as it is."""

    entry: Entry
    seen: Exhibit
    end: Fraction | None
    """Its duration, once that is known for good."""


class Cutting(NamedTuple):
    """A clip that is made or changed."""

    exhibit: str
    cut: Cut
    new: bool


class Plan(NamedTuple):
    """What would be done."""

    listing: Listing
    adds: list[Entry]
    changes: dict[str, Change]
    """By exhibit."""
    cuts: list[Cutting]
    """Of exhibits that are there already."""
    order: list[str] | None
    """Ids of all, where it becomes another."""
    of_line: dict[int, str]
    """Id of the exhibit that a line is of."""


class _Group:
    """The lines of one exhibit."""

    def __init__(self, ref: str, there: There | None) -> None:
        self.id = there.entry.id if there is not None else secrets.token_hex(8)
        self.ref = ref
        self.there = there
        self.cells: dict[str, str] = {}
        self.parts: dict[str, list[ClipRange]] = {}
        self.agreed: dict[str, str] = {}
        self.lines: list[int] = []


def rows_of(exhibit: Exhibit) -> Iterator[Mapping[str, str]]:
    """As it stands in a list."""
    yield {
        "ref": exhibit.ref,
        "title": exhibit.title,
        "url": exhibit.url or "",
        "sha256": exhibit.sha256 or "",
        "evidential": "yes" if exhibit.evidential else "no",
        "source": exhibit.source,
        "received": listing.said_moment(exhibit.received),
        "remark": exhibit.remark,
    }
    for cut in exhibit.clips:
        for n, part in enumerate(cut.ranges):
            yield {
                "ref": exhibit.ref,
                "clip": cut.name,
                "start": listing.said_seconds(part.start),
                "stop": listing.said_seconds(part.stop),
                "silent": "yes" if part.silent else "no",
                "agreed": cut.agreed if n == 0 else "",
            }


def plan(
    read: listing.List, there: Sequence[There], hearing: str, *, busy: Callable[[str, str], bool] = lambda _, __: False
) -> Plan:
    """there: the hearing's exhibits in running order; busy: that clip (exhibit, name) is on the screens."""
    groups, problems = _grouped(read, there)
    adds: list[Entry] = []
    changes: dict[str, Change] = {}
    cuts: list[Cutting] = []
    for group in groups:
        try:
            if group.there is None:
                adds.append(_new(group, hearing))
                continue
            change = _change(group, group.there)
            if change != Change():
                changes[group.id] = change
            for cutting in _cuts(group, group.there, agreed="agreed" in read.columns):
                cuts.append(cutting)
                if not cutting.new and busy(group.id, cutting.cut.name):
                    problems[group.lines[0]] = Refused("clip-shown", name=cutting.cut.name).detail
        except (Broken, Refused) as wrong:
            problems.setdefault(group.lines[0], wrong.detail if isinstance(wrong, Refused) else str(wrong))
    order = _order(groups, there)
    notes = [read.note, "" if order is None else "The running order becomes that of the list."]
    of_line = {line: group for group in groups for line in group.lines}
    rows = [_row(row, of_line.get(row.line), problems.get(row.line, "")) for row in read.rows]
    changed = changes.keys() | {cutting.exhibit for cutting in cuts}
    told = Listing(
        rows=rows, adds=len(adds), changes=len(changed), problems=len(problems), note=" ".join(filter(None, notes))
    )
    return Plan(told, adds, changes, cuts, order, {line: group.id for line, group in of_line.items()})


def _grouped(read: listing.List, there: Sequence[There]) -> tuple[list[_Group], dict[int, str]]:
    """The exhibits that are meant, and what is wrong with which line."""
    groups: list[_Group] = []
    by_ref: dict[str, _Group] = {}
    left = {ref: [one for one in there if one.entry.ref == ref] for ref in {one.entry.ref for one in there}}
    problems: dict[int, str] = {}
    for row in read.rows:
        try:
            if not row.problem:
                _take(row, groups, by_ref, left)
            else:
                problems[row.line] = row.problem
        except (Broken, Refused) as wrong:
            problems[row.line] = wrong.detail if isinstance(wrong, Refused) else str(wrong)
    return groups, problems


def _take(row: Row, groups: list[_Group], by_ref: dict[str, _Group], left: dict[str, list[There]]) -> None:
    ref = one_line("ref", row.cells.get("ref"))
    cut = row.cells.get("clip", "").strip()
    own = {name: row.cells[name] for name in OF_EXHIBIT if row.cells.get(name, "").strip()}
    group = by_ref.get(ref) if ref else (groups[-1] if groups and cut and not own else None)
    if group is None or (not cut and ref):
        if group is not None and not left.get(ref):
            raise Broken(f"{ref} stands in the list twice.")
        group = _Group(ref, left[ref].pop(0) if left.get(ref) else None)
        group.cells = {name: row.cells[name] for name in OF_EXHIBIT if name in row.cells}
        group.lines.append(row.line)
        groups.append(group)
        if ref:
            by_ref[ref] = group
    else:
        group.lines.append(row.line)
        if any(group.cells.get(name) != text for name, text in own.items()):
            raise Broken(f"{ref} stands in the list before, and something else is said of it there.")
    if cut:
        name = named(cut)
        group.parts.setdefault(name, []).append(listing.part(row.cells))
        group.agreed[name] = group.agreed.get(name) or lines("agreed", row.cells.get("agreed"))
    elif any(row.cells.get(name, "").strip() for name in ("start", "stop", "silent")):
        raise Broken("It has times, and no name of a clip.")


def _new(group: _Group, hearing: str) -> Entry:
    cells = group.cells
    if not cells.get("url", "").strip():
        raise Broken(f"There is no exhibit {group.ref or 'of that line'} yet, and the line has no link for one.")
    return Entry(
        id=group.id,
        ref=group.ref,
        title=one_line("title", cells.get("title")),
        link=link_to(cells["url"], {}),
        sha256=sha256_of(cells.get("sha256", "").strip()),
        added=time.time(),
        hearing=hearing,
        evidential=listing.flag(cells.get("evidential", ""), empty=True),
        source=one_line("source", cells.get("source")),
        received=moment_of(listing.moment(cells.get("received", ""))),
        remark=lines("remark", cells.get("remark")),
        clips=tuple(
            Cut(id=secrets.token_hex(8), name=name, ranges=clip.ranges(parts, None), agreed=group.agreed[name])
            for name, parts in group.parts.items()
        ),
    )


def _change(group: _Group, there: There) -> Change:
    """Only what becomes another."""
    cells, entry, seen = group.cells, there.entry, there.seen
    change = Change()
    if (
        "title" in cells
        and cells["title"] != seen.title
        and (title := one_line("title", cells["title"])) != entry.title
    ):
        change = msgspec.structs.replace(change, title=title)
    if "source" in cells and cells["source"] != seen.source:
        source = one_line("source", cells["source"])
        change = change if source == entry.source else msgspec.structs.replace(change, source=source)
    if "evidential" in cells and (flag := listing.flag(cells["evidential"], empty=True)) != entry.evidential:
        change = msgspec.structs.replace(change, evidential=flag)
    if "received" in cells and (received := moment_of(listing.moment(cells["received"]))) != entry.received:
        change = msgspec.structs.replace(change, received=received)
    if "remark" in cells and (remark := lines("remark", cells["remark"])) != entry.remark:
        change = msgspec.structs.replace(change, remark=remark)
    if (url := cells.get("url", "").strip()) and url not in (seen.url, entry.link.url):
        if entry.parts or upload_of(entry.link) is not None:
            raise Broken(f"{entry.ref} came by no link: its file was sent here. Give it another link in the remote.")
        change = msgspec.structs.replace(change, link=link_to(url, {}))
    sha256 = sha256_of(cells.get("sha256", "").strip())
    if sha256 not in (None, seen.sha256, entry.sha256):
        if seen.sha256 or entry.sha256:
            raise Broken(f"The file of {entry.ref} has another hash. Ask which file is meant.")
        change = msgspec.structs.replace(change, sha256=sha256)
    return change


def _cuts(group: _Group, there: There, *, agreed: bool) -> Iterator[Cutting]:
    """agreed: the list has that column"""
    known = {cut.name: cut for cut in there.entry.clips}
    for name, parts in group.parts.items():
        before = known.get(name)
        if before is None:
            ranges = clip.ranges(parts, there.end)
            yield Cutting(
                group.id, Cut(id=secrets.token_hex(8), name=name, ranges=ranges, agreed=group.agreed[name]), True
            )
            continue
        same = parts == clip.written(before.ranges)
        after = Cut(
            id=before.id,
            name=name,
            ranges=before.ranges if same else clip.ranges(parts, there.end),
            agreed=group.agreed[name] if agreed else before.agreed,
        )
        if after != before:
            yield Cutting(group.id, after, False)


def _order(groups: Sequence[_Group], there: Sequence[There]) -> list[str] | None:
    ids, before = [group.id for group in groups], [one.entry.id for one in there]
    if Counter(before) - Counter(ids):
        return None
    new = [group.id for group in groups if group.there is None]
    return None if ids == before + new else ids


def _row(row: Row, group: _Group | None, problem: str) -> ListRow:
    cells = row.cells
    return ListRow(
        line=row.line,
        ref=cells.get("ref", "").strip() or ("" if group is None else group.ref),
        title=cells.get("title", "").strip(),
        url=cells.get("url", "").strip(),
        sha256=cells.get("sha256", "").strip(),
        known=None if group is None or group.there is None else group.id,
        problem=problem,
    )
