"""The exhibits of the day on a screen's disk: real Chromium with a profile that lasts, killed and started again, and the
presenter's own pump and policy at the other end."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import psutil
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from courtcast.deliver.day import Day
from courtcast.deliver.files import StoredFragments
from courtcast.deliver.peer import Peer
from courtcast.deliver.pump import Pump
from courtcast.deliver.talk import Talk
from courtcast.prepare.store import FolderStore
from courtcast.samples import make_clip, read_luma
from courtcast.wire.link import Idle
from courtcast.wire.screen import Anchor, Holdings, Scene, Stage
from tests.browser.page_stand import FLAGS, Receiver, until
from tests.prepare.prepared import Prepared, prepared, stored

pytestmark = pytest.mark.browser

NAMES = ("0000000000000aa1", "0000000000000bb2", "0000000000000cc3")
SECONDS = 12
RATE = 30
NEWS = 6000
"""Bytes that say of an exhibit that there will be no more of it, at most; all its fragments are a hundred times that."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Prepared]:
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for number, name in enumerate(NAMES):
        path = make_clip(
            folder / f"{number}.mp4",
            seconds=SECONDS,
            width=640,
            height=360,
            gop_seconds=1,
            bit_rate=1_200_000 + 300_000 * number,  # other bytes in each
            sound=False,
        )
        made.append(prepared(path, f"e{number}", name))
    parts = [{middle(fragment) for fragment in clip.fragments[0]} for clip in made]
    assert len(set.union(*parts)) == sum(map(len, parts)), "whoever finds one of them knows whose it is"
    return made


def middle(fragment: bytes) -> bytes:
    return fragment[len(fragment) // 2 :][:256]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        receiver.idle = Idle(name="Jury left", zone="jury", code=None, paired=1, address="10.0.0.7:8470")
        yield receiver


@pytest.fixture
async def store(tmp_path: Path, clips: list[Prepared]) -> FolderStore:
    made = FolderStore(tmp_path / "store")
    for clip in clips:
        await stored(clip, made)
    return made


def size(clip: Prepared) -> int:
    return sum(len(data) for data in clip.fragments[0])


def scene(clip: Prepared, media: float, *, rate: float = 0.0, clock: float = 0.0) -> Scene:
    end = float(clip.manifest.duration or 0)
    return Scene(
        exhibit=clip.manifest.exhibit, rendition=clip.manifest.rendition, anchor=Anchor(media, clock, rate), end=end
    )


class Shown:
    """A page on a screen, and the presenter's talk with it."""

    def __init__(self, page: Page, talk: Talk) -> None:
        self.page, self.talk = page, talk
        self.heard: list[Holdings] = []

    @property
    def sent(self) -> int:
        assert self.talk.path is not None
        return self.talk.path.sent

    @property
    def holds(self) -> Holdings:
        return self.heard[-1] if self.heard else Holdings()

    def held(self, clip: Prepared) -> list[tuple[int, int]]:
        return next((one.fragments for one in self.holds.tracks if one.rendition == clip.manifest.rendition), [])

    def fragments(self, clip: Prepared) -> int:
        return sum(last - first + 1 for first, last in self.held(clip))

    async def frame(self) -> int | None:
        """The number in the picture, by its pixels."""
        with av.open(io.BytesIO(await self.page.screenshot())) as shot:
            picture = next(shot.decode(video=0)).reformat(format="gray")
            plane = picture.planes[0]
            return read_luma(bytes(plane), picture.width, picture.height, plane.line_size)

    async def put_up(self, revision: int, clip: Prepared, frame: int) -> None:
        """Cues and shows a frame, and waits until it is there, by its pixels."""
        media = (frame + 0.5) / RATE
        self.talk.set_stage(Stage(revision=revision, cue=scene(clip, media)))
        await until(lambda: self.talk.cue_ready, "the cue is ready")
        self.talk.set_stage(Stage(revision=revision + 1, shown=scene(clip, media), blank=False))
        end = time.monotonic() + 5
        while (found := await self.frame()) != frame:
            assert time.monotonic() < end, f"frame {found} is up, not {frame}"


def kill(profile: Path) -> None:
    """The browser and all its helpers, as a power cut would."""
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={profile}" in (process.info["cmdline"] or []):
            for one in [*process.children(recursive=True), process]:
                with suppress(psutil.NoSuchProcess):
                    os.kill(one.pid, signal.SIGKILL)


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[BrowserContext]:
    """Killed at the end, never closed."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path="/usr/bin/chromium", args=FLAGS, viewport={"width": 640, "height": 360}
        )
        try:
            yield context
        finally:
            await asyncio.to_thread(kill, profile)
            with suppress(Exception):
                await context.close()


@asynccontextmanager
async def shown(
    profile: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared], day: list[Prepared]
) -> AsyncIterator[Shown]:
    """A browser started with this profile, its page, and a presenter that sends the day."""
    known = {clip.manifest.rendition: clip.manifest for clip in clips}
    async with browser(profile) as context:
        greeted = len(receiver.hellos)
        page = context.pages[0]
        await page.goto(receiver.url)
        await until(lambda: len(receiver.hellos) > greeted, "the page greets its receiver")
        peer = Peer(["127.0.0.1"])
        talk = Talk(
            "Jury",
            presenter="Court 4",
            manifests=known.get,
            fragments=StoredFragments(store),
            clock=time.monotonic,
            monotonic=time.monotonic,
            build=receiver.assets.build,
            on_change=lambda: None,
            on_pumped=lambda: None,
            on_other_version=lambda: None,
        )
        made = Shown(page, talk)
        try:
            path = await peer.accept(await receiver.answered(await peer.offer()))
            talk.set_day(of(day))
            talk.set_stage(Stage(revision=1))
            hear = Pump.holdings

            def holdings(pump: Pump, said: Holdings) -> None:
                made.heard.append(said)
                hear(pump, said)

            with patch.object(Pump, "holdings", holdings):  # before the path is used: it may have something to say
                talk.use(path)
                yield made
        finally:
            await talk.close()
            await peer.close()


def of(day: list[Prepared]) -> Day:
    return Day((clip.manifest.exhibit, clip.manifest) for clip in day)


def files(profile: Path) -> Iterator[tuple[Path, bytes]]:
    for path in profile.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                yield path, path.read_bytes()


def places(profile: Path, clip: Prepared) -> list[int]:
    """Which of its fragments lie anywhere in the browser's profile: by some bytes of their middle."""
    found = set()
    for _, data in files(profile):
        for index, fragment in enumerate(clip.fragments[0]):
            if middle(fragment) in data:
                found.add(index)
    return sorted(found)


async def all_there(on: Shown, *clips: Prepared) -> None:
    await until(
        lambda: (
            all(on.fragments(clip) == len(clip.fragments[0]) for clip in clips)
            and on.holds.disk == sum(map(size, clips))
        ),
        "all of it is on the disk",
        30,
    )


async def test_after_a_kill_the_day_is_there_verified_and_nothing_is_sent_again(
    tmp_path: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared]
) -> None:
    profile, day = tmp_path / "profile", clips[:2]
    async with shown(profile, receiver, store, clips, day) as on:
        await all_there(on, *day)
        assert on.sent > sum(map(size, day))
        assert on.holds.bytes == 0, "what nobody looks at is not in memory"
        report = on.talk.day
        assert report is not None
        assert report.held == report.total == sum(map(size, day))
    async with shown(profile, receiver, store, clips, day) as on:
        await until(lambda: on.heard, "what is held")
        assert on.heard[0].disk == sum(map(size, day)), "known from the first word on"
        await on.put_up(2, clips[1], 200)
        await on.put_up(4, clips[0], 31)
        await until(lambda: on.holds.unread == 0, "all of it was read back")
        assert on.sent < 2 * NEWS
        assert on.holds.damaged == {}
        assert all(len(data) > NEWS for data in clips[0].fragments[0])


async def test_what_the_disk_gives_back_otherwise_is_noticed_and_asked_for_again(
    tmp_path: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared]
) -> None:
    profile, clip, bad = tmp_path / "profile", clips[0], 9
    async with shown(profile, receiver, store, clips, [clip]) as on:
        await all_there(on, clip)
    for path, data in files(profile):
        if (at := data.find(middle(clip.fragments[0][bad]))) >= 0:
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([data[at] ^ 1]))
    async with shown(profile, receiver, store, clips, [clip]) as on:
        await until(lambda: any(said.damaged for said in on.heard), "it is noticed")
        said = next(said for said in on.heard if said.damaged)
        assert said.damaged == {clip.manifest.rendition: [(0, bad, bad)]}
        await until(lambda: on.fragments(clip) == len(clip.fragments[0]), "it comes again")
        await on.put_up(2, clip, bad * RATE // 2 + 3)
        await until(lambda: on.holds.unread == 0 and not on.holds.damaged, "all of it was read back")
        assert len(clip.fragments[0][bad]) < on.sent < len(clip.fragments[0][bad]) + 2 * NEWS


async def test_what_is_restricted_is_in_memory_only_while_it_is_on_and_leaves_the_disk_when_it_is_marked(
    tmp_path: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared]
) -> None:
    profile, (plain, private, _) = tmp_path / "profile", clips
    async with shown(profile, receiver, store, clips, [plain]) as on:
        await all_there(on, plain)
        assert on.fragments(private) == 0, "it goes nowhere before it is cued"
        await on.put_up(2, private, 60)
        await until(lambda: on.fragments(private) == len(private.fragments[0]), "all of it, in memory")
        await asyncio.sleep(1)
        assert places(profile, private) == []
        assert len(places(profile, plain)) == len(plain.fragments[0]), "this finds what is there"
        on.talk.set_stage(Stage(revision=10))
        await until(lambda: private.manifest.rendition not in on.holds.rows, "it leaves with the blank")
        assert not any(one.rendition == private.manifest.rendition for one in on.holds.tracks)
        assert await on.frame() is None
        assert await on.page.evaluate("document.querySelectorAll('video').length") == 0

        on.talk.set_day(of([]))  # the other one is marked as restricted now
        await until(lambda: on.holds.rows == {}, "it is not held any more")
        await until(lambda: places(profile, plain) == [], "nothing of it is left on the disk")
        assert on.holds.disk == 0
    async with shown(profile, receiver, store, clips, []) as on:
        await until(lambda: on.heard, "what is held")
        assert (on.holds.rows, on.holds.disk) == ({}, 0)


@pytest.mark.parametrize("how", [pytest.param(how, marks=pytest.mark.long) for how in ("limit", "quota")])
async def test_a_disk_that_is_full_keeps_the_most_wanted_and_playing_goes_on(
    tmp_path: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared], how: str
) -> None:
    """A limit that the presenter knows of, and one that only shows when the browser takes no more."""
    profile, (first, second, third) = tmp_path / "profile", clips
    room = size(third) + size(first) // 2
    if how == "limit":
        receiver.disk = room
    async with shown(profile, receiver, store, clips, []) as on:
        if how == "quota":
            session = await on.page.context.new_cdp_session(on.page)
            origin = receiver.url.partition("/?")[0]
            await session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": room})
        on.talk.set_stage(Stage(revision=2, shown=scene(third, 0), blank=False))
        await until(lambda: on.fragments(third) == len(third.fragments[0]), "it is there")
        begin = time.monotonic() + 0.3
        on.talk.set_stage(Stage(revision=3, shown=scene(third, 0, rate=1.0, clock=begin), blank=False))
        on.talk.set_day(of([second, third]))
        await asyncio.sleep(2)
        on.talk.set_day(of([first, second, third]))
        await asyncio.sleep(begin + SECONDS - time.monotonic())
        report = on.talk.report
        assert report is not None
        assert (report.stalls.count, report.problem) == (0, None)
        assert on.fragments(third) == len(third.fragments[0]), "what is shown stays"
        assert on.holds.disk <= room
        assert await on.frame() == SECONDS * RATE - 1
        counts = {clip.manifest.exhibit: on.fragments(clip) for clip in (first, second)}
        assert counts["e0"] >= 4, counts
        # The first of the day is kept from its beginning on; the second only as far as there is room besides.
        assert on.held(first)[0][0] == 0
        if how == "quota":
            hello: Any = on.talk.pump
            assert 0 < hello._disk < room, "it says how much it takes"
        assert on.talk.pump is not None
    async with shown(profile, receiver, store, clips, [first, second, third]) as on:
        await until(lambda: on.heard, "what is held")
        assert 0 < on.heard[0].disk <= room


async def test_a_window_that_keeps_nothing_is_said_and_does_all_in_memory(
    tmp_path: Path, receiver: Receiver, store: FolderStore, clips: list[Prepared]
) -> None:
    receiver.disk = 0
    async with shown(tmp_path / "profile", receiver, store, clips, clips[:1]) as on:
        await until(lambda: on.fragments(clips[0]) == len(clips[0].fragments[0]), "it is sent ahead all the same")
        assert (on.holds.disk, on.holds.bytes) == (0, size(clips[0]))
        assert on.talk.day is not None
        assert on.talk.day.disk == 0
        assert places(tmp_path / "profile", clips[0]) == []
