"""From a screen's reports to what it showed, from when to when. Pure: times come in as arguments.

A stretch is begun by the first report that something is up, and ended by the report that it is not, or that it stopped,
began to play, or jumped; a screen that falls silent ends it where it last said something. One that goes on is written
down every `LONGEST`, so that a presenter that is killed loses no more than that.

    played   the frames from `first` to `last` in turn
    still    one frame
    stepped  frames between `low` and `high`, each for less than `RESTS`: somebody looked for one

While it plays a screen reports four times a second, so the frame on which it really ended lies up to a quarter of a
second behind `last`, and a jump of less than `JUMP` is not told from going on.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from courtcast.core.chain import Value
from courtcast.core.entries import MICRO

How = Literal["played", "still", "stepped"]
Ended = Literal["goes-on", "changed", "blank", "silent", "stopped"]

LONGEST: Final = 120 * MICRO
RESTS: Final = MICRO
"""A frame that stood for so long was looked at, and is a stretch of its own."""
JUMP: Final = MICRO // 2
"""Media time, beyond what the time between two reports accounts for."""


class Sight(NamedTuple):
    """What a screen says that it shows."""

    exhibit: str
    rendition: str
    frame: int | None
    media: int
    """Microseconds."""
    playing: bool
    rate: float
    """Of the room, when the screen was last told."""
    sound: bool = False
    stalls: int = 0
    """Cumulative, …"""
    stalled: int = 0
    """… and microseconds of it."""
    clip: str | None = None
    """Name of the clip that it is part of."""


class Stretch(NamedTuple):
    """What one screen showed without a break."""

    since: int
    until: int
    how: How
    first: Sight
    last: Sight
    low: int | None
    high: int | None
    """Frames."""
    ended: Ended

    def fields(self) -> dict[str, Value | None]:
        """For the entry `shown`."""
        first, last = self.first, self.last
        stepped = self.how == "stepped"
        return {
            "exhibit": first.exhibit,
            "clip": first.clip,
            "rendition": first.rendition,
            "since": self.since,
            "how": self.how,
            "from": self.low if stepped else first.frame,
            "to": self.high if stepped else last.frame,
            "media_from": min(first.media, last.media),
            "media_to": max(first.media, last.media),
            "sound": first.sound or last.sound,
            "stalls": max(0, last.stalls - first.stalls) or None,
            "stalled": max(0, last.stalled - first.stalled) or None,
            "ended": self.ended,
        }


class _Open:
    """A stretch that has not ended."""

    def __init__(self, since: int, sight: Sight) -> None:
        self.since = since
        self.heard = since
        self.moved = since
        """When it came to the frame that it is on."""
        self.how: How = "played" if sight.playing else "still"
        self.first = self.last = sight
        self.low = self.high = sight.frame

    def goes_on(self, at: int, sight: Sight) -> bool:
        """It is the same stretch still; then it is taken in."""
        last = self.last
        if (sight.exhibit, sight.rendition, sight.clip) != (last.exhibit, last.rendition, last.clip):
            return False
        if sight.playing != last.playing:
            return False
        if sight.playing:
            passed = max(0, at - self.heard)
            if not 0 <= sight.media - last.media <= passed * max(sight.rate, last.rate) + JUMP:
                return False
        elif sight.frame != last.frame or (sight.frame is None and sight.media != last.media):
            if at - self.moved >= RESTS:
                return False
            self.how, self.moved = "stepped", at
        if sight.frame is not None:
            self.low = sight.frame if self.low is None else min(self.low, sight.frame)
            self.high = sight.frame if self.high is None else max(self.high, sight.frame)
        self.last, self.heard = sight, at
        return True

    def ended(self, until: int, ended: Ended) -> Stretch:
        return Stretch(self.since, max(self.since, until), self.how, self.first, self.last, self.low, self.high, ended)


class Witness:
    """Listens to one screen."""

    def __init__(self) -> None:
        self._open: _Open | None = None

    @property
    def shows(self) -> str | None:
        """The exhibit that is up, as far as it is known."""
        return None if self._open is None else self._open.last.exhibit

    def sees(self, at: int, sight: Sight | None) -> list[Stretch]:
        """One report that came in at `at` (microseconds; those of one screen never go back). None: it shows nothing.

        Gives the stretches that this ended.
        """
        now = self._open
        if now is None:
            self._open = None if sight is None else _Open(at, sight)
            return []
        if sight is None:
            self._open = None
            return [now.ended(at, "blank")]
        if now.goes_on(at, sight):
            if at - now.since < LONGEST:
                return []
            self._open = _Open(at, sight)
            return [now.ended(at, "goes-on")]
        self._open = _Open(at, sight)
        return [now.ended(at, "changed")]

    def silent(self) -> list[Stretch]:
        """It says nothing any more: what it showed is known up to its last word."""
        return self._close(None, "silent")

    def stop(self, at: int) -> list[Stretch]:
        """Nobody listens any more."""
        return self._close(at, "stopped")

    def _close(self, at: int | None, why: Ended) -> list[Stretch]:
        now, self._open = self._open, None
        return [] if now is None else [now.ended(now.heard if at is None else at, why)]
