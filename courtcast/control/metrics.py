"""`GET /metrics`: counts in Prometheus' text format (version 0.0.4). No names and no links: only ids and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from courtcast.control.desk import Desk
from courtcast.wire.api import LineReport, ScreenReport

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


OF_REPORTS: tuple[tuple[str, str, str, Callable[[ScreenReport], float | None]], ...] = (
    ("screen_stalls_total", "counter", "Stalls since the page was loaded.", lambda report: report.stalls.count),
    ("screen_stall_seconds_total", "counter", "Seconds stalled since then.", lambda report: report.stalls.seconds),
    ("screen_dropped_frames_total", "counter", "Frames dropped since then.", lambda report: report.dropped),
    (
        "screen_clock_uncertainty_seconds",
        "gauge",
        "How wrong the screen's room clock may be, by its own word.",
        lambda report: report.clock_uncertainty,
    ),
    ("screen_rtt_seconds", "gauge", "Quickest of the recent round trips.", lambda report: report.rtt),
    (
        "screen_rate_kbit",
        "gauge",
        "Media received lately, in thousands of bits a second.",
        lambda report: report.rate_kbit,
    ),
    ("screen_report_age_seconds", "gauge", "Since the last report.", lambda report: report.age),
)
"""Name, kind, what it says, and where it is in a screen's report."""

OF_LINES: tuple[tuple[str, str, Callable[[LineReport], float]], ...] = (
    (
        "line_rate_kbit",
        "What the line to a screen is believed to carry, in thousands of bits a second.",
        lambda line: line.rate_kbit,
    ),
    ("line_rtt_seconds", "Round trip on it, mean of late.", lambda line: line.rtt),
    ("line_queueing_seconds", "What packets wait in a queue on it.", lambda line: line.queueing),
    ("line_loss_ratio", "Share of packets that it loses.", lambda line: line.loss),
)
"""Name, what it says, and where it is in what the sender knows of the line."""


class Counters:
    """What is counted while the presenter runs."""

    def __init__(self) -> None:
        self.responses: Counter[int] = Counter()
        """Of the HTTP server, by status."""

    def answered(self, status: int) -> None:
        self.responses[status] += 1


class _Text:
    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, says: str, samples: Iterable[tuple[str, float | None]]) -> None:
        found = [(labels, value) for labels, value in samples if value is not None]
        if found:
            self._lines += [f"# HELP courtcast_{name} {says}", f"# TYPE courtcast_{name} {kind}"]
            self._lines += [f"courtcast_{name}{labels} {float(value)!r}" for labels, value in found]

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def render(desk: Desk, counters: Counters, streams: int) -> str:
    """All of it, now."""
    room, screens, exhibits = desk.state(), desk.screens(), desk.exhibits()
    states = Counter(exhibit.state for exhibit in exhibits)
    reports = [(f'{{screen="{_label(screen.id)}"}}', screen.report) for screen in screens if screen.report is not None]
    text = _Text()
    text.family("room_revision", "gauge", "Revision of the room.", [("", room.revision)])
    text.family("room_shown", "gauge", "1 while something is on the screens.", [("", float(not room.blank))])
    text.family("room_playing", "gauge", "1 while it plays.", [("", float(room.playing))])
    text.family("exhibits", "gauge", "Exhibits by state.", [(f'{{state="{s}"}}', n) for s, n in sorted(states.items())])
    text.family("fetched_bytes", "gauge", "Bytes held of all links.", [("", sum(e.bytes_fetched for e in exhibits))])
    text.family("screens_paired", "gauge", "Paired screens.", [("", sum(s.paired for s in screens))])
    text.family("screens_online", "gauge", "Screens whose page answers.", [("", sum(s.online for s in screens))])
    reached = [(f'{{screen="{_label(s.id)}"}}', float(s.path == "websocket")) for s in screens if s.path is not None]
    text.family("screen_websocket", "gauge", "1 where a screen is reached over TCP for want of UDP.", reached)
    for name, kind, says, value in OF_REPORTS:
        text.family(name, kind, says, [(labels, value(report)) for labels, report in reports])
    paired = [(f'{{screen="{_label(screen.id)}"}}', screen) for screen in screens if screen.paired]
    sent = [(labels, float(screen.sent)) for labels, screen in paired]
    text.family("screen_sent_bytes_total", "counter", "Bytes sent to a screen.", sent)
    day = [(labels, screen.day) for labels, screen in paired if screen.day is not None]
    held = [(labels, float(report.held)) for labels, report in day]
    text.family("screen_day_held_bytes", "gauge", "Bytes that a screen holds of the exhibits of the day.", held)
    total = [(labels, float(report.total)) for labels, report in day]
    text.family("screen_day_bytes", "gauge", "Bytes that there are of them so far.", total)
    lines = [(f'{{screen="{_label(screen.id)}"}}', screen.line) for screen in screens if screen.line is not None]
    for name, says, figure in OF_LINES:
        text.family(name, "gauge", says, [(labels, figure(line)) for labels, line in lines])
    text.family("event_streams", "gauge", "Remotes that listen.", [("", streams)])
    text.family(
        "http_responses_total",
        "counter",
        "Responses by status.",
        [(f'{{status="{status}"}}', count) for status, count in sorted(counters.responses.items())],
    )
    return str(text)


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
