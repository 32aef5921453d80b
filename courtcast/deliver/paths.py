"""A path to one screen: two streams of messages, and how much of what was given to it has not arrived.

`control` carries JSON, `media` binary pieces. A path may be two data channels or anything else that keeps order and
loses nothing; the pump does not know which one it has. Control never waits behind media that the path has not begun to
send.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from aiortc.exceptions import InvalidStateError

from courtcast.core.estimate import Line

PathName = Literal["webrtc", "websocket"]

MEDIA_MOST = 512 * 1024
"""Bytes that a path takes before it says that its user does not look at `buffered`."""


CONTROL_MOST = 256 * 1024
"""Bytes of control that may wait. A line that takes no more than this is dead: the next path begins with the whole
state anyway."""


EARLY_MOST = 64
"""Messages kept for whoever listens later; a page says three before it is answered."""


class PathClosed(ConnectionError):
    """Raised by whoever gives something to a path that is closed."""


class Path(Protocol):
    """One way to one screen, open from the start; once closed it stays so."""

    on_progress: Callable[[], None]
    """Called when `buffered` went down, and when the path closed."""

    @property
    def name(self) -> PathName: ...

    @property
    def closed(self) -> bool: ...

    @property
    def sent(self) -> int:
        """Media bytes given to it, ever."""

    @property
    def buffered(self) -> int:
        """Of those, the bytes that have not arrived: waiting here or on their way."""

    @property
    def waiting(self) -> int:
        """Of those, the bytes that were not sent yet."""

    @property
    def line(self) -> Line | None:
        """What its sender knows of the line; None where that does not pace itself, and sends whatever it is given."""

    def listen(self, on_control: Callable[[str], None]) -> None:
        """Called with each message of the screen, those that came before included."""

    def send_control(self, text: str) -> None:
        """Raises PathClosed."""

    def send_media(self, piece: bytes) -> None:
        """Raises PathClosed."""

    async def close(self) -> None: ...


class Carrier(Protocol):
    """What two data channels stand on (`courtcast.deliver.peer.Association`), as far as a path has to know."""

    on_progress: Callable[[], None]
    acknowledgements: int
    """That came in, whatever they said."""

    @property
    def hungry(self) -> bool:
        """It has less than one piece of media still to send."""

    @property
    def on_their_way(self) -> int:
        """Bytes of all channels that were sent and not acknowledged, or are cut up and about to be sent."""

    @property
    def line(self) -> Line | None:
        """What it knows of the line, where it paces itself."""


class Channel(Protocol):
    """A data channel, as far as a path has to know."""

    @property
    def bufferedAmount(self) -> int: ...  # noqa: N802

    def send(self, data: bytes | str) -> None: ...


class ChannelPath:
    """Two data channels. Media waits here and goes on piece by piece, so control waits for one of them at most."""

    def __init__(self, carrier: Carrier, control: Channel, media: Channel, close: Callable[[], object]) -> None:
        """`close` begins to close whatever the channels belong to; `closed_now` is to be called once that is so."""
        self.on_progress: Callable[[], None] = lambda: None
        self._carrier, self._control, self._media, self._close = carrier, control, media, close
        self._on_control: Callable[[str], None] | None = None
        self._early: deque[str] = deque(maxlen=EARLY_MOST)
        """Messages that came before anybody listened: the page may speak before both channels are known to be open."""
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._sent = 0
        self._ended = asyncio.Event()
        carrier.on_progress = self._progress

    @property
    def name(self) -> PathName:
        return "webrtc"

    @property
    def closed(self) -> bool:
        return self._ended.is_set()

    @property
    def sent(self) -> int:
        return self._sent

    @property
    def buffered(self) -> int:
        return self.waiting + self._carrier.on_their_way

    @property
    def waiting(self) -> int:
        return self._waiting_bytes + self._media.bufferedAmount

    @property
    def acknowledgements(self) -> int:
        """That came in so far, for control as well: a sign that the other side is there."""
        return self._carrier.acknowledgements

    @property
    def line(self) -> Line | None:
        return self._carrier.line

    def listen(self, on_control: Callable[[str], None]) -> None:
        self._on_control = on_control
        while self._early:
            on_control(self._early.popleft())

    def hear(self, text: str) -> None:
        """A message of the page came in."""
        if self._on_control is None:
            self._early.append(text)
        else:
            self._on_control(text)

    def send_control(self, text: str) -> None:
        self._look_open()
        if self._control.bufferedAmount + len(text) > CONTROL_MOST:
            self._close()
            raise PathClosed("the path takes nothing any more")
        try:
            self._control.send(text)
        except InvalidStateError as error:
            raise PathClosed("the path is closing") from error

    def send_media(self, piece: bytes) -> None:
        self._look_open()
        if self._waiting_bytes + len(piece) > MEDIA_MOST:
            raise BufferError("more media than a path takes")
        self._waiting.append(piece)
        self._waiting_bytes += len(piece)
        self._sent += len(piece)
        self._hand_over()

    async def close(self) -> None:
        self._close()
        await self._ended.wait()

    async def wait_closed(self) -> None:
        await self._ended.wait()

    def closed_now(self) -> None:
        """The channels are closed."""
        if not self._ended.is_set():
            self._ended.set()
            self._waiting.clear()
            self._waiting_bytes = 0
            self.on_progress()

    def _look_open(self) -> None:
        if self._ended.is_set():
            raise PathClosed("the path is closed")

    def _progress(self) -> None:
        self._hand_over()
        self.on_progress()

    def _hand_over(self) -> None:
        while self._waiting and not self._ended.is_set() and self._carrier.hungry:
            piece = self._waiting.popleft()
            self._waiting_bytes -= len(piece)
            try:
                self._media.send(piece)
            except InvalidStateError:
                return  # closing: `closed_now` follows
