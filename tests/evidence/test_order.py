"""What is asked for next: by example, and by playing a whole fetch through with any reader and any server speed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.evidence.order import LANES, NEAR, SPAN, Lane, Step, next_step
from courtcast.evidence.ranges import Ranges

MIB = 1 << 20
LENGTH = 100 * MIB


@pytest.mark.parametrize(
    ("held", "wants", "lanes", "step"),
    [
        pytest.param([], [], [], Step(frozenset(), Lane(0, LENGTH)), id="from the front"),
        pytest.param([(0, MIB)], [], [], Step(frozenset(), Lane(MIB, LENGTH)), id="from the first gap"),
        pytest.param([(0, MIB), (9 * MIB, LENGTH)], [], [], Step(frozenset(), Lane(MIB, 9 * MIB)), id="up to what is held"),
        pytest.param([], [], [(MIB, LENGTH)], Step(frozenset({0})), id="nobody waits: it runs"),
        pytest.param([(0, MIB)], [MIB], [(MIB, LENGTH)], Step(frozenset({0})), id="it is coming"),
        pytest.param([(0, MIB)], [MIB + NEAR], [(MIB, LENGTH)], Step(frozenset({0})), id="it is coming soon"),
        pytest.param(
            [(0, MIB)], [50 * MIB], [(MIB, LENGTH)],
            Step(frozenset(), Lane(50 * MIB, 51 * MIB), None, 0), id="far away: another lane, the first one is cut there",
        ),
        pytest.param(
            [(0, MIB)], [LENGTH - 2 * SPAN], [(MIB, LENGTH)],
            Step(frozenset(), Lane(LENGTH - 2 * SPAN, LENGTH), None, 0), id="the index at the end, all of it",
        ),
        pytest.param(
            [(0, MIB), (50 * MIB, 51 * MIB)], [51 * MIB], [(MIB, 50 * MIB)],
            Step(frozenset(), Lane(51 * MIB, 52 * MIB)), id="on behind what came",
        ),
        pytest.param(
            [(0, MIB)], [50 * MIB, MIB], [(MIB, 50 * MIB), (50 * MIB, 51 * MIB)],
            Step(frozenset({1})), id="who waits longest goes first",
        ),
        pytest.param(
            [(0, MIB)], [80 * MIB], [(MIB, 50 * MIB), (50 * MIB, 51 * MIB)],
            Step(frozenset(), Lane(80 * MIB, 81 * MIB), 1, None), id="a third: the shorter lane is given up",
        ),
        pytest.param([(0, MIB)], [LENGTH, LENGTH + 5], [(MIB, LENGTH)], Step(frozenset({0})), id="nothing beyond the end"),
        pytest.param([(0, 2 * MIB)], [MIB], [(2 * MIB, LENGTH)], Step(frozenset({0})), id="it has come in the meantime"),
        pytest.param([(0, LENGTH)], [], [], Step(frozenset()), id="nothing left"),
    ],
)  # fmt: skip
def test_by_example(held: list[tuple[int, int]], wants: list[int], lanes: list[tuple[int, int]], step: Step) -> None:
    assert next_step(Ranges(held), LENGTH, wants, [Lane(*lane) for lane in lanes]) == step


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 20_000_000),
    reads=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 300_000)), max_size=12),
    seed=st.integers(0, 2**32),
)
def test_every_byte_comes_once_and_whoever_waits_is_served(
    length: int, reads: list[tuple[float, int]], seed: int
) -> None:
    """A whole fetch, by the rules that `fetch` follows, with lanes that run at any speed."""
    rng = random.Random(seed)
    held = Ranges()
    lanes: list[Lane] = []
    fetched = 0
    waiting: list[tuple[int, int]] = []
    todo = [(int(place * length), n) for place, n in reads]
    for _ in range(5000):
        if todo and rng.random() < 0.3:
            start, n = todo.pop()
            waiting.append((start, min(start + n, length)))
        waiting = [(start, end) for start, end in waiting if not held.covers(start, end)]
        if held.covers(0, length) and not todo:
            break
        wants = [held.held_until(start) if rng.random() < 0.7 else start for start, _ in waiting]
        step = next_step(held, length, wants, lanes)
        running = set(step.run)
        if step.start is not None:
            assert held.next_held(step.start.position) not in range(step.start.position, step.start.end)
            if step.cut is not None:
                lanes[step.cut] = Lane(lanes[step.cut].position, step.start.position)
            if step.stop is not None:
                lanes.pop(step.stop)
            lanes.append(step.start)
            running = {len(lanes) - 1}
        assert len(lanes) <= LANES
        if wants:
            lane = lanes[min(running)]
            assert lane.position <= held.held_until(wants[0]) <= lane.position + NEAR, (
                "the lane that runs is the one that serves"
            )
            assert len(running) == 1
        for n in running:
            lane = lanes[n]
            come = min(lane.end - lane.position, rng.randrange(1, 400_000))
            held.add(lane.position, lane.position + come)
            fetched += come
            lanes[n] = Lane(lane.position + come, lane.end)
        lanes = [lane for lane in lanes if lane.position < lane.end]
    assert held.covers(0, length)
    assert fetched == length


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 90_000_000), many=st.integers(2, 4), seed=st.integers(0, 2**32))
def test_side_by_side_every_byte_comes_once_and_they_end_together(length: int, many: int, seed: int) -> None:
    """Lanes of the same speed, and a reader that goes from the front: nobody is idle while there is something to do."""
    rng = random.Random(seed)
    held, fetched, idle, reader = Ranges(), 0, 0, 0
    lanes: list[Lane] = []
    rounds = 0
    while not held.covers(0, length):
        rounds += 1
        for _ in range(many):
            wants = [held.held_until(reader)] if rng.random() < 0.5 else []
            step = next_step(held, length, wants, lanes, near=length, side_by_side=many, stretch=8 * MIB)
            if step.start is None:
                break
            assert step.stop is None
            if step.cut is not None:
                lanes[step.cut] = Lane(lanes[step.cut].position, step.start.position)
            lanes.append(step.start)
        assert 0 < len(lanes) <= many
        idle += many - len(lanes)
        for n, lane in enumerate(lanes):
            come = min(lane.end - lane.position, 300_000)
            held.add(lane.position, lane.position + come)
            fetched += come
            lanes[n] = Lane(lane.position + come, lane.end)
        lanes = [lane for lane in lanes if lane.position < lane.end]
        reader = held.held_until(0)
        assert not held or max(end for _, end in held) - reader <= 8 * MIB * many * 2, (
            "what lies beyond a hole is little"
        )
    assert fetched == length
    assert idle <= 2 * many * (2 * MIB // 300_000 + 2), "at the end alone"
