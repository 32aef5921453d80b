"""The room: what is cued, what is shown, from which anchor, what is blanked. One immutable state with a revision.

Rules
-----
- `apply` takes a state and a command and gives the next state, or raises Refused and nothing has happened.
- Each real change raises the revision by one; a command that finds everything as it wants it changes nothing.
- A command may name the revision it was given on; if the room has moved on since, it is refused. Blank never is.
- What is cued is private. *Show* puts it up, paused on its frame, and takes it from the cue; *play* is another act.
- Where playback is follows from the anchor (`core.playback`). *Ended* is a fact that follows from the time, not a state
  of its own; whatever comes after the end finds playback at rest there.
- A clip keeps the ranges that it had when it was cued. While it is on, nothing else of the exhibit is: a seek out of it
  is refused, and a step goes over its seams.
- What is restricted leaves a screen with the blank: where its zone is blanked it is not even kept ready (`stage_for`).
- Blank needs nothing: no catalog, no time, no revision. `blank` cannot fail.
- Photographs and documents are leaves (`Item.leaves`): they rest on one, and are turned, never played.
- A view is a part of the picture that fills the displays. It is of what is on now: another exhibit, or another leaf, is
  shown whole again; steps within a recording keep it.
- The test card is up on one screen while nothing is shown, for a short time; it goes with blank, and with any show.

Media times are exact (Fraction); JSON's decimals are taken as written (1.2 is 6/5), see `moment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from courtcast.core import card as cards
from courtcast.core import clip as clips
from courtcast.core import playback
from courtcast.core.card import CardUp, EndCard, ShowCard
from courtcast.core.clip import Ranges
from courtcast.core.item import Catalog, Item, at_rest, clipped, moment, part
from courtcast.core.playback import Shown, rest
from courtcast.problems import Refused
from courtcast.wire import api

START_AHEAD = 0.15
"""Seconds between a start and its anchor: time for the Stage to reach every screen; all begin at one instant."""
MOST_DELAY = 500
"""Milliseconds that a screen may be set later or earlier: displays and loudspeakers lag by up to half of that."""
LOWEST_RATE, HIGHEST_RATE = 0.1, 4.0
"""Chromium plays from 0.0625 to 16 times; beyond these nobody in a courtroom can follow."""
MAX_ZONES = 16
MAX_ZONE_LENGTH = 64


class Cued(msgspec.Struct, frozen=True, kw_only=True):
    """Ready, and seen by nobody but the operator."""

    exhibit: str
    rendition: str
    at: Fraction
    end: Fraction | None = None
    """Of the exhibit, once it is known for good; of a clip the end of its last range."""
    clip: str | None = None
    """Name of the clip."""
    ranges: Ranges = ()
    """Of the clip; none is the whole exhibit."""
    restricted: bool = False
    subtitles: str | None = None
    leaves: bool = False


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one courtroom."""

    revision: int = 0
    cued: Cued | None = None
    shown: Shown | None = None
    blanked: tuple[str, ...] = ()
    rate: float = 1.0
    volume: float = 1.0
    volumes: dict[str, float] = {}
    """Of single screens, each a factor beside the room's own."""
    delays: dict[str, int] = {}
    """Milliseconds by which single screens come later than the room (negative: earlier), to make up for what their
    displays and loudspeakers lag. Only the clock of their anchors moves: where they rest, and blank, never do."""
    sound_screen: str | None = None
    sound_chosen: bool = False
    """Somebody decided which screen is the sound (or that none is)."""
    card: CardUp | None = None
    by: str | None = None


class ChooseSound(msgspec.Struct, frozen=True, kw_only=True):
    """Which screen is the room's sound; None is none of them."""

    screen: str | None
    revision: int | None = None


class SetDelay(msgspec.Struct, frozen=True, kw_only=True):
    """How much later than the room one screen comes."""

    screen: str
    milliseconds: int
    revision: int | None = None


class Forget(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit is to go. Refused while it is shown; a cue of it is dropped."""

    exhibit: str
    revision: int | None = None


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """Another hearing is about to be opened. Refused while something is shown; what is cued is dropped."""

    revision: int | None = None


class Withdraw(msgspec.Struct, frozen=True, kw_only=True):
    """An exhibit turned out not to be what it should be: it goes off the screens and out of the cue."""

    exhibit: str
    revision: int | None = None


Command = (
    api.CueRequest
    | api.ShowRequest
    | api.BlankRequest
    | api.PlayRequest
    | api.PlainRequest  # pause
    | api.SeekRequest
    | api.StepRequest
    | api.ViewRequest
    | api.RateRequest
    | api.VolumeRequest
    | ChooseSound
    | SetDelay
    | ShowCard
    | EndCard
    | Forget
    | Leave
    | Withdraw
)


def apply(room: Room, command: Command, *, now: float, by: str, catalog: Catalog) -> Room:
    """The room after a command given at room clock `now`. Raises Refused; see the rules above."""
    if isinstance(command, api.BlankRequest):
        return blank(room, command.zones, by=by)
    if command.revision is not None and command.revision != room.revision:
        raise Refused("moved-on")
    settled = settle(room, now)
    after = _carry_out(settled, command, now, catalog)
    if after.shown is not None and after.card is not None:
        after = msgspec.structs.replace(after, card=None)
    if after == settled:
        return room
    return msgspec.structs.replace(after, revision=room.revision + 1, by=by)


def blank(room: Room, zones: list[str] | None, *, by: str) -> Room:
    """Takes everything down, or makes some zones black. Cannot fail; what is cued stays cued."""
    after = _blank_zones(room, zones) if zones else msgspec.structs.replace(room, shown=None, blanked=())
    if after.card is not None:
        after = msgspec.structs.replace(after, card=None)
    if after == room:
        return room
    return msgspec.structs.replace(after, revision=room.revision + 1, by=by)


def overtake(room: Room, revision: int) -> Room:
    """The room at a revision that is at least this one: after a blank that came while a command was being written."""
    return msgspec.structs.replace(room, revision=max(room.revision, revision))


def pick_sound(room: Room, paired: Sequence[str]) -> Room:
    """The first screen that is paired is the sound until somebody says otherwise, and one that is gone is not."""
    if room.sound_screen in paired or (room.sound_screen is None and (room.sound_chosen or not paired)):
        return room
    return msgspec.structs.replace(room, sound_screen=paired[0] if paired else None, sound_chosen=False)


def heard(room: Room, screen: api.Screen) -> api.Screen:
    """A screen with what the room decides of it."""
    return msgspec.structs.replace(
        screen,
        volume=room.volumes.get(screen.id, 1.0),
        sound=room.sound_screen == screen.id,
        delay_ms=room.delays.get(screen.id, 0),
    )


def starts_at(room: Room, now: float) -> float:
    """Room clock of a start that is asked for now; it leaves time for the screen that is furthest ahead of the room."""
    return now + START_AHEAD + max([0, *(-delay for delay in room.delays.values())]) / 1000


def settle(room: Room, now: float) -> Room:
    """The same room, with playback that has run to its end at rest there."""
    return room if room.shown is None else _with(room, playback.settled(room.shown, room.rate, now))


def position(room: Room, now: float) -> Fraction | None:
    """Media time of what is shown, at room clock `now`."""
    return None if room.shown is None else playback.position(room.shown, room.rate, now)


def hold(room: Room, item: Item, now: float) -> Room:
    """The room, waiting or going on as far as the shown exhibit (`item`) is prepared; no revision of its own."""
    if room.shown is None:
        return room
    return _with(room, playback.held(room.shown, item, room.rate, now, starts_at(room, now)))


def waits_at(room: Room, item: Item, now: float) -> float | None:
    """Seconds until `hold` would have to be asked again if nothing more came; None where it need not be."""
    return None if room.shown is None else playback.waits_at(room.shown, item, room.rate, now)


def ends_at(room: Room) -> float | None:
    """Room clock at which playback reaches its end; None where it does not play, or the end is not known."""
    return None if room.shown is None else playback.ends_at(room.shown, room.rate)


def _carry_out(room: Room, command: Command, now: float, catalog: Catalog) -> Room:
    match command:
        case api.CueRequest():
            return _cue(room, command, catalog)
        case api.ShowRequest():
            return _show(room, command, now)
        case api.PlayRequest():
            return _play(room, now, catalog)
        case api.PlainRequest():
            return _pause(room, now)
        case api.SeekRequest():
            return _seek(room, command, now, catalog)
        case api.StepRequest():
            return _step(room, command, now, catalog)
        case api.ViewRequest():
            return _view(room, command)
        case api.RateRequest():
            return _rate(room, command, now)
        case api.VolumeRequest():
            return _volume(room, command)
        case ChooseSound():
            return msgspec.structs.replace(room, sound_screen=command.screen, sound_chosen=True)
        case SetDelay():
            return _delay(room, command)
        case ShowCard():
            if room.shown is not None:
                raise Refused("card-not-now")
            return msgspec.structs.replace(room, card=cards.up(command, now))
        case EndCard():
            return msgspec.structs.replace(room, card=cards.ended(room.card, command))
        case Forget():
            if room.shown is not None and room.shown.exhibit == command.exhibit:
                raise Refused("exhibit-shown", ref=catalog(command.exhibit).ref)
            return _without(room, command.exhibit)
        case Leave():
            if room.shown is not None:
                raise Refused("hearing-in-use")
            return msgspec.structs.replace(room, cued=None)
        case Withdraw():
            return _without(room, command.exhibit)
    raise TypeError(command)


def _cue(room: Room, command: api.CueRequest, catalog: Catalog) -> Room:
    item = catalog(command.exhibit)
    if item.failed is not None:
        raise Refused("exhibit-failed", ref=item.ref, why=item.failed)
    if not item.showable or item.rendition is None:
        raise Refused("not-showable", ref=item.ref)
    clip = None if command.clip is None else clipped(item, command.clip)
    ranges: Ranges = ()
    begins = Fraction(0) if item.timeline is None else item.timeline.beginning()
    if clip is not None:
        ranges = clips.placed(clips.ranges(clip.ranges, item.end), item.timeline, item.end, leaves=item.leaves)
        begins = moment(item, float(ranges[0].start))
    name = None if clip is None else clip.name
    at = begins
    if command.at is not None:
        at = playback.inside(ranges, name, moment(item, command.at), leaves=item.leaves)
    cued = Cued(
        exhibit=command.exhibit,
        rendition=item.rendition,
        at=at_rest(item, at),
        end=ranges[-1].stop if ranges else item.end,
        clip=name,
        ranges=ranges,
        restricted=item.restricted,
        subtitles=item.subtitles,
        leaves=item.leaves,
    )
    return msgspec.structs.replace(room, cued=cued)


def _show(room: Room, command: api.ShowRequest, now: float) -> Room:
    zones = None if command.zones is None else _zones(command.zones)
    cued, shown = room.cued, room.shown
    if cued is None:
        if shown is None:
            raise Refused("nothing-cued")
        return _show_again(room, shown, zones, command.play and not shown.leaves)
    shown = Shown(
        exhibit=cued.exhibit,
        rendition=cued.rendition,
        media=cued.at,
        end=cued.end,
        zones=zones,
        clip=cued.clip,
        ranges=cued.ranges,
        first=cued.at,
        restricted=cued.restricted,
        subtitles=cued.subtitles,
        leaves=cued.leaves,
    )
    after = msgspec.structs.replace(room, cued=None, shown=shown, blanked=(), rate=1.0)
    return _with(after, playback.begun(shown, starts_at(after, now))) if command.play and not shown.leaves else after


def _show_again(room: Room, shown: Shown, zones: tuple[str, ...] | None, play: bool) -> Room:
    """Nothing is cued: the same command once more changes nothing, and zones that see nothing yet can join."""
    as_put_up = shown.playing if play else not shown.playing and shown.media == shown.first
    if zones == shown.zones and not room.blanked and as_put_up:
        return room
    if zones is None:
        raise Refused("nothing-cued")
    joining = [zone for zone in zones if zone in room.blanked or (shown.zones is not None and zone not in shown.zones)]
    if not joining and not as_put_up:
        raise Refused("nothing-cued")
    seen_by = None if shown.zones is None else (*shown.zones, *(zone for zone in joining if zone not in shown.zones))
    return msgspec.structs.replace(
        room,
        shown=msgspec.structs.replace(shown, zones=seen_by),
        blanked=tuple(zone for zone in room.blanked if zone not in zones),
    )


def _play(room: Room, now: float, catalog: Catalog) -> Room:
    shown = _shown(room)
    if shown.leaves:
        raise Refused("nothing-to-play", ref=catalog(shown.exhibit).ref)
    return room if shown.playing else _with(room, playback.begun(shown, starts_at(room, now)))


def _pause(room: Room, now: float) -> Room:
    shown = _shown(room)
    return room if not shown.playing else _with(room, rest(shown, playback.position(shown, room.rate, now)))


def _seek(room: Room, command: api.SeekRequest, now: float, catalog: Catalog) -> Room:
    shown = _shown(room)
    item = catalog(shown.exhibit)
    to = playback.inside(shown.ranges, shown.clip, moment(item, command.to), leaves=shown.leaves)
    if shown.leaves:
        return _with(room, _turn(shown, at_rest(item, to)))
    return _with(room, playback.moved(shown, to, starts_at(room, now)))


def _step(room: Room, command: api.StepRequest, now: float, catalog: Catalog) -> Room:
    """Moves by whole frames and rests there, from where playback is if it plays."""
    shown = _shown(room)
    here = playback.position(shown, room.rate, now)
    item = catalog(shown.exhibit)
    if item.timeline is None or item.timeline.frame_at(here) is None:
        raise Refused("no-frames", ref=item.ref)
    if command.frames == 0 and not shown.playing:
        return room
    if shown.ranges:
        to = clips.step(shown.ranges, item.timeline, here, command.frames)
    else:
        to = item.timeline.step(here, command.frames)
    return _with(room, _turn(shown, to) if shown.leaves else rest(shown, to))


def _view(room: Room, command: api.ViewRequest) -> Room:
    shown = _shown(room)
    view = None if command.view is None else part(command.view)
    if view == shown.view:
        return room
    return _with(room, msgspec.structs.replace(shown, view=view, detail=None))


def _turn(shown: Shown, to: Fraction) -> Shown:
    """Another leaf is shown whole; the same one stays as it is."""
    if to == shown.media:
        return shown
    return msgspec.structs.replace(rest(shown, to), view=None, detail=None)


def _rate(room: Room, command: api.RateRequest, now: float) -> Room:
    if not LOWEST_RATE <= command.rate <= HIGHEST_RATE:
        raise Refused("outside-range", what="The rate", low=LOWEST_RATE, high=HIGHEST_RATE)
    shown, here = room.shown, position(room, now)
    if shown is not None and here is not None and shown.playing and command.rate != room.rate:
        shown = msgspec.structs.replace(shown, media=here, clock=max(now, shown.clock))
    return msgspec.structs.replace(room, shown=shown, rate=command.rate)


def _volume(room: Room, command: api.VolumeRequest) -> Room:
    if not 0.0 <= command.level <= 1.0:
        raise Refused("outside-range", what="The volume", low=0, high=1)
    if command.screen is None:
        return msgspec.structs.replace(room, volume=command.level)
    return msgspec.structs.replace(room, volumes={**room.volumes, command.screen: command.level})


def _delay(room: Room, command: SetDelay) -> Room:
    if not -MOST_DELAY <= command.milliseconds <= MOST_DELAY:
        raise Refused("outside-range", what="The delay in milliseconds", low=-MOST_DELAY, high=MOST_DELAY)
    others = {screen: delay for screen, delay in room.delays.items() if screen != command.screen}
    mine = {command.screen: command.milliseconds} if command.milliseconds else {}
    return msgspec.structs.replace(room, delays={**others, **mine})


def _without(room: Room, exhibit: str) -> Room:
    shown = None if room.shown is not None and room.shown.exhibit == exhibit else room.shown
    cued = None if room.cued is not None and room.cued.exhibit == exhibit else room.cued
    return msgspec.structs.replace(room, shown=shown, cued=cued, blanked=() if shown is None else room.blanked)


def _blank_zones(room: Room, zones: list[str]) -> Room:
    shown = room.shown
    if shown is None:
        return room
    named = {zone[:MAX_ZONE_LENGTH] for zone in zones}
    blanked = tuple(sorted({*room.blanked, *named}))
    if len(blanked) > MAX_ZONES:
        return msgspec.structs.replace(room, shown=None, blanked=())
    if shown.zones is not None and named.union(room.blanked).issuperset(shown.zones):
        return msgspec.structs.replace(room, shown=None, blanked=())
    return msgspec.structs.replace(room, blanked=blanked)


def _zones(zones: list[str]) -> tuple[str, ...]:
    names = tuple(sorted(set(zones)))
    if not names:
        raise Refused("malformed", why="the list of zones is empty; leave it out to mean all")
    if len(names) > MAX_ZONES or not all(0 < len(name) <= MAX_ZONE_LENGTH for name in names):
        raise Refused(
            "malformed", why=f"there are at most {MAX_ZONES} zones, with names of 1 to {MAX_ZONE_LENGTH} letters"
        )
    return names


def _shown(room: Room) -> Shown:
    if room.shown is None:
        raise Refused("nothing-shown")
    return room.shown


def _with(room: Room, shown: Shown) -> Room:
    return room if shown is room.shown else msgspec.structs.replace(room, shown=shown)
