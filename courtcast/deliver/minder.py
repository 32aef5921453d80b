"""Looks whether the presenter's machine slept or has other addresses (`courtcast.deliver.moves`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from courtcast.deliver.interfaces import all_addresses
from courtcast.deliver.moves import LOOK, Move, Moves

_log = logging.getLogger(__name__)


async def mind(now: Callable[[], float], on_move: Callable[[Move], None]) -> None:
    """Until cancelled. `now` goes on while the machine sleeps; `on_move` may neither block nor raise."""
    moves = Moves()
    took = LOOK
    while True:
        try:
            move = moves.look(took, await asyncio.to_thread(all_addresses))
        except OSError as error:
            _log.warning("the addresses of this machine cannot be read: %r", error)
        else:
            if move is not None:
                _log.info("this machine moved: %s", move)
                on_move(move)
        before = now()
        await asyncio.sleep(LOOK)
        took = now() - before  # of the waiting alone: the look itself may have to wait for other work
