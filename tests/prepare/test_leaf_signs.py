"""What a file is by its first bytes, how large its leaves are, and where a part of one lies: all of it pure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtcast.prepare.leaves import frame
from courtcast.prepare.leaves.frame import Size
from courtcast.prepare.leaves.signs import HEAD, moving, sign
from tests.prepare.leaf_files import CORNERS, corners, pdf, quarters, saved

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
ZIP = b"PK\3\4" + bytes(26)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF"])
def test_pictures(kind: str) -> None:
    found = sign(saved(quarters(), kind)[:HEAD])
    assert found is not None
    assert found.format == kind


@pytest.mark.parametrize(
    ("name", "is_a"),
    [
        ("image/example.heic", "HEIF"),
        ("corrupt/fuzz_heic_crash.heic", "HEIF"),
        ("image/landscape_6.jpg", "JPEG"),
        ("image/testTIFF_multipage.tif", "TIFF"),
        ("pdf/GeoTopo_117p.pdf", "PDF"),
        ("pdf/a-text-pass-peanuts.pdf", "PDF"),
    ],
)
def test_real_files(shared_media: Path, name: str, is_a: str) -> None:
    found = sign((shared_media / name).read_bytes()[:HEAD])
    assert found is not None
    assert found.format == is_a


def test_recordings_are_none_of_these(shared_media: Path) -> None:
    for path in [*(shared_media / "video").iterdir(), *(shared_media / "audio").iterdir()]:
        assert sign(path.read_bytes()[:HEAD], path.name) is None, path.name


@pytest.mark.parametrize(
    ("head", "name", "office"),
    [
        (ZIP + b"[Content_Types].xml" + bytes(40) + b"word/document.xml", "a", "Word"),
        (ZIP + b"[Content_Types].xml" + bytes(40), "evidence.xlsx", "Excel"),
        (ZIP + b"mimetypeapplication/vnd.oasis.opendocument.text", "", "OpenDocument text"),
        (OLE, "statement.doc", "Word"),
        (OLE, "$(rm -rf).PPT", "PowerPoint"),
        (OLE, "", "an older one"),
        (b"{\\rtf1\\ansi", "x.doc", "rich text"),
    ],
)
def test_office_documents(head: bytes, name: str, office: str) -> None:
    found = sign(head, name)
    assert found is not None
    assert (found.format, found.office) == (None, office)


@pytest.mark.parametrize("head", [b"", b"BM", b"RIFF\0\0\0\0WAVE", ZIP, b"<!doctype html>", b"\0\0\0\x18ftypisom"])
def test_nothing_of_the_kind(head: bytes) -> None:
    assert sign(head) is None


def test_a_document_behind_some_lines() -> None:
    found = sign(b"Received: by mail\r\n" * 10 + pdf([""]))
    assert found is not None
    assert found.format == "PDF"


def test_a_png_that_moves() -> None:
    frames = [quarters(), quarters().rotate(180)]
    assert moving(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert not moving(saved(frames[0], "PNG"))


@given(st.binary(max_size=200))
def test_whatever_comes(head: bytes) -> None:
    sign(head, "x")


@pytest.mark.parametrize(
    ("given_", "enlarge", "size"),
    [
        ((14400, 7223), False, (3840, 1926)),
        ((1000, 500), False, (1000, 500)),
        ((595, 842), True, (1526, 2160)),
        ((1e6, 1), True, (3840, 1)),
        ((1e-3, 1e-3), True, (2160, 2160)),
    ],
)
def test_fit(given_: tuple[float, float], enlarge: bool, size: tuple[int, int]) -> None:
    assert frame.fit(*given_, enlarge=enlarge) == size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("number", range(4))
def test_a_quarter_lies_where_the_camera_put_it(orientation: int, number: int) -> None:
    import io

    from PIL import Image

    lying = Image.open(io.BytesIO(saved(quarters(), "PNG", orientation=orientation)))
    quarter = (number % 2 / 2, number // 2 / 2, 0.5, 0.5)
    left, top, width, height = frame.pixels(frame.stored(quarter, orientation), Size(*lying.size))
    cut = lying.crop((left, top, left + width, top + height))
    assert corners(cut) == [CORNERS[number]] * 4
    assert frame.upright(Size(*lying.size), orientation) == quarters().size


@given(
    st.tuples(*[st.floats(0, 1)] * 2, *[st.floats(1 / 64, 1)] * 2),
    st.integers(1, 8),
    st.tuples(st.integers(1, 70_000), st.integers(1, 70_000)),
)
def test_pixels_lie_within(part: frame.Part, orientation: int, sides: tuple[int, int]) -> None:
    x, y, w, h = part
    part = min(x, 1 - w), min(y, 1 - h), w, h
    left, top, width, height = frame.pixels(frame.stored(part, orientation), Size(*sides))
    assert min(left, top) >= 0
    assert min(width, height) >= 1
    assert left + width <= sides[0]
    assert top + height <= sides[1]
