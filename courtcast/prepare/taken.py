"""What of a fragment need not be sent, since it lies in the file as it is.

A child that has looked that it does says where, and the parent takes it from there: it goes through neither of the
pipes that lead from the child, and where the file system can do that, it lies on the disk once. What is in a fragment
is hashed where it then lies, as always.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from courtcast.evidence.files import Part
from courtcast.prepare.assemble import Unexpected
from courtcast.prepare.boxes import Bytes, Sample
from courtcast.prepare.draft import Draft
from courtcast.prepare.messages import MOST_DATA, Taken
from courtcast.prepare.source import Laying, Source

_AT_A_TIME = 16 << 20
"""Bytes of one read."""


def apart(samples: Sequence[Sample], parts: Sequence[Bytes]) -> tuple[list[Bytes], list[Taken]]:
    """A fragment's parts, of which the last are its samples' data, one each: what is sent, and what is not."""
    if all(sample.at is None for sample in samples):
        return list(parts), []
    heads = len(parts) - len(samples)
    sent, taken = list(parts[:heads]), list[Taken]()
    before = sum(map(len, sent))
    for sample, data in zip(samples, parts[heads:], strict=True):
        if sample.at is None:
            sent.append(data)
            before += len(data)
        elif taken and not before and taken[-1].at + taken[-1].n == sample.at:
            taken[-1] = Taken(taken[-1].before, taken[-1].at, taken[-1].n + len(data))
        else:
            taken.append(Taken(before, sample.at, len(data)))
            before = 0
    return sent, taken


async def together(
    taken: Sequence[Taken], sent: Bytes | Draft, source: Source, begin: Callable[[], Awaitable[Draft | None]]
) -> Bytes | Draft:
    """The fragment; in a file that is begun for it, where that can be.

    Raises Unexpected, Refused (see `Source.read`), and what the file raises.
    """
    if isinstance(sent, Draft) or len(sent) + sum(one.n for one in taken) > MOST_DATA:
        raise Unexpected("longer than any fragment")
    parts = _in_order(taken, memoryview(sent), source.length)
    if isinstance(source, Laying) and all(source.held_until(one.at) >= one.at + one.n for one in taken):
        draft = await begin()
        if draft is not None:
            await draft.lay(source, parts)
            return draft
    return b"".join([await _read(source, part) if isinstance(part, tuple) else part for part in parts])


def _in_order(taken: Sequence[Taken], sent: memoryview, length: int | None) -> list[Part]:
    """Raises Unexpected."""
    parts: list[Part] = []
    done = 0
    for one in taken:
        if done + one.before > len(sent) or (length is not None and one.at + one.n > length):
            raise Unexpected("takes what there is not")
        if one.before:
            parts.append(sent[done : done + one.before])
            done += one.before
        parts.append((one.at, one.n))
    return [*parts, sent[done:]]


async def _read(source: Source, part: tuple[int, int]) -> bytes:
    """Raises Unexpected where the file ends before."""
    at, left = part
    found = []
    while left:
        data = await source.read(at, min(left, _AT_A_TIME))
        if not data:
            raise Unexpected("takes what there is not")
        found.append(data)
        at, left = at + len(data), left - len(data)
    return b"".join(found)
