"""What waits to go out over one WebSocket that carries a path: text first, then pieces of media. Pure.

Within a lane the order stays. Both lanes are bounded: more text than that means that nobody reads on the other side,
more media that somebody does not look at what was acknowledged.
"""

from __future__ import annotations

from collections import deque
from typing import Final

TEXTS_MOST: Final = 256
"""Messages that wait. A page says some twenty a second at most, and a dead line is noticed within 7.5 s."""
TEXT_MOST: Final = 512 * 1024
"""Characters of them. Two of the largest messages fit."""


class LaneFull(Exception):
    """Raised where nothing more may wait."""


class Lanes:
    """One line's two lanes."""

    def __init__(self, pieces_most: int) -> None:
        """`pieces_most`: bytes of media that may wait."""
        self._pieces_most = pieces_most
        self._texts: deque[str] = deque()
        self._pieces: deque[tuple[int, bytes]] = deque()
        self.text_waiting = 0
        """Characters."""
        self.media_waiting = 0
        """Bytes."""

    def put_text(self, text: str) -> None:
        """Raises LaneFull. One message alone always fits."""
        if self._texts and (len(self._texts) >= TEXTS_MOST or self.text_waiting + len(text) > TEXT_MOST):
            raise LaneFull("text")
        self._texts.append(text)
        self.text_waiting += len(text)

    def put_piece(self, path: int, piece: bytes) -> None:
        """Raises LaneFull."""
        if self.media_waiting + len(piece) > self._pieces_most:
            raise LaneFull("media")
        self._pieces.append((path, piece))
        self.media_waiting += len(piece)

    def drop(self, path: int) -> None:
        """A path has ended: its pieces that wait go nowhere."""
        self._pieces = deque(item for item in self._pieces if item[0] != path)
        self.media_waiting = sum(len(piece) for _, piece in self._pieces)

    def take(self) -> str | bytes | None:
        """What goes out next; None where nothing waits."""
        if self._texts:
            text = self._texts.popleft()
            self.text_waiting -= len(text)
            return text
        if self._pieces:
            _, piece = self._pieces.popleft()
            self.media_waiting -= len(piece)
            return piece
        return None
