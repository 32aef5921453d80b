"""What parent and child say to each other over the child's standard input and output.

Each message is a line of its own: four bytes length of the JSON, four bytes length of the data behind it, both
big-endian, the JSON, the data. Pure.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Annotated, BinaryIO, Literal, Protocol

import msgspec

from courtcast.prepare.boxes import Bytes
from courtcast.prepare.cues import Cues
from courtcast.wire.api import AudioInfo, Chapter, SoundTrack, Treatment, VideoInfo
from courtcast.wire.inspection import Opened

_LENGTHS = struct.Struct(">II")
LENGTHS = _LENGTHS.size
MOST_JSON = 4 << 20
"""Bytes. The longest are the times of a fragment's frames."""
MOST_DATA = 256 << 20
"""Bytes. One coded picture of an 8K intermediate codec stays below."""


User = Literal["own", "presenter", "root"]
"""Whose rights a child has: nobody's, by an id that is its own · those of the presenter, which is not root · root's."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may use. Each kind of job has its own in `courtcast.prepare.cage.kinds`.

    Time is the child's own: it counts while the parent waits for it, not while it waits for bytes. A child that gets on
    does something that the parent can count: it takes more bytes of its file. So it may be at work for `seconds`, and a
    second more for each `pace` bytes that it asked for, but never longer than `longest`. A child that was taken over
    can ask for bytes to look busy; as bytes beyond the length of its file count for nothing, that ends too.
    """

    memory: int = 3 << 30
    """Bytes of address space: decoding 4K with several reference frames takes about 1 GiB of it."""
    silence: float = 25.0
    """Seconds of the child's own work without a word from it."""
    seconds: float = 25.0
    """Of its own work that it may begin with."""
    pace: float = 1e5
    """Bytes of its file for which it may have a second more: a tenth of what a slow machine does with the least of
    recordings, speech of 64 kb/s, whose packets are many and small."""
    longest: float = 8 * 3600.0
    """Seconds of its own work, whatever it does. The kernel ends it after as much processor time on every core."""
    reading: float = 4.0
    """Times the length of the file (and a little) that it may ask for: a demuxer that goes in circles stops here."""
    sending: float = 2.0
    """Times the length of the file (and a little) that it may send, as data and as words."""
    spare: int = 64 << 20
    """The little: bytes that may be read, or sent, beyond what the file's length gives reason for."""
    threads: int = 512
    """Kept where the child has an id of its own, since the kernel counts them by user."""
    scratch: int = 0
    """Bytes of the private folder that it gets as its working directory; 0 where it needs none."""
    idle: bool = False
    """It takes only the time that nobody else wants."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the child holds itself to before it reads its first byte: of `Limits`, what is not its parent's to mind."""

    memory: int
    cpu: int
    """Seconds of processor time, of all its threads."""
    threads: int
    scratch: int
    idle: bool
    folder: str | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of several files that are prepared as one recording."""

    length: int
    """Bytes."""
    name: str
    """Of the file."""
    ref: str
    """Of the exhibit, for people."""
    zero: tuple[int, int]
    """Its media time 0, in its own seconds."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Where a stretch of a picture that is converted begins: all before it can be left to another run."""

    at: int
    """The keyframe of the file with which it begins, in the file's ticks."""
    before: int
    """The keyframe before that one, for those who have to know what came before."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier run has left: all of the picture before an entry, and of the sound so much."""

    entry: Entry
    frames: int
    """Of the picture."""
    fragments: list[int]
    """Of each track."""


class Sounding(msgspec.Struct, frozen=True, array_like=True):
    """Where a sound that is converted can be begun: what comes out is what comes out of a run over all of it."""

    at: int
    """The unit with which an encoder begins, in samples as the file has them."""
    packet: tuple[int, int]
    """The first that has to be decoded for it (see `sound_lane.mark`)."""
    lead: int
    """Packets from that one on that are decoded only because the decoder remembers them."""
    lies: int
    """Where the first sample of the packet behind them lies."""


class Sounds(msgspec.Struct, frozen=True, kw_only=True):
    """Where the samples of a sound that is converted lie."""

    rate: Annotated[int, msgspec.Meta(ge=1)]
    """Samples a second."""
    runs: Annotated[list[tuple[int, Annotated[int, msgspec.Meta(ge=1)]]], msgspec.Meta(min_length=1)]
    """The first sample, and how many there are without a hole."""
    entries: list[Sounding]


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the sound to make, and what its fragments are to be."""

    entry: Sounding
    """Where to begin."""
    until: int | None
    """Until where there is sound or silence before that, in samples as the file has them; None: nothing is missing."""
    index: int
    """Of the first fragment."""
    since: int
    """Where it begins, in ticks on MSE time."""
    before: tuple[int, int]
    """Where the two fragments before that begin; the same twice where there is but one."""
    starts: list[int]
    """Where each begins from the first one on; those behind begin where they will."""
    end: int | None
    """The index of the one behind the last; None: up to the end."""
    have: list[tuple[int, int]]
    """Ranges of indexes that need not be sent."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the picture to make, and what its fragments are to be."""

    entry: Entry
    end: int | None
    """Where the next one begins, in the file's ticks; None: it is the last."""
    index: int
    """Of the first fragment."""
    starts: list[int]
    """Where each fragment begins, in the file's ticks."""
    keys: list[bool]
    """Which of them begin with a keyframe."""
    have: int
    """How many of them, from the first on, need not be sent."""
    sound: Hearing | None = None
    """What is still to be made of the sound at that time, and made before it."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made of a recording, the first thing first."""

    stretches: list[Stretch]
    fragments: list[int]
    """Of each track that there are already, from the first one on; of the picture see the stretches."""
    heard: bool
    """All of the sound is made after the first stretch, from the beginning to the end; else see the stretches."""


class Work(msgspec.Struct, frozen=True, kw_only=True, tag="work"):
    """Parent → child, first: what to do. Everything else about the job is bytes that it asks for."""

    do: str
    """A row of `courtcast.prepare.cage.kinds`."""
    length: int | None
    memory: int | None = None
    """Bytes of address space, where it is to have less than its kind."""
    linear: bool = False
    """Do not seek: the end of the file is not there yet."""
    name: str = ""
    """Of the file, as the link has it: some kinds of file are known by nothing else."""
    plays: list[str] | None = None
    """What the screens decode (see `plan.make`); None where no screen has said anything."""
    need: Literal["seek", "motion"] | None = None
    """Why an earlier run could not go on (see `plan.Need`)."""
    heard: int | None = None
    """Number of the sound that was chosen (see `plan.choose`)."""
    zero: tuple[int, int] | None = None
    """Media time 0 in the file's own seconds, where it is decided already (see `placing.place`)."""
    password: str | None = None
    """Of a document that is locked."""
    parts: list[Part] = []
    """The file is these, one after the other, and they are one recording."""
    made: Made | None = None
    """It goes on from there."""
    order: Order | None = None
    """Not from the beginning to the end."""
    bounds: Bounds | None = None
    """The cage fills it in."""


class Data(msgspec.Struct, frozen=True, tag="data"):
    """Parent → child: the bytes asked for, behind. `there` is false where they will not come."""

    there: bool = True


class Shot(msgspec.Struct, frozen=True, kw_only=True, tag="shot"):
    """Parent → child (stills): the picture shown `at`, in the file's ticks, as PNG.

    Decoding begins at the keyframe that lies at `key` or before; where that is not known, at one before `at`.
    """

    at: int
    key: int | None
    width: int | None = None
    fields: bool = False
    """Its two fields are joined, as they are for the screens."""
    nth: int | None = None
    """It is this one of the pictures that the file gives, from 0, whatever its time."""


class Leaf(msgspec.Struct, frozen=True, kw_only=True, tag="leaf"):
    """Parent → child (look): a leaf.

    Without a part it comes as PNG, at its own size or as wide as said. With one (left, top, width, height as fractions
    of the upright picture) it comes as screens are sent it, or empty where the leaf that they have is as sharp.
    """

    number: int
    part: tuple[float, float, float, float] | None = None
    width: int | None = None


class Caged(msgspec.Struct, frozen=True, kw_only=True, tag="caged"):
    """Child → parent, before it asks for anything: what of the cage this machine has."""

    landlock: int = 0
    """Its ABI; 0 where there is none, or it does not hold all threads."""
    seccomp: bool = False
    seatbelt: bool = False
    """The sandbox of macOS."""
    network: bool = False
    """It is on a network of its own, on which there is nobody."""
    user: User = "presenter"


BLOCK = 64 * 1024
"""Bytes that a child waits for at a time: 26 ms of a 20 Mb/s line."""


AT_ONCE = 15 * BLOCK
"""Bytes that a child asks for at a time, at most: a pipe of 1 MiB takes them beside the head of their message."""


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Child → parent: bytes wanted. It is given what is there already, in whole blocks, and one at least."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    n: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
    ahead: bool = False
    """They are likely to be wanted next: it does not wait for them, and is given nothing where they are not there."""


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked"):
    """Child → parent: what the file is."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None
    treatments: list[Treatment] = []
    sounds: list[SoundTrack] = []
    chapters: list[Chapter] = []
    leaves: Literal["image", "document"] | None = None
    """It is no recording: pictures that stand."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A track, as `courtcast.wire.media.Track` has it."""

    kind: Literal["video", "audio"]
    mime: str
    timescale: int
    first: int
    init_bytes: int
    width: int = 0
    height: int = 0
    cover: int = 0


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin"):
    """Child → parent: the tracks; behind it their init segments, one after the other."""

    origin: tuple[int, int]
    shifts: list[int]
    """Of each track: MSE ticks minus the file's."""
    tracks: list[Head]


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """Bytes of a fragment that are not sent, since they lie in the file as they are: the parent takes them there."""

    before: Annotated[int, msgspec.Meta(ge=0)]
    """So many bytes of what is sent come first."""
    at: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    """Where it begins in the file."""
    n: Annotated[int, msgspec.Meta(ge=1, le=MOST_DATA)]


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag="piece"):
    """Child → parent: a fragment, behind; where some is taken from the file, what goes around that."""

    track: int
    index: int
    start: int
    duration: int
    keyframe: bool
    pts: list[int] = []
    added: list[tuple[int, int]] = []
    entry: Entry | None = None
    """It begins a stretch."""
    taken: list[Taken] = []


class Scanned(msgspec.Struct, frozen=True, kw_only=True, tag="scanned"):
    """Child → parent (scan), last: when the pictures of a file are shown, by its packets, in its ticks. Behind it these
    times, and then those of the keyframes, each of eight bytes, big-endian. None at all where they do not say."""

    timescale: int
    pictures: Annotated[int, msgspec.Meta(ge=0)]
    keyframes: Annotated[int, msgspec.Meta(ge=0)]
    last: int
    """Ticks for which the last picture is shown."""
    sounds: Sounds | None = None
    """Of a sound that can be made in another order, too."""


class Subtitles(msgspec.Struct, frozen=True, tag="subtitles"):
    """Child → parent, before the last word: subtitles that are in the file, one list each."""

    subtitles: Cues


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of a recording: a row of `courtcast.problems`, with what stands in its sentence."""

    type: Literal["cut-short", "index-rebuilt", "clock-jumps", "clock-gap", "clock-missing"]
    fields: dict[str, str] = {}


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """Child → parent, last: the seconds of media time, and how many pictures were counted."""

    duration: tuple[int, int]
    frames: int
    notes: list[Note] = []
    starts: list[tuple[int, int]] = []
    """Of `Work.parts` behind the first: where each begins, in seconds of media time."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Child → parent (stills): the file is open; shots may come, one after the other's image."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, tag="shown"):
    """Child → parent (decode): when the next pictures decoded are shown, in the file's ticks."""

    pts: list[int]
    last: bool = False
    """There are no more."""


class Image(msgspec.Struct, frozen=True, tag="image"):
    """Child → parent (stills, look): a picture file, behind."""

    width: int = 0
    """Pixels; of parts of leaves only."""
    height: int = 0


class Glimpse(msgspec.Struct, frozen=True, tag="glimpse"):
    """Child → parent (sheet): the next keyframe, small and grey, behind; nothing where it is damaged."""


class Strip(msgspec.Struct, frozen=True, kw_only=True, tag="strip"):
    """Child → parent (sheet), last: all keyframes that were no nothing, small, as one JPEG, behind."""

    width: Annotated[int, msgspec.Meta(ge=1, le=1024)]
    height: Annotated[int, msgspec.Meta(ge=1, le=1024)]
    columns: Annotated[int, msgspec.Meta(ge=1, le=100)]


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag="heard"):
    """Child → parent (sheet): loudness from `at` on, seconds of MSE time; behind it `count` levels, 0 … 32767, of two
    bytes each, big-endian."""

    at: float
    count: Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """Child → parent (sheet), last: there is no more."""


class Inspected(msgspec.Struct, frozen=True, tag="inspected"):
    """Child → parent (inspect), last: what the file says of itself."""

    opened: Opened


class Needed(msgspec.Struct, frozen=True, tag="needed"):
    """Child → parent, last: it cannot be sent as planned; again, with another plan, or `straight`: only from the
    beginning to the end, or `heard`: only the sound."""

    need: Literal["seek", "motion", "straight", "heard"]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """Child → parent: a row of `courtcast.problems`, or `memory` or `unread` in words of this pipe."""

    problem: str
    fields: dict[str, str] = {}


FromChild = (
    Caged | Read | Looked | Begin | Piece | Subtitles | Done | Ready | Image | Shown | Needed | Failed
    | Glimpse | Strip | Heard | Finished | Inspected | Scanned
)  # fmt: skip
ToChild = Work | Data | Shot | Leaf


class Emit(Protocol):
    """Takes each message and the data that goes behind it, in parts."""

    def __call__(self, message: FromChild, *data: Bytes) -> None: ...


_encoder = msgspec.json.Encoder()


@cache
def _from_child() -> msgspec.json.Decoder[FromChild]:
    return msgspec.json.Decoder(FromChild)


@cache
def _to_child() -> msgspec.json.Decoder[ToChild]:
    """Each side makes what it reads with, and a child is started for every file."""
    return msgspec.json.Decoder(ToChild)


def pack(message: FromChild | ToChild, data: bytes = b"") -> bytes:
    """The message as it goes through the pipe."""
    return head(message, len(data)) + data


def head(message: FromChild | ToChild, behind: int = 0) -> bytes:
    """All of it but for the data, of which there are so many bytes."""
    text = _encoder.encode(message)
    return _LENGTHS.pack(len(text), behind) + text


def lengths(head: Bytes) -> tuple[int, int]:
    """Of JSON and data. Raises ValueError where they are beyond what is ever sent."""
    text, data = _LENGTHS.unpack(head)
    if text > MOST_JSON or data > MOST_DATA:
        raise ValueError("longer than any message")
    return text, data


def decode_from_child(text: Bytes) -> FromChild:
    """Raises msgspec.MsgspecError."""
    return _from_child().decode(text)


def receive(pipe: BinaryIO) -> tuple[ToChild, int]:
    """The child's side: waits for the next message; behind it so many bytes of data are still to be read.

    Raises EOFError when the parent has gone.
    """
    head = pipe.read(LENGTHS)
    if len(head) < LENGTHS:
        raise EOFError
    text, data = lengths(head)
    return _to_child().decode(pipe.read(text)), data
