"""Whether a fresh link leads to the file of which some is held already.

A tag that promises the same bytes, together with the length, says so at once. Otherwise some of what is held is fetched
again from there and compared: its beginning, its edges, and places that nobody can know beforehand.
"""

from __future__ import annotations

import random

import aiohttp

from courtcast.evidence.ask import Answer, Asker, NoRanges, Trouble
from courtcast.evidence.guard import Guard
from courtcast.evidence.limits import LIMITS, Limits
from courtcast.evidence.links import Link
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.spool import Piece, Spool
from courtcast.evidence.version import Version
from courtcast.problems import Refused

SAMPLE = 64 << 10
"""Bytes of each place."""
PLACES = 8


async def prove(link: Link, spool: Spool, guard: Guard, known: Version, *, limits: Limits = LIMITS) -> Version:
    """The version that the server of this link has, of which what is held is a part.

    Where the server gives no parts of a file nothing can be proved beforehand: then what is given proves nothing either
    (see `Version.proves`), and every byte is compared as it comes. Raises Refused: `link-other-file`, and what asking
    for the file says.
    """
    held = spool.held.copy()
    async with Asker(link, guard, limits) as asker:
        try:
            places = _places(held, random.SystemRandom())
            answer = await asker.ask(places[0], places[0] + SAMPLE)
            found = Version(length=answer.length, etag=answer.etag, last_modified=answer.last_modified)
            try:
                if known.length is not None and answer.length not in {None, known.length}:
                    raise Refused("link-other-file")
                if not answer.ranged:
                    return Version(length=known.length, name=known.name)
                if known.etag is not None and known.etag == found.etag and found.proves(known):
                    return found
                await _compare(answer, spool, places[0])
            finally:
                answer.response.close()
            for place in places[1:]:
                answer = await asker.ask(place, place + SAMPLE)
                try:
                    await _compare(answer, spool, place)
                finally:
                    answer.response.close()
        except NoRanges:
            return Version(length=known.length, name=known.name)
        except Trouble as trouble:
            raise trouble.problem from trouble
        except (aiohttp.ClientError, OSError) as error:
            raise Refused("link-unreachable") from error
    return found


async def _compare(answer: Answer, spool: Spool, place: int) -> None:
    data = bytearray()
    while len(data) < SAMPLE and (some := await answer.response.content.read(SAMPLE - len(data))):
        data += some
    if not data or not await spool.matches(Piece(place, bytes(data))):
        raise Refused("link-other-file")


def _places(held: Ranges, rng: random.Random) -> list[int]:
    """Where samples begin, each once: the first and last of what is held, ends of its ranges, and by chance."""
    ranges = list(held)
    ends = [max(start, end - SAMPLE) for start, end in ranges]
    places = [ranges[0][0], ends[-1], *ends[:2]]
    for _ in range(PLACES):
        at = rng.randrange(held.total)
        for start, end in ranges:
            if at < end - start:
                places.append(max(start, min(start + at, end - SAMPLE)))
                break
            at -= end - start
    return list(dict.fromkeys(places))[:PLACES]
