"""Photographs and documents, through the real caged child: what comes out is what is in them, upright."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from courtcast.core.manifest import Manifest
from courtcast.prepare import messages
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.job import Probe, prepare, still
from courtcast.prepare.plan import Needed
from courtcast.prepare.store import FolderStore, fragment_name
from courtcast.prepare.viewer import Original, Viewer
from courtcast.problems import Refused
from courtcast.wire.media import LEAVES
from tests.prepare.leaf_files import CORNERS, corners, headed, near, page, pdf, quarters, saved, wide_gamut
from tests.prepare.sources import Local

RENDITION = "00000000000000a1"


@pytest_asyncio.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage(warm=False) as kept:
        yield kept


@dataclass
class Made:
    """A rendition of leaves, and what was said of it."""

    manifest: Manifest
    probe: Probe
    files: list[bytes]
    first: float
    """Seconds until the first leaf."""
    original: Original

    def image(self, number: int = 0) -> Image.Image:
        return Image.open(io.BytesIO(self.files[number]))


async def made(cage: Cage, data: bytes, name: str = "file", *, password: str | None = None, known: bool = True) -> Made:
    """Raises Refused, Needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        source, store = Local(path, length_known=known), FolderStore(Path(folder) / "store")
        began, times, said = time.monotonic(), [], []
        manifest = await prepare(
            source, exhibit="e", rendition=RENDITION, store=store, on_rows=lambda rows: times.append(time.monotonic()),
            on_probe=said.append, cage=cage, name=name, password=password,
        )  # fmt: skip
        files = [await store.get(fragment_name(RENDITION, row)) for row in manifest.rows(0)]
        original = Original(
            source, manifest, name, converted=said[-1].treatments[0].done != "unchanged", password=password
        )
        return Made(manifest, said[-1], files, times[0] - began, original)


async def refusal(cage: Cage, data: bytes, name: str = "file", password: str | None = None) -> str:
    with pytest.raises(Refused) as refused:
        await made(cage, data, name, password=password)
    return refused.value.type


class TestPhotographs:
    async def test_one_leaf_for_each_number(self, cage: Cage, shared_media: Path) -> None:
        data = (shared_media / "image/landscape_6.jpg").read_bytes()
        photo = await made(cage, data, "landscape_6.jpg")
        (track,) = photo.manifest.tracks
        assert (track.kind, track.mime, track.timescale, track.init_bytes, track.init_sha256) == (
            "video",
            LEAVES,
            1,
            0,
            "",
        )
        assert (track.width, track.height) == (600, 450)
        (row,) = photo.manifest.rows(0)
        assert (row.index, row.start, row.duration, row.keyframe, row.pts) == (0, 0, 1, True, [0])
        assert (photo.manifest.duration, photo.manifest.frames) == (1, 1)
        assert photo.files == [data]
        assert photo.probe.leaves == "image"
        assert [one.done for one in photo.probe.treatments] == ["unchanged"]

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "GIF", "AVIF"])
    async def test_what_browsers_show_goes_as_it_is(self, cage: Cage, kind: str) -> None:
        data = saved(quarters(), kind)
        assert (await made(cage, data)).files == [data]

    async def test_where_the_length_is_not_known(self, cage: Cage) -> None:
        data = saved(quarters(), "JPEG")
        assert (await made(cage, data, known=False)).files == [data]

    @pytest.mark.parametrize("orientation", range(2, 9))
    async def test_upright(self, cage: Cage, orientation: int) -> None:
        """As a file of a camera, which the browser turns; and converted, in a still, and in a part."""
        as_it_is = await made(cage, saved(quarters(), "JPEG", orientation=orientation, quality=95))
        assert (as_it_is.manifest.tracks[0].width, as_it_is.manifest.tracks[0].height) == (96, 64)
        picture = Image.open(io.BytesIO(await still(as_it_is.original, 0, cage=cage)))
        assert picture.size == (96, 64)
        assert near(corners(picture), CORNERS)
        turned = await made(cage, saved(quarters(), "TIFF", orientation=orientation))
        assert turned.image().size == (96, 64)
        assert corners(turned.image()) == list(CORNERS)

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (saved(quarters(), "BMP"), "BMP"),
            (saved(quarters().convert("CMYK"), "JPEG", quality=95), "CMYK"),
            (wide_gamut(), "TIFF"),
            (saved(quarters(), "PNG", orientation=6), "upright"),
        ],
        ids=["BMP", "CMYK", "wide gamut", "turned PNG"],
    )
    async def test_converted(self, cage: Cage, data: bytes, says: str) -> None:
        photo = await made(cage, data)
        (treatment,) = photo.probe.treatments
        assert treatment.done == "converted"
        assert any(says in reason for reason in treatment.reasons)
        assert photo.image().size == (96, 64)
        # Without a profile nobody knows what a press would make of CMYK: colours are near, no more.
        assert near(corners(photo.image()), CORNERS, 90 if says == "CMYK" else 4)

    async def test_sixteen_bits(self, cage: Cage) -> None:
        grey = Image.new("I;16", (40, 30), 0x8040)
        for kind in ("PNG", "TIFF"):
            photo = await made(cage, saved(grey, kind))
            assert photo.image().convert("L").getpixel((20, 15)) in (0x7F, 0x80, 0x81)

    async def test_what_can_be_seen_through_lies_on_white(self, cage: Cage) -> None:
        mask = Image.new("L", (96, 64), 255)
        opaque = quarters()
        opaque.putalpha(mask)
        data = saved(opaque, "PNG")
        assert (await made(cage, data)).files == [data]
        mask.paste(0, (0, 0, 48, 32))
        opaque.putalpha(mask)
        photo = await made(cage, saved(opaque, "PNG"))
        assert corners(photo.image()) == [(255, 255, 255), *CORNERS[1:]]

    async def test_pages_of_a_scan(self, cage: Cage, shared_media: Path) -> None:
        scan = await made(cage, (shared_media / "image/testTIFF_multipage.tif").read_bytes())
        assert (scan.manifest.frames, scan.manifest.duration, scan.probe.leaves) == (2, 2, "image")
        assert [scan.image(number).size for number in (0, 1)] == [(800, 600)] * 2
        assert scan.files[0] != scan.files[1]

    async def test_a_telephones(self, cage: Cage, shared_media: Path) -> None:
        photo = await made(cage, (shared_media / "image/example.heic").read_bytes())
        assert photo.manifest.frames == 2
        assert photo.image().size == (1280, 854)

    @pytest.mark.parametrize("kind", ["GIF", "PNG"])
    async def test_what_moves_is_a_recording(self, cage: Cage, kind: str, tmp_path: Path) -> None:
        frames = [quarters(), quarters().rotate(180), quarters().rotate(90)]
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=[100, 50, 300])
        with pytest.raises(Needed) as needed:
            await made(cage, data)
        assert needed.value.need == "motion"
        path = tmp_path / "moves"
        path.write_bytes(data)
        clip = await prepare(
            Local(path), exhibit="e", rendition=RENDITION, store=FolderStore(tmp_path / "store"),
            on_rows=lambda rows: None, on_probe=lambda probe: None, cage=cage, need="motion",
        )  # fmt: skip
        assert [float(clip.timeline.time_of(number)) for number in range(clip.frames)] == [0, 0.1, 0.15]

    async def test_a_large_one_is_scaled_and_its_parts_are_cut_out(self, cage: Cage) -> None:
        large = quarters(5000, 3400)
        photo = await made(cage, saved(large, "JPEG", orientation=6, quality=90))
        assert photo.image().size == (3176, 2160)
        assert near(corners(photo.image()), CORNERS)
        assert len(photo.files[0]) < 1_000_000
        async with Viewer(cage) as viewer:
            image, data = await viewer.part(photo.original, 0, (0.25, 0.25, 0.5, 0.5))
            whole, _ = await viewer.part(photo.original, 0, (0.0, 0.5, 1.0, 0.5))
        assert (image.width, image.height) == (2500, 1700)
        assert near(corners(Image.open(io.BytesIO(data))), CORNERS)
        assert (whole.width, whole.height) == (3840, 1306)

    async def test_a_small_one_has_no_sharper_parts(self, cage: Cage) -> None:
        photo = await made(cage, saved(quarters(), "TIFF"))
        async with Viewer(cage) as viewer:
            assert await viewer.part(photo.original, 0, (0.0, 0.0, 0.25, 0.25)) == (messages.Image(), b"")

    async def test_a_still_as_wide_as_asked(self, cage: Cage) -> None:
        photo = await made(cage, saved(quarters(), "JPEG"))
        assert Image.open(io.BytesIO(await still(photo.original, 0, 48, cage=cage))).size == (48, 32)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF", "BMP", "AVIF"])
    async def test_cut_off(self, cage: Cage, kind: str) -> None:
        whole = saved(quarters(400, 300).effect_spread(40), kind)
        assert await refusal(cage, whole[: len(whole) * 2 // 3]) == "picture-damaged"

    async def test_a_telephones_that_makes_readers_crash(self, cage: Cage, shared_media: Path) -> None:
        data = (shared_media / "corrupt/fuzz_heic_crash.heic").read_bytes()
        assert await refusal(cage, data) in ("picture-damaged", "parser-crashed")

    @pytest.mark.parametrize("sides", [(65_000, 65_000), (2_000_000_000, 1), (30_000, 30_000)])
    async def test_made_to_fill_memory(self, cage: Cage, sides: tuple[int, int]) -> None:
        assert await refusal(cage, headed(*sides)) in ("picture-too-large", "picture-damaged")


class TestDocuments:
    async def test_its_pages(self, cage: Cage, shared_media: Path) -> None:
        document = await made(cage, (shared_media / "pdf/pdflatex-4-pages.pdf").read_bytes(), "a.pdf")
        assert (document.manifest.frames, document.manifest.duration, document.probe.leaves) == (4, 4, "document")
        assert document.image().size == (1527, 2160)
        assert document.manifest.timeline.time_of(3) == 3
        assert len(set(document.files)) == 4

    async def test_colours_and_places(self, cage: Cage) -> None:
        document = await made(cage, pdf([page(), page(more="/Rotate 90"), page(more="/CropBox [150 0 300 100]")]))
        first, turned, cut = (document.image(number) for number in range(3))
        assert first.size == (3240, 2160)
        assert corners(first) == list(CORNERS)
        assert turned.size == (1440, 2160)
        red, green, blue, yellow = CORNERS
        assert corners(turned) == [blue, red, yellow, green]
        assert corners(cut) == [yellow] * 4

    async def test_a_part_is_drawn_anew(self, cage: Cage) -> None:
        document = await made(cage, pdf([page()]))
        async with Viewer(cage) as viewer:
            image, data = await viewer.part(document.original, 0, (0.25, 0.25, 0.5, 0.5))
            edge, small = await viewer.part(document.original, 0, (63 / 64, 0.0, 1 / 64, 1 / 64))
        assert (image.width, image.height) == (3240, 2160)
        picture = Image.open(io.BytesIO(data))
        assert corners(picture) == list(CORNERS)
        # Where the colours meet is exact to a pixel of the part.
        assert [picture.getpixel((x, 500)) for x in (1618, 1621)] == [CORNERS[0], CORNERS[1]]
        assert (edge.width, edge.height) == (3240, 2160)
        assert corners(Image.open(io.BytesIO(small))) == [CORNERS[1]] * 4

    async def test_what_is_noted_beside(self, cage: Cage) -> None:
        """An annotation with a drawing of its own is on the page, as a viewer has it."""
        note = "<</Type/Annot/Subtype/Square/Rect[10 10 140 90]/C[1 0 0]/IC[1 1 1]/F 4/AP<</N 6 0 R>>>>"
        square = "<</Type/XObject/Subtype/Form/BBox[0 0 130 80]/Length 30>>\nstream\n1 1 1 rg 0 0 130 80 re f      \nendstream"
        data = pdf([page(more="/Annots [5 0 R]")], more=f"{note}\nendobj\n6 0 obj\n{square}")
        assert corners((await made(cage, data)).image())[2] == (255, 255, 255)

    async def test_locked(self, cage: Cage, shared_media: Path) -> None:
        data = (shared_media / "pdf/a-text-pass-peanuts.pdf").read_bytes()
        assert await refusal(cage, data) == "document-locked"
        assert await refusal(cage, data, password="walnuts") == "document-wrong-password"
        document = await made(cage, data, password="peanuts")
        assert document.manifest.frames == 2
        assert (await still(document.original, 1, 100, cage=cage)).startswith(b"\x89PNG")

    async def test_the_first_page_does_not_wait_for_the_others(self, cage: Cage) -> None:
        began = time.monotonic()
        document = await made(cage, pdf([page()] * 8))
        assert document.first < (time.monotonic() - began) / 2
        assert document.manifest.frames == 8

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (pdf([]), "document-empty"),
            (pdf([page()])[:-60], "document-damaged"),
            (b"%PDF-1.7\n%%EOF", "document-damaged"),
            (b"%PDF-1.7\n" + bytes(3000) + b"%%EOF", "document-damaged"),
        ],
        ids=["no pages", "cut off", "nothing in it", "zeros"],
    )
    async def test_refused(self, cage: Cage, data: bytes, problem: str) -> None:
        assert await refusal(cage, data) == problem

    @pytest.mark.parametrize("sides", [(1e6, 1e6), (1e6, 1), (1, 1e6), (1e-4, 1e-4)])
    async def test_pages_of_absurd_size(self, cage: Cage, sides: tuple[float, float]) -> None:
        picture = (await made(cage, pdf([page(width=sides[0], height=sides[1])]))).image()
        assert max(picture.width / 3840, picture.height / 2160) <= 1

    async def test_filled_up_behind_its_end(self, cage: Cage) -> None:
        assert (await made(cage, pdf([page()]) + bytes(200_000))).manifest.frames == 1

    async def test_a_name_with_anything_in_it(self, cage: Cage) -> None:
        assert (await made(cage, pdf([page()]), "$(reboot); '`rm -rf /`'\n.pdf")).manifest.frames == 1


async def test_office_documents_are_asked_for_as_pdf(cage: Cage) -> None:
    assert await refusal(cage, b"{\\rtf1 words}", "statement.rtf") == "office-document"
