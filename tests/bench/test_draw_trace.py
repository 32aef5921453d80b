"""The picture of a trace: everything in it, and nothing but what the trace says."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from bench.draw_trace import STATES, draw, read
from courtcast.deliver.sctp.trace import Trace

SVG = "{http://www.w3.org/2000/svg}"


def written(count: int) -> list[str]:
    """A trace as the sender writes it."""
    lines: list[str] = []
    trace = Trace(lines.append)
    trace.event("start", 100.0, version=1, chunk=1160, overhead=28, rtt=0.03, clock=100.0)
    for number in range(count):
        now = 100.0 + number * 0.01
        trace.event(
            "metrics", now, state="startup" if number < count / 2 else "cruise", pacing=5e6, bandwidth=4.5e6,
            window=300_000, in_flight=200_000, waiting=0, rtt=0.031, min_rtt=0.03, queueing=0.001, sent=number * 50_000,
            delivered=number * 45_000, lost=number // 10, resent=number // 10, spurious=0, holes=3, rwnd=4_700_000,
        )  # fmt: skip
        if number % 10 == 9:
            trace.event("lost", now, tsn=number, size=1160, age=0.04, times=1, why="rack")
    trace.event("timeout", 100.0 + count * 0.01, kind="probe", backoff=1)
    return lines


def test_a_trace_becomes_a_picture() -> None:
    account = read(written(200))
    rate = dict(next(panel for panel in account.panels if panel.title == "rate").lines)
    assert rate["delivered"][-1][1] == pytest.approx(45_000 * 8e-6 / 0.01)
    assert [(round(a, 2), round(b, 2), s) for a, b, s in account.states] == [(0, 1, "startup"), (1, 1.99, "cruise")]
    assert len(account.losses) == 20
    assert len(account.timeouts) == 1
    root = ET.fromstring(draw(account, "a <trace> & more"))
    words = [text.text for text in root.iter(f"{SVG}text")]
    for word in ("a <trace> & more", "window", "in flight", "rtt", "delivered", "lost", "startup", "rate, Mb/s"):
        assert word in words
    assert {rect.get("fill") for rect in root.iter(f"{SVG}rect")} >= {STATES["startup"], STATES["cruise"]}
    assert len(list(root.iter(f"{SVG}polyline"))) == sum(len(panel.lines) for panel in account.panels)


def test_a_long_trace_stays_a_small_picture_with_its_peaks() -> None:
    lines = written(50_000)
    place = next(at for at in range(30_000, len(lines)) if '"metrics"' in lines[at])
    lines[place] = json.dumps(json.loads(lines[place]) | {"rtt": 0.9})
    picture = draw(read(lines))
    assert len(picture) < 1_000_000
    assert "1000" in [text.text for text in ET.fromstring(picture).iter(f"{SVG}text")], "the axis reaches the peak"


def test_a_part_of_a_broken_off_trace() -> None:
    lines = written(100)
    account = read([*lines[:-1], lines[-1][:10]], 0.5, 0.8)
    assert account.states[0][0] >= 0.5
    assert account.end <= 0.8
    with pytest.raises(ValueError, match="no metrics"):
        read(lines[:1])
