"""The screen's protocol: JSON messages of the `control` stream between presenter and page.

The presenter sends state, never commands: each `Stage` is the whole of what the screen should do now, so lost,
doubled and late ones need no thought (a lower revision than the last is ignored). Times named `clock` are seconds of
the room clock; times named `media` are seconds of media time.
"""

from __future__ import annotations

import msgspec

from courtcast.wire.library import ClipRange

PROTOCOL = 1
"""Raised when the meaning of a field changes; a new optional field needs no new number."""


class Anchor(msgspec.Struct, frozen=True):
    """From this everyone derives where playback is: media + (now - clock) * rate. Paused is rate 0."""

    media: float
    clock: float
    rate: float


class Stalls(msgspec.Struct, frozen=True):
    """Cumulative since the page was loaded."""

    count: int = 0
    seconds: float = 0.0


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One exhibit at one place on its timeline."""

    exhibit: str
    rendition: str
    """16 hexadecimal digits, unique for all time."""
    anchor: Anchor
    end: float | None = None
    """Media time at which the clip ends: the last frame stays up from there on. null while not yet known."""
    subtitles: str | None = None
    """`id` of the list of subtitles that is shown over it (see `Words`); null is none."""
    view: tuple[float, float, float, float] | None = None
    """The part of the upright picture that fills the display: left, top, width, height as fractions of the whole, the
    last two at least 1/64. null is the whole."""
    ranges: list[ClipRange] = []
    """The clip, where one is shown: these parts of the exhibit in this order, and nothing else of it. The anchor's
    media time lies in one of them (or is the end of the last), and passes from the end of each to the start of the
    next; `end` is the end of the last. Empty is the whole exhibit."""
    detail: str | None = None
    """Rendition with one leaf that is exactly this part of the leaf on show, sharper than the leaf itself. null where
    there is none (yet): then the part is taken out of the leaf."""


class ScreenCard(msgspec.Struct, frozen=True, kw_only=True):
    """The test card: a picture with sound to set up a display by. Never while anything is shown."""

    until: float
    """Room clock at which it goes by itself."""
    name: str = ""
    """What the screen is called here."""
    volume: float = 1.0


class Stage(msgspec.Struct, frozen=True, kw_only=True, tag="stage"):
    """The whole of what one screen should do now."""

    revision: int
    shown: Scene | None = None
    """What is up. null is black."""
    cue: Scene | None = None
    """What to hold ready with its frame decoded, unseen."""
    blank: bool = True
    """Black, whatever else happens; what is shown is kept ready behind it."""
    volume: float = 1.0
    sound: bool = False
    """This screen is the room's sound; others append no sound track at all."""
    watch: bool = False
    """Somebody looks at this screen's small picture: send `Picture`, twice a second at most."""
    card: ScreenCard | None = None
    """Somebody sets this display up. It goes with its time, with the path, and with anything shown."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit that the page may keep on its disk."""

    exhibit: str
    rendition: str | None = None
    """The one that will be shown; null while the presenter does not know: then whatever is held of it is kept."""


class Day(msgspec.Struct, frozen=True, kw_only=True, tag="day"):
    """The exhibits of the day in running order: the whole of what may lie on the page's disk, the most wanted first.

    What is not named is held in memory only, and only while it is shown or cued. Sent to pages whose `Hello` has a
    `disk`, after it and at every change; a page writes nothing to its disk before it has come.
    """

    wanted: list[Wanted] = []


class Cue(msgspec.Struct, frozen=True):
    """One subtitle: seconds of media time, and its lines."""

    start: float
    end: float
    text: str


class Words(msgspec.Struct, frozen=True, kw_only=True, tag="words"):
    """A part of a list of subtitles. A page keeps the lists that its stage names, whatever becomes of the path; how
    many of each it has is in its `Report`, and the next part follows that."""

    id: str
    """From its content: the same id is the same list."""
    first: int
    """Number of the first of these, from 0."""
    total: int
    cues: list[Cue]


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answer to `Ping`."""

    id: int
    received: float
    """Room clock when the ping came in."""
    sent: float
    """Room clock when this left."""


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """First message of the presenter on a new path."""

    protocol: int
    presenter: str
    build: str = ""


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """What has to be known of this screen before a hearing; it answers with `Able`."""

    id: int
    types: list[str] = []
    """MIME types with codecs of what will be shown."""


ToScreen = Stage | Day | Words | Pong | Welcome | Ask


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """The screen measures its offset to the room clock; the quickest round trips count."""

    id: int


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """First message of the page on a new path."""

    protocol: int
    build: str = ""
    budget: int = 0
    """Bytes of fragments that the page is willing to hold in memory."""
    disk: int | None = None
    """Bytes that it may use of its disk; 0 where there is none to be had. null: it knows nothing of `Day`. Said again
    when it changes."""
    plays: list[str] = []
    """MIME types with codecs that `MediaSource.isTypeSupported` said yes to."""
    subtitles: bool = False
    """It shows subtitles, and is to be sent `Words`."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Which fragments of one track are held, verified: index ranges, both ends included."""

    rendition: str
    track: int
    init: bool
    fragments: list[tuple[int, int]] = []


class Holdings(msgspec.Struct, frozen=True, kw_only=True, tag="holdings"):
    """What the page's store holds: sent on a new path and at every change, four times a second at most."""

    tracks: list[Holding] = []
    rows: dict[str, list[tuple[int, int, int]]] = {}
    """For each rendition, manifest rows known: [track, first index, last index]."""
    bytes: int = 0
    """In memory."""
    disk: int = 0
    """Bytes that are written on the disk."""
    unread: int = 0
    """Bytes on the disk that were not read back and verified since the page was loaded. Nothing is used before."""
    refused: int = 0
    """Cumulative: fragments whose hash was wrong."""
    damaged: dict[str, list[tuple[int, int, int]]] = {}
    """For each rendition, fragments that the disk gave back otherwise than they were written, [track, first, last].
    They are wanted again."""


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """What the screen shows, from itself: four times a second and at every change."""

    revision: int
    """Of the last Stage applied."""
    exhibit: str | None = None
    media_time: float | None = None
    """Of the frame that is on the display."""
    frame: int | None = None
    playing: bool = False
    blank: bool = True
    held: list[tuple[float, float]] = []
    """Media-time ranges of the shown exhibit (of the cued one while nothing is shown) that are held."""
    stalls: Stalls = Stalls()
    clock_offset: float | None = None
    """Seconds to add to the page's own clock to get the room clock."""
    clock_uncertainty: float | None = None
    """Seconds that this may be wrong by, at most, as far as the page can know: half of what the quickest way there and
    the quickest way back take together, and what the clocks may have drifted since."""
    rtt: float | None = None
    """Seconds; the quickest of the recent round trips."""
    rate_kbit: float | None = None
    """Media bytes received lately."""
    dropped: int = 0
    decoded: int = 0
    late: float = 0.0
    """Seconds that the player is behind the anchor (negative: ahead)."""
    jumps: int = 0
    sound: bool = False
    cue_ready: bool = False
    problem: str | None = None
    """A problem type, where the page cannot do what the stage says."""
    skipped: list[tuple[float, float]] = []
    """Media-time ranges of the shown exhibit that cannot be decoded there: left out, with a mark on the picture."""
    card: bool = False
    """The test card is on the display."""
    words: dict[str, int] = {}
    """Of each list of subtitles that it holds a part of, by id: how many from the first on."""


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A small still of what is really on the display, as base64 JPEG of at most 48 KiB."""

    jpeg: str
    width: int
    height: int


class Fault(msgspec.Struct, frozen=True, tag="fault"):
    """Something in the page went wrong that nobody caught."""

    where: str
    detail: str


class Able(msgspec.Struct, frozen=True, kw_only=True, tag="able"):
    """Answer to `Ask`."""

    id: int
    plays: list[str] = []
    """Those of the types that `MediaSource.isTypeSupported` says yes to."""
    width: int = 0
    """Of the display, in its own pixels."""
    height: int = 0
    quota: int | None = None
    """Bytes of disk that the browser lets the page have; null where it does not say."""
    used: int | None = None
    padding: int = 0
    """Bytes of padding that have come over this path, cumulative."""
    doubt: float | None = None
    """Seconds by which its idea of the room clock may be wrong; null while it was not measured."""
    jitter: float | None = None
    """Seconds: how unevenly padding came of late (RFC 3550 §6.4.1); null where none did."""


FromScreen = Ping | Hello | Holdings | Report | Picture | Fault | Able
