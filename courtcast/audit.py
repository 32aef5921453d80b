"""The commands about the record: `courtcast audit verify`, `courtcast audit export`, `courtcast purge`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from courtcast.app import database, intake, open_record
from courtcast.beside import beside
from courtcast.control.audit import PurgeRequest
from courtcast.control.retention import Purged, Retention
from courtcast.core.chain import MOST_LINE, Broken, Fault, Sound, verify
from courtcast.core.entries import MICRO, fact
from courtcast.core.signing import grouped, read_digits
from courtcast.evidence.database import Database
from courtcast.evidence.record import stamp
from courtcast.problems import Refused
from courtcast.settings import Settings, ready_folder
from courtcast.wire.api import Exhibit
from courtcast.wire.library import Hearing

FAULTS: Final[Mapping[Fault, str]] = {
    "empty": "the line is empty",
    "too-long": "the line is longer than any that is written",
    "no-end-of-line": "the line is cut off, or something was put after it",
    "not-canonical": "the line is not spelled as it was written",
    "not-an-entry": "the line is no entry",
    "hash": "the entry was changed",
    "number": "an entry is missing before it, or it stands in the wrong place",
    "link": "it does not follow the entry before it: one of the two was changed",
    "no-start": "the beginning is missing",
    "not-signed": "its signature is missing",
    "other-key": "it is signed by another key than the record's",
    "signature": "its signature is wrong: something before it was changed after it had been signed",
    "after-the-end": "something was put behind the end",
    "cut": "the end is missing: the record was cut off here",
    "count": "entries are missing before the end, or were put in",
    "head": "the last entries before the end are not those that were exported",
    "key-asked": "it holds in itself, but another key than the one you gave signed it: it is not of that presenter",
    "head-asked": "it holds in itself, but the entry with the head that you gave is not in it: it is another record, "
    "or an older export",
}
STDIN: Final = "-"
EXPORT, PURGE = "courtcast audit export", "courtcast purge"
"""Who it is in the record where no presenter runs."""


async def audit_verify(file: str, key: str | None, head: str | None) -> int:
    """0 where the record holds; 1 and the first bad entry where it does not."""
    asked_key, asked_head = _digits(key, "--key"), _digits(head, "--head")
    try:
        found = await asyncio.to_thread(_verify, file, asked_key, asked_head)
    except OSError:
        raise Refused("file-unreadable", path=file) from None
    print("\n".join(said(found, key_given=asked_key is not None)))
    return 0 if isinstance(found, Sound) else 1


def said(found: Sound | Broken, *, key_given: bool) -> list[str]:
    """What `verify` found, in words."""
    if isinstance(found, Broken):
        held = f"The {found.signed} entries before are signed for." if found.signed else ""
        return [f"NOT INTACT. Line {found.line}: {FAULTS[found.fault]}.", *([held] if held else [])]
    words = [
        f"Intact: {found.entries} entries, {_moment(found.since)} to {_moment(found.closed)}.",
        f"Key   {grouped(found.key)}",
        f"Head  {grouped(found.head)}",
        *(f"Signed before with {grouped(one)}" for one in found.former),
    ]
    if found.asked_at is not None:
        words.append(f"The head that you gave is that of entry {found.asked_at}.")
    if not key_given:
        words.append("Compare the key with the one that was printed: whoever has another key can write another record.")
    return words


async def audit_export(data: Path, out: str) -> int:
    """Writes the record into a file, with or without a running presenter."""
    async with AsyncExitStack() as stack:
        try:
            db = await stack.enter_async_context(Database(database(data)))
        except Refused as problem:
            if problem.type != "data-in-use":
                raise
            presenter = await stack.enter_async_context(beside(data, "clerk", problem))
            await _keep(out, await presenter.fetch("/audit"))
            return 0
        record = await stack.enter_async_context(open_record(data, db, EXPORT))
        told = fact(stamp(), "exported", form="JSON Lines", by=EXPORT)
        await _keep(out, b"".join([piece async for piece in record.export(told)]))
    return 0


async def purge(
    data: Path,
    refs: Sequence[str],
    *,
    everything: bool,
    added_before: float | None,
    after: float | None,
    hearing: str | None = None,
) -> int:
    """Removes exhibits for good, or says when they go by themselves; with or without a running presenter.

    hearing: only of this one (id or case); else of all
    """
    async with AsyncExitStack() as stack:
        try:
            db = await stack.enter_async_context(Database(database(ready_folder(data))))
        except Refused as problem:
            if problem.type != "data-in-use":
                raise
            async with beside(data, "clerk", problem) as presenter:
                exhibits = _within(
                    await presenter.call("GET", "/exhibits?hearing=all", list[Exhibit]),
                    await presenter.call("GET", "/hearings", list[Hearing]),
                    hearing,
                )
                for one in _meant(exhibits, await _before(data, added_before), refs, everything=everything):
                    body = PurgeRequest(after=after)
                    _say(one, await presenter.call("POST", f"/exhibits/{one.id}/purge", Purged, body))
            return 0
        record = await stack.enter_async_context(open_record(data, db, PURGE))
        early = await _before(data, added_before, db)
        exhibits_, _, _ = await stack.enter_async_context(intake(Settings(data=data), db))
        retention = Retention(db=db, record=record, intake=exhibits_, data=data)
        known = _within(exhibits_.everything(), await exhibits_.docket.hearings(), hearing)
        for one in _meant(known, early, refs, everything=everything):
            if after is None:
                _say(one, await retention.purge(one.id, by=PURGE, who=""))
            else:
                _say(one, await retention.set(one.id, after or None, by=PURGE, who=""))
    return 0


def _within(exhibits: Sequence[Exhibit], hearings: Sequence[Hearing], named: str | None) -> list[Exhibit]:
    """Of one hearing (its id or its case), where one is named. Raises Refused hearing-unknown."""
    ids = {one.id for one in hearings if named in (None, one.id) or (named or "").casefold() == one.case.casefold()}
    if not ids:
        raise Refused("hearing-unknown")
    return [one for one in exhibits if one.hearing in ids]


def _meant(
    exhibits: Sequence[Exhibit], early: frozenset[str] | None, refs: Sequence[str], *, everything: bool
) -> list[Exhibit]:
    """Raises Refused where a reference is none, or nothing is meant."""
    known = {one.ref for one in exhibits} | {one.id for one in exhibits}
    for ref in refs:
        if ref not in known:
            raise Refused("purge-unknown", ref=ref)
        if len({one.hearing for one in exhibits if one.ref == ref}) > 1:
            raise Refused("purge-several", ref=ref)
    if not refs and not everything and early is None:
        raise Refused("purge-what")
    found = [one for one in exhibits if not refs or one.ref in refs or one.id in refs]
    return [one for one in found if early is None or one.id in early]


async def _before(data: Path, moment: float | None, db: Database | None = None) -> frozenset[str] | None:
    """Ids of the exhibits that were added before."""
    if moment is None:
        return None
    if db is None:
        async with Database(database(data), presenter=False) as other:
            return await _before(data, moment, other)
    rows = await db.run(lambda one: one.execute("SELECT id FROM exhibits WHERE added < ?", (moment,)).fetchall())
    return frozenset(str(row[0]) for row in rows)


def _say(exhibit: Exhibit, done: Purged) -> None:
    name = f"{exhibit.ref} {exhibit.title}".strip()
    if done.gone:
        print(f"{name}: gone ({done.files} files, {done.bytes / 1e6:.1f} MB)")
    elif done.after is None:
        print(f"{name}: stays until somebody removes it")
    else:
        print(f"{name}: goes by itself after {_moment(round(done.after * MICRO))}")


async def _keep(out: str, content: bytes) -> None:
    def work() -> None:
        if out == STDIN:
            sys.stdout.buffer.write(content)
        else:
            Path(out).write_bytes(content)

    try:
        await asyncio.to_thread(work)
    except OSError:
        raise Refused("file-unwritable", path=out) from None


def _verify(file: str, key: str | None, head: str | None) -> Sound | Broken:
    with sys.stdin.buffer if file == STDIN else Path(file).open("rb") as lines:
        return verify(_lines(lines), key=key, head=head)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """A file of somebody else's may be one endless line."""
    while line := file.readline(MOST_LINE + 1):
        yield line


def _digits(text: str | None, option: str) -> str | None:
    if text is None:
        return None
    digits = read_digits(text)
    if digits is None:
        raise Refused("digits-malformed", option=option)
    return digits


def _moment(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / MICRO, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"
