"""An event loop in virtual time: an hour passes as soon as nothing is left to do in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class VirtualLoop(asyncio.BaseEventLoop):
    """Nothing but timers and tasks. `disk` is how long what is done in a thread takes."""

    def __init__(self, now: float, disk: Callable[[], float]) -> None:
        super().__init__()
        self._selector = self
        self._now = now
        self._disk = disk
        self._busy: dict[Any, float] = {}
        """When each executor is through with what it was given."""
        self.set_exception_handler(self._failed)
        self.failures: list[dict[str, Any]] = []

    def advance(self, to: float) -> None:
        """Runs until then."""
        if to > self._now:
            self.call_at(to, self.stop)
            self.run_forever()
            self._now = to

    def turn(self) -> None:
        """Runs what can be done without time passing."""
        self.call_soon(self.call_soon, self.stop)
        self.run_forever()

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """One after the other, each done at once in the middle of the time that it takes: a kill comes before or after."""
        future, takes = self.create_future(), self._disk()
        begins = max(self._now, self._busy.get(executor, 0.0))
        self._busy[executor] = begins + takes

        def settle(error: BaseException | None, result: Any) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def work() -> None:
            error, result = None, None
            try:
                result = func(*args)
            except Exception as raised:
                error = raised
            self.call_at(begins + takes, settle, error, result)

        self.call_at(begins + takes / 2, work)
        return future

    def abandon(self) -> None:
        """The process was killed: what was under way is never gone on with."""
        self.set_exception_handler(lambda *_: None)
        for task in asyncio.all_tasks(self):
            with suppress(RuntimeError):
                task.get_coro().close()  # type: ignore[union-attr]
        self._ready.clear()
        self._scheduled.clear()

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(context)

    # what a loop asks of its selector

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing would ever happen again")
        self._now += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass
