"""The bench beside the peers: what it reads out of a log of numbers, what it plans, and a short form of it for real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.net.line import Conditions, Line
from bench.net.network import Network, missing
from bench.rivals import clip
from bench.rivals.__main__ import plan
from bench.rivals.cells import CELLS, HLS, OURS, RTP, SAFE, VIDEO, recorded
from bench.rivals.near import HLS_PROGRAM
from bench.rivals.results import Found, Seek, add, load
from bench.rivals.seen import Seen, arrived, seen
from bench.rivals.stand import run
from bench.rivals.table import promises, still, table, verdict

RATE = 30.0
FRAMES = 300


def played(*parts: tuple[float, int, int]) -> list[tuple[float, int]]:
    """(ms at which the first of them came, first number, number behind the last), each at its own rate."""
    return [
        (begun + place * 1e3 / RATE, number)
        for begun, low, high in parts
        for place, number in enumerate(range(low, high))
    ]


class TestSeen:
    def seen(self, log: list[tuple[float, int]], *, until: float, playing: float = 1000.0) -> Seen:
        return seen(log, asked=1000.0, playing=playing, until=until, rate=RATE, frames=FRAMES)

    def test_nothing_came(self) -> None:
        assert self.seen([], until=9000) == Seen(None, [], 0.0, 0, None)
        assert self.seen(played((0.0, 0, 10)), until=9000).first is None, "what was up before it was asked for"

    def test_to_the_end_without_a_stop(self) -> None:
        found = self.seen(played((1400.0, 0, FRAMES)), until=20_000)
        assert found == Seen(0.4, [], 0.0, 0, FRAMES - 1)

    def test_a_stop_after_which_it_goes_on(self) -> None:
        found = self.seen(played((1400.0, 0, 30), (5400.0, 30, FRAMES)), until=20_000)
        ((began, took),) = found.still
        assert began == pytest.approx(0.4 + 29 / RATE)
        assert took == pytest.approx(4.0 - 29 / RATE)
        assert found.unseen == 0

    def test_a_stop_after_which_something_is_left_out(self) -> None:
        found = self.seen(played((1000.0, 0, 30), (3000.0, 60, FRAMES)), until=20_000)
        assert len(found.still) == 1
        assert found.unseen == pytest.approx(1.0)

    def test_what_the_start_left_out(self) -> None:
        assert self.seen(played((1500.0, 15, FRAMES)), until=20_000).unseen == pytest.approx(0.5)

    def test_it_stands_when_the_watching_ends(self) -> None:
        found = self.seen(played((1000.0, 0, 30)), until=6000)
        assert sum(took for _, took in found.still) == pytest.approx(5.0 - 29 / RATE)

    def test_frames_that_the_machine_dropped_are_no_stop_and_no_jump(self) -> None:
        log = [entry for entry in played((1000.0, 0, FRAMES)) if entry[1] % 7 not in (2, 3, 4)]
        found = self.seen(log, until=20_000)
        assert (found.still, found.unseen) == ([], 0.0)

    def test_a_picture_that_waits_for_the_playing_stands_from_then_on(self) -> None:
        log = [(1100.0, 0), *played((6100.0, 1, FRAMES))]
        found = self.seen(log, until=30_000, playing=6000.0)
        assert found.first == pytest.approx(0.1)
        assert found.still == []

    def test_a_jump_back_is_counted(self) -> None:
        assert self.seen(played((1000.0, 0, 90), (4000.0, 30, FRAMES)), until=30_000).back == 1

    def test_seeks(self) -> None:
        log = played((1000.0, 0, 60), (3200.0, 150, 200))
        assert arrived(log, asked=3000.0, to=5.0, rate=RATE) == pytest.approx(0.2)
        assert arrived(log, asked=3000.0, to=1.0, rate=RATE) is None, "it was there before it was asked for"


class TestLog:
    def test_what_failed_is_run_again_and_what_was_cut_off_is_let_go(self, tmp_path: Path) -> None:
        log = tmp_path / "deep/log.jsonl"
        good = Found(cell="clean", way=OURS, kind="seek", run=0, at="now", seeks=[Seek(1.0, True, 0.2)])
        add(log, good)
        add(log, Found(cell="clean", way=VIDEO, kind="play", run=0, at="now", failed="ended"))
        with log.open("ab") as file:
            file.write(b'{"cell":"clean"')
        assert load(log) == [good]
        left = list(plan([CELLS["clean"]], [OURS, VIDEO], ["play", "seek"], 1, load(log)))
        assert [(way, kind) for _, way, kind, _ in left] == [(OURS, "play"), (VIDEO, "play"), (VIDEO, "seek")]

    def test_the_first_round_is_everywhere(self) -> None:
        left = list(plan(list(CELLS.values()), [OURS], ["play"], 2, []))
        assert [cell.name for cell, *_ in left] == [*CELLS, *CELLS]


def one(way: str, *, first: float | None = 0.4, stops: float = 0.0) -> Found:
    found = Seen(first, [(5.0, stops)] if stops else [], 0.0, 0, None if first is None else 100)
    return Found(cell="clean", way=way, kind="play", run=0, at="now", seen=[found])


class TestTable:
    def test_ours_is_behind_only_where_another_is_clearly_better(self) -> None:
        cell = CELLS["clean"]
        assert verdict(cell, [one(OURS), one(VIDEO, first=0.35), one(RTP, first=None)]) == "✓"
        assert (
            verdict(cell, [one(OURS, stops=2.0), one(VIDEO), one(HLS, first=0.1)]) == "behind in: first picture, still"
        )
        assert verdict(cell, [one(VIDEO)]) == ""

    def test_who_never_showed_anything_has_no_better_figure(self) -> None:
        assert still(one(RTP, first=None)) == float("inf")
        text = table([CELLS["clean"]], [one(OURS), one(RTP, first=None)], [OURS, RTP])
        assert "| mirror | never |" in text


def test_promises_are_held_or_not() -> None:
    told = [(100.0, 110.0), (104.0, 120.0), (112.0, None)]
    found = Found(cell="clean", way=SAFE, kind="play", run=0, at="now", told=told)
    assert promises([found]) == "`safe_at`: said 2 times, 50% held, 50% were off by more than 10%."
    assert promises([one(OURS)]) == ""


def test_a_recorded_line_has_the_mean_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "trace_1.txt"
    file.write_text("0 800\n4000 800\n4200 200\n8000 200\n")
    steps = recorded(file, share=1.5).line.steps
    mean = sum(seconds * rate for seconds, rate in steps) / sum(seconds for seconds, _ in steps)
    assert mean == pytest.approx(6e6)


def test_datagrams_alone_are_held_back() -> None:
    line = Line(Conditions(no_udp=True), now=0.0)
    for protocol in (6, 17):
        line.put(bytes([0x45]) + bytes(8) + bytes([protocol]) + bytes(30), now=0.0)
    assert [packet[9] for packet in line.take(now=1.0)] == [6]
    assert line.counts.cut == 1


@pytest.mark.alone
@pytest.mark.browser
@pytest.mark.namespaces
@pytest.mark.long
def test_three_seconds_without_a_line_for_real(tmp_path: Path) -> None:
    """Ours and hls.js on the same line that goes away for a while: programs, browsers and emulator as they are."""
    if (why := missing()) is not None or not HLS_PROGRAM.is_file():
        pytest.skip(f"the bench's line: {why or 'needs hls.js'}")
    media = tmp_path / "media"
    media.mkdir()
    clip.make(media, seconds=9, bit_rate=1e6, width=640, height=360)
    cell = replace(CELLS["outage-early"], outages=((3.0, 6.0),), seconds=12.0)
    with Network() as network:
        for way in (OURS, HLS):
            found = run(network, cell, way, "play", 0, media)
            assert found.failed is None, found.failed
            assert found.carried > 8, "the whole clip went over the line"
            (screen,) = found.seen
            assert screen.first is not None
            assert screen.first < 5
            assert screen.last is not None
            assert screen.last > 250
            if way == OURS:
                stood = sum(took for _, took in screen.still)
                assert stood < 1.0, "the line was away for three seconds, and all of it was sent ahead"
                assert screen.unseen == 0
