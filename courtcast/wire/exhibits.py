"""An exhibit, and what is asked for of it. All times are seconds of media time unless named otherwise."""

from __future__ import annotations

from typing import Literal

import msgspec

from courtcast.wire.library import CameraClock, Clip
from courtcast.wire.problem import Problem

SafeReason = Literal["link", "line", "screen"]
"""What playing to the end waits for: the link it is fetched from, the line that the screens share, one screen's own."""
ExhibitState = Literal["waiting", "fetching", "preparing", "ready", "failed"]
Kind = Literal["video", "audio", "image", "document"]


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
    """Seconds; until `state` is ready what is foreseen, or else what is prepared so far. Of an image or document: the
    number of its leaves."""
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
    """Id of the exhibit that it is the file of; null for a companion, which is only kept, and for a bundle."""
    bundle: bool = False
    """A sealed bundle, to be taken in (`POST /bundles`)."""
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
