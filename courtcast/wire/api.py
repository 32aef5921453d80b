"""What the HTTP API and the event stream say. All times are seconds of media time unless named otherwise.

These are the shapes of the outside contract: fields are added, never renamed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from courtcast.wire.checks import (
    CaseCheckRequest,
    Check,
    CheckKind,
    Checks,
    CheckState,
    Finding,
    Looked,
    RoomCheckRequest,
    Severity,
)
from courtcast.wire.exhibits import (
    AddExhibit,
    AudioInfo,
    ChangeExhibit,
    Chapter,
    Choice,
    Exhibit,
    ExhibitPart,
    ExhibitState,
    Kind,
    NewLink,
    SafeReason,
    Sent,
    SoundTrack,
    Subtitles,
    TakeFiles,
    Treatment,
    VideoInfo,
)
from courtcast.wire.problem import Problem
from courtcast.wire.room import (
    BlankRequest,
    CueRequest,
    OnScreen,
    PlainRequest,
    PlayRequest,
    RateRequest,
    RoomCard,
    RoomState,
    SeekRequest,
    ShowRequest,
    StepRequest,
    ViewRequest,
    VolumeRequest,
)
from courtcast.wire.screen import Stalls

__all__ = [
    "AddExhibit",
    "AddScreen",
    "AudioInfo",
    "BlankRequest",
    "CaseCheckRequest",
    "Change",
    "ChangeExhibit",
    "ChangeScreen",
    "Chapter",
    "Check",
    "CheckKind",
    "CheckState",
    "Checks",
    "Choice",
    "CueRequest",
    "DayReport",
    "Event",
    "Exhibit",
    "ExhibitPart",
    "ExhibitState",
    "Finding",
    "Kind",
    "LineReport",
    "Looked",
    "NewLink",
    "OnScreen",
    "PairScreen",
    "PlainRequest",
    "PlayRequest",
    "Problem",
    "RateRequest",
    "Role",
    "RoomCard",
    "RoomCheckRequest",
    "RoomState",
    "SafeReason",
    "Screen",
    "ScreenReport",
    "SeekRequest",
    "Sent",
    "Severity",
    "ShowRequest",
    "Snapshot",
    "SoundTrack",
    "StepRequest",
    "Subtitles",
    "TakeFiles",
    "Treatment",
    "VideoInfo",
    "ViewRequest",
    "VolumeRequest",
]

Role = Literal["clerk", "advocate", "viewer"]


class ScreenReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen last said of itself, with the frame's number filled in."""

    exhibit: str | None = None
    media_time: float | None = None
    frame: int | None = None
    playing: bool = False
    blank: bool = True
    held: list[tuple[float, float]] = []
    stalls: Stalls = Stalls()
    clock_offset: float | None = None
    clock_uncertainty: float | None = None
    """Seconds that this may be wrong by."""
    rtt: float | None = None
    rate_kbit: float | None = None
    dropped: int = 0
    sound: bool = False
    cue_ready: bool = False
    """The cued exhibit's frame is decoded and can be put up at once."""
    problem: Problem | None = None
    age: float = 0.0
    """Seconds since the report came in."""
    revision: int = 0
    """Of the room, as far as this screen has carried it out."""
    skipped: list[tuple[float, float]] = []
    """Media-time ranges of the shown exhibit that it cannot decode, and leaves out."""
    card: bool = False
    """The test card is on its display."""


class LineReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the presenter's sender knows of the line to a screen."""

    rate_kbit: float
    """What it is believed to carry, in thousands of bits a second."""
    rtt: float
    """Seconds, mean of late."""
    queueing: float
    """Seconds that packets wait in a queue, ours or another's."""
    loss: float
    """Share of packets that the line loses."""


class DayReport(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the day's exhibits a screen holds; those that are restricted do not count."""

    held: int
    """Bytes."""
    total: int
    """Bytes of what is prepared of them so far."""
    disk: int
    """Bytes that the screen may use of its disk; 0 where it holds all in memory."""


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A display with its receiver, as the API shows it."""

    id: str
    name: str
    zone: str
    address: str
    """`host:port` of the receiver; IPv6 hosts in brackets."""
    paired: bool = False
    online: bool = False
    """The page answers over an open path."""
    report: ScreenReport | None = None
    problem: Problem | None = None
    path: Literal["webrtc", "websocket"] | None = None
    line: LineReport | None = None
    day: DayReport | None = None
    """null while the screen is away, or keeps nothing for the day."""
    sent: int = 0
    """Bytes sent to it since the presenter was started."""
    picture: int = 0
    """Counts the small pictures received; `GET /screens/{id}/picture?n=` gives the latest as JPEG."""
    volume: float = 1.0
    sound: bool = False
    """This screen is the room's sound."""
    delay_ms: int = 0
    """Milliseconds that it comes later than the room, picture and sound; negative is earlier. Blank never waits."""


class AddScreen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /screens`: a receiver typed in by hand. `host`, `host:port`, `[v6]:port`."""

    address: str


class PairScreen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /screens/{id}/pair`: the code that stands on the screen."""

    code: str


class ChangeScreen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH /screens/{id}`."""

    name: str | None = None
    zone: str | None = None
    sound: bool | None = None
    """true moves the room's sound here; false leaves the room without, where it was here."""
    delay_ms: int | None = None
    """-500 … 500; 0 takes it away."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="state"):
    """First event on every stream: the whole state."""

    revision: int
    room: RoomState
    exhibits: list[Exhibit]
    screens: list[Screen]
    role: Role
    build: str
    """Hash of the pages' tree; a page of another build reloads when nothing is at stake."""
    checks: Checks | None = None
    hearing: str = ""
    """Id of the open hearing: `exhibits` are its own."""


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change", omit_defaults=True):
    """Every later event: only the parts that changed."""

    revision: int
    room: RoomState | None = None
    exhibits: list[Exhibit] = []
    """Whole exhibits that changed; `order` says which exist."""
    screens: list[Screen] = []
    order: list[str] | None = None
    """Ids of all exhibits of the open hearing in running order, when that changed."""
    gone_screens: list[str] = []
    checks: Checks | None = None
    hearing: str | None = None
    """Id of the hearing that was opened."""


Event = Snapshot | Change
