"""Another sound for an exhibit that is ready: prepared beside what is in use of it, which stays as it is until then.

It is a rendition of its own. Media time stays what it was, so that moments, frames and what is cued mean the same in
both; it takes over when it is all there, and never while the exhibit is on the screens.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec

from courtcast.core.manifest import Manifest
from courtcast.prepare.kept import Kept
from courtcast.prepare.plan import Needed
from courtcast.problems import Refused
from courtcast.wire.api import Problem, SoundTrack

log = logging.getLogger(__name__)

LOOK = 0.25
"""Seconds between looks whether the exhibit has left the screens."""


def wanted(kept: Kept) -> int | None:
    """The sound that was chosen and is not the one that is heard; None where there is nothing to do."""
    tracks = [] if kept.probe is None else kept.probe.sounds
    mine = next((track for track in tracks if track.index == kept.sound), None)
    return None if mine is None or mine.chosen or not mine.playable else mine.index


def tracks(kept: Kept) -> list[SoundTrack]:
    """As people see them."""
    coming = wanted(kept)
    found = [] if kept.probe is None else kept.probe.sounds
    return [msgspec.structs.replace(track, coming=track.index == coming) for track in found]


def check(tracks: Sequence[SoundTrack], index: int) -> None:
    """Raises Refused sound-unknown where that one cannot be chosen."""
    if not any(track.index == index and track.playable for track in tracks):
        raise Refused("sound-unknown", index=index)


def zero(manifest: Manifest) -> Fraction:
    """Media time 0 of a rendition, in the file's own seconds."""
    track = manifest.tracks[0]
    return manifest.origin - Fraction(track.shift, track.timescale)


def number() -> str:
    """Of a rendition: unique for all time."""
    return secrets.token_hex(8)


def unmade(problem: Exception) -> Problem:
    """What to say where it could not be prepared."""
    why = problem.problem().detail if isinstance(problem, Refused) else "It cannot be put beside the picture as it is."
    if not isinstance(problem, Refused | Needed):
        log.error("another sound was not prepared", exc_info=problem)
    return Refused("sound-not-made", why=why).problem()


async def until_free(shown: Callable[[], bool]) -> None:
    """Returns when the exhibit is not on the screens."""
    while shown():  # noqa: ASYNC110 (a quarter of a second more or less is no matter here)
        await asyncio.sleep(LOOK)
