"""What a mirroring product does: the clip is played here, and its picture goes out as a live video track."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.contrib.media import MediaRelay

from bench.rivals.clip import HEIGHT, WIDTH


class Laptop(VideoStreamTrack):
    """The picture of a machine on which a player plays: grey until it begins, and never waiting for anybody."""

    def __init__(self, clip: Path) -> None:
        super().__init__()
        self._container = av.open(str(clip))
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._frames: Iterator[Any] = iter(())
        self._frame: Any = None
        self._next: Any = None
        self._next_at = 0.0
        self._began: float | None = None
        self._grey = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in self._grey.planes:
            plane.update(bytes([128]) * plane.buffer_size)

    def play(self, at: float = 0.0) -> None:
        """From that media time on, from now on."""
        assert self._stream.time_base is not None
        self._container.seek(int(at / self._stream.time_base), stream=self._stream)
        self._frames = self._container.decode(self._stream)
        self._frame = None
        self._read()
        self._began = time.monotonic() - at

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame: Any = self._grey
        if self._began is not None:
            frame = await asyncio.to_thread(self._at, time.monotonic() - self._began)
        frame.pts, frame.time_base = pts, time_base
        return frame  # type: ignore[no-any-return]

    def _at(self, media: float) -> Any:
        """The frame that is on then; those before it are decoded and let go, as a player that is late does."""
        while self._next is not None and self._next_at <= media:
            self._frame = self._next
            self._read()
        return self._frame or self._grey

    def _read(self) -> None:
        self._next = next(self._frames, None)
        if self._next is not None:
            self._next_at = float(self._next.time)


class Mirror:
    """One laptop, a peer connection for each screen."""

    def __init__(self, clip: Path) -> None:
        self._laptop = Laptop(clip)
        self._relay = MediaRelay()
        self._peers: list[RTCPeerConnection] = []

    async def offer(self) -> str:
        peer = RTCPeerConnection()
        self._peers.append(peer)
        peer.addTrack(self._relay.subscribe(self._laptop))
        await peer.setLocalDescription(await peer.createOffer())
        return str(peer.localDescription.sdp)

    async def accept(self, number: int, sdp: str) -> None:
        await self._peers[number].setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def play(self, at: float = 0.0) -> None:
        # in the same thread as the reading would be two at once on one container; a seek is short
        self._laptop.play(at)

    async def close(self) -> None:
        await asyncio.gather(*(peer.close() for peer in self._peers))
