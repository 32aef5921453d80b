"""The arithmetic of pairing and the rules for tries; the same over real connections is in tests/receiver."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.core.identity import Identity
from courtcast.core.pairing import (
    DAY,
    MAX_WRONG,
    MESSAGE_BYTES,
    PairingFailed,
    PresenterSide,
    ReceiverSide,
    Tries,
    group_code,
    new_code,
    read_code,
)

P, R, E = (Identity.make(name).certificate for name in ("presenter", "receiver", "Eve"))
CODE, OTHER = "12345678", "12345679"


def test_both_know_the_code() -> None:
    presenter = PresenterSide(CODE, presenter=P, receiver=R)
    receiver = ReceiverSide(CODE, presenter=P, receiver=R)
    proof = presenter.prove(receiver.answer(presenter.start()))
    presenter.confirm(receiver.confirm(proof))


@pytest.mark.parametrize(
    ("code", "presenter_cert", "receiver_cert"),
    [(OTHER, P, R), (CODE, E, R), (CODE, P, E), (CODE, R, P)],
    ids=["code", "presenter's certificate", "receiver's certificate", "swapped"],
)
def test_anything_that_differs_is_refused_by_the_receiver_first(
    code: str, presenter_cert: bytes, receiver_cert: bytes
) -> None:
    presenter = PresenterSide(CODE, presenter=P, receiver=R)
    receiver = ReceiverSide(code, presenter=presenter_cert, receiver=receiver_cert)
    with pytest.raises(PairingFailed):
        receiver.confirm(presenter.prove(receiver.answer(presenter.start())))


def test_a_receiver_that_does_not_know_the_code_proves_nothing() -> None:
    presenter = PresenterSide(CODE, presenter=P, receiver=R)
    receiver = ReceiverSide(OTHER, presenter=P, receiver=R)
    proof = presenter.prove(receiver.answer(presenter.start()))
    for said in (proof, bytes(32), b""):  # its own MAC sent back to it included
        with pytest.raises(PairingFailed):
            presenter.confirm(said)


def test_a_message_sent_back_is_refused() -> None:
    presenter = PresenterSide(CODE, presenter=P, receiver=R)
    with pytest.raises(PairingFailed):
        presenter.prove(presenter.start())


@given(
    st.one_of(
        st.binary(max_size=80), st.binary(min_size=MESSAGE_BYTES - 1, max_size=MESSAGE_BYTES - 1).map(b"A".__add__)
    )
)
def test_no_message_does_more_than_fail(message: bytes) -> None:
    receiver = ReceiverSide(CODE, presenter=P, receiver=R)
    try:
        receiver.answer(message)
    except PairingFailed:
        return
    with pytest.raises(PairingFailed):
        receiver.confirm(bytes(32))


@pytest.mark.parametrize(
    "point", [b"\1" + bytes(31), bytes(32), b"\xec" + b"\xff" * 30 + b"\x7f"], ids=["zero", "order 4", "order 2"]
)
def test_points_of_small_order_are_refused(point: bytes) -> None:
    with pytest.raises(PairingFailed):
        ReceiverSide(CODE, presenter=P, receiver=R).answer(b"A" + point)


def test_proofs_before_their_time_are_refused() -> None:
    with pytest.raises(PairingFailed):
        ReceiverSide(CODE, presenter=P, receiver=R).confirm(bytes(32))
    with pytest.raises(PairingFailed):
        PresenterSide(CODE, presenter=P, receiver=R).confirm(bytes(32))


@pytest.mark.parametrize("typed", ["12345678", "1234 5678", " 1234-5678\n", "12 34 56 78", "1234–5678"])
def test_a_code_is_read_however_it_is_grouped(typed: str) -> None:
    assert read_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "1234 5678 x"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_a_new_code_is_readable_as_it_is_shown() -> None:
    for _ in range(200):
        code = new_code()
        assert read_code(group_code(code)) == code


# tries


def test_the_fifth_wrong_one_locks_and_only_a_new_code_unlocks() -> None:
    tries = Tries.fresh()
    for n in range(1, MAX_WRONG + 1):
        assert not tries.locked
        tries = tries.count(1000.0 + n)
        assert tries.locked == (n == MAX_WRONG)
    assert tries.count(10 * DAY).locked
    fresh = Tries.fresh()
    assert not fresh.locked
    assert fresh.code != tries.code


def test_four_a_day_for_ever_do_not_lock() -> None:
    tries = Tries.fresh()
    for day in range(30):
        for n in range(MAX_WRONG - 1):
            tries = tries.count(day * DAY + n)
    assert not tries.locked


@given(st.lists(st.floats(0, 10 * DAY), min_size=1, max_size=40))
def test_no_five_tries_within_a_day_leave_it_open(times: list[float]) -> None:
    """Whatever the clock does: for each try, those counted within the day before it and those in its future."""
    tries, counted = Tries.fresh(), list[float]()
    for at in times:
        before = tries
        tries = tries.count(at)
        if before.locked:
            assert tries == before
            continue
        counted.append(at)
        assert tries.wrong[-1] == at
        assert len(tries.wrong) <= MAX_WRONG
        if len(counted) >= MAX_WRONG and max(counted[-MAX_WRONG:]) - min(counted[-MAX_WRONG:]) < DAY:
            assert tries.locked


def test_a_clock_put_back_forgives_nothing() -> None:
    tries = Tries.fresh()
    for at in (5 * DAY, 4 * DAY, 3 * DAY, 2 * DAY, DAY):
        tries = tries.count(at)
    assert tries.locked
