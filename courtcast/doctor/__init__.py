"""`courtcast doctor`: what is missing on this machine, in plain words.

Each subject is a section in a file of its own that gives lines; here they are put in order and printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from courtcast.doctor.lines import Mark, Section
from courtcast.doctor.machine import machine
from courtcast.doctor.network import network

MARKS: dict[Mark, str] = {
    "good": "[green]✓[/]",
    "note": "[blue]·[/]",
    "look": "[yellow]![/]",
    "stop": "[red]✗[/]",
}


async def doctor(data: Path, chromium: Path | None, screens: Sequence[str] = ()) -> int:
    """Prints one line for each thing looked at; 1 where something is missing."""
    sections = [
        Section("", lambda: machine(data, chromium)),
        Section("", lambda: network(data, screens)),
    ]
    missing = await report(sections, Console(highlight=False))
    return 1 if missing else 0


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
    console.print("Everything is here." if not missing else f"{missing} to put right.")
    return missing
