"""A recording that is served in pieces by DASH (ISO/IEC 23009-1): what its list (MPD) says.

Of the picture and of the sound the best rendition is taken, and it is said which; their pieces are put together
(`evidence.together`). Where each begins on the common clock is what the list says: the start of its period, less the
time at which its media begin there (`presentationTimeOffset`). Periods are one recording where all that their pieces
share is the same; else somebody chooses among them. What is not over yet, or is protected, is refused, and so is what
is not understood: here nothing is guessed.

The parser is our own for the reason that HLS has one (`docs/decisions/links.md`).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, NoReturn
from xml.etree.ElementTree import Element

from courtcast.evidence.ask import Asker
from courtcast.evidence.bodies import beginning
from courtcast.evidence.links import markup
from courtcast.evidence.links.direct import Link, looks_like_page, name_of, parse
from courtcast.evidence.links.found import Part, Stream, Web, beside, language, side_by_side
from courtcast.evidence.together import begin, mp4
from courtcast.problems import Refused

LONGEST_LIST = 4 << 20
"""Bytes: a day in pieces of 2 s, each with a line of its own for picture and sound."""
MOST_PARTS = 40_000
"""Of picture and sound together."""
MOST_PERIODS = 50
HEAD = 64 << 10
"""Bytes of a file in which its index is looked for, where the list does not say where it lies."""
MOST_HEAD = 1 << 20
"""Bytes of what pieces share, and of an index."""
_LIST = re.compile(r"\.mpd\Z", re.I)
_TYPES = frozenset(("", "video/mp4", "audio/mp4", "video/mp2t", "audio/mp2t"))
_NUMBER = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})")
_DURATION = re.compile(
    r"P(?:0+Y)?(?:0+M)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10}(?:\.\d{1,12})?)S)?)?"
)
_FIELD = re.compile(r"\$([A-Za-z]*)(?:%0(\d{1,2})d)?\$")
_XLINK = "{http://www.w3.org/1999/xlink}href"
_ASIDE = frozenset(
    ("alternate", "supplementary", "commentary", "dub", "description", "sign", "enhanced-audio-intelligibility")
)
"""Roles of what nobody would hear or see first (ISO/IEC 23009-1 §5.8.5.5)."""
_WAYS = ("SegmentTemplate", "SegmentList", "SegmentBase")


class Rendition(NamedTuple):
    """One form of the picture or of the sound in one period.

    zero: seconds from a time in its media to the same moment in the recording
    """

    good: tuple[int, int, int]
    """The higher the better: whether it is meant to be seen or heard first, lines, bits a second."""
    says: str
    zero: Fraction
    head: Part | None = None
    parts: Sequence[Part] = ()
    file: Link | None = None
    """It is all in one file, of which an index says where the pieces lie."""
    indexed: tuple[int, int] | None = None


class Period(NamedTuple):
    """A stretch of the recording: the best of its picture, the best of its sound."""

    picture: Rendition | None
    sound: Rendition | None
    pictures: int
    """Renditions that there are."""
    begins: Fraction
    ends: Fraction | None


class _Level(NamedTuple):
    """What is known of an element of the list from those around it."""

    base: Link
    within: Sequence[Element]
    """From the outermost one on."""

    def enter(self, element: Element, link: Link) -> _Level:
        text = element.findtext("{*}BaseURL")
        base = self.base if text is None else beside(link, text.strip(), self.base)
        if base is None:
            _refuse()
        return _Level(base, [*self.within, element])


def recognises(link: Link) -> bool:
    """By the ending of its path."""
    return _LIST.search(link.url.partition("#")[0].partition("?")[0]) is not None


async def streams_of(link: Link, web: Web) -> list[tuple[Stream, str]]:
    """The pieces of the best renditions, and which ones those are; several where its periods are not one recording.

    Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`, `link-too-large`, and what asking says) or
    Trouble.
    """
    async with Asker(link, web.guard, web.limits) as asker:
        document = await asker.document(LONGEST_LIST)
        # Long ones take a second, which nobody else is to wait for.
        periods = await asyncio.to_thread(read, document.data, link, Link(str(document.url)))
        chosen = [
            [await _indexed(asker, form, one.ends) for form in (one.picture, one.sound) if form is not None]
            for one in periods
        ]
        name = re.sub(_LIST, "", name_of(parse(link.url))) or "recording"
        if len(periods) == 1 or await _are_one(asker, periods, chosen):
            return [await asyncio.to_thread(_stream, name, said_of(periods[0]), list(zip(*chosen, strict=True)))]
    found = []
    for n, (one, forms) in enumerate(zip(periods, chosen, strict=True), 1):
        begins = int(one.begins)
        says = f"{said_of(one)}, from {begins // 3600}:{begins // 60 % 60:02}:{begins % 60:02} on"
        named = f"{name}, part {n} of {len(periods)}"
        found.append(await asyncio.to_thread(_stream, named, says, [[form] for form in forms]))
    return found


def _stream(name: str, says: str, tracks: Sequence[Sequence[Rendition]]) -> tuple[Stream, str]:
    parts = _placed(tracks)
    if len(parts) > MOST_PARTS:
        raise Refused("link-too-large")
    shape = hashlib.sha256("\n".join([says, *map(_shape, parts)]).encode()).hexdigest()[:32]
    return Stream(tuple(parts), shape, name), says


def read(data: bytes, link: Link, base: Link) -> list[Period]:
    """What the list says. link: whose headers go with what lies at its origin; base: where the list was found

    Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`, `link-too-large`).
    """
    try:
        root = markup.read(data)
    except ValueError:
        raise Refused("link-is-page" if looks_like_page("", data) else "link-is-stream") from None
    if _name(root) != "MPD" or any(_XLINK in element.attrib for element in root.iter()):
        _refuse()
    if root.get("type", "static") != "static":
        raise Refused("link-is-live")
    level = _Level(base, []).enter(root, link)
    elements = root.findall("{*}Period")
    if not 1 <= len(elements) <= MOST_PERIODS:
        _refuse()
    periods, count = list[Period](), 0
    for element, span in zip(elements, _spans(root, elements), strict=True):
        period = _period(element, level, link, span)
        count += sum(len(one.parts) for one in (period.picture, period.sound) if one is not None)
        if count > MOST_PARTS:
            raise Refused("link-too-large")
        periods.append(period)
    return periods


def _spans(root: Element, periods: Sequence[Element]) -> list[tuple[Fraction, Fraction | None]]:
    """Where each begins and ends, in seconds (§5.3.2.1)."""
    starts: list[Fraction] = []
    for n, period in enumerate(periods):
        start = _seconds(period.get("start"))
        if start is None and n:
            lasts = _seconds(periods[n - 1].get("duration"))
            start = _refuse() if lasts is None else starts[-1] + lasts
        starts.append(start or Fraction(0))
    whole = _seconds(root.get("mediaPresentationDuration"))
    ends: list[Fraction | None] = [*starts[1:], None if whole is None else whole]
    spans = []
    for period, start, end in zip(periods, starts, ends, strict=True):
        lasts = _seconds(period.get("duration"))
        spans.append((start, start + lasts if lasts is not None else end))
    if any(two[0] < one[0] for one, two in pairwise(spans)) or any(
        end is not None and end < start for start, end in spans
    ):
        _refuse()
    return spans


def _period(element: Element, level: _Level, link: Link, span: tuple[Fraction, Fraction | None]) -> Period:
    level = level.enter(element, link)
    found: dict[str, list[tuple[tuple[int, int, int], _Level]]] = {"video": [], "audio": []}
    protected = False
    for set_ in element.findall("{*}AdaptationSet"):
        around = level.enter(set_, link)
        for form in set_.findall("{*}Representation"):
            kind = _kind(set_, form)
            if kind not in found:
                continue
            if any(one.find("{*}ContentProtection") is not None for one in (set_, form)):
                protected = True
                continue
            found[kind].append((_good(set_, form), around.enter(form, link)))
    if not any(found.values()):
        raise Refused("link-protected" if protected else "link-is-stream")
    if protected and not all(found.values()):
        raise Refused("link-protected")
    best = {
        kind: _rendition(*max(forms, key=lambda form: form[0]), link, span) if forms else None
        for kind, forms in found.items()
    }
    return Period(best["video"], best["audio"], len(found["video"]), *span)


def _kind(set_: Element, form: Element) -> str:
    """Of a rendition that can be taken; empty of others."""
    type_ = (form.get("mimeType") or set_.get("mimeType") or "").partition(";")[0].strip().lower()
    special = form.get("dependencyId") or any(one.find("{*}EssentialProperty") is not None for one in (set_, form))
    if special or type_ not in _TYPES:
        return ""
    return type_.partition("/")[0] or set_.get("contentType") or ""


def _good(set_: Element, form: Element) -> tuple[int, int, int]:
    roles = {one.get("value", "") for one in set_.findall("{*}Role")}
    first = not roles & _ASIDE and set_.find("{*}Accessibility") is None
    lines = _number(form.get("height") or set_.get("height"), 0)
    return int(first), lines, _number(form.get("bandwidth"), 0)


def _rendition(
    good: tuple[int, int, int], level: _Level, link: Link, span: tuple[Fraction, Fraction | None]
) -> Rendition:
    period, set_, form = level.within[1:]
    size = "" if not good[1] else f"{_number(form.get('width') or set_.get('width'), 0)} × {good[1]}"
    rate = f"{good[2] / 1e6:.1f} Mb/s" if good[2] >= 1e6 else f"{good[2] // 1000} kb/s" if good[2] else ""
    says = ", ".join(filter(None, (language(set_.get("lang", "")), size, rate)))
    way = next((way for one in (form, set_, period) for way in _WAYS if one.find(f"{{*}}{way}") is not None), "")
    given = [found for one in level.within if way and (found := one.find(f"{{*}}{way}")) is not None]
    said: dict[str, str] = {}
    for one in given:
        said.update(one.attrib)
    timescale = _number(said.get("timescale"), 1) or _refuse()
    offset = Fraction(_number(said.get("presentationTimeOffset"), 0), timescale)
    zero = span[0] - offset
    head = _head(given, said, level.base, link, form)
    if way in ("", "SegmentBase"):
        return Rendition(good, says, zero, head, (), level.base, _span(said.get("indexRange")))
    spans = _times(given, said, timescale, offset, None if span[1] is None else span[1] - span[0])
    if way == "SegmentTemplate":
        where = list(_templated(said, form, level.base, link, spans))
    else:
        where = _listed(given, level.base, link)
    if len(where) != len(spans):
        _refuse()
    parts = [
        part._replace(begins=zero + Fraction(begins, timescale), ends=zero + Fraction(ends, timescale))
        for part, (begins, ends) in zip(where, spans, strict=True)
    ]
    return Rendition(good, says, zero, head, parts)


def _head(given: Sequence[Element], said: Mapping[str, str], base: Link, link: Link, form: Element) -> Part | None:
    """What all pieces share."""
    if "initialization" in said:
        return _part(_filled(said["initialization"], form), None, base, link)._replace(head=True)
    found = [one for element in given if (one := element.find("{*}Initialization")) is not None]
    if not found:
        return None
    return _part(found[-1].get("sourceURL", ""), found[-1].get("range"), base, link)._replace(head=True)


def _times(
    given: Sequence[Element], said: Mapping[str, str], timescale: int, offset: Fraction, lasts: Fraction | None
) -> list[tuple[int, int]]:
    """From when to when each piece goes, in ticks of its media (§5.3.9.6)."""
    until = None if lasts is None else (offset + lasts) * timescale
    lines = [one for element in given if (one := element.find("{*}SegmentTimeline")) is not None]
    if lines:
        return _timeline(lines[-1].findall("{*}S"), until)
    duration = _number(said.get("duration"), 0)
    listed = max((len(one.findall("{*}SegmentURL")) for one in given), default=0)
    start = round(offset * timescale)
    if duration == 0 or (until is None and not listed):
        return [(start, start if until is None else int(until))]
    count = listed or -int(-(until - start) // duration) if until is not None else listed
    if "endNumber" in said:
        count = min(count, _number(said["endNumber"], 0) - _number(said.get("startNumber"), 1) + 1)
    if count > MOST_PARTS:
        raise Refused("link-too-large")
    return [(start + n * duration, start + (n + 1) * duration) for n in range(count)]


def _timeline(rows: Sequence[Element], until: Fraction | None) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    for n, row in enumerate(rows):
        begins, lasts = _number(row.get("t"), at), _number(row.get("d"), 0)
        if lasts == 0 or begins < at:
            _refuse()
        again = row.get("r", "0")
        if again.startswith("-"):  # up to the next one, or the end
            end = Fraction(_number(rows[n + 1].get("t"), 0)) if n + 1 < len(rows) else until
            count = 0 if end is None else -int(-(end - begins) // lasts)
            if count < 1:
                _refuse()
        else:
            count = 1 + _number(again, 0)
        if len(found) + count > MOST_PARTS:
            raise Refused("link-too-large")
        found += [(begins + k * lasts, begins + (k + 1) * lasts) for k in range(count)]
        at = found[-1][1]
    return found


def _templated(
    said: Mapping[str, str], form: Element, base: Link, link: Link, times: Sequence[tuple[int, int]]
) -> Iterator[Part]:
    first = _number(said.get("startNumber"), 1)
    for n, (begins, _) in enumerate(times):
        yield _part(_filled(said.get("media", ""), form, first + n, begins), None, base, link)


def _listed(given: Sequence[Element], base: Link, link: Link) -> list[Part]:
    found = [element.findall("{*}SegmentURL") for element in given]
    rows = next((rows for rows in reversed(found) if rows), [])
    if len(rows) > MOST_PARTS:
        raise Refused("link-too-large")
    return [_part(row.get("media", ""), row.get("mediaRange"), base, link) for row in rows]


def _filled(text: str, form: Element, number: int | None = None, time: int | None = None) -> str:
    """What a template means (§5.3.9.4.4)."""
    values: dict[str, int | str | None] = {
        "Number": number,
        "Time": time,
        "Bandwidth": _number(form.get("bandwidth"), 0),
        "RepresentationID": form.get("id", ""),
    }

    def fill(found: re.Match[str]) -> str:
        if not found[0].strip("$"):
            return "$"
        value = values.get(found[1])
        if value is None or (found[2] and isinstance(value, str)):
            _refuse()
        return str(value).zfill(int(found[2] or 1))

    if "$" in _FIELD.sub("", text):
        _refuse()
    return _FIELD.sub(fill, text)


def _part(uri: str, range_: str | None, base: Link, link: Link) -> Part:
    to = beside(link, uri.strip(), base) if uri.strip() else base
    if to is None:
        _refuse()
    span = _span(range_)
    return Part(to) if span is None else Part(to, span[0], span[1])


async def _indexed(asker: Asker, one: Rendition, ends: Fraction | None) -> Rendition:
    """With its pieces, also where its file's index says which there are.

    Raises Refused (`link-is-stream`, `link-empty`) or Trouble.
    """
    file = one.file
    if file is None and not one.parts:
        raise Refused("link-empty")
    if file is None:
        return one
    at, length = one.indexed or (0, HEAD)
    if length > MOST_HEAD:
        raise Refused("link-too-large")
    rows = mp4.index(await beginning(asker, Part(file, at, length if one.indexed else None), length), at)
    if rows is None:
        whole = Part(file, begins=one.zero, ends=one.zero if ends is None else ends)
        return one._replace(parts=[whole], head=None)
    if one.head is None or one.head.link == file:  # all before the first piece, so that alone it is the file again
        one = one._replace(head=Part(file, 0, rows[0].start, head=True))
    if any(row.start > 1 << 60 for row in rows) or (one.head is not None and (one.head.length or 0) > MOST_HEAD):
        _refuse()
    return one._replace(
        parts=[
            Part(file, row.start, row.length, begins=one.zero + row.begins, ends=one.zero + row.ends) for row in rows
        ]
    )


async def _are_one(asker: Asker, periods: Sequence[Period], chosen: Sequence[Sequence[Rendition]]) -> bool:
    """All that their pieces share is the same, so that those of one can follow those of another. Raises Refused."""
    if len({(one.picture is None, one.sound is None) for one in periods}) > 1:
        return False
    for track in zip(*chosen, strict=True):
        heads = [await beginning(asker, one.head or one.parts[0], MOST_HEAD if one.head else HEAD) for one in track]
        try:
            first = begin(heads[:1])
            if not all(first.same(0, head) for head in heads[1:]):
                return False
        except Refused as refused:
            if refused.type != "link-is-stream":
                raise
            return False
    return True


def _placed(tracks: Sequence[Sequence[Rendition]]) -> list[Part]:
    """All pieces in their order, their times on one clock that is never below 0."""
    zero = min(one.zero for track in tracks for one in track)
    found = []
    for track in tracks:
        parts = [track[0].head] if track[0].head is not None else []
        parts += [part._replace(later=one.zero - zero) for one in track for part in one.parts]
        found.append(parts)
    return side_by_side(found[0], found[1]) if len(found) > 1 else found[0]


def said_of(period: Period) -> str:
    """Which renditions were taken, for people."""
    picture, sound = period.picture, period.sound
    if picture is None:
        return sound.says if sound is not None else ""
    best = f"the best of {period.pictures}" if period.pictures > 1 else ""
    apart = "" if sound is None else "its sound apart" + (f" ({sound.says})" if sound.says else "")
    return ", ".join(filter(None, (picture.says, best, apart)))


def _shape(part: Part) -> str:
    """What stays the same when the addresses are signed anew."""
    name = part.link.url.partition("?")[0].rpartition("/")[2]
    return f"{part.track} {name} {part.start} {part.length} {part.begins} {part.later}"


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    return int(text) if _NUMBER.fullmatch(text) else _refuse()


def _span(text: str | None) -> tuple[int, int] | None:
    """Offset and length."""
    if text is None:
        return None
    found = _RANGE.fullmatch(text.strip())
    if found is None or int(found[2]) < int(found[1]):
        _refuse()
    return int(found[1]), int(found[2]) - int(found[1]) + 1


def _seconds(text: str | None) -> Fraction | None:
    """XML Schema's duration. Months and years are none that a recording has."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None or found[0] in ("P", "PT"):
        _refuse()
    days, hours, minutes, seconds = found.groups()
    return Fraction(int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60) + Fraction(seconds or 0)


def _refuse() -> NoReturn:
    raise Refused("link-is-stream")
