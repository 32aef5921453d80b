"""Recordings in pieces, as packagers write them: the library's own DASH and HLS, and what is made of these by hand."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av

from tests.prepare.media import Recipe, make

RECIPE = Recipe(frames=150, fps=Fraction(30), audio_start=Fraction(1, 5))
HLS = {"hls_time": "1", "hls_playlist_type": "vod", "var_stream_map": "v:0,agroup:s a:0,agroup:s,default:yes"}
FRAGMENTS = {**HLS, "hls_segment_type": "fmp4"}
PACKETS = HLS
DASH = {"seg_duration": "1"}
LISTED = {**DASH, "single_file": "1"}
INDEXED = {**LISTED, "global_sidx": "1"}


def source(folder: Path, recipe: Recipe = RECIPE) -> Path:
    """The recording as one file."""
    folder.mkdir(parents=True, exist_ok=True)
    return make(folder / "source.mp4", recipe)


def packaged(file: Path, options: dict[str, str]) -> dict[str, bytes]:
    """What a server has of it; the list is `list.mpd` or `master.m3u8`."""
    folder = file.parent / f"packaged {len(list(file.parent.iterdir()))}"
    folder.mkdir()
    hls = "hls_time" in options
    form, name = ("hls", "list-%v.m3u8") if hls else ("dash", "list.mpd")
    more = {"master_pl_name": "master.m3u8", "hls_fmp4_init_filename": "init-%v.mp4"} if hls else {}
    with av.open(str(file)) as one, av.open(str(folder / name), "w", format=form, options={**options, **more}) as out:
        own = {stream.index: out.add_stream_from_template(stream) for stream in one.streams}
        for packet in one.demux():
            if packet.dts is not None:
                packet.stream = own[packet.stream.index]
                out.mux(packet)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(file: Path, starts: Iterable[Fraction], ahead: Fraction) -> list[bytes]:
    """Its sound as pieces of ADTS that begin about there, each with a tag that says when (RFC 8216 §3.4).

    ahead: by which the tags are later than the file
    """
    edges = sorted(starts)
    pieces: list[tuple[Fraction, io.BytesIO]] = []
    with av.open(str(file)) as one:
        (sound,) = one.streams.audio
        for packet in one.demux(sound):
            if packet.dts is None or packet.pts is None or sound.time_base is None:
                continue
            at = packet.pts * sound.time_base
            if not pieces or (len(pieces) < len(edges) and at >= edges[len(pieces)]):
                pieces.append((at, io.BytesIO()))
            pieces[-1][1].write(_adts(bytes(packet)))
    return [_tag(at + ahead) + piece.getvalue() for at, piece in pieces]


def _adts(frame: bytes) -> bytes:
    """A frame of AAC-LC, 48 kHz, two channels, with its header (ISO/IEC 14496-3 §1.A.2.2)."""
    n = 7 + len(frame)
    return bytes((0xFF, 0xF1, 0x4C, 0x80 | n >> 11, n >> 3 & 0xFF, (n & 7) << 5 | 0x1F, 0xFC)) + frame


def _tag(at: Fraction) -> bytes:
    private = b"com.apple.streaming.transportStreamTimestamp\0" + round(at * 90_000).to_bytes(8, "big")
    frame = b"PRIV" + len(private).to_bytes(4, "big") + b"\0\0" + private
    return b"ID3\4\0\0" + bytes((0, 0, len(frame) >> 7, len(frame) & 0x7F)) + frame
