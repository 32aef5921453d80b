"""From a list of pieces into a spool, one after the other: they are one file there, and nobody behind sees that they
came in pieces.

It goes on where it was: how long each piece was is kept with the rest (`lengths`), and a piece that had come in part is
fetched again and compared. Pieces that are encrypted for the way (AES-128, RFC 8216 §4.3.2.4) are decrypted here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from courtcast.evidence.ask import READ, Asker, NoRanges, Trouble
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links.direct import looks_like_page
from courtcast.evidence.links.found import Key, Part, Stream
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.version import Version
from courtcast.problems import Refused

MOST_PART = 512 << 20
"""Bytes of one piece."""
KEY = 16


async def fetch_stream(
    stream: Stream,
    spool: Spool,
    guard: Guard,
    lengths: list[int],
    *,
    on_progress: Callable[[int], None],
    known: Version | None = None,
    on_version: Callable[[Version], None] | None = None,
    may_read: asyncio.Event | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Returns when the spool is complete, hashed and on the disk. As `fetch` but for

    lengths: of the pieces that are held, in order; they are added to it

    Raises Refused (`link-…`, `disk-…`; `link-changed` where other pieces came before).
    """
    version = version_of(stream)
    if known is not None and spool.held and version.differs(known):
        raise Refused("link-changed")
    fetcher = _Fetcher(spool, guard, limits, on_progress, may_read)
    while lengths and (sum(lengths) > spool.held.held_until(0) or len(lengths) > len(stream.parts)):
        lengths.pop()
    if on_version is not None:
        on_version(version)
    start = sum(lengths)
    async with Asker(stream.parts[0].link, guard, limits) as asker:
        for part in stream.parts[len(lengths) :]:
            end = await fetcher.part(asker, part, start)
            lengths.append(end - start)
            start = end
    if start == 0:
        raise Refused("link-empty")
    spool.answered(start)
    await spool.settle()


def version_of(stream: Stream) -> Version:
    """By what it is recognised later: the pieces and how long they are, whatever their addresses are signed with."""
    return Version(etag=f'"hls-{stream.shape}"', name=stream.name)


class _Fetcher:
    def __init__(
        self,
        spool: Spool,
        guard: Guard,
        limits: Limits,
        on_progress: Callable[[int], None],
        may_read: asyncio.Event | None,
    ) -> None:
        self._spool, self._guard, self._limits = spool, guard, limits
        self._on_progress = on_progress
        self._may_read = may_read
        self._keys: dict[str, bytes] = {}

    async def part(self, asker: Asker, part: Part, start: int) -> int:
        """Where it ends in the spool. Tries again where that may help."""
        tries = 0
        while True:
            before = self._spool.held.total
            try:
                return await self._once(asker, part, start)
            except Trouble as trouble:
                tries = 1 if self._spool.held.total > before else tries + 1
                if tries >= self._limits.tries or trouble.after > self._limits.retry_after_most:
                    raise trouble.problem from trouble
                pause = min(self._limits.backoff * 2 ** (tries - 1), self._limits.backoff_most)
                await asyncio.sleep(max(trouble.after, pause * random.uniform(0.5, 1.0)))  # noqa: S311

    async def _once(self, asker: Asker, part: Part, start: int) -> int:
        key = None if part.key is None else await self._key(part.key)
        position = start
        async with aclosing(self._body(asker, part)) as body:
            async for data in body if key is None or part.key is None else _decrypted(body, key, part.key.iv):
                if position == start == 0:
                    if looks_like_page("", data[:1024]):
                        raise Refused("link-is-page")
                    self._spool.answered(None)
                piece = Piece(position, data)
                if self._spool.held.held_until(position) > position and not await self._spool.matches(piece):
                    raise Refused("link-changed")
                await self._spool.write(piece)
                position += len(data)
                self._on_progress(self._spool.held.total)
        return position

    async def _body(self, asker: Asker, part: Part) -> AsyncGenerator[bytes, None]:
        """The piece as it is sent. A server without ranges sends all of the file that it lies in."""
        asker.turn_to(part.link)
        end = None if part.length is None else part.start + part.length
        try:
            answer = await asker.ask(part.start, end)
        except NoRanges:
            answer = await asker.ask_whole()
        skip, left = part.start - answer.start, MOST_PART if part.length is None else part.length
        whole = answer.end is not None and part.length is None
        try:
            while left > 0:
                if self._may_read is not None:
                    await self._may_read.wait()
                data = await answer.response.content.read(READ)
                if not data:
                    break
                data, skip = data[skip:], max(0, skip - len(data))
                if data:
                    yield data[:left]
                    left -= min(len(data), left)
            else:
                if part.length is None:
                    raise Refused("link-too-large")
        except (aiohttp.ClientError, OSError) as error:
            raise Trouble(Refused("link-cut-short")) from error
        finally:
            if answer.response.content.at_eof():
                answer.response.release()
            else:
                answer.response.close()
        if part.length is not None and left > 0:
            raise Trouble(Refused("link-cut-short"))
        if whole and answer.end is not None and MOST_PART - left < answer.end - part.start:
            raise Trouble(Refused("link-cut-short"))

    async def _key(self, key: Key) -> bytes:
        if key.link.url not in self._keys:
            async with Asker(key.link, self._guard, self._limits) as asker:
                found = (await asker.document(1024)).data
            if len(found) != KEY:
                raise Refused("link-protected")
            self._keys[key.link.url] = found
        return self._keys[key.link.url]


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
