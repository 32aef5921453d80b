"""Coded units: of a recording as the library demuxes it, and of fragments, in the same form, to be compared.

NAL units of H.264 without start codes or lengths; VP9 frames, superframes taken apart; AV1 OBUs but for temporal
delimiters (which MP4 leaves out); whole frames of sound. Neither side uses the code that is tested.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import av
import pytest

from tests.prepare.prepared import Prepared

SCOPE = (
    "BA_MW_D_P_LOST.264",
    "CI1_FT_B.264",
    "VID_20191220_170832.mp4",
    "android_fragmented.mp4",
    "bear-vp9-odd-dimensions.webm",
    "chapters_444.mkv",
    "gopro_karma_timecode.mp4",
    "highway_5994.mp4",
    "movie-hello.avi",
    "pixel7_rot180.mp4",
    "portrait_4k60.mp4",
    "roadtrip-vp92-10bit.webm",
    "sintel_trailer-720p.mp4",
    "test_video_sync_av1.mp4",
)
"""Files under ../shared/media/video whose picture and sound stay as they are."""

CONVERTED = (
    "ass_subtitles.mkv",
    "interlaced_sar_ac3.mp4",
    "iphone_hevc10_editlist.mp4",
    "movie-hello.mpeg",
    "sowt_pcm.mov",
    "tears_of_steel.webm",
    "testWMV_WMV2.wmv",
    "v_SoccerJuggling_g23_c01.avi",
    "vtest_cctv.avi",
)
"""The others: picture or sound is converted."""

LARGE = frozenset(
    (
        "chapters_444.mkv",
        "gopro_karma_timecode.mp4",
        "highway_5994.mp4",
        "iphone_hevc10_editlist.mp4",
        "movie-hello.avi",
        "pixel7_rot180.mp4",
        "portrait_4k60.mp4",
        "roadtrip-vp92-10bit.webm",
        "sintel_trailer-720p.mp4",
        "sowt_pcm.mov",
        "test_video_sync_av1.mp4",
        "v_SoccerJuggling_g23_c01.avi",
        "VID_20191220_170832.mp4",
        "vtest_cctv.avi",
    )
)
"""Those that take a machine of two cores several seconds to convert, or to play: of each way of being difficult a smaller
one stays among the tests that are always run."""


def with_the_large(names: Sequence[str], but: Sequence[str] = ()) -> list[object]:
    """The names as parameters of a test, the large files' marked `long` `but` some."""
    large = LARGE.difference(but)
    return [pytest.param(name, marks=pytest.mark.long) if name in large else name for name in names]


SOUND = frozenset(("aac", "opus", "flac"))


def source_units(path: Path) -> dict[str, list[bytes]]:
    """Of the picture and of the sound that is sent, in the order of the file."""
    with path.open("rb") as file:
        return _units(file)


def stored_units(made: Prepared) -> dict[str, list[bytes]]:
    """Of a rendition, without those that its manifest says were added."""
    return _stored(made, added=False)


def added_units(made: Prepared) -> dict[str, list[bytes]]:
    """Of a rendition: only those that its manifest says were added."""
    return _stored(made, added=True)


def _stored(made: Prepared, *, added: bool) -> dict[str, list[bytes]]:
    """Each track is an init segment and its fragments."""
    found: dict[str, list[bytes]] = {}
    for track in made.manifest.tracks:
        marked = [span for row in made.manifest.rows(track.index) for span in row.added]

        def wanted(pts: int | None, marked: list[tuple[int, int]] = marked) -> bool:
            return added == any(start <= (pts or 0) < end for start, end in marked)

        found |= _units(io.BytesIO(made.inits[track.index] + b"".join(made.fragments[track.index])), wanted)
    return found


def _units(file: IO[bytes], wanted: Callable[[int | None], bool] = lambda _: True) -> dict[str, list[bytes]]:
    with av.open(file, "r") as container:
        pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        sounds = [s for s in container.streams.audio if s.codec_context.codec.canonical_name in SOUND]
        chosen = [*pictures[:1], *sounds[:1]]
        found: dict[str, list[bytes]] = {stream.type: [] for stream in chosen}
        for packet in container.demux(chosen):
            if packet.size and wanted(packet.pts):
                codec = packet.stream.codec_context.codec.canonical_name
                extra = packet.stream.codec_context.extradata or b""
                found[packet.stream.type].extend(_taken_apart(bytes(packet), codec, extra))
    return found


def _taken_apart(data: bytes, codec: str, extradata: bytes) -> Iterator[bytes]:
    if codec == "h264":
        yield from _nal_units(data, extradata)
    elif codec == "vp9":
        yield from _frames(data)
    elif codec == "av1":
        yield from _obus(data)
    else:
        yield data


def _nal_units(data: bytes, extradata: bytes) -> Iterator[bytes]:
    if extradata[:1] != b"\1":
        for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]:
            yield part.rstrip(b"\0")
        return
    width, at = (extradata[4] & 3) + 1, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + width], "big")
        yield data[at + width : at + width + size]
        at += width + size


def _frames(data: bytes) -> Iterator[bytes]:
    marker = data[-1]
    if marker & 0xE0 != 0xC0:
        yield data
        return
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    length = 2 + width * count
    if data[-length] != marker:
        yield data
        return
    at = 0
    for n in range(count):
        start = len(data) - length + 1 + n * width
        size = int.from_bytes(data[start : start + width], "little")
        yield data[at : at + size]
        at += size


def _obus(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at
        first = data[at]
        at += 1 + (first >> 2 & 1)
        size, shift = 0, 0
        if first >> 1 & 1:
            while True:
                byte = data[at]
                size |= (byte & 127) << shift
                at, shift = at + 1, shift + 7
                if not byte & 128:
                    break
        else:
            size = len(data) - at
        at += size
        if first >> 3 & 15 != 2:
            yield data[start:at]


def difference(source: dict[str, list[bytes]], stored: dict[str, list[bytes]]) -> str | None:
    """None where both are the same, else the first difference in words."""
    if source.keys() != stored.keys():
        return f"{sorted(source)} in the file, {sorted(stored)} in the store"
    for kind, units in source.items():
        theirs = stored[kind]
        for n, (one, other) in enumerate(zip(units, theirs, strict=False)):
            if one != other:
                return f"{kind} unit {n}: {len(one)} bytes in the file, {len(other)} in the store, not the same"
        if len(units) != len(theirs):
            return f"{len(units)} {kind} units in the file, {len(theirs)} in the store"
    return None
