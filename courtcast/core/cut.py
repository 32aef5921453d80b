"""Bytes of a clip by how much of it is played: `core.readiness` plays a clip through in thought as it does a recording.

Pure; seconds of media that are played from the playhead on, and bytes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from courtcast.core.legs import Leg
from courtcast.core.manifest import Manifest
from courtcast.core.readiness import Curve


class Cut:
    """A curve along legs. At the start of each but the first one all from its keyframe on is needed at once; what two
    legs share counts twice, so that the answer errs to the late side alone."""

    def __init__(self, curve: Curve, legs: Sequence[Leg]) -> None:
        manifest = curve.manifest
        self._curve, self._legs = curve, legs
        self._afters = [leg.after for leg in legs]
        self._from: list[float] = []
        """Bytes before each leg's first fragment, …"""
        self._sums = [0.0]
        """… and of all legs before it."""
        brought = manifest.prepared
        for number, leg in enumerate(legs):
            begin = _entry(manifest, leg.start) if number and leg.start < manifest.prepared else leg.start
            if leg.stop > brought:
                # The link brings the recording in order: what lies between has to come before.
                begin, brought = min(begin, brought), leg.stop
            self._from.append(curve.before(begin))
            self._sums.append(self._sums[-1] + curve.before(leg.stop) - self._from[-1])

    def before(self, t: float, /) -> float:
        """Bytes of all that is needed to play the first t seconds."""
        index = bisect_left(self._afters, t) - 1
        if index < 0:
            return 0.0
        leg = self._legs[index]
        return self._sums[index] + self._curve.before(min(leg.stop, leg.start + t - leg.after)) - self._from[index]


def coming(curve: Curve, legs: Sequence[Leg]) -> float:
    """Bytes that the link has still to bring for these legs."""
    prepared = curve.manifest.prepared
    last = max(leg.stop for leg in legs)
    return 0.0 if last <= prepared else curve.before(last) - curve.before(prepared)


def _entry(manifest: Manifest, at: float) -> float:
    """Media time from which something is needed to begin there: the picture's keyframe, or the sound's fragment where
    that begins before it."""
    found = at
    for track in manifest.tracks:
        if (index := manifest.keyframe_before(track.index, at)) is not None:
            begins = manifest.media_time(track.index, manifest.rows(track.index)[index].start)
            found = min(found, float(begins))
    return found
