"""An inspection in words, for a page that is read and printed: is this the original, and what was done with it? Pure.

What a file says of itself anybody can write into it. So nothing here calls a file genuine: it says what came, that it
is still that, what is shown of it, and what it claims.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from courtcast.core.pace import KINDS_MOST
from courtcast.wire.api import Treatment
from courtcast.wire.inspection import Inspection, LeafFacts, Opened, Pace, StreamFacts, Tag

Spoken = Callable[[float], str]
"""Unix time in words."""


class Row(NamedTuple):
    """A line of a table of facts."""

    name: str
    value: str


class Claim(NamedTuple):
    """Something that the file says of its origin, and where."""

    what: str
    value: str
    where: str


_PRIMARIES: Final = {
    1: "BT.709", 4: "BT.470 M", 5: "BT.470 BG", 6: "SMPTE 170M", 7: "SMPTE 240M", 8: "film", 9: "BT.2020",
    10: "SMPTE ST 428", 11: "DCI-P3", 12: "Display P3", 22: "EBU 3213",
}  # fmt: skip
_TRANSFER: Final = {
    1: "BT.709", 4: "gamma 2.2", 5: "gamma 2.8", 6: "SMPTE 170M", 7: "SMPTE 240M", 8: "linear", 11: "xvYCC", 13: "sRGB",
    14: "BT.2020, 10 bits", 15: "BT.2020, 12 bits", 16: "PQ (SMPTE ST 2084)", 17: "SMPTE ST 428", 18: "HLG",
}  # fmt: skip
_MATRIX: Final = {
    0: "RGB", 1: "BT.709", 4: "FCC", 5: "BT.470 BG", 6: "SMPTE 170M", 7: "SMPTE 240M", 8: "YCgCo", 9: "BT.2020",
    10: "BT.2020, constant luminance", 14: "ICtCp",
}  # fmt: skip
"""ITU-T H.273."""
_ORDER: Final = {1: "progressive", 2: "top first", 3: "bottom first", 4: "top first", 5: "bottom first"}
_TURNED: Final = {
    1: "no", 2: "mirrored", 3: "180°", 4: "mirrored, 180°", 5: "mirrored, 90° clockwise", 6: "90° clockwise",
    7: "mirrored, 90° anticlockwise", 8: "90° anticlockwise",
}  # fmt: skip
"""As EXIF counts (tag 0x0112)."""
_MILLIMETRES: Final = 25.4 / 72
"""In a point."""
_PARTS: Final = {"picture": "Picture", "sound": "Sound"}
_DONE: Final = {
    "unchanged": "Unchanged: the coded units of the file, bit for bit, wrapped anew",
    "lossless": "Converted, and nothing lost",
    "converted": "Converted",
    "drawn": "Not in the file: drawn by Courtcast",
}
_CLAIMS: Final = (
    ("Timecode", re.compile(r"timecode|reel_name", re.IGNORECASE)),
    ("Place (GPS)", re.compile(r"location|gps|geo|iso6709", re.IGNORECASE)),
    (
        "Program",
        re.compile(r"encoder|software|writing|muxer|tool|application|producer|^creator$|generator", re.IGNORECASE),
    ),
    ("Author", re.compile(r"author$|artist|last saved by", re.IGNORECASE)),
    ("Clock", re.compile(r"creat|date|modified|(^|[._ -]|offset)time|lastprinted", re.IGNORECASE)),
    ("Device", re.compile(r"make(?!rnote)|model|manufactur|device|firmware|camera|android|serial", re.IGNORECASE)),
)
"""What tags are about, by their names; the first that fits."""
_UNSET: Final = re.compile(r"(1904|1970)-01-01T00:00:00|0000-00-00")
_ISO6709: Final = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
_BY_PROGRAM: Final = re.compile(
    r"Lav[fc]\d|HandBrake|Premiere|Final Cut|DaVinci|iMovie|WhatsApp|VLC|mkvmerge|libmkv|MEncoder|AviDemux|Clipchamp",
    re.IGNORECASE,
)
"""Programs that edit, convert or pass on."""


def dossier(seen: Inspection, spoken: Spoken) -> dict[str, Any]:
    """What the template has to know."""
    claims = list(_claims(seen.opened)) if seen.opened is not None else []
    return {
        "ref": plain(seen.ref),
        "title": plain(seen.title),
        "gist": list(_gist(seen, claims)),
        "file": list(_file(seen, spoken)),
        "treatments": [_treated(one) for one in seen.treatments],
        "notes": [note.detail for note in seen.notes],
        "failed": seen.problem.detail if seen.problem is not None else "",
        "unopened": seen.unopened.detail if seen.unopened is not None else "",
        "timing": None if seen.pace is None else {"says": paced(seen.pace), "rows": _histogram(seen.pace)},
        "claims": claims,
        "leaves": seen.opened is not None and seen.opened.leaves is not None,
        "container": [] if seen.opened is None else list(_container(seen.opened)),
        "container_tags": [] if seen.opened is None else _tags(seen.opened.tags),
        "companions": _companions(seen),
        "streams": [] if seen.opened is None else [_stream(one) for one in seen.opened.streams],
        "left_out": "" if seen.opened is None else _left_out(seen.opened),
    }


def plain(text: str) -> str:
    """Text of strangers as text: without what cannot be seen, and without signs that turn the order of others round."""
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in shown).strip()


def _gist(seen: Inspection, claims: list[Claim]) -> Iterator[str]:
    compared = {
        None: "No hash was given beforehand to compare it with.",
        seen.sha256: "It is the hash that was given beforehand.",
    }.get(seen.expected, "Another hash was given beforehand: this is not that file.")
    if seen.parts:
        yield (
            f"This is {len(seen.parts)} files played as one, in this order, each right after the one before. Each has "
            "its own hash, below, and its own inspection."
        )
    else:
        whence = "came from the link below" if seen.url else "was sent here from a disc or a computer"
        yield f"This file {whence} and has {seen.bytes:,} bytes. Its SHA-256 is {seen.sha256}. {compared}"
    for one in seen.treatments:
        yield _gist_of(one)
    if seen.pace is not None:
        yield f"Pictures: {seen.frames:,}. {paced(seen.pace)}"
    programs = sorted({claim.value for claim in claims if _BY_PROGRAM.search(claim.value)})
    if programs:
        yield (
            f"It names a program that edits, converts or passes on recordings ({', '.join(programs)}): "
            "the camera's own file may be another one."
        )
    yield (
        "Whether a file is a camera's first recording or a copy, the file itself cannot prove. What it says of its "
        "origin is listed below; whoever made it could write anything there. Ask whoever has the device for the hash "
        "of its file, and compare."
    )


def _gist_of(treatment: Treatment) -> str:
    part = _PARTS[treatment.part].lower()
    if treatment.done == "unchanged":
        return (
            f"The {part} on the screens is the file's own ({treatment.codec}), bit for bit: it was not encoded again."
        )
    if treatment.done == "drawn":
        return "The file has no picture. What the screens show is drawn from its sound."
    lost = "nothing was lost" if treatment.done == "lossless" else "what was done is below"
    return f"The {part} on the screens was converted from {treatment.codec} to {treatment.into}; {lost}."


def _whence(seen: Inspection, spoken: Spoken) -> Iterator[Row]:
    here = "not written down" if seen.fetched is None else spoken(seen.fetched)
    if seen.url:
        yield Row("Link", plain(seen.url))
        yield Row("Link given", spoken(seen.added))
        yield Row("Fetched", here)
        return
    yield Row("Folder that it lay in", plain(seen.path) or "none given")
    if seen.modified is not None:
        yield Row("Last changed there", spoken(seen.modified))
    yield Row("Sent here from", spoken(seen.added))
    yield Row("All of it here", here)


def _companions(seen: Inspection) -> list[Row]:
    """Files of strangers, by their names alone: none of them is opened."""
    return [
        Row(
            plain(f"{one.path}/{one.name}" if one.path else one.name) or "a file without a name",
            f"{one.bytes:,} bytes, " + ("not all here yet" if one.sha256 is None else f"SHA-256 {one.sha256}"),
        )
        for one in seen.companions
    ]


def _file(seen: Inspection, spoken: Spoken) -> Iterator[Row]:
    if seen.parts:
        yield from _parts(seen, spoken)
        return
    yield Row("File name", plain(seen.name) or "none")
    yield from _whence(seen, spoken)
    yield Row("Size", f"{seen.bytes:,} bytes")
    yield Row("SHA-256 of the file", seen.sha256)
    if seen.expected is not None:
        yield Row("SHA-256 given beforehand", seen.expected)
    if seen.duration is not None:
        yield Row("Length", f"{seen.duration:.3f} s")
    yield Row("Rendition", seen.rendition or "none")
    yield Row("Prepared by", plain(seen.made_by) or "nothing yet")


def _parts(seen: Inspection, spoken: Spoken) -> Iterator[Row]:
    for part in seen.parts:
        start = "" if part.start is None else f"from {part.start:.3f} s on; "
        hashed = f"SHA-256 {part.sha256}" if part.sha256 else "no hash yet"
        yield Row(plain(part.ref), f"{plain(part.name)}: {start}{part.bytes:,} bytes; {hashed}")
    yield Row("Joined", spoken(seen.added))
    if seen.duration is not None:
        yield Row("Length", f"{seen.duration:.3f} s")
    yield Row("Rendition", seen.rendition or "none")
    yield Row("Prepared by", plain(seen.made_by) or "nothing yet")


def _treated(one: Treatment) -> dict[str, Any]:
    return {
        "part": _PARTS[one.part],
        "done": _DONE[one.done],
        "codecs": one.codec if one.into is None else f"{one.codec or 'none'} into {one.into}",
        "reasons": one.reasons,
        "filters": one.filters,
        "settings": one.settings,
    }


def paced(pace: Pace) -> str:
    """Constant or variable, and how much."""
    rate = f"{1 / pace.usual:.2f}".rstrip("0").rstrip(".") if pace.usual > 0 else "?"
    if pace.constant:
        return f"They come evenly: each is up for {_millis(pace.usual)}, {rate} a second (constant frame rate)."
    return (
        f"They do not come evenly (variable frame rate): the usual one is up for {_millis(pace.usual)}, {rate} a "
        f"second, the shortest for {_millis(pace.shortest)}, the longest for {_millis(pace.longest)}."
    )


def _millis(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.3f}".rstrip("0").rstrip(".") + " ms"


def _histogram(pace: Pace) -> list[dict[str, Any]]:
    total = sum(count for _, count in pace.durations) + pace.others
    rows: list[dict[str, Any]] = [
        {"time": _millis(seconds), "count": f"{count:,}", "share": round(count / total, 4)}
        for seconds, count in pace.durations
    ]
    if pace.others:
        words = f"other than these {KINDS_MOST}"
        rows.append({"time": words, "count": f"{pace.others:,}", "share": round(pace.others / total, 4)})
    return rows


def _claims(opened: Opened) -> Iterator[Claim]:
    """Each value once, however many streams repeat it."""
    seen: set[tuple[str, str]] = set()
    places: list[tuple[str, Iterable[Tag]]] = [("the file", opened.tags)]
    places += [(f"stream {stream.number} ({stream.kind})", stream.tags) for stream in opened.streams]
    for where, tags in places:
        for tag in tags:
            what = next((what for what, fits in _CLAIMS if fits.search(tag.name)), None)
            value = plain(tag.value)
            if what is None or not value or (what, value) in seen:
                continue
            seen.add((what, value))
            yield Claim(what, _meant(what, value), f"{plain(tag.name)}, in {where}")


def _meant(what: str, value: str) -> str:
    if what == "Clock" and _UNSET.search(value):
        return f"{value} (the clock was never set)"
    if what == "Place (GPS)" and (found := _ISO6709.match(value)):
        north, east = float(found[1]), float(found[2])
        return f"{abs(north):.5f}° {'N' if north >= 0 else 'S'}, {abs(east):.5f}° {'E' if east >= 0 else 'W'} ({value})"
    return value


def _container(opened: Opened) -> Iterator[Row]:
    if opened.leaves is not None:
        yield Row("Kind of file", opened.container)
        yield from _leaves(opened.leaves)
        return
    yield Row("Container", f"{opened.container_name or opened.container} ({opened.container})")
    yield from _times(opened.start, opened.duration)
    if opened.bit_rate:
        yield Row("Bit rate", f"{opened.bit_rate / 1000:,.0f} kb/s")
    yield Row("Streams", str(opened.streams_total))
    if opened.chapters:
        yield Row("Chapters", str(opened.chapters))


def _leaves(one: LeafFacts) -> Iterator[Row]:
    if one.kind == "image":
        yield Row("Pictures in it", f"{one.leaves:,}")
        yield Row("Size", f"{one.width:,.0f} × {one.height:,.0f} pixels, as it is stored")
        yield Row("Turned for display", _TURNED.get(one.orientation, "not said"))
        yield Row("Colours", ", ".join(filter(None, (plain(one.depth), plain(one.profile) or "no ICC profile"))))
        return
    if not one.leaves:
        return
    yield Row("Pages", f"{one.leaves:,}")
    yield Row("First page", f"{one.width * _MILLIMETRES:.0f} × {one.height * _MILLIMETRES:.0f} mm")
    yield Row("Version", f"PDF {plain(one.version)}" if one.version else "not said")
    yield Row("Encrypted", "yes" if one.encrypted else "no")
    many = f"{one.signatures:,}; whether they are good was not checked" if one.signatures else "none"
    yield Row("Signatures in it", many)
    yield Row("Saved", "once" if one.saved < 2 else f"{one.saved:,} times, each time behind what was there before")
    more = one.attached_total - len(one.attached)
    names = [*map(plain, one.attached), *([f"{more:,} more"] if more > 0 else [])]
    yield Row("Files inside", ", ".join(names) or "none")
    yield Row("JavaScript", f"yes ({one.scripts:,}); it is never run here" if one.scripts else "none")
    if one.form:
        yield Row("Form", plain(one.form))


def _times(start: float | None, duration: float | None) -> Iterator[Row]:
    if start is not None:
        yield Row("Start time", f"{start:.6f} s")
    if duration is not None:
        yield Row("Duration", f"{duration:.6f} s")


def _stream(one: StreamFacts) -> dict[str, Any]:
    kind = {"video": "picture", "audio": "sound", "subtitle": "subtitles"}.get(one.kind, one.kind)
    return {
        "title": f"Stream {one.number}: {kind}",
        "sent": "Sent to the screens." if one.sent else "Not sent to the screens.",
        "rows": list(_stream_rows(one)),
        "tags": _tags(one.tags),
    }


def _stream_rows(one: StreamFacts) -> Iterator[Row]:
    tag = plain(one.codec_tag)
    codec = (one.codec_name or one.codec or "not known") + (f" ({tag})" if tag else "")
    yield Row("Codec", plain(codec))
    if one.profile:
        yield Row("Profile", plain(one.profile) + (f", level {one.level}" if one.level is not None else ""))
    if one.width and one.height:
        yield Row("Resolution", f"{one.width} × {one.height}")
        yield Row("Aspect", _aspect(one))
        yield Row("Pixel format", plain(one.pixel_format) or "not known")
        turned = {None: "not known", 0: "none"}.get(one.rotation, f"{one.rotation}° clockwise")
        yield Row("Rotation", turned)
        order = _ORDER.get(one.field_order or 0)
        yield Row("Fields", one.fields + (f"; the file says {order}" if order else ""))
        yield Row("Colour", _colour(one))
    if one.rate is not None:
        yield Row("Frame rate, by the container", f"{one.rate:.3f} a second")
    if one.sample_rate:
        many = "channel" if one.channels == 1 else "channels"
        layout = ", ".join(filter(None, (plain(one.layout), plain(one.sample_format))))
        yield Row("Sound", f"{one.sample_rate:,} Hz, {one.channels} {many} ({layout})")
    yield from _times(one.start, one.duration)
    if one.time_base is not None:
        yield Row("Time base", f"{one.time_base[0]}/{one.time_base[1]} s")
    if one.frames:
        yield Row("Units, by the container", f"{one.frames:,}")
    if one.bit_rate:
        yield Row("Bit rate", f"{one.bit_rate / 1000:,.0f} kb/s")
    if one.language:
        yield Row("Language", plain(one.language))
    if one.dispositions:
        yield Row("Marked as", ", ".join(one.dispositions))


def _aspect(one: StreamFacts) -> str:
    assert one.width is not None
    assert one.height is not None
    if one.pixel_aspect is None or one.pixel_aspect[0] == one.pixel_aspect[1]:
        return f"{one.width / one.height:.3f} : 1, square pixels" + (" (not said)" if one.pixel_aspect is None else "")
    wide, high = one.pixel_aspect[0], max(1, one.pixel_aspect[1])
    return f"{one.width * wide / high / one.height:.3f} : 1, pixels {wide} : {high}"


def _colour(one: StreamFacts) -> str:
    if one.colour is None:
        return "not known"
    names = [
        table.get(number, "not said")
        for table, number in zip((_PRIMARIES, _TRANSFER, _MATRIX), one.colour, strict=True)
    ]
    spread = {None: "range not said", True: "full range", False: "limited range"}[one.full_range]
    return f"primaries {names[0]}, transfer {names[1]}, matrix {names[2]}, {spread}"


def _tags(tags: Iterable[Tag]) -> list[Row]:
    return [Row(plain(tag.name), plain(tag.value)) for tag in tags]


def _left_out(opened: Opened) -> str:
    listed = len(opened.tags) + sum(len(stream.tags) for stream in opened.streams)
    missing = {"stream": opened.streams_total - len(opened.streams), "tag": opened.tags_total - listed}
    parts = [f"{count:,} more {what}{'' if count == 1 else 's'}" for what, count in missing.items() if count > 0]
    return f"Not listed here: {' and '.join(parts)}." if parts else ""
