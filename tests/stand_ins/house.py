"""The control side on its own: the real desk, database and web application, over a shelf and a wall that are small.

The shelf holds exhibits with real manifests (made up of rows, no files); the wall takes the stages that a real screen
would be sent and says when. Run as a program (`python -m tests.stand_ins.house DATA`) it can be killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import msgspec
from aiohttp import web

from courtcast.app import open_record
from courtcast.control.api import make_app
from courtcast.control.auth import Auth
from courtcast.control.checkup import Checkup
from courtcast.control.desk import Desk
from courtcast.control.onlooker import Onlooker
from courtcast.control.retention import EVIDENCE, Retention
from courtcast.control.saved import BlankNote, load
from courtcast.control.services import Services
from courtcast.control.taking import Bundles
from courtcast.control.timekeeper import Timekeeper
from courtcast.core.checks import Line
from courtcast.core.legs import Parts
from courtcast.core.manifest import Manifest
from courtcast.deliver.day import Day
from courtcast.evidence.database import Database
from courtcast.evidence.library import Library
from courtcast.evidence.look import Seen as Answer
from courtcast.evidence.record import Record
from courtcast.evidence.upload import Said, Upload
from courtcast.evidence.uploads import Uploads
from courtcast.prepare import sidecar, subtitles
from courtcast.prepare.docket import Docket
from courtcast.prepare.examine import Copy, Seen
from courtcast.prepare.kept import Kept
from courtcast.problems import Refused
from courtcast.wire.api import AddExhibit, ChangeExhibit, ChangeScreen, Exhibit, NewLink, Problem, Screen, ScreenReport
from courtcast.wire.assets import Assets
from courtcast.wire.inspection import Inspection
from courtcast.wire.media import LEAVES, Row, Track
from courtcast.wire.screen import Able, Stage
from courtcast.wire.sheet import Sheet

RATE = 30
CODE = "12345678"
TRACK = Track(
    index=0, kind="video", mime='video/mp4; codecs="avc1.64001f"', timescale=RATE * 1000, init_sha256="0" * 64,
    init_bytes=800, first=0, width=640, height=360,
)  # fmt: skip


def manifest(exhibit: str, seconds: int) -> Manifest:
    """Of a clip at 30 frames a second with a fragment each half second, all made up."""
    made = Manifest(exhibit, f"{zlib.crc32(exhibit.encode()):016x}", Fraction(0), [TRACK])
    grow(made, seconds)
    return made


def grow(made: Manifest, seconds: int) -> None:
    """Half-second fragments up to there."""
    made.add(
        Row(0, n, n * 15_000, 15_000, 50_000, n % 4 == 0, "0" * 64, [n * 15_000 + frame * 1000 for frame in range(15)])
        for n in range(made.counts[0], seconds * 2)
    )


def png(number: int) -> bytes:
    """A picture of one pixel whose colour is the number."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + number.to_bytes(3, "big"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


class Shelf:
    """Exhibits in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Exhibit] = {}
        self.manifests: dict[str, Manifest] = {}
        self.preferred: list[str] = []
        self.wanted: dict[str, tuple[float, ...]] = {}
        """Media times that were asked for last."""
        self._lists: dict[str, Kept] = {}
        self.links: dict[str, Seen] = {}
        """What comes of asking at the links of some."""
        self.damaged: set[str] = set()
        self.healed: list[str] = []
        self.details: dict[tuple[str, int, tuple[float, float, float, float]], str] = {}
        """Renditions of parts of leaves that are there."""
        self.inspections: dict[str, Inspection] = {}
        self.speed: float | None = 1e6
        """Bytes a second of the link."""

    def put(self, ref: str, seconds: int = 10, *, complete: bool = True) -> Exhibit:
        """One that is ready (or still coming)."""
        id_ = hashlib.sha256(ref.encode()).hexdigest()[:8]
        made = self.manifests[id_] = manifest(id_, seconds)
        if complete:
            made.finish(Fraction(seconds))
        self.kept[id_] = Exhibit(
            id=id_, ref=ref, title=f"Exhibit {ref}", state="ready" if complete else "fetching", showable=True,
            bytes_fetched=seconds * 100_000, bytes_total=seconds * 100_000 * (1 if complete else 2),
            duration=float(seconds), frames=made.frames, prepared=made.prepared,
        )  # fmt: skip
        return self.kept[id_]

    def put_leaves(self, ref: str, count: int = 4) -> Exhibit:
        """A document that is ready."""
        id_ = hashlib.sha256(ref.encode()).hexdigest()[:8]
        track = msgspec.structs.replace(TRACK, mime=LEAVES, timescale=1, init_sha256="", init_bytes=0)
        made = self.manifests[id_] = Manifest(id_, f"{zlib.crc32(id_.encode()):016x}", Fraction(0), [track])
        made.add(Row(0, n, n, 1, 300_000, True, "0" * 64, [n]) for n in range(count))
        made.finish(Fraction(count))
        self.kept[id_] = Exhibit(
            id=id_, ref=ref, title=f"Exhibit {ref}", kind="document", state="ready", showable=True, bytes_fetched=9000,
            bytes_total=9000, duration=float(count), frames=count, prepared=made.prepared,
        )  # fmt: skip
        return self.kept[id_]

    def fail(self, id_: str, type_: str) -> None:
        self.kept[id_] = msgspec.structs.replace(self.kept[id_], state="failed", problem=Refused(type_).problem())

    async def add(self, request: AddExhibit, /) -> Exhibit:
        if not request.url.startswith(("http://", "https://")):
            raise Refused("link-malformed")
        exhibit = Exhibit(
            id=f"x{len(self.kept)}", ref=request.ref or "", title=request.title or "", url=request.url,
            restricted=request.restricted,
        )  # fmt: skip
        self.kept[exhibit.id] = exhibit
        return exhibit

    async def receive(self, said: Said, length: int, /) -> Upload:
        raise Refused("upload-not-now")

    @property
    def opened(self) -> str:
        return ""

    def exhibits(self, hearing: str | None = None, /) -> list[Exhibit]:
        return [exhibit for exhibit in self.kept.values() if exhibit.hearing == (hearing or "")]

    def everything(self) -> list[Exhibit]:
        return list(self.kept.values())

    def origin(self, exhibit: str, /) -> str:
        return ""

    def get(self, exhibit: str, /) -> Exhibit:
        if exhibit not in self.kept:
            raise Refused("exhibit-unknown")
        return self.kept[exhibit]

    async def change(self, exhibit: str, change: ChangeExhibit, /) -> Exhibit:
        before = self.get(exhibit)
        self.kept[exhibit] = msgspec.structs.replace(
            before,
            ref=before.ref if change.ref is None else change.ref,
            title=before.title if change.title is None else change.title,
            restricted=before.restricted if change.restricted is None else change.restricted,
        )
        if change.subtitles is not msgspec.UNSET:
            subtitles.choose(self._lists.setdefault(exhibit, Kept()), change.subtitles)
            self._subtitled(exhibit)
        if change.position is not None:
            order = [id_ for id_ in self.kept if id_ != exhibit]
            order.insert(change.position, exhibit)
            self.kept = {id_: self.kept[id_] for id_ in order}
        return self.kept[exhibit]

    async def delete(self, exhibit: str, /) -> None:
        self.get(exhibit)
        del self.kept[exhibit]
        self.manifests.pop(exhibit, None)

    async def relink(self, exhibit: str, link: NewLink, /) -> Exhibit:
        self.kept[exhibit] = msgspec.structs.replace(self.get(exhibit), url=link.url, state="fetching", problem=None)
        return self.kept[exhibit]

    async def take(self, exhibit: str, files: Sequence[str], /) -> Exhibit:
        if not {choice.id for choice in self.get(exhibit).choices} >= set(files):
            raise Refused("link-choice-gone")
        self.kept[exhibit] = msgspec.structs.replace(self.get(exhibit), choices=[], state="fetching", problem=None)
        return self.kept[exhibit]

    async def add_subtitles(self, exhibit: str, data: bytes, /, *, title: str = "", language: str = "") -> Exhibit:
        self.get(exhibit)
        read = sidecar.read(data, title=title, language=language)
        self._lists[exhibit] = Kept(subtitles=[read])
        return self._subtitled(exhibit)

    async def remove_subtitles(self, exhibit: str, which: str, /) -> Exhibit:
        subtitles.remove(self._lists.setdefault(exhibit, Kept()), which)
        return self._subtitled(exhibit)

    def _subtitled(self, exhibit: str) -> Exhibit:
        lists = subtitles.seen(self._lists[exhibit])
        self.kept[exhibit] = msgspec.structs.replace(self.get(exhibit), subtitles=lists)
        return self.kept[exhibit]

    def detail(self, exhibit: str, leaf: int, part: tuple[float, float, float, float], /) -> str | None:
        return self.details.get((exhibit, leaf, part))

    def want(self, exhibit: str, /, *places: float) -> None:
        self.wanted[exhibit] = places

    def prefer(self, exhibit: str, /) -> None:
        self.preferred.append(exhibit)

    def manifest(self, exhibit: str, /) -> Manifest | None:
        return self.manifests.get(exhibit)

    def rate(self, exhibit: str, /) -> float | None:
        return self.speed

    def joins(self) -> list[list[str]]:
        return []

    async def ask_link(self, exhibit: str, /) -> Seen:
        self.get(exhibit)
        return self.links.get(exhibit, Seen(Answer(clock_off=0.2), None))

    async def read_again(self, exhibit: str, /, *, heal: bool) -> Copy:
        known = self.get(exhibit)
        whole = known.state == "ready"
        self.healed += [exhibit] if heal and exhibit in self.damaged else []
        return Copy(complete=whole, intact=exhibit not in self.damaged if whole else None, prepared=whole)

    async def still(
        self, exhibit: str, /, t: float | None = None, frame: int | None = None, width: int | None = None
    ) -> bytes:
        self.get(exhibit)
        return png(frame or 0)

    async def inspection(self, exhibit: str, /) -> Inspection:
        known = self.get(exhibit)
        if known.state != "ready":
            raise Refused("inspection-not-yet")
        if exhibit in self.inspections:
            return self.inspections[exhibit]
        return Inspection(
            exhibit=known.id, ref=known.ref, title=known.title, name="", url="", added=0.0, fetched=None, bytes=0,
            sha256="0" * 64, expected=None, state=known.state, problem=None, rendition="", made_by="", duration=None,
            frames=None, opened=None, unopened=None, pace=None, treatments=[], notes=[],
        )  # fmt: skip

    async def sheet(self, exhibit: str, /) -> Sheet:
        if not self.get(exhibit).sheet and self.get(exhibit).state != "ready":
            raise Refused("sheet-not-yet")
        return Sheet(duration=self.get(exhibit).duration or 0.0)

    async def strip(self, exhibit: str, /) -> bytes:
        await self.sheet(exhibit)
        raise Refused("sheet-no-pictures")


class Wall:
    """Screens that keep what they are told."""

    def __init__(self, *zones: str) -> None:
        self.known = {zone: Screen(id=zone, name=zone.title(), zone=zone, address="127.0.0.1:1") for zone in zones}
        self.told: dict[str, Stage] = {}
        self.sent: list[tuple[float, dict[str, Stage]]] = []
        """When (monotonic seconds), and what."""
        self.watched: set[str] = set()
        self.pictures: dict[str, bytes] = {}
        self.day, self.go_ahead = Day(), False
        self.holds = float("inf")
        """Bytes of one exhibit that fit onto a screen."""
        self.unplayable: set[str] = set()
        self.line: Line | None = Line(seconds=10.0, rate_kbit=40_000.0, loss=0.001, jitter=0.003)
        """Every screen's."""
        self.missing: int | None = 0
        """Bytes that a screen still lacks of anything."""

    def light_up(self) -> None:
        """All are paired and answer."""
        for id_, screen in self.known.items():
            self.known[id_] = msgspec.structs.replace(screen, paired=True, online=True, report=ScreenReport())

    def screens(self) -> list[Screen]:
        return list(self.known.values())

    def get(self, screen: str, /) -> Screen:
        if screen not in self.known:
            raise Refused("screen-unknown")
        return self.known[screen]

    async def add(self, address: str, /) -> Screen:
        if ":" not in address:
            raise Refused("address-malformed")
        screen = Screen(id=address, name=address, zone="public", address=address)
        self.known[screen.id] = screen
        return screen

    async def pair(self, screen: str, code: str, /) -> Screen:
        if code != CODE:
            raise Refused("pairing-wrong-code")
        self.known[screen] = msgspec.structs.replace(self.get(screen), paired=True, online=True)
        return self.known[screen]

    async def change(self, screen: str, change: ChangeScreen, /) -> Screen:
        before = self.get(screen)
        self.known[screen] = msgspec.structs.replace(
            before, name=change.name or before.name, zone=change.zone or before.zone
        )
        return self.known[screen]

    async def remove(self, screen: str, /) -> None:
        self.get(screen)
        del self.known[screen]

    def set_stages(self, stages: Mapping[str, Stage], /) -> None:
        self.told = dict(stages)
        self.sent.append((time.monotonic(), dict(stages)))

    def set_day(self, day: Day, /, *, go_ahead: bool) -> None:
        self.day, self.go_ahead = day, go_ahead

    def capacity(self, screen: str, rendition: str, /) -> float:
        return self.holds

    def watch(self, screens: Iterable[str], /) -> None:
        self.watched = set(screens)

    def picture(self, screen: str, /) -> bytes | None:
        return self.pictures.get(screen)

    def wake(self) -> None:
        pass

    def rate(self, screen: str, /) -> float | None:
        return 1e6

    async def ask(self, screen: str, types: Sequence[str], /) -> Able | None:
        if not self.get(screen).online:
            return None
        plays = [mime for mime in types if mime not in self.unplayable]
        return Able(id=1, plays=plays, width=1920, height=1080, quota=10**11, used=0, doubt=0.001)

    async def measure(self, screen: str, seconds: float, /) -> Line | None:
        await asyncio.sleep(seconds)
        return self.line if self.get(screen).online else None

    def to_send(self, screen: str, rendition: str, start: float, end: float | None, parts: Parts = (), /) -> int | None:
        return self.missing


@dataclass
class House:
    """All of it, running."""

    data: Path
    db: Database
    shelf: Shelf
    wall: Wall
    desk: Desk
    checkup: Checkup
    auth: Auth
    app: web.Application
    record: Record
    tokens: dict[str, str] = field(default_factory=dict)

    def tell(self, problem: Problem | None = None) -> None:
        """As the intake would: everything may have changed."""
        for exhibit in self.shelf.kept:
            self.desk.exhibit_changed(exhibit)


@asynccontextmanager
async def house(data: Path, shelf: Shelf, wall: Wall) -> AsyncIterator[House]:
    """Opens a data folder as the presenter does."""
    note = data / "blank"
    async with Database(data / "courtcast.db") as db, open_record(data, db) as record:
        clock = Timekeeper((await load(db, BlankNote(note))).mark)
        async with (
            Desk(db=db, intake=shelf, screens=wall, clock=clock, note=note, record=record) as desk,
            Onlooker(db=db, record=record, desk=desk, intake=shelf) as onlooker,
            Retention(db=db, record=record, intake=shelf, data=data, room=desk) as retention,
            Checkup(db=db, intake=shelf, screens=wall, desk=desk, data=data) as checkup,
        ):
            auth = Auth(db, record=record)
            await auth.open()
            docket = Docket(
                Library(db), record, {}, changing=asyncio.Lock(), on_change=lambda _: None, line_up=lambda: None,
                take_in=lambda entry, kept: None,
            )  # fmt: skip
            uploads = Uploads(db, data)
            bundles = Bundles(
                db=db, uploads=uploads, docket=docket, intake=shelf, folder=data / EVIDENCE,
                recorded=lambda id_, by, who: onlooker.look(id_, by=by, who=who),
            )  # fmt: skip
            services = Services(
                intake=shelf, docket=docket, screens=wall, desk=desk, checkup=checkup, uploads=uploads,
                bundles=bundles, auth=auth, record=record,
                onlooker=onlooker, retention=retention, assets=Assets.find(),
            )  # fmt: skip
            yield House(data, db, shelf, wall, desk, checkup, auth, make_app(services), record)


async def main(data: Path) -> None:
    """Serves until it is killed; prints its port and a key."""
    shelf, wall = Shelf(), Wall("jury", "judge")
    shelf.put("JM/1")
    shelf.put("JM/2", 60)
    wall.light_up()
    async with house(data, shelf, wall) as running:
        runner = web.AppRunner(running.app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], running.auth.new_key(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
