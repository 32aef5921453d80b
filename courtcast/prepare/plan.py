"""What is sent of a recording, and how: as it is, or converted, and why. Pure.

Decided from what the probe found and what the screens say that they decode. What they decode is never converted, but
for two things: pictures of half the lines each, on which a display shows combs, and pictures into which nobody can
seek (see `Need`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from courtcast.prepare.names import name_of
from courtcast.problems import Refused
from courtcast.wire.api import SoundTrack, Treatment

CHROMIUM = frozenset(
    (
        'video/mp4; codecs="avc1.42e01e"',
        'video/mp4; codecs="avc1.640034"',
        'video/mp4; codecs="avc1.f40034"',
        'video/mp4; codecs="vp09.00.51.08"',
        'video/mp4; codecs="vp09.02.51.10"',
        'video/mp4; codecs="av01.0.13M.08"',
        'video/mp4; codecs="av01.0.13M.10"',
        'video/webm; codecs="vp8"',
        'audio/mp4; codecs="mp4a.40.2"',
        'audio/mp4; codecs="opus"',
        'audio/mp4; codecs="flac"',
    )
)
"""What Chromium on Linux decodes: taken to be so while no screen has said anything."""

_SOUND = {
    "aac": 'audio/mp4; codecs="mp4a.40.2"',
    "opus": 'audio/mp4; codecs="opus"',
    "flac": 'audio/mp4; codecs="flac"',
}
_AV1_TEN = 'video/mp4; codecs="av01.0.13M.10"'
_WHOLE = ("yuv420p", "yuvj420p", "yuv444p", "yuvj444p", "gray", "nv12", "nv21")
"""Pixel formats whose colour is kept as finely as it is."""
_ROUNDED = ("mp1", "mp2")
"""Sound of which no more is worth keeping."""
MOST_SOUNDS = 32
"""Sound tracks of a file that are told of."""
_AAC = frozenset(("", "LC", "HE-AAC", "HE-AACv2"))
"""Profiles of AAC that browsers decode, as the library names them."""
Need = Literal["seek", "motion"]
"""What was found out only later: nobody could seek in the recording as it is; the picture moves (GIF, PNG), so that it
is a recording and no leaf."""


class Needed(Exception):
    """The recording cannot be sent as planned: another plan is needed, and another rendition."""

    def __init__(self, need: Need | Literal["straight", "heard"]) -> None:
        """`straight`: as planned, but only from the beginning to the end; `heard`: its sound only so."""
        super().__init__(need)
        self.need = need


class Stream(NamedTuple):
    """One stream of the file, as probed."""

    number: int
    """In the file."""
    kind: Literal["video", "audio"]
    codec: str
    default: bool = True
    encrypted: bool = False
    cover_art: bool = False
    """A picture that belongs to the file, not to time."""
    decodable: bool = True
    """The library has a decoder for it."""
    profile: str = ""
    """As the library names it; empty where it does not."""
    pix_fmt: str = ""
    """Of pictures, as the library names it."""
    exact: bool = False
    """Of sound: the decoder gives whole numbers, so that nothing is lost when they are kept."""
    language: str = ""
    """As the file has it."""
    title: str = ""
    channels: int = 0


class Look(NamedTuple):
    """What decoding the first pictures showed."""

    interlaced: bool = False
    """They are flagged as made of two fields."""
    turned: bool = False
    """A display has to turn them."""


class Choice(NamedTuple):
    """One stream, and what is done to it."""

    stream: Stream
    treatment: Treatment
    deinterlace: bool = False
    deep: bool = False
    """More than 8 bits of each sample are kept."""

    @property
    def unchanged(self) -> bool:
        return self.treatment.done == "unchanged"


DRAWN = Treatment(
    part="picture",
    done="drawn",
    into="H.264",
    reasons=["The recording has no picture. What is seen is its sound, drawn over time, and where playback is."],
)


class Plan(NamedTuple):
    """At least one of both is there."""

    picture: Choice | None
    sound: Choice | None

    @property
    def choices(self) -> list[Choice]:
        """The picture first."""
        return [choice for choice in (self.picture, self.sound) if choice is not None]

    @property
    def treatments(self) -> list[Treatment]:
        drawn = [] if self.picture is not None else [DRAWN]
        return [*drawn, *(choice.treatment for choice in self.choices)]


def choose(streams: Sequence[Stream], heard: int | None = None) -> tuple[Stream | None, Stream | None]:
    """The picture and the sound to send: the default stream of each kind, or else the first.

    heard: number of the sound that somebody chose; it counts where the file has such a one that can be heard

    Raises Refused (format-not-yet, file-not-media).
    """
    pictures = sorted((s for s in streams if s.kind == "video" and not s.cover_art), key=lambda s: not s.default)
    sounds = sorted((s for s in streams if s.kind == "audio"), key=lambda s: (not s.default, s.codec not in _SOUND))
    if not pictures and not sounds:
        raise Refused("file-not-media")
    picture = next((s for s in pictures if s.decodable), pictures[0] if pictures else None)
    wished = next((s for s in sounds if s.number == heard and _hearable(s)), None)
    sound = wished or next((s for s in sounds if s.decodable), sounds[0] if sounds else None)
    for stream in (picture, sound):
        if stream is not None and stream.encrypted:
            raise Refused("format-not-yet", what="encrypted")
        if stream is not None and not stream.decodable:
            raise Refused("format-not-yet", what=name_of(stream.codec, stream.kind))
    return picture, sound


def _hearable(stream: Stream) -> bool:
    return stream.decodable and not stream.encrypted


def sounds(streams: Sequence[Stream], chosen: Stream | None) -> list[SoundTrack]:
    """The sound tracks of a file, for people."""
    return [
        SoundTrack(
            index=stream.number,
            codec=name_of(stream.codec, "audio").removesuffix(" sound"),
            language=stream.language,
            title=stream.title,
            channels=stream.channels,
            chosen=chosen is not None and stream.number == chosen.number,
            playable=_hearable(stream),
        )
        for stream in streams
        if stream.kind == "audio"
    ][:MOST_SOUNDS]


def make(
    streams: Sequence[Stream],
    look: Look,
    plays: frozenset[str] = CHROMIUM,
    need: Need | None = None,
    heard: int | None = None,
) -> Plan:
    """What to do. `plays`: MIME types with codecs that all screens decode. Raises Refused (see `choose`)."""
    picture, sound = choose(streams, heard)
    return Plan(
        None if picture is None else _picture(picture, look, plays, need),
        None if sound is None else _sound(sound, plays),
    )


def _picture(stream: Stream, look: Look, plays: frozenset[str], need: Need | None) -> Choice:
    name = name_of(stream.codec, "video").removesuffix(" video")
    reasons: list[str] = []
    if picture_mime(stream) not in plays:
        reasons.append(f"The screens do not decode {_fine(stream, name)}.")
    if look.interlaced:
        reasons.append(
            "Each picture is made of two fields, taken one after the other: a display would show combs. "
            "They are joined (bwdif), one picture for each."
        )
    if stream.codec == "vp8" and look.turned:
        reasons.append("It is turned for display, which VP8 cannot say where browsers take it.")
    if need == "seek":
        reasons.append("It has too few pictures at which decoding can begin to be sought in as it is.")
    if not reasons:
        return Choice(stream, Treatment(part="picture", done="unchanged", codec=name))
    bits, deep = _bits(stream.pix_fmt), False
    if bits > 8:
        deep = _AV1_TEN in plays
        kept = 10 if deep else 8
        if kept < bits:
            reasons.append(f"Of {bits} bits for each colour of a pixel {kept} are kept.")
    if (not deep and not stream.pix_fmt.startswith(_WHOLE)) or (deep and "420" not in stream.pix_fmt):
        reasons.append("Colour is kept for each square of four pixels, as screens have it; brightness for each pixel.")
    into = "AV1 with 10 bits" if deep else "H.264"
    return Choice(
        stream,
        Treatment(part="picture", done="converted", codec=name, into=into, reasons=reasons),
        deinterlace=look.interlaced,
        deep=deep,
    )


def _bits(pix_fmt: str) -> int:
    """Of each sample."""
    return next((bits for bits in (16, 14, 12, 10, 9) if f"p{bits}" in pix_fmt or f"gray{bits}" in pix_fmt), 8)


def _sound(stream: Stream, plays: frozenset[str]) -> Choice:
    name = name_of(stream.codec, "audio").removesuffix(" sound")
    rare = stream.codec == "aac" and stream.profile not in _AAC
    if _SOUND.get(stream.codec) in plays and not rare:
        return Choice(stream, Treatment(part="sound", done="unchanged", codec=name))
    reason = f"The screens do not decode {name}."
    if stream.exact:
        kept = "Every sample is kept as it is."
        return Choice(stream, Treatment(part="sound", done="lossless", codec=name, into="FLAC", reasons=[reason, kept]))
    bits = 16 if stream.codec in _ROUNDED else 24
    kept = f"What the decoder gives is kept with {bits} bits for each sample."
    return Choice(stream, Treatment(part="sound", done="converted", codec=name, into="FLAC", reasons=[reason, kept]))


def picture_mime(stream: Stream) -> str | None:
    """The type that stands for all like it, in the words that screens are asked with; None where there is none."""
    deep = _bits(stream.pix_fmt) > 8
    full = "444" in stream.pix_fmt or stream.pix_fmt.startswith(("gbr", "rgb"))
    half = "422" in stream.pix_fmt or "440" in stream.pix_fmt
    match stream.codec:
        case "h264" if deep or half:
            return 'video/mp4; codecs="avc1.6e0034"' if deep and not half and not full else None
        case "h264":
            return f'video/mp4; codecs="avc1.{"f4" if full else "64"}0034"'
        case "hevc":
            return 'video/mp4; codecs="hvc1.1.6.L153.B0"' if not (deep or full or half) else None
        case "vp8":
            return 'video/webm; codecs="vp8"'
        case "vp9" if not (full or half):
            return f'video/mp4; codecs="vp09.{"02.51.10" if deep else "00.51.08"}"'
        case "av1" if not (full or half):
            return f'video/mp4; codecs="av01.0.13M.{"10" if deep else "08"}"'
    return None


def _fine(stream: Stream, name: str) -> str:
    """The codec, and what of it is out of the way where the screens may decode the codec itself."""
    plain = Stream(0, "video", stream.codec, pix_fmt="yuv420p")
    if picture_mime(plain) in CHROMIUM and stream.pix_fmt:
        return f"{name} with pictures like this ({stream.pix_fmt})"
    return name
