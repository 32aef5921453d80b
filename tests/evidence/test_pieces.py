"""What is written down of a file that is coming."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.evidence.doubts import Doubts
from courtcast.evidence.pieces import LOOSE, PIECE, Row, Runs, cut, usable
from courtcast.evidence.ranges import Ranges

DATA = random.Random(2).randbytes(3 * PIECE + 777)


def row(start: int, end: int) -> Row:
    return Row(start, end, hashlib.sha256(DATA[start:end]).digest())


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), lanes=st.integers(1, 4))
def test_rows_say_what_came_whatever_the_order(seed: int, lanes: int) -> None:
    """Lanes at any places, in any turn: rows are right, each byte is in one, and little is outside of them at any time."""
    rng = random.Random(seed)
    runs, written, came = Runs(), dict[int, Row](), Ranges()
    starts = sorted({0, *(rng.randrange(len(DATA)) for _ in range(lanes - 1))})
    where = dict(zip(starts, [*starts[1:], len(DATA)], strict=True))
    at = {start: start for start in starts}
    while at:
        lane = rng.choice(list(at))
        n = min(rng.randrange(1, 300_000), where[lane] - at[lane])
        runs.take(at[lane], DATA[at[lane] : at[lane] + n])
        came.add(at[lane], at[lane] + n)
        at[lane] += n
        if at[lane] == where[lane]:
            del at[lane]
        for one in runs.rows(grown=rng.random() < 0.05):
            written[one.start] = one
        assert came.total - sum(one.end - one.start for one in written.values()) <= len(starts) * PIECE
    for one in runs.rows(grown=True):
        written[one.start] = one
    assert all(one == row(one.start, one.end) for one in written.values())
    assert all(one.start // PIECE == (one.end - 1) // PIECE for one in written.values())
    assert sum(one.end - one.start for one in written.values()) == len(DATA)
    assert runs.rows(grown=True) == []


def test_what_could_not_be_written_down_is_given_once_more() -> None:
    runs = Runs()
    runs.take(0, DATA[: PIECE + 5])
    assert runs.whole
    rows = runs.rows(grown=True)
    assert rows == [row(0, PIECE), row(PIECE, PIECE + 5)]
    runs.again(rows)
    runs.take(PIECE + 5, DATA[PIECE + 5 : PIECE + 9])
    assert runs.rows(grown=True) == [*rows, row(PIECE, PIECE + 9)], "the later one replaces the one before"


def test_a_reader_that_jumps_about_leaves_no_heap() -> None:
    runs = Runs()
    for n in range(4 * LOOSE):
        runs.take(n * 5000, DATA[n * 5000 : n * 5000 + 10])
        assert runs.rows(grown=True) == [row(n * 5000, n * 5000 + 10)]
    assert len(runs._open) <= LOOSE + 1


def test_what_a_file_cannot_bear_out_is_no_use() -> None:
    rows = [Row(0, 10, b"a"), Row(5, 20, b"b"), Row(20, 30, b"c"), Row(30, 60, b"d")]
    assert usable(rows, 50) == ([rows[0], rows[2]], [5, 30])
    whole, gone = usable([Row(100, 2 * PIECE + 50, None)], 2 * PIECE)
    assert (whole, gone) == ([Row(100, PIECE, None), Row(PIECE, 2 * PIECE, None)], [])
    assert cut(7, 7) == []


def test_doubts_go_from_the_front_but_for_what_is_wanted() -> None:
    rows = [Row(0, 10, None), Row(10, 20, None), Row(30, 40, None), Row(40, 50, None)]
    doubts = Doubts(rows)
    taken = [doubts.take([35])]
    doubts.settled(taken[0])
    assert doubts.within(0, 35) == (0, 20)
    assert doubts.within(20, 40) is None
    assert doubts.within(39, 45) == (40, 45)
    for wants in ([], [35, 25, 45], [99]):
        taken.append(doubts.take(wants))
        doubts.settled(taken[-1])
    assert taken == [rows[2], rows[0], rows[3], rows[1]]
    assert not doubts
