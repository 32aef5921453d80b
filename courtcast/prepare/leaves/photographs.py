"""Photographs and scans: JPEG, PNG, WebP, GIF, TIFF, BMP, HEIF, AVIF. Runs in the child.

What browsers show rightly goes as it is, byte for byte, once all of it has been decoded here. All else is decoded,
brought to sRGB through its profile, put upright and scaled to fit; a part of it is then cut out of the original.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import pyvips
from PIL import BmpImagePlugin

from courtcast.prepare.leaves import colour, encode, frame
from courtcast.prepare.leaves.faults import damaged
from courtcast.prepare.leaves.frame import Part, Size
from courtcast.prepare.leaves.heif import open_heif
from courtcast.prepare.leaves.signs import Format
from courtcast.problems import Refused
from courtcast.wire.api import Treatment, VideoInfo

MOST_LEAVES = 5000
KEEP = 160 << 20
"""Bytes of a decoded picture that are kept for the next part of it."""
_LOSSY = frozenset(("JPEG", "HEIF", "AVIF", "WebP"))
_AS_THEY_ARE = frozenset(("JPEG", "PNG", "WebP", "GIF", "AVIF"))
"""What Chromium decodes."""
LOADERS: dict[str, str] = {
    "JPEG": "jpegload_buffer",
    "PNG": "pngload_buffer",
    "WebP": "webpload_buffer",
    "GIF": "gifload_buffer",
    "TIFF": "tiffload_buffer",
    "AVIF": "heifload_buffer",
}

pyvips.cache_set_max(0)


class _Page(NamedTuple):
    """One picture in the file, as its head says."""

    stored: Size
    orientation: int
    open: Callable[..., Any]
    """Decodes lazily from top to bottom; `shrink` where the format can do that while it decodes."""
    shrinks: bool = False

    @property
    def upright(self) -> Size:
        return frame.upright(self.stored, self.orientation)


class Photographs:
    """One open file. Raises Refused (picture-damaged, picture-too-large, document-too-long), MemoryError."""

    kind: Literal["image", "document"] = "image"

    def __init__(self, data: bytes, format_: Format) -> None:
        self._data = data
        self.format = format_
        self._moving = 0
        with damaged():
            self._pages = list(self._look())
        for page in self._pages:
            if page.stored.width * page.stored.height > frame.MOST_PIXELS:
                raise Refused("picture-too-large", width=page.stored.width, height=page.stored.height)
        with damaged():
            self._why = self._reasons()
        self._decoded: tuple[int, Any] | None = None
        first = self._pages[0]
        self.info = VideoInfo(
            codec=format_, width=first.upright.width, height=first.upright.height, rotation=_turned(first.orientation)
        )

    def __len__(self) -> int:
        return len(self._pages)

    @property
    def moves(self) -> bool:
        """More than one picture, one after the other in time."""
        return self._moving > 0

    @property
    def as_it_is(self) -> bool:
        return not self._why

    @property
    def treatment(self) -> Treatment:
        if self.as_it_is:
            return Treatment(part="picture", done="unchanged", codec=self.format)
        scaled = any(self._size(page) != page.upright for page in self._pages)
        reasons = [*self._why]
        if scaled:
            reasons.append("It is scaled to what a display has; a part that is made larger is cut out of the original.")
        if self._moving:
            reasons.append(f"The file holds {self._moving} pictures that follow each other; the first one is shown.")
        lossless = self.format not in _LOSSY and not scaled
        into = "PNG" if lossless else "PNG or JPEG" if self.format not in _LOSSY else "JPEG"
        return Treatment(part="picture", done="converted", codec=self.format, into=into, reasons=reasons)

    @property
    def largest(self) -> Size:
        sizes = [page.upright if self.as_it_is else self._size(page) for page in self._pages]
        return max(sizes, key=lambda size: size.width * size.height)

    def leaf(self, number: int) -> bytes:
        """As the screens get it."""
        if self.as_it_is:
            return self._data
        page = self._pages[number]
        with damaged():
            return self._encoded(self._scaled(page, (0.0, 0.0, 1.0, 1.0), self._size(page)))

    def part(self, number: int, part: Part) -> Any | None:
        """None where the leaf itself has every pixel of it."""
        page = self._pages[number]
        if self.as_it_is or self._size(page) == page.upright:
            return None
        _, _, width, height = frame.pixels(part, page.upright)
        with damaged():
            return self._scaled(page, part, frame.fit(width, height, enlarge=False), number=number)

    def whole(self, number: int, width: int | None, most: Size) -> Any:
        page = self._pages[number]
        size = frame.fit(*page.upright, enlarge=False, box=most)
        if width is not None and width < size.width:
            size = Size(width, max(1, round(page.upright.height * width / page.upright.width)))
        with damaged():
            return self._scaled(page, (0.0, 0.0, 1.0, 1.0), size)

    def encoded(self, picture: Any) -> bytes:
        """As leaves of this file are sent."""
        with damaged():
            return self._encoded(picture)

    def _encoded(self, picture: Any) -> bytes:
        return encode.photograph(picture) if self.format in _LOSSY else encode.exact(encode.thin(picture))

    @staticmethod
    def _size(page: _Page) -> Size:
        return frame.fit(*page.upright, enlarge=False)

    # reading

    def _look(self) -> list[_Page]:
        if self.format == "BMP":
            return [self._bitmap()]
        if self.format == "HEIF":
            return [_Page(Size(*one.size), 1, lambda shrink=1, one=one: one.picture()) for one in open_heif(self._data)]
        head = self._vips()()
        count = head.get("n-pages") if head.get_typeof("n-pages") else 1
        if self.format != "TIFF":
            self._moving = count if count > 1 else 0
            return [self._page(0, head)]
        if count > MOST_LEAVES:
            raise Refused("document-too-long", count=count, most=MOST_LEAVES)
        return [self._page(number, self._vips(number)()) for number in range(count)]

    def _page(self, number: int, head: Any) -> _Page:
        turned = head.get("orientation") if head.get_typeof("orientation") else 1
        # The boxes of AVIF turn the picture, and both decoders heed them; what EXIF says beside is an echo.
        turned = turned if 1 <= turned <= 8 and self.format != "AVIF" else 1
        return _Page(Size(head.width, head.height), turned, self._vips(number), shrinks=self.format == "JPEG")

    def _vips(self, number: int = 0) -> Callable[..., Any]:
        load = getattr(pyvips.Image, LOADERS[self.format])
        # Cameras write JPEG that is not quite right, and decoders warn of it; elsewhere nothing is tolerated.
        strict = "truncated" if self.format == "JPEG" else "error"
        options: dict[str, Any] = {"access": "sequential", "fail_on": strict}
        if self.format == "TIFF":
            options["page"] = number
        if self.format in ("JPEG", "PNG"):
            options["unlimited"] = True  # the bound is ours

        def opened(shrink: int = 1) -> Any:
            return load(self._data, **options, **({"shrink": shrink} if shrink > 1 else {}))

        return opened

    def _bitmap(self) -> _Page:
        size = Size(*BmpImagePlugin.BmpImageFile(io.BytesIO(self._data)).size)
        return _Page(size, 1, lambda shrink=1: bitmap(self._data))

    def _reasons(self) -> list[str]:
        """Why it cannot go as it is; nothing where it can: then all of it was decoded."""
        page, reasons = self._pages[0], []
        if self.format not in _AS_THEY_ARE:
            return [f"Browsers do not show {self.format}."]
        picture = page.open()
        if picture.interpretation == "cmyk":
            reasons.append("Its colours are those of a printing press (CMYK), which browsers show wrongly.")
        if self.format == "PNG" and picture.format == "ushort":
            reasons.append("Of 16 bits for each colour of a pixel 8 are kept, as displays have them.")
        if self.format not in ("JPEG", "AVIF") and page.orientation != 1:
            reasons.append("It is turned upright as its file says, which not all browsers heed.")
        if page.stored.width * page.stored.height > frame.UNCHANGED_PIXELS:
            reasons.append(f"It has {page.stored.width} × {page.stored.height} pixels.")
        elif len(self._data) > frame.UNCHANGED_BYTES:
            reasons.append(f"The file has {len(self._data) / 1e6:.0f} MB.")
        if self._moving:
            reasons.append("It moves.")
        if not reasons and colour.see_through(picture):
            reasons.append("One can see through it: it is shown on white.")
        elif not reasons and not picture.hasalpha():
            picture.avg()  # all of it, or it says so; what can be seen through was looked at as a whole
        return reasons

    def _scaled(self, page: _Page, part: Part, size: Size, *, number: int | None = None) -> Any:
        """A part of the upright picture at a size, in memory, as a display shows it."""
        turned = page.orientation >= 5
        wanted = Size(size.height, size.width) if turned else size
        left, top, width, height = frame.pixels(frame.stored(part, page.orientation), page.stored)
        shrink = 1
        if page.shrinks:
            while shrink < 8 and width >= 2 * shrink * wanted.width and height >= 2 * shrink * wanted.height:
                shrink *= 2
        picture = self._opened(page, shrink, number)
        if (left, top, width, height) != (0, 0, *page.stored):
            within = Size(picture.width, picture.height)
            left, top = min(left // shrink, within.width - 1), min(top // shrink, within.height - 1)
            width = max(1, min(-(-width // shrink), within.width - left))
            height = max(1, min(-(-height // shrink), within.height - top))
            picture = picture.crop(left, top, width, height)
        if picture.hasalpha():
            picture = colour.opaque(picture)
        if (picture.width, picture.height) != wanted:
            picture = picture.resize(wanted.width / picture.width, vscale=wanted.height / picture.height)
        picture = colour.displayed(picture).copy_memory()
        if page.orientation != 1:
            picture = _put_upright(picture, page.orientation).copy_memory()
        return picture

    def _opened(self, page: _Page, shrink: int, number: int | None) -> Any:
        """Where parts of it are asked for, one after the other, it is decoded once, if it is not too large."""
        if number is None or page.stored.width * page.stored.height * 4 > KEEP:
            return page.open(shrink)
        if self._decoded is None or self._decoded[0] != number:
            self._decoded = None
            self._decoded = number, page.open().copy_memory()
        return self._decoded[1]


def bitmap(data: bytes) -> Any:
    """A BMP, decoded. Raises what Pillow raises."""
    picture = BmpImagePlugin.BmpImageFile(io.BytesIO(data)).convert("RGB")
    return encode.in_memory(picture.width, picture.height, 3, picture.tobytes())


def _put_upright(picture: Any, orientation: int) -> Any:
    match orientation:
        case 2:
            return picture.fliphor()
        case 3:
            return picture.rot180()
        case 4:
            return picture.flipver()
        case 5:
            return picture.rot90().fliphor()
        case 6:
            return picture.rot90()
        case 7:
            return picture.rot270().fliphor()
        case 8:
            return picture.rot270()
    return picture


def _turned(orientation: int) -> int:
    """Degrees clockwise that it is turned to be upright, without its being mirrored."""
    return {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}.get(orientation, 0)
