"""A courtroom in virtual time: the real desk, talks and pumps, and the real pages, over a network that misbehaves.

Everything in it is what runs in a court but for four things: the clocks, the disk, the network and the browser, whose
places are taken by `loop`, `presenter`, `path` and `browser.js`. The presenter and the pages take turns in slices of time
that are as long as the quickest message takes, so that none can come too early.
"""

from __future__ import annotations

import heapq
import json
import random
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from courtcast.control.saved import KEY, SPACE, BlankNote
from courtcast.wire.screen import Stage
from tests.conftest import NODE
from tests.histories.evidence import Recordings
from tests.histories.path import SLICE, SimPath
from tests.histories.presenter import SCREENS, Machine, MemoryDatabase, Presenter

GIVEN_UP = 5.0
"""Seconds of silence after which the presenter looks for another path, as `courtcast.deliver.ladder` does."""


class Pages:
    """The program with the pages in it; one for all histories."""

    def __init__(self, root: Path | None = None) -> None:
        """root: another folder with the screen's modules"""
        command = [str(NODE), str(Path(__file__).with_name("pages.js")), *([str(root)] if root else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> list[list[Any]]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the pages' program has ended"
        found: list[list[Any]] = json.loads(line)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Page:
    """What is known of one page, from its own log."""

    id: int
    screen: str
    visible: str | None = None
    """The rendition that is to be seen."""
    number: int | None = None
    """Of its frame."""
    loud: bool = False
    marked: bool = False
    """It says that the picture is missing."""
    shown: list[tuple[float, int | None, bool]] = field(default_factory=list)
    """Each change of what is to be seen: when, which frame, whether marked."""
    revision: int = 0
    black: int = -1
    """The last word that said black, by its order."""
    open: dict[int, str] = field(default_factory=dict)
    """Words that said something else, by their order: what may be seen."""
    replaced: bool = False
    floor: int | None = None
    """The presenter may go back once, to no less than this: it was killed before a blank was on its disk."""


class World:
    """One history."""

    def __init__(self, pages: Pages, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.disk = 0.004
        self.db = MemoryDatabase()
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.note = Path(self._folder.name) / "blank"
        self.machine = Machine()
        self.recordings = Recordings()
        self.exhibits = [
            self.recordings.record("A", 4),
            self.recordings.record("B", 3, sound=True, padding=9000),
            self.recordings.record("C", 6, coming=2),
        ]
        self.stages: list[tuple[str, Stage]] = []
        """Everything that was ever said to a screen, in order."""
        self.damaged: Counter[bytes] = Counter()
        """How often something of the media came damaged, by what it is."""
        self.pages: dict[int, Page] = {}
        self.paths: dict[int, SimPath] = {}
        self.at: dict[str, int] = {}
        """The page of each screen."""
        self.budget = 1 << 24
        self.reconnects = dict.fromkeys(SCREENS, 0.3)
        """Seconds until a screen without a path is reached anew."""
        self.down: dict[str, float] = {}
        """When that is due."""
        self.presenter: Presenter | None = None
        self.broken = False
        """Something that has to hold did not."""
        self.log: list[str] = []
        """What happened, for whoever reads a history that failed."""
        self.on_started: Callable[[], None] = lambda: None
        """The presenter has found the room as it was left."""
        self._program = pages
        self._events: list[tuple[float, int, dict[str, Any]]] = []
        self._counted = 0
        self._fresh = True
        self.presenter = Presenter(self)
        for screen in SCREENS:
            self.open_page(screen)
        self.run(1.0)

    # time

    def time(self) -> float:
        return self.now if self.presenter is None else self.presenter.loop.time()

    def run(self, seconds: float) -> None:
        self.broken = True
        for _ in range(max(1, round(seconds / SLICE))):
            self._slice()
        self.broken = False

    def _slice(self) -> None:
        to = self.now + SLICE
        events = []
        while self._events and self._events[0][0] < to - 1e-9:
            at, _, event = heapq.heappop(self._events)
            path = self.paths.get(event.get("path", -1))
            if path is not None and path.lost and event["type"] in ("control", "media", "open"):
                continue
            events.append({**event, "at": at})
        self._program.ask({"restart": self._fresh, "events": events, "to": to})
        self._fresh = False
        if self.presenter is not None:
            self.presenter.loop.advance(to)
        log = self._program.answer()
        assert self.presenter is None or not self.presenter.loop.failures, self.presenter.loop.failures
        self.now = to
        self._meet()
        self._read(log)
        self._reach()

    def _meet(self) -> None:
        presenter = self.presenter
        if presenter is None or presenter.desk is None or presenter.met:
            return
        presenter.met = True
        assert presenter.since is None or presenter.clock() >= presenter.since.clock, "the room clock went back"
        self.on_started()

    def later(self, at: float, call: Callable[[], object]) -> None:
        """On the presenter's side, unless it is killed before."""
        if self.presenter is not None:
            self.presenter.loop.call_at(at, call)

    def do(self, call: Callable[..., object], *args: Any) -> None:
        """Now, inside the presenter."""
        if self.presenter is not None:
            self.presenter.loop.call_soon(call, *args)

    def send(self, at: float, path: SimPath, event: dict[str, Any]) -> None:
        """To a page, over a path."""
        if not path.lost:
            self._push(at, {**event, "page": path.page, "path": path.number})

    def order(self, screen: str, stage: Stage) -> int:
        self.stages.append((screen, stage))
        return len(self.stages) - 1

    def note_down(self, words: str) -> None:
        self.log.append(f"{self.now:7.2f} {words}")

    def _push(self, at: float, event: dict[str, Any]) -> None:
        self._counted += 1
        heapq.heappush(self._events, (at, self._counted, event))

    # pages and paths

    def open_page(self, screen: str, *, quota: int | None = None) -> None:
        """A page begins; one that the screen had before is told by the receiver that it is not the screen any more."""
        self._counted += 1
        number = self._counted
        before = self.at.get(screen)
        self.pages[number] = Page(number, screen)
        self._push(self.now + 0.01, {"type": "page", "page": number, "budget": self.budget, "quota": quota})
        if before is not None:
            self._push(self.now + 0.02, {"type": "replaced", "page": before})
        self.at[screen] = number
        self._leave(screen)

    def reload(self, screen: str) -> None:
        self._push(self.now, {"type": "end", "page": self.at[screen]})
        page = self.pages.pop(self.at.pop(screen))
        for path in self.paths.values():
            if path.page == page.id:
                path.lost = True
        self.open_page(screen)

    def tell(self, screen: str, event: dict[str, Any]) -> None:
        """Something befalls the page of a screen."""
        self._push(self.now + 0.03, {**event, "page": self.at[screen]})

    def cut(self, path: SimPath, page_after: float, presenter_after: float) -> None:
        """What is on its way is lost, and each side notices in its own time."""
        path.lost = True
        self._push(self.now + page_after, {"type": "close", "page": path.page, "path": path.number})
        self.later(self.now + presenter_after, path.end)

    def open_path(self, screen: str, *, first: str = "presenter", gap: float = 0.0, delay: float = 0.0) -> None:
        """Another path to the screen's page; either side may have it first, and the presenter perhaps not at all."""
        if self.presenter is None or screen not in self.presenter.talks:
            return
        self._counted += 1
        path = SimPath(self, self._counted, screen, self.at[screen])
        path.out += delay
        self.paths[path.number] = path
        path.opens = self.now + SLICE + (gap if first == "presenter" else 0)
        self._push(path.opens, {"type": "open", "page": path.page, "path": path.number})
        if first == "nobody":
            path.closed = True
            self._push(path.opens + gap, {"type": "close", "page": path.page, "path": path.number})
            return
        self.down.pop(screen, None)
        self.later(self.now + (SLICE + gap if first == "page" else 0.0), lambda: self._use(path))

    def usable(self, screen: str) -> SimPath | None:
        """The path that the presenter has in use."""
        talk = self.presenter.talks.get(screen) if self.presenter is not None else None
        return None if talk is None or talk.path is None else talk.path  # type: ignore[return-value]

    def _use(self, path: SimPath) -> None:
        """As `deliver.reach` does it: the new one is in use, then the one before is closed."""
        if path.closed or path.presenter is not self.presenter or self.presenter is None:
            return
        before = self.usable(path.screen)
        self.presenter.talks[path.screen].use(path)  # type: ignore[arg-type]
        if before is not None:
            before.end()
            self.send(self.time() + before.out, before, {"type": "close"})

    def _leave(self, screen: str) -> None:
        """The receiver tells the presenter that its screen has another page."""

        def leave() -> None:
            for path in self.paths.values():
                if path.screen == screen and path.page != self.at[screen]:
                    path.end()

        self.later(self.now + 0.15, leave)

    def _reach(self) -> None:
        """Looks after every screen, as `deliver.reach` does."""
        presenter = self.presenter
        if presenter is None or presenter.desk is None:
            return
        for screen, talk in presenter.talks.items():
            path = self.usable(screen)
            if path is not None and (path.closed or presenter.loop.time() - talk.heard > GIVEN_UP):
                self.send(self.now + path.out, path, {"type": "close"})
                path.end()
                self.do(talk.use, None)
                self.down.setdefault(screen, self.now + self.reconnects[screen])
            elif path is None:
                self.down.setdefault(screen, self.now + self.reconnects[screen])
            if self.down.get(screen, self.now + 1) <= self.now:
                self.open_path(screen)

    # the presenter's life

    def kill(self) -> None:
        if self.presenter is None:
            return
        self.presenter.loop.abandon()
        self.presenter = None
        self.down.clear()
        for path in self.paths.values():
            if not path.lost:
                path.lost = True
                after = self.chance.choice((0.2, 2.0, 6.0))
                self._push(self.now + after, {"type": "close", "page": path.page, "path": path.number})

    def start(self) -> None:
        if self.presenter is None:
            self.presenter = Presenter(self)

    def told(self) -> int:
        """The last revision that went out to any screen in this life of the presenter."""
        return self.stages[-1][1].revision if self.stages else 0

    def durable(self) -> int:
        """The revision that a presenter would find that started now."""
        connection = self.db._connection
        assert connection is not None
        row = connection.execute("SELECT value FROM small WHERE space = ? AND key = ?", (SPACE, KEY)).fetchone()
        kept = 0 if row is None else int(json.loads(row[0])["room"]["revision"])
        return max(kept, BlankNote(self.note).read())

    # what the pages say of themselves

    def _read(self, log: list[list[Any]]) -> None:
        at = -1.0
        for what, when, page, *rest in log:
            if when != at:
                self._look(at)
                at = when
            known = self.pages.get(page)
            if what == "fault":
                raise AssertionError(f"page {page}: {rest}")
            if what == "said":
                path = self.paths[rest[0]]
                if not path.lost and path.presenter is self.presenter:
                    path.hear(when, rest[1])
            elif what == "closed":
                path = self.paths[rest[0]]
                if not path.lost:
                    self.later(when + path.back, path.end)
            elif known is None:
                continue
            elif what == "replaced":
                known.replaced = True
            elif what == "heard":
                self._heard(known, rest[0])
            elif what == "applied":
                self._applied(known, rest[0])
            elif what == "seen":
                self._seen(known, when, *rest)
        self._look(at)

    def _heard(self, page: Page, order: int) -> None:
        _, stage = self.stages[order]
        if stage.blank or stage.shown is None:
            page.black = max(page.black, order)
            page.open = {one: seen for one, seen in page.open.items() if one > page.black}
        elif order > page.black:
            page.open[order] = stage.shown.rendition

    def _applied(self, page: Page, revision: int) -> None:
        if page.replaced:
            return
        back = revision < page.revision
        assert not back or (page.floor is not None and revision >= page.floor), (
            f"page {page.id} went from revision {page.revision} back to {revision}"
        )
        page.revision = revision
        if back:
            page.floor = None

    def _seen(self, page: Page, when: float, picture: list[Any] | None, loud: bool, mark: bool) -> None:
        page.visible, page.number = picture or (None, None)
        page.loud, page.marked = loud, mark
        page.shown.append((when, page.number, mark))
        self.note_down(f"page {page.id} ({page.screen}) at {when:.3f}: {picture}{' loud' if loud else ''}")

    def _look(self, at: float) -> None:
        """What has to be so after everything that happened at one time."""
        for page in self.pages.values():
            if page.visible is None:
                assert not page.loud, f"page {page.id} is black and sounds, at {at:.3f}"
                continue
            assert not page.replaced, f"page {page.id} shows something and is not the screen any more"
            assert page.visible in page.open.values(), (
                f"page {page.id} shows {page.visible} at {at:.3f}, and the last it was told is black"
            )

    def close(self) -> None:
        if self.presenter is not None:
            self.presenter.loop.abandon()
        with suppress(sqlite3.Error):
            self.db._connection.close()  # type: ignore[union-attr]
        self._folder.cleanup()
