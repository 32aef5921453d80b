"""What is played: one clip whose frames carry their numbers, as one file and as parts for hls.js."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from bench.rivals.cells import CLIP_RATE, CLIP_SECONDS
from courtcast.samples import make_clip

FRAME_RATE = 30
WIDTH, HEIGHT = 1280, 720
GOP_SECONDS = 2
NAME = "clip.mp4"
PLAYLIST = "clip.m3u8"
MEDIA = "parts.m3u8"


def make(
    folder: Path, *, seconds: float = CLIP_SECONDS, bit_rate: float = CLIP_RATE, width: int = WIDTH,
    height: int = HEIGHT,
) -> Path:  # fmt: skip
    """Both forms, in that folder."""
    clip = make_clip(
        folder / NAME, seconds=seconds, width=width, height=height, rate=Fraction(FRAME_RATE), gop_seconds=GOP_SECONDS,
        bit_rate=int(bit_rate),
    )  # fmt: skip
    split(clip, folder, width, height)
    return clip


def frames(clip: Path) -> int:
    with av.open(str(clip)) as container:
        return container.streams.video[0].frames


def split(clip: Path, folder: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """The same samples in fragmented MP4 of 2 s each, and the two playlists that hls.js wants: the upper one says the
    rate, without which it would keep no more than 30 s ahead."""
    options = {
        "hls_time": str(GOP_SECONDS), "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
        "hls_fmp4_init_filename": "init.mp4", "hls_segment_filename": str(folder / "part%03d.m4s"),
    }  # fmt: skip
    with av.open(str(clip)) as source, av.open(str(folder / MEDIA), "w", format="hls", options=options) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
        seconds = float((source.duration or 0) / av.time_base)
    rate = round(clip.stat().st_size * 8 / seconds)
    (folder / PLAYLIST).write_text(
        f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH={rate},RESOLUTION={width}x{height}\n{MEDIA}\n"
    )
