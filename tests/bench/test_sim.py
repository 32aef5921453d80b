"""The buffer's policy in the simulator, short form; `make bench-sim` is the long one."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from statistics import median
from xml.etree import ElementTree as ET

import pytest

from bench.sim import pictures, traces
from bench.sim.plays import FRAGMENT, Case, cases, play
from bench.sim.report import tables
from bench.sim.results import ORACLE, OURS, Result, beaten, delay, simulate, stalling, told
from bench.sim.rules import ours
from bench.sim.traces import STEP, Trace

KNOWN = 12
"""Traces of the real set that are taken here, evenly out of all."""


def written(folder: Path, name: str, rates: list[float], seconds: float = 4.0) -> Path:
    """A trace in the form: kilobits a second, each for so long."""
    lines = []
    for n, rate in enumerate(rates):
        lines += [f"{n * seconds * 1000} {rate}", f"{((n + 1) * seconds - 0.2) * 1000} {rate}"]
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Trace]:
    """Lines of three sorts, 120 s each: steady, wavering, and one whose rate wanders."""
    folder, chance = tmp_path_factory.mktemp("traces"), random.Random(6)
    for n in range(4):
        mean = chance.uniform(500, 5000)
        written(folder, f"steady_{n}.txt", [mean * chance.uniform(0.97, 1.03) for _ in range(30)])
        written(folder, f"wavering_{n}.txt", [mean * chance.lognormvariate(0, 0.3) for _ in range(30)])
        level, rates = 0.0, []
        for _ in range(30):
            level = 0.85 * level + chance.gauss(0, 0.15)
            rates.append(mean * math.exp(level))
        written(folder, f"wandering_{n}.txt", rates)
    (folder / "README.txt").write_text("Not a trace.\n")
    return traces.load(folder)


@pytest.fixture(scope="module")
def results(made: list[Trace]) -> list[Result]:
    return simulate(made, processes=1)


def check(results: list[Result], *, stalls: float) -> None:
    """What has to hold of every set of traces."""
    assert stalling(results, OURS) <= stalls
    assert stalling(results, "everything first") == 0
    assert beaten(results) == []
    assert delay(results, OURS) < delay(results, "everything first")
    for result in results:
        assert result.starts[ORACLE] <= result.starts["everything first"] + STEP
        assert result.starts[OURS] <= result.starts["everything first"] + 2 * STEP + 0.5, "all of it is there by then"
    said = told(results)
    assert said.held >= 0.95
    assert said.late <= 0.02


def test_lines_that_were_made_up(results: list[Result]) -> None:
    check(results, stalls=0.01)


def test_the_set_of_real_lines() -> None:
    place = traces.folder()
    if place is None:
        pytest.skip("no traces here; name a folder of them in COURTCAST_TRACES")
    known = traces.load(place)
    # A few plays: one stall more or less is half a per cent.
    check(simulate(known[:: max(1, len(known) // KNOWN)], processes=1), stalls=0.02)


def test_a_steady_line_needs_little(results: list[Result]) -> None:
    """Where nothing wavers, ours is near the oracle."""
    steady = [r for r in results if r.trace.startswith("steady") and r.screens == 1 and r.load == 0.3]
    assert median(r.starts[OURS] - r.starts[ORACLE] for r in steady) < 4


def test_is_the_same_every_time(made: list[Trace], results: list[Result]) -> None:
    again = simulate(made[:2], processes=2)
    assert again == results[: len(again)]


def test_says_times_and_tables_and_pictures(results: list[Result]) -> None:
    assert any(result.sayings for result in results)
    text = tables(results)
    assert all(rule in text for rule in results[0].starts)
    for picture in (pictures.rules(results), pictures.said(results)):
        assert ET.fromstring(picture).tag.endswith("svg")


class TestTrace:
    def test_rates_and_times_are_as_written(self, tmp_path: Path) -> None:
        trace = traces.read(written(tmp_path, "t.txt", [800.0] * 20))
        assert trace is not None
        assert trace.mean == pytest.approx(100_000)
        assert trace.seconds == pytest.approx(79.75)
        assert trace.by(4) == pytest.approx(100_000)
        assert trace.by(len(trace.carried) - 1 + 4) == pytest.approx(trace.carried[-1] + 100_000), "it begins again"

    @pytest.mark.parametrize("text", ["", "1 2\n", "one two\n", "5 1\n3 1\n", "1 2 3\n", "1 -\n2 3\n"])
    def test_what_is_no_trace_is_left_out(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "t.txt").write_text(text)
        assert traces.read(tmp_path / "t.txt") is None


class TestPlay:
    def test_every_byte_comes_once_and_no_faster_than_the_line(self, made: list[Trace]) -> None:
        for case in cases(made[7]):
            happened = play(case)
            for held in happened.held:
                assert held[-1] == happened.sums[-1]
                assert all(late >= early for early, late in pairwise(held))
            for step in range(len(happened.held[0])):
                assert sum(held[step] for held in happened.held) <= made[7].by(step) + 1e-3

    def test_the_clip_is_of_its_rate(self, made: list[Trace]) -> None:
        for case in cases(made[0]):
            happened = play(case)
            assert happened.sums[-1] / happened.duration == pytest.approx(made[0].mean * case.load, rel=0.01)

    def test_the_oracle_is_the_edge(self, made: list[Trace]) -> None:
        happened = play(Case(made[8], "variable", 0.9, 3))
        late = [at > happened.oracle + n * FRAGMENT + 1e-9 for n, at in enumerate(happened.there)]
        assert not any(late)
        assert any(at > happened.oracle - 0.01 + n * FRAGMENT for n, at in enumerate(happened.there))

    def test_ours_knows_nothing_of_what_comes(self, made: list[Trace]) -> None:
        """Another future, the same answer up to then."""
        case = Case(made[9], "constant", 0.9, 1)
        whole = ours(play(case))
        cut = round((whole.start + 1) / STEP)
        steps = case.trace.carried
        slow = [*steps[: cut + 1], *(steps[cut] + (at - steps[cut]) * 0.5 for at in steps[cut + 1 :])]
        changed = play(case)
        size = changed.sums[-1]
        other = Trace(case.trace.name, slow)
        changed.held = [[min(float(size), other.by(step)) for step in range(4 * len(slow))]]
        assert ours(changed).start == whole.start
