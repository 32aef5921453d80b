"""A path between presenter and page that can be slow, damage what it carries, and be cut."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from courtcast.core.estimate import Line
from courtcast.deliver.paths import PathClosed
from courtcast.deliver.pump import TRIES
from courtcast.wire.media import KIND_ROWS
from courtcast.wire.screen import Stage

if TYPE_CHECKING:
    from tests.histories.world import World

SLICE = 0.1
"""Seconds: also what every message takes at least."""
RATE = 2e6
"""Bytes a second of each path."""


class SimPath:
    """A path as `deliver.paths` has them. Keeps order and loses nothing until it is cut; then everything."""

    name = "webrtc"
    line: Line | None = None

    def __init__(self, world: World, number: int, screen: str, page: int) -> None:
        self.on_progress: Callable[[], None] = lambda: None
        self.number, self.screen, self.page = number, screen, page
        self.presenter = world.presenter
        self.closed = self.lost = False
        self.out = self.back = SLICE
        """Seconds that a message takes."""
        self.opens = 0.0
        """When the page has it."""
        self.corrupt = 0
        """So many pieces of media arrive damaged."""
        self.sent = 0
        self._world = world
        self._free = self._last_out = self._last_media = self._last_back = 0.0
        self._flying: deque[tuple[float, float, int]] = deque()
        """When each piece has left, and when it is known to have arrived; its bytes."""
        self._heard: Callable[[str], None] | None = None
        self._early: list[str] = []
        self._said: list[tuple[int, str]] = []
        """Stages, with their order."""

    @property
    def buffered(self) -> int:
        now = self._world.time()
        while self._flying and self._flying[0][1] <= now:
            self._flying.popleft()
        return sum(size for _, _, size in self._flying)

    @property
    def waiting(self) -> int:
        now = self._world.time()
        return sum(size for left, _, size in self._flying if left > now)

    def listen(self, on_control: Callable[[str], None]) -> None:
        self._heard = on_control
        for text in self._early:
            on_control(text)

    def send_control(self, text: str) -> None:
        if self.closed:
            raise PathClosed("closed")
        order = None
        if text.startswith('{"type":"stage"'):
            order = self._world.order(self.screen, msgspec.json.decode(text, type=Stage))
            self._said.append((order, text))
        self._deliver(text, order)

    def repeat(self, ago: int) -> None:
        """What was said that many stages ago comes once more."""
        if not self.closed and ago < len(self._said):
            order, text = self._said[-1 - ago]
            self._deliver(text, order)

    def _deliver(self, text: str, order: int | None) -> None:
        self._last_out = at = max(self._world.time() + self.out, self._last_out, self.opens)
        self._world.send(at, self, {"type": "control", "text": text, "order": order})

    def send_media(self, piece: bytes) -> None:
        if self.closed:
            raise PathClosed("closed")
        self._free = max(self._free, self._world.time()) + len(piece) / RATE
        self._last_media = at = max(self._free + self.out, self._last_media, self.opens)
        self.sent += len(piece)
        self._flying.append((self._free, at + self.back, len(piece)))
        thing = piece[1:16]
        # What is not hashed is guarded by the path itself; what never passes is not tried for half a minute.
        if self.corrupt and piece[1] != KIND_ROWS and self._world.damaged[thing] < TRIES - 1:
            self.corrupt -= 1
            self._world.damaged[thing] += 1
            piece = piece[:-4] + bytes(byte ^ 0x55 for byte in piece[-4:])
        self._world.send(at, self, {"type": "media", "data": base64.b64encode(piece).decode()})
        self._world.later(at + self.back, lambda: self.closed or self.on_progress())

    def hear(self, at: float, text: str) -> None:
        """The page said something at a time."""
        self._last_back = arrives = max(at + self.back, self._last_back)
        self._world.later(arrives, lambda: self._arrive(text))

    def _arrive(self, text: str) -> None:
        if self.closed or self.lost:
            return
        if self._heard is None:
            self._early.append(text)
        else:
            self._heard(text)

    def end(self) -> None:
        """It is closed on the presenter's side."""
        if not self.closed:
            self.closed = True
            self.on_progress()

    async def close(self) -> None:
        self.end()
