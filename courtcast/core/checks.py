"""The room check: from what is known of screens, lines, files, disk and clock to findings in plain words.

A finding is of a kind, and the kinds stand in one table: how grave it is, what it says, and what to do about it. Its
type is stable, so that a page, a printed sheet and a test can speak of the same one. What was not measured is a finding
as well: a check that says nothing has looked at everything.

Grave in three steps: *stop*, the hearing would not go as planned; *look*, it may not; *note*, good to know. Pure; all
times in seconds, all rates in thousands of bits a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite

import msgspec

from courtcast.wire.api import Finding, Looked, Severity

ORDER: tuple[Severity, ...] = ("stop", "look", "note")

MEASURED = 10.0
"""Seconds that a line is measured: Wi-Fi looks well for any three."""
SPARE = 1.15
"""Times a recording's mean rate that a line has to carry, so that what was lost can be made up for while it plays."""
LOSS = 0.03
"""Share of packets. Beyond it even our own sender carries less than the line has."""
JITTER = 0.06
"""Seconds. Beyond it a screen takes noticeably long to follow a pause or a seek."""
CLOCK = 0.02
"""Seconds of doubt about a screen's clock; with more, two screens in one view can be seen to differ."""
WALL = 60.0
"""Seconds that this machine's time may be wrong. Links that expire are refused too early or too late."""
SILENT = 5.0
"""Seconds after its last report; screens report four times a second."""
RESERVE = 2 * 10**9
"""Bytes that stay free: for what is added in the hearing, and for the system itself."""
AT_ONCE = 60.0
"""Seconds: what is safe so soon is safe before anybody has sat down."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of the line to one screen."""

    seconds: float
    """How long it was measured."""
    rate_kbit: float
    """What it carried, on the cautious side."""
    loss: float = 0.0
    """Share of packets."""
    jitter: float = 0.0
    relayed: bool = False
    """No data channel opens: the same messages go over TCP."""
    held_back: bool = False
    """It was not filled: it carries at least so much."""


class ScreenFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one screen."""

    name: str
    paired: bool = True
    age: float | None = None
    """Since its last report; None where it never answered."""
    plays: frozenset[str] | None = None
    """MIME types with codecs that its browser plays; None where it has not said."""
    line: Line | None = None
    clock: float | None = None
    """Its doubt about the room clock; None while unknown."""
    problem: str | None = None
    """The sentence that it reports itself."""
    answers_in: float | None = None
    """Quickest of its recent round trips."""
    display: tuple[int, int] = (0, 0)
    """Its own pixels; zeros where it has not said."""
    room: int | None = None
    """Bytes of disk that it may use for the day's exhibits, what it holds of them included; None where it keeps none
    there, or has not said."""
    day: tuple[int, int] | None = None
    """Bytes of the day's exhibits that it holds already, and all of them; None where it has not said."""


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one exhibit, in the running order."""

    ref: str
    tracks: tuple[str, ...] = ()
    """MIME types of what is sent to screens; empty while nothing is prepared."""
    rate_kbit: float | None = None
    """Mean, of what is sent."""
    problem: str | None = None
    """The sentence that says why it cannot be shown."""
    safe_in: float | None = 0.0
    """Until it can be played to its end; None where that is never."""
    foreseen: bool = True
    """Whether that is known at all."""
    size: int = 0
    """Bytes of what is sent to screens."""
    missing: int = 0
    """Bytes that are still to be fetched and kept."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the check looks at."""

    screens: tuple[ScreenFacts, ...] = ()
    files: tuple[FileFacts, ...] = ()
    free: int | None = None
    """Bytes on the disk with the data folder."""
    wall_off: float | None = None
    """This machine's time minus that of the servers that were asked; None where none was."""
    sound: str | None = None
    """Name of the screen that is the room's sound."""


class Kind(msgspec.Struct, frozen=True):
    """One kind of finding: `says` and `do` take the finding's words."""

    severity: Severity
    says: str
    do: str


KINDS: dict[str, Kind] = {
    "no-screen": Kind("stop", "No screen is paired.", "Type the code that stands on each screen, under Screens."),
    "screen-not-paired": Kind(
        "note", "{name} was found and is not paired.", "Pair it, or leave it out if it belongs to another room."
    ),
    "screen-silent": Kind(
        "stop",
        "{name} does not answer.",
        "Look whether it is switched on. If it is, courtcast doctor says where the way to it ends.",
    ),
    "screen-problem": Kind("look", "{name} says: {why}", "Look at that screen before people come in."),
    "screen-cannot-play": Kind(
        "stop",
        "{name} cannot play {refs}.",
        "Have it converted, or use another screen for it.",
    ),
    "screen-not-asked": Kind(
        "look", "{name} has not said what it can play.", "Load its page again, then repeat the check."
    ),
    "line-not-measured": Kind("look", "The line to {name} was not measured.", "Repeat the check and let it run."),
    "line-measured-shortly": Kind(
        "note",
        "The line to {name} was measured for {seconds} only.",
        "Let the check run for its whole minute.",
    ),
    "line-slow": Kind(
        "look",
        "The line to {name} carries {rate}; {refs} needs {need}.",
        "Use a cable, or bring what is shown early in the day to the screens before the hearing.",
    ),
    "line-lossy": Kind(
        "look",
        "The line to {name} loses {loss} of what is sent.",
        "Use a cable, or ask for another Wi-Fi channel or an access point in the room.",
    ),
    "line-uneven": Kind(
        "note",
        "The line to {name} is uneven by {jitter}.",
        "Pause and seek follow a little later there. A cable helps.",
    ),
    "line-relayed": Kind(
        "note",
        "The network lets no UDP through to {name}; it is sent over TCP.",
        "Ask the network people to allow UDP between this machine and the screen.",
    ),
    "clock-doubtful": Kind(
        "look",
        "The clock of {name} is known to {doubt} only.",
        "Use a cable, or do not put it beside another screen in one view.",
    ),
    "clock-unknown": Kind("look", "The clock of {name} is not known yet.", "Wait a few seconds and repeat the check."),
    "wall-wrong": Kind(
        "look",
        "This machine's time is {off}.",
        "Set it: links that expire, and the times in the record, go by it.",
    ),
    "wall-unknown": Kind(
        "note", "This machine's time was not compared with another's.", "Compare it with a clock that is right."
    ),
    "screen-disk-short": Kind(
        "note",
        "{name} has room for {free} of the day's {need}.",
        "Nothing need be done: what comes first is kept there, and the rest is sent when its turn comes.",
    ),
    "no-sound": Kind("note", "No screen is the room's sound.", "Choose one, if a recording with sound will be played."),
    "disk-short": Kind(
        "stop",
        "The disk has {free} left; {need} are still to come.",
        "Make room on the disk, or remove exhibits that are not needed.",
    ),
    "disk-tight": Kind("look", "The disk will have {left} left.", "Make room on the disk before more is added."),
    "disk-unknown": Kind(
        "look", "How much room the disk has is not known.", "Look at it by hand: {need} are still to come."
    ),
    "order-empty": Kind("note", "The running order is empty.", "Add the exhibits of the day."),
    "file-problem": Kind("stop", "{name} cannot be shown: {why}", "Ask for a new link or a new file, or leave it out."),
    "file-not-prepared": Kind(
        "look", "Nothing of {name} is prepared yet.", "Repeat the check when its first pictures are there."
    ),
    "file-never-safe": Kind(
        "stop",
        "{name} would stop before its end, whenever it is started.",
        "Let it be fetched to the end over another line before the hearing.",
    ),
    "file-safe-unknown": Kind(
        "look",
        "Whether {name} plays to its end is not known yet.",
        "Repeat the check when a screen answers and its line was measured.",
    ),
    "file-safe-later": Kind(
        "look", "{name} is safe to play in {wait}.", "Show something else first, or let it come in before the hearing."
    ),
}
"""Every kind of finding by its type."""


def check(facts: Facts) -> list[Finding]:
    """What was found, the gravest first and else in the order of screens and exhibits; empty where all is well."""
    need = sum(file.missing for file in facts.files if file.problem is None)
    return by_gravity([*_screens(facts), *_order(facts), *disk(facts.free, need), *wall(facts.wall_off)])


def sum_up(findings: Sequence[Finding], ready: str = "The room is ready.") -> str:
    """One sentence over it all; `ready` where nothing is in the way."""
    stops = sum(finding.severity == "stop" for finding in findings)
    looks = sum(finding.severity == "look" for finding in findings)
    if stops:
        return f"{_counted(stops, 'thing stands', 'things stand')} in the way of the hearing."
    if looks:
        return f"{_counted(looks, 'thing has', 'things have')} to be looked at before the hearing."
    return ready


def looked_at(facts: Facts) -> list[Looked]:
    """What was measured, in words: of each screen, each exhibit, and this machine."""
    screens = [Looked(what="screen", name=screen.name, says=list(_measured(screen, facts))) for screen in facts.screens]
    files = [Looked(what="exhibit", name=file.ref, says=list(_of_file(file))) for file in facts.files]
    machine = [f"{in_bytes(facts.free)} free on its disk"] if facts.free is not None else []
    if facts.wall_off is not None and isfinite(facts.wall_off):
        machine.append("its time is right" if abs(facts.wall_off) <= WALL else "its time is not that of other machines")
    return [*screens, *files, Looked(what="machine", name="This machine", says=machine)]


def _measured(screen: ScreenFacts, facts: Facts) -> Iterator[str]:
    if not screen.paired:
        yield "found, not paired"
        return
    if screen.age is None or not screen.age <= SILENT:
        yield "does not answer"
        return
    yield "answers" if screen.answers_in is None else f"answers in {milliseconds(screen.answers_in)}"
    if all(screen.display):
        yield f"display of {screen.display[0]} × {screen.display[1]}"
    line = screen.line
    if line is not None and isfinite(line.rate_kbit):
        least = "at least " if line.held_back else ""
        yield f"its line carries {least}{megabits(line.rate_kbit)}, measured for {lasting(line.seconds)}"
        if not line.relayed:
            yield f"{100 * line.loss:.1f} % of what is sent is lost"
        yield f"{milliseconds(line.jitter)} of jitter"
    if screen.clock is not None and isfinite(screen.clock):
        yield f"its clock is known to {milliseconds(screen.clock)}"
    if screen.room is not None:
        yield f"may use {in_bytes(screen.room)} of its disk"
    if screen.day is not None:
        yield f"holds {in_bytes(screen.day[0])} of the day's {in_bytes(screen.day[1])} already"
    if screen.plays is not None and (shown := [file for file in facts.files if file.tracks]):
        able = sum(screen.plays.issuperset(file.tracks) for file in shown)
        yield "plays all that is prepared" if able == len(shown) else f"plays {able} of {len(shown)} exhibits"
    if screen.name == facts.sound:
        yield "the room's sound"


def _of_file(file: FileFacts) -> Iterator[str]:
    if file.rate_kbit is not None and isfinite(file.rate_kbit):
        yield f"{megabits(file.rate_kbit)} on average"
    if file.foreseen and file.tracks and file.problem is None and file.safe_in is not None and file.safe_in <= 0:
        yield "safe from the first moment"


def finding(kinds: Mapping[str, Kind], type_: str, name: str = "", **words: str) -> Finding:
    """One of a kind, with its words filled in."""
    kind = kinds[type_]
    says, do = (text.format(name=name, **words) for text in (kind.says, kind.do))
    return Finding(type=type_, severity=kind.severity, says=says, do=do, about=name)


def by_gravity(found: Iterable[Finding]) -> list[Finding]:
    """The gravest first, and else as they come."""
    return sorted(found, key=lambda one: ORDER.index(one.severity))


def _screens(facts: Facts) -> Iterator[Finding]:
    paired = [screen for screen in facts.screens if screen.paired]
    if not paired:
        yield _finding("no-screen")
    for screen in facts.screens:
        if not screen.paired:
            yield _finding("screen-not-paired", screen.name)
        elif screen.age is None or not isfinite(screen.age) or screen.age > SILENT:
            yield _finding("screen-silent", screen.name)
        else:
            yield from _answering(screen, facts.files)
    if (
        paired
        and facts.sound is None
        and any(kind.startswith("audio/") for file in facts.files for kind in file.tracks)
    ):
        yield _finding("no-sound")


def _answering(screen: ScreenFacts, files: Sequence[FileFacts]) -> Iterator[Finding]:
    if screen.problem is not None:
        yield _finding("screen-problem", screen.name, why=screen.problem)
    if screen.plays is None:
        yield _finding("screen-not-asked", screen.name)
    elif refs := [file.ref for file in files if not screen.plays.issuperset(file.tracks)]:
        yield _finding("screen-cannot-play", screen.name, refs=listed(refs))
    if screen.line is None or not all(map(isfinite, (screen.line.rate_kbit, screen.line.loss, screen.line.jitter))):
        yield _finding("line-not-measured", screen.name)
    else:
        yield from _line(screen.name, screen.line, files)
    need = screen.day[1] if screen.day is not None else sum(file.size for file in files)
    if screen.room is not None and screen.room < need:
        yield _finding("screen-disk-short", screen.name, free=in_bytes(screen.room), need=in_bytes(need))
    if screen.clock is None or not isfinite(screen.clock):
        yield _finding("clock-unknown", screen.name)
    elif screen.clock > CLOCK:
        yield _finding("clock-doubtful", screen.name, doubt=milliseconds(screen.clock))


def _line(name: str, line: Line, files: Sequence[FileFacts]) -> Iterator[Finding]:
    if line.seconds < MEASURED:
        yield _finding("line-measured-shortly", name, seconds=lasting(line.seconds))
    rates = [(file.rate_kbit, file.ref) for file in files if file.rate_kbit is not None and isfinite(file.rate_kbit)]
    need, ref = max(rates, default=(0.0, ""))
    if line.rate_kbit < SPARE * need:
        yield _finding("line-slow", name, rate=megabits(line.rate_kbit), need=megabits(SPARE * need), refs=ref)
    if line.loss > LOSS:
        yield _finding("line-lossy", name, loss=f"{100 * line.loss:.0f} %")
    if line.jitter > JITTER:
        yield _finding("line-uneven", name, jitter=milliseconds(line.jitter))
    if line.relayed:
        yield _finding("line-relayed", name)


def _order(facts: Facts) -> Iterator[Finding]:
    if not facts.files:
        yield _finding("order-empty")
    for file in facts.files:
        if file.problem is not None:
            yield _finding("file-problem", file.ref, why=file.problem)
        elif not file.tracks:
            yield _finding("file-not-prepared", file.ref)
        elif not file.foreseen:
            yield _finding("file-safe-unknown", file.ref)
        elif file.safe_in is None or not isfinite(file.safe_in):
            yield _finding("file-never-safe", file.ref)
        elif file.safe_in > AT_ONCE:
            yield _finding("file-safe-later", file.ref, wait=lasting(file.safe_in))


def disk(free: int | None, need: int) -> Iterator[Finding]:
    """Whether what is still to come has room on this machine's disk."""
    if free is None:
        yield _finding("disk-unknown", need=in_bytes(need))
    elif free < need:
        yield _finding("disk-short", free=in_bytes(free), need=in_bytes(need))
    elif free < need + RESERVE:
        yield _finding("disk-tight", left=in_bytes(free - need))


def wall(off: float | None) -> Iterator[Finding]:
    """Whether this machine's time is right, as far as others' tells."""
    if off is None or not isfinite(off):
        yield _finding("wall-unknown")
    elif abs(off) > WALL:
        yield _finding("wall-wrong", off=f"{lasting(abs(off))} {'fast' if off > 0 else 'slow'}")


def _finding(type_: str, name: str = "", **words: str) -> Finding:
    return finding(KINDS, type_, name, **words)


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def lasting(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def megabits(kbit: float) -> str:
    return f"{kbit / 1000:.1f} Mb/s"


def in_bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"
