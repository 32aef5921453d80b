"""A peer that is hostile or broken: what it says is ignored or ends the association, and costs little either way."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtcast.deliver.sctp.sender import ODD_MOST, SILENT_MOST, Sender
from courtcast.deliver.sctp.wire import Sack, read_sack
from tests.deliver.sctp.simulator import Flow, Line, Simulation, Way

FIRST = 5000


def loaded(*, window: int = 1_000_000, messages: int = 40) -> Sender:
    """One with something to send, and its first flight out."""
    sender = Sender(first_tsn=FIRST, window=window, rtt=0.03, now=100.0)
    for _ in range(messages):
        sender.send(1, 53, bytes(16_000))
    assert sender.packets(100.0)
    return sender


def state(sender: Sender) -> tuple[object, ...]:
    board = sender.board
    return board.cumulative, board.in_flight, len(board.out), len(board.lost), len(board.held), board.delivered


def test_what_was_never_sent_is_not_acknowledged() -> None:
    sender = loaded()
    before, beyond = state(sender), sender.outbox.next_tsn
    for sack in (
        Sack(beyond, 10**6, (), 0),
        Sack(FIRST - 1, 10**6, ((FIRST + 1, beyond),), 0),
        Sack(beyond + 2**31, 0, (), 0),
    ):
        sender.sack(sack, 100.1)
        assert state(sender) == before
    assert sender.dead is None


def test_who_goes_on_acknowledging_what_was_never_sent_is_left() -> None:
    sender = loaded()
    for number in range(ODD_MOST + 1):
        sender.sack(Sack(sender.outbox.next_tsn + number, 10**6, (), 0), 100.1)
    assert sender.dead is not None
    assert sender.packets(100.2) == []


def test_old_and_replayed_sacks_change_nothing() -> None:
    sender = loaded()
    sender.sack(Sack(FIRST + 2, 10**6, (), 0), 100.03)
    before = state(sender)
    for _ in range(10_000):
        sender.sack(Sack(FIRST + 1, 0, ((FIRST + 4, FIRST + 5),), 20), 100.04)
    assert state(sender) == before


def test_a_window_of_nothing_for_minutes() -> None:
    """It is asked about once in a while, nothing is lost meanwhile, and the memory does not grow."""
    sender = loaded()
    now, sent, highest = 100.03, 0, sender.outbox.next_tsn - 1
    sender.sack(Sack(highest, 0, (), 0), now)
    while now < 400.0:
        deadline = sender.deadline
        assert deadline is not None, "it never waits for ever"
        now = max(now + 0.001, deadline)
        sender.tick(now)
        for packet in sender.packets(now):
            sent += len(packet)
            sender.sack(Sack(highest, 0, (), 0), now + 0.03)
    assert sender.dead is None
    assert 300 / 0.6 <= sent <= 300 / 0.15, "a probe now and then"
    assert sender.unacknowledged <= 2 * 1160
    sender.sack(Sack(highest, 10**6, (), 0), now)
    assert sum(map(len, sender.packets(now + 1.0))) >= 1


def test_silence_ends_it() -> None:
    sender = loaded()
    now, packets = 100.0, 0
    while sender.dead is None and now < 1000:
        now = max(now + 0.001, sender.deadline or now)
        sender.tick(now)
        packets += len(sender.packets(now))
    assert SILENT_MOST <= now - 100.0 <= SILENT_MOST + 1
    assert packets < 100, "no storm into the silence"


def test_what_was_reported_and_is_taken_back_is_sent_again() -> None:
    """RFC 9260 §6.2.1 lets a receiver throw away what it has reported in a gap block."""
    sender = loaded()
    sender.sack(Sack(FIRST, 10**6, ((FIRST + 2, FIRST + 5),), 0), 100.03)
    assert set(range(FIRST + 2, FIRST + 6)) <= set(sender.board.held)
    sender.sack(Sack(FIRST + 1, 10**6, (), 0), 100.05)
    assert not sender.board.held
    sent = [chunk.tsn for packet in sender.packets(100.06) for chunk in packet]
    assert set(range(FIRST + 2, FIRST + 6)) <= set(sent)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 400))
def test_any_sequence_of_sacks_costs_little_and_breaks_nothing(seed: int, count: int) -> None:
    """Random SACKs, near and far, with windows of any size, between random ticks."""
    chance = random.Random(seed)
    sender = loaded(messages=20)
    now = 100.0
    begun = time.process_time()
    for _ in range(count):
        now += chance.choice((0.0, 0.001, 0.02, 0.4))
        cumulative = FIRST + chance.choice((chance.randrange(-5, 300), chance.randrange(-(2**33), 2**33)))
        gaps, at = [], cumulative
        for _ in range(chance.randrange(25)):
            first = at + chance.randrange(2, 6)
            at = first + chance.choice((0, 1, 3, 60_000 if chance.random() < 0.01 else 2))
            gaps.append((first, at))
        sender.sack(Sack(cumulative, chance.choice((0, 1000, 10**6, 2**32 - 1)), tuple(gaps), chance.randrange(3)), now)
        sender.tick(now)
        for packet in sender.packets(now):
            assert sender.dead is None
            assert sum(len(chunk.data) for chunk in packet) <= 1177
        board = sender.board
        assert board.in_flight == sum(chunk.size for chunk in board.out.values()) >= 0
        assert board.behind == sum(chunk.size for chunk in board.lost.values()) >= 0
        assert not set(board.out) & set(board.lost)
        assert not set(board.out) & set(board.held)
        known = {*board.out, *board.lost, *board.held}
        assert known == set(range(board.cumulative + 1, sender.outbox.next_tsn)), "nothing is forgotten"
    assert time.process_time() - begun < 5


@given(st.binary(max_size=1200))
def test_noise_in_place_of_a_sack(noise: bytes) -> None:
    sender = loaded(messages=2)
    sack = read_sack(noise, sender.board.cumulative)
    if sack is not None:
        sender.sack(sack, 100.1)
        sender.packets(100.1)


lines = st.builds(
    Line,
    rate=st.sampled_from([250_000.0, 2_500_000.0]),
    delay=st.sampled_from([0.001, 0.02]),
    buffer=st.sampled_from([0.01, 0.1, 0.5]),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    burst=st.sampled_from([0.0, 8.0]),
    jitter=st.sampled_from([0.0, 0.03]),
    swaps=st.booleans(),
    reorder=st.sampled_from([0.0, 0.1]),
    duplicate=st.sampled_from([0.0, 0.1]),
    outage=st.sampled_from([(-1.0, -1.0), (0.1, 2.0)]),
)


@settings(deadline=None, max_examples=40)
@given(lines, lines, st.integers(1, 200_000), st.integers(200, 40_000), st.integers(0, 2**20))
def test_all_arrives_exactly_once_and_in_order_or_it_is_said_to_be_dead(
    there: Line, back: Line, total: int, message: int, seed: int
) -> None:
    simulation = Simulation(seed)
    flow = Flow(
        simulation, Way(simulation, there), Way(simulation, back), seed=seed, most=total, message=message, tick=0.003
    )
    simulation.run(240)
    got = sorted(flow.receiver.got, key=lambda chunk: chunk.tsn)
    assert len({chunk.tsn for chunk in got}) == len(got)
    if flow.sender.dead is None:
        assert sum(chunk.size for chunk in got) == total
        assert [chunk.tsn for chunk in got] == list(range(1000, 1000 + len(got)))
        assert flow.sender.idle
        # what a receiver makes of it: messages begin, end and follow one another as they were given
        lengths, length = [], 0
        for chunk in got:
            length += chunk.size
            if chunk.data[1] & 1:
                lengths.append(length)
                length = 0
        assert length == 0
        assert all(size == message for size in lengths[:-1])
    else:
        assert not flow.sender.packets(simulation.now)


@pytest.mark.parametrize("first", [2**32 - 3, 2**31 - 3, 0])
def test_numbers_that_wrap(first: int) -> None:
    sender = Sender(first_tsn=first + 2**32, window=10**6, rtt=0.03, now=0.0)
    sender.send(1, 53, bytes(8000))
    sent = [chunk for packet in sender.packets(0.0) for chunk in packet]
    assert [int.from_bytes(chunk.data[4:8], "big") for chunk in sent] == [
        (first + number) % 2**32 for number in range(len(sent))
    ]
