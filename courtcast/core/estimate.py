"""How much a line carries, from what the other side acknowledged; and how much to keep on its way.

Only time during which something was always waiting to be sent says anything about a line: a line that nobody uses is
not a slow one. Such busy time is cut into spans; each span is one sample in bytes a second. Mean and mean deviation are
smoothed as RFC 6298 §2 does for round trips, and `low` is what the line carries in an ordinary bad moment. What may be
counted on over the next seconds and minutes is another question: `rates` keeps what that needs.

Times are seconds of one monotonic clock, sizes bytes, rates bytes a second. Pure: time comes in as an argument.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from courtcast.core.rates import Rates

SPAN = 0.25
"""Seconds of busy time in one sample: long enough that single acknowledgements do not show, short enough to follow."""
SPAN_LEAST = 0.02
"""A busy time that ends early still counts when it lasted this long …"""
BYTES_LEAST = 32 * 1024
"""… and carried this much: the first fragment on a fast line is all there is for a while."""
SAMPLES = 12
"""Samples among which the peak is looked for: three seconds of busy time."""

GAIN = 1 / 8
GAIN_DEVIATION = 1 / 4
"""RFC 6298 §2.3."""
DOUBT = 2.0
"""Mean deviations below the mean that `low` stands."""

WINDOW_LEAST = 48 * 1024
"""Three pieces: less, and an acknowledgement that is late leaves the line idle."""
WINDOW_MOST = 256 * 1024
"""A seek is stuck behind what is on its way; aiortc's sender also gets no faster above this."""
STANDING = 0.06
"""Seconds of queue that we are willing to build up at the narrowest place of the line. A blank has to arrive within
100 ms under full load, and waits behind this."""
QUEUE_LEAST = 64 * 1024
"""Four pieces: what waits in front of a sender that paces itself, …"""
QUEUE_TIME = 0.02
"""… or so many seconds of its sending: as long as reading the next fragment may take, and all that a seek waits for."""
ROUND_TRIP_ASSUMED = 0.03
ROUND_TRIP_MOST = 0.3
"""A round trip measured longer than this is a fault of the line, not its length."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a sender that paces itself knows of its line. Rate in bytes a second, times in seconds."""

    rate: float
    """What it is believed to carry for us."""
    rtt: float
    least_rtt: float
    """Without a queue."""
    queueing: float
    """What packets wait in a queue, ours or another's."""
    loss: float
    """Share of packets that the line loses."""


class Estimate:
    """What one line carried lately."""

    def __init__(self) -> None:
        self._start: float | None = None
        """When the span now open began; None while idle."""
        self._base = 0
        """Bytes acknowledged when it began."""
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._mean: float | None = None
        self._deviation = 0.0
        self._round_trip: float | None = None
        self.rates = Rates()
        """The same samples, through windows of several lengths."""
        self.line: Line | None = None
        """As its sender sees it; None where that does not look."""

    @property
    def mean(self) -> float | None:
        """Bytes a second; None before anything was measured."""
        return self._mean

    @property
    def low(self) -> float | None:
        """What it may be counted on to carry: the mean less `DOUBT` mean deviations, never less than a tenth of it."""
        if self._mean is None:
            return None
        return max(self._mean - DOUBT * self._deviation, self._mean / 10)

    @property
    def rate(self) -> float:
        """Bytes a second that it carries when it carries anything: as its sender sees it, else the best of late; 0
        before anything was measured."""
        return (self.peak or 0.0) if self.line is None else self.line.rate

    @property
    def peak(self) -> float | None:
        """The best sample of late. A window made from the mean would shrink the rate that it is made from."""
        return max(self._samples, default=None)

    @property
    def window(self) -> int:
        """Bytes to keep on their way: what the line takes in one round trip and `STANDING`."""
        peak = self.peak
        if peak is None:
            return WINDOW_LEAST
        trip = ROUND_TRIP_ASSUMED if self._round_trip is None else min(self._round_trip, ROUND_TRIP_MOST)
        return int(min(WINDOW_MOST, max(WINDOW_LEAST, peak * (trip + STANDING))))

    @property
    def queue(self) -> int:
        """Bytes to keep waiting in front of a sender that decides for itself how much is on its way."""
        rate = 0.0 if self.line is None else self.line.rate
        return int(max(QUEUE_LEAST, rate * QUEUE_TIME))

    def round_trip(self, seconds: float) -> None:
        """The quickest of the recent round trips, as the screen measured it."""
        if seconds >= 0:
            self._round_trip = seconds

    def note(self, acknowledged: int, waiting: int, *, now: float) -> None:
        """`acknowledged` bytes ever, of which more are on their way or not (`waiting`). Call it at acknowledgements and
        a few times a second besides, so that an outage is seen as the slow line that it is."""
        if self._start is None:
            if waiting:
                self._start, self._base = now, acknowledged
            return
        length, carried = now - self._start, acknowledged - self._base
        if length >= SPAN or (not waiting and length >= SPAN_LEAST and carried >= BYTES_LEAST):
            self._sample(carried / length)
            self.rates.add(length, carried)
            self._start, self._base = now, acknowledged
        if not waiting:
            self._start = None

    def _sample(self, rate: float) -> None:
        self._samples.append(rate)
        if self._mean is None:
            self._mean, self._deviation = rate, rate / 2
            return
        self._deviation += GAIN_DEVIATION * (abs(rate - self._mean) - self._deviation)
        self._mean += GAIN * (rate - self._mean)
