"""What a file says of itself, and what was done with it: for the question whether this is the original.

Everything that comes out of the file is text of strangers: bounded here, so that a child that was taken over cannot
send more, and shown as text that can do nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from courtcast.wire.api import ExhibitPart, ExhibitState, Problem, Treatment

STREAMS_MOST = 64
TAGS_MOST = 200
"""Of a file or a stream."""
ALL_TAGS_MOST = 1000
NAME_MOST = 120
"""Characters of a tag's name, or of a name of the library's."""
VALUE_MOST = 1000

Name = Annotated[str, msgspec.Meta(max_length=NAME_MOST)]
Value = Annotated[str, msgspec.Meta(max_length=VALUE_MOST)]


class Tag(msgspec.Struct, frozen=True):
    """A name and what stands under it, as it is in the file."""

    name: Name
    value: Value


Tags = Annotated[list[Tag], msgspec.Meta(max_length=TAGS_MOST)]


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of the file, whether it is sent to the screens or not. Times are seconds by the file's own clock."""

    number: int
    kind: Literal["video", "audio", "subtitle", "data", "attachment", "other"]
    sent: bool = False
    codec: Name = ""
    codec_name: Name = ""
    """In words, as FFmpeg has it."""
    codec_tag: Name = ""
    """Four characters of the container's."""
    profile: Name = ""
    level: int | None = None
    """As the codec counts it."""
    language: Name = ""
    dispositions: Annotated[list[Name], msgspec.Meta(max_length=32)] = []
    """default, attached picture, …"""
    time_base: tuple[int, int] | None = None
    start: float | None = None
    duration: float | None = None
    frames: int | None = None
    """As the container says; 0 where it does not."""
    bit_rate: int | None = None
    width: int | None = None
    height: int | None = None
    pixel_aspect: tuple[int, int] | None = None
    pixel_format: Name = ""
    rate: float | None = None
    """Pictures a second, by the container."""
    rotation: int | None = None
    """Degrees clockwise to turn it for display; null where no picture was decoded."""
    fields: Literal["progressive", "interlaced", "unknown"] = "unknown"
    """By the first pictures that were decoded."""
    field_order: int | None = None
    """By the container or the coded stream, as FFmpeg counts: 1 progressive, 2, 4 top field first, 3, 5 bottom."""
    colour: tuple[int, int, int] | None = None
    """Primaries, transfer, matrix (ITU-T H.273)."""
    full_range: bool | None = None
    sample_rate: int | None = None
    channels: int | None = None
    layout: Name = ""
    sample_format: Name = ""
    tags: Tags = []


class LeafFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a photograph or a document says of itself, beside its tags."""

    kind: Literal["image", "document"]
    leaves: int = 0
    """Pictures or pages; 0 where that is not known."""
    width: float = 0
    """As it is stored, of the first: pixels of a picture, points (1/72 inch) of a page."""
    height: float = 0
    orientation: int = 1
    """Of a picture, as EXIF counts: 1 is upright."""
    depth: Name = ""
    profile: Name = ""
    """Of its colours (ICC)."""
    version: Name = ""
    """Of PDF."""
    encrypted: bool = False
    signatures: int = 0
    """That are in it; they are not checked."""
    saved: int = 1
    """Times that the document was saved, each time behind what was there."""
    attached: Annotated[list[Name], msgspec.Meta(max_length=64)] = []
    """Names of files inside."""
    attached_total: int = 0
    scripts: int = 0
    """JavaScript of the document; it is never run."""
    form: Name = ""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says once it is open."""

    container: Name
    container_name: Name = ""
    start: float | None = None
    duration: float | None = None
    bit_rate: int | None = None
    leaves: LeafFacts | None = None
    """Of what is no recording."""
    streams: Annotated[list[StreamFacts], msgspec.Meta(max_length=STREAMS_MOST)] = []
    streams_total: int = 0
    chapters: int = 0
    tags: Tags = []
    tags_total: int = 0
    """Of file and streams; where it is more than are listed, there are others."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long each picture is up, by the file's own times. Seconds."""

    frames: int
    usual: float
    """The middle of all durations."""
    shortest: float
    longest: float
    constant: bool
    """All are the same, but for the rounding of the file's clock."""
    durations: list[tuple[float, int]]
    """Those that occur most, ascending, and how often."""
    others: int
    """Pictures whose duration is none of these."""


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was handed over together with the exhibit's: kept, never opened and never shown."""

    name: str
    path: str
    """The folders that it lay in."""
    bytes: int
    modified: float | None
    """Unix time, as the file system that it lay on had it."""
    sha256: str | None
    """null until all of it is here."""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /exhibits/{id}/inspection`."""

    exhibit: str
    ref: str
    title: str
    name: str
    """Of the file, as its server called it."""
    url: str
    """The link without its query; empty where the file was sent here."""
    added: float
    """Unix time, seconds, at which the link was given."""
    fetched: float | None
    """Unix time at which all of it was here; null where that was not written down."""
    bytes: int
    sha256: str
    expected: str | None
    """The hash that was given beforehand."""
    state: ExhibitState
    problem: Problem | None
    rendition: str
    made_by: str
    """Versions of what prepared it."""
    duration: float | None
    """Seconds of media time."""
    frames: int | None
    opened: Opened | None
    unopened: Problem | None
    """Why the file could not be opened."""
    pace: Pace | None
    treatments: list[Treatment]
    notes: list[Problem]
    parts: list[ExhibitPart] = []
    """Where it is joined from others: these. It has no link, and no hash of its own (`sha256` is empty)."""
    path: str = ""
    """The folders that the file lay in, where it was sent here from a disc or a computer."""
    modified: float | None = None
    """Unix time at which it was last changed there."""
    companions: list[Companion] = []
