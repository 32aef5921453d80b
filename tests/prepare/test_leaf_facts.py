"""What photographs and documents say of themselves, through the real caged child, and in words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from courtcast.control.dossier import dossier
from courtcast.prepare.cage.keeper import Cage
from courtcast.prepare.inspection import opened
from courtcast.prepare.store import FolderStore
from courtcast.problems import Refused
from courtcast.wire.inspection import Opened
from tests.control.test_inspections import SEEN
from tests.prepare.leaf_files import headed, page, pdf, quarters, saved, wide_gamut
from tests.prepare.sources import Local


@pytest.fixture
async def cage() -> AsyncIterator[Cage]:
    async with Cage(warm=False) as made:
        yield made


async def facts(data: bytes, cage: Cage, folder: Path, name: str = "file", password: str | None = None) -> Opened:
    path = folder / "file"
    path.write_bytes(data)
    return await opened(
        Local(path), FolderStore(folder / "store"), sha256="ab" * 32, rendition="0a", name=name, cage=cage,
        password=password,
    )  # fmt: skip


def camera(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model 7", 6
    exif.get_ifd(0x8769).update({0x9003: "2026:03:04 05:06:07", 0x927C: b"\1\2\3\4"})
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 36.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    return saved(quarters(), kind, exif=exif)


def claims(found: Opened) -> dict[str, str]:
    seen = msgspec.structs.replace(SEEN, opened=found, pace=None, treatments=[])
    return {claim.what: claim.value for claim in dossier(seen, str)["claims"]}


def rows(found: Opened) -> dict[str, str]:
    return dict(dossier(msgspec.structs.replace(SEEN, opened=found, pace=None), str)["container"])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF"])
async def test_device_place_and_clock(cage: Cage, tmp_path: Path, kind: str) -> None:
    found = await facts(camera(kind), cage, tmp_path)
    tags = {tag.name: tag.value for tag in found.tags}
    assert (tags["EXIF Make"], tags["EXIF Model"]) == ("Maker", "Model 7")
    assert found.leaves is not None
    assert (found.leaves.width, found.leaves.height, found.leaves.orientation) == (96, 64, 6)
    assert rows(found)["Turned for display"] == "90° clockwise"
    assert claims(found)["Device"] in ("Maker", "Model 7")
    if kind == "TIFF":
        return  # what makes it here puts nothing more into it
    assert tags["EXIF DateTimeOriginal"] == "2026:03:04 05:06:07"
    assert "form of its own" in tags["EXIF MakerNote"]
    said = claims(found)
    assert said["Place (GPS)"].startswith("33.86000° S, 151.21000° E")
    assert said["Clock"] == "2026:03:04 05:06:07"


async def test_colours(cage: Cage, tmp_path: Path, shared_media: Path) -> None:
    found = await facts(wide_gamut(), cage, tmp_path)
    assert found.leaves is not None
    assert "P3" in found.leaves.profile
    assert "3 × 8 bits" in rows(found)["Colours"]
    (tmp_path / "other").mkdir()
    phone = await facts((shared_media / "image/example.heic").read_bytes(), cage, tmp_path / "other")
    assert phone.leaves is not None
    assert (phone.container, phone.leaves.leaves, phone.leaves.width) == ("HEIF", 2, 1280)


async def test_also_of_what_cannot_be_shown(cage: Cage, tmp_path: Path) -> None:
    found = await facts(headed(65_000, 65_000), cage, tmp_path)
    assert "65,000 × 65,000 pixels" in rows(found)["Size"]


async def test_what_is_damaged_says_so(cage: Cage, tmp_path: Path, shared_media: Path) -> None:
    with pytest.raises(Refused) as refused:
        await facts(b"\x89PNG\r\n\x1a\n" + bytes(50), cage, tmp_path)
    assert refused.value.type == "picture-damaged"


async def test_a_document(cage: Cage, tmp_path: Path) -> None:
    script = "<</S/JavaScript/JS(app.alert\\(1\\))>>"
    data = pdf(
        [page(), page()], more=f"<</Producer(Printer 3)/CreationDate(D:20260304050607Z)>>\nendobj\n8 0 obj\n{script}"
    )
    data = data.replace(b"<</Type/Catalog", b"<</Type/Catalog/Names<</JavaScript<</Names[(a) 8 0 R]>>>>")
    data = data.replace(b"/Root 1 0 R", b"/Root 1 0 R/Info 7 0 R")
    found = await facts(data, cage, tmp_path)
    assert found.leaves is not None
    assert (found.leaves.leaves, found.leaves.version, found.leaves.encrypted) == (2, "1.7", False)
    said = rows(found)
    assert said["First page"] == "106 × 71 mm"
    assert said["JavaScript"].startswith("yes (1)")
    assert (said["Signatures in it"], said["Files inside"], said["Encrypted"]) == ("none", "none", "no")
    assert claims(found) == {"Program": "Printer 3", "Clock": "D:20260304050607Z"}


async def test_a_locked_document(cage: Cage, tmp_path: Path, shared_media: Path) -> None:
    data = (shared_media / "pdf/a-text-pass-peanuts.pdf").read_bytes()
    with pytest.raises(Refused) as refused:
        await facts(data, cage, tmp_path)
    assert refused.value.type == "document-locked"
    found = await facts(data, cage, tmp_path, password="peanuts")
    assert found.leaves is not None
    assert found.leaves.encrypted


async def test_an_office_document(cage: Cage, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("[Content_Types].xml", "<x/>")
        parts.writestr(
            "docProps/core.xml",
            "<c:core><dc:creator>A. Author</dc:creator><cp:lastModifiedBy>B. Other</cp:lastModifiedBy>"
            '<dcterms:created xsi:type="W3CDTF">2026-03-04T05:06:07Z</dcterms:created></c:core>',
        )
        parts.writestr("docProps/app.xml", "<Properties><Application>Word 16</Application></Properties>")
        parts.writestr("word/document.xml", "<x/>")
    found = await facts(out.getvalue(), cage, tmp_path, "letter.docx")
    assert {(tag.name, tag.value) for tag in found.tags} == {
        ("author", "A. Author"),
        ("last saved by", "B. Other"),
        ("created", "2026-03-04T05:06:07Z"),
        ("Application", "Word 16"),
    }
    assert claims(found)["Program"] == "Word 16"
