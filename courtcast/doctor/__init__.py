"""`courtcast doctor`: what is missing on this machine, in plain words.

Each subject is a section in a file of its own that gives lines; here they are put in order and printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from courtcast.doctor.cage import cage
from courtcast.doctor.checks import case_check, room_check
from courtcast.doctor.lines import Mark, Section
from courtcast.doctor.machine import machine
from courtcast.doctor.network import network
from courtcast.doctor.office import office
from courtcast.doctor.outside import outside

MARKS: dict[Mark, str] = {
    "good": "[green]✓[/]",
    "plain": " ",
    "note": "[blue]·[/]",
    "look": "[yellow]![/]",
    "stop": "[red]✗[/]",
}


async def doctor(
    data: Path,
    chromium: Path | None,
    screens: Sequence[str] = (),
    *,
    proxy: str | None = None,
    ca: Path | None = None,
    case: bool = False,
    room: bool = False,
    until: float | None = None,
    seconds: float | None = None,
) -> int:
    """Prints one line for each thing looked at; 1 where something is missing. With `case` or `room` it is these checks
    that are carried out, by the presenter that runs here."""
    console = Console(highlight=False)
    sections = []
    if case:
        sections.append(Section("Case check", lambda: case_check(data, until, console)))
    if room:
        sections.append(Section("Room check", lambda: room_check(data, seconds, console)))
    here = [*this_machine(data, chromium, screens), Section("", lambda: outside(proxy, ca))]
    missing = await report(sections or here, console)
    return 1 if missing else 0


def this_machine(data: Path, chromium: Path | None, screens: Sequence[str]) -> list[Section]:
    """What is looked at where nothing else is asked for."""
    return [
        Section("", lambda: machine(data, chromium)),
        Section("", cage),
        Section("", office),
        Section("", lambda: network(data, screens)),
    ]


async def report(sections: Sequence[Section], console: Console) -> int:
    """Prints the lines as they come; gives how many stand in the way."""
    missing = 0
    for section in sections:
        if section.title:
            console.print(f"\n[bold]{section.title}[/]")
        async for line in section.lines():
            console.print(MARKS[line.mark], end=" ")
            console.print(f"{line.says} {line.do}".strip(), markup=False)
            missing += line.mark == "stop"
    if missing:
        console.print(f"{missing} to put right.")
    elif not any(section.title for section in sections):
        console.print("Everything is here.")
    return missing
