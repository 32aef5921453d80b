"""A presenter's machine that sleeps or changes its network."""

from __future__ import annotations

from courtcast.deliver.moves import LATE, LOOK, Moves

HERE = ("127.0.0.1", "10.77.0.1")


def test_where_nothing_happens_nothing_is_said() -> None:
    moves = Moves(10.0, HERE)
    for count in range(1, 20):
        assert moves.look(10.0 + count * (LOOK + LATE - 0.1), HERE) is None


def test_a_machine_that_slept() -> None:
    moves = Moves(10.0, HERE)
    assert moves.look(10.0 + LOOK, HERE) is None
    move = moves.look(10.0 + 2 * LOOK + 20.0, HERE)
    assert move is not None
    assert abs(move.slept - 20.0) < 1e-9
    assert (move.lost, move.gained) == (frozenset(), frozenset())
    assert moves.look(10.0 + 3 * LOOK + 20.0, HERE) is None, "it is said once"


def test_another_address() -> None:
    moves = Moves(10.0, HERE)
    move = moves.look(11.0, ("127.0.0.1", "10.78.0.1"))
    assert move is not None
    assert (move.slept, move.lost, move.gained) == (0.0, {"10.77.0.1"}, {"10.78.0.1"})
