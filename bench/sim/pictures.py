"""Two pictures as SVG: what each rule costs and risks, and what became of the times that were said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import quantiles
from xml.etree import ElementTree as ET

from bench.sim.results import OFF, OFF_LEAST, ORACLE, OURS, Result, delay, stalling

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 460, 70, 30, 40, 60
PAPER, GRID, INK, STRONG, GOOD, BAD = "#ffffff", "#d8dce2", "#1d2733", "#1f6fb2", "#15803d", "#c2410c"
SECONDS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
CROWDED = 140
"""Pixels from the right edge, where a name stands below its dot."""
BINS = 18
"""Of the waits that were said, as many in each."""


class Plot:
    """Axes and marks in data's own units; x is seconds on a logarithmic scale."""

    def __init__(self, title: str, across: str, up: str, *, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.root = ET.Element(
            "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
            attrib={"font-family": "sans-serif", "font-size": "13"},
        )  # fmt: skip
        ET.SubElement(self.root, "title").text = title
        self._x, self._y = x, y
        self._add("rect", x=0, y=0, width=WIDTH, height=HEIGHT, fill=PAPER)
        self.words(LEFT, 24, title, weight="bold", at=True)
        self.words((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, across, anchor="middle", at=True)
        self.words(14, TOP - 2, up, at=True)

    def x(self, value: float) -> float:
        low, high = (math.log(end) for end in self._x)
        place = (math.log(max(value, self._x[0])) - low) / (high - low)
        return LEFT + place * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self._y
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def grid(self, xs: Sequence[float], ys: Sequence[tuple[float, str]]) -> None:
        for at in xs:
            self._add("line", x1=self.x(at), x2=self.x(at), y1=TOP, y2=HEIGHT - BOTTOM, stroke=GRID)
            self.words(self.x(at), HEIGHT - BOTTOM + 18, f"{at:g} s", anchor="middle", at=True)
        for at, name in ys:
            self._add("line", x1=LEFT, x2=WIDTH - RIGHT, y1=self.y(at), y2=self.y(at), stroke=GRID)
            self.words(LEFT - 6, self.y(at) + 4, name, anchor="end", at=True)

    def dot(self, x: float, y: float, colour: str, size: float = 5) -> None:
        self._add("circle", cx=self.x(x), cy=self.y(y), r=size, fill=colour)

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        places = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self._add("polyline", points=places, fill="none", stroke=colour, stroke_width=2, **_dashes(dashed))

    def band(self, low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]], colour: str) -> None:
        places = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in [*low, *reversed(high)])
        self._add("polygon", points=places, fill=colour, opacity=0.18)

    def words(
        self, x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", at: bool = False
    ) -> None:
        """At a place in data's units, or (`at`) of the picture."""
        place = (x, y) if at else (self.x(x) + 9, self.y(y) - 7)
        self._add("text", x=place[0], y=place[1], fill=INK, text_anchor=anchor, font_weight=weight).text = text

    def svg(self) -> str:
        ET.indent(self.root, " ")
        return ET.tostring(self.root, encoding="unicode") + "\n"

    def _add(self, tag: str, **values: object) -> ET.Element:
        written = {
            name.replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
            for name, value in values.items()
        }
        return ET.SubElement(self.root, tag, written)


def _dashes(dashed: bool) -> dict[str, object]:
    return {"stroke_dasharray": "6 5"} if dashed else {}


def rules(results: Sequence[Result]) -> str:
    """Share of plays with a stall against median start delay."""
    plot = Plot(
        "Stalls against start delay, all plays",
        "median start delay",
        "plays with a stall",
        x=(0.3, 100),
        y=(-0.06, 0.8),
    )
    plot.grid([at for at in SECONDS if at <= 100], [(n / 10, f"{n * 10} %") for n in range(0, 9, 2)])
    for rule in results[0].starts:
        at, stalls = delay(results, rule), stalling(results, rule)
        colour = STRONG if rule == OURS else GOOD if rule == ORACLE else BAD
        plot.dot(at, stalls, colour, 7 if rule == OURS else 5)
        name, weight = f"{rule} ({stalls:.1%})", "bold" if rule == OURS else "normal"
        if plot.x(at) > WIDTH - CROWDED:
            plot.words(plot.x(at) + 6, plot.y(stalls) + 18, name, anchor="end", weight=weight, at=True)
        else:
            plot.words(at, stalls, name, weight=weight)
    return plot.svg()


def said(results: Sequence[Result]) -> str:
    """True wait over the wait that was said, by the latter: half and nine tenths of them; dots came much later."""
    waits = sorted(
        (saying.safe_at - saying.when, result.starts[OURS] - saying.when)
        for result in results
        for saying in result.sayings
    )
    plot = Plot(
        "What became of the times that were said", "wait that was said", "true wait ÷ said", x=(1, 500), y=(0, 2)
    )
    plot.grid(SECONDS[1:], [(n / 4, f"{n / 4:g}") for n in range(0, 9, 2)])
    plot.line([(1, 1), (500, 1)], INK)
    plot.line([(1, 1 + OFF), (500, 1 + OFF)], BAD, dashed=True)
    rows = []
    for n in range(BINS):
        some = waits[n * len(waits) // BINS : (n + 1) * len(waits) // BINS]
        if len(some) >= 20:
            cuts = quantiles([true / wait for wait, true in some], n=20)
            rows.append((some[len(some) // 2][0], cuts))
    if len(rows) > 1:
        plot.band([(x, cuts[0]) for x, cuts in rows], [(x, min(2.0, cuts[18])) for x, cuts in rows], STRONG)
        plot.band([(x, cuts[4]) for x, cuts in rows], [(x, min(2.0, cuts[14])) for x, cuts in rows], STRONG)
        plot.line([(x, cuts[9]) for x, cuts in rows], STRONG)
    late = [(wait, true / wait) for wait, true in waits if true - wait > max(OFF_LEAST, OFF * wait)]
    for wait, ratio in late[:: max(1, len(late) // 300)]:
        plot.dot(wait, min(2.0, ratio), BAD, 1.5)
    return plot.svg()
