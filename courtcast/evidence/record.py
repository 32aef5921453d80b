"""The record on disk: an append-only table of the database, each row a line of the chain (`core.chain`).

Rules
-----
- What is to be recorded before it is acknowledged goes in by `entering`, in the transaction of the act itself: one
  flush of the disk for both, off the event loop. Either both are there or neither is.
- What must not wait (a blank, what a screen reports) is told by `later`: it is kept in memory and taken along by
  whichever transaction comes next, by its own after `GATHER` at the latest, again and again until the disk takes it.
  Each keeps its true time, and says how late it was written where that was more than a moment. Of `MOST_WAITING` the
  newest is given up, and the record says how many were.
- The table's triggers refuse every change but adding at the end. Whoever has the file can take triggers away; what
  they did then is found by `verify`.

The end of the chain is read from the table in each transaction, so commands beside the presenter can append too.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from courtcast.core import chain
from courtcast.core.chain import CHECKPOINT, MOST_NUMBER, Entry, Link, Malformed
from courtcast.core.entries import LATE, MICRO, Fact, fact
from courtcast.core.signing import Signer
from courtcast.evidence.database import Database
from courtcast.problems import Refused
from courtcast.settings import write_private
from courtcast.tasks import ended

log = logging.getLogger(__name__)

KEY_FILE: Final = "record.pem"
GATHER: Final = 1.0
"""Seconds for which what may wait is gathered: one flush of the disk for all of it."""
RETRY: Final = 1.0
"""Seconds between two tries to write what the disk did not take."""
MOMENT: Final = 2 * MICRO
"""What was written within this says nothing of being late."""
MOST_WAITING: Final = 20_000
"""Facts in memory while the disk takes nothing: some ten megabytes, a day of blanks and reports."""
AT_ONCE: Final = 1000
"""Of them, that one transaction takes along: a command may be waiting for it."""
SIGNED_EVERY: Final = 64
"""Entries between two checkpoints: where somebody changed the file, so many are in doubt."""
PAGE: Final = 500
"""Lines that are read at a time."""


class Head(NamedTuple):
    """The record as it is now."""

    link: Link
    key: str


class _Tried(NamedTuple):
    """A transaction that may have been carried out."""

    end: Link
    taken: int
    """Of what waited."""


def stamp() -> int:
    """Unix time in microseconds."""
    return time.time_ns() // 1000


def load_signer(folder: Path) -> Signer:
    """The key of this installation, made once, beside its identity. Raises Refused data-not-writable, data-damaged."""
    file = folder / KEY_FILE
    try:
        if file.exists():
            return Signer.from_pem(file.read_bytes())
        signer = Signer.make()
        write_private(file, signer.to_pem())
    except OSError:
        raise Refused("data-not-writable", path=folder) from None
    except ValueError:
        raise Refused("data-damaged", path=folder) from None
    return signer


class Record:
    """An async context manager; inside it what waits is written by itself.

    started: what the entry `started` says beside the key
    """

    def __init__(self, db: Database, signer: Signer, *, started: dict[str, str] | None = None) -> None:
        self._db = db
        self._signer = signer
        self._started = started or {}
        self._waiting: list[Fact] = []
        self._lost = 0
        self._lost_since = 0
        self._guard = threading.Lock()
        """Over what waits: it is told on the event loop and taken on the database's thread."""
        self._tried: _Tried | None = None
        """Where the chain ended when what waits was last taken along, and how much of it: once that end is in the
        table, so much was written, whether or not anybody waited for it."""
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.later(fact(stamp(), chain.STARTED, key=self._signer.key, **self._started))
        with suppress(Refused, sqlite3.Error):  # on a full disk a hearing goes on; it is written when there is room
            await self.flush()
        self._task = asyncio.create_task(self._keep(), name="the record")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            await ended(self._task)
            self._task = None
        self.later(fact(stamp(), "stopped"))
        try:
            await self._db.run(lambda db: self._write(db, (), sign=True))
        except (Refused, sqlite3.Error):
            log.exception("%d facts could not be written into the record", len(self._waiting))

    @property
    def key(self) -> str:
        return self._signer.key

    # writing

    def later(self, *facts: Fact) -> None:
        """Never waits, never fails."""
        with self._guard:
            room = max(0, MOST_WAITING - len(self._waiting))
            if len(facts) > room:
                self._lost_since = self._lost_since or facts[room].at
                self._lost += len(facts) - room
            self._waiting.extend(facts[:room])
        self._news.set()

    async def write(self, *facts: Fact) -> None:
        """Returns when they are on the disk. Raises Refused: then they are not there,
        and will not be."""
        try:
            tried = await self._db.run(lambda db: self._write(db, facts))
        except sqlite3.Error:
            log.exception("the record cannot be written")
            raise Refused("not-recorded") from None
        with self._guard:
            if self._tried is tried:
                del self._waiting[: tried.taken]
                self._tried = None

    async def tell(self, *facts: Fact) -> None:
        """The same for what is done already: where the disk does not take it now, that is said (Refused), and it is
        written when it can be."""
        self.later(*facts)
        await self.flush()

    def entering(self, db: sqlite3.Connection, facts: Sequence[Fact]) -> None:
        """The same within a transaction of the database's thread: they are there if it is carried out."""
        self._write(db, facts)

    async def flush(self) -> None:
        """Returns when all that was told is on the disk. Raises Refused."""
        await self.write()
        while self._left():
            await self.write()

    # reading

    @property
    def signer(self) -> Signer:
        """This installation's key, for what else it vouches for."""
        return self._signer

    async def head(self) -> Head:
        """Raises Refused."""
        return Head(await self._db.run(_end), self._signer.key)

    async def entries(self, *, since: int = 0, until: int | None = None) -> AsyncIterator[Entry]:
        """Those that happened in that time (microseconds), in the order in which they were written."""
        n = 0
        while True:
            page = await self._db.run(lambda db, n=n: _entries(db, n, since, until))  # type: ignore[misc]
            for entry in page:
                yield entry
            if len(page) < PAGE:
                return
            n = page[-1].n + 1

    async def export(self, *facts: Fact) -> AsyncIterator[bytes]:
        """The whole record, some lines at a time, with its closing checkpoint. `facts`, that it is exported, are in it.

        Raises Refused before the first line, and nothing after it.
        """
        await self.write(*facts)
        link = await self._db.run(_end)
        for n in range(0, link.entries, PAGE):
            page = await self._db.run(lambda db, n=n: _lines(db, n, min(n + PAGE, link.entries)))  # type: ignore[misc]
            yield b"".join(page)
        yield chain.closing(link, self._signer, at=stamp())

    # inside

    async def _keep(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER)
            self._news.clear()
            while self._left():
                try:
                    await self.flush()
                except Refused as refused:
                    log.warning("the record waits for the disk (%s)", refused.type)
                    await asyncio.sleep(RETRY)
                except Exception:
                    log.exception("the record waits")
                    await asyncio.sleep(RETRY)

    def _left(self) -> bool:
        with self._guard:
            return bool(self._waiting or self._lost)

    def _write(self, db: sqlite3.Connection, facts: Iterable[Fact], *, sign: bool = False) -> _Tried:
        """On the database's thread, within a transaction."""
        waiting = self._take(db)
        link = _end(db)
        unsigned = link.entries - _signed(db)
        for one in (*waiting, *facts):
            link = _append(db, link, one)
            unsigned += 1
        if unsigned >= SIGNED_EVERY or sign:
            line, after = chain.checkpoint(link, self._signer, at=stamp())
            _insert(db, line)
            link = after
        tried = _Tried(link, len(waiting))
        with self._guard:
            self._tried = tried
        return tried

    def _take(self, db: sqlite3.Connection) -> list[Fact]:
        """What goes along with this transaction. What went with one that was carried out waits no more.

        The disk is never asked while the guard is held: a blank may be waiting for that.
        """
        with self._guard:
            tried = self._tried
        done = tried is not None and tried.end.entries > 0 and _hash_of(db, tried.end.entries - 1) == tried.end.head
        with self._guard:
            if tried is not None and self._tried is tried:
                del self._waiting[: tried.taken if done else 0]
                self._tried = None
            if self._lost:
                self._waiting.append(fact(stamp(), "gap", count=self._lost, since=self._lost_since))
                self._lost = self._lost_since = 0
            return self._waiting[:AT_ONCE]


def append(db: sqlite3.Connection, *facts: Fact) -> None:
    """For commands beside the presenter, within a transaction of their own. Nothing is signed: the presenter does."""
    link = _end(db)
    if link.entries:  # a record begins with a presenter that has a key
        for one in facts:
            link = _append(db, link, one)


def _append(db: sqlite3.Connection, link: Link, one: Fact) -> Link:
    late = stamp() - one.at
    what = one.what if late <= MOMENT else {**one.what, LATE: late}
    try:
        line, after = chain.write(link, at=one.at, kind=one.kind, what=what)
    except Malformed:
        # A fault of ours must stop no hearing; that something happened is recorded all the same.
        log.exception("an entry %s could not be written as it is", one.kind)
        line, after = chain.write(link, at=one.at, kind=one.kind, what={})
    _insert(db, line)
    return after


def _insert(db: sqlite3.Connection, line: bytes) -> None:
    entry = chain.read(line)
    db.execute("INSERT INTO record (n, at, kind, line) VALUES (?, ?, ?, ?)", (entry.n, entry.at, entry.kind, line))


def _end(db: sqlite3.Connection) -> Link:
    row = db.execute("SELECT n, line FROM record ORDER BY n DESC LIMIT 1").fetchone()
    return Link() if row is None else Link(int(row[0]) + 1, chain.hash_of(bytes(row[1])))


def _hash_of(db: sqlite3.Connection, n: int) -> str | None:
    row = db.execute("SELECT line FROM record WHERE n = ?", (n,)).fetchone()
    return None if row is None else chain.hash_of(bytes(row[0]))


def _signed(db: sqlite3.Connection) -> int:
    """Entries up to the last checkpoint."""
    row = db.execute("SELECT MAX(n) FROM record WHERE kind = ?", (CHECKPOINT,)).fetchone()
    return 0 if row is None or row[0] is None else int(row[0]) + 1


def _lines(db: sqlite3.Connection, n: int, end: int) -> list[bytes]:
    rows = db.execute("SELECT line FROM record WHERE n >= ? AND n < ? ORDER BY n", (n, end))
    return [bytes(row[0]) for row in rows]


def _entries(db: sqlite3.Connection, n: int, since: int, until: int | None) -> list[Entry]:
    end = MOST_NUMBER if until is None else until
    rows = db.execute(
        "SELECT line FROM record WHERE n >= ? AND at >= ? AND at < ? ORDER BY n LIMIT ?", (n, since, end, PAGE)
    )
    return [chain.read(bytes(row[0])) for row in rows]
