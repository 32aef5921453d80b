"""The emulator's line, packet by packet: what is asked for is what happens, whatever comes in and when."""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.net.line import ETHERNET, Conditions, Line
from bench.net.pace import Stepped, read_oboe

SHARED_TRACES = Path(__file__).resolve().parents[3] / "shared/traces/oboe/traces"

shares = st.floats(0, 0.5)
conditions = st.builds(
    Conditions,
    loss=shares,
    burst=st.floats(1, 20),
    rate=st.none() | st.floats(1e4, 1e9),
    buffer=st.floats(0, 0.5),
    delay=st.floats(0, 0.2),
    jitter=st.floats(0, 0.05),
    jitter_every=st.floats(0, 0.05),
    keeps_order=st.booleans(),
    reorder=shares,
    reorder_by=st.floats(0, 0.05),
    duplicate=shares,
)
arrivals = st.lists(st.tuples(st.floats(0, 0.01), st.integers(20, 1500)), max_size=80)


def numbered(number: int, size: int = 1253) -> bytes:
    return struct.pack("!I", number).ljust(max(4, size), b"\0")


def number(packet: bytes) -> int:
    return int(struct.unpack_from("!I", packet)[0])


def through(line: Line, packets: list[tuple[float, int]]) -> tuple[list[float], list[tuple[float, bytes]]]:
    """Puts (gap, size) in, and takes each out at the moment it is due: times in, and (time, packet) out."""
    now, times, out = 0.0, [], []
    for place, (gap, size) in enumerate(packets):
        now += gap
        while line.next_due <= now:
            due = line.next_due
            out += [(due, packet) for packet in line.take(now=due)]
        times.append(now)
        line.put(numbered(place, size), now=now)
    while (due := line.next_due) < math.inf:
        out += [(due, packet) for packet in line.take(now=due)]
    return times, out


@given(conditions, arrivals, st.integers(0, 9))
def test_every_packet_is_accounted_for(at: Conditions, packets: list[tuple[float, int]], seed: int) -> None:
    line = Line(at, now=0.0, seed=seed)
    times, out = through(line, packets)
    counts = line.counts
    assert counts.packets == len(packets)
    assert counts.packets == counts.lost + counts.overflowed + counts.cut + counts.queued
    assert counts.delivered == len(out) == counts.queued + counts.doubled
    assert line.on_it == 0
    seen = [number(packet) for _, packet in out]
    assert len(seen) - len(set(seen)) == counts.doubled
    for due, packet in out:
        assert packet == numbered(number(packet), packets[number(packet)][1]), "as it was"
        assert due >= times[number(packet)], "never before it was sent"
        longest = at.buffer + at.delay + at.jitter + at.reorder_by + 2 * 1514 * 8 / (at.rate or math.inf)
        assert due <= times[number(packet)] + longest + (2 * at.jitter if at.keeps_order else 0) + 1e-9


@given(conditions, arrivals, st.integers(0, 9))
def test_the_rate_is_kept_over_any_stretch(at: Conditions, packets: list[tuple[float, int]], seed: int) -> None:
    """Between any two arrivals no more than the rate allows, where nothing changes the distances behind the queue."""
    if at.rate is None:
        return
    plain = Conditions(rate=at.rate, buffer=at.buffer, delay=at.delay, loss=at.loss)
    _, out = through(Line(plain, now=0.0, seed=seed), packets)
    for (before, _), (due, packet) in pairwise(out):
        assert due - before >= (len(packet) + ETHERNET) * 8 / at.rate - 1e-9


@given(conditions, arrivals, st.integers(0, 9))
def test_order_is_kept_where_it_is_asked_for(at: Conditions, packets: list[tuple[float, int]], seed: int) -> None:
    at = msgspec.structs.replace(at, keeps_order=True, reorder=0.0)
    _, out = through(Line(at, now=0.0, seed=seed), packets)
    seen = [number(packet) for _, packet in out]
    assert seen == sorted(seen)


@given(conditions, conditions, arrivals, arrivals, st.integers(0, 9))
def test_a_change_loses_nothing_and_the_same_seed_gives_the_same(
    one: Conditions, other: Conditions, first: list[tuple[float, int]], second: list[tuple[float, int]], seed: int
) -> None:
    def run() -> tuple[list[tuple[float, list[bytes]]], Line]:
        line = Line(one, now=0.0, seed=seed)
        now = 0.0
        for place, (gap, size) in enumerate(first):
            now += gap
            line.put(numbered(place, size), now=now)
        line.change(other, now=now)
        for place, (gap, size) in enumerate(second):
            now += gap
            line.put(numbered(place, size), now=now)
        out = []
        while (due := line.next_due) < math.inf:
            out.append((due, line.take(now=due)))
        return out, line

    (out, line), (again, _) = run(), run()
    assert out == again
    counts = line.counts
    assert counts.delivered == counts.queued + counts.doubled == sum(len(packets) for _, packets in out)


def test_what_waits_goes_on_at_the_new_rate() -> None:
    line = Line(Conditions(rate=8e3, overhead=0, buffer=10), now=0.0)  # 1000 bytes a second
    for place in range(4):
        line.put(numbered(place, 1000), now=0.0)
    line.change(Conditions(rate=80e3, overhead=0, buffer=10), now=0.5)
    dues = []
    while (due := line.next_due) < math.inf:
        dues.append(due)
        line.take(now=due)
    assert dues == pytest.approx([0.55, 0.65, 0.75, 0.85]), "half of the first was through"


def test_the_buffer_is_a_time_at_the_rate() -> None:
    line = Line(Conditions(rate=40e6, buffer=0.1), now=0.0)
    for place in range(2000):
        line.put(numbered(place), now=0.0)
    held = 0.1 * 40e6 / 8 / 1267
    assert line.counts.queued == pytest.approx(held, abs=2)
    assert line.counts.overflowed == 2000 - line.counts.queued
    assert line.counts.queueing / line.counts.queued == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize(("share", "burst"), [(0.01, 1), (0.03, 1), (0.01, 8), (0.03, 8)])
def test_losses_come_in_the_share_and_the_runs_asked_for(share: float, burst: float) -> None:
    count = 200_000
    line = Line(Conditions(loss=share, burst=burst), now=0.0, seed=5)
    arrived = bytearray(count)
    for place in range(count):
        line.put(numbered(place, 20), now=place * 1e-4)
        for packet in line.take(now=place * 1e-4):
            arrived[number(packet)] = 1
    runs = [run for run in arrived.split(b"\1") if run]
    assert arrived.count(0) / count == pytest.approx(share, rel=0.15)
    assert sum(map(len, runs)) / len(runs) == pytest.approx(burst if burst > 1 else 1 / (1 - share), rel=0.1)


def test_an_outage_takes_what_is_sent_in_it() -> None:
    line = Line(Conditions(delay=0.05, outages=((1.0, 2.0),)), now=100.0)
    for place, at in enumerate((100.99, 101.0, 101.99, 102.0)):
        line.put(numbered(place), now=at)
    assert [number(packet) for packet in line.take(now=103.0)] == [0, 3]
    assert line.counts.cut == 2


def test_held_back_packets_are_overtaken() -> None:
    line = Line(Conditions(delay=0.01, reorder=0.1, reorder_by=0.005, rate=40e6), now=0.0, seed=3)
    _, out = through(line, [(1267 * 8 / 40e6, 1253)] * 3000)
    seen = [number(packet) for _, packet in out]
    late = sum(1 for before, after in pairwise(seen) if after < before)
    assert sorted(seen) == list(range(3000))
    assert line.counts.held_back == pytest.approx(300, rel=0.3)
    assert late == pytest.approx(line.counts.held_back, rel=0.3)


steps = st.lists(st.tuples(st.floats(1e-3, 5), st.floats(1e4, 1e8)), min_size=1, max_size=6)


@given(steps, st.floats(0, 50), st.floats(1, 1e6))
@settings(deadline=None)
def test_a_trace_carries_what_it_says(rates: list[tuple[float, float]], start: float, bits: float) -> None:
    pace = Stepped(rates, 0.0)
    finish = pace.finish(start, bits)
    assert finish > start
    assert pace.carried(start, finish) == pytest.approx(bits, rel=1e-3, abs=1)
    least, most = min(rate for _, rate in rates), max(rate for _, rate in rates)
    assert bits / most * (1 - 1e-6) <= finish - start + 1e-6
    assert finish - start <= bits / least * (1 + 1e-6) + 1e-6


def test_a_recorded_trace_is_read(tmp_path: Path) -> None:
    file = tmp_path / "trace.txt"
    file.write_text("0 1000\n1000 1000\n2000 3000\n4000 3000\n")
    pace = Stepped(read_oboe(file), 0.0)
    assert pace.carried(0, 1) == pytest.approx(1e6)
    assert pace.carried(1, 2) == pytest.approx(2e6), "in a straight line"
    assert pace.carried(2, 4) == pytest.approx(6e6)
    assert pace.mean == pytest.approx(9e6 / 4)
    file.write_text("5 1000\n0 1000\n")
    with pytest.raises(ValueError, match="no trace"):
        read_oboe(file)


def test_the_shared_traces_are_read() -> None:
    if not SHARED_TRACES.is_dir():
        pytest.skip("the recorded traces (../shared/traces) are not here")
    for file in sorted(SHARED_TRACES.iterdir())[:20]:
        pace = Stepped(read_oboe(file), 0.0)
        assert 1e4 < pace.mean < 1e9
