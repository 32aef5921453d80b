"""What stands out in a recording, from small grey pictures of its keyframes, its loudness, and its own times. Pure.

Times are seconds of media time. What is said of pictures holds for the keyframes that were looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

from courtcast.wire.sheet import Stretch

MOST: Final = 200
"""Pictures of a strip: 18 s apart in an hour; what a hand finds on a bar of 400 points is no finer."""
KEYFRAMES_MOST: Final = 4000
STRETCHES_MOST: Final = 200
"""Of each kind; the longest are kept."""
SCENES_MOST: Final = 60
"""The strongest are kept: a bar with more marks says nothing."""
PEAKS: Final = 2000
"""Parts of the waveform: twice the points of the widest bar."""
CELLS: Final = 500_000
"""Parts in which loudness is looked at, at most: of 20 ms up to 2.8 hours, longer beyond."""

WIDE, HIGH = 32, 18
"""Fields of a grey picture: a person at the far end of a street still fills a part of one."""
_DARK: Final = 28
"""Of 255. Limited-range black is 16, and cameras in the dark add some noise."""
_DARK_SHARE: Final = 0.98
_SAME: Final = 2
"""Of 255, in every field: coding the same picture again differs by as much."""
_SAME_ROW: Final = 3
"""Pictures in a row that have to be the same."""
_CLOSE: Final = 3.0
"""Seconds between two black pictures, for what lies between to be taken as black too."""
_OTHER: Final = 20.0
"""Of 255, mean over all fields: a cut to another place gives 30 to 90, a person who walks by 2 to 8."""
_OTHER_THAN_USUAL: Final = 2.5
"""Times the middle difference around it: a camera that is carried about changes all the time."""
_AROUND: Final = 8
"""Pictures to each side that count as around."""
SILENT: Final = 0x7FFF * 10 ** (-50 / 20)
"""The loudest sample of what counts as silent: -50 dB of full scale. A quiet room recorded by a telephone has -45."""
SILENT_SECONDS: Final = 2.0
GAP_TIMES: Final = 3
"""Times the middle duration of a frame."""
GAP_SECONDS: Final = 0.5


def spread(times: Sequence[float], duration: float, most: int = MOST) -> list[int]:
    """Which of these ascending times lie evenly over the duration: numbers in the list, at most so many."""
    if len(times) <= most:
        return list(range(len(times)))
    chosen: list[int] = []
    at = 0
    for n in range(most):
        goal = duration * n / most
        while at + 1 < len(times) and abs(times[at + 1] - goal) <= abs(times[at] - goal):
            at += 1
        if not chosen or chosen[-1] != at:
            chosen.append(at)
    return chosen


def thinned(times: Sequence[float], most: int = KEYFRAMES_MOST) -> list[float]:
    """Evenly, by number."""
    step = max(1, ceil(len(times) / most))
    return [round(time, 3) for time in times[::step]]


class Loudness:
    """The loudest sample of each short part of a recording; parts that were not heard are known as such."""

    def __init__(self, duration: float, finest: float = 0.02) -> None:
        self.duration = duration
        self.step = max(finest, duration / CELLS)
        """Seconds of a part."""
        self._cells = array("i", [-1]) * max(1, ceil(duration / self.step))

    def put(self, at: float, levels: Iterable[int], each: float) -> None:
        """Levels (of 32767) of parts of `each` seconds from there on. What lies outside is passed over."""
        cells = self._cells
        for n, level in enumerate(levels):
            cell = int((at + (n + 0.5) * each) / self.step)
            if 0 <= cell < len(cells) and level > cells[cell]:
                cells[cell] = level

    @property
    def heard(self) -> bool:
        return max(self._cells) >= 0

    def peaks(self, most: int = PEAKS) -> list[int]:
        """In equal parts, 0 … 255. A part of which nothing was heard is taken to be as loud as the one before."""
        count = min(most, len(self._cells))
        found: list[int] = []
        for n in range(count):
            first, end = n * len(self._cells) // count, (n + 1) * len(self._cells) // count
            level = max(self._cells[first:end])
            found.append(min(255, level * 255 // 32767) if level >= 0 else (found[-1] if found else 0))
        return found

    def silent(self) -> list[Stretch]:
        """Stretches in which all was heard, and nothing was loud."""
        return longest(
            (start * self.step, min(end * self.step, self.duration))
            for start, end in _runs([0 <= level < SILENT for level in self._cells])
            if (end - start) * self.step >= SILENT_SECONDS
        )


def is_black(picture: bytes) -> bool:
    """A grey picture of `WIDE` times `HIGH`."""
    return sum(level <= _DARK for level in picture) >= _DARK_SHARE * len(picture) > 0


def black(pictures: Sequence[bytes], times: Sequence[float]) -> list[Stretch]:
    """Two that lie far apart (a fade in here, another there) prove nothing of what lies between: moments both."""
    found: list[Stretch] = []
    for start, end in _runs([is_black(one) for one in pictures]):
        first, last = times[start], times[end - 1]
        whole = end - start >= _SAME_ROW or last - first <= _CLOSE
        found += [(first, last)] if whole else [(first, first), (last, last)]
    return longest(found)


def frozen(pictures: Sequence[bytes], times: Sequence[float]) -> list[Stretch]:
    """Several in a row are the same. Black ones are named as black only."""
    pairs = range(len(pictures) - 1)
    same = [_most_apart(pictures[n], pictures[n + 1]) <= _SAME and not is_black(pictures[n]) for n in pairs]
    return longest((times[start], times[end]) for start, end in _runs(same) if end - start + 1 >= _SAME_ROW)


def scenes(pictures: Sequence[bytes], times: Sequence[float]) -> list[float]:
    """When something quite different is seen for the first time."""
    apart = [_apart(one, other) for one, other in pairwise(pictures)]
    found: list[tuple[float, float]] = []
    for n, difference in enumerate(apart):
        around = [*apart[max(0, n - _AROUND) : n], *apart[n + 1 : n + 1 + _AROUND]]
        if difference >= max(_OTHER, _OTHER_THAN_USUAL * _median(around or [0.0])):
            found.append((difference, times[n + 1]))
    return sorted(time for _, time in sorted(found, reverse=True)[:SCENES_MOST])


def gaps(times: Sequence[float]) -> list[Stretch]:
    """Between frames that lie much further apart than usual. `times` of all frames, ascending."""
    apart = [later - earlier for earlier, later in pairwise(times)]
    if not apart:
        return []
    bound = max(GAP_SECONDS, GAP_TIMES * _median(apart))
    return longest((times[n], times[n + 1]) for n, seconds in enumerate(apart) if seconds > bound)


def longest(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, to the millisecond, the longest ones where there are too many."""
    found = sorted(stretches, key=lambda one: one[0] - one[1])[:STRETCHES_MOST]
    return sorted((round(start, 3), round(end, 3)) for start, end in found)


def _runs(so: Sequence[bool]) -> list[tuple[int, int]]:
    """From, to (not included) of what is so in a row."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for n, one in enumerate([*so, False]):
        if one and start is None:
            start = n
        elif not one and start is not None:
            found.append((start, n))
            start = None
    return found


def _median(values: Sequence[float]) -> float:
    """The module of statistics is loaded for a while, and the child needs of all this only the sizes."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _apart(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / max(1, len(one))


def _most_apart(one: bytes, other: bytes) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
