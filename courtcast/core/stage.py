"""What follows from the room: the stage of each screen, and the state that the API shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from courtcast.core import clip as clips
from courtcast.core import playback
from courtcast.core.clip import Ranges
from courtcast.core.item import Item, Part, frame_at
from courtcast.core.playback import Shown
from courtcast.core.room import Cued, Room, ends_at, position
from courtcast.wire.api import OnScreen, RoomCard, RoomState
from courtcast.wire.screen import Anchor, Scene, ScreenCard, Stage

NUDGE = Fraction(1, 1_000_000)
"""Seconds. A paused anchor is moved so far into its frame: no rounding on the way can make it the frame before."""


def sees(room: Room, zone: str) -> bool:
    """Whether a screen in this zone shows something."""
    shown = room.shown
    return shown is not None and zone not in room.blanked and (shown.zones is None or zone in shown.zones)


def stage_for(room: Room, *, screen: str, zone: str, name: str = "") -> Stage:
    """The whole of what one screen should do. It follows from the room alone: no exhibit has to be at hand for it."""
    shown, cued = room.shown, room.cued
    meant = shown is not None and (shown.zones is None or zone in shown.zones)
    up = sees(room, zone)
    kept = up or (meant and shown is not None and not shown.restricted)
    return Stage(
        revision=room.revision,
        shown=None
        if shown is None or not kept
        else Scene(
            exhibit=shown.exhibit,
            rendition=shown.rendition,
            anchor=_anchor(room, shown, room.delays.get(screen, 0)),
            end=_seconds(shown.end),
            subtitles=shown.subtitles,
            view=shown.view,
            ranges=clips.written(shown.ranges),
            detail=shown.detail,
        ),
        cue=None
        if cued is None
        else Scene(
            exhibit=cued.exhibit,
            rendition=cued.rendition,
            anchor=Anchor(media=_resting(cued.ranges, cued.at), clock=0.0, rate=0.0),
            end=_seconds(cued.end),
            subtitles=cued.subtitles,
            ranges=clips.written(cued.ranges),
        ),
        blank=not up,
        volume=room.volume * room.volumes.get(screen, 1.0) if up else 0.0,
        sound=room.sound_screen == screen,
        card=None
        if room.card is None or room.card.screen != screen or shown is not None
        else ScreenCard(until=room.card.until, name=name, volume=room.volume * room.volumes.get(screen, 1.0)),
    )


def state(room: Room, *, now: float, items: dict[str, Item]) -> RoomState:
    """The room as the API shows it at room clock `now`. Exhibits that are not in `items` have no frame numbers."""
    shown, cued = room.shown, room.cued
    here = position(room, now)
    ended = shown is not None and here is not None and playback.at_end(shown, here)
    return RoomState(
        revision=room.revision,
        cued=None if cued is None else _on_screen(cued, cued.at, items),
        shown=None
        if shown is None
        else _on_screen(shown, shown.media, items, zones=None if shown.zones is None else list(shown.zones)),
        anchor=None if shown is None else Anchor(media=float(shown.media), clock=shown.clock, rate=_rate(room, shown)),
        playing=shown is not None and shown.playing and not ended,
        waiting=shown is not None and shown.waiting,
        ended=ended,
        blank=shown is None,
        blanked=list(room.blanked),
        rate=room.rate,
        volume=room.volume,
        sound_screen=room.sound_screen,
        by=room.by,
        clock=now,
        position=_seconds(here),
        position_frame=None if shown is None or here is None else _frame(items, shown, here),
        clip_position=None if shown is None or here is None else _seconds(clips.clip_time(shown.ranges, here)),
        view=None if shown is None else shown.view,
        card=None
        if room.card is None or room.card.until <= now
        else RoomCard(screen=room.card.screen, until=room.card.until),
    )


def refresh(room: Room, items: dict[str, Item]) -> Room:
    """The room with what has become known of its exhibits since: their end, or another rendition.

    No revision of its own: nothing that anybody asked for has changed.
    """
    shown, cued = room.shown, room.cued
    if shown is not None and (item := items.get(shown.exhibit)) is not None:
        ranges, media = playback.refreshed(shown.ranges, shown.media, item.end)
        shown = msgspec.structs.replace(
            shown,
            media=media,
            ranges=ranges,
            end=ranges[-1].stop if ranges else item.end or shown.end,
            rendition=_rendition(shown.rendition, item, media),
            restricted=item.restricted,
            subtitles=item.subtitles,
            leaves=item.leaves,
        )
    if cued is not None and (item := items.get(cued.exhibit)) is not None:
        ranges, at = playback.refreshed(cued.ranges, cued.at, item.end)
        cued = msgspec.structs.replace(
            cued,
            at=at,
            ranges=ranges,
            end=ranges[-1].stop if ranges else item.end or cued.end,
            rendition=_rendition(cued.rendition, item, at),
            restricted=item.restricted,
            subtitles=item.subtitles,
            leaves=item.leaves,
        )
    if shown == room.shown and cued == room.cued:
        return room
    return msgspec.structs.replace(room, shown=shown, cued=cued)


def with_detail(room: Room, items: dict[str, Item], detail: Callable[[str, int, Part], str | None]) -> Room:
    """The room with the sharper rendition of the part that is looked at, if there is one; no revision of its own.

    detail: gives it for an exhibit, a leaf and a part
    """
    shown = room.shown
    if shown is None or not shown.leaves or (item := items.get(shown.exhibit)) is None:
        return room
    leaf = frame_at(item, shown.media)
    sharper = None if shown.view is None or leaf is None else detail(shown.exhibit, leaf, shown.view)
    if sharper == shown.detail:
        return room
    return msgspec.structs.replace(room, shown=msgspec.structs.replace(shown, detail=sharper))


def until_end(room: Room, now: float) -> float | None:
    """Seconds until playback reaches its end; None where it does not play."""
    end = ends_at(room)
    return None if end is None else max(0.0, end - now)


def encode(room: Room) -> bytes:
    """For the disk."""
    return msgspec.json.encode(room, enc_hook=_enc)


def decode(data: bytes) -> Room:
    """Raises msgspec.MsgspecError where it is no room."""
    return msgspec.json.decode(data, type=Room, dec_hook=_dec)


def _anchor(room: Room, shown: Shown, delay: int) -> Anchor:
    """delay: milliseconds by which this screen comes later"""
    if _rate(room, shown):
        return Anchor(media=float(shown.media), clock=shown.clock + delay / 1000, rate=room.rate)
    return Anchor(media=_resting(shown.ranges, shown.media), clock=0.0, rate=0.0)


def _resting(ranges: Ranges, t: Fraction) -> float:
    """A little into the frame, but never out of its range."""
    inside = t + NUDGE
    return float(inside if clips.number_at(ranges, inside) == clips.number_at(ranges, t) else t)


def _on_screen(on: Cued | Shown, at: Fraction, items: dict[str, Item], zones: list[str] | None = None) -> OnScreen:
    return OnScreen(
        exhibit=on.exhibit,
        at=float(at),
        frame=_frame(items, on, at),
        zones=zones,
        clip=on.clip,
        ranges=clips.written(on.ranges),
        clip_at=_seconds(clips.clip_time(on.ranges, at)),
    )


def _rate(room: Room, shown: Shown) -> float:
    return room.rate if shown.playing and not shown.waiting else 0.0


def _rendition(held: str, item: Item, needed: Fraction) -> str:
    """Another rendition takes over only when it reaches as far as the picture that is up: until then screens keep what
    they hold (after a restart an exhibit may be prepared anew while it is shown)."""
    if item.rendition is None or not item.showable:
        return held
    return item.rendition if item.end is not None or item.until(needed) > needed else held


def _frame(items: Mapping[str, Item], on: Cued | Shown, t: Fraction) -> int | None:
    item = items.get(on.exhibit)
    return None if item is None else playback.frame_at(on.ranges, item, t)


def _seconds(t: Fraction | None) -> float | None:
    return None if t is None else float(t)


def _enc(value: object) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise NotImplementedError(type(value))


def _dec(kind: type, value: object) -> Any:
    if kind is Fraction:
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError("not a fraction") from error
    raise NotImplementedError(kind)
