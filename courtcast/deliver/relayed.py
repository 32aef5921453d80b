"""The path over the link, for networks that let no UDP through: the receiver passes it on to its page.

What is `buffered` is what the page has not taken, by its own word. So the pump's window bounds what waits anywhere on
the way, and its estimate of the line means the same as over data channels.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

from courtcast.core.estimate import Line
from courtcast.deliver.paths import EARLY_MOST, PathClosed, PathName
from courtcast.wire import link as wire
from courtcast.wire.link import PATH_CONTROL_MOST, PATH_MOST, PathControl, PathTaken


class Out(Protocol):
    """What goes out over the link (`courtcast.deliver.writer.Writer`)."""

    @property
    def media_waiting(self) -> int: ...

    def say(self, message: wire.ToReceiver) -> None: ...

    def send(self, path: int, message: bytes) -> None: ...

    def drop(self, path: int) -> None: ...


class RelayedPath:
    """Its number is known to both sides; it is open from the start, and closed once and for ever."""

    def __init__(self, number: int, out: Out) -> None:
        self.number = number
        self.on_progress: Callable[[], None] = lambda: None
        self._out = out
        self._on_control: Callable[[str], None] | None = None
        self._early: deque[str] = deque(maxlen=EARLY_MOST)
        self._sent = self._taken = 0
        self._heard = 0
        """Characters of control."""
        self._closed = False

    @property
    def name(self) -> PathName:
        return "websocket"

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def sent(self) -> int:
        return self._sent

    @property
    def buffered(self) -> int:
        return self._sent - self._taken

    @property
    def waiting(self) -> int:
        return min(self.buffered, self._out.media_waiting)

    @property
    def line(self) -> Line | None:
        return None

    def listen(self, on_control: Callable[[str], None]) -> None:
        self._on_control = on_control
        while self._early:
            on_control(self._early.popleft())

    def send_control(self, text: str) -> None:
        if self._closed:
            raise PathClosed("the path is closed")
        if len(text) > PATH_CONTROL_MOST:
            raise BufferError("a message longer than a path takes")
        try:
            self._out.say(PathControl(self.number, text))
        except PathClosed:
            self.end()
            raise

    def send_media(self, piece: bytes) -> None:
        if self._closed:
            raise PathClosed("the path is closed")
        if self.buffered + len(piece) > PATH_MOST:
            raise BufferError("more media than a path takes")
        self._out.send(self.number, piece)
        self._sent += len(piece)

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        """Closes it, and tells the other side."""
        if not self._closed:
            self._out.drop(self.number)
            self.closed_now()
            with contextlib.suppress(PathClosed):  # nothing goes out any more: the link's own end says it
                self._out.say(wire.PathClosed(self.number))

    def closed_now(self) -> None:
        """The other side has closed it, or the link is gone."""
        if not self._closed:
            self._closed = True
            self._out.drop(self.number)
            self.on_progress()

    def hear(self, message: PathControl | PathTaken) -> None:
        """The receiver passed something on. What no page says ends the path."""
        if self._closed:
            return
        if isinstance(message, PathTaken):
            if self._taken <= message.amount <= self._sent:
                self._taken = message.amount
                self.on_progress()
            else:
                self.end()
            return
        self._heard += len(message.text)
        try:
            self._out.say(PathTaken(self.number, self._heard))
        except PathClosed:
            self.end()
            return
        if self._on_control is None:
            self._early.append(message.text)
        else:
            self._on_control(message.text)
