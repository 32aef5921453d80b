"""The room, and what is asked for of it. All times are seconds of media time unless named otherwise."""

from __future__ import annotations

import msgspec

from courtcast.wire.library import ClipRange
from courtcast.wire.screen import Anchor


class OnScreen(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit and where it stands: used for what is cued and for what is shown."""

    exhibit: str
    at: float
    """Seconds of media time when paused here, or at `anchor.clock` when playing."""
    frame: int | None = None
    zones: list[str] | None = None
    """Zones that see it; null is all."""
    clip: str | None = None
    """Name of the clip that is shown, and nothing else of the exhibit."""
    ranges: list[ClipRange] = []
    """Those of the clip, as they were when it was cued."""
    clip_at: float | None = None
    """Seconds of the clip, all its ranges in a row, at `at`."""


class RoomCard(msgspec.Struct, frozen=True, kw_only=True):
    """The test card that is up on one screen while nothing is shown."""

    screen: str
    until: float
    """Room clock at which it goes by itself."""


class RoomState(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /room`: the state of the courtroom."""

    revision: int
    cued: OnScreen | None = None
    shown: OnScreen | None = None
    anchor: Anchor | None = None
    playing: bool = False
    waiting: bool = False
    """It plays, but the recording has not come so far yet: it goes on by itself."""
    ended: bool = False
    blank: bool = True
    """Nothing is on any screen."""
    blanked: list[str] = []
    """Zones that are blanked while others show."""
    rate: float = 1.0
    volume: float = 1.0
    sound_screen: str | None = None
    by: str | None = None
    """Who gave the last command."""
    clock: float = 0.0
    """The room clock (seconds) when this was written."""
    position: float | None = None
    """Media time of what is shown at `clock`."""
    position_frame: int | None = None
    clip_position: float | None = None
    """Seconds of the clip that is shown, all its ranges in a row, now."""
    view: tuple[float, float, float, float] | None = None
    """The part of what is shown that fills the displays: left, top, width, height as fractions of the upright picture.
    null is the whole."""
    card: RoomCard | None = None


class CueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exhibit: str
    at: float | None = None
    clip: str | None = None
    """Id or name of one of its clips: its ranges are played in order, and nothing else of it is shown."""
    revision: int | None = None


class ShowRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zones: list[str] | None = None
    play: bool = False
    anyway: bool = False
    revision: int | None = None


class BlankRequest(msgspec.Struct, frozen=True):
    """Anything that can be read as a blank is one: unknown fields are let pass."""

    zones: list[str] | None = None
    revision: int | None = None


class PlayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    anyway: bool = False
    revision: int | None = None


class PlainRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    revision: int | None = None


class SeekRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: float
    revision: int | None = None


class StepRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    frames: int
    revision: int | None = None


class ViewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /room/view`: the part of what is shown that fills the displays."""

    view: tuple[float, float, float, float] | None = None
    """Left, top, width, height as fractions of the upright picture, the last two at least 1/64. null is the whole."""
    revision: int | None = None


class RateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rate: float
    revision: int | None = None


class VolumeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: float
    """0 … 1."""
    screen: str | None = None
    revision: int | None = None
