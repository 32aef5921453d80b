"""One track on its way: packets of the demuxer in, samples in the file's own ticks out. Runs in the child.

What is done to the coded data in between is the business of those who derive from it: `coded_lane` leaves it as it is,
`picture_lane` and `sound_lane` convert it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import av

from courtcast.prepare import boxes
from courtcast.prepare.boxes import Bytes, Sample
from courtcast.prepare.messages import Entry
from courtcast.problems import Refused

_FINEST = 10_000_000
"""Ticks a second beyond which a sample's duration might not fit into its 32 bits."""
_LONGEST = (1 << 32) - 1
"""Ticks that a sample may last in a fragment (ISO/IEC 14496-12 §8.8.8)."""

_BEYOND = 32 << 20
"""Bytes kept of what lies behind the end of the edit list: a clip may have been trimmed to a fraction of its file."""

if TYPE_CHECKING:
    Packet = av.Packet[Any]


class Ticks:
    """A stream's time base, as whole ticks a second."""

    def __init__(self, stream: av.VideoStream | av.AudioStream) -> None:
        base = stream.time_base or Fraction(1, 1000)
        self.timescale = base.denominator
        self.scale = Fraction(base.numerator)
        while self.timescale > _FINEST:
            self.timescale, self.scale = self.timescale // 1000, self.scale / 1000

    def __call__(self, value: int) -> int:
        """From the file's time base to ours."""
        return int(value * self.scale)


class Lane(ABC):
    """One track on its way.

    stream: of the file; timescale: of the samples' ticks; video: pictures come out of it
    """

    def __init__(self, stream: av.VideoStream | av.AudioStream, timescale: int, *, video: bool) -> None:
        self.stream = stream
        self.video = video
        self.timescale = timescale
        self.samples: list[Sample] = []
        """Not yet handed on."""
        self.bytes = 0
        """Of these."""
        self.presented: int | None = None
        """The first presented tick; None while it is not certain."""
        self.reached: int | None = None
        """The last decoding time seen."""
        self.frames = 0
        """Pictures counted."""
        self.entries: dict[int, Entry] = {}
        """Of the samples that begin a stretch, by when they are shown."""
        self._last: Sample | None = None
        """The counted sample that is presented last, so far."""
        self._lowest: int | None = None
        self._beyond: list[Sample] = []
        """Since the edit list has ended: what comes behind is not to be seen while the end is still up."""
        self._beyond_bytes = 0

    @property
    @abstractmethod
    def context(self) -> av.VideoCodecContext | av.AudioCodecContext:
        """Of what is sent: the file's own, or the encoder's."""

    @property
    @abstractmethod
    def codec(self) -> str:
        """Of what is sent, as the library names it."""

    @property
    def how(self) -> tuple[str, str]:
        """Filters and encoder settings, as far as there are any (see `Treatment`). Once it has begun."""
        return "", ""

    @abstractmethod
    def push(self, packet: Packet) -> None:
        """Take a packet in. Raises Refused."""

    @abstractmethod
    def init_segment(self) -> bytes:
        """Of this track. Once `presented` is certain."""

    def fragment(self, sequence: int, samples: Sequence[Sample]) -> list[Bytes]:
        """Samples, with their final times, as they are sent, in parts. `sequence`: from 1.

        Raises Refused (format-not-yet).
        """
        if any(sample.duration > _LONGEST for sample in samples):
            raise Refused("format-not-yet", what="one whose pictures lie days apart")
        return boxes.fragment(sequence, samples)

    def finish(self) -> None:
        """No more packets."""
        if self.presented is None:
            self.presented = self._lowest

    def _append(self, sample: Sample) -> None:
        if self.reached is not None and sample.dts <= self.reached:
            if self._beyond or sample.dts < self.reached - self.timescale // 2:
                raise Refused("format-not-yet", what="one that an edit list puts together from several cuts")
            sample = sample._replace(dts=self.reached + 1)
        self.reached = sample.dts
        if sample.counted:
            self.frames += self.video
            if self._last is None or sample.pts >= self._last.pts:
                self._last = sample
            self._lowest = sample.pts if self._lowest is None else min(self._lowest, sample.pts)
        # Nothing shown before the lowest so far can follow once decoding has come that far.
        if self.presented is None and self._lowest is not None and sample.dts >= self._lowest:
            self.presented = self._lowest
        if self._beyond or (self._last is not None and not sample.counted and sample.pts > self._last.pts):
            self._hold(sample)
        else:
            self._keep((sample,))

    def _keep(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self.samples.append(sample)
            self.bytes += len(sample.data)

    def _hold(self, sample: Sample) -> None:
        """Behind the edit list's end come samples that are not to be seen, and a few reordered ones that are."""
        highest = max((held.pts for held in self._beyond), default=sample.pts)
        self._beyond_bytes += len(sample.data)
        if sample.counted and sample.pts > highest:
            # It goes on after all: what was held is something else that is not counted.
            self._keep((*self._beyond, sample))
            self._beyond, self._beyond_bytes = [], 0
        elif sample.counted or self._beyond_bytes <= _BEYOND:
            self._beyond.append(sample)

    def end(self) -> Fraction | None:
        """Seconds, as the file has them, until when the last counted sample is presented; None where there is none."""
        if self._last is None:
            return None
        end = self._last.pts + self._last.duration
        # Decoding times give the last sample's duration; where the file says how long it is shown, that holds.
        said = self._said_end()
        end = said if said is not None and self._last.pts < said < end else end
        return Fraction(end, self.timescale)

    def _said_end(self) -> int | None:
        """Where the file says that this stream ends, in ticks."""
        stream = self.stream
        if stream.duration is None or stream.start_time is None:
            return None
        return int((stream.start_time + stream.duration) * (stream.time_base or 0) * self.timescale)

    def release(self, end: Fraction) -> None:
        """All tracks end at `end` (seconds, as the file has them): what lies beyond the edit list comes after it."""
        first = min((sample.pts for sample in self._beyond if not sample.counted), default=0)
        shift = max(ceil(end * self.timescale) - first, 0)
        self._keep(s if s.counted else s._replace(pts=s.pts + shift) for s in self._beyond)
        self._beyond = []

    def ready(self) -> list[Sample]:
        """The samples so far; they are the caller's from now on."""
        taken, self.samples, self.bytes = self.samples, [], 0
        return taken
