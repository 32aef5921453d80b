"""Which place of a recording somebody waits for while it is being made."""

from __future__ import annotations

import asyncio
from typing import Final

from courtcast.prepare import messages
from courtcast.prepare.assemble import Unexpected
from courtcast.prepare.cage.ends import refused
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.making import Making
from courtcast.prepare.source import Source, Stock, answer
from courtcast.problems import Refused

_SETTLES: Final = 0.15
"""Seconds that a place has to be wanted: whoever drags along the bar wants the last one."""
_LOOK: Final = 0.5
"""Seconds between looks whether all of the file is here."""


class Wish:
    """The places that somebody wants to see, as media time in seconds, the most urgent first."""

    def __init__(self) -> None:
        self._places: tuple[float, ...] = ()
        self._changed = asyncio.Event()

    def put(self, *places: float) -> None:
        """From now on those. The same again is no news."""
        if places != self._places:
            self._places = places
            self._changed.set()

    async def next(self) -> tuple[float, ...]:
        """Waits for others, and until they stay."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(_SETTLES)
            if not self._changed.is_set():
                return self._places


async def sought(making: Making, wish: Wish, source: Source, cage: Cage, work: messages.Work) -> None:
    """Returns when the child that does this work has to be stopped, since another part is wanted first; else never.
    Raises what the source and the cage raise."""
    await making.converting.wait()
    if not making.foreseen:
        while not _is_here(source):  # noqa: ASYNC110 (half a second more or less is no matter)
            await asyncio.sleep(_LOOK)
        if not await _scan(making, source, cage, work):
            await asyncio.Event().wait()
    while not making.turn_to(await wish.next()):
        pass


def _is_here(source: Source) -> bool:
    """All of it: a demuxer that seeks must not wait for bytes."""
    return isinstance(source, Stock) and source.length is not None and source.held_until(0) >= source.length


async def _scan(making: Making, source: Source, cage: Cage, work: messages.Work) -> bool:
    """Whether it is known what there is to come. That it cannot be scanned is no fault of the recording's."""
    try:
        scan = messages.Work(do="scan", length=source.length, name=work.name, heard=work.heard)
        async with cage.child(scan) as child:
            while True:
                message, data = await child.receive()
                match message:
                    case messages.Read():
                        await child.send(messages.Data(), await answer(source, message))
                    case messages.Scanned():
                        return await making.scanned(message, bytes(data))
                    case messages.Failed():
                        raise refused(message)
                    case _:
                        return False
    except (Refused, Unexpected):
        return False
