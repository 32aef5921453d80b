"""From the file's times to those in fragments. Pure.

What matters is when each picture is shown, and until when. So a sample's duration is the distance to the picture shown
after it, not, as ISO/IEC 14496-12 §8.6.1 would have it, to the sample decoded after it: Chromium takes a picture to be
gone after its duration, and with a variable frame rate and reordering a seek into a long picture ends one too far.
Decoding times are then the sum of the durations so far. They begin with the presentation time of a keyframe and meet it
again at the next one, since in between the same durations are only added up in another order; they leave no gap that
Chromium could take for a break. Composition offsets are of either sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from courtcast.prepare.boxes import Sample


class Timing:
    """One track: samples in the order of decoding with the file's times in, the same with final times out.

    A picture's duration is certain once no picture can come between it and the next: a keyframe is shown after all
    before it, and nothing is shown before the decoding time that its file gives.

    shift: ticks to add. lead: where to move the first sample, if it is to be reachable from there (see `plan.place`).
    """

    def __init__(self, *, shift: int, lead: int | None = None, reordered: bool = True) -> None:
        self._shift = shift
        self._lead = lead
        self._reordered = reordered
        self._waiting: list[Sample] = []
        self._dts: int | None = None
        self._begun = False

    def push(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Take samples in; give those whose times are certain now."""
        for sample in samples:
            moved = sample._replace(dts=sample.dts + self._shift, pts=sample.pts + self._shift)
            if not self._begun:
                self._begun = True
                # Sound that turned up only after media time had been fixed may begin a unit before it.
                moved = moved._replace(pts=max(moved.pts, 0))
                if self._lead is not None:
                    moved = moved._replace(pts=self._lead, dts=min(moved.dts, self._lead))
            self._waiting.append(moved)
            yield from self._settle(last=False)

    def flush(self, end: int = 0) -> Iterator[Sample]:
        """No more samples. What is shown last stays until `end` (ticks on MSE time), or for its own duration."""
        yield from self._settle(last=True, end=end)

    def _settle(self, *, last: bool, end: int = 0) -> Iterator[Sample]:
        waiting = self._waiting
        if not waiting:
            return
        following = _following(waiting)
        bound = waiting[-1].pts if waiting[-1].sync or not self._reordered else waiting[-1].dts
        count = 0
        for sample in waiting:
            after = following.get(sample.pts)
            if after is None:
                if not last:
                    break
                after = end if end > sample.pts else sample.pts + max(sample.duration, 1)
            elif not last and after > bound:
                break
            yield self._final(sample, after - sample.pts)
            count += 1
        self._waiting = waiting[count:]

    def _final(self, sample: Sample, duration: int) -> Sample:
        if self._dts is None or (sample.sync and sample.pts > self._dts):
            self._dts = sample.pts
        dts = self._dts
        self._dts += duration
        return sample._replace(dts=dts, duration=duration)


def _following(samples: Iterable[Sample]) -> dict[int, int]:
    """For each presentation time but the last, the next one."""
    return dict(pairwise(sorted({sample.pts for sample in samples})))
