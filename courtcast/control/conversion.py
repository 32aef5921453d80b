"""How fast a recording is being converted, as the readiness of it takes that: like a link that brings the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from courtcast.core.manifest import Manifest
from courtcast.core.rates import LEAST, Rates
from courtcast.core.readiness import MORE, SAY, SPOKEN, Readiness, Upstream


@dataclass
class Conversion:
    """Of one exhibit, from look to look."""

    rates: Rates = field(default_factory=Rates)
    _seen: tuple[float, str, float] | None = None
    """At the last look: room clock, rendition, and seconds of media that were made of it."""

    def watch(self, manifest: Manifest, now: float) -> None:
        """What came since the last look. Seconds are counted, and taken for bytes of the usual size: sound comes all at
        once where the picture is made in another order."""
        if manifest.foreseen is None:
            self._seen = None
            return
        made = _seconds(manifest)
        if self._seen is not None and self._seen[1] == manifest.rendition and now > self._seen[0]:
            self.rates.add(now - self._seen[0], max(0.0, made - self._seen[2]) * _size(manifest))
        self._seen = now, manifest.rendition, made

    def upstream(self, manifest: Manifest, made: float) -> Upstream:
        """What is still to come behind media time `made`, where all of that comes next."""
        left = max(0.0, (float(manifest.foreseen or 0) - made) * _size(manifest))
        return Upstream(left, self.rates if self.rates.seconds >= LEAST else None)

    def before_gap(self, manifest: Manifest, holds: float) -> Readiness:
        """So many seconds until a part of it that has its turn later: it is safe when all is there, at the latest."""
        if self.rates.seconds < SPOKEN:
            return Readiness(safe=False, holds=holds)
        left = (float(manifest.foreseen or 0) - _seconds(manifest)) * _size(manifest)
        wait = self.rates.path(SAY).reaches(left) + MORE
        return Readiness(safe=False, wait=wait if wait < float("inf") else None, holds=holds)


def _seconds(manifest: Manifest) -> float:
    """Of the picture, that are made."""
    track = manifest.video or 0
    return float(manifest.foreseen or 0) * len(manifest.made(track)) / max(1, len(manifest.rows(track)))


def _size(manifest: Manifest) -> float:
    """Bytes of a second of it."""
    return manifest.bytes / max(1.0, _seconds(manifest))
