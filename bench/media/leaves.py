"""Leaves of a photograph or a document beside what others draw of the same file: Pillow, and PDFium by itself.

Nothing of the product's way to a leaf is used here but the size that the leaf came out with.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import pillow_heif
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageCms, ImageOps

from tests.prepare.likeness import ssim

SAMPLED = 12
"""Leaves that are compared, at least, spread over the document."""
_EQUAL = 1.0

Draw = Callable[[int, tuple[int, int]], Image.Image]
"""A leaf by its number, at a size, in sRGB."""


def compared(path: Path, leaves: Sequence[bytes]) -> tuple[int, list[float], str]:
    """How many leaves the file has outside; SSIM of luma of those compared; what with."""
    data = path.read_bytes()
    Image.MAX_IMAGE_PIXELS = None
    count, draw, by = _document(path) if b"%PDF-" in data[:1024] else _pictures(data)
    wanted = sorted({round(n * (len(leaves) - 1) / (SAMPLED - 1)) for n in range(SAMPLED)})
    found = []
    for number in wanted:
        if leaves[number] == data:
            found.append(_EQUAL)
            by = "byte for byte the file"
            continue
        ours = Image.open(io.BytesIO(leaves[number])).convert("RGB")
        found.append(ssim(_frame(draw(number, ours.size)), _frame(ours)))
    return count, found, by


def _frame(image: Image.Image) -> av.VideoFrame:
    """Of even sides: the comparison takes colours for four pixels at once."""
    return av.VideoFrame.from_image(image.crop((0, 0, max(2, image.width & ~1), max(2, image.height & ~1))))


def _pictures(data: bytes) -> tuple[int, Draw, str]:
    pillow_heif.register_heif_opener()
    image = Image.open(io.BytesIO(data))
    count, first = getattr(image, "n_frames", 1), image.tell()
    order = [first, *(number for number in range(count) if number != first)]

    def draw(number: int, size: tuple[int, int]) -> Image.Image:
        image.seek(order[number])
        upright: Image.Image = ImageOps.exif_transpose(image)
        if profile := image.info.get("icc_profile"):
            there, here = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            upright = ImageCms.profileToProfile(upright, there, here, outputMode="RGB") or upright
        if "A" in upright.getbands():
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        return upright.convert("RGB").resize(size, Image.Resampling.LANCZOS)

    return count, draw, "Pillow"


def _document(path: Path) -> tuple[int, Draw, str]:
    document = pypdfium2.PdfDocument(path)
    document.init_forms()

    def draw(number: int, size: tuple[int, int]) -> Image.Image:
        page: Any = document[number]
        bitmap = pypdfium2.PdfBitmap.new_native(*size, pdfium.FPDFBitmap_BGRx)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        place = (0, 0, *size, 0, pdfium.FPDF_ANNOT)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, *place)
        if document.formenv is not None:
            pdfium.FPDF_FFLDraw(document.formenv, bitmap, page, *place)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), bitmap.stride * size[1])
        page.close()
        return Image.frombuffer("RGB", size, pixels, "raw", "BGRX", bitmap.stride, 1)

    return len(document), draw, "PDFium"
