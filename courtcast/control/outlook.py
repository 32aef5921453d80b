"""Readiness of every exhibit: `core.readiness` with what the intake fetches and the screens report put in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol, runtime_checkable

import msgspec

from courtcast.control.conversion import Conversion
from courtcast.control.ports import Intake, Screens
from courtcast.core.clip import Ranges
from courtcast.core.cut import Cut, coming
from courtcast.core.legs import Parts, legs, up_to
from courtcast.core.manifest import Manifest
from courtcast.core.rates import GRAIN, KEPT, LEAST, Rates
from courtcast.core.readiness import (
    NOT_KNOWN,
    SLACK,
    Ahead,
    Bytes,
    Curve,
    Readiness,
    Said,
    Upstream,
    View,
    readiness,
    standing,
)
from courtcast.core.room import Room, position
from courtcast.problems import Refused
from courtcast.wire.api import Exhibit, Screen

A_ROUND = 4
"""Exhibits that are looked at in a round beside those that matter now: counting what every screen holds takes time."""
EDGE = 0.1
"""Seconds of media: how exactly it is looked where a screen's first gap begins."""


@runtime_checkable
class Lines(Protocol):
    """Screens that can say more of a line than one cautious rate."""

    def rates(self, screen: str, /) -> Rates | None: ...


@dataclass
class _Kept:
    """What is remembered of one exhibit between two looks."""

    answer: Readiness = NOT_KNOWN
    said: Said = field(default_factory=Said)
    seen: bool = False
    link: Rates = field(default_factory=Rates)
    fetched: tuple[float, int] | None = None
    """Room clock and bytes when it was last looked at, while it is being fetched."""
    curves: dict[bool, Curve] = field(default_factory=dict)
    """With sound, without."""
    conversion: Conversion = field(default_factory=Conversion)

    def curve(self, run: _Run, *, sound: bool) -> Curve:
        """Of all of the rendition, as far as it is known now."""
        curve = self.curves.get(sound)
        if curve is None or curve.manifest is not run.manifest:
            curve = self.curves[sound] = Curve(run.manifest, sound=sound)
        curve.follow(end=run.end, left=int(run.left), made=run.made)
        return curve


@dataclass
class _Run:
    """What would be played: to the end, or along the parts of a clip."""

    manifest: Manifest
    parts: Parts
    start: float
    """Media time, …"""
    end: float
    """… of the exhibit."""
    left: float
    """Bytes of the exhibit that have still to be fetched."""
    made: float | None = None
    """Media time up to which it is prepared from the start on, where that is not from the beginning on."""

    def __post_init__(self) -> None:
        self._legs = legs(self.parts, self.start) if self.parts else []

    @property
    def span(self) -> tuple[float, float]:
        """From and to: media time, or of a clip seconds that are played."""
        if not self.parts:
            return self.start, self.end
        last = self._legs[-1]
        return 0.0, last.after + last.stop - last.start

    def up_to(self, until: float | None) -> tuple[float | None, Parts]:
        """For `Screens.to_send`: to there, None is the end."""
        if not self.parts:
            return until, ()
        line = self._legs if until is None else up_to(self._legs, until)
        return None, [(leg.start, leg.stop) for leg in line]

    def bytes(self, curve: Curve) -> Bytes:
        return Cut(curve, self._legs) if self.parts else curve

    def coming(self, curve: Curve) -> float:
        return coming(curve, self._legs)


class Outlook:
    """Keeps the last answer for each exhibit."""

    def __init__(self, intake: Intake, screens: Screens) -> None:
        self._intake = intake
        self._screens = screens
        self._kept: dict[str, _Kept] = {}
        self._next = 0

    def seen(self, exhibit: Exhibit) -> Exhibit:
        """The exhibit with its readiness filled in."""
        kept = self._kept.get(exhibit.id)
        if kept is None:
            return exhibit
        answer = kept.answer
        return msgspec.structs.replace(
            exhibit,
            safe=answer.safe,
            safe_at=kept.said.at,
            safe_never=answer.never,
            safe_reason=answer.reason,
            safe_screen=answer.screen if answer.reason in ("screen", "line") else None,
            holds=answer.holds,
        )

    def look(self, room: Room, *, now: float, touched: Iterable[str]) -> list[str]:
        """One round at room clock `now`; gives the exhibits whose answer is another one than before."""
        exhibits = {exhibit.id: exhibit for exhibit in self._intake.exhibits()}
        for gone in self._kept.keys() - exhibits.keys():
            del self._kept[gone]
        matter = {on.exhibit for on in (room.shown, room.cued) if on is not None}
        order = list(exhibits)
        turn = [order[(self._next + n) % len(order)] for n in range(min(A_ROUND, len(order)))]
        self._next = (self._next + len(turn)) % max(1, len(order))
        wanted = [id_ for id_ in dict.fromkeys((*matter, *list(touched)[:A_ROUND], *turn)) if id_ in exhibits]
        return [id_ for id_ in wanted if self._judge(exhibits[id_], room, now)]

    def now(self, exhibit: Exhibit, room: Room, *, now: float) -> Exhibit:
        """The exhibit as it would play in this room at this moment, looked at afresh."""
        self._judge(exhibit, room, now)
        return self.seen(exhibit)

    def doubtful(self, exhibit: str) -> bool:
        """As last looked at, it would stop before its end."""
        kept = self._kept.get(exhibit)
        return kept is not None and not kept.answer.safe

    def present(self) -> bool:
        """There is a screen to play to."""
        return any(_there(screen) for screen in self._screens.screens())

    def _judge(self, exhibit: Exhibit, room: Room, now: float) -> bool:
        kept = self._kept.setdefault(exhibit.id, _Kept())
        answer = self._readiness(exhibit, kept, room, now)
        before, at, first = kept.answer, kept.said.at, not kept.seen
        if before.holds is not None and answer.holds is not None and abs(answer.holds - before.holds) <= SLACK:
            answer = answer._replace(holds=before.holds)
        kept.answer, kept.seen = answer, True
        kept.said.hear(answer, now=time.time())
        if first:
            return answer != NOT_KNOWN
        return answer._replace(wait=None) != before._replace(wait=None) or kept.said.at != at

    def _readiness(self, exhibit: Exhibit, kept: _Kept, room: Room, now: float) -> Readiness:
        upstream = self._upstream(exhibit, kept, now)
        manifest = self._intake.manifest(exhibit.id)
        if manifest is None or not manifest.showable or exhibit.state == "failed":
            return NOT_KNOWN
        parts, start = _place(exhibit.id, room, now)
        if manifest.leaves:
            return standing(self._lacking(manifest, start))
        made = manifest.prepared if manifest.foreseen is None else float(manifest.made_until(Fraction(start)))
        kept.conversion.watch(manifest, now)
        if (gap := _gap(manifest, parts, start)) is not None:
            return kept.conversion.before_gap(manifest, gap)
        end = _end(exhibit, made, manifest.duration if manifest.foreseen is None else manifest.foreseen)
        if end is None:
            return NOT_KNOWN
        if manifest.foreseen is not None and not parts:
            upstream = kept.conversion.upstream(manifest, made)
        elif manifest.foreseen is None and not manifest.complete:
            upstream = upstream._replace(left=max(1, (exhibit.bytes_total or 0) - exhibit.bytes_fetched))
        behind = None if manifest.foreseen is None or parts else made
        run = _Run(manifest, parts, start, max(start, end), upstream.left, behind)
        if parts and upstream.left:
            upstream = upstream._replace(left=run.coming(kept.curve(run, sound=True)))
        views = [
            view
            for screen in self._screens.screens()
            if _there(screen) and (view := self._view(screen, kept, run, left=int(upstream.left))) is not None
        ]
        shown = room.shown is not None and room.shown.exhibit == exhibit.id
        speed = room.rate if shown else 1.0
        answer = readiness(upstream=upstream, screens=views, speed=speed, was_safe=kept.answer.safe)
        if manifest.foreseen is not None and answer.reason == "link":
            return answer._replace(reason=None, never=False)  # the link has brought all; a conversion comes to its end
        return answer

    def _lacking(self, manifest: Manifest, leaf: float) -> Iterator[tuple[str, int, Rates | None]]:
        """Of the leaf, by screen; those that do not say what they hold are left out."""
        for screen in self._screens.screens():
            if not _there(screen):
                continue
            with suppress(Refused):
                lacks = self._screens.to_send(screen.id, manifest.rendition, leaf, leaf)
                if lacks is not None:
                    yield screen.id, lacks, self._rates(screen.id)

    def _upstream(self, exhibit: Exhibit, kept: _Kept, now: float) -> Upstream:
        """How the link carried, from how much more of it is here than at the last look."""
        if exhibit.state == "fetching":
            if kept.fetched is not None and now > kept.fetched[0]:
                kept.link.add(now - kept.fetched[0], max(0, exhibit.bytes_fetched - kept.fetched[1]))
            kept.fetched = now, exhibit.bytes_fetched
        else:
            kept.fetched = None
        if kept.link.seconds >= LEAST:
            return Upstream(rates=kept.link)
        rate = self._intake.rate(exhibit.id)
        return Upstream(rates=None if not rate else Rates.steady(rate))

    def _view(self, screen: Screen, kept: _Kept, run: _Run, *, left: int) -> View | None:
        """One screen; None where it does not say what it holds. left: bytes that have still to be fetched"""
        rendition = run.manifest.rendition
        start, end = run.span

        def missing(until: float | None) -> int | None:
            return self._screens.to_send(screen.id, rendition, run.start, *run.up_to(until))

        try:
            lacking = missing(None)
            if lacking is None:
                return None
            edge = end if not lacking and not left else held_to(start, end, lambda until: bool(missing(until)))
        except Refused:
            return None
        edge = edge if run.made is None else min(edge, run.made)
        curve = kept.curve(run, sound=screen.sound)
        gaps = [(edge, end)] if edge < end else []
        ahead = Ahead(run.bytes(curve), start, end, gaps=gaps, most=lacking + left)
        room = self._screens.capacity(screen.id, rendition)
        return View(screen.id, ahead, self._rates(screen.id), room)

    def _rates(self, screen: str) -> Rates | None:
        if isinstance(self._screens, Lines):
            return self._screens.rates(screen)
        rate = self._screens.rate(screen)
        # A cautious rate already, and no more is known of it.
        return None if not rate else Rates.steady(rate, KEPT * GRAIN)


def held_to(start: float, end: float, lacks: Callable[[float], bool]) -> float:
    """Media time up to which nothing is lacking from `start` on; `lacks(until)` is asked some ten times, near first,
    since asking costs what is lacking."""
    low, length = start, EDGE
    while low < end:
        high = min(end, start + length)
        if lacks(high):
            break
        low, length = high, length * 4
    else:
        return end
    while high - low > EDGE:
        middle = (low + high) / 2
        if lacks(middle):
            high = middle
        else:
            low = middle
    return low


def _there(screen: Screen) -> bool:
    return screen.paired and screen.online


def _place(exhibit: str, room: Room, now: float) -> tuple[Parts, float]:
    """Which parts of it would be played (none: all of it), and from where on; what stands at its end begins anew."""
    shown, cued = room.shown, room.cued
    if shown is not None and shown.exhibit == exhibit:
        at, parts = position(room, now) or Fraction(0), _parts(shown.ranges)
        if at == shown.end and not shown.playing:
            return parts, parts[0][0] if parts else 0.0
        return parts, float(at)
    if cued is not None and cued.exhibit == exhibit:
        return _parts(cued.ranges), float(cued.at)
    return (), 0.0


def _gap(manifest: Manifest, parts: Parts, start: float) -> float | None:
    """Seconds that can be played before something that has still to be made out of its turn; None where there is none.
    What a clip needs is taken to be of that kind: it rarely lies where a conversion is."""
    if manifest.foreseen is None:
        return None
    if not parts:
        ahead = manifest.gap_ahead(Fraction(start))
        return float(manifest.made_until(Fraction(start))) - start if ahead else None
    for leg in legs(parts, start):
        if (made := float(manifest.made_until(Fraction(leg.start)))) < leg.stop:
            return leg.after + max(0.0, made - leg.start)
    return None


def _parts(ranges: Ranges) -> Parts:
    return [(float(one.start), float(one.stop)) for one in ranges]


def _end(exhibit: Exhibit, prepared: float, duration: Fraction | None) -> float | None:
    """Its duration; while it is being fetched, guessed from how many bytes its seconds have taken so far."""
    if duration is not None:
        return float(duration)
    if not exhibit.bytes_total or not exhibit.bytes_fetched or not prepared:
        return None
    return prepared * max(1.0, exhibit.bytes_total / exhibit.bytes_fetched)
