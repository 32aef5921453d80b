"""What the HTTP API and the event stream say. All times are seconds of media time unless named otherwise.

These are the shapes of the outside contract: fields are added, never renamed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from courtcast.wire.library import CameraClock, Clip, ClipRange
from courtcast.wire.screen import Anchor, Stalls

SafeReason = Literal["link", "line", "screen"]
"""What playing to the end waits for: the link it is fetched from, the line that the screens share, one screen's own."""
ExhibitState = Literal["waiting", "fetching", "preparing", "ready", "failed"]
Kind = Literal["video", "audio", "image", "document"]
Role = Literal["clerk", "advocate", "viewer"]
Severity = Literal["stop", "look", "note"]
"""*stop*: the hearing would not go as planned; *look*: it may not; *note*: good to know."""
CheckKind = Literal["case", "room"]
CheckState = Literal["running", "done", "cancelled", "broken"]


class Problem(msgspec.Struct, frozen=True):
    """Why something did not work: `type` is stable (see `courtcast.problems`), `detail` is one sentence for people."""

    type: str
    detail: str


class VideoInfo(msgspec.Struct, frozen=True):
    """The picture of an exhibit as it is in the file."""

    codec: str
    width: int
    height: int
    frame_rate: float | None = None
    rotation: int = 0
    pixel_aspect: tuple[int, int] = (1, 1)


class AudioInfo(msgspec.Struct, frozen=True):
    """The sound of an exhibit as it is in the file."""

    codec: str
    sample_rate: int
    channels: int


class SoundTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One of the sound tracks that a recording has."""

    index: int
    """Number of the stream in the file."""
    codec: str
    """For people."""
    language: str = ""
    """As the file has it, mostly a code of ISO 639; empty where it says nothing."""
    title: str = ""
    channels: int = 0
    chosen: bool = False
    """It is the one that is heard."""
    coming: bool = False
    """It was asked for and is not heard yet: it is being prepared, or the exhibit is on the screens with another."""
    playable: bool = True
    """It can be chosen."""


class Subtitles(msgspec.Struct, frozen=True, kw_only=True):
    """Subtitles that can be shown over a recording, as text."""

    id: str
    language: str = ""
    """As the file has it."""
    title: str = ""
    cues: int = 0
    """How many there are."""
    added: bool = False
    """They were added to the exhibit; they are not in the recording."""
    note: str = ""
    """What has to be known of how they were read."""
    chosen: bool = False
    """They are shown wherever the exhibit is."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a recording that has a name in the file."""

    title: str
    start: float
    """Seconds of media time."""
    end: float


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the picture or the sound of a recording on its way to the screens."""

    part: Literal["picture", "sound"]
    done: Literal["unchanged", "lossless", "converted", "drawn"]
    """The same coded units; converted and nothing lost; converted; not in the file at all but drawn by courtcast."""
    codec: str = ""
    """In the file, for people."""
    into: str | None = None
    """What it was converted to, for people."""
    reasons: list[str] = []
    """Why, and how: sentences for people."""
    filters: str = ""
    """What decoded pictures or sound went through, as FFmpeg's filters are written; empty where through nothing."""
    settings: str = ""
    """The encoder and how it was set, as FFmpeg's options are written; empty where nothing was encoded."""


class ExhibitPart(msgspec.Struct, frozen=True, kw_only=True):
    """One of the exhibits that another is joined from."""

    id: str
    ref: str
    name: str
    """Of the file."""
    sha256: str | None = None
    """Of the file."""
    bytes: int = 0
    frames: int = 0
    start: float | None = None
    """Where it begins, in seconds of the joined exhibit; null while that is not known."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of several files behind a link."""

    id: str
    name: str
    says: str = ""
    """What sets it apart: the folder that it lies in, the size of its picture."""
    size: int | None = None
    """Bytes, where that is known."""


class Exhibit(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence, as the API shows it."""

    id: str
    ref: str
    title: str
    kind: Kind = "video"
    state: ExhibitState = "waiting"
    problem: Problem | None = None
    bytes_fetched: int = 0
    bytes_total: int | None = None
    sha256: str | None = None
    duration: float | None = None
    """Seconds; of what is prepared so far until `state` is ready. Of an image or document: the number of its leaves."""
    frames: int | None = None
    """Pictures of a recording; leaves (pages, pictures) of an image or document. Leaf n is shown at media time n."""
    video: VideoInfo | None = None
    audio: AudioInfo | None = None
    converted: bool = False
    """Something that is seen or heard is not the very coded units of the file: see `treatments`."""
    treatments: list[Treatment] = []
    sounds: list[SoundTrack] = []
    """Of a recording: those that can be chosen from (`PATCH /exhibits/{id}`)."""
    subtitles: list[Subtitles] = []
    """Those of the recording are known once all of it is prepared."""
    chapters: list[Chapter] = []
    """As the file names them, by their beginning; a few hundred at most."""
    safe: bool = False
    safe_at: float | None = None
    """Unix time (seconds) at which it will be safe; null when it is now, or when that cannot be said."""
    safe_never: bool = False
    """As its lines are, it will not be safe at all."""
    safe_reason: SafeReason | None = None
    """What it waits for; null when it is safe, or when nothing is known."""
    safe_screen: str | None = None
    """Id of the screen that is last, where the reason is a line."""
    holds: float | None = None
    """Seconds of media that would play before a stop if it were started now, or still will if it plays; null when it is
    safe, or when that cannot be said."""
    url: str | None = None
    """The link without its query: a query may be a secret. null where there is none: the file was sent here, or others
    were joined."""
    link_ends: float | None = None
    """Unix time (seconds) until which the link itself says that it holds; null where it does not say so."""
    found: str = ""
    """How the file was found behind the link, in words; empty where the link is the file's own."""
    choices: list[Choice] = []
    """With the problem `link-several`: the files behind the link, to be chosen from (`POST /exhibits/{id}/files`)."""
    upload: str | None = None
    """Id of the upload that its bytes come by (`/uploads`), until all of them are here."""
    showable: bool = False
    """True as soon as the first fragments exist."""
    prepared: float = 0.0
    """Seconds of media time that are prepared."""
    restricted: bool = False
    """It goes to no screen before it is cued, lies on no screen's disk, and leaves the screens with the blank."""
    notes: list[Problem] = []
    """What else has to be known of it. None of this stands in its way; types and words as those of problems."""
    sheet: bool = False
    """`GET /exhibits/{id}/sheet` has its contact sheet."""
    hearing: str = ""
    """Id of the hearing that it belongs to."""
    evidential: bool = True
    """false for what is shown beside the evidence: a plan, a timetable, a summary."""
    source: str = ""
    """From where it was received, in words; the link's server or the file's name where nobody wrote it down."""
    received: float | None = None
    """Unix time (seconds) at which it was received, as written down; null where nobody did: then it is `added`."""
    added: float = 0.0
    """Unix time (seconds) at which it was given in here."""
    remark: str = ""
    """What people noted of it. It is shown in the remote alone."""
    camera_clock: CameraClock | None = None
    clips: list[Clip] = []
    """In the order in which they were made."""
    same_as: list[str] = []
    """Ids of other exhibits whose file has the same hash."""
    parts: list[ExhibitPart] = []
    """Where it is joined from others: these, in order. It has neither a link nor a hash of its own then."""


class AddExhibit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /exhibits`: a link, or others to join."""

    url: str = ""
    ref: str | None = None
    title: str | None = None
    headers: dict[str, str] = {}
    sha256: str | None = None
    restricted: bool = False
    """From the first moment on: it goes to no screen before it is cued, and lies on no screen's disk."""
    join: list[str] = []
    """Ids of exhibits that are parts of one recording, in order: they are played as one. Without a link."""
    hearing: str | None = None
    """Id of the hearing that it goes to; the open one otherwise."""
    source: str | None = None
    received: float | None = None
    evidential: bool = True
    remark: str = ""


class ChangeExhibit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH /exhibits/{id}`."""

    ref: str | None = None
    title: str | None = None
    position: int | None = None
    """Place in the running order, from 0."""
    restricted: bool | None = None
    """true keeps it from the screens until it is cued, in memory only, and takes it off their disks."""
    sound: int | None = None
    """`index` of the sound track to hear. It is prepared beside what is in use, and takes over when it is there; never
    while the exhibit is on the screens."""
    subtitles: str | msgspec.UnsetType | None = msgspec.UNSET
    """`id` of the subtitles to show over it, null for none: at once, also on the screens."""
    hearing: str | None = None
    """Moves it to the end of another hearing. Not while it is on the screens."""
    evidential: bool | None = None
    source: str | None = None
    received: float | msgspec.UnsetType | None = msgspec.UNSET
    remark: str | None = None
    camera_clock: CameraClock | msgspec.UnsetType | None = msgspec.UNSET
    password: str | None = None
    """Of a document that is locked (`document-locked`, `document-wrong-password`): with it, preparing goes on."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /uploads`: a file that is being sent here, or was."""

    id: str
    exhibit: str | None
    """Id of the exhibit that it is the file of; null for a companion, which is only kept."""
    name: str
    path: str
    """The folders that it lay in."""
    length: int
    offset: int
    """Bytes from the beginning that are here."""
    fingerprint: str
    """What the client that began it recognises the file by."""
    set: str
    sending: bool
    """Somebody sends it now."""
    expires: float | None
    """Unix time (seconds) at which it is given up if nothing more comes; null once it is whole."""


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /exhibits/{id}/link`."""

    url: str
    headers: dict[str, str] = {}


class TakeFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /exhibits/{id}/files`: which of the files behind its link are meant."""

    take: list[str]
    """Ids of `choices`. The first is this exhibit; each of the others becomes an exhibit of its own."""


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


class OnScreen(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit and where it stands: used for what is cued and for what is shown."""

    exhibit: str
    at: float
    """Seconds of media time when paused here, or at `anchor.clock` when playing."""
    frame: int | None = None
    zones: list[str] | None = None
    """Zones that see it; null is all."""
    clip: str | None = None
    """Name of the clip that is shown, and nothing else of the exhibit."""
    ranges: list[ClipRange] = []
    """Those of the clip, as they were when it was cued."""
    clip_at: float | None = None
    """Seconds of the clip, all its ranges in a row, at `at`."""


class RoomCard(msgspec.Struct, frozen=True, kw_only=True):
    """The test card that is up on one screen while nothing is shown."""

    screen: str
    until: float
    """Room clock at which it goes by itself."""


class RoomState(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /room`: the state of the courtroom."""

    revision: int
    cued: OnScreen | None = None
    shown: OnScreen | None = None
    anchor: Anchor | None = None
    playing: bool = False
    waiting: bool = False
    """It plays, but the recording has not come so far yet: it goes on by itself."""
    ended: bool = False
    blank: bool = True
    """Nothing is on any screen."""
    blanked: list[str] = []
    """Zones that are blanked while others show."""
    rate: float = 1.0
    volume: float = 1.0
    sound_screen: str | None = None
    by: str | None = None
    """Who gave the last command."""
    clock: float = 0.0
    """The room clock (seconds) when this was written."""
    position: float | None = None
    """Media time of what is shown at `clock`."""
    position_frame: int | None = None
    clip_position: float | None = None
    """Seconds of the clip that is shown, all its ranges in a row, now."""
    view: tuple[float, float, float, float] | None = None
    """The part of what is shown that fills the displays: left, top, width, height as fractions of the upright picture.
    null is the whole."""
    card: RoomCard | None = None


class CueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exhibit: str
    at: float | None = None
    clip: str | None = None
    """Id or name of one of its clips: its ranges are played in order, and nothing else of it is shown."""
    revision: int | None = None


class ShowRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zones: list[str] | None = None
    play: bool = False
    anyway: bool = False
    revision: int | None = None


class BlankRequest(msgspec.Struct, frozen=True):
    """Anything that can be read as a blank is one: unknown fields are let pass."""

    zones: list[str] | None = None
    revision: int | None = None


class PlayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    anyway: bool = False
    revision: int | None = None


class PlainRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    revision: int | None = None


class SeekRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: float
    revision: int | None = None


class StepRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    frames: int
    revision: int | None = None


class ViewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /room/view`: the part of what is shown that fills the displays."""

    view: tuple[float, float, float, float] | None = None
    """Left, top, width, height as fractions of the upright picture, the last two at least 1/64. null is the whole."""
    revision: int | None = None


class RateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rate: float
    revision: int | None = None


class VolumeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: float
    """0 … 1."""
    screen: str | None = None
    revision: int | None = None


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
