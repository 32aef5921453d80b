"""The file that evidence is fetched into, and read from while it is still coming.

Two calls carry everything later: `write` puts a piece in its place, `read` waits for bytes that are still to come and
asks for them first. Bytes that are held never change. The hash of the whole is built along the way: pieces that come
in order are hashed as they are written, the others when what lies before them has arrived.

What has come is written down piece by piece, after its bytes (`pieces`). Whoever opens the file of a former process is
given nothing of it unread: what is wanted is read and checked first, the rest behind it, at leisure, while fetching
goes on. What is not what it was is fetched again.

File work happens on threads (a disk may take its time), bookkeeping on the event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self, TypeVar

from courtcast.evidence.doubts import Doubts
from courtcast.evidence.files import Part, PlacedFile, in_words, room
from courtcast.evidence.ledger import Ledger
from courtcast.evidence.pieces import Row, Runs, cut, usable
from courtcast.evidence.ranges import Ranges
from courtcast.problems import Refused

T = TypeVar("T")

log = logging.getLogger(__name__)

CATCH_UP = 1 << 20
"""Bytes hashed per write of what lies behind the frontier already: bounded, so that no write waits for gigabytes."""
READ_BACK = 4 << 20
"""Bytes read at a time when a whole file is hashed."""
MAX_READ = 64 << 20
"""Bytes of one read: more would be a mistake of the caller, and memory."""

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="spool")


async def _off_loop(work: Callable[..., T], *args: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)


class Piece(NamedTuple):
    """Bytes and where in the file they belong."""

    offset: int
    data: bytes


class Want(NamedTuple):
    """A read that waits: the first byte that it lacks, and the end of what it asked for."""

    start: int
    end: int


class Spool:
    """One file, partly there. Made with `open`; to be closed, or used as an async context manager.

    length: bytes of the whole, None while the server has not said
    held: what need not be fetched; all of it may be read, but for what is still to be checked
    on_want: called when a read begins to wait for bytes that are not held, and when what was held turned out not to be:
        the fetcher's bell
    """

    def __init__(self, file: PlacedFile, length: int | None, rows: list[Row], ledger: Ledger | None) -> None:
        self.path = file.path
        self.length = length
        self.held = Ranges((row.start, row.end) for row in rows)
        self.on_want: Callable[[], None] | None = None
        self._file = file
        self._good = Ranges()
        """Held, and what it was when it came."""
        self._doubts = Doubts(rows)
        self._checking: asyncio.Task[None] | None = None
        self._ledger = ledger
        self._runs = Runs()
        self._gone: list[int] = []
        """Where rows begin that are still to be taken out."""
        self._noting = asyncio.Lock()
        self._flushed = True
        self._digest = hashlib.sha256()
        self._hashed = 0
        self._sha256: str | None = None
        self._changing = asyncio.Lock()
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._failure: Refused | None = None
        self._answered = length is not None or bool(self.held)
        self._numbers = count()
        self._waiting: dict[int, tuple[Want | None, asyncio.Future[None]]] = {}

    @classmethod
    async def open(
        cls,
        path: Path,
        length: int | None = None,
        held: Ranges | None = None,
        *,
        ledger: Ledger | None = None,
        sha256: str | None = None,
    ) -> Self:
        """Opens or makes the file. Where nothing of it is known from before, it begins empty.

        held: what is in it without having been written down by piece; ledger: where it is written down, and will be;
        sha256: of the whole, where all of it is there and somebody else looks whether it still is

        Raises Refused (`disk-full`, `data-not-writable`, `disk-failing`).
        """
        rows = await ledger.load() if ledger is not None else []
        whole = sha256 is not None and length is not None
        if length is not None and whole:
            held = Ranges([(0, length)])
        rows = rows or [row for start, end in held or () for row in cut(start, end)]
        file = await _off_loop(lambda: PlacedFile(path, empty=not rows))
        good, gone = usable(rows, file.size)
        if ledger is not None and (gone or any(row.sha256 is None for row in good)):
            await ledger.write([row for row in good if row.sha256 is None], gone, lasting=False)
        if good:
            await _off_loop(file.forget)
        spool = cls(file, length, good, ledger)
        if whole and spool.held.covers(0, length or 0):
            spool._sha256 = sha256
            spool._good, spool._doubts = spool.held.copy(), Doubts([])
        if spool._doubts:
            spool._checking = asyncio.create_task(spool._check_all(), name=f"checking {path.name}")
        return spool

    # what is there

    @property
    def complete(self) -> bool:
        """All bytes are held, and none is in doubt."""
        return self.length is not None and self._good.covers(0, self.length)

    @property
    def sha256(self) -> str | None:
        """Of the whole, once `settle` has gone through."""
        return self._sha256

    @property
    def failure(self) -> Refused | None:
        """Why no more bytes come, if so."""
        return self._failure

    def wanted(self) -> list[Want]:
        """What reads wait for, the one that waits longest first."""
        now = (
            Want(self.held.held_until(want.start), want.end) for want, _ in self._waiting.values() if want is not None
        )
        return [want for want in now if want.start < want.end]

    # the fetcher's side

    def answered(self, length: int | None) -> None:
        """The server has answered: the file has this length, or (None) the end will show."""
        self.length = length
        self._answered = True
        self._wake(length_too=True)

    async def fits(self) -> None:
        """Raises Refused (`disk-too-small`) where the disk has no room for what is still to come.

        Every byte is written twice: here, and in a fragment of what is prepared from it.
        """
        if self.length is None:
            return
        needed, free = 2 * (self.length - self.held.total), await self.room()
        if needed > free:
            raise Refused("disk-too-small", needed=in_words(needed), free=in_words(free))

    async def room(self) -> int:
        """Bytes that the disk still takes. Raises Refused (`disk-failing`)."""
        return await _off_loop(room, self.path.parent)

    async def write(self, piece: Piece) -> None:
        """Puts a piece in its place; parts of it that are held already are left as they are.

        Returns when every piece that it made whole is written down. Raises Refused (`disk-full`, `data-not-writable`,
        `disk-failing`).
        """
        await self._whole(self._put(piece))

    async def matches(self, piece: Piece) -> bool:
        """Whether what is held there is the same. Bytes that are not held match anything."""
        offset, data = piece
        while (doubt := self._doubts.within(offset, offset + len(data))) is not None and not self._closed:
            await self._wait(Want(*doubt))
        held = [
            (max(start, offset), min(end, offset + len(data)))
            for start, end in self._good
            if start < offset + len(data) and end > offset
        ]
        return await self._whole(
            _off_loop(
                lambda: all(
                    self._file.read(low, high - low) == data[low - offset : high - offset] for low, high in held
                )
            )
        )

    async def settle(self) -> str:
        """Hashes what is not yet hashed, puts all on the disk for good, and gives the SHA-256 of the whole."""
        return await self._whole(self._settle())

    async def flush(self) -> Ranges:
        """Puts all on the disk for good, writes it down, and says what a later process may rely on, also after a power
        cut. Raises Refused."""
        good = self._good.copy()
        await self._whole(self._flush())
        return good

    def fail(self, problem: Refused) -> None:
        """No more bytes will come: reads of what is not held raise this from now on, until `revive`."""
        self._failure = problem
        self._wake()

    def revive(self) -> None:
        """Bytes come again: the rest of those that are held, or of a file of which nothing is known yet."""
        self._failure = None
        if not self.held:
            self.length = None
            self._answered = False

    # the readers' side

    async def size(self) -> int | None:
        """The length, once the server has answered; None where it does not say. Raises the problem of the fetch."""
        while not self._answered:
            if self._closed or self._failure is not None:
                self._give_up()
            await self._wait(None)
        return self.length

    async def whole_size(self) -> int:
        """The length; waits for the end of the file where the server does not say. Raises the problem of the fetch."""
        while self.length is None:
            if self._closed or self._failure is not None:
                self._give_up()
            await self._wait(None)
        return self.length

    def held_until(self, offset: int) -> int:
        """Where the bytes that can be read from there on end; `offset` itself where none can."""
        return self._good.held_until(offset)

    async def read(self, offset: int, n: int) -> bytes:
        """The bytes there; waits until they have come, and has them fetched first.

        Short only at the end of the file. Raises the problem of the fetch where it ended without them.
        """
        if offset < 0 or not 0 <= n <= MAX_READ:
            raise ValueError(f"no range to read: {offset}+{n}")
        while not self._can_answer(offset, offset + n):
            coming = self._doubts.within(offset, offset + n) is not None
            if self._closed or (self._failure is not None and not coming):
                self._give_up()
            await self._wait(Want(self._good.held_until(offset), offset + n))
        end = offset + n if self.length is None else min(offset + n, self.length)
        return await self._whole(_off_loop(self._file.read, offset, end - offset)) if end > offset else b""

    def pour_now(self, offset: int, n: int, pipe: int) -> int:
        """As `pour`, but at once; none where the disk would have to be waited for."""
        if self._closed or not self.held.covers(offset, offset + n) or not self._file.at_hand(offset, n):
            return 0
        return self._file.pour(offset, n, pipe)

    async def pour(self, offset: int, n: int, pipe: int) -> int:
        """As `read` of bytes that are held, into a pipe and without a copy: as many as it has room for; how many.

        Linux only. Raises BlockingIOError where it has no room, ConnectionError where nobody reads it, Refused.
        """
        if not self.held.covers(offset, offset + n):
            raise ValueError(f"not held: {offset}+{n}")
        return await self._whole(_off_loop(self._file.pour, offset, n, pipe))

    async def lay(self, parts: Sequence[Part], file: int) -> None:
        """Bytes, and those of what is held, one after the other to where a file stands.

        Linux only. Raises Refused.
        """
        for part in parts:
            if isinstance(part, tuple) and not self.held.covers(part[0], sum(part)):
                raise ValueError(f"not held: {part[0]}+{part[1]}")
        await self._whole(_off_loop(self._file.lay, parts, file))

    async def checked(self) -> None:
        """Returns when nothing of what a former process left is in doubt any more."""
        if self._checking is not None:
            await asyncio.wait([self._checking])

    async def close(self) -> None:
        """Waits for file work in hand, and writes down what came; reads that still wait raise."""
        if self._closed:
            return
        self._closed = True
        self._wake()
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait([self._checking])
        if self._in_hand:
            await asyncio.wait(self._in_hand)
        with suppress(Refused):  # it is fetched again
            await self._note(grown=True, lasting=False)
        await _off_loop(self._file.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # waiting

    def _can_answer(self, offset: int, end: int) -> bool:
        return self._good.covers(offset, end if self.length is None else min(end, self.length))

    def _give_up(self) -> NoReturn:
        if self._failure is None:
            raise Refused("internal")
        raise Refused.of(self._failure.problem())

    async def _wait(self, want: Want | None) -> None:
        number = next(self._numbers)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = want, future
        if want is not None and self.on_want is not None:
            self.on_want()
        try:
            await future
        finally:
            del self._waiting[number]

    def _wake(self, *, length_too: bool = False) -> None:
        """Everyone whose wait may be over looks again."""
        over = self._closed or self._failure is not None
        for want, future in self._waiting.values():
            if not future.done() and (over or (length_too if want is None else self._can_answer(*want))):
                future.set_result(None)

    def _look_again(self, row: Row) -> None:
        """Whoever waits for bytes of it has to have them fetched."""
        for want, future in self._waiting.values():
            if want is not None and want.start < row.end and want.end > row.start and not future.done():
                future.set_result(None)
        if self.on_want is not None:
            self.on_want()

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Carries work to its end even where the caller is cancelled: half a write would leave the hash astray."""
        if self._closed:
            work.close()
            self._give_up()
        task = asyncio.ensure_future(work)
        self._in_hand.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._in_hand.discard(task)
        if not task.cancelled():
            task.exception()  # a cancelled caller does not fetch it

    # writing

    async def _put(self, piece: Piece) -> None:
        offset, data = piece
        end = offset + len(data)
        async with self._changing:
            parts = [(low, data[low - offset : high - offset]) for low, high in self.held.missing(offset, end)]
            if parts:
                contiguous = self._good.held_until(0)
                for low, part in parts:
                    if low <= contiguous:
                        contiguous = self._good.held_until(max(contiguous, low + len(part)))
                self._flushed = False
                await _off_loop(self._write_and_hash, parts, contiguous)
                for low, part in parts:
                    self.held.add(low, low + len(part))
                    self._good.add(low, low + len(part))
        self._wake()
        if self._runs.whole:
            await self._note(grown=False, lasting=False)

    async def _note(self, *, grown: bool, lasting: bool) -> None:
        """Writes down what has come. Raises Refused; then it is done the next time."""
        async with self._noting:
            async with self._changing:
                rows, gone = self._runs.rows(grown=grown), self._gone
                self._gone = []
            if self._ledger is None or not (rows or gone):
                return
            try:
                await self._ledger.write(rows, gone, lasting=lasting)
            except BaseException:
                self._runs.again(rows)
                self._gone += gone
                raise

    async def _flush(self) -> None:
        async with self._changing:  # what is written down as lasting is what lay in the file before it was flushed
            if self._flushed:
                return
            self._flushed = True
        try:
            await _off_loop(self._file.flush)
            await self._note(grown=True, lasting=True)
        except BaseException:
            self._flushed = False
            raise

    async def _settle(self) -> str:
        if self.length is None or not self.complete:
            raise RuntimeError("not all is held")
        async with self._changing:
            while self._hashed < self.length:
                await _off_loop(self._hash_on, self.length, READ_BACK)
            await _off_loop(self._file.flush)
            self._sha256 = self._digest.hexdigest()
        return self._sha256

    def _write_and_hash(self, parts: list[tuple[int, bytes]], contiguous: int) -> None:
        for offset, data in parts:
            self._file.write(offset, data)
            if self._ledger is not None:
                self._runs.take(offset, data)
            if offset == self._hashed:
                self._digest.update(data)
                self._hashed += len(data)
        self._hash_on(contiguous, CATCH_UP)

    def _hash_on(self, until: int, at_most: int) -> None:
        n = min(until - self._hashed, at_most)
        if n > 0:
            data = self._file.read(self._hashed, n)
            if len(data) < n:
                raise Refused("disk-failing")
            self._digest.update(data)
            self._hashed += n

    # checking what a former process left

    async def _check_all(self) -> None:
        """What somebody waits for first, then from the front; at leisure where nobody does."""
        clock = asyncio.get_running_loop().time
        while self._doubts:
            began = clock()
            wants = [self._good.held_until(want.start) for want, _ in self._waiting.values() if want is not None]
            await self._whole(self._check(self._doubts.take(wants)))
            if not wants:
                await asyncio.sleep(min(clock() - began, 0.1))
        with suppress(Refused):  # the next one that writes meets it
            await self._note(grown=False, lasting=False)
        if self.on_want is not None:
            self.on_want()

    async def _check(self, row: Row) -> None:
        async with self._changing:
            found = await _off_loop(self._hash_of, row)
            self._doubts.settled(row)
            if found is None or row.sha256 not in {None, found}:
                log.warning("%s: bytes %d to %d are not what they were", self.path, row.start, row.end)
                self.held.discard(row.start, row.end)
                self._gone.append(row.start)
                self._look_again(row)
            else:
                self._good.add(row.start, row.end)
                if row.sha256 is None:
                    self._runs.again([Row(row.start, row.end, found)])
        self._wake()

    def _hash_of(self, row: Row) -> bytes | None:
        """None where the disk does not give all of it."""
        try:
            data = self._file.read(row.start, row.end - row.start)
        except Refused:
            return None
        if len(data) < row.end - row.start:
            return None
        found = hashlib.sha256(data).digest()
        if row.start == self._hashed and row.sha256 in {None, found}:
            self._digest.update(data)
            self._hashed = row.end
        return found
