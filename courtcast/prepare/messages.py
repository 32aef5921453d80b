"""What parent and child say to each other over the child's standard input and output.

Each message is a line of its own: four bytes length of the JSON, four bytes length of the data behind it, both
big-endian, the JSON, the data. Pure.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Literal, Protocol

import msgspec

from courtcast.wire.api import AudioInfo, Treatment, VideoInfo

_LENGTHS = struct.Struct(">II")
LENGTHS = _LENGTHS.size
MOST_JSON = 4 << 20
"""Bytes. The longest are the times of a fragment's frames."""
MOST_DATA = 256 << 20
"""Bytes. One coded picture of an 8K intermediate codec stays below."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may use."""

    memory: int = 3 << 30
    """Bytes of address space: decoding 4K with several reference frames takes about 1 GiB of it."""
    silence: float = 30.0
    """Seconds of the child's own work without a word from it."""
    reading: float = 4.0
    """Times the length of the file (and a little) that it may ask for: a demuxer that goes in circles stops here."""


class Work(msgspec.Struct, frozen=True, kw_only=True, tag="work"):
    """Parent → child, first: what to do. Everything else about the job is bytes that it asks for."""

    do: Literal["prepare", "stills", "decode"]
    length: int | None
    memory: int
    linear: bool = False
    """Do not seek: the end of the file is not there yet."""
    name: str = ""
    """Of the file, as the link has it: some kinds of file are known by nothing else."""
    plays: list[str] | None = None
    """What the screens decode (see `plan.make`); None where no screen has said anything."""
    need: Literal["seek"] | None = None
    """Why an earlier run could not go on (see `plan.Need`)."""


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


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Child → parent: bytes wanted."""

    offset: int
    n: int


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked"):
    """Child → parent: what the file is."""

    container: str
    video: VideoInfo | None
    audio: AudioInfo | None
    treatments: list[Treatment] = []


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


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag="piece"):
    """Child → parent: a fragment, behind."""

    track: int
    index: int
    start: int
    duration: int
    keyframe: bool
    pts: list[int] = []
    added: list[tuple[int, int]] = []


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """Child → parent, last: the seconds of media time, and how many pictures were counted."""

    duration: tuple[int, int]
    frames: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Child → parent (stills): the file is open; shots may come, one after the other's image."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, tag="shown"):
    """Child → parent (decode): when the next pictures decoded are shown, in the file's ticks."""

    pts: list[int]
    last: bool = False
    """There are no more."""


class Image(msgspec.Struct, frozen=True, tag="image"):
    """Child → parent (stills): a PNG, behind."""


class Needed(msgspec.Struct, frozen=True, tag="needed"):
    """Child → parent, last: it cannot be sent as planned; again, with another plan."""

    need: Literal["seek"]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """Child → parent: a row of `courtcast.problems`, or `memory` or `unread` in words of this pipe."""

    problem: str
    fields: dict[str, str] = {}


FromChild = Read | Looked | Begin | Piece | Done | Ready | Image | Shown | Needed | Failed
ToChild = Work | Data | Shot


class Emit(Protocol):
    """Takes each message and the data that goes behind it."""

    def __call__(self, message: FromChild, data: bytes = b"") -> None: ...


_encoder = msgspec.json.Encoder()
_from_child: msgspec.json.Decoder[FromChild] = msgspec.json.Decoder(FromChild)
_to_child: msgspec.json.Decoder[ToChild] = msgspec.json.Decoder(ToChild)


def pack(message: FromChild | ToChild, data: bytes = b"") -> bytes:
    """The message as it goes through the pipe."""
    text = _encoder.encode(message)
    return b"".join((_LENGTHS.pack(len(text), len(data)), text, data))


def lengths(head: bytes) -> tuple[int, int]:
    """Of JSON and data. Raises ValueError where they are beyond what is ever sent."""
    text, data = _LENGTHS.unpack(head)
    if text > MOST_JSON or data > MOST_DATA:
        raise ValueError("longer than any message")
    return text, data


def decode_from_child(text: bytes) -> FromChild:
    """Raises msgspec.MsgspecError."""
    return _from_child.decode(text)


def receive(pipe: BinaryIO) -> tuple[ToChild, bytes]:
    """The child's side: waits for the next message. Raises EOFError when the parent has gone."""
    head = pipe.read(LENGTHS)
    if len(head) < LENGTHS:
        raise EOFError
    text, data = lengths(head)
    return _to_child.decode(pipe.read(text)), pipe.read(data)
