"""The contact sheet of a recording: what a seek bar shows of it. Times are seconds of media time.

It is made once, when all of the recording is here and nothing is on the screens, from the keyframes and the sound of
what is sent; what lies between two keyframes was not looked at.
"""

from __future__ import annotations

import msgspec

Stretch = tuple[float, float]
"""From, to."""


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """Small pictures side by side in one JPEG, `GET /exhibits/{id}/sheet/strip`: row after row, from the left."""

    width: int
    """Pixels of one picture."""
    height: int
    columns: int
    times: list[float]
    """When each comes up: ascending. All are keyframes, so that none had to be searched for."""


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """The loudness of the sound over the whole recording, in equal parts."""

    peaks: list[int]
    """The loudest sample of each part, 0 … 255."""
    whole: bool = True
    """All of the sound was heard. Of very long recordings a part of it is, evenly; nothing is said of silence then."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /exhibits/{id}/sheet`."""

    duration: float
    keyframes: list[float] = []
    """Where a seek is quickest: of what is sent to the screens, evenly thinned where there are very many."""
    strip: Strip | None = None
    """null where the recording has no picture of its own."""
    wave: Wave | None = None
    """null where it has no sound."""
    scenes: list[float] = []
    """Pictures of the strip that look quite different from the one before."""
    black: list[Stretch] = []
    """From the first to the last black picture of the strip in a row."""
    frozen: list[Stretch] = []
    """Several pictures of the strip in a row are the same."""
    silent: list[Stretch] = []
    gaps: list[Stretch] = []
    """No new picture for much longer than usual, by the recording's own times."""
    unrecorded: list[Stretch] = []
    """The recording has no sound here, and silence is played instead."""
