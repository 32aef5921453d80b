"""A screen's page as a program: answers an offer, keeps verified fragments, reports, and can be told to misbehave.

It ends real data channels, and paths over its receiver's line, and says what `receiver/screen` says, without a browser.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from aiortc import RTCDataChannel, RTCSessionDescription

from courtcast.core.spans import Spans
from courtcast.deliver.peer import Connection
from courtcast.wire.link import PATH_PREFIX, PathClosed, PathControl, PathOpen, PathOpened, PathTaken, path_of
from courtcast.wire.media import (
    KIND_FRAGMENT,
    KIND_INIT,
    KIND_PADDING,
    KIND_ROWS,
    ManifestRows,
    MediaHeader,
    Row,
    unpack,
)
from courtcast.wire.screen import PROTOCOL, Able, Hello, Holding, Holdings, Ping, Report, Stage
from tests.stand_ins.line import Line

T = TypeVar("T")
_DISCARD = re.compile(r"(127\.0\.0\.1) \d+ typ")


async def until(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """Waits for something that another program brings about, and gives it."""
    async with asyncio.timeout(seconds):
        while not (met := condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return met


class PageProgram:
    """Context manager. One page; `answer` may be asked for again, as a page is that was offered to anew."""

    def __init__(
        self,
        *,
        budget: int = 0,
        disk: int | None = None,
        refuse: Callable[[MediaHeader], bool] = lambda _: False,
        passes: bool = True,
        line: Line | None = None,
    ) -> None:
        """`disk`: bytes that it says it may use, None where it knows nothing of the day; `refuse`: objects that it takes
        for damaged; not `passes`: no UDP gets to or from it; `line`: what UDP goes through."""
        self.budget, self.disk, self.refuse, self.passes, self.line = budget, disk, refuse, passes, line
        self.protocol = PROTOCOL
        self.stages: list[tuple[float, Stage]] = []
        self.heard: list[dict[str, Any]] = []
        self.arrived: list[tuple[str, int, int]] = []
        """(rendition, track, index) of whole fragments, in order."""
        self.media_bytes = 0
        self.padding = 0
        """Bytes of padding on this path."""
        self.plays: Callable[[str], bool] = lambda _: True
        self.admits = True
        """It says what padding it had."""
        self.aborted = 0
        """Objects of which the end never came."""
        self.refused = 0
        self.manifests: dict[str, ManifestRows] = {}
        """The last message of each: whether it is complete, its tracks."""
        self.rows: dict[tuple[str, int], dict[int, Row]] = {}
        self.inits: dict[tuple[str, int], bytes] = {}
        self.held: dict[tuple[str, int], dict[int, int]] = {}
        """For each track the bytes of each fragment held."""
        self.damaged: dict[str, list[tuple[int, int, int]]] = {}
        """Fragments that its disk gave back otherwise than they were."""
        self.mute = False
        """It says nothing any more, as a page whose thread hangs."""
        self.connection: Connection | None = None
        self.relays = True
        """It listens on paths over its receiver's line."""
        self.takes = True
        """It says what it took of the media there."""
        self.path: int | None = None
        """The number of the one that is open."""
        self.taken = 0
        """Bytes of media that came over it."""
        self.acknowledged = 0
        """Characters of control that the presenter has had over it."""
        self._speak: Callable[[str], None] = lambda _: None
        self._over_line: Callable[[msgspec.Struct], None] = lambda _: None
        self._told: Holdings | None = None
        self._partial: tuple[MediaHeader, bytearray] | None = None
        self._channels: dict[str, RTCDataChannel] = {}
        self._reporter: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self.path = None
        self._speak = lambda _: None
        await self._end_connection()
        if self._reporter is not None:
            self._reporter.cancel()
            await asyncio.gather(self._reporter, return_exceptions=True)
            self._reporter = None

    async def _end_connection(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            # aiortc waits for ever for the end of a closing that was called off in the middle
            await asyncio.shield(connection.close())

    async def answer(self, offer: str) -> str:
        await self._end_connection()
        self._channels.clear()
        self.connection = connection = Connection(["127.0.0.1"])
        connection.on("datachannel", self._on_channel)
        if self.line is not None:
            offer = self.line.offer(offer)
        if not self.passes:
            offer = _DISCARD.sub(r"\1 9 typ", offer)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        sdp: str = connection.localDescription.sdp
        if self.line is not None:
            sdp = self.line.answer(sdp)
        return sdp if self.passes else _DISCARD.sub(r"\1 9 typ", sdp)

    def say(self, message: msgspec.Struct) -> None:
        if not self.mute:
            self._speak(msgspec.json.encode(message).decode())

    def say_raw(self, text: str) -> None:
        self._channels["control"].send(text)

    def give_back(self, rendition: str, track: int, index: int) -> None:
        """Throws a fragment out of its store, as a page does that needs the room."""
        del self.held[rendition, track][index]
        self.tell_holdings()

    def tell_holdings(self) -> None:
        """At changes only."""
        rows: dict[str, list[tuple[int, int, int]]] = {}
        for (rendition, track), known in self.rows.items():
            ranges = Spans((index, index + 1) for index in known)
            rows.setdefault(rendition, []).extend((track, first, end - 1) for first, end in ranges)
        tracks = []
        for key in {*self.held, *self.inits}:
            ranges = Spans((index, index + 1) for index in self.held.get(key, ()))
            tracks.append(
                Holding(
                    rendition=key[0],
                    track=key[1],
                    init=key in self.inits,
                    fragments=[(first, end - 1) for first, end in ranges],
                )
            )
        total = sum(size for track in self.held.values() for size in track.values())
        told = Holdings(tracks=tracks, rows=rows, bytes=total, refused=self.refused, damaged=self.damaged)
        if told != self._told:
            self._told = told
            self.say(told)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channels[channel.label] = channel
        channel.on("message", self._on_control if channel.label == "control" else self._on_media)
        if channel.label == "control":
            self._begin_on_channels()

    def _begin_on_channels(self) -> None:
        channel = self._channels["control"]
        self._begin(lambda text: channel.send(text) if channel.readyState == "open" else None)

    def _begin(self, speak: Callable[[str], None]) -> None:
        """A path is open: it is the one in use from now on."""
        self._speak = speak
        self._partial = self._told = None
        self.padding = 0
        self.say(Hello(protocol=self.protocol, budget=self.budget, disk=self.disk))
        self.tell_holdings()
        if self._reporter is not None:
            self._reporter.cancel()
        self._reporter = asyncio.create_task(self._report())

    def relayed(self, message: msgspec.Struct, say: Callable[[msgspec.Struct], None]) -> None:
        """Something of a path over the receiver's line."""
        self._over_line = say
        if isinstance(message, PathOpen) and self.relays:
            number = self.path = message.path
            self.taken = self.acknowledged = 0
            say(PathOpened(number))
            self._begin(lambda text: say(PathControl(number, text)) if self.path == number else None)
        elif isinstance(message, PathControl) and message.path == self.path:
            self._on_control(message.text)
        elif isinstance(message, PathTaken) and message.path == self.path:
            self.acknowledged = message.amount
        elif isinstance(message, PathClosed) and message.path == self.path:
            self.path = None
            if "control" in self._channels and self._channels["control"].readyState == "open":
                self._begin_on_channels()

    def relayed_media(self, piece: bytes) -> None:
        if path_of(piece) != self.path:
            return
        self.taken += len(piece) - PATH_PREFIX
        self._on_media(piece[PATH_PREFIX:])
        if self.takes:
            self._over_line(PathTaken(self.path, self.taken))

    async def _report(self) -> None:
        number = 0
        while True:
            number += 1
            self.say(Ping(number))
            stage = self.stages[-1][1] if self.stages else None
            self.say(
                Report(
                    revision=stage.revision if stage else 0,
                    exhibit=stage.shown.exhibit if stage and stage.shown else None,
                    media_time=stage.shown.anchor.media if stage and stage.shown else None,
                    blank=stage.blank if stage else True,
                )
            )
            self.tell_holdings()
            await asyncio.sleep(0.25)

    def _on_control(self, text: str) -> None:
        message = json.loads(text)
        self.heard.append(message)
        if message["type"] == "stage":
            self.stages.append((time.monotonic(), msgspec.json.decode(text, type=Stage)))
        elif message["type"] == "ask":
            plays = [mime for mime in message["types"] if self.plays(mime)]
            padding = self.padding if self.admits else 0
            self.say(
                Able(id=message["id"], plays=plays, width=1280, height=720, padding=padding, doubt=0.001, jitter=0.002)
            )

    def _on_media(self, data: bytes) -> None:
        self.media_bytes += len(data)
        header, payload = unpack(data)
        if header.kind == KIND_PADDING:
            self.padding += len(data)
            return
        if header.offset == 0:
            if self._partial is not None:
                self.aborted += 1
            self._partial = header, bytearray()
        assert self._partial is not None, "an object begins at its beginning"
        first, whole = self._partial
        assert (first.kind, first.track, first.rendition, first.index, first.total) == (
            header.kind,
            header.track,
            header.rendition,
            header.index,
            header.total,
        )
        assert header.offset == len(whole), "in order, without a gap"
        whole += payload
        if len(whole) == header.total:
            self._partial = None
            self._take(header, bytes(whole))

    def _take(self, header: MediaHeader, data: bytes) -> None:
        if self.refuse(header):
            self.refused += 1
            return
        key = header.rendition, header.track
        if header.kind == KIND_ROWS:
            message = msgspec.json.decode(data, type=ManifestRows)
            self.manifests[header.rendition] = message
            for row in message.rows:
                self.rows.setdefault((header.rendition, row.track), {})[row.index] = row
            return
        manifest = self.manifests[header.rendition]  # rows come first
        if header.kind == KIND_INIT:
            assert hashlib.sha256(data).hexdigest() == manifest.tracks[header.track].init_sha256
            self.inits[key] = data
        elif header.kind == KIND_FRAGMENT:
            assert hashlib.sha256(data).hexdigest() == self.rows[key][header.index].sha256
            assert key in self.inits
            self.held.setdefault(key, {})[header.index] = len(data)
            self.arrived.append((*key, header.index))
