"""How many connections: as many as carry more, found out on servers and lines of any kind, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from courtcast.evidence.company import MOST, Company
from courtcast.evidence.hosts import MORE, Hosts
from courtcast.evidence.hosts import MOST as MOST_OF_HOST

TICK = 0.05
GB = 1_000_000_000


def play(carried: Callable[[int], float], seconds: float, *, room: bool = True, left: int = 20 * GB) -> list[int]:
    """How many ran, tick by tick. carried: bytes a second of so many connections together."""
    company, sizes, now = Company(0.0), [], 0.0
    while now < seconds:
        now += TICK
        company.add(now, int(carried(company.size) * TICK))
        sizes.append(company.look(now, left, room=room))
    return sizes


def test_a_server_that_holds_each_connection_back_is_asked_by_four() -> None:
    sizes = play(lambda n: n * 8e6, 10.0)
    assert sizes[-1] == MOST
    assert sizes[int(5.0 / TICK)] >= 3, "within seconds"


def test_a_line_that_one_connection_fills_is_left_to_one_but_for_a_try_now_and_then() -> None:
    sizes = play(lambda _: 2e6, 600.0)
    assert set(sizes) == {1, 2}
    assert sizes.count(2) / len(sizes) < 0.03


@pytest.mark.parametrize("seed", range(5))
def test_a_line_that_swings_by_a_fifth_does_not_seem_quicker(seed: int) -> None:
    rng = random.Random(seed)
    assert play(lambda _: rng.uniform(0.8, 1.2) * 2e6, 60.0).count(2) < 2 * 3 / TICK


def test_two_where_two_carry_all_there_is() -> None:
    sizes = play(lambda n: min(n, 2) * 5e6, 120.0)
    assert sizes[-1] == 2
    assert sizes.count(2) / len(sizes) > 0.8


def test_none_beside_where_the_server_has_no_room_or_it_is_not_worth_it() -> None:
    assert set(play(lambda n: n * 8e6, 30.0, room=False)) == {1}
    assert set(play(lambda n: n * 8e6, 30.0, left=1_000_000)) == {1}


def test_a_server_that_refuses_another_is_not_asked_again() -> None:
    company, now = Company(0.0), 0.0
    while company.size == 1:
        now += TICK
        company.add(now, 400_000)
        company.look(now, GB, room=True)
    company.refused(now)
    for _ in range(40_000):
        now += TICK
        company.add(now, 400_000)
        assert company.look(now, GB, room=True) == 1


def test_what_is_interrupted_is_measured_anew() -> None:
    company, now = Company(0.0), 0.0
    for n in range(2000):
        now += TICK
        company.add(now, 400_000)
        if n % 20 == 0:
            company.begin(now)
        assert company.look(now, GB, room=True) == 1


async def test_a_server_has_so_many_connections_and_no_more() -> None:
    hosts, at_once, most = Hosts(), 0, 0

    async def one() -> None:
        nonlocal at_once, most
        async with hosts.connection("a.example"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    tasks = [asyncio.create_task(one()) for _ in range(50)]
    await asyncio.sleep(0)
    assert not hosts.has_room("a.example")
    assert hosts.has_room("b.example")
    for task in tasks[MOST_OF_HOST : MOST_OF_HOST + 5]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == MOST_OF_HOST > MORE
    assert hosts.has_room("a.example")


def test_a_server_is_left_alone_for_as_long_as_it_asks_and_not_for_ever() -> None:
    now = 0.0
    hosts = Hosts(lambda: now)
    hosts.leave_alone("a.example", 40.0)
    hosts.leave_alone("a.example", 10.0)
    hosts.leave_alone("b.example", 1e9)
    now = 15.0
    assert (hosts.rest("a.example"), hosts.rest("b.example"), hosts.rest("c.example")) == (25.0, 3585.0, 0.0)
    now = 50.0
    assert hosts.rest("a.example") == 0.0
