"""Documents: the pages of a PDF as a viewer shows them, with what is written into forms and beside. Runs in the child.

The library asks for the bytes that it needs of the file, and gets them as the parent has them: nothing is copied whole.
"""

from __future__ import annotations

import ctypes
from typing import Any, Literal

import pypdfium2
import pypdfium2.raw as pdfium

from courtcast.prepare.kinds import Readable
from courtcast.prepare.leaves import encode, frame
from courtcast.prepare.leaves.frame import Part, Size
from courtcast.problems import Refused
from courtcast.wire.api import Treatment, VideoInfo

MOST_LEAVES = 5000
_TAIL = 64 << 10
"""Bytes at the end in which a whole document says that it ends; programs put up to a sector's rest behind."""
_ENDS = b"%%EOF"
_SIDES = (1e-3, 1e7)
"""Points. A page that says less or more of itself has no shape that could be drawn."""
_REASON = "Its pages are drawn as a viewer shows them; a part that is made larger is drawn anew, as sharp as a display."


class Documents:
    """One open file. Raises Refused (document-…), MemoryError, and what the file's `read` raises."""

    kind: Literal["image", "document"] = "document"
    format = "PDF"
    raw: pypdfium2.PdfDocument
    """As the library has it."""

    def __init__(self, file: Readable, length: int, password: str | None) -> None:
        self._window = _Window(file, length)
        self._whole(file, length)
        try:
            self.raw = pypdfium2.PdfDocument(self._window, password=password)
        except pypdfium2.PdfiumError as error:
            self._window.told()
            if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
                raise Refused("document-locked" if password is None else "document-wrong-password") from None
            empty = getattr(error, "err_code", None) == pdfium.FPDF_ERR_SUCCESS
            raise Refused("document-empty" if empty else "document-damaged") from None
        self._count = len(self.raw)
        if self._count > MOST_LEAVES:
            raise Refused("document-too-long", count=self._count, most=MOST_LEAVES)
        self.raw.init_forms()
        self._sizes = [self.shape(number) for number in range(self._count)]
        self._window.told()
        first = self._sizes[0]
        self.info = VideoInfo(codec=self.format, width=round(first[0]), height=round(first[1]))
        self.treatment = Treatment(
            part="picture", done="converted", codec=self.format, into="PNG or JPEG", reasons=[_REASON]
        )

    def __len__(self) -> int:
        return self._count

    @property
    def largest(self) -> Size:
        sizes = [frame.fit(*shape, enlarge=True) for shape in self._sizes]
        return max(sizes, key=lambda size: size.width * size.height)

    def leaf(self, number: int) -> bytes:
        size = frame.fit(*self._sizes[number], enlarge=True)
        return self.encoded(self._drawn(number, (0.0, 0.0, 1.0, 1.0), size))

    def part(self, number: int, part: Part) -> Any:
        width, height = self._sizes[number]
        return self._drawn(number, part, frame.fit(width * part[2], height * part[3], enlarge=True))

    def whole(self, number: int, width: int | None, most: Size) -> Any:
        """A page has no size in pixels: it is as large as a display has it, or as wide as said."""
        shape = self._sizes[number]
        size = frame.fit(*shape, enlarge=True)
        if width is not None:
            size = frame.fit(*shape, enlarge=True, box=Size(min(width, most.width), most.height))
        return self._drawn(number, (0.0, 0.0, 1.0, 1.0), size)

    @staticmethod
    def encoded(picture: Any) -> bytes:
        return encode.exact(encode.thin(picture))

    def _drawn(self, number: int, part: Part, size: Size) -> Any:
        """A part of a page at a size, on white. Raises Refused (document-damaged), MemoryError."""
        left, top, width, height = part
        full = round(size.width / width), round(size.height / height)
        place = (
            -round(left * full[0]),
            -round(top * full[1]),
            *full,
            0,
            pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER,
        )
        try:
            page = self.raw[number]
        except pypdfium2.PdfiumError:
            self._window.told()
            raise Refused("document-damaged") from None
        try:
            bitmap = pypdfium2.PdfBitmap.new_native(*size, pdfium.FPDFBitmap_BGRx, rev_byteorder=True)
            if not bitmap.raw:
                raise MemoryError
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, *place)
            if self.raw.formenv is not None:
                pdfium.FPDF_FFLDraw(self.raw.formenv, bitmap, page, *place)
            self._window.told()
            data = bytes(ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), bitmap.stride * bitmap.height))
            across = bitmap.stride // 4
            bitmap.close()
        finally:
            page.close()
        picture = encode.in_memory(across, size.height, 4, data)
        return picture[:3].crop(0, 0, *size).copy(interpretation="srgb")

    def shape(self, number: int) -> tuple[float, float]:
        """Points, turned as the page is shown. Raises Refused (document-damaged)."""
        sides = pdfium.FS_SIZEF()
        if not pdfium.FPDF_GetPageSizeByIndexF(self.raw, number, ctypes.byref(sides)):
            return 595.0, 842.0  # A4; drawing it will say what there is to say
        return (
            min(max(float(sides.width), _SIDES[0]), _SIDES[1]) or _SIDES[0],
            min(max(float(sides.height), _SIDES[0]), _SIDES[1]) or _SIDES[0],
        )

    @staticmethod
    def _whole(file: Readable, length: int) -> None:
        """A document that was cut off is opened by viewers all the same, with pages left out or white: not here.

        Raises Refused (document-damaged).
        """
        at = max(0, length - _TAIL)
        while at < length:
            file.seek(at)
            tail = b""
            while at + len(tail) < length and (more := file.read(_TAIL)):
                tail += more
            if _ENDS in tail:
                return
            if tail.strip(b"\0\r\n\t ") or at == 0:
                break
            length, at = at, max(0, at - _TAIL)  # nothing but filling
        raise Refused("document-damaged")


class _Window:
    """The file as the library asks for it. What reading raises cannot pass through the library: it is kept."""

    def __init__(self, file: Readable, length: int) -> None:
        self._file = file
        self._length = length
        self._fault: BaseException | None = None

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 2:
            return self._length + offset
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, n: int = -1) -> bytes:
        return self._file.read(n)

    def readinto(self, into: Any) -> int:
        """As much as is wanted; less where the file ends, or what is read cannot be had."""
        view = memoryview(into).cast("B")
        got = 0
        try:
            while got < len(view) and (part := self._file.read(len(view) - got)):
                view[got : got + len(part)] = part
                got += len(part)
        except (OSError, EOFError) as fault:
            self._fault = self._fault or fault
        return got

    def told(self) -> None:
        """Raises what reading raised meanwhile."""
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
