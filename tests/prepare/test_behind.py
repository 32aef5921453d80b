"""Things done one behind another."""

from __future__ import annotations

import asyncio

import pytest

from courtcast.prepare.behind import Behind


async def test_in_their_order_and_one_at_a_time() -> None:
    under_way, done = 0, []

    async def thing(n: int) -> None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await asyncio.sleep(0)
        under_way -= 1
        done.append(n)

    async with Behind() as behind:
        for n in range(5):
            await behind.do(thing(n))
            assert len(done) <= n
    assert done == list(range(5))


async def test_what_went_wrong_is_raised_by_the_next() -> None:
    begun = []

    async def fails() -> None:
        raise KeyError("disk")

    async def next_one() -> None:
        begun.append(True)

    async with Behind() as behind:
        await behind.do(fails())
        with pytest.raises(KeyError):
            await behind.do(next_one())
    assert not begun


async def test_or_at_the_end() -> None:
    async def fails() -> None:
        raise KeyError("disk")

    with pytest.raises(KeyError):
        async with Behind() as behind:
            await behind.do(fails())


async def test_what_ends_the_rest_lets_it_finish_and_is_what_is_raised() -> None:
    done = []

    async def slow(fail: bool) -> None:
        await asyncio.sleep(0.01)
        done.append(True)
        if fail:
            raise KeyError("disk")

    async def whole(fail: bool) -> None:
        async with Behind() as behind:
            await behind.do(slow(fail))
            raise ValueError("damaged")

    for fail in (False, True):
        with pytest.raises(ValueError, match="damaged"):
            await whole(fail)
    assert done == [True, True]


async def test_cancelled_with_the_whole() -> None:
    ended = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def whole() -> None:
        async with Behind() as behind:
            await behind.do(for_ever())
            await asyncio.sleep(10)

    task = asyncio.create_task(whole())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
