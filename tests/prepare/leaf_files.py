"""Photographs and documents made for tests: what stands in which corner tells which way up they are."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

import pyvips
from PIL import Image

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 160, 60), (30, 60, 200), (230, 210, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)
"""Upright: top left, top right, bottom left, bottom right."""
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture lies in a file with that orientation."""


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """An upright picture with a colour in each quarter."""
    image = Image.new("RGB", (width, height))
    for number, colour in enumerate(CORNERS):
        left, top = number % 2 * (width // 2), number // 2 * (height // 2)
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def saved(image: Image.Image, kind: str, *, orientation: int = 1, **options: Any) -> bytes:
    """As a file of that kind; with an orientation it lies there as a camera that was turned would write it."""
    if orientation != 1:
        image = image.transpose(_STORED[orientation])
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of each quarter, in the order of `CORNERS`."""
    rgb = image.convert("RGB")
    at = [(rgb.width * x // 4, rgb.height * y // 4) for y in (1, 3) for x in (1, 3)]
    return [tuple(int(value) for value in rgb.getpixel(place)) for place in at]  # type: ignore[union-attr]


def near(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]], by: int = 12) -> bool:
    return all(abs(a - b) <= by for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def wide_gamut() -> bytes:
    """The same picture in the colours of a telephone's display (Display P3), as TIFF."""
    image = quarters()
    plain = pyvips.Image.new_from_memory(image.tobytes(), *image.size, 3, "uchar").copy(interpretation="srgb")
    return bytes(plain.icc_transform("p3", input_profile="srgb").tiffsave_buffer())


def headed(width: int, height: int) -> bytes:
    """A PNG whose head says that it is so large, and that holds next to nothing."""
    data = bytearray(saved(quarters(), "PNG"))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def page(colours: Sequence[Sequence[int]] = CORNERS, *, width: float = 300, height: float = 200, more: str = "") -> str:
    """What a page draws and says of itself: a colour in each quarter."""
    drawn = []
    for number, colour in enumerate(colours):
        x, y = number % 2 * width / 2, (1 - number // 2) * height / 2
        drawn.append(f"{' '.join(f'{value / 255:.4f}' for value in colour)} rg {x} {y} {width / 2} {height / 2} re f")
    return f"/MediaBox [0 0 {width} {height}] {more}|" + "\n".join(drawn)


def pdf(pages: Sequence[str], *, more: str = "") -> bytes:
    """A document of such pages, with a table of where its objects lie. `more` objects may follow, numbered on."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    bodies = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>"]
    for number, each in enumerate(pages):
        says, _, draws = each.partition("|")
        bodies.append(f"<</Type/Page/Parent 2 0 R {says}/Contents {4 + 2 * number} 0 R/Resources<<>>>>")
        bodies.append(f"<</Length {len(draws)}>>\nstream\n{draws}\nendstream")
    bodies += [more] if more else []
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(bodies) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out + end.encode())
