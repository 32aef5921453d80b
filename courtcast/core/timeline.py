"""Which picture is on the screen at a time, and the reverse: exact, on the counted frames of an exhibit.

Media time is in seconds from the first presented sample of the exhibit. Presentation times are ticks on MSE time, which
begins `origin` seconds earlier. Frame n is up for `pts[n] <= t < pts[n + 1]`, the last one until the end and beyond.

Fractions and ints are taken exactly. A float has been through JSON or a display of six decimals on its way here, so
that the float of a frame's own time may lie just below it: floats get `TOLERANCE`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from math import isfinite

TOLERANCE = Fraction(1, 1_000_000)
"""Seconds. Tools print times with six decimals; no display is a thousand times that quick."""

SOON = Fraction(1, 2)
"""Seconds. A picture that begins so soon after the sound is what somebody means who asks for no time; before one that
begins later, the sound alone is evidence too."""

Time = Fraction | float | int
"""Seconds of media time."""


def exact(t: Time) -> Fraction:
    """The time as a rational; a float is moved up by `TOLERANCE` (see above). Raises ValueError for nan, infinity."""
    if isinstance(t, float):
        if not isfinite(t):
            raise ValueError("not a time")
        return Fraction(t) + TOLERANCE
    return Fraction(t)


def in_words(seconds: Fraction) -> str:
    """Minutes and seconds as people say them: 1:19.167."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"


class Timeline:
    """The frames of one exhibit. `pts` may be a live sequence that grows while the exhibit is being prepared."""

    def __init__(
        self, pts: Sequence[int], timescale: int, origin: Fraction = Fraction(0), duration: Fraction | None = None
    ) -> None:
        if timescale <= 0:
            raise ValueError("timescale has to be positive")
        self.pts = pts
        """Ascending, in ticks of `timescale` on MSE time."""
        self.timescale = timescale
        self.origin = origin
        """MSE time of media time 0, in seconds."""
        self.duration = duration
        """Seconds of media time, None while it is not known."""

    def __len__(self) -> int:
        return len(self.pts)

    def frame_at(self, t: Time) -> int | None:
        """The frame that is up at t; None before the first one (and where there is none)."""
        ticks = (exact(t) + self.origin) * self.timescale
        # pts are whole ticks, so comparing with the floor is exact.
        n = bisect_right(self.pts, ticks.numerator // ticks.denominator) - 1
        return n if n >= 0 else None

    def beginning(self) -> Fraction:
        """Where to begin when nobody says where: on the first picture, where that comes within `SOON`."""
        first = self.time_of(0) if len(self.pts) else Fraction(0)
        return first if 0 < first <= SOON else Fraction(0)

    def time_of(self, n: int) -> Fraction:
        """When frame n comes up. Raises IndexError where there is no such frame."""
        if n < 0:
            raise IndexError(n)
        return Fraction(self.pts[n], self.timescale) - self.origin

    def end_of(self, n: int) -> Fraction | None:
        """When frame n goes: the next one's time, or the exhibit's end; None while that is not known."""
        if n + 1 < len(self.pts):
            return self.time_of(n + 1)
        self.time_of(n)
        return self.duration

    def middle_of(self, n: int) -> Fraction:
        """A time well inside frame n, to seek to: rounding on the way cannot make another frame of it."""
        start = self.time_of(n)
        end = self.end_of(n)
        return (start + end) / 2 if end is not None and end > start else start

    def step(self, t: Time, frames: int) -> Fraction:
        """The time of the frame that is `frames` away from the one at t, held within the frames there are.

        Before the first frame a step forward leads to it. Without any frame, t stays.
        """
        if not len(self.pts):
            return self.clamp(t)
        at = self.frame_at(t)
        n = (-1 if at is None else at) + frames
        return self.time_of(min(max(n, 0), len(self.pts) - 1))

    def clamp(self, t: Time) -> Fraction:
        """t held within 0 and the end, as far as that is known. Unlike elsewhere a float is taken as it is."""
        at = max(Fraction(t), Fraction(0))
        return at if self.duration is None else min(at, self.duration)
