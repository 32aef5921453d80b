"""What a photograph or a document says of itself: its head, its EXIF, its colours, its properties. Runs in the child.

No picture is decoded and no page drawn, so this is also said of files that cannot be shown.
"""

from __future__ import annotations

import ctypes
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium
import pyvips
from PIL import BmpImagePlugin, ExifTags, Image, TiffImagePlugin

from courtcast.prepare.kinds import Readable, part
from courtcast.prepare.leaves import signs
from courtcast.prepare.leaves.documents import Documents
from courtcast.prepare.leaves.faults import damaged
from courtcast.prepare.leaves.heif import open_heif
from courtcast.prepare.leaves.photographs import LOADERS
from courtcast.wire.inspection import NAME_MOST, TAGS_MOST, VALUE_MOST, LeafFacts, Opened, Tag

_IFDS: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_FAULTS: Final = (ValueError, OSError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ZeroDivisionError)
"""What Pillow raises of EXIF that is none."""
_PLAIN: Final = {0x927C: "of the maker, in a form of its own"}
"""Tags whose bytes tell people nothing: MakerNote."""
_NOT_SAID: Final = frozenset((0x8769, 0x8825, 0xA005, 0x0111, 0x0117, 0x02BC, 0x8773, 0x0144, 0x0145))
"""Where other tags, strips and tiles of pixels, XMP and the profile lie: places, not facts."""
_XMP: Final = (
    "CreatorTool", "CreateDate", "ModifyDate", "MetadataDate", "DocumentID", "OriginalDocumentID", "DateCreated",
    "HistoryParameters", "DigitalSourceType",
)  # fmt: skip
_OFFICE: Final = {
    "docProps/core.xml": ("creator", "lastModifiedBy", "created", "modified", "revision", "title", "lastPrinted"),
    "docProps/app.xml": ("Application", "AppVersion", "Company", "Template", "TotalTime", "Pages"),
    "meta.xml": ("generator", "initial-creator", "creator", "creation-date", "date", "editing-cycles", "title"),
}
"""Parts of office documents, and what of them is said (ECMA-376 part 2 §11, OpenDocument 1.3 §4)."""
_PART: Final = 1 << 20
"""Bytes of such a part at most."""
_AUTHORS: Final = {"creator": "author", "initial-creator": "first author", "lastModifiedBy": "last saved by"}
"""A creator is a person here; in a PDF it is a program."""
_PLACES: Final = {number: f"place {name.removeprefix('GPS')}" for number, name in ExifTags.GPSTAGS.items()}
_FORM: Final = {1: "AcroForm", 2: "XFA", 3: "XFA in part"}
_SIGNATURES = _ATTACHMENTS = 20


def document(file: Readable, length: int, password: str | None) -> Opened:
    """Raises Refused (document-…)."""
    opened = Documents(file, length, password)
    raw = opened.raw
    tags = [Tag(key, value) for key in raw.METADATA_KEYS if (value := _property(raw, key))]
    many = max(0, pdfium.FPDF_GetSignatureCount(raw))
    for number in range(min(many, _SIGNATURES)):
        signature = pdfium.FPDF_GetSignatureObject(raw, number)
        if time := _ascii(pdfium.FPDFSignatureObj_GetTime, signature):
            tags.append(Tag("Signature time", time))
        if reason := _utf16(pdfium.FPDFSignatureObj_GetReason, signature):
            tags.append(Tag("Signature reason", reason))
    attached = raw.count_attachments()
    names = [_attached(raw, number) for number in range(min(attached, _ATTACHMENTS))]
    revision = pdfium.FPDF_GetSecurityHandlerRevision(raw)
    width, height = opened.shape(0)
    version = raw.get_version()
    # What is written for the web has a table at either end from the first time on (ISO 32000-1, annex F).
    linear = b"/Linearized" in part(file, 0, 1024)
    said = LeafFacts(
        kind="document",
        leaves=len(opened),
        width=round(width, 1),
        height=round(height, 1),
        version="" if version is None else f"{version // 10}.{version % 10}",
        encrypted=revision >= 0,
        signatures=many,
        saved=max(1, pdfium.FPDF_GetTrailerEnds(raw, None, 0) - linear),
        attached=names,
        attached_total=attached,
        scripts=max(0, pdfium.FPDFDoc_GetJavaScriptActionCount(raw)),
        form=_FORM.get(raw.get_formtype() or 0, ""),
    )
    return Opened(container="PDF", leaves=said, tags=tags[:TAGS_MOST], tags_total=len(tags))


def picture(data: bytes, format_: signs.Format) -> Opened:
    """Raises Refused (picture-damaged), MemoryError."""
    with damaged():
        head = _head(data, format_)
    profile, exif, xmp = head.pop("icc"), head.pop("exif"), head.pop("xmp")
    tags = [*_exif(exif), *_xmp(xmp)]
    said = LeafFacts(kind="image", profile=_profile(profile), **head)
    return Opened(container=format_, leaves=said, tags=tags[:TAGS_MOST], tags_total=len(tags))


def office(data: bytes, what: str) -> Opened:
    """Of an office program: what its properties say, where they lie in a ZIP; nothing of older ones."""
    tags: list[Tag] = []
    with (
        suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError, *_FAULTS),
        zipfile.ZipFile(io.BytesIO(data)) as parts,
    ):
        for path, names in _OFFICE.items():
            if path in parts.namelist() and parts.getinfo(path).file_size <= _PART:
                with parts.open(path) as opened:
                    text = opened.read(_PART).decode("utf-8", "replace")
                tags += [Tag(_AUTHORS.get(name, name), value) for name in names if (value := _element(text, name))]
    return Opened(container=what, leaves=LeafFacts(kind="document"), tags=tags, tags_total=len(tags))


def _head(data: bytes, format_: signs.Format) -> dict[str, Any]:
    if format_ == "BMP":
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
        return _said(*image.size, 1, 1, image.mode)
    if format_ == "HEIF":
        images = open_heif(data)
        info = images[0].info
        said = _said(*images[0].size, 1, len(images), f"{info.get('bit_depth', 8)} bits")
        return said | {"icc": info.get("icc_profile"), "exif": info.get("exif"), "xmp": info.get("xmp")}
    options: dict[str, Any] = {"access": "sequential", "fail_on": "none"}
    if format_ in ("JPEG", "PNG"):
        options["unlimited"] = True
    head = getattr(pyvips.Image, LOADERS[format_])(data, **options)
    blobs = {"icc": "icc-profile-data", "exif": "exif-data", "xmp": "xmp-data"}
    found = {key: bytes(head.get(name)) if head.get_typeof(name) else None for key, name in blobs.items()}
    if format_ == "TIFF":
        found["exif"] = data
    turned = head.get("orientation") if head.get_typeof("orientation") else 1
    count = head.get("n-pages") if head.get_typeof("n-pages") else 1
    deep = f"{head.bands} × {16 if head.format in ('ushort', 'short') else 8} bits, {head.interpretation}"
    return _said(head.width, head.height, turned, count, deep) | found


def _said(width: int, height: int, orientation: int, leaves: int, depth: str) -> dict[str, Any]:
    return {
        "width": width, "height": height, "orientation": orientation if 1 <= orientation <= 8 else 1, "leaves": leaves,
        "depth": depth[:NAME_MOST], "icc": None, "exif": None, "xmp": None,
    }  # fmt: skip


def _exif(data: bytes | None) -> Iterator[Tag]:
    """What a camera wrote, and the place as one tag, as telephones write it into films."""
    if not data:
        return
    exif = Image.Exif()
    with suppress(*_FAULTS):
        exif.load(data)
    yield from _listed(exif, ExifTags.TAGS)
    for number in _IFDS:
        found: Any = {}
        with suppress(*_FAULTS):
            found = exif.get_ifd(number)
        if number == ExifTags.IFD.GPSInfo:
            yield from _place(found)
        yield from _listed(found, _PLACES if number == ExifTags.IFD.GPSInfo else ExifTags.TAGS)


def _listed(found: Any, names: dict[int, str]) -> Iterator[Tag]:
    """One that cannot be read does not take the others with it."""
    for number in list(found):
        said = ""
        with suppress(*_FAULTS):
            said = "" if number in _NOT_SAID else _PLAIN.get(number) or _value(found[number])
        if said:
            yield Tag(f"EXIF {names.get(number, f'{number:#06x}')}"[:NAME_MOST], said[:VALUE_MOST])


def _value(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").rstrip(b"\0 ").decode("utf-8", "replace")
        return text if all(each.isprintable() for each in text) else f"{len(value)} bytes"
    if isinstance(value, tuple):
        return ", ".join(_value(each) for each in value[:16]) + (" …" if len(value) > 16 else "")
    return str(value).rstrip("\0 ")


def _place(gps: Any) -> Iterator[Tag]:
    with suppress(*_FAULTS):
        north, east = (
            sum(float(one) / 60**power for power, one in enumerate(gps[number][:3])) * sign
            for number, sign in ((2, -1 if gps.get(1) == "S" else 1), (4, -1 if gps.get(3) == "W" else 1))
        )
        if -90 <= north <= 90 and -180 <= east <= 180:
            yield Tag("EXIF GPS position", f"{north:+.6f}{east:+.6f}/")


def _xmp(data: bytes | None) -> Iterator[Tag]:
    text = (data or b"")[: 1 << 20].decode("utf-8", "replace")
    for name in _XMP:
        found = re.search(rf"[\w]+:{name}\s*=\s*[\"']([^\"']*)[\"']", text)
        if value := found[1] if found else _element(text, name):
            yield Tag(f"XMP {name}", value[:VALUE_MOST])


def _element(text: str, name: str) -> str:
    """What stands in the first element of that name. XML that is none gives nothing."""
    found = re.search(rf"<(?:[\w-]+:)?{re.escape(name)}(?:\s[^<>]*)?>([^<>]*)<", text)
    return "" if found is None else found[1].strip()[:VALUE_MOST]


def _profile(data: bytes | None) -> str:
    """The name of a colour profile (ICC.1:2022 §7.3, §10.13; older ones: ICC.1:2001 §6.5.17)."""
    if not data:
        return ""
    for at in range(132, min(len(data), 132 + 12 * 100) - 11, 12):
        if data[at : at + 4] != b"desc":
            continue
        start, size = int.from_bytes(data[at + 4 : at + 8], "big"), int.from_bytes(data[at + 8 : at + 12], "big")
        tag = data[start : start + min(size, 4096)]
        if tag[:4] == b"desc":
            text = tag[12 : 12 + int.from_bytes(tag[8:12], "big")].decode("latin-1")
        else:
            long, where = int.from_bytes(tag[20:24], "big"), int.from_bytes(tag[24:28], "big")
            text = tag[where : where + long].decode("utf-16-be", "replace")
        return text.strip("\0 ")[:NAME_MOST] or "without a name"
    return "without a name"


def _property(raw: pypdfium2.PdfDocument, key: str) -> str:
    def ask(handle: Any, room: Any, size: int) -> int:
        return int(pdfium.FPDF_GetMetaText(handle, key.encode(), room, size))

    return _utf16(ask, raw)


def _attached(raw: pypdfium2.PdfDocument, number: int) -> str:
    with suppress(pypdfium2.PdfiumError, UnicodeError):
        return str(raw.get_attachment(number).get_name())[:NAME_MOST]
    return "?"


def _ascii(ask: Any, handle: Any) -> str:
    size = min(ask(handle, None, 0), 1 << 16)
    room = ctypes.create_string_buffer(size) if size else None
    return room.value.decode("latin-1")[:VALUE_MOST] if room is not None and ask(handle, room, len(room)) else ""


def _utf16(ask: Any, handle: Any) -> str:
    size = min(ask(handle, None, 0), 1 << 16)
    room = ctypes.create_string_buffer(size) if size else None
    text = room.raw.decode("utf-16-le", "replace") if room is not None and ask(handle, room, size) else ""
    return text.partition("\0")[0][:VALUE_MOST]


def rehearse() -> None:
    """Load all that Pillow and the standard library load late."""
    exif = Image.Exif()
    exif[0x010F] = "?"
    picture_exif = Image.Exif()
    picture_exif.load(exif.tobytes())
    TiffImagePlugin.ImageFileDirectory_v2()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("docProps/core.xml", "<x/>")
    office(packed.getvalue(), "")
    "?".encode("utf-16-be").decode("utf-16-be")
    b"??".decode("utf-16-le")
