"""Which of several sound tracks is heard: real files through the real child, chosen while others are in use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import pytest

from courtcast.core.manifest import Manifest
from courtcast.evidence.database import Database
from courtcast.evidence.library import Library
from courtcast.prepare import another
from courtcast.prepare.intake import Intake
from courtcast.prepare.kept import Kept
from courtcast.prepare.plan import Stream, choose
from courtcast.prepare.store import FolderStore, fragment_name, init_name
from courtcast.problems import Refused
from courtcast.wire.api import ChangeExhibit, Exhibit
from tests.prepare.prepared import prepared
from tests.prepare.tracks import Tone, make, pitch
from tests.prepare.watch import HERE, Watch, watching
from tests.stand_ins.evidence_server import serving

TONES = (Tone(440, "eng", "On scene"), Tone(1000, "fra", "Interpreter", start=Fraction(1, 5)))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make(tmp_path_factory.mktemp("sounds") / "two.mkv", TONES).read_bytes()


@asynccontextmanager
async def on_screens(folder: Path, shown: set[str]) -> AsyncIterator[Watch]:
    """As `watching`, with exhibits that are on the screens."""
    watch = Watch(folder)
    async with Database(folder / "db") as watch.db:
        store = FolderStore(folder / "renditions")
        watch.intake = Intake(folder, Library(watch.db), HERE, store, watch.on_change, shown=shown.__contains__)
        async with watch.intake:
            yield watch


async def heard(watch: Watch, manifest: Manifest) -> int:
    """Hertz."""
    store = FolderStore(watch.folder / "renditions")
    track = manifest.tracks[1]
    rows = [await store.get(fragment_name(manifest.rendition, row)) for row in manifest.rows(1)]
    return pitch(await store.get(init_name(manifest.rendition, track)), rows)


def chosen(exhibit: Exhibit) -> list[int]:
    return [track.index for track in exhibit.sounds if track.chosen]


async def test_another_sound_is_prepared_beside_the_one_in_use_and_kept(tmp_path: Path, two: bytes) -> None:
    async with serving({"two.mkv": two}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("two.mkv"))
        ready = await watch.over(added.id)
        assert [(s.index, s.codec, s.language, s.title, s.channels) for s in ready.sounds] == [
            (1, "aac", "eng", "On scene", 1), (2, "aac", "fra", "Interpreter", 1)
        ]  # fmt: skip
        assert chosen(ready) == [1]
        before = watch.intake.manifest(added.id)
        assert before is not None
        assert abs(await heard(watch, before) - 440) < 15
        with pytest.raises(Refused, match="sound-unknown"):
            await watch.intake.change(added.id, ChangeExhibit(sound=0))
        asked = await watch.intake.change(added.id, ChangeExhibit(sound=2))
        assert [track.coming for track in asked.sounds] == [False, True]
        assert asked.showable
        assert watch.intake.manifest(added.id) is before
        after = await watch.until(added.id, lambda exhibit: chosen(exhibit) == [2])
        assert not any(track.coming for track in after.sounds)
        made = watch.intake.manifest(added.id)
        assert made is not None
        assert made.rendition != before.rendition
        assert abs(await heard(watch, made) - 1000) < 15
        assert made.timeline.time_of(10) == before.timeline.time_of(10), "a moment stays what it is"
        assert watch.intake.rendition(before.rendition) is before, "somebody may still be showing it"
    async with watching(tmp_path) as watch:
        again = await watch.over(added.id)
        assert chosen(again) == [2]
        kept = watch.intake.manifest(added.id)
        assert kept is not None
        assert kept.rendition == made.rendition
        async with asyncio.timeout(5):
            while (tmp_path / "renditions" / before.rendition).exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_what_is_on_the_screens_goes_on_as_it_is(tmp_path: Path, two: bytes) -> None:
    shown: set[str] = set()
    async with serving({"two.mkv": two}) as server, on_screens(tmp_path, shown) as watch:
        added = await watch.add(server.url("two.mkv"))
        await watch.over(added.id)
        before = watch.intake.manifest(added.id)
        shown.add(added.id)
        await watch.intake.change(added.id, ChangeExhibit(sound=2))
        with pytest.raises(TimeoutError):
            await watch.until(added.id, lambda exhibit: chosen(exhibit) == [2], seconds=1.5)
        assert watch.intake.manifest(added.id) is before
        shown.clear()
        await watch.until(added.id, lambda exhibit: chosen(exhibit) == [2])
        assert watch.intake.manifest(added.id) is not before


async def test_a_choice_made_before_all_is_there_holds_over_a_restart(tmp_path: Path, two: bytes) -> None:
    async with serving({"two.mkv": two}, rate=len(two) / 1.0) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("two.mkv"))
            await watch.until(added.id, lambda exhibit: bool(exhibit.sounds))
            await watch.intake.change(added.id, ChangeExhibit(sound=2))
        async with watching(tmp_path) as watch:
            await watch.until(added.id, lambda exhibit: exhibit.state == "ready" and chosen(exhibit) == [2])


def test_times_do_not_depend_on_the_sound(tmp_path: Path) -> None:
    tones = (Tone(440, start=Fraction(1, 2)), Tone(1000, start=Fraction(0)), Tone(700, start=Fraction(3, 2)))
    path = make(tmp_path / "apart.mkv", tones)
    first = prepared(path)
    for number in (2, 3):
        other = prepared(path, heard=number, zero=another.zero(first.manifest))
        assert [other.manifest.timeline.time_of(n) for n in range(50)] == [
            first.manifest.timeline.time_of(n) for n in range(50)
        ]
        assert all(row.start >= 0 for track in (0, 1) for row in other.manifest.rows(track))


def test_a_sound_that_is_not_there_is_not_chosen() -> None:
    streams = [Stream(0, "audio", "aac"), Stream(1, "audio", "aac", encrypted=True), Stream(2, "audio", "aac")]
    for wish, found in ((2, 2), (1, 0), (7, 0), (None, 0)):
        _, sound = choose(streams, wish)
        assert sound is not None
        assert sound.number == found
    assert another.wanted(Kept(sound=2)) is None


def test_alternates_of_an_mp4(shared_media: Path) -> None:
    looked = prepared(shared_media / "audio" / "two_alternate_tracks.mp4").looked
    assert len(looked.sounds) == 2
    assert sum(track.chosen for track in looked.sounds) == 1
