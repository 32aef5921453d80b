"""One thing done behind another: while it is under way, the next is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any


class Behind:
    """Things in their order, one at a time. As a context it leaves nothing under way: what was begun is finished first,
    unless the whole is cancelled."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Behind:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        if isinstance(error, asyncio.CancelledError):
            task.cancel()
        await asyncio.wait([task])
        if error is None:
            task.result()

    async def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins it once what came before is done. Raises what that raised."""
        try:
            await self.done()
        except BaseException:
            work.close()
            raise
        self._task = asyncio.get_running_loop().create_task(work)

    async def done(self) -> None:
        """Waits for what is under way. Raises what it raised."""
        task, self._task = self._task, None
        if task is not None:
            await task
