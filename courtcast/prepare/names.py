"""What codecs and containers are called for people. Pure."""

from __future__ import annotations

import unicodedata

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
    "gif": "GIF picture",
    "apng": "PNG picture",
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
"""Codecs."""


def in_line(text: object, most: int = 100) -> str:
    """What a file says of itself, as one line of so many characters at most, without what cannot be seen."""
    line = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[: 4 * most])
    return " ".join(line.split())[:most]


def name_of(codec: str, kind: str) -> str:
    """A codec for people."""
    if codec.startswith("pcm_") and codec not in NAMES:
        return "PCM sound"
    return NAMES.get(codec, f"{codec} {'video' if kind == 'video' else 'sound'}".strip())
