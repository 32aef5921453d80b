"""The tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

from bench.sim.results import (
    ORACLE,
    OURS,
    Result,
    classes,
    delay,
    hindsight,
    stalling,
    told,
)


def tables(results: Sequence[Result]) -> str:
    return "\n\n".join((_rules(results), _halves(results), _classes(results), _told(results)))


def _rules(results: Sequence[Result]) -> str:
    lines = ["| rule | plays with a stall | median start delay | ÷ oracle's |", "|---|---|---|---|"]
    least = delay(results, ORACLE)
    for rule in results[0].starts:
        own = delay(results, rule)
        lines.append(f"| {_bold(rule)} | {stalling(results, rule):.2%} | {own:.1f} s | {own / least:.1f} |")
    return "\n".join(lines)


def _halves(results: Sequence[Result]) -> str:
    lines = [
        "| ours, on the traces | plays | with a stall | median start delay | ÷ oracle's |",
        "|---|---|---|---|---|",
    ]
    for name, tuning in (("it was tuned on", True), ("it was not", False)):
        half = [result for result in results if result.tuning == tuning]
        if half:
            own, least = delay(half, OURS), delay(half, ORACLE)
            lines.append(f"| {name} | {len(half)} | {stalling(half, OURS):.2%} | {own:.1f} s | {own / least:.1f} |")
    return "\n".join(lines)


def _classes(results: Sequence[Result]) -> str:
    lines = [
        "| screens × clip ÷ line | with a stall | median start delay | oracle | with hindsight | everything first |",
        "|---|---|---|---|---|---|",
    ]
    for screens, load, some in classes(results):
        stalls = stalling(some, OURS)
        lines.append(
            f"| {screens} × {load} | {stalls:.2%} | {delay(some, OURS):.1f} s | {delay(some, ORACLE):.1f} s "
            f"| {hindsight(some, stalls):.1f} s | {delay(some, 'everything first'):.1f} s |"
        )
    return "\n".join(lines)


def _told(results: Sequence[Result]) -> str:
    lines = [
        "| `safe_at`, on the traces | times said | held | late by over 10 % and 2 s | worst | true wait ÷ said |",
        "|---|---|---|---|---|---|",
    ]
    for name, some in (
        ("all", list(results)),
        ("it was tuned on", [result for result in results if result.tuning]),
        ("it was not", [result for result in results if not result.tuning]),
    ):
        said = told(some)
        lines.append(
            f"| {name} | {said.count} | {said.held:.1%} | {said.late:.2%} | +{said.worst:.0%} | {said.share:.2f} |"
        )
    return "\n".join(lines)


def _bold(rule: str) -> str:
    return f"**{rule}**" if rule == OURS else rule
