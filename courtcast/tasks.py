"""Tasks that stand or fall together, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

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
