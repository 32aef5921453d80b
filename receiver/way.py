"""One path through this machine: from the presenter's link to the page, and back. It keeps no message. Pure.

Each side says how much it has taken of what the other sent. So what is under way between them is known here, and a side
that does what no path does (sends more than may be under way, takes what was never sent, sends what is no piece) has
its path ended. Nothing that it says of an ended one is passed on.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from courtcast.wire.link import (
    PATH_CONTROL_MOST,
    PATH_MOST,
    PATH_PREFIX,
    PathClosed,
    PathControl,
    PathOpened,
    PathTaken,
    path_of,
)


class Port(Protocol):
    """One WebSocket to say things over; its calls return at once."""

    def send(self, message: msgspec.Struct) -> None: ...

    def send_piece(self, path: int, piece: bytes) -> None: ...

    def drop_pieces(self, path: int) -> None: ...

    def close(self, code: int = 1000) -> None: ...


class Way:
    """Open from the start; `ended` once and for ever."""

    def __init__(self, number: int, presenter: Port, page: Port) -> None:
        self.number = number
        self.presenter, self.page = presenter, page
        self.ended = False
        self._media = self._media_taken = 0
        """Bytes passed on to the page, and said to be taken."""
        self._control = self._control_taken = 0
        """Characters passed on to the presenter, and said to be taken."""

    def from_presenter(self, message: PathControl | PathTaken | PathClosed) -> None:
        if self.ended or message.path != self.number:
            return
        if isinstance(message, PathClosed):
            self.end(tell_presenter=False)
        elif isinstance(message, PathControl):
            self._pass(message, self.page)
        elif self._control_taken <= message.amount <= self._control:
            self._control_taken = message.amount
            self.page.send(message)
        else:
            self.end()

    def piece(self, data: bytes) -> None:
        """A binary message of the presenter."""
        try:
            number = path_of(data)
        except ValueError:
            self.end()
            return
        if self.ended or number != self.number:
            return
        size = len(data) - PATH_PREFIX
        if self._media + size - self._media_taken > PATH_MOST:
            self.end()
            return
        self._media += size
        self.page.send_piece(number, data)

    def from_page(self, message: PathOpened | PathControl | PathTaken | PathClosed) -> None:
        if self.ended or message.path != self.number:
            return
        if isinstance(message, PathClosed):
            self.end(tell_page=False)
        elif isinstance(message, PathOpened):
            self.presenter.send(message)
        elif isinstance(message, PathControl):
            self._control += len(message.text)
            self._pass(message, self.presenter)
        elif self._media_taken <= message.amount <= self._media:
            self._media_taken = message.amount
            self.presenter.send(message)
        else:
            self.end()

    def end(self, *, tell_presenter: bool = True, tell_page: bool = True) -> None:
        """Both sides hear of it, unless one has said it."""
        if self.ended:
            return
        self.ended = True
        self.page.drop_pieces(self.number)
        if tell_page:
            self.page.send(PathClosed(self.number))
        if tell_presenter:
            self.presenter.send(PathClosed(self.number))

    def _pass(self, message: PathControl, port: Port) -> None:
        if len(message.text) > PATH_CONTROL_MOST:
            self.end()
        else:
            port.send(message)
