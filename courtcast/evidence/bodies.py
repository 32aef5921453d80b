"""The bytes of one piece of a recording as they are sent, whatever the server makes of ranges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp

from courtcast.evidence.ask import READ, Asker, NoRanges, Trouble
from courtcast.evidence.links.found import Part
from courtcast.problems import Refused

MOST_PART = 512 << 20
"""Bytes of one piece."""


async def body(asker: Asker, part: Part, may_read: asyncio.Event | None = None) -> AsyncGenerator[bytes, None]:
    """As it is sent; a server without ranges sends all of the file that it lies in.

    Raises Refused or Trouble, also where it ends too early.
    """
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
            if may_read is not None:
                await may_read.wait()
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


async def beginning(asker: Asker, part: Part, n: int) -> bytes:
    """Its first n bytes; all of it where it has less. Raises Refused or Trouble."""
    found = b""
    async with aclosing(body(asker, part)) as coming:
        async for data in coming:
            found += data
            if len(found) >= n:
                break
    return found[:n]
