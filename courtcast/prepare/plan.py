"""What of a recording is sent, and where it lies in time. Pure: decided from what the probe found."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, gcd
from typing import Literal, NamedTuple

from courtcast.problems import Refused

VIDEO = frozenset(("h264", "vp9", "av1"))
AUDIO = frozenset(("aac", "opus", "flac"))
"""What Chromium decodes in MSE from MP4 and we re-wrap."""

NAMES = {
    "hevc": "HEVC video",
    "vp8": "VP8 video",
    "mpeg4": "MPEG-4 part 2 video",
    "mpeg2video": "MPEG-2 video",
    "mpeg1video": "MPEG-1 video",
    "mjpeg": "Motion JPEG video",
    "prores": "ProRes video",
    "vvc": "VVC video",
    "msmpeg4v3": "MS MPEG-4 video",
    "wmv2": "Windows Media video",
    "wmv3": "Windows Media video",
    "vc1": "VC-1 video",
    "theora": "Theora video",
    "dvvideo": "DV video",
    "ac3": "AC-3 sound",
    "eac3": "Enhanced AC-3 sound",
    "mp3": "MP3 sound",
    "mp2": "MPEG layer 2 sound",
    "vorbis": "Vorbis sound",
    "alac": "Apple lossless sound",
    "amr_nb": "AMR sound",
    "amr_wb": "AMR sound",
    "wmav2": "Windows Media sound",
    "dts": "DTS sound",
    "truehd": "TrueHD sound",
    "pcm_mulaw": "G.711 sound",
    "pcm_alaw": "G.711 sound",
}
"""Codecs for people."""

_REACHABLE = Fraction(9, 10)
"""Seconds. Chromium plays from a seek before the first buffered sample where that lies below 1 s on MSE time
(`kSeekToStartFudgeRoom`), and stalls without a word otherwise."""


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


def name_of(codec: str, kind: str) -> str:
    """A codec for people."""
    if codec.startswith("pcm_") and codec not in NAMES:
        return "PCM sound"
    return NAMES.get(codec, f"{codec} {'video' if kind == 'video' else 'sound'}".strip())


def choose(streams: Sequence[Stream]) -> tuple[Stream, Stream | None]:
    """The picture and, where there is one, the sound to send. Raises Refused (format-not-yet, file-not-media).

    The default stream of each kind; if its sound cannot be sent but there is an alternative that can, that one.
    """
    pictures = sorted((s for s in streams if s.kind == "video" and not s.cover_art), key=lambda s: not s.default)
    sounds = sorted((s for s in streams if s.kind == "audio"), key=lambda s: not s.default)
    if not pictures and not sounds:
        raise Refused("file-not-media")
    if not pictures:
        raise Refused("format-not-yet", what="sound without a picture")
    video = pictures[0]
    audio = next((s for s in sounds if s.codec in AUDIO), sounds[0] if sounds else None)
    for stream, known in ((video, VIDEO), (audio, AUDIO)):
        if stream is None:
            continue
        if stream.encrypted:
            raise Refused("format-not-yet", what="encrypted")
        if stream.codec not in known:
            raise Refused("format-not-yet", what=name_of(stream.codec, stream.kind))
    return video, audio


class Head(NamedTuple):
    """Where one track begins. Times in seconds as the file has them; exact. None: it has not begun yet."""

    timescale: int
    first: Fraction | None
    """Of the first coded sample."""
    presented: Fraction | None
    """Of the first sample inside the edit list."""


class Place(NamedTuple):
    """Where a track lies on MSE time, in its own ticks."""

    shift: int
    """To add to the file's ticks."""
    first: int
    """The first presented sample."""
    lead: int | None
    """Where to move the first sample's time, so that the track is reachable from `origin` on; None: leave it."""


def place(heads: Sequence[Head]) -> tuple[Fraction, list[Place]]:
    """The origin (MSE time of media time 0) and the place of each track.

    Media time begins with whatever is presented first. All coded samples lie at MSE time 0 or later, as close to it as
    whole ticks on every track allow; so decoding can begin at a keyframe that lies before the edit list's start.
    """
    begun = [(head.first, head.presented) for head in heads if head.first is not None and head.presented is not None]
    zero = min(presented for _, presented in begun)
    grain = 0
    for head in heads:
        grain = gcd(grain, head.timescale)
    earliest = min(first for first, _ in begun)
    shift = Fraction(ceil(-earliest * grain), grain)
    origin = zero + shift
    return origin, [_place(head, origin, shift) for head in heads]


def _place(head: Head, origin: Fraction, shift: Fraction) -> Place:
    ticks = int(shift * head.timescale)
    if head.first is None or head.presented is None:
        return Place(shift=ticks, first=ceil(origin * head.timescale), lead=None)
    first = head.first + shift
    late = first > origin and first > _REACHABLE
    return Place(
        shift=ticks,
        first=ceil((head.presented + shift) * head.timescale),
        lead=ceil(origin * head.timescale) if late else None,
    )
