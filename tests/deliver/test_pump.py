"""The pump, a path and a page, with fragments out of a real store, over lines of several kinds."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from courtcast.core.estimate import Estimate
from courtcast.core.manifest import Manifest
from courtcast.deliver.files import StoredFragments
from courtcast.deliver.paths import ChannelPath, PathClosed
from courtcast.deliver.peer import Peer
from courtcast.deliver.pump import SETTLE, Pump
from courtcast.prepare.store import FolderStore, fragment_name, init_name
from courtcast.wire.library import ClipRange
from courtcast.wire.media import KIND_FRAGMENT, MediaHeader, Row, Track
from courtcast.wire.screen import Anchor, FromScreen, Hello, Holdings, Scene, Stage
from tests.stand_ins.line import Line
from tests.stand_ins.page import PageProgram, until

MEGABIT = 125_000
SCALE = 90_000
PICTURE, SOUND = 0, 1
SHOWN, CUED = "00000000000000aa", "00000000000000bb"


class Clip:
    """A rendition of random bytes in a store: half a second a fragment, a keyframe every two seconds."""

    def __init__(self, store: FolderStore, rendition: str, *, size: int = 50_000) -> None:
        self.store, self.size, self.random = store, size, random.Random(rendition)
        self.init = self.random.randbytes(800)
        digest = hashlib.sha256(self.init).hexdigest()
        tracks = [
            Track(index=0, kind="video", mime="v", timescale=SCALE, init_sha256=digest, init_bytes=800, first=0),
            Track(index=1, kind="audio", mime="a", timescale=SCALE, init_sha256=digest, init_bytes=800, first=0),
        ]
        self.manifest = Manifest("exhibit-" + rendition[-2:], rendition, Fraction(0), tracks)

    async def grow(self, seconds: float, *, finish: bool = True) -> Clip:
        await self.store.put(init_name(self.manifest.rendition, self.manifest.tracks[0]), self.init)
        begin = self.manifest.counts[0]
        for index in range(begin, begin + int(seconds * 2)):
            for track, size in ((PICTURE, self.size), (SOUND, self.size // 10)):
                data = self.random.randbytes(size)
                digest = hashlib.sha256(data).hexdigest()
                start = index * SCALE // 2
                key = track == SOUND or index % 4 == 0
                row = Row(track, index, start, SCALE // 2, size, key, digest, [start] if track == PICTURE else [])
                await self.store.put(fragment_name(self.manifest.rendition, row), data)
                self.manifest.add([row])
        if finish:
            self.manifest.finish(Fraction(self.manifest.counts[0], 2))
        return self


def scene(clip: Clip, at: float, *, rate: float = 0.0) -> Scene:
    made = clip.manifest
    end = None if made.duration is None else float(made.duration)
    return Scene(
        exhibit=made.exhibit,
        rendition=made.rendition,
        anchor=Anchor(at, time.monotonic() if rate else 0, rate),
        end=end,
    )


@dataclass
class Fed:
    """A page that is being fed."""

    page: PageProgram
    path: ChannelPath
    pump: Pump
    estimate: Estimate

    def show(self, revision: int, shown: Scene | None, cue: Scene | None = None, *, sound: bool = False) -> None:
        stage = Stage(revision=revision, shown=shown, cue=cue, blank=shown is None, sound=sound)
        self.pump.set_stage(stage)

    def held(self, clip: Clip, track: int = PICTURE) -> list[int]:
        return sorted(self.page.held.get((clip.manifest.rendition, track), ()))


@asynccontextmanager
async def feeding(page: PageProgram, *clips: Clip, line: Line | None = None) -> AsyncIterator[Fed]:
    """Connects, answers the page's messages as a session does, and pumps."""
    peer, estimate = Peer(["127.0.0.1"]), Estimate()
    known = {clip.manifest.rendition: clip.manifest for clip in clips}
    through: Callable[[str], str] = (lambda sdp: sdp) if line is None else line.offer
    back: Callable[[str], str] = (lambda sdp: sdp) if line is None else line.answer
    try:
        path = await peer.accept(back(await page.answer(through(await peer.offer()))))
        pump = Pump(
            path,
            manifests=known.get,
            fragments=StoredFragments(clips[0].store),
            clock=time.monotonic,
            monotonic=time.monotonic,
            estimate=estimate,
        )

        def hear(text: str) -> None:
            message = msgspec.json.decode(text, type=FromScreen)
            if isinstance(message, Hello):
                pump.hello(message)
            elif isinstance(message, Holdings):
                pump.holdings(message)

        path.listen(hear)
        running = asyncio.create_task(pump.run())
        try:
            yield Fed(page, path, pump, estimate)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, PathClosed):
                await running
    finally:
        await peer.close()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


async def test_a_clip_is_sent_whole_and_only_once(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(20)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0), sound=True)
        await until(lambda: len(fed.held(clip)) == 40 and len(fed.held(clip, SOUND)) == 40)
        await until(lambda: page.manifests[SHOWN].complete)
        await asyncio.sleep(0.6)
        assert len(page.arrived) == len(set(page.arrived)) == 80
        assert page.arrived[:2] == [(SHOWN, SOUND, 0), (SHOWN, PICTURE, 0)]
        assert page.aborted == page.refused == 0
        assert fed.pump.lacking(SHOWN, 0, None, sound=True) == 0


async def test_what_the_page_holds_is_not_sent_again_over_a_new_path(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(10)
    async with PageProgram() as page:
        async with feeding(page, clip) as fed:
            fed.show(1, scene(clip, 0))
            await until(lambda: len(fed.held(clip)) == 20)
        sent = page.media_bytes
        async with feeding(page, clip) as fed:
            fed.show(1, scene(clip, 0))
            await asyncio.sleep(0.8)
            assert page.media_bytes - sent < 3000, "no more than the news that it is complete"
            assert len(page.arrived) == 20


async def test_a_seek_drops_what_is_no_longer_wanted(store: FolderStore) -> None:
    """8 Mb/s and fragments of half a megabyte: the one under way is given up between two pieces."""
    clip = await Clip(store, SHOWN, size=500_000).grow(20)
    async with (
        Line(rate=8 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram() as page,
        feeding(page, clip, line=line) as fed,
    ):
        fed.show(1, scene(clip, 0))
        await until(lambda: page.arrived)
        await until(lambda: page.media_bytes > 620_000)
        begun = time.monotonic()
        fed.show(2, scene(clip, 16.2))
        await until(lambda: (SHOWN, PICTURE, 32) in page.arrived)
        took = time.monotonic() - begun
        assert page.aborted == 1
        assert page.arrived[1] == (SHOWN, PICTURE, 32)
        # half a megabyte is 0.5 s on this line; what was on its way before it is less than 0.3 s
        assert took < 1.5
        assert fed.estimate.mean is not None
        assert 4 * MEGABIT < fed.estimate.mean < 9 * MEGABIT


async def test_the_day_comes_last_in_running_order_and_only_while_it_may(store: FolderStore) -> None:
    shown, first, second = [await Clip(store, f"{n:016x}").grow(20) for n in (0xAA, 0xBB, 0xCC)]
    async with PageProgram(budget=10**9, disk=10**9) as page, feeding(page, shown, first, second) as fed:
        fed.pump.set_day([clip.manifest for clip in (second, shown, first)])
        fed.pump.go_ahead(False)
        fed.show(1, scene(shown, 0))
        await until(lambda: len(fed.held(shown)) == 40)
        await until(lambda: not fed.pump.behind)
        await asyncio.sleep(0.3)
        assert {rendition for rendition, _, _ in page.arrived} == {shown.manifest.rendition}
        fed.pump.go_ahead(True)
        await until(lambda: len(fed.held(first)) == 40)
        names = {second.manifest.rendition: "second", first.manifest.rendition: "first"}
        assert [(names[rendition], index) for rendition, _, index in page.arrived[40:]] == [
            *(("second", index) for index in range(20)),
            *(("first", index) for index in range(20)),
            *(("second", index) for index in range(20, 40)),
            *(("first", index) for index in range(20, 40)),
        ]
        await until(lambda: (report := fed.pump.day(sound=False)).held == report.total == 3 * 40 * 50_000)
        await until(lambda: all(page.manifests[name].complete for name in names))


async def test_no_more_than_the_first_seconds_go_while_others_need_theirs(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(30)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.pump.go_on(False)
        fed.show(1, scene(clip, 3.1))
        first = range(4, 27)  # from the keyframe at 2 s to 10 s beyond the playhead
        await until(lambda: set(fed.held(clip)) >= set(first))
        await asyncio.sleep(0.3)
        assert fed.held(clip) == list(first)
        assert fed.pump.behind
        assert not fed.pump.pressed
        fed.pump.go_on(True)
        await until(lambda: len(fed.held(clip)) == 60)


async def test_a_line_is_measured_before_the_day_goes_on(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN, size=200_000).grow(20)
    async with (
        Line(rate=20 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram(budget=10**9, disk=10**9) as page,
        feeding(page, clip, line=line) as fed,
    ):
        fed.pump.set_day([clip.manifest])
        await until(lambda: page.arrived)
        fed.pump.pad(4.0)
        await asyncio.sleep(1.0)  # what was under way is finished
        before = len(page.arrived)
        await asyncio.sleep(1.0)
        assert fed.pump.padding
        assert len(page.arrived) == before
        await until(lambda: len(page.arrived) > before)


async def test_a_cue_does_not_wait_for_what_is_sent_ahead(store: FolderStore) -> None:
    """8 Mb/s and fragments of half a megabyte: the one under way is given up."""
    ahead, cued = await Clip(store, SHOWN, size=500_000).grow(20), await Clip(store, CUED, size=500_000).grow(20)
    async with (
        Line(rate=8 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram(budget=10**9, disk=10**9) as page,
        feeding(page, ahead, cued, line=line) as fed,
    ):
        fed.pump.set_day([ahead.manifest])
        await until(lambda: page.media_bytes > 620_000)
        begun = time.monotonic()
        fed.show(1, None, scene(cued, 0))
        await until(lambda: (CUED, PICTURE, 0) in page.arrived)
        assert time.monotonic() - begun < 1.5
        assert page.arrived[1] == (CUED, PICTURE, 0)


async def test_what_was_found_damaged_is_sent_again_and_what_had_to_go_is_not(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(20)
    async with PageProgram(budget=10**9, disk=10**9) as page, feeding(page, clip) as fed:
        fed.pump.set_day([clip.manifest])
        await until(lambda: len(fed.held(clip)) == 40)
        page.give_back(SHOWN, PICTURE, 30)
        await asyncio.sleep(0.6)
        assert fed.held(clip) == [*range(30), *range(31, 40)]
        page.damaged = {SHOWN: [(PICTURE, 7, 7)]}
        page.give_back(SHOWN, PICTURE, 7)
        await until(lambda: 7 in fed.held(clip))
        assert fed.held(clip) == [*range(30), *range(31, 40)]


async def test_a_cue_takes_its_turn_and_shown_goes_on_first(store: FolderStore) -> None:
    shown, cued = await Clip(store, SHOWN).grow(30), await Clip(store, CUED).grow(30)
    async with (
        Line(rate=20 * MEGABIT, delay=0.003, queue=200_000) as line,
        PageProgram() as page,
        feeding(page, shown, cued, line=line) as fed,
    ):
        fed.show(1, scene(shown, 0), scene(cued, 10))
        await until(lambda: len(page.arrived) >= 40)
        order = [(rendition, index) for rendition, _, index in page.arrived]
        # ten seconds beyond the frame at 0, five beyond the frame at 10
        assert order[:21] == [(SHOWN, index) for index in range(21)]
        assert order[21:32] == [(CUED, index) for index in range(20, 31)]
        assert order[32] == (SHOWN, 21)


async def test_little_ever_waits(store: FolderStore) -> None:
    """What is on its way is the sender's affair; what waits in front of it is what a seek is behind."""
    clip = await Clip(store, SHOWN, size=200_000).grow(20)
    most = 0
    async with (
        Line(rate=20 * MEGABIT, delay=0.003, queue=500_000) as line,
        PageProgram() as page,
        feeding(page, clip, line=line) as fed,
    ):
        fed.estimate.round_trip(0.006)
        fed.show(1, scene(clip, 0))
        begun = time.monotonic()
        while time.monotonic() - begun < 1.5:
            most = max(most, fed.path.waiting)
            await asyncio.sleep(0.01)
        assert most + 16 * 1024 > 48 * 1024
        assert most <= 256 * 1024


async def test_it_goes_on_as_the_manifest_grows(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(1, finish=False)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: fed.held(clip) == [0, 1])
        await clip.grow(2, finish=False)
        fed.pump.wake()
        await until(lambda: fed.held(clip) == list(range(6)))
        assert not page.manifests[SHOWN].complete
        clip.manifest.finish(Fraction(3))
        fed.pump.wake()
        await until(lambda: page.manifests[SHOWN].complete)
        assert page.manifests[SHOWN].duration == 3.0


async def test_sound_follows_when_the_screen_becomes_the_rooms_sound(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(5)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: len(fed.held(clip)) == 10)
        await asyncio.sleep(0.3)
        assert fed.held(clip, SOUND) == []
        fed.show(2, scene(clip, 0), sound=True)
        await until(lambda: len(fed.held(clip, SOUND)) == 10)


async def test_a_page_stays_within_its_budget(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(30)
    async with PageProgram(budget=1_000_000) as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: len(fed.held(clip)) >= 19)
        await asyncio.sleep(0.5)
        assert len(page.rows[SHOWN, PICTURE]) == 60, "it knows of all there is"
        assert fed.held(clip) == list(range(19)), "19 of 50 kB, and no more than 95 % of a megabyte"


async def test_what_did_not_pass_the_pages_check_is_sent_again(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(4)
    refused: list[MediaHeader] = []

    def once(header: MediaHeader) -> bool:
        if header.kind == KIND_FRAGMENT and header.index == 3 and not refused:
            refused.append(header)
            return True
        return False

    async with PageProgram(refuse=once) as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: fed.held(clip) == list(range(8)), SETTLE + 5)
        assert len(refused) == 1
        assert [index for _, _, index in page.arrived].count(3) == 1


async def test_what_never_passes_does_not_fill_the_line(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(4)
    tries: list[int] = []

    def always(header: MediaHeader) -> bool:
        if header.kind == KIND_FRAGMENT and header.index == 2:
            tries.append(header.index)
            return True
        return False

    async with PageProgram(refuse=always) as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: len(tries) == 2, 2 * SETTLE + 5)
        assert fed.held(clip) == [0, 1, 3, 4, 5, 6, 7], "the rest came meanwhile"


async def test_what_the_page_gave_back_comes_again_where_it_is_needed(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(30)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: len(fed.held(clip)) == 60)
        await until(lambda: fed.pump.lacking(SHOWN, 0, None, sound=False) == 0)
        page.give_back(SHOWN, PICTURE, 50)
        page.give_back(SHOWN, PICTURE, 2)
        await until(lambda: 2 in fed.held(clip))
        await asyncio.sleep(0.5)
        assert 50 not in fed.held(clip), "far ahead: it would only be given back again"
        fed.show(2, scene(clip, 25))
        await until(lambda: 50 in fed.held(clip))


async def test_a_file_that_is_gone_stops_nothing_else(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(4)
    await store.delete(fragment_name(SHOWN, clip.manifest.rows(PICTURE)[2]))
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.show(1, scene(clip, 0))
        await until(lambda: fed.held(clip) == [0, 1, 3, 4, 5, 6, 7])


async def test_it_ends_with_its_path(store: FolderStore) -> None:
    clip = await Clip(store, SHOWN).grow(4)
    peer = Peer(["127.0.0.1"])
    async with PageProgram() as page:
        try:
            path = await peer.accept(await page.answer(await peer.offer()))
            pump = Pump(
                path,
                manifests={SHOWN: clip.manifest}.get,
                fragments=StoredFragments(store),
                clock=time.monotonic,
                monotonic=time.monotonic,
                estimate=Estimate(),
            )
            running = asyncio.create_task(pump.run())
            await page.close()
            async with asyncio.timeout(10):
                with pytest.raises(PathClosed):
                    await running
        finally:
            await peer.close()


async def test_a_clip_goes_along_its_ranges_and_the_rest_of_it_only_ahead(store: FolderStore) -> None:
    """While it plays over a seam, and nothing may be sent ahead: what its ranges need is all that comes."""
    clip = await Clip(store, SHOWN).grow(40)
    ranges = [ClipRange(start=30.0, stop=30.5), ClipRange(start=4.0, stop=6.0), ClipRange(start=20.0, stop=22.0)]
    shown = msgspec.structs.replace(scene(clip, 30.3, rate=1.0), ranges=ranges, end=22.0)
    async with PageProgram() as page, feeding(page, clip) as fed:
        fed.pump.go_ahead(may=False)
        fed.show(1, shown)
        await until(lambda: len(fed.held(clip)) == 4 + 4 + 1)
        await until(lambda: not fed.pump.behind)
        assert fed.held(clip) == [8, 9, 10, 11, 40, 41, 42, 43, 60]
        parts = ((4.5, 6.0), (20.0, 24.0))
        await until(lambda: fed.pump.lacking(SHOWN, 4.5, None, sound=False, parts=parts) == 4 * clip.size)
        fed.pump.go_ahead(may=True)
        await until(lambda: len(fed.held(clip)) == 80)
