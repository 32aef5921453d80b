"""From a list of pieces into a spool, one after the other: they are one file there, and nobody behind sees that they
came in pieces. Where picture and sound come apart, they are put together on the way (`together`).

It goes on where it was: which pieces have come is written down beside the spool (`came`), and a piece that had come in
part is fetched again and compared. Pieces that are encrypted for the way (AES-128, RFC 8216 §4.3.2.4) are decrypted
here.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from courtcast.evidence.ask import Asker, Trouble
from courtcast.evidence.bodies import body
from courtcast.evidence.came import PLACE, Came, Row
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links.direct import looks_like_page
from courtcast.evidence.links.found import Key, Part, Stream
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.together import Through, Together, begin
from courtcast.evidence.version import Version
from courtcast.problems import Refused

T = TypeVar("T")

KEY = 16
HEAD = 64 << 10
"""Bytes of a piece in which it has to say what it is, where nothing else does."""
MOST_HEAD = 1 << 20
"""Bytes of what pieces share."""


async def fetch_stream(
    stream: Stream,
    spool: Spool,
    guard: Guard,
    came: Came,
    *,
    on_progress: Callable[[int], None],
    known: Version | None = None,
    on_version: Callable[[Version], None] | None = None,
    may_read: asyncio.Event | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Returns when the spool is complete, hashed and on the disk. As `fetch` but for

    came: the pieces that are held, in order; the others are added to it

    Raises Refused (`link-…`, `disk-…`; `link-changed` where other pieces came before).
    """
    version = version_of(stream)
    if known is not None and spool.held and version.differs(known):
        raise Refused("link-changed")
    if on_version is not None:
        on_version(version)
    fetcher = _Fetcher(spool, guard, limits, on_progress, may_read)
    async with Asker(stream.parts[0].link, guard, limits) as asker:
        if stream.together:
            await fetcher.begin(asker, stream.parts)
        header = fetcher.header
        await came.begin(spool.held.held_until(0) - header, len(stream.parts))
        start = header + came.put
        for part in stream.parts[len(came.rows) :]:
            row = await fetcher.part(asker, part, start)
            await came.add(row)
            start += row.put
    if start == header:
        raise Refused("link-empty")
    spool.answered(start)
    await spool.settle()


def version_of(stream: Stream) -> Version:
    """By what it is recognised later: the pieces and how long they are, whatever their addresses are signed with."""
    return Version(etag=f'"hls-{stream.shape}"', name=stream.name)


class _AsItIs:
    """A piece that stands behind the one before."""

    def push(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


class _Fetcher:
    def __init__(
        self,
        spool: Spool,
        guard: Guard,
        limits: Limits,
        on_progress: Callable[[int], None],
        may_read: asyncio.Event | None,
    ) -> None:
        self.header = 0
        """Bytes before the first piece."""
        self._spool, self._guard, self._limits = spool, guard, limits
        self._on_progress = on_progress
        self._may_read = may_read
        self._keys: dict[str, bytes] = {}
        self._together: Together | None = None

    async def begin(self, asker: Asker, parts: Sequence[Part]) -> None:
        """Looks at what each track begins with, in whichever process, and writes what the file begins with."""
        first = {part.track: part for part in reversed(parts)}
        self._together = begin([await self._again(partial(self._head, asker, first[track])) for track in sorted(first)])
        await self._put(0, self._together.header)
        self.header = len(self._together.header)

    async def part(self, asker: Asker, part: Part, start: int) -> Row:
        """What is to be written down of it; it lies in the spool from `start` on."""
        return await self._again(partial(self._once, asker, part, start))

    async def _again(self, work: Callable[[], Awaitable[T]]) -> T:
        """Tries again where that may help."""
        tries = 0
        while True:
            before = self._spool.held.total
            try:
                return await work()
            except Trouble as trouble:
                tries = 1 if self._spool.held.total > before else tries + 1
                if tries >= self._limits.tries or trouble.after > self._limits.retry_after_most:
                    raise trouble.problem from trouble
                pause = min(self._limits.backoff * 2 ** (tries - 1), self._limits.backoff_most)
                await asyncio.sleep(max(trouble.after, pause * random.uniform(0.5, 1.0)))  # noqa: S311

    async def _once(self, asker: Asker, part: Part, start: int) -> Row:
        if self._together is not None and part.head:
            return await self._shared(self._together, asker, part)
        digest, position = _Digest(), start
        through: Through = _AsItIs() if self._together is None else self._together.piece(part.track, part.later)
        async with aclosing(self._plain(asker, part, digest)) as coming:
            async for data in coming:
                if position == start == 0 and looks_like_page("", data[:1024]):
                    raise Refused("link-is-page")
                position = await self._put(position, through.push(data))
        position = await self._put(position, through.end())
        return digest.row(part, position - start)

    async def _shared(self, together: Together, asker: Asker, part: Part) -> Row:
        """What pieces share is at the beginning already; here it has to be the same as there."""
        digest, head = _Digest(), b""
        async with aclosing(self._plain(asker, part, digest)) as coming:
            async for data in coming:
                head += data
                if len(head) > MOST_HEAD:
                    raise Refused("link-is-stream")
        if not together.same(part.track, head):
            raise Refused("link-is-stream")
        return digest.row(part, 0)

    async def _head(self, asker: Asker, part: Part) -> bytes:
        most, head = MOST_HEAD if part.head else HEAD, b""
        async with aclosing(self._plain(asker, part, _Digest())) as coming:
            async for data in coming:
                head += data
                if len(head) >= most:
                    break
        if looks_like_page("", head[:1024]):
            raise Refused("link-is-page")
        return head

    async def _put(self, position: int, data: bytes) -> int:
        """Where it ends in the spool. Raises Refused (`link-changed` where something else is held)."""
        if data:
            if position == 0:
                self._spool.answered(None)
            piece = Piece(position, data)
            if self._spool.held.held_until(position) > position and not await self._spool.matches(piece):
                raise Refused("link-changed")
            await self._spool.write(piece)
            self._on_progress(self._spool.held.total)
        return position + len(data)

    async def _plain(self, asker: Asker, part: Part, digest: _Digest) -> AsyncGenerator[bytes, None]:
        """The piece, decrypted where it came encrypted."""
        key = None if part.key is None else await self._key(part.key)
        async with aclosing(digest.watched(body(asker, part, self._may_read))) as coming:
            async for data in coming if key is None or part.key is None else _decrypted(coming, key, part.key.iv):
                yield data

    async def _key(self, key: Key) -> bytes:
        if key.link.url not in self._keys:
            async with Asker(key.link, self._guard, self._limits) as asker:
                found = (await asker.document(1024)).data
            if len(found) != KEY:
                raise Refused("link-protected")
            self._keys[key.link.url] = found
        return self._keys[key.link.url]


class _Digest:
    """Of a piece as it comes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._bytes = 0

    async def watched(self, coming: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async with aclosing(coming):
            async for data in coming:
                self._digest.update(data)
                self._bytes += len(data)
                yield data

    def row(self, part: Part, put: int) -> Row:
        end = part.start + self._bytes
        place = part.link.shown()[:PLACE] + ("" if part.length is None else f"#bytes={part.start}-{end - 1}")
        return Row(self._digest.hexdigest(), self._bytes, put, part.track, place)


async def _decrypted(coming: AsyncIterator[bytes], key: bytes, iv: bytes) -> AsyncIterator[bytes]:
    """Raises Refused (`link-protected`) where what comes out is no end of a piece: it was another key."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    async for data in coming:
        if plain := unpadder.update(decryptor.update(data)):
            yield plain
    try:
        if rest := unpadder.update(decryptor.finalize()) + unpadder.finalize():
            yield rest
    except ValueError:
        raise Refused("link-protected") from None
