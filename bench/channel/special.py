"""What a sender does beside others, after an outage, and to what is urgent: one function for each cell of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from bench.channel.cells import line
from bench.channel.stand import BIN, CUBIC, START, Crossing, Flow, Stand, TcpFlow
from bench.figures import Figures, percentile
from bench.net.line import Conditions

TRIP = 30
"""ms of round trip of all of them."""
TOGETHER = 30.0
"""Seconds beside another flow."""
OUTAGE = (5.0, 10.0)
AFTER = 6.0
RECOVERED = 0.9
STEADY = 0.5
"""Seconds over which the rate must be back, twice in a row: what had waited behind a hole comes in one lump."""
SEEKS, SEEK_EVERY = 12, 0.8
CONTROL_EVERY = 0.02
FREE = 8.0
PAGES, PAGE_RATE, PAGES_FOR = 8, 8e6, 15.0

Cell = Callable[[Stand, str, int, Figures], None]


def middle(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """Median and spread."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"


def _set(stand: Stand, conditions: Conditions, run: int) -> None:
    stand.network.set(out=conditions, back=conditions, seed=100 + run)


def beside_cubic(buffer: float, low: float, high: float) -> Cell:
    """Buffer in seconds; the share of what both carry that is to be ours."""

    def cell(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
        conditions = line(40, TRIP, buffer=buffer)
        shares, ours, theirs = [], [], []
        for run in range(runs):
            _set(stand, conditions, run)
            with stand.channels(sender) as channels, TcpFlow(stand, CUBIC, TOGETHER) as tcp:
                channels.load()
                channels.until(TOGETHER)
                flow, other = channels.flows(TOGETHER)[0], tcp.flow()
            ours.append(flow.rate())
            theirs.append(other.rate())
            shares.append(100 * ours[-1] / (ours[-1] + theirs[-1]))
            print(f"    {sender} {ours[-1]:.1f} beside CUBIC {theirs[-1]:.1f} Mb/s: {_course(flow)}", flush=True)
        share = statistics.median(shares)
        figures.add(
            f"beside one TCP CUBIC, {TOGETHER:.0f} s, buffer of {buffer * 1e3:.0f} ms: our share",
            f"{middle(shares, '%', 0)}; {statistics.median(ours):.1f} and {statistics.median(theirs):.1f} Mb/s",
            f"{low:.0%}–{high:.0%}", low * 100 <= share <= high * 100,
        )  # fmt: skip

    return cell


def _course(flow: Flow) -> str:
    """The rate, second by second."""
    return " ".join(f"{flow.rate(second, second + 1):.0f}" for second in range(int(flow.seconds)))


def two(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
    apart, sums = [], []
    for run in range(runs):
        _set(stand, line(40, TRIP), run)
        with stand.channels(sender, 2) as channels:
            channels.load()
            channels.until(TOGETHER)
            flows = channels.flows(TOGETHER)
        rates = [flow.rate() for flow in flows]
        apart.append(100 * abs(rates[0] - rates[1]) / statistics.mean(rates))
        sums.append(sum(rates))
        for flow in flows:
            print(f"    {sender} {flow.rate():.1f} Mb/s: {_course(flow)}", flush=True)
    figures.add(
        f"two of ours, {TOGETHER:.0f} s, one process: apart",
        f"{middle(apart, '%', 0)}; together {statistics.median(sums):.1f} Mb/s",
        "≤ 10 %", statistics.median(apart) <= 10,
    )  # fmt: skip


def outage(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
    """Both directions dead; then how soon the rate is back, and what the line saw."""
    took, again, probes = [], [], []
    for run in range(runs):
        conditions = line(40, TRIP)
        _set(stand, conditions, run)
        with stand.channels(sender) as channels:
            channels.load()
            channels.until(OUTAGE[0])
            _set(stand, msgspec.structs.replace(conditions, down=True), run)
            cut = stand.told().out
            channels.until(OUTAGE[1])
            _set(stand, conditions, run)
            ended, before = channels.elapsed, stand.told().out
            channels.until(OUTAGE[1] + AFTER)
            after = stand.told().out
            flow = channels.flows(OUTAGE[1] + AFTER)[0]
        took.append(_recovered(flow, ended))
        tail = Flow(sender, flow.bins[round(ended / BIN) :], AFTER, 0.0)
        again.append(100 * Crossing(before, after).again(tail))
        probes.append(before.packets - cut.packets)
        print(f"    {sender} back after {took[-1]:.1f} s: {_course(flow)}", flush=True)
    figures.add(
        f"outage of {OUTAGE[1] - OUTAGE[0]:.0f} s: until {RECOVERED:.0%} of the rate are back", middle(took, "s"),
        "≤ 1 s", statistics.median(took) <= 1.0,
    )  # fmt: skip
    figures.add(
        f"of the payload in the {AFTER:.0f} s after it, sent again (in the outage {middle(probes, 'packets', 0)})",
        middle(again, "%"), "≤ 5 %", statistics.median(again) <= 5,
    )  # fmt: skip


def _recovered(flow: Flow, ended: float) -> float:
    """Seconds from the end of the outage to the moment from which the rate holds; infinite where it never does."""
    wanted = RECOVERED * flow.rate(START, OUTAGE[0])
    at = ended
    while at + 2 * STEADY <= flow.seconds:
        if flow.rate(at, at + STEADY) >= wanted and flow.rate(at + STEADY, at + 2 * STEADY) >= wanted:
            return at - ended
        at += BIN
    return float("inf")


def urgent(loss: float) -> Cell:
    """% of loss each way. Seeks and control messages while the channel is full."""

    def cell(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
        seeks: list[float] = []
        controls: list[float] = []
        for run in range(runs):
            _set(stand, line(40, TRIP, loss), run)
            with stand.channels(sender) as channels:
                number = channels.ids[0]
                channels.load()
                channels.until(START)
                channels.ask("control", id=number, every=CONTROL_EVERY)
                asked = []
                for _ in range(SEEKS):
                    time.sleep(SEEK_EVERY)
                    asked.append(channels.ask("seek", id=number))
                time.sleep(SEEK_EVERY + 1)
                log = channels.logs()[0]
            seeks += [_took(log["seen"], seek) for seek in asked]
            controls += log["controls"]
        name = f"full load, {loss:.0f} % loss"
        figures.add(
            f"{name}: from a seek to the first wanted piece at the page",
            f"median {percentile(seeks, 0.5):.0f}, worst {max(seeks):.0f} ms (n = {len(seeks)})",
            f"≤ 1 RTT + 100 ms = {TRIP + 100} ms", max(seeks) <= TRIP + 100,
        )  # fmt: skip
        figures.add(
            f"{name}: a control message, one way",
            f"median {percentile(controls, 0.5):.0f}, p99 {percentile(controls, 0.99):.0f}, worst "
            f"{max(controls):.0f} ms (n = {len(controls)})",
            f"p99 ≤ 1 RTT + 30 ms = {TRIP + 30} ms", percentile(controls, 0.99) <= TRIP + 30,
        )  # fmt: skip

    return cell


def _took(seen: Mapping[int, float], seek: Mapping[str, float]) -> float:
    """ms; infinite where it never came."""
    return seen.get(int(seek["index"]), float("inf")) - seek["at"]


def free(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
    """No line between them but two interfaces: the processors are the limit."""
    rates, costs = [], []
    for _ in range(runs):
        with stand.channels(sender) as channels:
            channels.load()
            channels.until(FREE)
            flow = channels.flows(FREE)[0]
        rates.append(flow.rate(START))
        costs.append(100 * flow.cpu / flow.seconds)
    figures.add(
        "no limit of the line, to one page on the same two cores", f"{middle(rates, 'Mb/s', 0)}; "
        f"sender {statistics.median(costs):.0f} % of a core", "≥ 100 Mb/s (ambitious: 180)",
        statistics.median(rates) >= 100,
    )  # fmt: skip


def eight(stand: Stand, sender: str, runs: int, figures: Figures) -> None:
    """One process feeds many pages; how long its event loop is away."""
    late, busy, rates, costs = [], [], [], []
    for _ in range(runs):
        with stand.channels(sender, PAGES) as channels:
            channels.load(PAGE_RATE)
            channels.until(1.0)
            channels.ask("watch")
            channels.until(PAGES_FOR)
            flows = channels.flows(PAGES_FOR)
            seen = channels.ask("look")
        late.append(seen["late"] * 1e3)
        busy.append(seen["busy"] * 1e3)
        rates.append(min(flow.rate(START) for flow in flows))
        costs.append(100 * sum(flow.cpu for flow in flows) / PAGES_FOR)
    figures.add(
        f"{PAGES} connections at {PAGE_RATE / 1e6:.0f} Mb/s each: longest block of the event loop",
        f"{middle(late, 'ms', 0)}, longest callback {max(busy):.0f} ms of processor; slowest "
        f"{statistics.median(rates):.1f} Mb/s; sender {statistics.median(costs):.0f} % of a core",
        "≤ 50 ms", max(late) <= 50 and min(rates) >= 0.95 * PAGE_RATE / 1e6,
    )  # fmt: skip


SPECIAL: Mapping[str, Cell] = {
    "cubic-200": beside_cubic(0.2, 0.4, 0.6),
    "cubic-60": beside_cubic(0.06, 0.3, 0.7),
    "two": two,
    "outage": outage,
    "urgent-0": urgent(0),
    "urgent-1": urgent(1),
}
DIRECT: Mapping[str, Cell] = {"free": free, "eight": eight}
"""Without the emulator."""
