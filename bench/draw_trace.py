"""Draws what a sender did: its trace (`courtcast.deliver.sctp.trace` says what stands in one) as an SVG.

    python -m bench.draw_trace TRACE.jsonl [-o PICTURE.svg] [--from S] [--to S]

Five panels over one time axis: rates, bytes out and waiting, round trips, packets lost and sent again, and the
receiver's view. The ground behind them shows the sender's state, marks at the bottom single losses and time-outs.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

WIDTH, PANEL, GAP, LEFT, RIGHT, TOP = 1400, 190, 44, 76, 170, 70
MOST = 2
"""Points drawn for each pixel of the width: the least and the greatest there."""
RATE_OVER = 0.1
"""Seconds over which the rate of delivery is taken."""
GRID, INK, PAPER = "#d8dce2", "#1d2733", "#ffffff"
STATES = {
    "startup": "#fde9c9",
    "drain": "#f6d7d7",
    "cruise": "#ffffff",
    "up": "#dcefdc",
    "down": "#e3e6f5",
    "probe-rtt": "#d5ecf3",
    "share": "#f3e3f5",
    "dip": "#ecd3f0",
    "idle": "#f0f0f0",
}
OTHER_STATE = "#eeeeee"
COLOURS = ("#1f6fb2", "#c2410c", "#15803d", "#7e22ce", "#64748b")

Event = Mapping[str, object]
Points = Sequence[tuple[float, float]]


@dataclass
class Panel:
    """One diagram: its unit and its lines by name."""

    title: str
    unit: str
    lines: dict[str, Points] = field(default_factory=dict)


@dataclass
class Account:
    """What a trace says, ready to be drawn. Times in seconds."""

    panels: list[Panel]
    states: list[tuple[float, float, str]]
    """From, to, name."""
    losses: list[float]
    timeouts: list[float]
    end: float


def read(lines: Iterable[str], start: float = 0.0, end: float = math.inf) -> Account:
    """The account of the time asked for. A last line that was broken off counts for nothing. Raises ValueError where
    there is nothing to draw."""
    events: list[Event] = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and start <= float(event.get("time", -1.0)) <= end:
            events.append(event)
    metrics = [event for event in events if event.get("event") == "metrics"]
    if not metrics:
        raise ValueError("no metrics in this trace")

    def points(key: str, scale: float = 1.0) -> Points:
        return [
            (_number(event["time"]), _number(event[key]) * scale)
            for event in metrics
            if isinstance(event.get(key), int | float)
        ]

    def named(scale: float, *keys: str) -> dict[str, Points]:
        return {key.replace("_", " "): points(key, scale) for key in keys}

    megabits, kilobytes, milliseconds = 8e-6, 1 / 1024, 1e3
    panels = [
        Panel(
            "rate", "Mb/s",
            {
                "delivered": _slope(points("delivered", megabits)),
                "pacing": points("pacing", megabits),
                "bandwidth": points("bandwidth", megabits),
            },
        ),
        Panel("out and waiting", "KiB", named(kilobytes, "window", "in_flight", "waiting")),
        Panel("round trip", "ms", named(milliseconds, "rtt", "min_rtt", "queueing")),
        Panel("packets, since the beginning", "", named(1, "lost", "resent", "spurious")),
        Panel(
            "the other side", "", {"gap blocks": points("holes"), "window, 100 KiB": points("rwnd", kilobytes / 100)}
        ),
    ]  # fmt: skip
    for panel in panels:
        panel.lines = {name: line for name, line in panel.lines.items() if line}
    return Account(
        panels=[panel for panel in panels if panel.lines],
        states=_states(metrics),
        losses=[_number(event["time"]) for event in events if event.get("event") == "lost"],
        timeouts=[_number(event["time"]) for event in events if event.get("event") == "timeout"],
        end=_number(metrics[-1]["time"]),
    )


def draw(account: Account, title: str = "") -> str:
    """The SVG."""
    starts = [line[0][0] for panel in account.panels for line in panel.lines.values()]
    first, last = min(starts), max(account.end, min(starts) + 1e-3)
    height = TOP + len(account.panels) * (PANEL + GAP)
    svg = ET.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", width=str(WIDTH), height=str(height)
    )
    svg.set("font-family", "system-ui, sans-serif")
    svg.set("font-size", "12")
    ET.SubElement(svg, "rect", width=str(WIDTH), height=str(height), fill=PAPER)
    _text(svg, LEFT, 22, title, size=15)
    _key(svg, account)
    inner = WIDTH - LEFT - RIGHT

    def across(time: float) -> float:
        return LEFT + (time - first) / (last - first) * inner

    for place, panel in enumerate(account.panels):
        _panel(svg, panel, TOP + place * (PANEL + GAP), across, account, (first, last))
    return ET.tostring(svg, encoding="unicode") + "\n"


def _panel(
    svg: ET.Element,
    panel: Panel,
    top: float,
    across: Callable[[float], float],
    account: Account,
    span: tuple[float, float],
) -> None:
    first, last = span
    highest = max((value for line in panel.lines.values() for _, value in line), default=0.0)
    step = _step(max(highest, 1e-9) / 5)
    most = step * math.ceil(max(highest, step) / step)

    def up(value: float) -> float:
        return top + PANEL - value / most * PANEL

    for start, end, state in account.states:
        left, right = across(max(start, first)), across(min(end, last))
        ET.SubElement(
            svg, "rect", x=_at(left), y=_at(top), width=_at(max(0.0, right - left)), height=str(PANEL),
            fill=STATES.get(state, OTHER_STATE),
        )  # fmt: skip
    for number in range(round(most / step) + 1):
        height = up(number * step)
        ET.SubElement(svg, "line", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=_at(height), y2=_at(height), stroke=GRID)
        _text(svg, LEFT - 8, height + 4, f"{number * step:g}", anchor="end")
    tick = _step((last - first) / 10)
    for number in range(math.ceil(first / tick), math.floor(last / tick) + 1):
        at = across(number * tick)
        ET.SubElement(svg, "line", x1=_at(at), x2=_at(at), y1=_at(top), y2=_at(top + PANEL), stroke=GRID)
        _text(svg, at, top + PANEL + 15, f"{number * tick:g} s", anchor="middle")
    for times, colour, length in ((account.losses, "#b91c1c", 6), (account.timeouts, "#000000", 16)):
        marks = "".join(f"M{_at(across(time))} {_at(top + PANEL)}v-{length}" for time in _thinned(times, last - first))
        if marks:
            ET.SubElement(svg, "path", d=marks, stroke=colour, fill="none")
    _text(svg, LEFT, top - 7, f"{panel.title}{', ' if panel.unit else ''}{panel.unit}", weight="600")
    for line, colour in zip(panel.lines.values(), COLOURS, strict=False):
        path = " ".join(f"{_at(across(time))},{_at(up(value))}" for time, value in _bounded(line, WIDTH - LEFT - RIGHT))
        ET.SubElement(
            svg, "polyline", {"points": path, "fill": "none", "stroke": colour, "stroke-width": "1.3",
                              "stroke-linejoin": "round"},
        )  # fmt: skip
    for row, (name, colour) in enumerate(zip(panel.lines, COLOURS, strict=False)):
        y = top + 14 + row * 18
        ET.SubElement(
            svg, "line", {"x1": _at(WIDTH - RIGHT + 12), "x2": _at(WIDTH - RIGHT + 34), "y1": _at(y - 4),
                          "y2": _at(y - 4), "stroke": colour, "stroke-width": "3"},
        )  # fmt: skip
        _text(svg, WIDTH - RIGHT + 40, y, name)


def _key(svg: ET.Element, account: Account) -> None:
    """Which ground stands for which state."""
    at = float(LEFT)
    for state in dict.fromkeys(name for _, _, name in account.states):
        ET.SubElement(
            svg, "rect", x=_at(at), y="30", width="12", height="10", fill=STATES.get(state, OTHER_STATE), stroke=GRID
        )
        _text(svg, at + 16, 39, state, size=11)
        at += 30 + 7 * len(state)
    _text(svg, at, 39, f"red: a loss ({len(account.losses)}) · black: a time-out ({len(account.timeouts)})", size=11)


def _states(metrics: Sequence[Event]) -> list[tuple[float, float, str]]:
    """One after the other."""
    spans: list[tuple[float, float, str]] = []
    for event in metrics:
        time, state = _number(event["time"]), str(event.get("state", ""))
        if spans and spans[-1][2] == state:
            spans[-1] = (spans[-1][0], time, state)
        else:
            if spans:
                spans[-1] = (spans[-1][0], time, spans[-1][2])
            spans.append((time, time, state))
    return spans


def _slope(totals: Points) -> Points:
    """How fast a total grows, over the last `RATE_OVER`."""
    result, back = [], 0
    for time, value in totals:
        while time - totals[back][0] > RATE_OVER:
            back += 1
        then, was = totals[back]
        if time > then:
            result.append((time, (value - was) / (time - then)))
    return result


def _bounded(line: Points, pixels: int) -> Points:
    """Of each pixel the least and the greatest, in the order of time."""
    if len(line) <= MOST * pixels:
        return line
    size = math.ceil(len(line) / pixels)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(line), size):
        part = line[start : start + size]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return kept


def _thinned(times: Sequence[float], length: float) -> list[float]:
    """One mark for each pixel."""
    pixel = length / (WIDTH - LEFT - RIGHT)
    return sorted({round(time / pixel) * pixel for time in times})


def _step(about: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= about * 0.999)


def _text(
    parent: ET.Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "400"
) -> None:
    element = ET.SubElement(
        parent, "text",
        {"x": _at(x), "y": _at(y), "text-anchor": anchor, "font-size": str(size), "font-weight": weight, "fill": INK},
    )  # fmt: skip
    element.text = text


def _at(value: float) -> str:
    return f"{value:.1f}"


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def main() -> int:
    parser = argparse.ArgumentParser("python -m bench.draw_trace", description="Draws the trace of a sender as an SVG.")
    parser.add_argument("trace", type=Path)
    parser.add_argument("-o", "--out", type=Path, help="beside the trace unless told")
    parser.add_argument("--from", dest="start", type=float, default=0.0, metavar="S")
    parser.add_argument("--to", dest="end", type=float, default=math.inf, metavar="S")
    asked = parser.parse_args()
    out = asked.out or asked.trace.with_suffix(".svg")
    try:
        with asked.trace.open() as lines:
            account = read(lines, asked.start, asked.end)
    except (OSError, ValueError) as error:
        print(f"{asked.trace}: {error}")
        return 1
    out.write_text(draw(account, asked.trace.name))
    print(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
