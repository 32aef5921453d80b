"""The library: hearings, what people say of an exhibit, and the clips that are cut out of it.

Times of clips are seconds of media time of their exhibit; times of day are Unix time in seconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from courtcast.wire.problem import Problem

TakingState = Literal["checking", "done", "failed", "cancelled"]


class ClipRange(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an exhibit: the frames on screen from `start` until before `stop`."""

    start: float
    stop: float
    silent: bool = False
    """It is played without its sound: agreed between the parties, and marked as that."""


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """Ranges of an exhibit, played as one in their order. Nothing else of it is shown while the clip is on."""

    id: str
    name: str
    """Unique within its exhibit."""
    ranges: list[ClipRange]
    """At least one; they may stand in any order, and do not overlap."""
    agreed: str = ""
    """How and by whom it was agreed, as it was written down; empty for a clip that is nobody's agreement."""
    duration: float
    """Seconds: of all its ranges."""


class AddClip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /exhibits/{id}/clips`."""

    name: str
    ranges: list[ClipRange]
    agreed: str = ""


class ChangeClip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH /exhibits/{id}/clips/{clip}`; what is left out stays. Not while the clip is on the screens."""

    name: str | None = None
    ranges: list[ClipRange] | None = None
    agreed: str | None = None


class CameraClock(msgspec.Struct, frozen=True, kw_only=True):
    """What was declared about the clock that stands in the picture or in the file."""

    error: float
    """Seconds that it is ahead of the true time; negative: behind."""
    declared: str = ""
    """By whom and how, as it was written down."""


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """One hearing, with a running order of its own. One of them is open: its exhibits are those of the room."""

    id: str
    case: str = ""
    """The name or number of the case."""
    court: str = ""
    day: str = ""
    """YYYY-MM-DD; empty while it is not fixed."""
    note: str = ""
    open: bool = False
    exhibits: int = 0
    """How many there are."""
    bytes: int = 0
    """Of their files, as far as they are here."""
    came: str = ""
    """Whose key signed the bundle that it came in (64 hexadecimal digits); empty for a hearing of this presenter."""


class AddHearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /hearings`."""

    case: str = ""
    court: str = ""
    day: str = ""
    note: str = ""


class ChangeHearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH /hearings/{id}`; what is left out stays."""

    case: str | None = None
    court: str | None = None
    day: str | None = None
    note: str | None = None


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list that was prepared in a spreadsheet, read and not yet added."""

    line: int
    """Counts from 1, with the heading."""
    ref: str = ""
    title: str = ""
    url: str = ""
    sha256: str = ""
    known: str | None = None
    """Id of the exhibit of this hearing that has the reference already: it is changed, not added. Once the list was
    taken, every line has it."""
    problem: str = ""
    """What is wrong with the line, in words; empty where it can be taken."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /hearings/{id}/list`: what a list has done; with `?look=1` what it would do, and nothing has been done."""

    rows: list[ListRow]
    adds: int
    """Exhibits that are new."""
    changes: int
    """Exhibits that were there and are another now, or their clips."""
    problems: int
    """Lines that cannot be taken: then none is."""
    note: str = ""
    """What else has to be known of it, in sentences."""


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a bundle that came in."""

    hearing: str
    """Id of the hearing that was made."""
    key: str
    """Whose key signed it: 64 hexadecimal digits."""
    exhibits: int
    bytes: int
    known: list[str] = []
    """References of exhibits whose very file was here before."""


class TakeBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /bundles`: a bundle that was sent here (`/uploads` with `bundle: yes`)."""

    upload: str
    """Id of the upload; all of it is here."""
    key: str | None = None
    """It has to be sealed with this key: 64 hexadecimal digits, as they were printed."""


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that is being taken in, or was since this presenter was started."""

    id: str
    """Of the upload."""
    name: str
    state: TakingState
    done: int = 0
    """Bytes of evidence that were checked and copied."""
    bytes: int = 0
    """… of so many; 0 until the seal was read."""
    problem: Problem | None = None
    report: BundleReport | None = None
    """Of what was taken in."""
