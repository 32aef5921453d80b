"""From a screen's reports to what it showed, from when to when. Pure: times come in as arguments.

A stretch is begun by the first report that something is up, and ended by the report that it is not, or that it stopped,
began to play, or jumped; a screen that falls silent ends it where it last said something. One that goes on is written
down every `LONGEST`, so that a presenter that is killed loses no more than that.

    played   the frames from `first` to `last` in turn
    still    one frame
    stepped  frames between `low` and `high`, each for less than `RESTS`: somebody looked for one

While it plays a screen reports four times a second, so the frame on which it really ended lies up to a quarter of a
second behind `last`, and a jump of less than `JUMP` is not told from going on.

Of a clip each range is a stretch of its own. Where the reports before and after a seam are as far apart in the clip as
the time between them, it was passed on its way: one stretch ended with the last frame of its range, and the next began
with the first of its own.
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


class Part(NamedTuple):
    """A range of a clip, in microseconds of media time, and its frames where they are known."""

    start: int
    stop: int
    first: int | None = None
    last: int | None = None


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
    parts: tuple[Part, ...] = ()
    """The ranges of the clip that is on, in order, …"""
    clip: str | None = None
    """… and its name."""


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

    def __init__(self, since: int, sight: Sight, *, part: int = -1) -> None:
        """part: index of the range that it is known to have come to"""
        self.since = since
        self.heard = since
        self.moved = since
        """When it came to the frame that it is on."""
        self.part = _part(sight, part)
        """Index of the range that it is in; -1 where there are none."""
        self.how: How = "played" if sight.playing else "still"
        self.first = self.last = sight
        self.low = self.high = sight.frame

    def goes_on(self, at: int, sight: Sight) -> bool:
        """It is the same stretch still; then it is taken in."""
        last = self.last
        if not _alike(sight, last) or sight.playing != last.playing or _part(sight, self.part) != self.part:
            return False
        if sight.playing:
            passed = max(0, at - self.heard)
            way = sight.media - last.media if self.part < 0 else _along(sight, self.part) - _along(last, self.part)
            if not 0 <= way <= passed * max(sight.rate, last.rate) + JUMP:
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

    def seams(self, at: int, sight: Sight) -> list[tuple[int, int]]:
        """Those that were passed on the way to this sight: when, and from which range to the next; none where it
        jumped."""
        last, there = self.last, _part(sight, self.part)
        if not (sight.playing and last.playing and _alike(sight, last) and there > self.part >= 0):
            return []
        way = _along(sight, there) - _along(last, self.part)
        if not 0 <= way <= max(0, at - self.heard) * max(sight.rate, last.rate) + JUMP:
            return []
        found = []
        for number in range(self.part, there):
            behind = _along(sight, there) - sum(one.stop - one.start for one in sight.parts[: number + 1])
            when = at - round(behind / (sight.rate or 1.0))
            found.append((min(at, max(self.heard, when)), number))
        return found

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
        found = []
        for when, number in now.seams(at, sight):
            part, behind = sight.parts[number], sight.parts[number + 1]
            now.last = _at_edge(now.last, part.last, part.stop)
            found.append(now.ended(when, "changed"))
            now = _Open(when, _at_edge(sight, behind.first, behind.start), part=number + 1)
        if found and now.goes_on(at, sight):
            self._open = now
            return found
        self._open = _Open(at, sight)
        return [*found, now.ended(at, "changed")]

    def silent(self) -> list[Stretch]:
        """It says nothing any more: what it showed is known up to its last word."""
        return self._close(None, "silent")

    def stop(self, at: int) -> list[Stretch]:
        """Nobody listens any more."""
        return self._close(at, "stopped")

    def _close(self, at: int | None, why: Ended) -> list[Stretch]:
        now, self._open = self._open, None
        return [] if now is None else [now.ended(now.heard if at is None else at, why)]


def _at_edge(sight: Sight, frame: int | None, media: int) -> Sight:
    """At the edge of a range; its frame as it was said where that of the edge is not known."""
    return sight._replace(frame=sight.frame if frame is None else frame, media=media)


def _alike(one: Sight, other: Sight) -> bool:
    """The same exhibit, and the same clip of it."""
    return one[:2] == other[:2] and (one.clip, one.parts) == (other.clip, other.parts)


def _part(sight: Sight, before: int) -> int:
    """Index of the range that it is in, -1 where there are none. A frame that ends one and begins another is still that
    of the one `before`, if it can be."""
    parts, frame = sight.parts, sight.frame
    found = [
        number
        for number, part in enumerate(parts)
        if frame is not None and part.first is not None and part.last is not None and part.first <= frame <= part.last
    ] or [number for number, part in enumerate(parts) if part.start <= sight.media < part.stop]
    if not found and parts:
        found = [min(range(len(parts)), key=lambda n: max(parts[n].start - sight.media, sight.media - parts[n].stop))]
    return next((number for number in found if number >= before), found[0] if found else -1)


def _along(sight: Sight, number: int) -> int:
    """Microseconds of the clip."""
    part = sight.parts[number]
    passed = min(max(0, sight.media - part.start), part.stop - part.start)
    return sum(one.stop - one.start for one in sight.parts[:number]) + passed
