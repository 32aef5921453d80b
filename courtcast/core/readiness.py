"""Whether a recording will play to its end without a pause, and if not yet, from when on.

The rest of the clip is played through in thought against rates that the lines will hardly fall below
(`core.rates.Path`), an outage first. Two buffers in a row: what the link has still to bring, and what each screen has
still to be sent. At every moment of the clip, what starts before that moment has to be there. The most that is lacking
at any moment is the *deficit*: so many bytes have to arrive before play is pressed, and *safe* is a deficit of nothing.

Not every fragment is looked at. Stretches of the clip are bounded (all that is needed by a stretch's end, against what
is there at its beginning) and only the worst one is looked at closer: some dozens of looks for two hours. What is not
looked at closer counts as bad as it could be, so the answer errs to the late side alone.

Seconds of media time, or of waiting; bytes. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from typing import Literal, NamedTuple, Protocol

from courtcast.core.manifest import Manifest
from courtcast.core.rates import NOTHING, Path, Rates, in_a_row

Reason = Literal["link", "line", "screen"]
"""What binds: the link it is fetched from, the line that all screens share, or the one to a single screen."""

SURE = 0.65
"""Doubt of the rates with which something is called safe, …"""
KEEP = 0.45
"""… with which it stays so (two thresholds, or the word would flicker), …"""
SAY = 0.8
"""… and with which the wait is said."""
MORE = 6.0
"""Seconds that are added to a wait that is said: when little is lacking, one weak moment of the line weighs most."""
SPOKEN = 4.0
"""Seconds of busy time before a wait is said: earlier it would be a guess."""
OUTAGE = 1.0
"""Seconds without anything that have to be survived on any line: one change of the access point."""
GAP_AGAIN = 1.0
"""Of the longest gap that a line showed: it may come again."""
HOPELESS = 4 * 3600.0
"""Seconds: who has to wait longer than a sitting of the court is told that it will not be safe on this line."""
SLACK = 2.0
"""Seconds that the time may become later before it is said anew, …"""
SOONER = 0.8
"""… and share of the wait below which something better is worth saying."""
ALIKE = 0.6
"""Screens whose lines carry no less than this share of the best one's lack the same thing: the line they share."""

_FIRST = 0.25
_GROW = 2.0
"""The stretches that are looked at first: `_FIRST` seconds, and each so many times as long as all before it."""
_LEAF = 0.25
"""Seconds: no stretch is cut finer."""
_FAR = 1 / 250
"""Of the time until then: how exactly it is said when a clip would stop."""
_LOOKS = 200
"""Stretches that are cut at most."""
_NEAR = 1 / 400
"""Of all that is lacking: two answers so near to each other are one."""


class Curve:
    """Bytes of a rendition by media time. Follows its manifest as that grows."""

    def __init__(self, manifest: Manifest, *, sound: bool = True) -> None:
        self.manifest = manifest
        self._tracks = [track for track in manifest.tracks if sound or track.kind == "video"]
        self._starts: list[list[float]] = [[] for _ in self._tracks]
        self._tail = (inf, inf, 0.0)
        """From, to, and bytes of what is not prepared yet."""
        self._relaid = manifest.relaid
        self.follow()

    def follow(self, *, end: float | None = None, left: int = 0, made: float | None = None) -> None:
        """Takes in new rows. Up to `end`, `left` more bytes are taken to come evenly, behind what is prepared from the
        first fragment on, or up to `made` in a later part."""
        origin = self.manifest.origin
        if self._relaid != self.manifest.relaid:
            self._relaid = self.manifest.relaid
            self._starts = [[] for _ in self._tracks]
        for track, starts in zip(self._tracks, self._starts, strict=True):
            rows = self.manifest.rows(track.index)
            for index in range(len(starts), len(rows)):
                start = float(rows[index].start / track.timescale - origin)
                # reordered pictures: what starts earlier has to be there earlier, and all before it as well
                at = len(starts)
                while at > 0 and starts[at - 1] > start:
                    at -= 1
                    starts[at] = start
                starts.append(start)
        prepared = self.manifest.prepared if made is None else made
        self._tail = (inf, inf, 0.0) if end is None or end <= prepared else (prepared, end, float(left))

    def before(self, t: float, /) -> float:
        """Bytes of all that starts before media time t."""
        size = 0.0
        for track, starts in zip(self._tracks, self._starts, strict=True):
            size += self.manifest.size(track.index, 0, bisect_left(starts, t))
        begin, end, left = self._tail
        return size if t <= begin else size + left * min(1.0, (t - begin) / (end - begin))


class Bytes(Protocol):
    """By media time, or by how much of a clip is played."""

    def before(self, t: float, /) -> float:
        """Bytes of all that is needed before t."""


class Ahead:
    """What one screen lacks from the playhead on."""

    def __init__(
        self, curve: Bytes, start: float, end: float, *, gaps: Sequence[tuple[float, float]], most: float = inf
    ) -> None:
        """gaps: ascending stretches of media time whose fragments it does not hold (those that start in them)
        most: bytes that it lacks in all, where that is known. What the gaps do not account for is needed at once: the
        run-up from the keyframe before the playhead.
        """
        self.start, self.end = start, end
        self.curve, self._gaps, self._most = curve, gaps, most
        self._begins = [begin for begin, _ in gaps]
        self._at = [curve.before(begin) for begin in self._begins]
        self._sums = [0.0]
        for (_, stop), at in zip(gaps, self._at, strict=True):
            self._sums.append(self._sums[-1] + curve.before(stop) - at)
        self._lead = 0.0 if most == inf else max(0.0, most - self._sums[-1])
        self.lacking = min(most, self._sums[-1] + self._lead)

    def before(self, t: float) -> float:
        """Bytes that it lacks of all that starts before t."""
        index = bisect_left(self._begins, t)
        if index == 0:
            return self._lead
        stop = self._gaps[index - 1][1]
        size = self._sums[index] if t >= stop else self._sums[index - 1] + self.curve.before(t) - self._at[index - 1]
        return min(size + self._lead, self._most)


class View(NamedTuple):
    """One screen, as far as readiness goes."""

    id: str
    ahead: Ahead
    rates: Rates | None
    """Of the line to it; None where nothing was measured."""
    memory: float = inf
    """Bytes that it can hold from the playhead on."""


class Upstream(NamedTuple):
    """What is still to be fetched."""

    left: float = 0.0
    """Bytes."""
    rates: Rates | None = None


class Readiness(NamedTuple):
    safe: bool
    wait: float | None = None
    """Seconds until it is safe; None where that cannot be said, or where it is safe now."""
    never: bool = False
    """It will not be safe as the lines are."""
    reason: Reason | None = None
    """What it waits for; None where it is safe, or nothing is known."""
    screen: str | None = None
    """The screen that is last."""
    holds: float | None = None
    """Seconds of media that would play before a stop if it were started now; None where it is safe, or not known."""


NOT_KNOWN = Readiness(safe=False)
SAFE = Readiness(safe=True)


def readiness(
    *,
    upstream: Upstream,
    screens: Iterable[View],
    speed: float = 1.0,
    outage: float = OUTAGE,
    was_safe: bool = False,
) -> Readiness:
    """For the screens that are there; without one nothing is safe, since there is nobody to play to.

    speed: media seconds a second; outage: seconds to be survived at any time; was_safe: the last answer.
    """
    views = list(screens)
    if not views:
        return NOT_KNOWN
    doubt = KEEP if was_safe else SURE
    answers = [_one(view, upstream, speed, outage, doubt) for view in views]
    if all(answer.safe for answer in answers):
        return SAFE
    worst = max(answers, key=_badness)
    holds = min((answer.holds for answer in answers if answer.holds is not None), default=None)
    reason = worst.reason
    if reason == "screen" and _shared(worst.screen, views, answers):
        reason = "line"
    return worst._replace(reason=reason, holds=holds)


def standing(screens: Iterable[tuple[str, int, Rates | None]]) -> Readiness:
    """Of a leaf, which stands: it is ready where every screen that is there holds it.

    screens: of each its id, the bytes that it lacks of the leaf, and what is known of its line
    """
    views = list(screens)
    if not views:
        return NOT_KNOWN
    late = [(_path(rates, SAY, 0.0).reaches(lacks), id_, rates) for id_, lacks, rates in views if lacks > 0]
    if not late:
        return SAFE
    wait, screen, rates = max(late, key=lambda each: each[0])
    if rates is None or rates.seconds < SPOKEN * (1 - 1e-9) or wait == inf:
        return Readiness(safe=False, screen=screen)
    return Readiness(safe=False, wait=wait, reason="screen", screen=screen)


def deficit(ahead: Ahead, sent: Path, speed: float = 1.0) -> float:
    """Bytes that have to be there before play is pressed; 0 where it can be pressed now. See the module's text."""
    start, end = ahead.start, max(ahead.end, ahead.start + _LEAF)
    least, lacking = 0.0, ahead.lacking
    if lacking <= 0:
        return 0.0
    heap: list[tuple[float, float, float, float, float]] = []
    low, there, length = start, sent(0.0), _FIRST
    while low < end:
        high = min(end, low + length)
        need, then = ahead.before(high), sent((high - start) / speed)
        heap.append((there - need, low, high, there, need))
        least = max(least, need - then)
        low, there, length = high, then, (high - start) * (_GROW - 1)
    heapify(heap)
    near = lacking * _NEAR
    for _ in range(_LOOKS):
        bound, low, high, there, need = heap[0]
        if -bound <= 0 or -bound <= least + near * (least > 0) or high - low <= _LEAF:
            break
        heappop(heap)
        middle = (low + high) / 2
        half, then = ahead.before(middle), sent((middle - start) / speed)
        least = max(least, half - then)
        heappush(heap, (there - half, low, middle, there, half))
        heappush(heap, (then - need, middle, high, then, need))
    return max(0.0, -heap[0][0])


def holds(ahead: Ahead, sent: Path, speed: float = 1.0) -> float:
    """Seconds of media from the playhead to the first moment at which something would be lacking."""
    start, end = ahead.start, max(ahead.end, ahead.start + _LEAF)
    stack = []
    low, length = start, _FIRST
    while low < end:
        high = min(end, low + length)
        stack.append((low, high))
        low, length = high, (high - start) * (_GROW - 1)
    stack.reverse()
    for _ in range(2 * _LOOKS):
        if not stack:
            return end - start
        low, high = stack.pop()
        if ahead.before(high) <= sent((low - start) / speed):
            continue
        if high - low <= max(_LEAF, (low - start) * _FAR):
            return low - start
        middle = (low + high) / 2
        stack += [(middle, high), (low, middle)]
    return stack[-1][0] - start if stack else end - start


def _badness(answer: Readiness) -> tuple[bool, bool, float]:
    return not answer.safe, answer.never or answer.wait is None, inf if answer.wait is None else answer.wait


def _one(view: View, upstream: Upstream, speed: float, outage: float, doubt: float) -> Readiness:
    ahead, left = view.ahead, upstream.left
    if ahead.lacking <= 0 and left <= 0:
        return SAFE
    here = max(0.0, ahead.lacking - left)
    line, link = _path(view.rates, doubt, outage), _path(upstream.rates, doubt, outage)
    both = in_a_row(here, link, line) if left > 0 else line
    lacks = deficit(ahead, both, speed)
    fits = _fits(view, both, speed)
    if lacks <= 0 and fits:
        return SAFE
    # How long it holds is said of the present moment: an outage is not taken for granted.
    line_now, link_now = _path(view.rates, SURE, 0.0), _path(upstream.rates, SURE, 0.0)
    stops = holds(ahead, in_a_row(here, link_now, line_now) if left > 0 else line_now, speed)
    by_line = lacks if left <= 0 else deficit(ahead, line, speed)
    by_link = 0.0 if left <= 0 else deficit(ahead, link.beyond(here), speed)

    def waits(doubt: float) -> tuple[float, float]:
        """Seconds for the link, for the line. Where each alone would do and the two in a row do not, the slower one
        takes as long as for all of it."""
        brings, carries = _path(upstream.rates, doubt, 0.0), _path(view.rates, doubt, 0.0)
        if by_link <= 0 and by_line <= 0:
            return brings.reaches(lacks), carries.reaches(lacks)
        return brings.reaches(by_link), carries.reaches(by_line)

    for_link, for_line = waits(SAY)
    reason: Reason = "link" if left > 0 and for_link >= for_line else "screen"
    rates = upstream.rates if reason == "link" else view.rates
    if rates is None or rates.seconds < SPOKEN * (1 - 1e-9):
        return Readiness(safe=False, reason=reason if rates is not None else None, screen=view.id, holds=stops)
    # Hopeless is what would take too long even if all went as before, not what a moment's doubt makes long.
    hoped = max(waits(0.0)[left <= 0 :])
    if hoped > HOPELESS or lacks > view.memory or not fits:
        return Readiness(safe=False, never=True, reason=reason, screen=view.id, holds=stops)
    wait = max(for_link if left > 0 else 0.0, for_line)
    known = wait < inf
    return Readiness(safe=False, wait=wait + MORE if known else None, reason=reason, screen=view.id, holds=stops)


def _path(rates: Rates | None, doubt: float, outage: float) -> Path:
    if rates is None:
        return NOTHING
    path = rates.path(doubt)
    return path.after(max(outage, GAP_AGAIN * rates.gap)) if outage else path


def _sent(here: float, upstream: Upstream, view: View, doubt: float, outage: float) -> Path:
    line = _path(view.rates, doubt, outage)
    if upstream.left <= 0:
        return line
    return in_a_row(here, _path(upstream.rates, doubt, outage), line)


def _fits(view: View, sent: Path, speed: float) -> bool:
    """Where the clip is longer than the screen's memory it is fed as it plays: from every moment on, what is then held
    and what then comes has to be enough."""
    ahead = view.ahead
    if ahead.lacking <= view.memory:
        return True
    steps = 16
    for step in range(1, steps):
        later = ahead.start + (ahead.end - ahead.start) * step / steps
        rest = Ahead(ahead.curve, later, ahead.end, gaps=[(later, ahead.end)])
        if deficit(rest, sent, speed) > view.memory:
            return False
    return True


def _shared(screen: str | None, views: Sequence[View], answers: Sequence[Readiness]) -> bool:
    """Others lack something too, and their lines are no better."""
    rates = {view.id: view.rates.mean or 0.0 for view in views if view.rates is not None}
    late = [a.screen for a in answers if not a.safe and a.screen in rates]
    return len(late) > 1 and rates.get(screen or "", 0.0) >= ALIKE * max(rates[id_] for id_ in late if id_)


class Said:
    """The time that people are told. It is not said anew for every little change, and not while it cannot be said."""

    def __init__(self) -> None:
        self.at: float | None = None
        """As last said, on the clock of `hear`; None: not known yet, or safe."""

    def hear(self, answer: Readiness, *, now: float) -> float | None:
        """Takes in an answer; gives what is said from now on."""
        if answer.wait is None:
            self.at = None
            return None
        at = now + answer.wait
        better = self.at is not None and answer.wait < SOONER * (self.at - now) and self.at - at > SLACK
        if self.at is None or at > self.at + SLACK or better:
            self.at = at
        return self.at
