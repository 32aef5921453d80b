"""Tasks that stand or fall together, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]


async def together(*works: Work) -> None:
    """Runs them side by side; the first that fails ends the others. Raises what `asyncio.TaskGroup` raises.

    A task group whose child fails while its parent waits for it leaves the parent's count of cancellations one too
    high. Up to Python 3.11.3 the next `asyncio.timeout` in that parent then ends in CancelledError instead of
    TimeoutError, and a task that goes on after a failure quietly dies. So whoever goes on waits for a group that has
    a task of its own, and the count ends with that task.
    """

    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(work())

    await asyncio.create_task(group())


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancels them, and returns when each has ended, however it did."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def first_of(work: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T | None:
    """What the work gives, unless the other ends before: then None. Whichever is left is ended. Raises what they do."""
    one, two = asyncio.create_task(work), asyncio.create_task(other)
    try:
        await asyncio.wait((one, two), return_when=asyncio.FIRST_COMPLETED)
        if one.done():
            return one.result()
        two.result()
        return None
    finally:
        await ended(one, two)
