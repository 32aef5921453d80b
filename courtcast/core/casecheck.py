"""The case check: whether tomorrow's evidence is here, whole and prepared, and whether its links hold until then.

Facts in, findings out, as in `core.checks`. What a link is needed for decides how grave it is: once a file is all here
and prepared, a link that ends or is gone already is good to know and no more. Pure; times are Unix time in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import msgspec

from courtcast.core.checks import KINDS, Kind, by_gravity, disk, finding, in_bytes, wall
from courtcast.core.timeline import in_words
from courtcast.wire.api import Finding, Looked

READY = "The case is ready."

Spoken = Callable[[float], str]
"""A moment in words, by the clock on the wall where it is read."""


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking at a link."""

    problem: str | None = None
    """The sentence that says why nothing comes from there."""
    passing: bool = False
    """That may pass by itself."""
    changed: bool = False
    """Another file lies there than the one that was fetched."""
    ends: float | None = None
    """Until when the link says that it holds."""
    sent: bool = False
    """There is no link: the file is sent here from a disc or a computer."""


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one exhibit, in the running order."""

    ref: str
    link: LinkFacts | None = None
    """None where it was not asked."""
    held: int = 0
    """Bytes of it that are here."""
    total: int | None = None
    complete: bool = False
    """All of its bytes are here."""
    intact: bool | None = None
    """They have the hash that they had when they were fetched; None where that was not looked at."""
    sha256: str | None = None
    prepared: bool = False
    """All of it is ready to be sent to screens."""
    seconds: float | None = None
    """Its length, as far as it is prepared."""
    problem: str | None = None
    """The sentence that says why it cannot be shown."""
    notes: tuple[str, ...] = ()
    """What has to be known of it."""

    @property
    def needs_link(self) -> bool:
        return not (self.complete and self.intact is not False)


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the case check looks at."""

    files: tuple[CaseFile, ...] = ()
    now: float
    until: float
    """The end of the hearing."""
    free: int | None = None
    """Bytes on the disk with the data folder."""
    wall_off: float | None = None
    """This machine's time minus that of the servers that were asked; None where none answered."""


CASE_KINDS: dict[str, Kind] = {
    "order-empty": KINDS["order-empty"],
    "file-problem": KINDS["file-problem"],
    "link-dead": Kind(
        "stop",
        "Not all of {name} is here, and nothing comes from its link: {why}",
        "Ask for a new link today, and paste it at {name}.",
    ),
    "link-dead-kept": Kind(
        "note", "The link of {name} is dead: {why}", "Nothing need be done: all of it is on this machine."
    ),
    "link-silent": Kind(
        "look",
        "Not all of {name} is here, and its link does not answer just now: {why}",
        "Repeat the check in a while. If it stays so, ask for a new link.",
    ),
    "link-not-asked": Kind("look", "The link of {name} was not asked.", "Repeat the check and let it run."),
    "link-ended": Kind(
        "stop",
        "The link of {name} ended {when}, and not all of it is here.",
        "Ask for a new link today, and paste it at {name}.",
    ),
    "link-ends": Kind(
        "look",
        "The link of {name} ends {when}, before the hearing does, and not all of it is here.",
        "Leave the presenter running until all of it is here, or ask for a link that holds longer.",
    ),
    "link-ends-kept": Kind(
        "note",
        "The link of {name} does not hold until the end of the hearing: {when}.",
        "Nothing need be done: all of it is on this machine.",
    ),
    "link-changed": Kind(
        "look",
        "Another file lies at the link of {name} now than the one that was fetched.",
        "Ask who shared it which of the two is meant. The one on this machine is the one that was fetched.",
    ),
    "copy-damaged": Kind(
        "stop",
        "The copy of {name} on this machine is not what was fetched.",
        "It is fetched again by itself while its link holds. Repeat the check after that.",
    ),
    "sent-damaged": Kind(
        "stop", "The copy of {name} on this machine is not what was sent.", "Send its file again: choose it at {name}."
    ),
    "sent-not-whole": Kind(
        "stop",
        "Not all of {name} has been sent here: {held} of {total}.",
        "Choose the same file again at {name}; it goes on from there.",
    ),
    "file-not-whole": Kind(
        "look", "{name} is not all here yet: {held} of {total}.", "Leave the presenter running until it is."
    ),
    "file-not-checked": Kind(
        "look", "Whether the copy of {name} is as it was fetched was not looked at.", "Repeat the check and let it run."
    ),
    "file-not-prepared": Kind(
        "look", "{name} is not all prepared yet.", "Leave the presenter running, and repeat the check in a while."
    ),
    "file-note": Kind("note", "{name}: {why}", "Know it before somebody asks."),
    "disk-short": KINDS["disk-short"],
    "disk-tight": KINDS["disk-tight"],
    "disk-unknown": KINDS["disk-unknown"],
    "wall-wrong": KINDS["wall-wrong"],
    "wall-unknown": KINDS["wall-unknown"],
}
"""Every kind of finding of the case check by its type."""


def check_case(facts: CaseFacts, spoken: Spoken) -> list[Finding]:
    """What was found, the gravest first and else in running order; empty where all is well."""
    # Every byte is written twice: as it was fetched, and in what is prepared from it.
    need = 2 * sum(max(0, (file.total or 0) - file.held) for file in facts.files if file.problem is None)
    found = [] if facts.files else [finding(CASE_KINDS, "order-empty")]
    for file in facts.files:
        found.extend(_file(file, facts, spoken))
    return by_gravity([*found, *disk(facts.free, need), *wall(facts.wall_off)])


def _file(file: CaseFile, facts: CaseFacts, spoken: Spoken) -> Iterator[Finding]:
    def found(type_: str, **words: str) -> Finding:
        return finding(CASE_KINDS, type_, file.ref, **words)

    if file.problem is not None:
        yield found("file-problem", why=file.problem)
    sent = file.link is not None and file.link.sent
    if file.complete and file.intact is False:
        yield found("sent-damaged" if sent else "copy-damaged")
    elif file.complete and file.intact is None:
        yield found("file-not-checked")
    elif not file.complete and file.problem is None:
        missing = "sent-not-whole" if sent else "file-not-whole"
        yield found(missing, held=in_bytes(file.held), total=_total(file))
    if file.complete and not file.prepared and file.problem is None:
        yield found("file-not-prepared")
    yield from _link(file, facts, spoken)
    for note in file.notes:
        yield found("file-note", why=note)


def _link(file: CaseFile, facts: CaseFacts, spoken: Spoken) -> Iterator[Finding]:
    """One thing about the link: the gravest that is true of it."""

    def found(type_: str, **words: str) -> Finding:
        return finding(CASE_KINDS, type_, file.ref, **words)

    link = file.link
    if link is None:
        if file.needs_link:
            yield found("link-not-asked")
        return
    if link.sent:
        return
    ended = link.ends is not None and link.ends <= facts.now
    if file.needs_link and ended and link.ends is not None:
        yield found("link-ended", when=spoken(link.ends))
    elif link.problem is not None and file.problem != link.problem:
        kind = "link-dead-kept" if not file.needs_link else "link-silent" if link.passing else "link-dead"
        if not (link.passing and not file.needs_link):
            yield found(kind, why=link.problem)
    elif link.changed:
        yield found("link-changed")
    elif link.ends is not None and link.ends < facts.until:
        yield found("link-ends" if file.needs_link else "link-ends-kept", when=spoken(link.ends))


def looked_at(facts: CaseFacts, spoken: Spoken) -> list[Looked]:
    """What was measured of each exhibit, in words."""
    return [
        Looked(what="exhibit", name=file.ref, says=[said for said in _measured(file, spoken) if said])
        for file in facts.files
    ]


def _measured(file: CaseFile, spoken: Spoken) -> Iterator[str]:
    if file.complete and file.intact:
        yield f"all here, {in_bytes(file.held)}, read again from the disk and unchanged"
    else:
        yield f"{in_bytes(file.held)} of {_total(file)} here"
    if file.sha256:
        yield f"SHA-256 {file.sha256}"
    if file.prepared:
        yield f"prepared, {in_words(Fraction(file.seconds))} long" if file.seconds else "prepared"
    elif file.seconds:
        yield f"{in_words(Fraction(file.seconds))} prepared so far"
    link = file.link
    if link is not None and link.sent:
        yield "sent here, so that no link is needed"
    elif link is not None and link.problem is None:
        yield "its link answers"
    if link is not None and link.ends is not None:
        yield f"its link says that it ends {spoken(link.ends)}"


def _total(file: CaseFile) -> str:
    return "an unknown length" if file.total is None else in_bytes(file.total)
