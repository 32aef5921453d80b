"""Sends to one screen what it should have, over one path, in the order that `courtcast.core.policy` decides.

Little is kept waiting (`Estimate.queue`, or `Estimate.window` on its way), so that a seek and a blank are never behind
much. A fragment goes in pieces; between two of them it is dropped if something else is wanted first by now. What the
page says it holds is the truth: what it does not name some time after it must have arrived is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from courtcast.core import aim
from courtcast.core.estimate import Estimate
from courtcast.core.legs import Parts, along, parts_of
from courtcast.core.manifest import Manifest
from courtcast.core.need import Need
from courtcast.core.policy import (
    BUDGET_SHARE,
    Key,
    Known,
    Send,
    SendFragment,
    SendInit,
    SendRows,
    View,
    firsts,
    held,
    lacking,
    ranged,
    sends,
)
from courtcast.core.spans import Spans
from courtcast.deliver.paths import Path, PathClosed
from courtcast.wire.api import DayReport
from courtcast.wire.media import (
    KIND_FRAGMENT,
    KIND_INIT,
    KIND_PADDING,
    KIND_ROWS,
    PIECE,
    MediaHeader,
    Row,
    Track,
    pack,
)
from courtcast.wire.screen import Hello, Holdings, Scene, Stage

_log = logging.getLogger(__name__)

PLAN_AGE = 1.0
"""Seconds after which the order is made anew although nothing happened: the playhead has moved on."""
LOOK = 0.25
"""Seconds between two looks at a line that does not move, so that an outage enters the estimate."""
SETTLE = 1.5
"""Seconds from the acknowledgement until the page must have named it: verifying takes some ms, `Holdings` come at every
change but four times a second at most."""
TRIES = 3
HOLD_OFF = 30.0
"""Seconds before something that the page did not take `TRIES` times is sent once more."""
FINISH = 2 * PIECE
"""Bytes: a fragment with no more than this to go is finished, wanted or not."""
BUSY = PIECE
"""Bytes on their way above which the line counts as busy: control messages alone do not fill it."""
PRESSED_MOST = 10.0
"""Seconds in a row for which a screen that lacks of what is needed first has others wait. Whom that has not helped by
then has a line of its own that carries too little, and holds up nobody."""
FIRST_HOLDINGS = 2.0
"""Seconds to wait for what the page holds before it is taken to hold nothing."""

PADDING_MOST = 12_500_000
"""Bytes a second of padding at most, which is 100 Mb/s: no recording needs more, and the rest of the room's line
belongs to others."""
_PADDING = os.urandom(PIECE - 8)
"""Nothing on the way can make it shorter."""
_STAMP = struct.Struct(">d")


class Fragments(Protocol):
    """Where coded bytes come from."""

    async def init(self, rendition: str, track: Track) -> bytes:
        """Raises KeyError where it is gone."""

    async def fragment(self, rendition: str, row: Row) -> bytes:
        """Raises KeyError where it is gone."""


class Pump:
    """One screen's pump for the life of one path. `run` it; the rest are calls that never block."""

    def __init__(
        self,
        path: Path,
        *,
        manifests: Callable[[str], Manifest | None],
        fragments: Fragments,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        estimate: Estimate,
        on_behind: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` is the room's; `estimate` outlives the path, since the line is the same; `on_behind` is called when
        `behind` or `pressed` changes."""
        self.held = Known()
        """As the page last said."""
        self._path, self._manifests, self._fragments = path, manifests, fragments
        self._clock, self._monotonic, self._estimate = clock, monotonic, estimate
        self._stage: Stage | None = None
        self._budget = self._disk = 0
        self._day: Sequence[Manifest] = ()
        self.behind = True
        """Something that is shown or cued has still to be sent."""
        self._ahead = True
        """What is neither may be sent."""
        self._on = True
        """What is not needed first may be sent."""
        self._pressed: float | None = None
        """Since when something that is needed first has still to be sent."""
        self._on_behind = on_behind
        self._known = Known()
        self._told = asyncio.Event()
        """The page has said what it holds."""
        self._coming: dict[Send, float | None] = {}
        """Sent and not named by the page yet; when it must have arrived, None while it is on its way."""
        self._ends: dict[Send, int] = {}
        """For what is on its way: `path.sent` at its last byte."""
        self._failures: dict[Send, int] = {}
        self._version = 0
        self._changed = asyncio.Event()
        self._progress = asyncio.Event()
        self._padded_until = -1.0
        """Monotonic time until which padding is sent, where nothing else is to be sent."""
        self._padded = 0
        """Pieces of it, ever."""
        path.on_progress = self._on_progress

    def set_stage(self, stage: Stage) -> None:
        """What the screen should do now; what is wanted changes at once."""
        before, self._stage = self._stage, stage
        if before is None or (before.shown, before.cue, before.sound) != (stage.shown, stage.cue, stage.sound):
            self._known.returned.clear()
            self._pressed = None
            self._set_behind(stage.shown is not None or stage.cue is not None)
            self.wake()

    def set_day(self, day: Sequence[Manifest]) -> None:
        """What to send when nothing that is shown or cued is lacking, in this order."""
        if list(self._day) != list(day):
            self._day = day
            self._known.returned.clear()
            self.wake()

    def go_ahead(self, may: bool) -> None:
        """Whether anything of the day may be begun now."""
        if may and not self._ahead:
            self._changed.set()
        self._ahead = may

    @property
    def pressed(self) -> bool:
        """Something that is needed first has still to be sent, and others may help by waiting."""
        return self._pressed is not None and self._monotonic() - self._pressed < PRESSED_MOST

    def go_on(self, may: bool) -> None:
        """Whether anything that is not needed first may be begun now."""
        if may and not self._on:
            self._changed.set()
        self._on = may

    def hello(self, hello: Hello) -> None:
        self._budget, self._disk = hello.budget, hello.disk or 0
        # Said again it means that the page was on another path: what it let pass meanwhile was no failure.
        now = self._monotonic()
        self._failures.clear()
        self._coming = {send: since if since is None else min(since, now) for send, since in self._coming.items()}
        self._known.returned.clear()
        self.wake()

    def holdings(self, holdings: Holdings) -> None:
        """What the page has."""
        before, known = self.held, self._known
        self.held, fresh = Known.of(holdings), Known.of(holdings)
        # Whole renditions go because they may not stay, not for want of room: they may come again.
        dropped = {rendition for rendition, _ in before.rows} - holdings.rows.keys()
        for key, spans in before.fragments.items():
            still = self.held.fragments.get(key, Spans())
            for first, end in spans:
                for start, stop in list(still.missing(first, end)):
                    if key[0] not in dropped:
                        known.returned.setdefault(key, Spans()).add(start, stop)
                    self.wake()
        for rendition, ranges in holdings.damaged.items():
            for track, first, last in ranges:
                known.returned.get((rendition, track), Spans()).discard(first, last + 1)
        known.rows, known.inits, known.fragments = fresh.rows, fresh.inits, fresh.fragments
        for send in list(self._coming):
            if self.held.has(send):
                del self._coming[send]
                self._failures.pop(send, None)
            else:
                known.add(send)
        self._told.set()
        self._look_after_losses()

    def _look_after_losses(self) -> None:
        """What should have arrived long ago and is not named by the page is sent again."""
        now, arrived = self._monotonic(), self._path.sent - self._path.buffered
        for send, end in list(self._ends.items()):
            if end <= arrived or send not in self._coming:
                del self._ends[send]
                if send in self._coming:
                    self._coming[send] = now
        for send, since in list(self._coming.items()):
            if since is None or now - since <= SETTLE:
                continue
            failures = self._failures[send] = self._failures.get(send, 0) + 1
            if failures % TRIES == 0:
                self._coming[send] = now + HOLD_OFF
                continue
            del self._coming[send]
            self._known.forget(send)
            self.wake()

    def wake(self) -> None:
        """Something changed: a manifest, the stage, the page's budget."""
        self._version += 1
        self._changed.set()

    def capacity(self, rendition: str) -> float:
        """Bytes of it that the page can hold; infinite where it did not say."""
        lasts = any(manifest.rendition == rendition for manifest in self._day)
        return max(self._budget, self._disk if lasts else 0) * BUDGET_SHARE if self._budget else float("inf")

    def day(self, *, sound: bool) -> DayReport:
        """How much of the day the page holds."""
        parts = [held(manifest, self.held, sound=sound) for manifest in self._day]
        return DayReport(held=sum(have for have, _ in parts), total=sum(there for _, there in parts), disk=self._disk)

    def pad(self, seconds: float) -> None:
        """Measures the line: fills it with padding for so long. What is cued goes first, all the same, and padding
        ends at once where something is shown."""
        self._padded_until = self._monotonic() + seconds
        self.wake()

    @property
    def padding(self) -> bool:
        """Padding is being sent."""
        shown = self._stage is not None and self._stage.shown is not None
        return not shown and self._monotonic() < self._padded_until

    def lacking(self, rendition: str, at: float, end: float | None, *, sound: bool, parts: Parts = ()) -> int | None:
        """Bytes from media time `at` to `end`, or along the parts of a clip, that the page does not hold. None where
        the manifest is not known."""
        manifest = self._manifests(rendition)
        return None if manifest is None else lacking(Need(manifest, at, end, parts=parts), self.held, sound=sound)

    async def run(self) -> None:
        """Until the path closes: then PathClosed."""
        try:
            async with asyncio.timeout(FIRST_HOLDINGS):
                await self._told.wait()
        except TimeoutError:
            self._told.set()
        while not self._path.closed:
            self._changed.clear()
            self._look_after_losses()
            if not await self._walk() and not await self._pad():
                await self._wait(self._changed, PLAN_AGE)
        raise PathClosed("the path closed")

    async def _walk(self) -> bool:
        """Sends in order until the order has to be made anew: then True; False where there is nothing to send."""
        version, begun, view = self._version, self._monotonic(), self._view()
        clips, first = ranged(view), firsts(view)
        for send in sends(view):
            ahead = not self._is_on(send, clips)
            self._set_behind(not ahead)
            if isinstance(send, SendFragment):
                pressing = send.index in first.get((send.rendition, send.track), ())
                self._set_pressed(pressing)
                if not pressing and not self._on:
                    return False
            if ahead and (self.padding or not self._ahead):
                return False
            await self._send(send)
            if version != self._version or self._path.closed or self._monotonic() - begun > PLAN_AGE:
                return True
        self._set_behind(False)
        self._set_pressed(False)
        return False

    def _is_on(self, send: Send, clips: Mapping[Key, Spans]) -> bool:
        """It is of what is shown or cued; clips: what they need of it."""
        stage = self._stage
        scenes = () if stage is None else (stage.shown, stage.cue)
        if not any(scene is not None and send.rendition in (scene.rendition, scene.detail) for scene in scenes):
            return False
        key = send.rendition, send.track
        return not isinstance(send, SendFragment) or key not in clips or send.index in clips[key]

    def _set_behind(self, behind: bool) -> None:
        if behind != self.behind:
            self.behind = behind
            self._on_behind()

    def _set_pressed(self, pressed: bool) -> None:
        if pressed != (self._pressed is not None):
            self._pressed = self._monotonic() if pressed else None
            self._on_behind()

    async def _pad(self) -> bool:
        """Padding, until there may be something to send again; False where none is wanted."""
        version, begun, sent = self._version, self._monotonic(), 0
        while self.padding and version == self._version and not self._path.closed:
            now = self._monotonic()
            if now - begun > PLAN_AGE:
                break
            if (early := sent / PADDING_MOST - (now - begun)) > 0:
                await self._wait(self._changed, early)
            await self._room()
            if version != self._version or not self.padding:
                break
            self._padded += 1
            header = MediaHeader(KIND_PADDING, 0, "0", self._padded & 0xFFFFFFFF, 0, PIECE)
            piece = pack(header, _STAMP.pack(self._monotonic()) + _PADDING)
            self._path.send_media(piece)
            sent += len(piece)
        return sent > 0

    async def _send(self, send: Send) -> None:
        manifest = self._manifests(send.rendition)
        if manifest is None:
            self._known.add(send)  # gone in between; the next view does not name it any more
            self.wake()
            return
        version, complete = self._version, manifest.complete
        try:
            kind, index, data = await self._load(manifest, send)
        except (KeyError, OSError):
            _log.exception("not to be read: %s", send)
            self._known.add(send)
            self._coming[send] = self._monotonic() + HOLD_OFF
            return
        total = len(data)
        for offset in range(0, total, PIECE):
            if version != self._version:
                version = self._version
                if total - offset > FINISH and not self._still_first(send):
                    return
            await self._room()
            header = MediaHeader(kind, send.track, send.rendition, index, offset, total)
            self._path.send_media(pack(header, data[offset : offset + PIECE]))
        self._known.add(send, complete=complete)
        if not (isinstance(send, SendRows) and send.first == send.end):
            self._coming[send] = None
            self._ends[send] = self._path.sent

    async def _load(self, manifest: Manifest, send: Send) -> tuple[int, int, memoryview]:
        if isinstance(send, SendRows):
            rows = manifest.rows_message({send.track: range(send.first, send.end)})
            return KIND_ROWS, send.first, memoryview(msgspec.json.encode(rows))
        if isinstance(send, SendInit):
            return KIND_INIT, 0, memoryview(await self._fragments.init(send.rendition, manifest.tracks[send.track]))
        row = manifest.rows(send.track)[send.index]
        return KIND_FRAGMENT, send.index, memoryview(await self._fragments.fragment(send.rendition, row))

    async def _room(self) -> None:
        """Waits until there is room for one more piece."""
        while self._full() and not self._path.closed:
            self._progress.clear()
            await self._wait(self._progress, LOOK)
            self._note()

    def _full(self) -> bool:
        """Enough is waiting, or on its way where the path's sender does not look after that itself."""
        if self._path.line is None:
            return self._path.buffered + PIECE > self._estimate.window
        return self._path.waiting + PIECE > self._estimate.queue

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    def _on_progress(self) -> None:
        if self._path.closed:
            self._progress.set()
            self._changed.set()
            return
        self._note()
        if not self._full():
            self._progress.set()

    def _note(self) -> None:
        buffered, line = self._path.buffered, self._path.line
        if line is not None:
            self._estimate.line = line
        self._estimate.note(
            max(0, self._path.sent - buffered), buffered if buffered > BUSY else 0, now=self._monotonic()
        )

    def _still_first(self, send: Send) -> bool:
        """Rows and init segments are small and go on; a fragment only while no other is wanted before it."""
        if not isinstance(send, SendFragment):
            return True
        return next((other for other in sends(self._view()) if isinstance(other, SendFragment)), None) == send

    def _view(self) -> View:
        stage = self._stage
        if stage is None:
            return View(None, None, False, self._known, self._budget, self._disk, day=self._day)
        shown, cue = self._need(stage.shown), self._need(stage.cue)
        if shown is not None and stage.shown is not None:
            since = aim.since(
                shown,
                self._known,
                self._estimate.rate,
                speed=stage.shown.anchor.rate,
                sound=stage.sound,
                queued=self._path.buffered,
            )
            shown = msgspec.structs.replace(shown, since=since)
        return View(
            shown,
            cue,
            stage.sound,
            self._known,
            self._budget,
            self._disk,
            detail=self._detail(stage.shown),
            day=self._day,
        )

    def _detail(self, scene: Scene | None) -> Need | None:
        manifest = None if scene is None or scene.detail is None else self._manifests(scene.detail)
        return None if manifest is None else Need(manifest, 0.0)

    def _need(self, scene: Scene | None) -> Need | None:
        manifest = None if scene is None else self._manifests(scene.rendition)
        if scene is None or manifest is None:
            return None
        anchor, parts = scene.anchor, parts_of(scene)
        at = along(parts, anchor.media, max(0.0, self._clock() - anchor.clock) * anchor.rate, scene.end)
        return Need(manifest, max(0.0, at), scene.end, parts=parts)
