"""A presenter's machine that sleeps or changes its network."""

from __future__ import annotations

from courtcast.deliver.moves import LATE, LOOK, Moves

HERE = ("127.0.0.1", "10.77.0.1")


def test_where_nothing_happens_nothing_is_said() -> None:
    moves = Moves()
    for took in (LOOK, LOOK + 0.1, LOOK + LATE, LOOK):
        assert moves.look(took, HERE) is None


def test_a_machine_that_slept() -> None:
    moves = Moves()
    assert moves.look(LOOK, HERE) is None
    move = moves.look(LOOK + 20.0, HERE)
    assert move is not None
    assert abs(move.slept - 20.0) < 1e-9
    assert (move.lost, move.gained) == (frozenset(), frozenset())
    assert moves.look(LOOK, HERE) is None, "it is said once"


def test_another_address() -> None:
    moves = Moves()
    moves.look(LOOK, HERE)
    move = moves.look(LOOK, ("127.0.0.1", "10.78.0.1"))
    assert move is not None
    assert (move.slept, move.lost, move.gained) == (0.0, {"10.77.0.1"}, {"10.78.0.1"})
    assert moves.look(LOOK, ("127.0.0.1", "10.78.0.1")) is None
