"""The checks before a hearing, and what they found."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["stop", "look", "note"]
"""*stop*: the hearing would not go as planned; *look*: it may not; *note*: good to know."""
CheckKind = Literal["case", "room"]
CheckState = Literal["running", "done", "cancelled", "broken"]


class CaseCheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /checks/case`."""

    until: float | None = None
    """Unix time (seconds) until which links have to hold: the end of the hearing. Left out, it is a day from now."""


class RoomCheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /checks/room`."""

    seconds: float | None = None
    """How long the lines are measured: 10 where it is left out, which is as long as it takes to be sure of a line."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check found."""

    type: str
    """Stable, as problems' types are."""
    severity: Severity
    says: str
    do: str
    about: str = ""
    """Name of the screen or reference of the exhibit; empty for the whole."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check looked at, and what it measured there."""

    what: Literal["screen", "exhibit", "machine"]
    name: str
    says: list[str] = []


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check: the one that runs, or the last of its kind."""

    kind: CheckKind
    state: CheckState
    begun: float
    """Unix time, seconds."""
    ended: float | None = None
    progress: float = 0.0
    """0 … 1."""
    doing: str = ""
    """What is being looked at, in words, while it runs."""
    says: str = ""
    """All of it in one sentence, once it is done."""
    findings: list[Finding] = []
    """The gravest first."""
    looked: list[Looked] = []
    by: str = ""
    until: float | None = None
    """With the case: Unix time that links had to reach."""


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /checks`: the one that runs, and the last of each kind that was done."""

    running: Check | None = None
    case: Check | None = None
    room: Check | None = None
    said: str = ""
    """Why the last one did not come to its end; empty where it did."""
