"""What the record says of a command that changed the room. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from courtcast.core import playback
from courtcast.core.card import EndCard, ShowCard
from courtcast.core.chain import Value
from courtcast.core.entries import Fact, fact, micro
from courtcast.core.item import Item
from courtcast.core.playback import Shown
from courtcast.core.room import ChooseSound, Command, Cued, Forget, Leave, Room, SetDelay, Withdraw, position
from courtcast.wire import api

MILLIONTHS = 1_000_000
THOUSANDTHS = 1000


def deed(
    command: Command,
    before: Room,
    after: Room,
    *,
    at: int,
    now: float,
    by: str,
    who: str,
    items: Mapping[str, Item],
    names: Mapping[str, str],
) -> Fact | None:
    """The fact of a command, as the room was `before` and is `after` it; None for what another entry says.

    at: Unix time, microseconds; now: room clock; items: what is known of the exhibits in the room; names: of screens
    """

    def made(kind: str, **what: Value | None) -> Fact:
        return fact(at, kind, **what, by=by, who=who)

    def screen(kind: str, id_: str | None, **what: Value | None) -> Fact:
        return made(kind, screen=id_, name=names.get(id_ or ""), **what)

    here = place(after, now, items)
    match command:
        case api.CueRequest():
            return made("cued", **_ready(after.cued, items), **_clip(after.cued))
        case api.ShowRequest():
            shown = after.shown
            playing = shown is not None and shown.playing
            zones = None if shown is None or shown.zones is None else list(shown.zones)
            return made("put-up", **here, **_clip(shown), zones=zones, playing=playing, anyway=command.anyway)
        case api.PlayRequest():
            return made("played", **here, anyway=command.anyway)
        case api.PlainRequest():
            return made("paused", **here)
        case api.SeekRequest():
            return made("sought", **here)
        case api.StepRequest():
            return made("stepped", **here, frames=command.frames)
        case api.ViewRequest():
            view = None if after.shown is None else after.shown.view
            return made("enlarged", **here, part=None if view is None else _parts(view, MILLIONTHS))
        case api.RateRequest():
            return made("speed", rate=round(after.rate * THOUSANDTHS))
        case api.VolumeRequest():
            return screen("volume", command.screen, level=round(command.level * THOUSANDTHS))
        case ChooseSound():
            return screen("sound-moved", command.screen)
        case SetDelay():
            return screen("delayed", command.screen, delay=command.milliseconds * 1000)
        case ShowCard():
            return screen("card-up", command.screen)
        case EndCard():
            return screen("card-down", command.screen)
        case Withdraw():
            return made("withdrawn", **exhibit(command.exhibit, items))
        case api.BlankRequest():
            return blank(before, after, at=at, now=now, by=by, who=who, items=items)
        case Forget() | Leave():  # `deleted`, `moved` or `hearing-opened` follows
            return None


def blank(before: Room, after: Room, *, at: int, now: float, by: str, who: str, items: Mapping[str, Item]) -> Fact:
    """All screens, or those zones that are black now."""
    zones = None if after.shown is None else list(after.blanked)
    return fact(at, "blanked", **place(before, now, items), zones=zones, by=by, who=who)


def place(room: Room, now: float, items: Mapping[str, Item]) -> dict[str, Value | None]:
    """What is on the screens, and where it is; nothing where nothing is."""
    here = position(room, now)
    return {} if room.shown is None or here is None else _at(room.shown, here, items)


def exhibit(id_: str, items: Mapping[str, Item]) -> dict[str, Value | None]:
    """Id and reference."""
    return {"exhibit": id_, "ref": items[id_].ref if id_ in items else None}


def _ready(cued: Cued | None, items: Mapping[str, Item]) -> dict[str, Value | None]:
    return {} if cued is None else _at(cued, cued.at, items)


def _at(on: Cued | Shown, media: Fraction, items: Mapping[str, Item]) -> dict[str, Value | None]:
    item = items.get(on.exhibit)
    frame = None if item is None else playback.frame_at(on.ranges, item, media)
    return {**exhibit(on.exhibit, items), "clip": on.clip, "frame": frame, "media": micro(float(media))}


def _clip(on: Cued | Shown | None) -> dict[str, Value | None]:
    """What the clip was at this time: it may be changed later."""
    if on is None or not on.ranges:
        return {}
    ranges: list[Value] = [
        {"from": micro(float(one.start)), "to": micro(float(one.stop)), **({"silent": 1} if one.silent else {})}
        for one in on.ranges
    ]
    return {"ranges": ranges}


def _parts(numbers: Sequence[float], of: int) -> list[Value]:
    return [round(number * of) for number in numbers]
