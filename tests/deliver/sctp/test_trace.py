"""The trace: lines of JSON, bounded, and nothing where it is switched off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from courtcast.deliver.sctp import trace as trace_module
from courtcast.deliver.sctp.trace import PERIOD, VARIABLE, Trace, from_environment


def test_lines_are_json_with_time_from_the_first() -> None:
    lines: list[str] = []
    trace = Trace(lines.append)
    trace.event("start", 100.0, version=1)
    trace.event("state", 100.25, old="startup", new="drain", why="plateau")
    assert [json.loads(line) for line in lines] == [
        {"time": 0.0, "event": "start", "version": 1},
        {"time": 0.25, "event": "state", "old": "startup", "new": "drain", "why": "plateau"},
    ]


def test_metrics_are_due_once_a_period() -> None:
    trace = Trace([].append)
    assert [trace.due(at) for at in (5.0, 5.0 + PERIOD / 2, 5.0 + PERIOD)] == [True, False, True]
    assert not Trace().due(5.0)


def test_it_stops_before_it_fills_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_module, "MOST", 1000)
    lines: list[str] = []
    trace = Trace(lines.append)
    for number in range(1000):
        trace.event("timeout", float(number), kind="rto")
    assert sum(map(len, lines)) <= 1000
    assert not trace.on


def test_the_environment_switches_it_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not from_environment()[0].on
    monkeypatch.setenv(VARIABLE, str(tmp_path / "new"))
    trace, close = from_environment()
    trace.event("start", 1.0)
    close()
    trace.event("late", 2.0)
    [file] = (tmp_path / "new").iterdir()
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["start"]


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert not from_environment()[0].on
