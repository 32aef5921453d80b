"""Work that stands or falls together: whoever goes on after it is as before."""

from __future__ import annotations

import asyncio

import pytest

from courtcast.tasks import together


async def fails() -> None:
    await asyncio.sleep(0.01)
    raise KeyError("why")


async def test_a_failure_ends_the_others_and_leaves_no_cancellation_behind() -> None:
    ended = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    with pytest.raises(ExceptionGroup) as caught:
        await together(waits, fails)
    assert isinstance(caught.value.exceptions[0], KeyError)
    assert ended.is_set()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.sleep(30)


async def test_who_is_cancelled_ends_them_first() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.01)
            ended.append("work")

    task = asyncio.create_task(together(waits, waits))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work", "work"]
