"""Photographs and documents from a link to leaves, with a password, and parts of them: real server, child and store."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from courtcast.prepare import afterwards
from courtcast.prepare.kept import SPACE, Kept
from courtcast.prepare.leaves import details as details_module
from courtcast.prepare.store import FolderStore, fragment_name, load_manifest
from courtcast.wire.api import ChangeExhibit
from tests.prepare.leaf_files import CORNERS, corners, page, pdf, quarters, saved
from tests.prepare.watch import Watch, watching
from tests.stand_ins.evidence_server import serving

PART = (0.25, 0.25, 0.5, 0.5)
FILES = {"pages.pdf": pdf([page(), page(more="/Rotate 90"), page()]), "photo.jpg": saved(quarters(), "JPEG")}


async def detail(watch: Watch, exhibit: str, leaf: int = 0, part: tuple[float, float, float, float] = PART) -> str:
    """When it is there."""
    await watch.until(exhibit, lambda _: watch.intake.detail(exhibit, leaf, part) is not None)
    found = watch.intake.detail(exhibit, leaf, part)
    assert found is not None
    return found


@asynccontextmanager
async def ready(folder: Path, name: str) -> AsyncIterator[tuple[Watch, str]]:
    async with serving(FILES) as server, watching(folder) as watch:
        added = await watch.add(server.url(name))
        assert (await watch.over(added.id)).state == "ready"
        yield watch, added.id


async def test_a_document(tmp_path: Path) -> None:
    async with ready(tmp_path, "pages.pdf") as (watch, id_):
        exhibit = watch.intake.get(id_)
        assert (exhibit.kind, exhibit.frames, exhibit.duration, exhibit.showable) == ("document", 3, 3.0, True)
        assert (exhibit.converted, exhibit.notes, exhibit.audio) == (True, [], None)
        png = await watch.intake.still(id_, frame=1, width=144)
        assert Image.open(io.BytesIO(png)).size == (144, 216)
        copy = await watch.intake.read_again(id_, heal=False)
        assert copy.good


async def test_what_belongs_to_recordings_is_not_said_of_a_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(afterwards, "SOON", 0.01)
    async with ready(tmp_path, "pages.pdf") as (watch, id_):
        seen = await watch.intake.inspection(id_)
        assert (seen.unopened, seen.pace, seen.duration) == (None, None, None)
        assert seen.opened is not None
        assert seen.opened.leaves is not None
        assert (seen.opened.container, seen.opened.leaves.leaves, seen.opened.streams) == ("PDF", 3, [])
        assert seen.treatments
        await asyncio.sleep(0.3)
        assert not watch.intake.get(id_).sheet
    assert "contact sheet" not in caplog.text


async def test_a_photograph_as_it_is(tmp_path: Path) -> None:
    async with ready(tmp_path, "photo.jpg") as (watch, id_):
        exhibit = watch.intake.get(id_)
        assert (exhibit.kind, exhibit.frames, exhibit.converted) == ("image", 1, False)
        assert watch.intake.detail(id_, 0, PART) is None
        await asyncio.sleep(0.5)
        assert watch.intake.detail(id_, 0, PART) is None, "the leaf itself is as sharp as the file"
        assert watch.intake.detail(id_, 7, PART) is None


async def test_a_part_is_a_rendition_of_its_own(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    async with ready(tmp_path, "pages.pdf") as (watch, id_):
        before = len(watch.told)
        rendition = await detail(watch, id_)
        assert len(watch.told) > before, "who asked is told"
        manifest = watch.intake.rendition(rendition)
        assert manifest is not None
        assert (manifest.complete, manifest.frames, manifest.leaves, manifest.exhibit) == (True, 1, True, id_)
        data = await watch.intake._house.store.get(fragment_name(rendition, manifest.rows(0)[0]))
        picture = Image.open(io.BytesIO(data))
        assert picture.size == (manifest.tracks[0].width, manifest.tracks[0].height) == (3240, 2160)
        assert corners(picture) == list(CORNERS)
        assert await detail(watch, id_, 1) != rendition
        store = watch.intake._house.store  # type: ignore[assignment]
    async with watching(tmp_path) as watch:
        assert watch.intake.rendition(rendition) is not None, "it outlives the presenter"
        assert await detail(watch, id_) == rendition
        await watch.intake.delete(id_)
        assert watch.intake.rendition(rendition) is None
        assert await load_manifest(store, rendition) is None


@contextmanager
def keeping(many: int) -> Iterator[None]:
    before, details_module.KEPT = details_module.KEPT, many
    try:
        yield
    finally:
        details_module.KEPT = before


async def test_a_bounded_number_is_kept(tmp_path: Path) -> None:
    with keeping(2):
        async with ready(tmp_path, "pages.pdf") as (watch, id_):
            made = [await detail(watch, id_, 0, (x / 16, 0.0, 0.0625, 0.0625)) for x in range(4)]
            await asyncio.sleep(0.1)
            assert [watch.intake.rendition(each) is not None for each in made] == [False, False, True, True]
            assert {name for name, _ in await watch.db.items(details_module.SPACE)} == set(made[2:])


async def test_only_the_last_part_that_was_asked_for_is_made(tmp_path: Path) -> None:
    async with ready(tmp_path, "pages.pdf") as (watch, id_):
        parts = [(x / 64, 0.0, 0.25, 0.25) for x in range(30)]
        for part in parts:
            watch.intake.detail(id_, 0, part)
        await detail(watch, id_, 0, parts[-1])
        assert len(await watch.db.items(details_module.SPACE)) <= 2


async def test_a_document_that_is_locked(tmp_path: Path, shared_media: Path) -> None:
    data = (shared_media / "pdf/a-text-pass-peanuts.pdf").read_bytes()
    async with serving({"locked.pdf": data}) as server:
        async with watching(tmp_path) as watch:
            added = await watch.add(server.url("locked.pdf"))
            locked = await watch.over(added.id)
            assert locked.problem is not None
            assert (locked.state, locked.problem.type) == ("failed", "document-locked")
            await watch.intake.change(added.id, ChangeExhibit(password="walnuts"))
            wrong = await watch.until(
                added.id, lambda exhibit: exhibit.problem is not None and "wrong" in exhibit.problem.type
            )
            assert (wrong.state, wrong.bytes_fetched) == ("failed", len(data))
            await watch.intake.change(added.id, ChangeExhibit(password="peanuts"))
            opened = await watch.until(added.id, lambda exhibit: exhibit.state == "ready")
            assert (opened.frames, opened.problem) == (2, None)
            assert "peanuts" not in msgspec.json.encode(opened).decode()
        async with watching(tmp_path) as watch:
            await watch.over(added.id)
            assert Kept.read(await watch.db.get(SPACE, added.id)).password == "peanuts"
            assert await detail(watch, added.id)


async def test_an_animated_webp_is_a_recording(tmp_path: Path) -> None:
    turned = [quarters().rotate(angle) for angle in (0, 180, 0, 180)]
    data = saved(turned[0], "WebP", save_all=True, append_images=turned[1:], duration=[100, 40, 300, 60], lossless=True)
    async with serving({"moves.webp": data}) as server, watching(tmp_path) as watch:
        added = await watch.add(server.url("moves.webp"))
        exhibit = await watch.over(added.id)
        assert (exhibit.state, exhibit.kind, exhibit.frames, exhibit.duration) == ("ready", "video", 4, 0.5)
        (treatment,) = exhibit.treatments
        assert (treatment.codec, treatment.done, treatment.into) == ("animated WebP", "converted", "H.264")
        manifest = watch.intake.manifest(added.id)
        assert manifest is not None
        assert [float(manifest.timeline.time_of(n)) for n in range(4)] == [0, 0.1, 0.14, 0.44]
        for n in range(4):
            picture = Image.open(io.BytesIO(await watch.intake.still(added.id, frame=n)))
            assert corners(picture) == corners(turned[n])
        seen = await watch.intake.inspection(added.id)
        assert seen.opened is not None
        assert (seen.opened.container, seen.unopened) == ("WebP", None)
