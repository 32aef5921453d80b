"""Turns: few at a time, in an order that may change."""

from __future__ import annotations

import asyncio

from courtcast.evidence.turns import Rank, Turns


class Someone:
    def __init__(self, turns: Turns, name: str, position: int, order: list[str]) -> None:
        self.rank = Rank(0, position)
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._be(turns, name, order))

    async def _be(self, turns: Turns, name: str, order: list[str]) -> None:
        async with turns.turn(lambda: self.rank):
            order.append(name)
            await self.leave.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_few_at_a_time_in_order_and_the_order_may_change() -> None:
    turns, order = Turns(2), []
    there = {name: Someone(turns, name, n, order) for n, name in enumerate("abcde")}
    await settle()
    assert order == ["a", "b"]
    there["e"].rank = Rank(0, -1)
    there["a"].leave.set()
    await settle()
    assert order == ["a", "b", "e"]
    there["b"].leave.set()
    await settle()
    assert order == ["a", "b", "e", "c"]
    for one in there.values():
        one.leave.set()
    await asyncio.gather(*(one.task for one in there.values()))
    assert order == ["a", "b", "e", "c", "d"]


async def test_one_more_where_somebody_presses_but_no_two() -> None:
    turns, order = Turns(1), []
    there = {name: Someone(turns, name, n, order) for n, name in enumerate("abc")}
    await settle()
    assert order == ["a"]
    there["b"].rank = there["c"].rank = Rank(-1, 0)
    turns.look()
    await settle()
    assert order == ["a", "b"]
    there["a"].leave.set()
    await settle()
    assert order == ["a", "b", "c"]
    for one in there.values():
        one.leave.set()
    await asyncio.gather(*(one.task for one in there.values()))


async def test_who_gives_up_leaves_no_hole() -> None:
    turns, order = Turns(1), []
    there = {name: Someone(turns, name, n, order) for n, name in enumerate("abc")}
    await settle()
    there["b"].task.cancel()
    there["a"].task.cancel()
    await settle()
    assert order == ["a", "c"]
    late = Someone(turns, "d", 9, order)
    there["c"].leave.set()
    late.leave.set()
    await late.task
    assert order == ["a", "c", "d"]


async def test_being_cancelled_in_the_moment_of_getting_it_gives_it_on() -> None:
    turns, order = Turns(1), []
    first = Someone(turns, "a", 0, order)
    second = Someone(turns, "b", 1, order)
    third = Someone(turns, "c", 2, order)
    await settle()
    first.leave.set()
    await first.task
    second.task.cancel()
    await settle()
    assert order in (["a", "c"], ["a", "b", "c"])
    third.leave.set()
    await third.task


async def test_whoever_makes_no_use_of_a_turn_lends_it() -> None:
    turns, order = Turns(1), []

    async with turns.turn(lambda: Rank(0, 0)) as lend:
        second = Someone(turns, "b", 1, order)
        third = Someone(turns, "c", 2, order)
        await settle()
        assert order == []
        lend()
        lend()
        await settle()
        assert order == ["b"]
    await settle()
    assert order == ["b"], "a turn that was lent is not given away again"
    second.leave.set()
    third.leave.set()
    await asyncio.gather(second.task, third.task)
    assert order == ["b", "c"]
